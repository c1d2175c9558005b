"""Checks of the annotated windows: repeats, overlaps, talk, and lengths that give the label away.

Each gives a `Finding`; `priosig.annotations.audit.checks` runs them all.
"""

import statistics
from collections import Counter
from collections.abc import Sequence

from priosig.annotations.audit.finding import Finding, Problem, finding_of, milliseconds, seconds_words, window_words
from priosig.annotations.moments import Moment
from priosig.annotations.segments import LABELS, Segment, first_of_copies, labels_of
from priosig.annotations.transcript import talk_share
from priosig.metrics.auc import auc_by_video

MOSTLY_TALK = 0.5
"""Share of a window from which on it counts as mostly talk."""
_SLACK = 1e-3  # annotations have milliseconds


def lengths_by_class(segments: Sequence[Segment]) -> Finding:
    """Segments whose length alone gives the label away."""
    y, lengths = labels_of(segments), [segment.duration for segment in segments]
    by_label = {label: sorted(s.duration for s in segments if s.label == label) for label in LABELS}
    medians = {label: statistics.median(durations) for label, durations in by_label.items() if durations}
    within = float(auc_by_video(lengths, y, [s.video_id for s in segments]).within)
    apart = max(within, 1 - within)
    stop, other = (by_label[label] for label in LABELS)
    # A segment is told by its length alone where it is shorter than every other class's, or longer.
    shorter, longer = LABELS if medians.get("stop", 0) <= medians.get("continue", 0) else LABELS[::-1]
    low = min(by_label[longer], default=float("inf"))
    high = max(by_label[shorter], default=float("-inf"))
    told = [s for s in segments if (s.duration < low if s.label == shorter else s.duration > high)]
    beyond = {
        shorter: f", shorter than every {longer.upper()} ({low:.2f} s at least)" if by_label[longer] else "",
        longer: f", longer than every {shorter.upper()} ({high:.2f} s at most)" if by_label[shorter] else "",
    }
    summary = (
        f"STOP windows last a median of {seconds_words(medians.get('stop'))} ({_range(stop)}), CONTINUE windows "
        f"{seconds_words(medians.get('continue'))} ({_range(other)})."
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
        "the label is given away",
        "A model that hears how long a window lasts can do without music. The standard deviation over time carries "
        "length too. Only views cut to one length are safe from it.",
        tuple(
            Problem(
                s.segment_id,
                s.video_id,
                s.start_time,
                f"{s.label.upper()} lasts {s.duration:.2f} s{beyond[s.label]}",
                s.duration,
            )
            for s in told
        ),
    )


def repeated_windows(moments: Sequence[Moment]) -> Finding:
    """Moments whose playing window is another's."""
    problems = []
    first = first_of_copies((m.video_id, m.playing_before_start, m.playing_before_end) for m in moments)
    for row, moment in enumerate(moments):
        if first[row] != row:
            stop = moments[first[row]].stop_timestamp
            detail = f"same playing window {window_words(moment)} as the stop at {stop:.1f} s"
            problems.append(Problem(moment.moment_id, moment.video_id, moment.playing_before_start, detail))
    return finding_of(
        "repeated_windows",
        "Moments that repeat another moment's playing window",
        "moment",
        problems,
        len(moments),
        "data are lost",
        "The same window counts once, so there are fewer STOP segments than moments; of two moments with one window "
        "at most one can have been stopped for it.",
    )


def windows_of_other_videos(moments: Sequence[Moment]) -> Finding:
    """Moments whose times are, to the millisecond, those of a moment of another video."""
    first: dict[tuple[int, ...], Moment] = {}
    problems = []
    for moment in moments:
        times = moment.playing_before_start, moment.playing_before_end, moment.stop_timestamp
        other = first.setdefault(tuple(map(milliseconds, times)), moment)
        if other.video_id != moment.video_id:
            detail = f"same playing window {window_words(moment)} and stop as in {other.video_id}"
            problems.append(Problem(moment.moment_id, moment.video_id, moment.playing_before_start, detail))
    return finding_of(
        "windows_of_other_videos",
        "Moments whose times another video has too",
        "moment",
        problems,
        len(moments),
        "the label is given away",
        "Chance does not give two videos the same times: they may be one video under two names. A probe is then "
        "trained on the copy and scored on the original.",
    )


def overlapping_windows(segments: Sequence[Segment]) -> Finding:
    """Segments that share seconds with another of their video."""
    problems = []
    longest: dict[str, Segment] = {}  # by video, of the windows that began before: the one that ends last
    for b in sorted(segments, key=lambda s: s.start_time):
        a = longest.get(b.video_id, b)
        shared = min(a.end_time, b.end_time) - b.start_time
        if a is not b and shared > _SLACK:
            detail = f"{b.label.upper()} shares {shared:.1f} s with {a.label.upper()} from {a.start_time:.1f} s"
            problems.append(Problem(b.segment_id, b.video_id, b.start_time, detail, shared))
        longest[b.video_id] = max(a, b, key=lambda s: s.end_time)
    problems.sort(key=lambda problem: (problem.video_id, problem.time))
    return finding_of(
        "overlapping_windows",
        "Windows that overlap another window of their video",
        "segment",
        problems,
        len(segments),
        "the label may be wrong",
        "The same seconds of music are counted twice, so that the segments are fewer than they seem; across labels "
        "the same playing is called both STOP and CONTINUE.",
    )


def mostly_talk(moments: Sequence[Moment], segments: Sequence[Segment]) -> Finding:
    """Segments that are talk for the most part, by the transcripts."""
    problems, known = [], 0
    shares: dict[str, list[float]] = {label: [] for label in LABELS}
    for segment, share in zip(segments, talk_share(segments, moments), strict=True):
        if share != share:
            continue
        known += 1
        shares[segment.label].append(share)
        if share > MOSTLY_TALK:
            detail = f"{segment.label.upper()}: {share:.0%} of {segment.duration:.1f} s is talk"
            problems.append(Problem(segment.segment_id, segment.video_id, segment.start_time, detail, share))
    means = ", ".join(f"{label.upper()} {statistics.mean(talk):.0%}" for label, talk in shares.items() if talk)
    note = f" Mean share of talk: {means}." if means else ""
    unknown = len(segments) - known
    if unknown:
        note += f" For {unknown} of {len(segments)} segments the transcripts do not say."
    return finding_of(
        "mostly_talk",
        "Windows that are mostly talk by the transcripts",
        "segment",
        problems,
        known,
        "the label is given away",
        "The model hears the teacher's voice where it should hear playing; where STOP and CONTINUE differ in it, the "
        "voice gives the label away.",
        note,
    )


def one_class_videos(segments: Sequence[Segment]) -> Finding:
    """Videos in which all segments have one label."""
    by_video: dict[str, Counter[str]] = {}
    for segment in segments:
        by_video.setdefault(segment.video_id, Counter())[segment.label] += 1
    problems = []
    for video, labels in sorted(by_video.items()):
        if len(labels) == 1:
            label, n = labels.most_common(1)[0]
            problems.append(Problem(video, video, None, f"all {n} segments are {label.upper()}"))
    return finding_of(
        "one_class_videos",
        "Videos with one class only",
        "video",
        problems,
        len(by_video),
        "data are lost",
        "Such a video has no AUC of its own: it helps to train the probes and says nothing about them.",
    )


def _range(values: Sequence[float]) -> str:
    return f"{values[0]:.1f} to {values[-1]:.1f} s" if values else "none"
