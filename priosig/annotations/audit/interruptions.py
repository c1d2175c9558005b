"""Playing that somebody interrupted and nobody labelled.

A CONTINUE window is playing that the teacher let go on. Where the captions show playing that ends in talk within such
a window, somebody may have stopped the student all the same: the label is then wrong for what lies before.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from priosig.annotations.audit.finding import Finding, Problem, finding_of
from priosig.annotations.bouts import captioned_bouts
from priosig.annotations.moments import Moment
from priosig.annotations.segments import Segment
from priosig.annotations.timespans import intersect, total
from priosig.annotations.transcript import talk_intervals

SHORTEST_PLAYING = 4.0
"""Seconds of playing within the window that talk can interrupt; less is a chord in passing."""
_SLACK = 1e-3  # annotations have milliseconds


def apparent_interruptions(moments: Sequence[Moment], segments: Sequence[Segment]) -> Finding:
    """CONTINUE windows in which playing ends in talk."""
    windows: dict[str, list[Segment]] = {}
    for segment in segments:
        if segment.label == "continue":
            windows.setdefault(segment.video_id, []).append(segment)
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
            for bout in interrupted[first : bisect_left(ends, window.end_time - _SLACK)]:
                played = bout.end - max(bout.start, window.start_time)
                if played >= SHORTEST_PLAYING:
                    detail = f"playing of {played:.1f} s ends in talk at {bout.end:.1f} s"
                    problems.append(Problem(window.segment_id, video_id, bout.end, detail, played))
    note = ""
    if problems:
        each = covered_seconds / len(problems)
        note = (
            f" CONTINUE holds {len(problems)} apparent interruptions that nobody labelled, one every {each:.0f} s of "
            "what the transcripts cover."
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
