"""Checks of the annotations' times: what contradicts itself, lies far off, or was filled in by a machine."""

import statistics
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate, pairwise

from priosig.annotations.audit.finding import Finding, Problem, finding_of, window_words
from priosig.annotations.moments import Moment, by_video
from priosig.annotations.segments import Segment
from priosig.annotations.timespans import SLACK, milliseconds

FAR_FROM_STOP = 10.0  # s between the end of the playing and the stop
_MOST_NAMED = 5  # other moments in one problem
_DEFAULT_COUNT, _DEFAULT_SHARE = 5, 0.1  # a value this frequent is not measured to the millisecond by chance


def contradicting_times(moments: Sequence[Moment]) -> Finding:
    """Moments whose own times can't all be right."""
    problems = []
    for m in moments:
        faults = []
        if m.playing_before_start >= m.stop_timestamp - SLACK:
            faults.append(f"the playing {window_words(m)} begins after its own stop at {m.stop_timestamp:.1f} s")
        elif m.playing_before_end > m.stop_timestamp + SLACK:
            faults.append(f"the playing {window_words(m)} goes on after its own stop at {m.stop_timestamp:.1f} s")
        if m.feedback_start < m.stop_timestamp - SLACK:
            faults.append(f"feedback begins at {m.feedback_start:.1f} s, before the stop at {m.stop_timestamp:.1f} s")
        if m.feedback_start < m.playing_before_end - SLACK and m.feedback_end > m.playing_before_start + SLACK:
            faults.append(f"feedback from {m.feedback_start:.1f} s falls into the playing {window_words(m)}")
        if faults:
            problems.append(Problem(m.moment_id, m.video_id, m.stop_timestamp, "; ".join(faults)))
    return finding_of(
        "contradicting_times",
        "Times that contradict each other",
        "moment",
        problems,
        len(moments),
        "the label may be wrong",
        "A window that lies after its stop, or in the feedback, is not what the teacher judged: its label is noise.",
    )


def contradicting_moments(moments: Sequence[Moment]) -> Finding:
    """Windows that contradict other moments of the same video."""
    beside = {video: _Neighbours(of_video) for video, of_video in by_video(moments).items()}
    problems = []
    for m in moments:
        faults = []
        for o in beside[m.video_id].talking_over(m):
            feedback = f"{o.feedback_start:.1f} to {o.feedback_end:.1f} s"
            faults.append(f"the playing {window_words(m)} overlaps feedback {feedback} after another stop")
        first = beside[m.video_id].first_stop(m.playing_before_end - SLACK)
        if first is not None and first.stop_timestamp < m.stop_timestamp - SLACK:
            faults.append(
                f"between the playing's end at {m.playing_before_end:.1f} s and the stop at {m.stop_timestamp:.1f} s "
                f"lies another stop at {first.stop_timestamp:.1f} s"
            )
        if faults:
            problems.append(Problem(m.moment_id, m.video_id, m.playing_before_start, "; ".join(faults)))
    return finding_of(
        "contradicting_moments",
        "Playing that another moment of the video speaks against",
        "moment",
        problems,
        len(moments),
        "the label may be wrong",
        "Playing during feedback holds the teacher's voice. A window with another stop between its end and its own "
        "stop is what that other stop was for, so that its label may belong to other playing.",
    )


class _Neighbours:
    """The moments of one video, sorted, so that those near a time are looked up: a video may hold thousands."""

    def __init__(self, moments: Sequence[Moment]) -> None:
        self._by_stop = sorted(moments, key=lambda m: m.stop_timestamp)
        self._by_feedback = sorted(moments, key=lambda m: m.feedback_start)
        self._ends = list(accumulate((m.feedback_end for m in self._by_feedback), max))

    def talking_over(self, moment: Moment) -> list[Moment]:
        """Other moments whose feedback falls into a moment's playing, in order of its start; the last few of many."""
        stop = bisect_left(self._by_feedback, moment.playing_before_end - SLACK, key=lambda m: m.feedback_start)
        talking: list[Moment] = []
        while stop and self._ends[stop - 1] > moment.playing_before_start + SLACK and len(talking) < _MOST_NAMED:
            stop -= 1
            other = self._by_feedback[stop]
            start = max(moment.playing_before_start, other.feedback_start)
            if other is not moment and min(moment.playing_before_end, other.feedback_end) - start > SLACK:
                talking.insert(0, other)
        return talking

    def first_stop(self, time: float) -> Moment | None:
        """The moment with the first stop from a time on."""
        place = bisect_left(self._by_stop, time, key=lambda m: m.stop_timestamp)
        return self._by_stop[place] if place < len(self._by_stop) else None


def far_from_stop(moments: Sequence[Moment]) -> Finding:
    """Playing that ends long before the stop it is said to have led to."""
    gaps = [m.stop_timestamp - m.playing_before_end for m in moments]
    problems = [
        Problem(m.moment_id, m.video_id, m.playing_before_end, f"the playing ends {gap:.1f} s before its stop", gap)
        for m, gap in zip(moments, gaps, strict=True)
        if gap > FAR_FROM_STOP
    ]
    return finding_of(
        "far_from_stop",
        f"Playing that ends more than {FAR_FROM_STOP:g} s before its stop",
        "moment",
        problems,
        len(moments),
        "the label may be wrong",
        "What lies between may be more playing, or talk; the window may not be the playing that was judged.",
        f" The playing ends a median of {statistics.median(gaps):.1f} s before the stop." if gaps else "",
    )


def default_values(moments: Sequence[Moment]) -> tuple[Finding, Finding]:
    """Lengths that so many moments share to the millisecond that nobody measured them."""
    return (
        _default_value(
            "feedback",
            "length of the feedback",
            moments,
            [milliseconds(m.feedback_end - m.feedback_start) for m in moments],
            "Probably the feedback's end was filled in and not heard. Then CONTINUE windows begin at an arbitrary "
            "place, often in the middle of talk.",
        ),
        _default_value(
            "playing",
            "length of the playing window",
            moments,
            [milliseconds(m.playing_before_end - m.playing_before_start) for m in moments],
            "Probably the playing window was filled in and not heard. Then it may hold talk, or leave playing out.",
        ),
    )


def _default_value(name: str, what: str, moments: Sequence[Moment], lengths: list[int], effect: str) -> Finding:
    least = max(_DEFAULT_COUNT, _DEFAULT_SHARE * len(moments))
    usual = {length: n for length, n in Counter(lengths).most_common() if n >= least}
    problems = [
        Problem(m.moment_id, m.video_id, m.feedback_start, f"{what} is exactly {length / 1000:.1f} s")
        for m, length in zip(moments, lengths, strict=True)
        if length in usual
    ]
    values = ", ".join(f"{length / 1000:.1f} s in {n}" for length, n in usual.items())
    return finding_of(
        f"default_{name}_length",
        f"A {what} that looks like a default",
        "moment",
        problems,
        len(moments),
        "the label may be wrong",
        effect,
        f" Exactly {values} of {len(moments)}." if values else "",
    )


def lost_continues(moments: Sequence[Moment], segments: Sequence[Segment], min_continue_duration: float) -> Finding:
    """Pauses between two stops that are too short, or negative, to give a CONTINUE."""
    kept = {
        (s.video_id, milliseconds(s.start_time), milliseconds(s.end_time)) for s in segments if s.label == "continue"
    }
    problems, total = [], 0
    for of_video in by_video(moments).values():
        of_video.sort(key=lambda m: (m.stop_timestamp, m.feedback_end, m.playing_before_start))
        total += len(of_video) - 1
        for before, after in pairwise(of_video):
            start, end = before.feedback_end, after.playing_before_start
            if (before.video_id, milliseconds(start), milliseconds(end)) in kept:
                continue
            gap = end - start
            why = f"only {gap:.1f} s" if gap > 0 else f"the next playing began {-gap:.1f} s before the feedback's end"
            problems.append(Problem(before.moment_id, before.video_id, start, f"no CONTINUE after it: {why}", -gap))
    return finding_of(
        "lost_continues",
        f"Pauses between two stops that give no CONTINUE (under {min_continue_duration:g} s)",
        "pause",
        problems,
        total,
        "data are lost",
        "Fewer CONTINUE segments, and those that remain are the long ones: where the next stop came soon there is "
        "none.",
    )


def teacher_plays(moments: Sequence[Moment]) -> Finding:
    """Moments in which the teacher plays, as far as the annotations say so."""
    known = [m for m in moments if m.demonstrated is not None]
    finding = finding_of(
        "teacher_plays",
        "Moments in which the teacher plays",
        "moment",
        [
            Problem(m.moment_id, m.video_id, m.feedback_start, f"the teacher plays after {m.feedback_start:.1f} s")
            for m in known
            if m.demonstrated
        ],
        len(known),
        "the label may be wrong",
        "A CONTINUE window that begins after such feedback may hold the teacher's playing, not the student's.",
    )
    if known:
        return finding
    return replace(finding, summary="Not known: the annotations have no field “demonstrated”.")
