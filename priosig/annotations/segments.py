"""STOP and CONTINUE segments, from annotated moments.

One video, time to the right; `[ )` are half-open windows in seconds from the start of the video::

    moment i                                      moment i+1
    [ playing )   ...   stop [ feedback )         [ playing )   ...   stop [ feedback )
    [  STOP   )                         [CONTINUE )[  STOP   )

A **STOP** segment is a moment's playing window; equal windows of one video count once. A **CONTINUE** segment
runs from the end of one moment's feedback to the start of the next moment's playing window (moments in the
order of their stops), if it lasts at least `min_continue_duration`: the teacher could have stopped the student
there and did not.

Times are compared in whole milliseconds, and a segment's id is made of its video, label and times alone, so
that a moment added to a corpus renames no other segment. Two segments of one label whose ends both lie within a tenth
of a second count once: the same playing twice makes chance look like a finding.
"""

import math
import re
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise, product
from typing import Literal

from priosig.annotations.moments import Moment, by_video, check_video_id
from priosig.annotations.timespans import milliseconds

Label = Literal["stop", "continue"]
LABELS: tuple[Label, Label] = ("stop", "continue")
SAME_WINDOW = 0.1
"""Seconds by which the times of two windows differ at most that are the same playing."""
_SEGMENT_ID = re.compile(r"[A-Za-z0-9_-]{1,200}\Z")


@dataclass(frozen=True)
class Segment:
    """A labelled window of one video.

    Attributes
    ----------
    segment_id : str
        Letters, digits, `_` and `-`: it becomes a file name. See `make_segment_id`.
    video_id : str
        The group that cross-validation holds out.
    label : {"stop", "continue"}
    start_time, end_time : float
        `[start, end)` in seconds from the start of the video.
    moment_id : str or None
        The moment whose playing window this is (STOP), or after whose feedback it begins (CONTINUE).
    """

    segment_id: str
    video_id: str
    label: Label
    start_time: float
    end_time: float
    moment_id: str | None = None

    def __post_init__(self) -> None:
        where = f"segment {self.segment_id!r}"
        if not isinstance(self.segment_id, str) or not _SEGMENT_ID.match(self.segment_id):
            raise ValueError(f"{where}: not usable as a file name; expected letters, digits, '_' and '-' only")
        check_video_id(self.video_id, where)
        if self.label not in LABELS:
            raise ValueError(f"{where}: label is {self.label!r}; expected 'stop' or 'continue'")
        if not (math.isfinite(self.start_time) and math.isfinite(self.end_time)):
            raise ValueError(f"{where}: times {self.start_time} to {self.end_time} s; expected finite seconds")
        if not 0 <= self.start_time < self.end_time:
            raise ValueError(f"{where}: times {self.start_time} to {self.end_time} s; expected 0 <= start < end")

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return self.end_time - self.start_time


def make_segment_id(video_id: str, label: str, start_time: float, end_time: float) -> str:
    """Video, label and times in milliseconds.

    Examples
    --------
    >>> make_segment_id("7FTdGbVCPyQ", "stop", 12.5, 20.0)
    '7FTdGbVCPyQ-stop-12500-20000'
    """
    return f"{video_id}-{label}-{milliseconds(start_time)}-{milliseconds(end_time)}"


def identify_segments(moments: Iterable[Moment], min_continue_duration: float = 5.0) -> list[Segment]:
    """Derive STOP and CONTINUE segments from annotated moments.

    Segments of a video overlap only where the annotation itself did: two playing windows that overlap, or a playing
    window that begins before an earlier moment's feedback ended (then there is no CONTINUE between them).

    Parameters
    ----------
    moments : iterable of Moment
        Any number of videos, any order.
    min_continue_duration : float
        Shortest CONTINUE segment kept, in seconds.

    Returns
    -------
    list of Segment
        Sorted by video, start, end.

    Raises
    ------
    ValueError
        If `min_continue_duration` is not a positive number.
    """
    if not (math.isfinite(min_continue_duration) and min_continue_duration > 0):
        raise ValueError(f"min_continue_duration is {min_continue_duration!r}; expected seconds, more than 0")
    by_id: dict[str, Segment] = {}
    for video_id, of_video in by_video(moments).items():
        of_video.sort(key=lambda m: (m.stop_timestamp, m.feedback_end, m.playing_before_start, m.moment_id))
        for moment in of_video:
            _add(by_id, video_id, "stop", moment.playing_before_start, moment.playing_before_end, moment.moment_id)
        for before, after in pairwise(of_video):
            gap = milliseconds(after.playing_before_start) - milliseconds(before.feedback_end)
            if gap >= 1000 * min_continue_duration:
                start, end = before.feedback_end, after.playing_before_start
                _add(by_id, video_id, "continue", start, end, before.moment_id)
    ordered = sorted(by_id.values(), key=lambda s: (s.video_id, s.start_time, s.end_time, s.label))
    first = first_of_copies([((s.video_id, s.label), s.start_time, s.end_time) for s in ordered])
    return [segment for row, segment in enumerate(ordered) if first[row] == row]


def labels_of(segments: Sequence[Segment]) -> list[int]:
    """Targets y: 1 for STOP, 0 for CONTINUE."""
    return [int(segment.label == "stop") for segment in segments]


def first_of_copies(windows: Iterable[tuple[Hashable, float, float]]) -> list[int]:
    """For each window (group, start, end) the place of the first of its group with the same times to `SAME_WINDOW`.

    Examples
    --------
    >>> first_of_copies([("v", 0, 10), ("v", 0.1, 9.95), ("v", 0.2, 10), ("w", 0, 10)])
    [0, 0, 2, 3]
    """
    firsts: list[int] = []
    kept: dict[tuple[object, int, int], list[tuple[int, int, int]]] = {}  # by times in steps of SAME_WINDOW
    width = milliseconds(SAME_WINDOW)
    for place, (group, start, end) in enumerate(windows):
        times = milliseconds(start), milliseconds(end)
        steps = times[0] // width, times[1] // width
        around = [(group, steps[0] + i, steps[1] + j) for i, j in product((-1, 0, 1), repeat=2)]
        near = [window for key in around for window in kept.get(key, ())]
        same = [w for w in near if max(abs(times[0] - w[1]), abs(times[1] - w[2])) <= width]
        if not same:
            kept.setdefault((group, *steps), []).append((place, *times))
        firsts.append(min(same)[0] if same else place)
    return firsts


def _add(by_id: dict[str, Segment], video_id: str, label: Label, start: float, end: float, moment_id: str) -> None:
    if milliseconds(start) == milliseconds(end):
        raise ValueError(
            f"moment {moment_id!r}: its {label} window {start} to {end} s lasts under a millisecond; "
            "expected a window that can be cut from a recording"
        )
    segment_id = make_segment_id(video_id, label, start, end)
    by_id.setdefault(segment_id, Segment(segment_id, video_id, label, start, end, moment_id))
