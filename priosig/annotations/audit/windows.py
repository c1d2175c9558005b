"""Checks of the annotated windows: repeats, overlaps, talk, and lengths that give the label away."""

import statistics
from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from priosig.annotations.audit.finding import Finding, Problem, finding_of, window_words
from priosig.annotations.bouts import captioned_bouts
from priosig.annotations.moments import Moment, by_video
from priosig.annotations.segments import LABELS, Segment, first_of_copies, labels_of
from priosig.annotations.timespans import SLACK, intersect, milliseconds, total
from priosig.annotations.transcript import talk_intervals, talk_share
from priosig.metrics.auc import auc_by_video

MOSTLY_TALK = 0.5  # share of a window
SHORTEST_PLAYING = 4.0  # s within the window that talk can interrupt; less is a chord in passing


def lengths_by_class(segments: Sequence[Segment]) -> Finding:
    """Segments whose length alone gives the label away."""
    y, lengths = labels_of(segments), [segment.duration for segment in segments]
    by_label = {label: sorted(s.duration for s in segments if s.label == label) for label in LABELS}
    medians = {label: statistics.median(durations or [0]) for label, durations in by_label.items()}
    within = float(auc_by_video(lengths, y, [s.video_id for s in segments]).within)
    apart = max(within, 1 - within)
    # Length alone tells a segment that is shorter, or longer, than every segment of the other class.
    shorter, longer = LABELS if medians["stop"] <= medians["continue"] else LABELS[::-1]
    low = min(by_label[longer], default=float("inf"))
    high = max(by_label[shorter], default=float("-inf"))
    told = [s for s in segments if (s.duration < low if s.label == shorter else s.duration > high)]
    beyond = {
        shorter: f", shorter than every {longer.upper()} ({low:.2f} s at least)" if by_label[longer] else "",
        longer: f", longer than every {shorter.upper()} ({high:.2f} s at most)" if by_label[shorter] else "",
    }
    problems = []
    for s in told:
        detail = f"{s.label.upper()} lasts {s.duration:.2f} s{beyond[s.label]}"
        problems.append(Problem(s.segment_id, s.video_id, s.start_time, detail, s.duration))
    lasts = {
        label: f"{medians[label]:.1f} s ({of[0]:.1f} to {of[-1]:.1f} s)" if of else "unknown (none)"
        for label, of in by_label.items()
    }
    summary = f"STOP windows last a median of {lasts['stop']}, CONTINUE windows {lasts['continue']}."
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
        tuple(problems),
    )


def repeated_windows(moments: Sequence[Moment]) -> Finding:
    """Moments whose playing window is another's."""
    problems = []
    firsts = first_of_copies((m.video_id, m.playing_before_start, m.playing_before_end) for m in moments)
    for row, (m, first) in enumerate(zip(moments, firsts, strict=True)):
        if first != row:
            stop = moments[first].stop_timestamp
            detail = f"same playing window {window_words(m)} as the stop at {stop:.1f} s"
            problems.append(Problem(m.moment_id, m.video_id, m.playing_before_start, detail))
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
    for m in moments:
        times = m.playing_before_start, m.playing_before_end, m.stop_timestamp
        other = first.setdefault(tuple(map(milliseconds, times)), m)
        if other.video_id != m.video_id:
            detail = f"same playing window {window_words(m)} and stop as in {other.video_id}"
            problems.append(Problem(m.moment_id, m.video_id, m.playing_before_start, detail))
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
        if a is not b and shared > SLACK:
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


def apparent_interruptions(moments: Sequence[Moment], segments: Sequence[Segment]) -> Finding:
    """CONTINUE windows in which playing ends in talk by the captions, and nobody labelled a stop."""
    windows = by_video(segment for segment in segments if segment.label == "continue")
    known, covered_seconds, problems = 0, 0.0, []
    for video_id, bouts in captioned_bouts(moments).items():
        talk, covered = talk_intervals(moments, video_id)
        talk_starts = {start for start, _ in talk}
        interrupted = [bout for bout in bouts if bout.end in talk_starts]
        ends = [bout.end for bout in interrupted]
        for window in windows.get(video_id, ()):
            seconds = total(intersect([(window.start_time, window.end_time)], covered))
            known += seconds > 0
            covered_seconds += seconds
            first = bisect_right(ends, window.start_time)
            for bout in interrupted[first : bisect_left(ends, window.end_time - SLACK)]:
                played = bout.end - max(bout.start, window.start_time)
                if played >= SHORTEST_PLAYING:
                    detail = f"playing of {played:.1f} s ends in talk at {bout.end:.1f} s"
                    problems.append(Problem(window.segment_id, video_id, bout.end, detail, played))
    note = ""
    if problems:
        note = (
            f" CONTINUE holds {len(problems)} apparent interruptions that nobody labelled, one every "
            f"{covered_seconds / len(problems):.0f} s of what the transcripts cover."
        )
    return finding_of(
        "apparent_interruptions",
        f"CONTINUE windows in which playing of {SHORTEST_PLAYING:g} s or more ends in talk",
        "segment",
        problems,
        known,
        "the label may be wrong",
        "Where the teacher spoke into the playing, CONTINUE may be a stop that was not annotated. Such windows make "
        "any signal look weaker than it is.",
        note,
    )


def one_class_videos(segments: Sequence[Segment]) -> Finding:
    """Videos in which all segments have one label."""
    videos = by_video(segments)
    problems = [
        Problem(video, video, None, f"all {len(of_video)} segments are {of_video[0].label.upper()}")
        for video, of_video in sorted(videos.items())
        if len({segment.label for segment in of_video}) == 1
    ]
    return finding_of(
        "one_class_videos",
        "Videos with one class only",
        "video",
        problems,
        len(videos),
        "data are lost",
        "Such a video has no AUC of its own: it helps to train the probes and says nothing about them.",
    )
