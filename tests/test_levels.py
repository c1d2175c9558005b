"""Levels and silence."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from priosig.levels import level, silence_share, silent_frames, silent_intervals

RATE = 24_000


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
        assert silent_intervals(gain * samples, RATE) == [(2.0, 3.5)]
        assert silence_share(gain * samples, RATE) == pytest.approx(0.3)
    assert silent_intervals(samples, RATE, shortest=2.0) == []


def test_a_window_that_holds_nothing_is_all_silent():
    assert silent_frames(np.zeros(RATE, np.float32), RATE).all()
    assert silent_intervals(np.zeros(RATE, np.float32), RATE) == [(0.0, 1.0)]
