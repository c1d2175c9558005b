"""Tables as CSV and Markdown, safe to open whatever a corpus put into them.

Numbers have six significant digits, undefined ones are `nan`. In CSV every text is quoted and stands on one line. A
part of it that a spreadsheet would take for a formula, and run, has an apostrophe before it: at the beginning, and
after a semicolon or a bar, where some spreadsheets begin a cell. In Markdown a text makes no link, image, tag or
column.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from priosig.report.words import visible

# Blanks of every kind before a sign of a formula, also in its full width.
_FORMULA = re.compile(r"(^|[;|])([\s\u200b\u2060\"']*)([=+\-@\uff1d\uff0b\uff0d\uff20])")
_ID = re.compile(r"[A-Za-z0-9_-]+")  # of a video, say: may begin with "-", and can call nothing
_MARKUP = re.compile(r"[\\`*\[\]<>|~&]|(?<!\w)_|_(?!\w)")


@dataclass(frozen=True)
class Table:
    """Named columns and rows of numbers, texts or None."""

    columns: Sequence[str]
    rows: Sequence[Sequence]

    def to_csv(self) -> str:
        """Comma-separated, with a header line."""
        return "".join(",".join(map(_cell, row)) + "\n" for row in (self.columns, *self.rows))


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines of a Markdown table whose columns line up; the first row is the header.

    Examples
    --------
    >>> print("\\n".join(aligned([("model", "AUC"), ("A", "0.81")])))
    | model | AUC  |
    |-------|------|
    | A     | 0.81 |
    """
    cells = [[escaped(str(cell)) for cell in row] for row in rows]
    widths = [max(len(row[k]) for row in cells) for k in range(len(cells[0]))]
    lines = ["| " + " | ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)) + " |" for row in cells]
    return [lines[0], "|" + "|".join("-" * (w + 2) for w in widths) + "|", *lines[1:]]


def escaped(text: str) -> str:
    """A text as one line of Markdown that shows it as it is."""
    return _MARKUP.sub(r"\\\g<0>", one_line(text))


def fenced(text: str) -> str:
    """Lines of text as a block of Markdown in which nothing has a meaning."""
    fence = "`" * max(3, 1 + max(map(len, re.findall(r"`+", text)), default=0))
    return f"{fence}text\n{visible(text)}\n{fence}"


def one_line(text: str) -> str:
    """A text without control characters, on one line."""
    return re.sub(r"[\n\t]+", " ", visible(text))


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, (bool, np.bool_)):
        return "true" if value else "false"
    if isinstance(value, (float, np.floating)):
        return f"{float(value) + 0.0:.6g}"
    if isinstance(value, (int, np.integer)):
        return str(value)
    text = one_line(str(value))
    if not _ID.fullmatch(text):
        text = _FORMULA.sub(r"\1\2'\3", text)
    return '"' + text.replace('"', '""') + '"'
