"""Checks of the annotations' times: what contradicts itself, lies far off, or was filled in by a machine.

Each gives a `Finding`; `priosig.annotations.audit.checks` runs them all.
"""

import statistics
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from priosig.annotations.audit.finding import Finding, Problem, finding_of, milliseconds, seconds_words, window_words
from priosig.annotations.moments import Moment
from priosig.annotations.segments import Segment

FAR_FROM_STOP = 10.0
"""Seconds between the end of the playing and the stop from which on a window is called far from its stop."""
_SLACK = 1e-3  # annotations have milliseconds
_DEFAULT_COUNT, _DEFAULT_SHARE = 5, 0.1  # a value this frequent is not measured to the millisecond by chance


def contradicting_times(moments: Sequence[Moment]) -> Finding:
    """Moments whose own times can't all be right."""
    problems = []
    for m in moments:
        found = []
        if m.playing_before_start >= m.stop_timestamp - _SLACK:
            found.append(f"the playing {window_words(m)} begins after its own stop at {m.stop_timestamp:.1f} s")
        elif m.playing_before_end > m.stop_timestamp + _SLACK:
            found.append(f"the playing {window_words(m)} goes on after its own stop at {m.stop_timestamp:.1f} s")
        if m.feedback_start < m.stop_timestamp - _SLACK:
            found.append(f"feedback begins at {m.feedback_start:.1f} s, before the stop at {m.stop_timestamp:.1f} s")
        if m.feedback_start < m.playing_before_end - _SLACK and m.feedback_end > m.playing_before_start + _SLACK:
            found.append(f"feedback from {m.feedback_start:.1f} s falls into the playing {window_words(m)}")
        if found:
            problems.append(Problem(m.moment_id, m.video_id, m.stop_timestamp, "; ".join(found)))
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
    """Windows that other moments of the same video have something to say about."""
    problems = []
    for m, others in _with_others(moments):
        found = []
        for o in others:
            if min(m.playing_before_end, o.feedback_end) - max(m.playing_before_start, o.feedback_start) > _SLACK:
                feedback = f"{o.feedback_start:.1f} to {o.feedback_end:.1f} s"
                found.append(f"the playing {window_words(m)} overlaps feedback {feedback} after another stop")
        between = [o for o in others if m.playing_before_end - _SLACK <= o.stop_timestamp < m.stop_timestamp - _SLACK]
        if between:
            first = min(between, key=lambda o: o.stop_timestamp)
            found.append(
                f"between the playing's end at {m.playing_before_end:.1f} s and the stop at {m.stop_timestamp:.1f} s "
                f"lies another stop at {first.stop_timestamp:.1f} s"
            )
        if found:
            problems.append(Problem(m.moment_id, m.video_id, m.playing_before_start, "; ".join(found)))
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


def _with_others(moments: Sequence[Moment]) -> Iterator[tuple[Moment, list[Moment]]]:
    """Each moment, and the others of its video."""
    by_video: dict[str, list[Moment]] = {}
    for moment in moments:
        by_video.setdefault(moment.video_id, []).append(moment)
    for moment in moments:
        yield moment, [other for other in by_video[moment.video_id] if other is not moment]


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
        f" The playing ends a median of {seconds_words(statistics.median(gaps))} before the stop." if gaps else "",
    )


def default_values(moments: Sequence[Moment]) -> list[Finding]:
    """Lengths that so many moments share to the millisecond that nobody measured them."""
    quantities = {
        "feedback_length": ("length of the feedback", lambda m: m.feedback_end - m.feedback_start),
        "playing_length": ("length of the playing window", lambda m: m.playing_before_end - m.playing_before_start),
    }
    effects = {
        "feedback_length": "Probably the feedback's end was filled in and not heard. Then CONTINUE windows begin at "
        "an arbitrary place, often in the middle of talk.",
        "playing_length": "Probably the playing window was filled in and not heard. Then it may hold talk, or leave "
        "playing out.",
    }
    findings = []
    for name, (what, measure) in quantities.items():
        counts = Counter(milliseconds(measure(m)) for m in moments)
        usual = {
            value: n for value, n in counts.most_common() if n >= max(_DEFAULT_COUNT, _DEFAULT_SHARE * len(moments))
        }
        problems = [
            Problem(
                m.moment_id,
                m.video_id,
                m.feedback_start,
                f"{what} is exactly {milliseconds(measure(m)) / 1000:.1f} s",
            )
            for m in moments
            if milliseconds(measure(m)) in usual
        ]
        values = ", ".join(f"{value / 1000:.1f} s in {n}" for value, n in usual.items())
        findings.append(
            finding_of(
                f"default_{name}",
                f"A {what} that looks like a default",
                "moment",
                problems,
                len(moments),
                "the label may be wrong",
                effects[name],
                f" Exactly {values} of {len(moments)}." if values else "",
            )
        )
    return findings


def lost_continues(moments: Sequence[Moment], segments: Sequence[Segment], min_continue_duration: float) -> Finding:
    """Pauses between two stops that are too short, or negative, to give a CONTINUE."""
    kept = {
        (s.video_id, milliseconds(s.start_time), milliseconds(s.end_time)) for s in segments if s.label == "continue"
    }
    by_video: dict[str, list[Moment]] = {}
    for moment in moments:
        by_video.setdefault(moment.video_id, []).append(moment)
    problems, total = [], 0
    for of_video in by_video.values():
        of_video = sorted(of_video, key=lambda m: (m.stop_timestamp, m.feedback_end, m.playing_before_start))
        for before, after in pairwise(of_video):
            total += 1
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
    """Moments in which the teacher plays; that it is not known is said so."""
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
