"""Tables and plots of a page, as plain values for the macros `table` and `plot` of `templates/macros.html.j2`.

The first cell of a row names it. Where the page is narrow, each row becomes a block of labels and values; columns of
`kind` "long" then take the whole width. Nothing scrolls sideways.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Kind = Literal["", "number", "long"]
Narrow = Literal["", "paired", "beside"]


@dataclass(frozen=True)
class Column:
    """A column: its header, how its cells are set, and what stands below its header where there is room."""

    label: str
    kind: Kind = ""
    note: str = ""


@dataclass(frozen=True)
class Cell:
    """A cell: text, then what may stand below it, each where it is not empty.

    Attributes
    ----------
    text : str
    verdict : str
        A verdict's label, in its colour.
    id : str
        In a fixed-width face.
    link : str
        Where the id, or else the text, leads.
    note : str
        In smaller letters.
    """

    text: str = ""
    verdict: str = ""
    id: str = ""
    link: str = ""
    note: str = ""


@dataclass(frozen=True)
class Grid:
    """A table with its caption.

    `narrow` says how its rows are set on a narrow page: one value below the other; "paired", two side by side; or
    "beside", where two groups of four columns, after the first two, stand beside each other.
    """

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    narrow: Narrow = ""


def grid(
    caption: str,
    columns: Sequence[tuple[str, Kind] | Column | str],
    rows: Sequence[Sequence[Cell | str]],
    *,
    narrow: Narrow = "",
) -> Grid:
    """A table of cells; a text stands for a cell that holds nothing else."""
    named = (Column(c) if isinstance(c, str) else c for c in columns)
    made = tuple(c if isinstance(c, Column) else Column(*c) for c in named)
    cells = tuple(tuple(Cell(c) if isinstance(c, str) else c for c in row) for row in rows)
    uneven = [row for row in cells if len(row) != len(made)]
    if uneven:
        raise ValueError(f"table {caption!r}: a row of {len(uneven[0])} cells; expected {len(made)}")
    return Grid(caption, made, cells, narrow)


def figure(svg: str, title: str, alt: str, caption: str | dict, *, narrow: str = "") -> dict:
    """A plot with its title, its words for those who cannot see it, and its caption; `narrow`: for a phone."""
    from markupsafe import Markup, escape

    named = []
    for one in filter(None, (svg, narrow)):
        words = f'role="img" aria-label="{escape(alt)}"><title>{escape(title)}</title>'
        named.append(Markup(one.replace('aria-hidden="true">', words, 1)))
    width = int(re.search(r'width="(\d+)"', svg)[1])
    return {"svg": named[0], "narrow": named[1] if narrow else "", "title": title, "caption": caption, "width": width}
