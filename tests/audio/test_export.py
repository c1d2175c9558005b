"""Segments as files of their own."""

import numpy as np
import pytest
import soundfile

from priosig.audio import streaming
from priosig.audio.export import extract_audio_segments
from priosig.audio.recordings import probe_recording
from priosig.audio.slices import read_segment
from priosig.audio.windows import window_bounds
from tests.short_recordings import noise, segment, write


@pytest.mark.parametrize("rate", [16_000, 44_100])
def test_segments_are_written_as_mono_float_at_the_recordings_own_rate(tmp_path, rate):
    stereo = noise(5, rate, channels=2)
    write(tmp_path / "video1.wav", stereo, rate)
    (path,) = extract_audio_segments([segment(1.5, 4.0)], tmp_path, tmp_path / "out").values()
    assert path == tmp_path / "out" / "video1-stop-1500-4000.wav"
    info = soundfile.info(path)
    assert (info.samplerate, info.channels, info.subtype) == (rate, 1, "FLOAT")
    expected = stereo[int(1.5 * rate) : 4 * rate].astype(np.float64).mean(axis=1)
    np.testing.assert_array_equal(soundfile.read(path, dtype="float32")[0], expected.astype(np.float32))


@pytest.mark.parametrize("extension", ["wav", "flac", "mp3", "ogg"])
def test_what_a_file_gives_at_24_khz_is_what_the_recording_gives_there(tmp_path, extension, monkeypatch):
    monkeypatch.setattr(streaming, "window_bounds", lambda n: window_bounds(n, 48_000))
    recording = write(tmp_path / f"video1.{extension}", noise(6, 22_050, channels=2), 22_050, subtype="PCM_16")
    segments = [segment(1.0, 3.0), segment(0.5, 5.0)]  # of one window, and of several
    written = extract_audio_segments(segments, tmp_path, tmp_path / "out")
    for one, path in zip(segments, written.values(), strict=True):
        exported, _ = read_segment(path, 0.0, probe_recording(path).duration)
        np.testing.assert_array_equal(exported, read_segment(recording, one.start_time, one.end_time)[0])


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
    recording = tmp_path / "video1.mp3"
    expected = [read_segment(recording, s.start_time, s.end_time, rate=44_100)[0] for s in segments]
    opened = []
    reader = streaming.MonoReader
    monkeypatch.setattr(streaming, "MonoReader", lambda recording: opened.append(recording) or reader(recording))
    written = extract_audio_segments(segments, tmp_path, tmp_path / "out")
    assert list(written) == [s.segment_id for s in segments]
    assert len(opened) == 1
    for path, samples in zip(written.values(), expected, strict=True):
        np.testing.assert_array_equal(soundfile.read(path, dtype="float32")[0], samples)
