"""Tables as CSV and Markdown.

Numbers have six significant digits, undefined ones are `nan`. A text that a spreadsheet would take for a formula, and
run, is written with an apostrophe before it.
"""

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

_FORMULA = tuple("=+-@\t\n＝＋－＠")
_ID = re.compile(r"[A-Za-z0-9_-]+")  # of a video, say: may begin with "-", and can call nothing


@dataclass(frozen=True)
class Table:
    """Named columns and rows of numbers, texts or None."""

    columns: tuple[str, ...]
    rows: tuple[tuple, ...]

    def to_csv(self) -> str:
        """Comma-separated, with a header line."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(self.columns)
        writer.writerows([_cell(value) for value in row] for row in self.rows)
        return text.getvalue()


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines of a Markdown table whose columns line up; the first row is the header.

    Examples
    --------
    >>> print("\\n".join(aligned([("model", "AUC"), ("A", "0.81")])))
    | model | AUC  |
    |-------|------|
    | A     | 0.81 |
    """
    cells = [[str(cell).replace("|", "\\|").replace("\n", " ") for cell in row] for row in rows]
    widths = [max(len(row[k]) for row in cells) for k in range(len(cells[0]))]
    lines = ["| " + " | ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)) + " |" for row in cells]
    return [lines[0], "|" + "|".join("-" * (w + 2) for w in widths) + "|", *lines[1:]]


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, (bool, np.bool_)):
        return "true" if value else "false"
    if isinstance(value, (float, np.floating)):
        return f"{float(value) + 0.0:.6g}"
    text = str(value).encode("utf-8", "replace").decode("utf-8")
    text = text.replace("\r\n", "\n").replace("\r", "\n")  # a lone return would end the row
    return f"'{text}" if text.startswith(_FORMULA) and not _ID.fullmatch(text) else text
