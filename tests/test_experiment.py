"""An experiment's steps are kept by content: nothing is computed twice, and nothing old is found after a change."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile

from priosig import experiment
from priosig.cache import EmbeddingCache
from priosig.corpus import open_corpus
from priosig.experiment import describe, measure_views, read_annotations
from priosig.features import Features
from priosig.kept import pack

# Two videos of 100 s, two moments each; between them a CONTINUE.
#
#   |--STOP--|..feedback..|----CONTINUE----|--STOP--|..feedback..|
#   10      20           30               50       60           70


@pytest.fixture
def annotations(tmp_path, moment_row, moments_file):
    rows = [
        moment_row(
            moment_id=f"{video}-{start}", video_id=video, stop_timestamp=start + 10.5, playing_before_start=start,
            playing_before_end=start + 10.0, feedback_start=start + 11.0, feedback_end=start + 20.0,
        )
        for video in ("videoAAAAAA", "videoBBBBBB")
        for start in (10.0, 50.0)
    ]  # fmt: skip
    (tmp_path / "audio").mkdir()
    for video in ("videoAAAAAA", "videoBBBBBB"):
        soundfile.write(tmp_path / "audio" / f"{video}.wav", np.zeros(8000 * 100, np.float32), 8000)
    corpus = open_corpus(moments=moments_file(*rows), audio=tmp_path / "audio")
    return read_annotations(replace(corpus, settings=replace(corpus.settings, n_permutations=19)))


@pytest.fixture
def store(tmp_path):
    return EmbeddingCache(tmp_path / "cache")


@pytest.fixture
def encoder(store, monkeypatch):
    """An extractor of given parameters, and the segments that each call of `measure_features` was asked for."""
    asked = []

    def measure(segments, audio_dir, extractor, checkpoints, *, progress):
        asked.append([segment.segment_id for segment in segments])
        rows = np.array([[s.start_time, s.end_time] for s in segments], np.float32)
        heard = {"level": rows[:, 0].astype(float)}
        return Features(rows, None, heard, {s.segment_id: 0.1 for s in segments if s.start_time < 20})

    monkeypatch.setattr(experiment, "measure_features", measure)
    parameters = {"weights": "w", "layer": "last"}
    return SimpleNamespace(cache=store, parameters=lambda: parameters), parameters, asked


def test_a_second_description_is_read_and_is_the_same(annotations, store, monkeypatch):
    first = describe(annotations, store)
    monkeypatch.setattr(experiment, "evaluate_view", lambda *_, **__: pytest.fail("computed again"))
    second = describe(annotations, store)
    for name, view in first.views.items():
        assert second.views[name].view == view.view
        assert pack(second.views[name]) == pack(view)  # to the last bit; NaN included
    other = replace(annotations.corpus, settings=replace(annotations.corpus.settings, alpha=0.1))
    with pytest.raises(pytest.fail.Exception, match="computed again"):
        describe(replace(annotations, corpus=other), store)


def test_windows_of_all_views_are_measured_together_and_each_view_gets_its_own(annotations, encoder):
    extractor, _, asked = encoder
    views = annotations.silent_views()
    found = measure_views(annotations, views, extractor)
    assert len(asked) == 1
    assert len(asked[0]) == len(set(asked[0]))
    for view, features in zip(views, found, strict=True):
        expected = [[s.start_time, s.end_time] for s in view.segments]
        assert features.embeddings.tolist() == expected
        assert features.heard["level"].tolist() == [start for start, _ in expected]
        assert set(features.clipped) == {s.segment_id for s in view.segments if s.start_time < 20}


def test_features_are_measured_again_only_if_something_changed(annotations, encoder):
    extractor, parameters, asked = encoder
    views = annotations.silent_views()
    for _ in range(2):
        measure_views(annotations, views, extractor)
    assert len(asked) == 1
    soundfile.write(annotations.corpus.audio / "videoAAAAAA.wav", np.full(8000 * 100, 0.1, np.float32), 8000)
    measure_views(annotations, views, extractor)
    assert len(asked) == 2
    parameters["layer"] = "3"
    measure_views(annotations, views, extractor)
    assert len(asked) == 3
    measure_views(annotations, views[:1], extractor)
    assert len(asked) == 4


def test_without_audio_nothing_can_be_measured(annotations, encoder):
    silent = replace(annotations, corpus=replace(annotations.corpus, audio=None))
    with pytest.raises(ValueError, match="has no audio; expected a directory of recordings"):
        measure_views(silent, annotations.silent_views(), encoder[0])
