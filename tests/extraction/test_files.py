"""Features of segments that have files of their own."""

import functools

import numpy as np
import pytest
import soundfile
import torch

from priosig.annotations.segments import Segment
from priosig.audio.export import extract_audio_segments
from priosig.audio.slices import read_segment
from priosig.audio.windows import MUQ_RATE
from priosig.extraction import files
from priosig.extraction.files import extract_muq_features
from priosig.extraction.muq.extractor import MuQExtractor
from priosig.extraction.pooling import stats_pool
from tests.small_muq import tone


@pytest.fixture
def small_model(muq_dir, monkeypatch):
    """The small model in the released one's place; the extractors that were made."""
    made = []

    def make(**keywords):
        made.append(MuQExtractor(muq_dir, device="cpu", **keywords))
        return made[-1]

    monkeypatch.setattr(files, "MuQExtractor", make)
    return made


SEGMENTS = [Segment(f"s{i}", "video1", "stop", float(i), float(i + 2)) for i in (2, 0, 1)]


def test_features_are_the_pooled_frames_that_the_segments_have_in_their_recording(small_model, by_hand, tmp_path):
    recording = tmp_path / "video1.wav"
    soundfile.write(recording, tone(6)[: 5 * 22_050], 22_050, subtype="FLOAT")
    extract_audio_segments(SEGMENTS, tmp_path, tmp_path / "segments")
    features = extract_muq_features(SEGMENTS, tmp_path / "segments", tmp_path / "cache")
    assert list(features) == ["s2", "s0", "s1"]
    for segment in SEGMENTS:
        samples, _ = read_segment(recording, segment.start_time, segment.end_time)
        expected = stats_pool(by_hand(samples))
        np.testing.assert_allclose(features[segment.segment_id].numpy(), expected, rtol=0, atol=1e-5)
        # ... and bit for bit those of the same extractor on the recording.
        ((_, frames),) = MuQExtractor(small_model[0].model, device="cpu").extract([("", samples)])
        np.testing.assert_array_equal(features[segment.segment_id].numpy(), stats_pool(frames))


def test_frames_are_cached_by_the_content_of_the_audio_and_not_by_name(small_model, tmp_path):
    soundfile.write(tmp_path / "s0.wav", tone(2), MUQ_RATE, subtype="FLOAT")
    soundfile.write(tmp_path / "other.wav", tone(2), MUQ_RATE, subtype="FLOAT")
    run = functools.partial(extract_muq_features, segment_dir=tmp_path, cache_dir=tmp_path / "cache")
    (first,) = run(SEGMENTS[1:2]).values()
    (again,) = run([Segment("other", "video2", "continue", 0.0, 2.0)]).values()
    assert torch.equal(first, again)
    soundfile.write(tmp_path / "s0.wav", tone(2, seed=1), MUQ_RATE, subtype="FLOAT")
    (changed,) = run(SEGMENTS[1:2]).values()
    assert not torch.equal(first, changed)
    assert [extractor.n_computed_windows for extractor in small_model] == [1, 0, 1]


def test_missing_files_are_told_before_a_model_is_made(small_model, tmp_path):
    soundfile.write(tmp_path / "s2.wav", tone(2), MUQ_RATE, subtype="FLOAT")
    with pytest.raises(FileNotFoundError, match=r"2 of 3 segments have no file, s0\.wav is the first; expected"):
        extract_muq_features(SEGMENTS, tmp_path, None)
    assert not small_model


def test_a_file_of_one_frame_is_refused_by_name(small_model, tmp_path):
    soundfile.write(tmp_path / "s2.wav", tone(2)[:1100], MUQ_RATE, subtype="FLOAT")
    with pytest.raises(ValueError, match=r"s2\.wav: frames: 1 over time; expected at least 2 frames"):
        extract_muq_features(SEGMENTS[:1], tmp_path, None)
