"""Time since feedback and the talk before a window, by annotations alone."""

import math

from priosig.annotations.segments import Segment
from priosig.confounds.registry import preceding_talk, since_feedback


def segment(start: float, end: float, video: str = "videoAAAAAA") -> Segment:
    return Segment(f"{start}", video, "stop", start, end)


#  0        20    30        50    55        70  80
#  playing    [ fb )          [ fb )            playing
def test_time_counts_from_the_last_feedback_that_ended_to_the_middle_of_the_window(moment):
    moments = [moment((40, 50), (50, 55)), moment((0, 20), (20, 30)), moment((0, 9), (60, 61), video="other")]
    windows = [segment(70, 80), segment(35, 45), segment(40, 64), segment(46, 60), segment(5, 15)]
    assert since_feedback(windows, moments) == [75 - 55, 40 - 30, 52 - 30, 53 - 30, 10]


def test_talk_is_no_playing(moment):
    transcript = "[0s] ♪\n[35s] once more, please, now\n[40s] ♪\n[70s] end"
    moments = [moment((0, 20), (20, 30), transcript=transcript)]
    assert since_feedback([segment(50, 60), segment(30, 42)], moments) == [25 - 2, 6 - 1]


#  talk  [10 12) . [14 16)        [40 42)
def test_talk_before_a_window_includes_its_pauses_and_ends_where_the_window_begins(moment):
    words = "one two three four"
    transcript = f"[0s] ♪\n[10s] {words}\n[14s] {words}\n[40s] {words}\n[60s] end"
    moments = [moment((0, 20), (20, 30), transcript=transcript)]
    windows = [segment(20, 30), segment(50, 55), segment(41, 45), segment(5, 9), segment(20, 30, "other")]
    lengths = preceding_talk(windows, moments)
    assert lengths[:3] == [6, 2, 1]
    assert [math.isnan(length) for length in lengths] == [False, False, False, True, True]


def test_a_confound_of_each_segment_is_returned_in_their_order_also_without_moments():
    assert since_feedback([segment(10, 20), segment(0, 4)], []) == [15, 2]
    assert all(map(math.isnan, preceding_talk([segment(10, 20)], [])))
