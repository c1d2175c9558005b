"""An experiment's steps are kept by content: nothing is computed twice, and changed inputs never get old results."""

import shutil
from dataclasses import replace

import numpy as np
import pytest
import soundfile

from priosig._core.memo import pack
from priosig.audio.screening import Screening
from priosig.experiment import pipeline, sensitivity
from priosig.experiment.corpus import read_annotations
from priosig.experiment.pipeline import (
    check_models,
    describe,
    evaluate_kept,
    make_extractor,
    measure_views,
    run_experiment,
    screen,
)
from priosig.experiment.views import cut_views
from priosig.extraction.features import Features
from priosig.extraction.muq.extractor import MuQExtractor
from tests.experiment.runs import another_run, nothing_heard
from tests.paths import SMALL_MUQ as SMALL


def test_a_second_description_is_read_and_is_the_same(annotations, store, monkeypatch):
    first = describe(annotations, store)
    monkeypatch.setattr(pipeline, "evaluate_view", lambda *_, **__: pytest.fail("computed again"))
    second = describe(annotations, store)
    for name, view in first.views.items():
        assert second.views[name].view == view.view
        assert pack(second.views[name]) == pack(view)  # to the last bit; NaN included
    other = replace(annotations.corpus, settings=replace(annotations.corpus.settings, alpha=0.1))
    with pytest.raises(pytest.fail.Exception, match="computed again"):
        describe(replace(annotations, corpus=other), store)


def test_windows_of_all_views_are_measured_together_and_each_view_gets_its_own(annotations, encoder):
    extractor, _, asked = encoder
    views = cut_views(annotations.cut())
    measured = measure_views(annotations, views, extractor)
    views, measured = zip(*((v, f) for v, f in zip(views, measured, strict=True) if v.segments), strict=True)
    assert len(asked) == 1
    assert len(asked[0]) == len(set(asked[0]))
    for view, features in zip(views, measured, strict=True):
        expected = [[s.start_time, s.end_time] for s in view.segments]
        assert features.embeddings.tolist() == expected
        assert features.heard["level"].tolist() == [start for start, _ in expected]


def test_the_windows_of_every_choice_are_encoded_ahead_once_with_those_of_the_experiment(
    annotations, encoder, monkeypatch
):
    extractor, _, asked = encoder
    monkeypatch.setattr(sensitivity, "check_models", lambda *_, **__: None)
    nothing = nothing_heard(annotations)
    monkeypatch.setattr(sensitivity, "screen", lambda *_, **__: nothing)
    for _ in range(2):
        sensitivity.encode_ahead(annotations, extractor)
    (ahead,) = asked
    assert len(ahead) == len(set(ahead))
    own = cut_views(annotations.cut(nothing))
    assert {segment.segment_id for view in own for segment in view.segments} <= set(ahead)


def test_features_are_measured_again_only_if_something_changed(annotations, encoder):
    extractor, parameters, asked = encoder
    views = cut_views(annotations.cut())
    for _ in range(2):
        measure_views(annotations, views, extractor)
    assert len(asked) == 1
    soundfile.write(annotations.corpus.audio / "videoAAAAAA.wav", np.full(8000 * 100, 0.1, np.float32), 8000)
    annotations = another_run(annotations)
    measure_views(annotations, views, extractor)
    assert len(asked) == 2
    parameters["layer"] = "3"
    measure_views(annotations, views, extractor)
    assert len(asked) == 3
    measure_views(annotations, views[:1], extractor)
    assert len(asked) == 4


def test_features_of_other_heads_are_measured_again(annotations, encoder, tmp_path):
    extractor, _, asked = encoder
    head = tmp_path / "head.ckpt"
    head.write_bytes(b"one")
    with_head = replace(annotations, corpus=replace(annotations.corpus, checkpoints=(head,)))
    for content in (b"one", b"other, longer"):
        head.write_bytes(content)
        for _ in range(2):
            measure_views(another_run(with_head), cut_views(annotations.cut()), extractor)
    assert len(asked) == 2


def test_another_recording_is_screened_again(annotations, encoder, monkeypatch):
    extractor, _, asked = encoder
    monkeypatch.setattr(pipeline, "screen_lessons", lambda *_, **__: asked.append([]) or Screening({}, {}, {}))
    for level in (0.0, 0.0, 0.3):
        soundfile.write(annotations.corpus.audio / "videoAAAAAA.wav", np.full(8000 * 100, level, np.float32), 8000)
        screen(another_run(annotations), extractor)
    assert len(asked) == 2


def test_a_view_in_which_other_talk_is_heard_is_evaluated_again(annotations, store, monkeypatch):
    view, calls = cut_views(annotations.cut())[0], []
    evaluate = pipeline.evaluate_view
    monkeypatch.setattr(
        pipeline, "evaluate_view", lambda *given, **named: calls.append(1) or evaluate(*given, **named)
    )
    n = len(view.segments)
    for talk in (0.0, 0.0, 0.5):
        heard = {"talk_heard": np.full(n, talk)}
        evaluate_kept(annotations, view, store, Features(np.ones((n, 2), np.float32), None, heard))
    assert len(calls) == 2


def test_talk_and_silence_keep_clean_windows_away_and_end_bouts(annotations):
    videos = sorted({s.video_id for s in annotations.segments})
    lessons = dict.fromkeys(videos, (0.0, 90.0))
    talk, silence = {v: [(10.0, 15.0)] for v in videos}, {v: [(40.0, 50.0)] for v in videos}
    cut = annotations.cut(Screening(lessons, talk, silence))
    assert cut.busy == {v: [(10.0, 15.0), (40.0, 50.0)] for v in videos}
    assert [(b.start, b.end, b.start_heard) for b in cut.bouts[videos[0]]] == [
        (0.0, 10.0, False),
        (15.0, 40.0, True),
        (50.0, 90.0, True),
    ]


def test_the_layer_and_precision_of_the_settings_are_the_encoders(annotations):
    settings = replace(annotations.corpus.settings, layer=1, precision="bfloat16")
    corpus = replace(annotations.corpus, settings=settings, muq=str(SMALL))
    parameters = make_extractor(corpus, device="cpu").parameters()
    assert (parameters["layer"], parameters["precision"]) == ("1", "bfloat16")


def test_windows_of_one_length_end_with_the_recording(annotations, moment_row, moments_file):
    # The last playing is annotated 90.4 to 100.4 s of a recording of 100 s.
    late = moment_row(
        moment_id="late", video_id="videoAAAAAA", stop_timestamp=100.4, playing_before_start=89.4,
        playing_before_end=100.4, feedback_start=100.4, feedback_end=101.0,
    )  # fmt: skip
    rows = [moment_row(moment_id="m", video_id="videoBBBBBB"), late]
    rows.append(moment_row(moment_id="n", video_id="videoAAAAAA"))
    corpus = replace(annotations.corpus, moments=moments_file(*rows))
    reread = read_annotations(corpus)
    (segment_id,) = reread.clipped
    assert reread.clipped[segment_id] == pytest.approx(0.4)
    equal = next(view for view in cut_views(reread.cut()) if view.name == "equal")
    ends = {source: s.end_time for s, source in zip(equal.segments, equal.source_ids, strict=True)}
    assert ends[segment_id] == pytest.approx(100.0)


def test_a_segment_too_short_for_muq_is_refused_when_the_annotations_are_read(annotations, moment_row, moments_file):
    rows = [moment_row(moment_id=video, video_id=video) for video in ("videoAAAAAA", "videoBBBBBB")]
    rows.append(
        moment_row(
            moment_id="short", video_id="videoAAAAAA", stop_timestamp=60.0, playing_before_start=50.0,
            playing_before_end=50.04, feedback_start=61.0, feedback_end=70.0,
        )
    )  # fmt: skip
    corpus = replace(annotations.corpus, moments=moments_file(*rows))
    with pytest.raises(ValueError, match=r"videoAAAAAA-stop-50000-50040: .* 0\.0400 s, are too few for MuQ"):
        read_annotations(corpus)


def test_a_model_that_cannot_be_loaded_is_said_before_anything_is_heard(annotations, store, monkeypatch, tmp_path):
    monkeypatch.setattr(pipeline, "screen_lessons", lambda *_, **__: pytest.fail("audio was read"))
    (tmp_path / "head.ckpt").write_text("no checkpoint")
    corpus = replace(annotations.corpus, muq=str(SMALL), checkpoints=(tmp_path / "head.ckpt",))
    extractor = make_extractor(corpus, device="cpu", cache_dir=store.directory)
    with pytest.raises(ValueError, match=r"head\.ckpt: cannot be read as a checkpoint"):
        run_experiment(replace(annotations, corpus=corpus), extractor)
    broken = tmp_path / "muq"
    shutil.copytree(SMALL, broken)
    (broken / "model.safetensors").write_bytes(b"no weights")
    corpus = replace(annotations.corpus, muq=str(broken))
    extractor = make_extractor(corpus, device="cpu", cache_dir=store.directory)
    with pytest.raises(ValueError, match=r"model\.safetensors: cannot be read"):
        run_experiment(replace(annotations, corpus=corpus), extractor)


def test_models_that_were_loaded_once_are_not_loaded_again(annotations, store, monkeypatch):
    corpus = replace(annotations.corpus, muq=str(SMALL))
    loads = []
    monkeypatch.setattr(MuQExtractor, "load", lambda self: loads.append(1))
    for _ in range(2):
        check_models(
            replace(annotations, corpus=corpus), make_extractor(corpus, device="cpu", cache_dir=store.directory)
        )
    assert len(loads) == 1


def test_without_audio_nothing_can_be_measured(annotations, encoder):
    silent = replace(annotations, corpus=replace(annotations.corpus, audio=None))
    with pytest.raises(ValueError, match="has no audio; expected a directory of recordings"):
        measure_views(silent, cut_views(annotations.cut()), encoder[0])
