"""Windows: at most 30 s, whole frames, no lone scrap at the end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from priosig.audio.windows import HOP, MUQ_RATE, SHORTEST, WINDOW, window_bounds

#   65 s   |----30----|----30----|-5-|
#   60.5 s |----30----|--15.24--|-15.26-|   a tail of half a second is not left alone


def test_short_audio_is_one_window():
    assert window_bounds(SHORTEST) == [(0, SHORTEST)]
    assert window_bounds(WINDOW) == [(0, WINDOW)]


def test_long_audio_is_full_windows_and_the_rest():
    assert window_bounds(65 * MUQ_RATE) == [(0, WINDOW), (WINDOW, 2 * WINDOW), (2 * WINDOW, 65 * MUQ_RATE)]
    assert window_bounds(WINDOW + MUQ_RATE)[-1] == (WINDOW, WINDOW + MUQ_RATE)


def test_tail_under_a_second_is_shared_with_the_window_before_it():
    middle = WINDOW + 381 * HOP  # half of 30.5 s is 381.25 frames
    assert window_bounds(2 * WINDOW + MUQ_RATE // 2) == [(0, WINDOW), (WINDOW, middle), (middle, 2 * WINDOW + 12_000)]


@given(st.integers(1, 5 * WINDOW))
def test_windows_cover_the_audio_once_and_none_is_too_long_or_a_lone_scrap(n_samples):
    bounds = window_bounds(n_samples)
    assert [start for start, _ in bounds] == [0, *(stop for _, stop in bounds[:-1])]
    assert bounds[-1][1] == n_samples
    assert all(stop - start <= WINDOW for start, stop in bounds)
    assert len(bounds) == 1 or min(stop - start for start, stop in bounds) >= MUQ_RATE
    assert all(start % HOP == 0 for start, _ in bounds)


@pytest.mark.parametrize("arguments", [(0,), (100, HOP + 1), (100, 49 * HOP)])
def test_windows_that_make_no_sense_are_refused(arguments):
    with pytest.raises(ValueError, match=r"window_bounds: .*expected at least 1 sample"):
        window_bounds(*arguments)
