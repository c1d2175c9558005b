"""Cutting segments out of recordings."""

import tracemalloc

import numpy as np
import pytest
import soxr
from hypothesis import given
from hypothesis import strategies as st

from priosig.audio import slices
from priosig.audio.slices import (
    MUQ_RATE,
    Recording,
    plan_slices,
    read_segment,
    slice_recording,
)
from tests.short_recordings import RATE, noise, segment, write

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
    monkeypatch.setattr(slices, "BLOCK", 777)
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


# Many at once.


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
