"""Tables as CSV and Markdown: numbers stay numbers, and no text does anything but being read."""

import csv
import io
import itertools

import numpy as np
import pytest

from priosig.report.table_text import Table, aligned, escaped, fenced

STARTS = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
BEFORE = ("", " ", "\t", "\n", "\r\n", "\u00a0", "\ufeff", "\u200b", "x;", "x; \t", "x\n;", "x|", ";;", '";"')


def cells(text: str, separator: str) -> list[str]:
    """Every cell that a program sees in a table with this text, beside a number, when it reads it so."""
    written = Table(("n", "text"), ((0.5, text),)).to_csv()
    rows = list(csv.reader(io.StringIO(written, newline=""), delimiter=separator))
    assert len(rows) == 2
    return rows[1]


@pytest.mark.parametrize("separator", [",", ";", "|", "\t"], ids=repr)
def test_no_cell_of_a_table_begins_like_a_formula(separator: str):
    for start, before in itertools.product(STARTS, BEFORE):
        for cell in cells(f"{before}{start}cmd|' /C calc'!A0", separator):
            assert not cell.strip().lstrip('"\ufeff\u00a0\u200b ').startswith(STARTS), (before, start)


def test_a_text_is_one_quoted_cell_without_control_characters():
    assert cells('say "a, b"\x1b[31m red\x07\nnext\u2028line', ",") == ["0.5", 'say "a, b" red next line']
    assert '"say ""a"' in Table(("a",), (('say "a',),)).to_csv()


def test_numbers_and_ids_stay_what_they_are_in_a_spreadsheet():
    rows = ((-0.5, "-dQw4w9WgXcQ"), (np.float64(-2), "a=b"), (np.int64(-3), None))
    text = Table(("number", "id"), rows).to_csv()
    assert text == '"number","id"\n-0.5,"-dQw4w9WgXcQ"\n-2,"a=b"\n-3,\n'


def test_numbers_in_tables_have_six_digits_and_undefined_ones_are_nan():
    text = Table(("a", "b", "c", "d"), ((1 / 3, float("nan"), None, True),)).to_csv()
    assert text == '"a","b","c","d"\n0.333333,nan,,true\n'


@pytest.mark.parametrize(
    "text", ["![x](http://x)", "<img src=x>", "[a](b)", "`a`", "**a**", "a|b", "&lt;", "~~a~~", "_a_", "\\*"]
)
def test_no_text_of_a_table_in_markdown_is_markup(text: str):
    (line,) = aligned([("head",), (text,)])[2:]
    inside = line.removeprefix("| ").removesuffix(" |").rstrip()
    unescaped = inside.replace("\\\\", "").replace("\\", "\0")
    assert not [c for k, c in enumerate(unescaped) if c in "`*[]<>|~&" and unescaped[k - 1 : k] != "\0"]
    assert escaped("two_kinds_of_videos") == "two_kinds_of_videos"


def test_a_fence_is_longer_than_any_in_its_text():
    text = "a\x1b[2J ```` b\n~~~ <img>"
    assert fenced(text) == "`````text\na ```` b\n~~~ <img>\n`````"
