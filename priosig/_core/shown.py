"""What a result shows of itself: on a terminal, in a notebook, as a data frame.

A result that is `Shown` has `__repr__`, at most a screen of 80 columns, and `rows`, plain values by column. The rest
follows.
"""

from __future__ import annotations

import html
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

WIDTH = 80
_LAST = 12  # letters that the last column of a table has at least


class Shown:
    """A result with a short text and a table."""

    def rows(self) -> list[dict[str, Any]]:
        """The result as a table: a dictionary a row, all with the same keys."""
        raise NotImplementedError

    def to_frame(self) -> pd.DataFrame:
        """`rows()` as a pandas data frame.

        Raises
        ------
        ModuleNotFoundError
            If pandas is not installed.
        """
        try:
            import pandas as pd
        except ModuleNotFoundError:
            raise ModuleNotFoundError(
                "to_frame needs pandas: pip install pandas; rows() gives the same as a list of dictionaries",
                name="pandas",
            ) from None
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
