"""Risk sets: who is compared with whom, in which windows, and which STOPs find nobody."""

import dataclasses
from collections import Counter
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from priosig.annotations.bouts import Bout
from priosig.annotations.risk_sets import bouts_view
from priosig.annotations.segments import Segment, labels_of, make_segment_id
from priosig.metrics.auc import auc_by_video


def stop(start: float, end: float, video: str = "v") -> Segment:
    return Segment(make_segment_id(video, "stop", start, end), video, "stop", start, end, f"m{end:g}")


def bout(start: float, end: float, start_heard: bool = True) -> Bout:
    return Bout(start, end, start_heard)


#            0         10        20        30        40        50        60        70    .   90        100     110
# bouts      [ first )  [ a: 20 s ........ )    [ b: 12 s . )  [ c: 25 s ............. )   [ d: 20 s ........ )
# stops          )                ) t = 16                              ) t = 9
BOUTS = {"v": [bout(0, 8, False), bout(10, 30), bout(34, 46), bout(50, 75), bout(90, 110)]}
FIRST, LATE, EARLY = stop(0, 5), stop(20, 26), stop(55, 59)


def bout_starts(view, bouts) -> list[float]:
    """Beginning of the bout that each window lies in."""
    return [next(b.start for b in bouts["v"] if b.start <= s.start_time < b.end) for s in view.segments]


def sets_of(view, bouts) -> dict[str, list[tuple[str, float, float, float]]]:
    """Windows of each set, as offsets into the bout, by the set's STOP."""
    sets: dict[str, list] = {}
    for segment, set_id, start in zip(view.segments, view.set_ids, bout_starts(view, bouts), strict=True):
        window = (segment.label, start, segment.start_time - start, segment.end_time - start)
        sets.setdefault(set_id, []).append(window)
    return sets


def test_a_stop_is_compared_with_all_bouts_that_lasted_longer_also_with_one_stopped_later_but_none_stopped_before():
    view = bouts_view([FIRST, LATE, EARLY], BOUTS, 5, guard=2)
    assert sets_of(view, BOUTS) == {
        LATE.segment_id: [("stop", 10, 9, 14), ("continue", 90, 9, 14)],
        EARLY.segment_id: [("stop", 50, 2, 7), *(("continue", start, 2, 7) for start in (10, 34, 90))],
    }


def test_the_event_belongs_to_its_moment_and_a_control_to_none():
    view = bouts_view([FIRST, LATE], BOUTS, 5, guard=0)
    assert [s.moment_id for s in view.segments] == ["m26", None, None]
    assert view.name == "bouts"
    assert view.duration == 5


def test_the_first_performance_and_playing_of_unheard_beginning_are_no_controls():
    bouts = {"v": [bout(0, 40, False), bout(50, 70), bout(80, 110, False), bout(120, 150)]}
    assert bout_starts(bouts_view([stop(10, 40), stop(55, 65)], bouts, 5, guard=0), bouts) == [50, 120]


def test_controls_can_be_kept_to_the_nearest():
    bouts = {"v": [bout(10 + 20 * i, 22 + 20 * i) for i in range(7)]}
    middle = stop(70, 80)
    view = bouts_view([FIRST, middle], bouts, 5, guard=1, nearest=2)
    assert bout_starts(view, bouts) == [70, 30, 50, 90, 110]
    first = stop(10, 20)
    assert bout_starts(bouts_view([FIRST, first], bouts, 5, guard=1, nearest=2), bouts) == [10, 30, 50]


REASONS = {
    "talk": (stop(30, 34), [bout(40, 60)], "no playing is heard where it ends"),
    "a bout heard from its middle": (
        stop(41, 58),
        [bout(40, 60, False)],
        "the beginning of its bout is not heard",
    ),
    "a stop soon after the beginning": (stop(40, 45), [bout(40, 60)], "too early in its bout for 5 s beside a guard"),
    "the longest bout": (stop(40, 58), [bout(40, 60), bout(70, 87)], "no other bout of its video lasted as long"),
}


@pytest.mark.parametrize("case", REASONS)
def test_a_stop_without_a_set_has_its_reason(case):
    segment, bouts, reason = REASONS[case]
    view = bouts_view([FIRST, segment], {"v": bouts}, 5, guard=1)
    assert view.segments == ()
    assert {d.segment_id: d.reason for d in view.dropped}[segment.segment_id].startswith(reason)


def test_a_bout_counts_once_with_its_earliest_stop():
    again = stop(20, 28)
    view = bouts_view([FIRST, again, LATE], BOUTS, 5, guard=0)
    assert set(view.set_ids) == {LATE.segment_id}
    assert [d.reason for d in view.dropped if d.segment_id == again.segment_id] == ["its bout was stopped before"]


#  bout     [10 ...... 30)
#  stop                   32)      the playing halts 2 s before the annotated end: stopped at 20 s
def test_a_stop_just_after_the_playing_halted_is_at_the_halt():
    view = bouts_view([FIRST, stop(20, 32)], {"v": [bout(10, 30), bout(40, 65)]}, 5, guard=0)
    assert [(s.start_time, s.end_time) for s in view.segments] == [(25, 30), (55, 60)]
    late = bouts_view([FIRST, stop(20, 33)], {"v": [bout(10, 30), bout(40, 65)]}, 5, guard=0)
    assert late.dropped[-1].reason == "no playing is heard where it ends"


def test_bouts_stopped_at_the_same_time_are_left_out_of_each_others_sets_and_share_controls():
    bouts = {"v": [bout(10, 30), bout(40, 60), bout(70, 95)]}
    view = bouts_view([FIRST, stop(12, 25), stop(42, 55)], bouts, 5, guard=0)
    assert bout_starts(view, bouts) == [10, 70, 40, 70]
    assert len({s.segment_id for s in view.segments}) == 4  # one window, in two sets


def test_a_video_without_bouts_must_be_said_so():
    with pytest.raises(ValueError, match=r"video 'v': no bouts given"):
        bouts_view([FIRST], {}, 5)
    assert bouts_view([FIRST], {"v": []}, 5).segments == ()


@pytest.mark.parametrize(("duration", "guard"), [(0, 1), (float("nan"), 1), (5, -1), (5, float("inf"))])
def test_lengths_that_are_no_seconds_are_refused(duration, guard):
    with pytest.raises(ValueError, match="expected seconds"):
        bouts_view([FIRST], {"v": []}, duration, guard)


stop_times = st.one_of(st.none(), st.integers(1, 33))
lessons = st.lists(st.tuples(st.integers(3, 30), st.integers(3, 12), stop_times), min_size=1, max_size=12)


def laid_out(lesson) -> tuple[list[Segment], list[Bout]]:
    """Bouts of given lengths with given gaps, some stopped at a given time."""
    now, stops, bouts = 10, [FIRST], []
    for length, gap, t in lesson:
        bouts.append(bout(now, now + length))
        if t is not None and t < length + 3:
            stops.append(stop(now, now + t))
        now += length + gap
    return stops, bouts


@given(lessons, st.integers(1, 8), st.integers(0, 2))
def test_every_stop_is_an_event_or_dropped_and_windows_lie_in_their_bouts(lesson, duration, guard):
    stops, bouts = laid_out(lesson)
    view = bouts_view(stops, {"v": bouts}, duration, guard)
    ids = [*dict.fromkeys(view.set_ids), *(d.segment_id for d in view.dropped)]
    assert Counter(ids) == Counter(s.segment_id for s in stops)
    times = {}  # of each set: that of its event, which comes first
    for segment, set_id, start in zip(view.segments, view.set_ids, bout_starts(view, {"v": bouts}), strict=True):
        t = times.setdefault(set_id, segment.end_time + guard - start)
        end = next(b.end for b in bouts if b.start == start)
        assert segment.end_time == start + t - guard <= end - guard
        assert segment.duration == duration
        assert segment.label == "stop" or t < end - start
        assert segment.label == "stop" or not any(start < s.end_time <= start + t for s in stops)
    backward = bouts_view(stops[::-1], {"v": bouts}, duration, guard)
    assert dataclasses.replace(backward, dropped=view.dropped) == view


@given(lessons, st.integers(0, 2**32))
def test_auc_within_sets_is_the_incident_dynamic_auc(lesson, seed):
    # By its definition: over times t at which a bout is stopped, how often that bout has a larger score at t than
    # one that is still going on; times weighted m / (m + 2).
    stops, bouts = laid_out(lesson)
    view = bouts_view(stops, {"v": bouts}, 1, guard=0)
    score = np.random.default_rng(seed).integers(0, 6, size=(len(bouts), 40))  # of each bout at each time, with ties
    place = {b.start: i for i, b in enumerate(bouts)}
    windows = zip(view.segments, bout_starts(view, {"v": bouts}), strict=True)
    rows = [score[place[start], int(s.end_time - start)] for s, start in windows]
    stopped = {}
    for segment in stops[1:]:
        i = max(i for i, b in enumerate(bouts) if b.start < segment.end_time)
        stopped[i] = min(stopped.get(i, 99), segment.end_time - bouts[i].start, bouts[i].duration)
    above, weights = Fraction(0), Fraction(0)
    for i, t in stopped.items():
        going_on = [j for j, b in enumerate(bouts) if j != i and stopped.get(j, b.duration) > t]
        wins = sum(Fraction(int(np.sign(int(score[i, t]) - int(score[j, t]))) + 1, 2) for j in going_on)
        if going_on:
            above += wins / len(going_on) * Fraction(len(going_on), len(going_on) + 2)
            weights += Fraction(len(going_on), len(going_on) + 2)
    assert bool(weights) == bool(view.segments)
    if weights:
        within = auc_by_video(np.array(rows, float), labels_of(view.segments), view.source_ids).within
        assert float(within) == pytest.approx(float(above / weights))
