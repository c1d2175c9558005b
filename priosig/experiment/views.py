"""The views of a corpus: every way in which its windows are cut.

One row a view. To add one, add a row to `VIEW_KINDS`; the experiment, the sensitivity table and the report follow.
How each is cut is in `priosig.annotations.views`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from priosig.annotations.bouts import Bout
from priosig.annotations.risk_sets import bouts_view
from priosig.annotations.segments import Segment
from priosig.annotations.timespans import Span
from priosig.annotations.views import View, annotated_view, clean_view, equal_length_view
from priosig.verdict.rule import Rule

MIN_SETS, MIN_VIDEOS = Rule().min_sets, Rule().min_videos


@dataclass(frozen=True)
class Cut:
    """What windows are cut from, and how; mappings by video, `clipped` by segment."""

    segments: Sequence[Segment]  # as annotated
    length: float  # s, of the windows
    guard: float  # s, kept away from the end of a window
    bouts: Mapping[str, Sequence[Bout]]  # of playing, heard or between captions
    clipped: Mapping[str, float] = field(default_factory=dict)  # s by which a segment overruns its recording
    busy: Mapping[str, Sequence[Span]] | None = None  # talk and silence; None without audio
    nearest: int | None = None  # at most so many controls before a STOP's bout and after it


@dataclass(frozen=True)
class ViewKind:
    """One way to cut windows.

    Conclusions are drawn from the view with the largest `claims` that holds `enough`; 0: never from this one.
    """

    name: str
    words: str
    cut: Callable[[Cut], View]
    needs_audio: bool = False
    one_length: bool = True  # all windows have the length of the `Cut`
    matched: bool = False  # windows come in risk sets, and CONTINUE segments take no part
    claims: int = 0
    enough: Callable[[View], bool] = lambda view: True


def _enough_sets(view: View) -> bool:
    """15 risk sets in 5 videos, which the tests need."""
    sets = set(view.set_ids or ())
    return len(sets) >= MIN_SETS and len({s.video_id for s in view.segments}) >= MIN_VIDEOS


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
    ViewKind(
        "bouts",
        "a STOP beside playing that had gone on just as long",
        lambda c: bouts_view(c.segments, c.bouts, c.length, c.guard, nearest=c.nearest),
        matched=True,
        claims=3,
        enough=_enough_sets,
    ),
)
VIEW_KINDS: dict[str, ViewKind] = {row.name: row for row in _ROWS}
"""Every view, by name, in the order of tables."""


def view_of_claims(views: Mapping[str, View]) -> str:
    """Name of the view that conclusions are drawn from.

    `bouts` where it holds enough sets; else `clean` where audio was screened, else `equal`, whatever they hold: an
    empty view is a finding, and no reason to draw conclusions from a leakier one.
    """
    enough = {name: view_kind(name).claims for name, view in views.items() if view_kind(name).enough(view)}
    return max(enough, key=enough.__getitem__)


def cut_views(cut: Cut) -> tuple[View, ...]:
    """Every view that can be cut: without audio, those that need none."""
    return tuple(kind.cut(cut) for kind in VIEW_KINDS.values() if cut.busy is not None or not kind.needs_audio)


def view_kind(name: str) -> ViewKind:
    """A view's row; a ValueError if there is no such view."""
    if name not in VIEW_KINDS:
        raise ValueError(f"view {name!r}: there is none of that name; expected one of {', '.join(VIEW_KINDS)}")
    return VIEW_KINDS[name]
