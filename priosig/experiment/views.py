"""The views of a corpus: every way in which its windows are cut.

One row a view. To add one, add a row to `VIEW_KINDS`; the experiment, the sensitivity table and the report follow.
How each is cut is in `priosig.annotations.views`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from priosig.annotations.segments import Segment
from priosig.annotations.timespans import Span
from priosig.annotations.views import View, annotated_view, clean_view, equal_length_view


@dataclass(frozen=True)
class Cut:
    """What windows are cut from, and how.

    Attributes
    ----------
    segments : sequence of Segment
        As annotated.
    length, guard : float
        Seconds: the one length of the windows, and what is kept away from the end of a clean one.
    clipped : mapping of segment_id to float
        Seconds by which a segment overruns its recording.
    busy : mapping of segment_id to spans, or None
        Talk and silence; None without audio.
    """

    segments: Sequence[Segment]
    length: float
    guard: float
    clipped: Mapping[str, float] = field(default_factory=dict)
    busy: Mapping[str, Sequence[Span]] | None = None


@dataclass(frozen=True)
class ViewKind:
    """One way to cut windows.

    Attributes
    ----------
    name, words : str
    cut : callable
        From a `Cut` to the view.
    needs_audio : bool
    one_length : bool
        All windows have the length of the `Cut`.
    claims : int
        Conclusions are drawn from the view with the largest number; 0: never from this one.
    """

    name: str
    words: str
    cut: Callable[[Cut], View]
    needs_audio: bool = False
    one_length: bool = True
    claims: int = 0


_ROWS = (
    ViewKind("annotated", "windows as annotated", lambda c: annotated_view(c.segments), one_length=False),
    ViewKind(
        "equal",
        "windows cut to one length",
        lambda c: equal_length_view(c.segments, c.length, clipped=c.clipped),
        claims=1,
    ),
    ViewKind(
        "clean",
        "windows of one length, with playing and no talk",
        lambda c: clean_view(c.segments, c.busy or {}, c.length, c.guard, clipped=c.clipped),
        needs_audio=True,
        claims=2,
    ),
)
VIEW_KINDS: dict[str, ViewKind] = {row.name: row for row in _ROWS}
"""Every view, by name, in the order of tables."""


def cut_views(cut: Cut) -> tuple[View, ...]:
    """Every view that can be cut: without audio, those that need none."""
    return tuple(kind.cut(cut) for kind in VIEW_KINDS.values() if cut.busy is not None or not kind.needs_audio)


def view_kind(name: str) -> ViewKind:
    """A view's row.

    Raises
    ------
    ValueError
        If there is no such view.
    """
    if name not in VIEW_KINDS:
        raise ValueError(f"view {name!r}: there is none of that name; expected one of {', '.join(VIEW_KINDS)}")
    return VIEW_KINDS[name]
