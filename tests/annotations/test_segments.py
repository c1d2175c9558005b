"""STOP and CONTINUE segments from moments.

The fixture of most tests, one video, seconds::

    0    5        15   20       30        50       60   65      80
         [playing )    [feedback )        [playing )    [feedback )
         [ STOP   )              [CONTINUE )[ STOP )
"""

import math
import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from priosig import Segment, identify_segments
from priosig.annotations.moments import Moment
from priosig.annotations.segments import first_of_copies, labels_of, make_segment_id


@pytest.fixture
def two_moments(moment) -> list[Moment]:
    return [moment((5, 15), (20, 30)), moment((50, 60), (65, 80))]


def spans(segments):
    return [(s.label, s.start_time, s.end_time) for s in segments]


def test_stops_are_playing_windows_and_continue_lies_between_feedback_and_the_next_window(two_moments):
    segments = identify_segments(two_moments)
    assert spans(segments) == [("stop", 5, 15), ("continue", 30, 50), ("stop", 50, 60)]
    assert labels_of(segments) == [1, 0, 1]
    assert [s.moment_id for s in segments] == [
        two_moments[0].moment_id,
        two_moments[0].moment_id,
        two_moments[1].moment_id,
    ]


def test_a_gap_as_long_as_the_minimum_is_a_segment_and_a_shorter_one_is_not(two_moments):
    assert len(identify_segments(two_moments, min_continue_duration=20.0)) == 3
    assert len(identify_segments(two_moments, min_continue_duration=20.001)) == 2


def test_equal_windows_of_a_video_count_once_and_of_two_videos_twice(moment):
    same = [moment((5, 15), (20, 30)), moment((5, 15), (40, 45)), moment((5, 15), (20, 30), video="videoBBBBBB")]
    assert [s.video_id for s in identify_segments(same)] == ["videoAAAAAA", "videoBBBBBB"]


def test_windows_that_differ_by_a_tenth_of_a_second_are_the_same_playing(moment):
    windows = [(5, 15), (5.1, 14.9), (5.2, 15), (5, 15.1)]
    moments = [moment(window, (20 + i, 21 + i)) for i, window in enumerate(windows)]
    assert spans(identify_segments(moments)) == [("stop", 5, 15), ("stop", 5.2, 15)]


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 900), st.integers(0, 900)), max_size=12))
def test_first_copies_agree_with_a_look_at_all_pairs(windows):
    kept, expected = [], []
    for place, (group, start, end) in enumerate(windows):
        others = [(k, *windows[k]) for k in kept]
        same = [k for k, g, a, b in others if g == group and max(abs(start - a), abs(end - b)) <= 100]
        expected.append(same[0] if same else place)
        kept += [] if same else [place]
    assert first_of_copies([(g, a / 1000, b / 1000) for g, a, b in windows]) == expected


def test_there_is_no_continue_across_videos(moment):
    moments = [moment((5, 15), (20, 30)), moment((50, 60), (65, 80), video="videoBBBBBB")]
    assert {s.label for s in identify_segments(moments)} == {"stop"}


def test_a_window_that_begins_before_the_feedback_ended_leaves_no_continue(moment):
    moments = [moment((5, 15), (20, 30)), moment((25, 60), (65, 80))]
    assert spans(identify_segments(moments)) == [("stop", 5, 15), ("stop", 25, 60)]


def test_a_new_moment_renames_no_other_segment(two_moments, moment):
    before = {s.segment_id for s in identify_segments(two_moments)}
    after = {s.segment_id for s in identify_segments([*two_moments, moment((100, 110), (120, 130))])}
    assert before < after


def test_ids_are_made_of_video_label_and_milliseconds():
    assert make_segment_id("v", "stop", 1.2345, 2) == "v-stop-1234-2000"


@pytest.mark.parametrize("minimum", [0, -1, math.nan, math.inf])
def test_a_minimum_that_is_no_positive_number_is_refused(two_moments, minimum):
    with pytest.raises(ValueError, match="min_continue_duration is"):
        identify_segments(two_moments, min_continue_duration=minimum)


def test_a_window_of_less_than_a_millisecond_is_refused(moment):
    with pytest.raises(ValueError, match="lasts under a millisecond"):
        identify_segments([moment((5, 5.0001), (20, 30))])


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"segment_id": "../x"}, "not usable as a file name"),
        ({"segment_id": ""}, "not usable as a file name"),
        ({"video_id": "/etc"}, "can't name the recording"),
        ({"label": "STOP"}, "label is 'STOP'; expected 'stop' or 'continue'"),
        ({"end_time": 1.0}, "expected 0 <= start < end"),
        ({"start_time": -1.0}, "expected 0 <= start < end"),
        ({"end_time": math.nan}, "expected finite seconds"),
    ],
)
def test_a_segment_that_makes_no_sense_cannot_be_made(fields, words):
    good = {"segment_id": "s", "video_id": "v", "label": "stop", "start_time": 1.0, "end_time": 2.0}
    assert Segment(**good).duration == 1.0
    with pytest.raises(ValueError, match=words):
        Segment(**{**good, **fields})


@st.composite
def orderly_moments(draw) -> list[Moment]:
    """Moments of a few videos whose windows follow each other: playing, stop, feedback, playing ..."""
    moments = []
    for video in draw(st.lists(st.sampled_from("abc"), min_size=1, max_size=3, unique=True)):
        at = 0.0
        for number in range(draw(st.integers(1, 4))):
            steps = [draw(st.integers(1, 60)) / 2 for _ in range(4)]
            start, end, stop, done = (at + sum(steps[: i + 1]) for i in range(4))
            at = done
            texts = dict.fromkeys(("teacher", "feedback_summary", "musical_dimension", "severity", "piece"), "")
            times = {
                "playing_before_start": start,
                "playing_before_end": end,
                "stop_timestamp": stop,
                "feedback_start": stop,
                "feedback_end": done,
            }
            moments.append(Moment(f"{video}{number}", video, **times, **texts, confidence=None))
    return moments


@given(orderly_moments(), st.integers(0, 99))
def test_orderly_annotations_give_disjoint_segments_in_any_order_of_rows(moments, seed):
    segments = identify_segments(moments)
    for a, b in pairwise(segments):
        assert a.video_id != b.video_id or a.end_time <= b.start_time
    assert len({s.segment_id for s in segments}) == len(segments)
    shuffled = random.Random(seed).sample(moments, len(moments))
    assert identify_segments(shuffled) == segments


def test_moments_follow_each_other_by_their_stops_and_not_by_their_feedback(moment):
    # The first moment's feedback ends after the second's: by feedback they would change places.
    #
    #   [playing ) stop 10 .................. feedback ends 60
    #               [playing ) stop 30 feedback ends 40        ...  [playing 80 )
    first = moment((0, 9), (50, 60), stop=10)
    second = moment((15, 25), (32, 40), stop=30)
    third = moment((80, 90), (95, 99), stop=94)
    gaps = [(s.start_time, s.end_time) for s in identify_segments([first, second, third]) if s.label == "continue"]
    assert gaps == [(40, 80)]


def test_an_id_that_ends_with_a_line_break_names_no_file():
    with pytest.raises(ValueError, match="not usable as a file name"):
        Segment("s\n", "v", "stop", 0.0, 1.0)
