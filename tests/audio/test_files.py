"""Segments as files of their own, and the frames of these."""

import numpy as np
import pytest
import soundfile

from priosig.annotations.segments import Segment
from priosig.audio import streaming
from priosig.audio.recordings import probe_recording
from priosig.audio.slices import read_segment
from priosig.audio.windows import MUQ_RATE
from priosig.extraction.files import extract_audio_segments, extract_muq_features
from priosig.extraction.muq.extractor import MuQExtractor
from tests.short_recordings import noise, segment, write
from tests.small_muq import tone


def test_segments_are_written_as_24_khz_mono_float(tmp_path):
    stereo = noise(5, 44_100, channels=2)
    write(tmp_path / "video1.wav", stereo, 44_100)
    (path,) = extract_audio_segments([segment(1.5, 4.0)], tmp_path, tmp_path / "out").values()
    assert path == tmp_path / "out" / "video1-stop-1500-4000.wav"
    info = soundfile.info(path)
    assert (info.samplerate, info.channels, info.subtype, info.frames) == (24_000, 1, "FLOAT", 60_000)
    written, _ = soundfile.read(path, dtype="float32")
    np.testing.assert_array_equal(written, read_segment(tmp_path / "video1.wav", 1.5, 4.0)[0])
    assert probe_recording(path).n_frames == 60_000


def test_a_segment_of_several_windows_is_written_whole(tmp_path):
    write(tmp_path / "video1.wav", noise(40))
    (path,) = extract_audio_segments([segment(1.0, 36.0)], tmp_path, tmp_path / "out").values()
    written, _ = soundfile.read(path, dtype="float32")
    np.testing.assert_array_equal(written, read_segment(tmp_path / "video1.wav", 1.0, 36.0)[0])


def test_equal_audio_gives_equal_bytes_and_an_old_file_is_never_trusted(tmp_path):
    write(tmp_path / "video1.wav", noise(2))
    (path,) = extract_audio_segments([segment(0, 1)], tmp_path, tmp_path / "out").values()
    first = path.read_bytes()
    path.write_bytes(b"left over")
    extract_audio_segments([segment(0, 1)], tmp_path, tmp_path / "out")
    assert path.read_bytes() == first
    write(tmp_path / "video1.wav", noise(2, seed=1))
    extract_audio_segments([segment(0, 1)], tmp_path, tmp_path / "out")
    assert path.read_bytes() != first


@pytest.mark.parametrize(
    ("bad", "match"),
    [
        (segment(1.0, 9.0), r"segment video1-stop-1000-9000: .*ends 7\.000 s after"),
        (segment(0.0, 1.0, video="video2"), "segment video2-stop-0-1000: .*no recording of video video2"),
        (segment(0.0, 1.0, name="video1-stop-0-1000"), "segment video1-stop-0-1000: given twice"),
    ],
)
def test_nothing_is_written_if_one_segment_cannot_be_cut(tmp_path, bad, match):
    write(tmp_path / "video1.wav", noise(2))
    with pytest.raises((ValueError, FileNotFoundError), match=match):
        extract_audio_segments([segment(0.0, 1.0), bad], tmp_path, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_segments_of_one_recording_are_written_from_one_pass_over_it(tmp_path, monkeypatch):
    write(tmp_path / "video1.mp3", noise(8, 44_100), 44_100)
    segments = [segment(3, 5), segment(0.5, 4), segment(5, 7.5)]  # out of order, and two overlap
    expected = [read_segment(tmp_path / "video1.mp3", s.start_time, s.end_time)[0] for s in segments]
    opened = []
    reader = streaming.MonoReader
    monkeypatch.setattr(streaming, "MonoReader", lambda recording: opened.append(recording) or reader(recording))
    written = extract_audio_segments(segments, tmp_path, tmp_path / "out")
    assert list(written) == [s.segment_id for s in segments]
    assert len(opened) == 1
    for path, samples in zip(written.values(), expected, strict=True):
        np.testing.assert_array_equal(soundfile.read(path, dtype="float32")[0], samples)


# Their frames.


def test_features_of_segments_are_the_frames_of_their_files(muq_dir, by_hand, tmp_path):
    soundfile.write(tmp_path / "video1.wav", tone(6), MUQ_RATE, subtype="FLOAT")
    segments = [Segment(f"s{i}", "video1", "stop", float(i), float(i + 2)) for i in range(3)]
    extract_audio_segments(segments, tmp_path, tmp_path / "segments")
    extractor = MuQExtractor(muq_dir, device="cpu", cache_dir=tmp_path / "cache")
    found = extract_muq_features(segments, tmp_path / "segments", tmp_path / "cache", extractor=extractor)
    assert list(found) == ["s0", "s1", "s2"]
    for i, frames in enumerate(found.values()):
        samples = tone(6)[i * MUQ_RATE : (i + 2) * MUQ_RATE]
        np.testing.assert_allclose(frames, by_hand(samples), rtol=0, atol=1e-5)

    with pytest.raises(FileNotFoundError, match=r"s9\.wav: no such file"):
        extract_muq_features(
            [Segment("s9", "video1", "stop", 0, 1)], tmp_path / "segments", None, extractor=extractor
        )
    with pytest.raises(ValueError, match="segment s0: given twice"):
        extract_muq_features(segments[:1] * 2, tmp_path / "segments", None, extractor=extractor)
    with pytest.raises(ValueError, match="expected the same, or None"):
        extract_muq_features(segments, tmp_path / "segments", tmp_path / "elsewhere", extractor=extractor)
