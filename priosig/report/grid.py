"""Tables and figures of a page, as plain values for the macros `table` and `figure` of `templates/macros.html.j2`.

The first cell of a row names it. Where the page is narrow, a table of up to four columns stays a table; of a wider
one each row becomes a block of labels and values. Nothing scrolls sideways.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from markupsafe import Markup

Kind = Literal["", "number", "long"]


@dataclass(frozen=True)
class Column:
    """A column: its header, how its cells are set, and what stands below its header."""

    label: str
    kind: Kind = ""
    note: str = ""


@dataclass(frozen=True)
class Cell:
    """A cell: a mark, text, then what may stand below it, each where it is not empty.

    Attributes
    ----------
    text : str
    mark : {"", "passed", "failed", "not reached"}
        Of a step of the rule.
    verdict : str
        A verdict's label, in its colour.
    id : str
        In a fixed-width face.
    link : str
        Where the id, or else the text, leads.
    note : str
        In smaller letters.
    anchor : str
        Id of the cell on the page.
    columns : int
        How many it covers; the cells that it covers are None. One that covers the first is no name of its row.
    """

    text: str = ""
    mark: str = ""
    verdict: str = ""
    id: str = ""
    link: str = ""
    note: str = ""
    anchor: str = ""
    columns: int = 1


@dataclass(frozen=True)
class Grid:
    """A table with its caption; None is a place that a larger cell covers."""

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell | None, ...], ...]

    @property
    def is_few(self) -> bool:
        """Whether it has room on a phone as a table."""
        return len(self.columns) <= 4


def grid(
    caption: str,
    columns: Sequence[tuple[str, Kind] | Column | str],
    rows: Sequence[Sequence[Cell | str | None]],
) -> Grid:
    """A table of cells; a text stands for a cell that holds nothing else."""
    named = (Column(c) if isinstance(c, str) else c for c in columns)
    made = tuple(c if isinstance(c, Column) else Column(*c) for c in named)
    cells = tuple(tuple(Cell(c) if isinstance(c, str) else c for c in row) for row in rows)
    uneven = [row for row in cells if len(row) != len(made)]
    if uneven:
        raise ValueError(f"table {caption!r}: a row of {len(uneven[0])} cells; expected {len(made)}")
    return Grid(caption, made, cells)


@dataclass(frozen=True)
class Figure:
    """A plot with its title and its caption, drawn for a desk (`roomy`) and, where that is wider, for a phone."""

    title: str
    caption: str
    roomy: "Markup"
    narrow: "Markup | None" = None
    width: int = 0


def figure(title: str, caption: str, draw: Callable[[int], str], *widths: int) -> Figure:
    """A figure that `draw` draws at each of one or two widths, the widest first."""
    from markupsafe import Markup

    drawn = [Markup(draw(width)) for width in widths]
    return Figure(title, caption, drawn[0], drawn[1] if len(drawn) > 1 else None, widths[0])
