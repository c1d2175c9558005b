"""How a result shows itself: on a terminal, in a notebook, as a data frame.

A result that is `Shown` has `__repr__`, at most a screen of 80 columns, and `rows`, plain values by column. The rest
follows.
"""

from __future__ import annotations

import html
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from priosig._core.extras import need

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

Dot = tuple[str, float, float, float, bool]
"""Label, AUC, ends of its interval (NaN for none), and whether it is filled."""

WIDTH = 80
MOST_ROWS = 8  # of a table that may be long
_LAST = 12  # letters that the last column of a table has at least


class Shown:
    """A result with a short text and a table."""

    def rows(self) -> list[dict[str, Any]]:
        """The result as a table: a dictionary a row, all with the same keys."""
        raise NotImplementedError

    def to_frame(self) -> pd.DataFrame:
        """`rows()` as a pandas data frame; a ModuleNotFoundError if pandas is not installed."""
        try:
            import pandas as pd
        except ModuleNotFoundError:
            said = "to_frame needs pandas: pip install pandas; rows() gives the same as a list of dictionaries"
            raise ModuleNotFoundError(said, name="pandas") from None
        return pd.DataFrame(self.rows())

    def _repr_html_(self) -> str:
        """The text for a notebook, escaped."""
        return f"<pre>{html.escape(repr(self))}</pre>"


def printable(text: str) -> str:
    """Text on one line: control characters and those that turn or hide text become escapes."""
    return "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in text)


def wrapped(text: str, indent: str = "") -> list[str]:
    """Lines of a text that fit on a screen; all but the first begin with `indent`."""
    return textwrap.wrap(printable(text), WIDTH, subsequent_indent=indent, break_on_hyphens=False)


def table(rows: Sequence[Sequence[str]], *, right: Sequence[int] = ()) -> list[str]:
    """Lines of a table, its columns aligned: to the right those with a number in `right`. The last one is wrapped."""
    cells = [[printable(cell) for cell in row] for row in rows]
    *widths, _ = (max(map(len, column)) for column in zip(*cells, strict=True))
    place_of_last = min(sum(widths) + 2 * len(widths), WIDTH - _LAST)
    lines = []
    for *firsts, last in cells:
        aligned = [
            cell.rjust(width) if place in right else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(firsts, widths, strict=True))
        ]
        start = cut("  ".join(aligned).rstrip(), place_of_last - 2)
        for number, part in enumerate(textwrap.wrap(last, WIDTH - place_of_last) or [""]):
            lines.append(f"{(start if number == 0 else '').ljust(place_of_last)}{part}".rstrip())
    return lines


def cut(text: str, width: int) -> str:
    """Text of at most so many letters."""
    return text if len(text) <= width else f"{text[: max(width - 3, 0)]}..."


def plot_dots(dots: Sequence[Dot], *, xlabel: str, bar: float | None = None, ax: Axes | None = None) -> Axes:
    """AUCs from top to bottom, with their intervals, a line at 0.5 and one at the bar.

    Raises
    ------
    ModuleNotFoundError
        If matplotlib is not installed.
    """
    need("matplotlib", "plotting", "plot")
    import matplotlib.pyplot as plt

    ax = plt.gca() if ax is None else ax
    for place, (_, value, low, high, filled) in enumerate(dots):
        ax.plot([low, high], [place, place], "-", color="0.6", linewidth=3, solid_capstyle="round")
        ax.plot(value, place, "o", color="0.1", markerfacecolor="0.1" if filled else "white")
    ax.axvline(0.5, color="0.7", linewidth=1)
    if bar is not None:
        ax.axvline(bar, color="0.7", linewidth=1, linestyle="--")
    ax.set_yticks(range(len(dots)), [printable(label) for label, *_ in dots], parse_math=False)
    ax.set(xlim=(0, 1), ylim=(len(dots) - 0.5, -0.5))
    ax.set_xlabel(printable(xlabel), parse_math=False)
    return ax
