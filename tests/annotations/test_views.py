"""Views: where a window is cut, and what is dropped."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from priosig import Segment, annotated_view, clean_view, equal_length_view
from priosig.annotations.segments import make_segment_id


def segment(label: str, start: float, end: float) -> Segment:
    return Segment(make_segment_id("v", label, start, end), "v", label, start, end)


def cut(view) -> list[tuple[float, float]]:
    return [(s.start_time, s.end_time) for s in view.segments]


def test_annotated_is_as_given():
    segments = [segment("stop", 0, 7), segment("continue", 10, 100)]
    view = annotated_view(segments)
    assert view.segments == tuple(segments)
    assert view.dropped == ()


def test_equal_takes_the_end_of_a_stop_and_the_middle_of_a_continue():
    segments = [segment("stop", 0, 15), segment("continue", 20, 60), segment("stop", 70, 79.9)]
    view = equal_length_view(segments, 10.0)
    assert cut(view) == [(5, 15), (35, 45)]
    assert view.source_ids == (segments[0].segment_id, segments[1].segment_id)
    assert [(d.segment_id, d.reason) for d in view.dropped] == [
        (segments[2].segment_id, "lasts 9.9 s; 10 s do not fit")
    ]


def test_two_windows_with_the_same_end_count_once():
    segments = [segment("stop", 0, 15), segment("stop", 2, 15)]
    view = equal_length_view(segments, 10.0)
    assert cut(view) == [(5, 15)]
    assert view.dropped[0].reason == f"cut to the same window as {segments[0].segment_id}"


#            0         10        20        30        40
# stop       [-----------------------------------)    guard: last 2 s
# busy                 [8 talk 14)        [26 28)
def test_clean_takes_the_latest_place_of_a_stop_that_is_free_and_off_the_guard():
    stop = segment("stop", 0, 30)
    assert cut(clean_view([stop], {stop.video_id: [(8, 14), (26, 28)]}, 10, guard=2)) == [(16, 26)]
    assert cut(clean_view([stop], {stop.video_id: []}, 10, guard=2)) == [(18, 28)]


def test_clean_takes_the_free_place_of_a_continue_nearest_to_its_middle():
    gap = segment("continue", 0, 60)
    assert cut(clean_view([gap], {gap.video_id: []}, 10, guard=0)) == [(25, 35)]
    assert cut(clean_view([gap], {gap.video_id: [(28, 40)]}, 10, guard=0)) == [(18, 28)]
    assert cut(clean_view([gap], {gap.video_id: [(20, 34)]}, 10, guard=0)) == [(34, 44)]


def test_clean_names_what_is_all_talk():
    stop = segment("stop", 0, 30)
    view = clean_view([stop], {stop.video_id: [(0, 9), (12, 30)]}, 10)
    assert view.segments == ()
    assert view.dropped[0].reason == "no 10 s in a row of playing without talk"


def test_what_was_not_screened_is_not_clean():
    with pytest.raises(ValueError, match=r"video 'v' \(1 in all\): not screened"):
        clean_view([segment("stop", 0, 30)], {}, 10)


@pytest.mark.parametrize("duration", [0, -1, float("nan"), float("inf")])
def test_a_length_that_is_no_positive_number_is_refused(duration):
    with pytest.raises(ValueError, match="duration is"):
        equal_length_view([segment("stop", 0, 30)], duration)


times = st.integers(0, 100_000).map(lambda ms: ms / 1000)


@given(
    st.sampled_from(["stop", "continue"]),
    times,
    st.integers(1, 60_000),
    st.lists(st.tuples(times, times)),
    st.integers(1, 20_000),
    st.integers(0, 3_000),
)
def test_a_clean_window_lies_in_its_segment_off_the_guard_and_off_what_is_busy(
    label, start, length, busy, duration, guard
):
    source = segment(label, start, start + length / 1000)
    view = clean_view([source], {source.video_id: busy}, duration / 1000, guard / 1000)
    assert len(view.segments) + len(view.dropped) == 1
    slack = 2e-3
    for window in view.segments:
        assert abs(window.duration - duration / 1000) < 1e-5
        assert source.start_time - slack <= window.start_time
        assert window.end_time <= source.end_time - guard / 1000 + slack
        for a, b in busy:
            assert min(b, window.end_time) - max(a, window.start_time) < slack
