"""What is odd about a set of annotations, found without listening.

A study stands on its annotations, and most of what can go wrong with it can be seen in them: windows that stand
there twice, times that contradict each other, a value that a machine filled in, windows that one look at their
length would label. None of this is refused when annotations are loaded, because a study has to be able to look at
it; here it is named, counted, listed by id so that someone can mend it, and followed to what it does to the
experiment.

Every check is reported, also one that found nothing: what was looked for is part of the answer. Shares are of what
could be checked, `total`; a moment without a transcript, say, is not among the moments whose talk was looked at.
"""

import json
import os
import statistics
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

from .metrics import auc_by_video
from .moments import Moment
from .segments import LABELS, Segment, labels_of
from .transcript import talk_share

FAR_FROM_STOP = 10.0
"""Seconds between the end of the playing and the stop from which on a window is called far from its stop."""
MOSTLY_TALK = 0.5
"""Share of a window from which on it counts as mostly talk."""
_SLACK = 1e-3  # annotations have milliseconds
_DEFAULT_COUNT, _DEFAULT_SHARE = 5, 0.1  # a value this frequent is not measured to the millisecond by chance


@dataclass(frozen=True)
class Problem:
    """One row of the annotations that a finding is about.

    Attributes
    ----------
    id : str
        `moment_id`, `segment_id` or `video_id`, as `Finding.unit` says.
    video_id : str
    time : float or None
        Second of the video to look at; None where the whole video is meant.
    detail : str
        What was seen, with its numbers.
    """

    id: str
    video_id: str
    time: float | None
    detail: str


@dataclass(frozen=True)
class Finding:
    """The outcome of one check.

    Attributes
    ----------
    name : str
        Of the check, snake_case.
    title : str
        What was looked for.
    unit : {"moment", "segment", "video"}
        What is counted.
    count, total : int
        How many show it, of how many that could be checked.
    summary : str
        What was seen, in one sentence.
    effect : str
        What it does to the experiment.
    problems : tuple of Problem
        The `count` rows; in the order of the annotations.
    """

    name: str
    title: str
    unit: str
    count: int
    total: int
    summary: str
    effect: str
    problems: tuple[Problem, ...]


def audit_annotations(
    moments: Sequence[Moment],
    segments: Sequence[Segment],
    *,
    min_continue_duration: float = 5.0,
    demonstrated: Collection[str] | None = None,
) -> tuple[Finding, ...]:
    """Look for everything this module knows of.

    Parameters
    ----------
    moments : sequence of Moment
    segments : sequence of Segment
        Derived from them, as annotated.
    min_continue_duration : float
        Seconds; with which the segments were derived.
    demonstrated : collection of str, optional
        Ids of the moments in which the teacher plays (`read_demonstrated`); None where it is not known.

    Returns
    -------
    tuple of Finding
        One a check, in a fixed order.
    """
    return (
        _lengths_by_class(segments),
        _repeated_windows(moments),
        _overlapping_windows(segments),
        _mostly_talk(moments, segments),
        _contradicting_times(moments),
        _far_from_stop(moments),
        *_default_values(moments),
        _lost_continues(moments, segments, min_continue_duration),
        _teacher_plays(moments, demonstrated),
        _one_class_videos(segments),
    )


def read_demonstrated(path: str | os.PathLike) -> frozenset[str] | None:
    """Ids of the moments whose optional field `demonstrated` is true; None if no line has that field.

    The rest of the pipeline does not use this field, so `load_moments` leaves it out.
    """
    with open(path, encoding="utf-8-sig") as lines:
        rows = [json.loads(line) for line in lines if line.strip()]
    if not any("demonstrated" in row for row in rows):
        return None
    return frozenset(row["moment_id"] for row in rows if row.get("demonstrated") is True)


def _lengths_by_class(segments: Sequence[Segment]) -> Finding:
    y, lengths = labels_of(segments), [segment.duration for segment in segments]
    by_label = {label: sorted(s.duration for s in segments if s.label == label) for label in LABELS}
    medians = {label: statistics.median(found) for label, found in by_label.items() if found}
    within = float(auc_by_video(lengths, y, [s.video_id for s in segments]).within)
    apart = max(within, 1 - within)
    stop, other = (by_label[label] for label in LABELS)
    # A segment is told by its length alone where it is shorter than every other class's, or longer.
    shorter, longer = ("stop", "continue") if medians.get("stop", 0) <= medians.get("continue", 0) else LABELS[::-1]
    low = min(by_label[longer], default=float("inf"))
    high = max(by_label[shorter], default=float("-inf"))
    told = [s for s in segments if (s.duration < low if s.label == shorter else s.duration > high)]
    summary = (
        f"STOP windows last a median of {_s(medians.get('stop'))} ({_range(stop)}), CONTINUE windows "
        f"{_s(medians.get('continue'))} ({_range(other)})."
    )
    if apart == apart:
        summary += f" Length alone ranks two windows of one video by their label {100 * apart:.0f} times in 100."
    summary += " Counted are windows that are shorter, or longer, than every window of the other label."
    return Finding(
        "lengths_by_class",
        "Windows whose length gives the label away",
        "segment",
        len(told),
        len(segments),
        summary,
        "A model that hears how long a window lasts can do without music. The standard deviation over time carries "
        "length too. Only views cut to one length are safe from it.",
        tuple(
            Problem(s.segment_id, s.video_id, s.start_time, f"{s.label.upper()} lasts {s.duration:.1f} s")
            for s in told
        ),
    )


def _repeated_windows(moments: Sequence[Moment]) -> Finding:
    first: dict[tuple[str, int, int], Moment] = {}
    problems = []
    for moment in moments:
        window = moment.video_id, _ms(moment.playing_before_start), _ms(moment.playing_before_end)
        if window in first:
            other = first[window].moment_id
            detail = f"same playing window {_window(moment)} as moment {other}"
            problems.append(Problem(moment.moment_id, moment.video_id, moment.playing_before_start, detail))
        first.setdefault(window, moment)
    return _finding(
        "repeated_windows",
        "Moments that repeat another moment's playing window",
        "moment",
        problems,
        len(moments),
        "Equal windows count once, so there are fewer STOP segments than moments; of two moments with one window at "
        "most one can have been stopped for it.",
    )


def _overlapping_windows(segments: Sequence[Segment]) -> Finding:
    problems, by_video = [], {}
    for segment in segments:
        by_video.setdefault(segment.video_id, []).append(segment)
    for of_video in by_video.values():
        for a, b in combinations(of_video, 2):
            shared = min(a.end_time, b.end_time) - max(a.start_time, b.start_time)
            if shared > _SLACK:
                detail = f"{b.label.upper()} shares {shared:.1f} s with {a.label.upper()} {a.segment_id}"
                problems.append(Problem(b.segment_id, b.video_id, b.start_time, detail))
    return _finding(
        "overlapping_windows",
        "Windows that overlap another window of their video",
        "segment",
        problems,
        len(segments),
        "The same seconds of music are counted twice, so that the segments are fewer than they seem; across labels "
        "the same playing is called both STOP and CONTINUE.",
    )


def _mostly_talk(moments: Sequence[Moment], segments: Sequence[Segment]) -> Finding:
    problems, known = [], 0
    shares: dict[str, list[float]] = {label: [] for label in LABELS}
    for segment, share in zip(segments, talk_share(segments, moments), strict=True):
        if share != share:
            continue
        known += 1
        shares[segment.label].append(share)
        if share > MOSTLY_TALK:
            detail = f"{segment.label.upper()}: {share:.0%} of {segment.duration:.1f} s is talk"
            problems.append(Problem(segment.segment_id, segment.video_id, segment.start_time, detail))
    means = ", ".join(
        f"{label.upper()} {statistics.mean(found):.0%}" for label, found in shares.items() if found
    )
    note = f" Mean share of talk: {means}." if means else ""
    unknown = len(segments) - known
    if unknown:
        note += f" For {unknown} of {len(segments)} segments the transcripts do not say."
    return _finding(
        "mostly_talk",
        "Windows that are mostly talk by the transcripts",
        "segment",
        problems,
        known,
        "The model hears the teacher's voice where it should hear playing; where STOP and CONTINUE differ in it, the "
        "voice gives the label away.",
        note,
    )


def _contradicting_times(moments: Sequence[Moment]) -> Finding:
    problems = []
    for m in moments:
        found = []
        if m.playing_before_start >= m.stop_timestamp - _SLACK:
            found.append(f"the playing {_window(m)} begins after its own stop at {m.stop_timestamp:.1f} s")
        elif m.playing_before_end > m.stop_timestamp + _SLACK:
            found.append(f"the playing {_window(m)} goes on after its own stop at {m.stop_timestamp:.1f} s")
        if m.feedback_start < m.stop_timestamp - _SLACK:
            found.append(f"feedback begins at {m.feedback_start:.1f} s, before the stop at {m.stop_timestamp:.1f} s")
        if m.feedback_start < m.playing_before_end - _SLACK and m.feedback_end > m.playing_before_start + _SLACK:
            found.append(f"feedback from {m.feedback_start:.1f} s falls into the playing {_window(m)}")
        if found:
            problems.append(Problem(m.moment_id, m.video_id, m.stop_timestamp, "; ".join(found)))
    return _finding(
        "contradicting_times",
        "Times that contradict each other",
        "moment",
        problems,
        len(moments),
        "A window that lies after its stop, or in the feedback, is not what the teacher judged: its label is noise.",
    )


def _far_from_stop(moments: Sequence[Moment]) -> Finding:
    gaps = [m.stop_timestamp - m.playing_before_end for m in moments]
    problems = [
        Problem(m.moment_id, m.video_id, m.playing_before_end, f"the playing ends {gap:.1f} s before its stop")
        for m, gap in zip(moments, gaps, strict=True)
        if gap > FAR_FROM_STOP
    ]
    return _finding(
        "far_from_stop",
        f"Playing that ends more than {FAR_FROM_STOP:g} s before its stop",
        "moment",
        problems,
        len(moments),
        "What lies between may be more playing, or talk; the window may not be the playing that was judged.",
        f" The playing ends a median of {_s(statistics.median(gaps))} before the stop." if gaps else "",
    )


def _default_values(moments: Sequence[Moment]) -> list[Finding]:
    quantities = {
        "feedback_length": ("length of the feedback", lambda m: m.feedback_end - m.feedback_start),
        "playing_length": ("length of the playing window", lambda m: m.playing_before_end - m.playing_before_start),
    }
    effects = {
        "feedback_length": "The feedback's end was filled in, not heard, so CONTINUE windows begin at an arbitrary "
        "place, often in the middle of talk.",
        "playing_length": "The playing window was filled in, not heard: it may hold talk, or leave playing out.",
    }
    findings = []
    for name, (what, measure) in quantities.items():
        counts = Counter(_ms(measure(m)) for m in moments)
        usual = {
            value: n for value, n in counts.most_common() if n >= max(_DEFAULT_COUNT, _DEFAULT_SHARE * len(moments))
        }
        problems = [
            Problem(m.moment_id, m.video_id, m.feedback_start, f"{what} is exactly {_ms(measure(m)) / 1000:.1f} s")
            for m in moments
            if _ms(measure(m)) in usual
        ]
        values = ", ".join(f"{value / 1000:.1f} s in {n}" for value, n in usual.items())
        findings.append(
            _finding(
                f"default_{name}",
                f"A {what} that looks like a default",
                "moment",
                problems,
                len(moments),
                effects[name],
                f" Exactly {values} of {len(moments)}." if values else "",
            )
        )
    return findings


def _lost_continues(
    moments: Sequence[Moment], segments: Sequence[Segment], min_continue_duration: float
) -> Finding:
    kept = {(s.video_id, _ms(s.start_time), _ms(s.end_time)) for s in segments if s.label == "continue"}
    by_video: dict[str, list[Moment]] = {}
    for moment in moments:
        by_video.setdefault(moment.video_id, []).append(moment)
    problems, total = [], 0
    for of_video in by_video.values():
        of_video = sorted(of_video, key=lambda m: (m.stop_timestamp, m.feedback_end, m.playing_before_start))
        for before, after in pairwise(of_video):
            total += 1
            start, end = before.feedback_end, after.playing_before_start
            if (before.video_id, _ms(start), _ms(end)) in kept:
                continue
            gap = end - start
            why = f"only {gap:.1f} s" if gap > 0 else f"the next playing began {-gap:.1f} s before the feedback's end"
            problems.append(Problem(before.moment_id, before.video_id, start, f"no CONTINUE after it: {why}"))
    return _finding(
        "lost_continues",
        f"Pauses between two stops that give no CONTINUE (under {min_continue_duration:g} s)",
        "moment",
        problems,
        total,
        "Fewer CONTINUE segments, and those that remain are the long ones: where the next stop came soon there is "
        "none.",
    )


def _teacher_plays(moments: Sequence[Moment], demonstrated: Collection[str] | None) -> Finding:
    problems = [
        Problem(m.moment_id, m.video_id, m.feedback_start, f"the teacher plays after {m.feedback_start:.1f} s")
        for m in moments
        if demonstrated is not None and m.moment_id in demonstrated
    ]
    finding = _finding(
        "teacher_plays",
        "Moments in which the teacher plays",
        "moment",
        problems,
        len(moments) if demonstrated is not None else 0,
        "A CONTINUE window that begins after such feedback may hold the teacher's playing, not the student's.",
    )
    if demonstrated is not None:
        return finding
    unknown = "Not known: the annotations have no field “demonstrated”."
    return Finding(finding.name, finding.title, finding.unit, 0, 0, unknown, finding.effect, ())


def _one_class_videos(segments: Sequence[Segment]) -> Finding:
    videos = sorted({s.video_id for s in segments})
    problems = []
    for video in videos:
        labels = Counter(s.label for s in segments if s.video_id == video)
        if len(labels) == 1:
            label, n = labels.most_common(1)[0]
            problems.append(Problem(video, video, None, f"all {n} segments are {label.upper()}"))
    return _finding(
        "one_class_videos",
        "Videos with one class only",
        "video",
        problems,
        len(videos),
        "Such a video has no AUC of its own: it helps to train the probes and says nothing about them.",
    )


def _finding(
    name: str, title: str, unit: str, problems: Sequence[Problem], total: int, effect: str, note: str = ""
) -> Finding:
    # A row can have several problems (a window that overlaps two others); it is counted once.
    count = len({problem.id for problem in problems})
    plural = "" if total == 1 else "s"
    seen = f"{count} of {total} {unit}{plural}" if count else f"None of {total} {unit}{plural}"
    return Finding(name, title, unit, count, total, f"{seen}.{note}", effect, tuple(problems))


def _ms(seconds: float) -> int:
    return round(1000 * seconds)


def _s(seconds: float | None) -> str:
    return "unknown" if seconds is None else f"{seconds:.1f} s"


def _range(values: Sequence[float]) -> str:
    return f"{values[0]:.1f} to {values[-1]:.1f} s" if values else "none"


def _window(moment: Moment) -> str:
    return f"{moment.playing_before_start:.1f} to {moment.playing_before_end:.1f} s"
