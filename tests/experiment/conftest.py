"""A small corpus, a cache, and an encoder that tells what it was asked for."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile

from priosig._core.cache import EmbeddingCache
from priosig.experiment import pipeline
from priosig.experiment.corpus import open_corpus, read_annotations
from priosig.extraction.features import Features

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

    def measure(segments, audio_dir, extractor, checkpoints, *, meters, progress):
        asked.append([segment.segment_id for segment in segments])
        rows = np.array([[s.start_time, s.end_time] for s in segments], np.float32)
        heard = {"level": rows[:, 0].astype(float)}
        return Features(rows, None, heard)

    monkeypatch.setattr(pipeline, "measure_features", measure)
    parameters = {"weights": "w", "layer": "last"}
    return SimpleNamespace(cache=store, parameters=lambda: parameters), parameters, asked
