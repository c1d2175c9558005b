"""Tables and figures of a page, as plain values for the macros `table` and `figure` of `templates/macros.html.j2`.

The first cell of a row names it. Where the page is narrow, a table of up to four columns stays a table; of a wider
one each row becomes a block of labels and values. Nothing scrolls sideways.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from markupsafe import Markup

Kind = Literal["", "number", "long"]


class Column(NamedTuple):
    """A column: its header, and how its cells are set."""

    label: str
    kind: Kind = ""


@dataclass(frozen=True)
class Cell:
    """A cell: a mark, text, then what may stand below it, each where it is not empty."""

    text: str = ""
    mark: str = ""  # of a step of the rule: "passed", "failed" or "not reached"
    verdict: str = ""  # a label, in its colour
    id: str = ""  # in a fixed-width face
    link: str = ""  # where the id, or else the text, leads
    note: str = ""  # in smaller letters
    anchor: str = ""  # id of the cell on the page
    columns: int = 1  # how many it covers; one that covers the first is no name of its row


@dataclass(frozen=True)
class Grid:
    """A table with its caption; None is a place that a larger cell covers."""

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell | None, ...], ...]


def grid(
    caption: str, columns: Sequence[tuple[str, Kind] | str], rows: Sequence[Sequence[Cell | str | None]]
) -> Grid:
    """A table of cells; a text stands for a cell that holds nothing else."""
    made = tuple(Column(c) if isinstance(c, str) else Column(*c) for c in columns)
    cells = tuple(tuple(Cell(c) if isinstance(c, str) else c for c in row) for row in rows)
    uneven = [row for row in cells if len(row) != len(made)]
    if uneven:
        raise ValueError(f"table {caption!r}: a row of {len(uneven[0])} cells; expected {len(made)}")
    return Grid(caption, made, cells)


def numeric(*labels: str) -> list[Column]:
    """Columns of numbers."""
    return [Column(label, "number") for label in labels]


@dataclass(frozen=True)
class Figure:
    """A plot with its title and its caption, drawn for a desk (`roomy`) and, where that is wider, for a phone."""

    title: str
    caption: str
    roomy: Markup
    narrow: Markup | None
    width: int


def figure(title: str, caption: str, draw: Callable[[int], str], *widths: int) -> Figure:
    """A figure that `draw` draws at each of one or two widths, the widest first."""
    roomy, *narrow = (Markup(draw(width)) for width in widths)
    return Figure(title, caption, roomy, narrow[0] if narrow else None, widths[0])
