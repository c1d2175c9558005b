"""Views: the same segments, cut in different ways.

How a window was cut can give its label away: in the first study STOP windows lasted a median of 14.7 s,
CONTINUE windows 126 s. A *view* fixes the cut:

annotated
    As given, to be compared with what was published.
equal
    One length for all: the end of a STOP window (what the teacher heard last), the middle of a CONTINUE window.
clean
    One length, placed where there is playing and no talk, and away from the end of the window by a guard, since
    the teacher's voice and the halt of the playing leak the label there. STOP: the latest such place;
    CONTINUE: the one nearest to the middle.
bouts
    Each STOP beside other bouts that went on as long (`priosig.annotations.risk_sets`).

Segments that cannot be cut so are dropped, with the reason.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from priosig.annotations.segments import Segment, make_segment_id
from priosig.annotations.timespans import SLACK, Span, free


@dataclass(frozen=True)
class Dropped:
    """A segment that a view could not hold, and why."""

    segment_id: str
    reason: str


@dataclass(frozen=True)
class View:
    """Segments cut in one way.

    Attributes
    ----------
    name : {"annotated", "equal", "clean", "bouts"}
    duration : float or None
        The one length, in seconds; None where lengths are as annotated.
    segments : tuple of Segment
        In the order of the segments they were cut from, with ids of their own.
    source_ids : tuple of str
        `segment_id` of the annotated segment behind each; in matched sets, that of the set's STOP.
    dropped : tuple of Dropped
    matched : bool
        Whether segments come in sets, each STOP with its controls.
    """

    name: str
    duration: float | None
    segments: tuple[Segment, ...]
    source_ids: tuple[str, ...]
    dropped: tuple[Dropped, ...] = ()
    matched: bool = False

    @property
    def set_ids(self) -> tuple[str, ...] | None:
        """Matched set of each segment; None where segments are not matched."""
        return self.source_ids if self.matched else None


def annotated_view(segments: Sequence[Segment]) -> View:
    """The segments as annotated; nothing is dropped."""
    return View("annotated", None, tuple(segments), tuple(s.segment_id for s in segments))


def equal_length_view(
    segments: Sequence[Segment], duration: float = 10.0, *, clipped: Mapping[str, float] | None = None
) -> View:
    """Cut all segments to one length: the end of a STOP, the middle of a CONTINUE.

    Parameters
    ----------
    segments : sequence of Segment
    duration : float
        Seconds, more than 0.
    clipped : mapping of segment_id to float, optional
        Seconds by which a segment overruns its recording.

    Returns
    -------
    View
        What is shorter than `duration` (by over a millisecond) is dropped.
    """
    return _placed_view("equal", segments, {}, duration, 0.0, clipped or {})


def clean_view(
    segments: Sequence[Segment],
    busy: Mapping[str, Sequence[Span]],
    duration: float = 10.0,
    guard: float = 1.0,
    *,
    clipped: Mapping[str, float] | None = None,
) -> View:
    """Cut all segments to one length where the student plays and nobody talks.

    Parameters
    ----------
    segments : sequence of Segment
    busy : mapping of video_id to spans
        When there is talk, or no playing. Every video needs an entry, an empty one if all of it is clean.
    duration, clipped
        As for `equal_length_view`.
    guard : float
        Seconds kept away from the end of each window, of both labels alike, 0 or more.
    """
    unscreened = sorted({s.video_id for s in segments} - set(busy))
    if unscreened:
        raise ValueError(f"video {unscreened[0]!r} ({len(unscreened)} in all): not screened for talk")
    return _placed_view("clean", segments, busy, duration, guard, clipped or {})


def check_lengths(duration: float, guard: float) -> None:
    """Refuse a duration that is not above 0 or a guard below 0, in seconds."""
    if not (math.isfinite(duration) and duration > 0):
        raise ValueError(f"duration is {duration!r}; expected seconds, more than 0")
    if not (math.isfinite(guard) and guard >= 0):
        raise ValueError(f"guard is {guard!r}; expected seconds, 0 or more")


def _placed_view(
    name: str,
    segments: Sequence[Segment],
    busy: Mapping[str, Sequence[Span]],
    duration: float,
    guard: float,
    clipped: Mapping[str, float],
) -> View:
    check_lengths(duration, guard)
    kept, dropped, repeated = [], [], []
    sources: dict[str, str] = {}  # by the id of the cut segment
    for segment in segments:
        end = segment.end_time - clipped.get(segment.segment_id, 0.0)
        start = _place(segment, end - guard, duration, busy.get(segment.video_id, ()))
        if start is None:
            dropped.append(Dropped(segment.segment_id, _reason(end - segment.start_time, duration, guard)))
            continue
        start = round(start, 6)
        end = round(start + duration, 6)
        segment_id = make_segment_id(segment.video_id, segment.label, start, end)
        if segment_id in sources:  # two windows that end alike: they count once, as equal windows do
            repeated.append(Dropped(segment.segment_id, f"cut to the same window as {sources[segment_id]}"))
            continue
        kept.append(Segment(segment_id, segment.video_id, segment.label, start, end, segment.moment_id))
        sources[segment_id] = segment.segment_id
    return View(name, duration, tuple(kept), tuple(sources.values()), (*dropped, *repeated))


def _place(segment: Segment, latest: float, duration: float, busy: Sequence[Span]) -> float | None:
    """Start of the window of `duration` seconds within `segment` that ends by `latest`, or None where none fits."""
    left = free((segment.start_time, latest), busy)
    places = [(start, end) for start, end in left if end - start >= duration - SLACK]
    if not places:
        return None
    if segment.label == "stop":
        _, end = places[-1]
        return max(end - duration, 0.0)
    middle = (segment.start_time + latest) / 2 - duration / 2
    starts = [min(max(middle, start), max(end - duration, start)) for start, end in places]
    return min(starts, key=lambda place: (abs(place - middle), place))


def _reason(lasts: float, duration: float, guard: float) -> str:
    if lasts - guard < duration - SLACK:
        beside = f" beside the guard of {guard:g} s" if guard else ""
        return f"lasts {lasts:.1f} s; {duration:g} s do not fit{beside}"
    return f"no {duration:g} s in a row of playing without talk"
