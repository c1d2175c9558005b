"""Levels and silence."""

import math
import tracemalloc
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from priosig.audio.levels import LevelMeter, level

RATE = 24_000


def meter_of(*pieces: np.ndarray, rate: int = RATE) -> LevelMeter:
    meter = LevelMeter(rate)
    for piece in pieces:
        meter.add(piece)
    return meter


def tone(seconds: float, amplitude: float) -> np.ndarray:
    return (amplitude * np.sin(2 * np.pi * 440 * np.arange(round(seconds * RATE)) / RATE)).astype(np.float32)


def test_a_full_scale_sine_has_3_db_under_full_scale_and_nothing_has_the_floor():
    assert level(tone(1, 1.0)) == pytest.approx(-3.01, abs=0.01)
    assert level(np.zeros(100, np.float32)) == -120


@given(st.floats(0.01, 1.0), st.floats(0.1, 1.0))
def test_gain_moves_the_level_by_its_decibels(amplitude, gain):
    samples = tone(0.1, amplitude).astype(float)
    assert level(gain * samples) - level(samples) == pytest.approx(20 * np.log10(gain), abs=1e-6)


#  0          2     3.5        5
#  [ tone     )[quiet)[ tone   )
def test_a_long_silence_is_found_and_gain_does_not_matter():
    samples = np.concatenate([tone(2, 0.5), tone(1.5, 0.0005), tone(1.5, 0.5)])
    for gain in (1.0, 0.1):
        meter = meter_of(gain * samples)
        assert meter.silent_intervals() == [(2.0, 3.5)]
        assert meter.silence_share == pytest.approx(0.3)
    assert meter.silent_intervals(shortest=2.0) == []


def test_a_window_that_holds_nothing_is_all_silent():
    meter = meter_of(np.zeros(RATE, np.float32))
    assert meter.silent_frames.all()
    assert meter.silent_intervals() == [(0.0, 1.0)]


# In pieces.


def cut(samples, at):
    edges = [0, *sorted(round(share * len(samples)) for share in at), len(samples)]
    return [samples[start:stop] for start, stop in pairwise(edges)]


@given(
    n=st.integers(0, 30_000),
    rate=st.sampled_from([24_000, 16_000, 8000, 44_100, 11_025]),
    loudness=st.lists(st.floats(-100, 0), min_size=1, max_size=8),
    at=st.lists(st.floats(0, 1), max_size=12),
    seed=st.integers(0, 99),
)
def test_a_waveform_in_pieces_measures_as_one_in_whole(n, rate, loudness, at, seed):
    gains = np.repeat([10 ** (decibels / 20) for decibels in loudness], -(-n // len(loudness)))[:n]
    samples = (gains * np.random.default_rng(seed).uniform(-1, 1, n)).astype(np.float32)
    meter, whole = meter_of(*cut(samples, at), rate=rate), meter_of(samples, rate=rate)
    np.testing.assert_array_equal(meter.silent_frames, whole.silent_frames)
    assert meter.silence_share == whole.silence_share
    assert meter.silent_intervals(0.1) == whole.silent_intervals(0.1)
    if n:
        assert meter.level == pytest.approx(level(samples), abs=1e-12)
        root_mean_square = math.sqrt(math.fsum(float(x) ** 2 for x in samples) / n)
        assert meter.level == pytest.approx(max(20 * math.log10(root_mean_square or 1e-9), -120), abs=1e-9)


@given(n=st.integers(1, 30_000), at=st.lists(st.floats(0, 1), max_size=12))
def test_at_the_encoders_rate_the_level_is_the_same_to_the_last_bit(n, at):
    samples = np.random.default_rng(n).uniform(-1, 1, n).astype(np.float32)
    assert meter_of(*cut(samples, at)).level == level(samples)


#  0        1.03      2.03   3
#  [ tone   )[ nothing )[ tone )    frames of 50 ms lie across both edges, and across the cuts at 1.5 and 2.03
def test_a_silence_across_cuts_is_one_silence():
    meter = meter_of(tone(1.03, 0.5), np.zeros(round(0.47 * RATE)), np.zeros(round(0.53 * RATE)), tone(0.97, 0.5))
    assert meter.silent_intervals(0.5) == [(pytest.approx(1.05), pytest.approx(2.0))]


def test_nothing_has_no_level_and_is_silent():
    assert math.isnan(LevelMeter(RATE).level)
    assert math.isnan(level(np.zeros(0, np.float32)))
    assert LevelMeter(RATE).silence_share == 1


@pytest.mark.slow
def test_an_hour_is_measured_in_little_memory():
    meter, second = LevelMeter(RATE), tone(1, 0.5)
    tracemalloc.start()
    for _ in range(3600):
        meter.add(second)
    held, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held < 1_000_000  # 20 doubles a second are 576 kB; the hour itself is 346 MB
    assert peak < 3_000_000
    assert len(meter.silent_frames) == 72_000
