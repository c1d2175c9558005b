"""Cutting segments out of recordings."""

import struct
import tracemalloc

import numpy as np
import pytest
import soundfile
import soxr
from hypothesis import given
from hypothesis import strategies as st

from priosig import audio, streaming
from priosig.audio import (
    MUQ_RATE,
    Recording,
    find_recording,
    plan_slices,
    probe_recording,
    read_segment,
    slice_recording,
)
from priosig.segment_files import extract_audio_segments
from priosig.segments import Segment

RATE = 8000


def noise(seconds, rate=RATE, channels=1, seed=0):
    samples = np.random.default_rng(seed).uniform(-0.5, 0.5, (round(seconds * rate), channels))
    return samples.astype(np.float32).squeeze()


def write(path, samples, rate=RATE, subtype="FLOAT"):
    soundfile.write(path, samples, rate, subtype=None if path.suffix in (".mp3", ".ogg") else subtype)
    return path


def segment(start, end, video="video1", name=None):
    return Segment(name or f"{video}-stop-{round(1000 * start)}-{round(1000 * end)}", video, "stop", start, end)


# Finding a recording.


@pytest.mark.parametrize("extension", [".wav", ".flac", ".ogg", ".mp3"])
def test_recording_is_found_by_id_and_probed_in_every_format(tmp_path, extension):
    written = write(tmp_path / f"abc_-123{extension}", noise(2, 44100), 44100, "PCM_16")
    recording = probe_recording(find_recording(tmp_path, "abc_-123"))
    assert recording.path == written
    assert (recording.samplerate, recording.channels) == (44100, 1)
    assert recording.duration == pytest.approx(2, abs=0.05)  # MP3 pads


def test_missing_recording_says_what_was_looked_for(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no recording of video abc; looked for abc\.wav, abc\.flac"):
        find_recording(tmp_path, "abc")
    with pytest.raises(FileNotFoundError, match="no such directory"):
        find_recording(tmp_path / "nowhere", "abc")


def test_two_recordings_of_one_video_are_refused(tmp_path):
    for extension in (".wav", ".flac"):
        write(tmp_path / f"abc{extension}", noise(1), subtype="PCM_16")
    with pytest.raises(ValueError, match=r"several recordings of video abc: abc\.wav, abc\.flac"):
        find_recording(tmp_path, "abc")


@pytest.mark.parametrize("video_id", ["../abc", "/etc/passwd", "a/b", "a\\b", "abc\0", "", ".hidden", "abc\n"])
def test_video_id_cannot_name_a_file_elsewhere(tmp_path, video_id):
    (tmp_path / "audio").mkdir()
    write(tmp_path / "abc.wav", noise(1))
    with pytest.raises(ValueError, match="video_id"):
        find_recording(tmp_path / "audio", video_id)


# What is wrong with a file.


def test_missing_file_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"x\.wav: no such file"):
        probe_recording(tmp_path / "x.wav")


def test_empty_file_is_an_error(tmp_path):
    (tmp_path / "x.wav").touch()
    with pytest.raises(ValueError, match=r"x\.wav: empty file \(0 bytes\)"):
        probe_recording(tmp_path / "x.wav")


def test_file_that_is_not_audio_is_an_error(tmp_path):
    (tmp_path / "x.wav").write_text("<html>404</html>")
    with pytest.raises(ValueError, match=r"x\.wav: cannot be read as audio .*Format not recognised"):
        probe_recording(tmp_path / "x.wav")


def test_recording_without_samples_is_an_error(tmp_path):
    write(tmp_path / "x.wav", noise(0))
    with pytest.raises(ValueError, match=r"x\.wav: holds no samples"):
        probe_recording(tmp_path / "x.wav")


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "FLOAT"])
@pytest.mark.parametrize("channels", [1, 2])
def test_truncated_wav_is_an_error_that_counts_samples(tmp_path, subtype, channels):
    path = write(tmp_path / "x.wav", noise(2, channels=channels), subtype=subtype)
    frame_bytes = channels * {"PCM_16": 2, "PCM_24": 3, "FLOAT": 4}[subtype]
    path.write_bytes(path.read_bytes()[: -1000 * frame_bytes])
    with pytest.raises(ValueError, match=r"x\.wav: truncated: its header promises 16000 samples, only 15\d\d\d"):
        probe_recording(path)


def test_truncated_flac_is_an_error(tmp_path):
    path = write(tmp_path / "x.flac", noise(10), subtype="PCM_16")
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ValueError, match=r"x\.flac: (truncated|cannot be read as audio)"):
        probe_recording(path)


def test_wav_written_to_a_pipe_makes_no_promise(tmp_path):
    path = write(tmp_path / "x.wav", noise(1), subtype="PCM_16")
    content = path.read_bytes()
    at = content.index(b"data") + 4
    path.write_bytes(content[:at] + struct.pack("<I", 0xFFFFFFFF) + content[at + 4 :])
    assert probe_recording(path).n_frames == RATE


def test_extra_chunks_before_the_data_are_stepped_over(tmp_path):
    path = write(tmp_path / "x.wav", noise(1), subtype="PCM_16")
    content = path.read_bytes()
    at = content.index(b"data")
    odd = b"LIST" + struct.pack("<I", 3) + b"abc\0"  # chunks are padded to even lengths
    path.write_bytes(
        content[:4] + struct.pack("<I", len(content) - 8 + len(odd)) + content[8:at] + odd + content[at:]
    )
    assert probe_recording(path).n_frames == RATE
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ValueError, match="promises 8000 samples, only 7950 are there"):
        probe_recording(path)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_sample_that_is_not_a_number_is_an_error_that_says_when(tmp_path, bad):
    samples = noise(4, channels=2)
    samples[round(2.5 * RATE), 1] = bad
    path = write(tmp_path / "x.wav", samples)
    with pytest.raises(ValueError, match=r"x\.wav: NaN or infinite sample at second 2\.500"):
        read_segment(path, 1.0, 3.0)
    assert np.isfinite(read_segment(path, 0.0, 2.5)[0]).all()


# Which samples a segment is.
#
#   recording  0 s |---------------------------| 10 s
#   inside             [2 ------ 5)
#   to the end                         [7 ---- 10)
#   overrun                              [8 ------ 10.3)   clipped by 0.3
#   too far                              [8 ---------- 11) error
#   outside                                     [10.1 - 10.4) error

TEN_SECONDS = Recording(path="x.wav", samplerate=1000, n_frames=10_000, channels=1)


@pytest.mark.parametrize(
    ("start", "end", "first", "n_frames", "clipped"),
    [
        (2.0, 5.0, 2000, 3000, 0.0),
        (7.0, 10.0, 7000, 3000, 0.0),
        (8.0, 10.3, 8000, 2000, 0.3),
        (0.0, 10.5, 0, 10_000, 0.5),
        (1.2344, 1.2356, 1234, 1, 0.0),
    ],
)
def test_segment_is_half_open_and_a_small_overrun_is_clipped(start, end, first, n_frames, clipped):
    part = slice_recording(TEN_SECONDS, start, end)
    assert (part.first, part.n_frames) == (first, n_frames)
    assert part.clipped_seconds == pytest.approx(clipped)


@pytest.mark.parametrize(("start", "end"), [(8.0, 11.0), (8.0, 10.6)])
def test_segment_beyond_the_end_is_an_error_with_both_ends(start, end):
    with pytest.raises(ValueError, match=rf"segment {start} to {end} s ends \d\.\d+ s after .* at 10\.000 s"):
        slice_recording(TEN_SECONDS, start, end)


@pytest.mark.parametrize(("start", "end"), [(-1.0, 2.0), (3.0, 3.0), (3.0, 2.0), (np.nan, 2.0), (0.0, np.inf)])
def test_times_that_are_no_interval_are_an_error(start, end):
    with pytest.raises(ValueError, match="expected finite times with 0 <= start < end"):
        slice_recording(TEN_SECONDS, start, end)


@pytest.mark.parametrize(("start", "end"), [(10.1, 10.4), (10.0, 10.4)])
def test_segment_that_begins_where_the_recording_ended_is_an_error(start, end):
    with pytest.raises(ValueError, match=rf"segment {start} to {end} s begins at or after .* end, 10\.000 s"):
        slice_recording(TEN_SECONDS, start, end)


def test_segment_shorter_than_a_sample_is_an_error():
    with pytest.raises(ValueError, match="holds no sample at 1000 Hz"):
        slice_recording(TEN_SECONDS, 2.0, 2.0001)


@given(start=st.floats(0, 5000), tenths=st.integers(1, 7000), rate=st.sampled_from([16_000, 22_050, 44_100, 48_000]))
def test_equal_lengths_give_equally_many_samples_wherever_they_begin(start, tenths, rate):
    part = slice_recording(Recording("x.wav", rate, 6000 * rate, 1), start, start + tenths / 10)
    assert part.n_frames == tenths * rate // 10
    assert abs(part.first - start * rate) <= 0.5


def test_samples_are_exactly_those_of_the_segment(tmp_path):
    ramp = np.arange(10 * RATE, dtype=np.float32) / (20 * RATE)
    samples, clipped = read_segment(write(tmp_path / "x.wav", ramp), 2.0, 5.0, rate=RATE)
    assert clipped == 0
    assert samples.dtype == np.float32
    np.testing.assert_array_equal(samples, ramp[2 * RATE : 5 * RATE])


def test_channels_are_averaged(tmp_path):
    stereo = noise(1, channels=2)
    samples, _ = read_segment(write(tmp_path / "x.wav", stereo), 0.0, 1.0, rate=RATE)
    np.testing.assert_allclose(samples, (stereo[:, 0] + stereo[:, 1]) / 2, atol=1e-7)


def test_decoding_in_blocks_changes_nothing(tmp_path, monkeypatch):
    path = write(tmp_path / "x.flac", noise(3, channels=2), subtype="PCM_16")
    whole, _ = read_segment(path, 0.3, 2.9)
    monkeypatch.setattr(audio, "BLOCK", 777)
    np.testing.assert_array_equal(read_segment(path, 0.3, 2.9)[0], whole)


def test_resampling_is_soxr_hq_on_the_segment_alone(tmp_path):
    recorded = noise(4, 44_100)
    path = write(tmp_path / "x.wav", recorded, 44_100)
    samples, _ = read_segment(path, 1.0, 3.0)
    np.testing.assert_array_equal(
        samples, soxr.resample(recorded[44_100 : 3 * 44_100], 44_100, MUQ_RATE, quality="HQ")
    )
    assert len(samples) == 2 * MUQ_RATE


def test_a_tone_keeps_its_pitch_and_level(tmp_path):
    time = np.arange(2 * 44_100) / 44_100
    path = write(tmp_path / "x.wav", (0.5 * np.sin(2 * np.pi * 440 * time)).astype(np.float32), 44_100)
    samples, _ = read_segment(path, 0.0, 2.0)
    expected = 0.5 * np.sin(2 * np.pi * 440 * np.arange(2 * MUQ_RATE) / MUQ_RATE)
    inside = slice(MUQ_RATE // 10, -MUQ_RATE // 10)  # the filter rings at the cuts
    np.testing.assert_allclose(samples[inside], expected[inside], atol=1e-4)


def test_only_the_segment_is_held_in_memory(tmp_path):
    path = write(tmp_path / "x.wav", noise(120, channels=2), subtype="PCM_16")  # 3.8 MB as stereo int16
    tracemalloc.start()
    read_segment(path, 60.0, 61.0)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1_000_000


# Writing segments.


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


def test_every_recording_that_is_missing_is_told_once(tmp_path):
    write(tmp_path / "video1.wav", noise(2))
    gone = [segment(s, s + 1, video=video) for video in ("video2", "video3") for s in (0, 3)]
    with pytest.raises(FileNotFoundError) as caught:
        plan_slices([segment(0, 1), *gone], tmp_path)
    lines = str(caught.value).split("\n")
    assert ["no recording of video video2" in lines[0], "no recording of video video3" in lines[1]] == [True, True]
    assert len(lines) == 2


def test_every_segment_that_cannot_be_cut_is_told(tmp_path):
    write(tmp_path / "video1.wav", noise(2))
    with pytest.raises(ValueError, match=r"(?s)video1-stop-1000-9000: .*\n.*video1-stop-5000-6000: .*begins at"):
        plan_slices([segment(1, 9), segment(0, 1), segment(5, 6)], tmp_path)


def test_plan_reads_headers_only_and_counts_what_is_clipped(tmp_path):
    samples = noise(2)
    samples[:] = np.nan
    write(tmp_path / "video1.wav", samples)
    plan = plan_slices([segment(0.0, 1.0), segment(1.0, 2.25)], tmp_path)
    assert [part.clipped_seconds for part in plan.values()] == [0.0, 0.25]
