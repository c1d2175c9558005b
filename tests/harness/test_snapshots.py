"""A snapshot must fail on what changed, vanished, was added, or turned into NaN."""

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from validation.harness.snapshots import TOLERANCES, differences, format_table, parse_table

TABLE = {"auc": 0.8123, "n": 98, "auc of a video with one class": None}


def test_a_table_is_sorted_and_has_four_digits():
    text = format_table({"b": 0.123456, "a": 1234567.0, "c": None})
    assert text == "name,value\na,1234567\nb,0.1235\nc,undefined\n"


def test_equal_tables_agree():
    assert differences(TABLE, parse_table(format_table(TABLE)), 0.0) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"auc": 0.9}, "auc: 0.9, snapshot 0.8123"),
        ({"auc": math.nan}, "auc: nan, snapshot 0.8123"),
        ({"auc": None}, "auc: undefined, snapshot 0.8123"),
        ({"auc of a video with one class": 0.5}, "one class: 0.5, snapshot undefined"),
        ({"auc of a video with one class": math.nan}, "one class: nan, snapshot undefined"),
        ({"new": 1.0}, r"new: added \(1\)"),
        ({"new": None}, r"new: added \(undefined\)"),
        ({"n": 99}, "n: 99, snapshot 98"),
    ],
)
def test_a_changed_added_or_undefined_entry_is_a_difference(change, words):
    (line,) = differences({**TABLE, **change}, TABLE, 0.02)
    assert re.search(words, line)


def test_a_vanished_entry_is_a_difference():
    assert differences({"auc": 0.8123}, {"auc": 0.8123, "n": 98}, 0.02) == ["n: vanished (snapshot 98)"]


@pytest.mark.parametrize("kind", [kind for kind in TOLERANCES if TOLERANCES[kind] > 0])
@given(value=st.floats(-0.99, 0.99), sign=st.sampled_from([-1, 1]))
def test_a_change_just_inside_the_tolerance_passes_and_just_outside_fails(kind, value, sign):
    tolerance = TOLERANCES[kind]
    written = parse_table(format_table({"x": value}))
    rounding = 0.5e-4 + 1e-12  # of numbers under 1, at four significant digits
    assert differences({"x": value + sign * tolerance * 0.999}, written, tolerance) == []
    assert differences({"x": value + sign * (tolerance + 2.01 * rounding)}, written, tolerance) != []


def test_counts_have_no_tolerance():
    assert TOLERANCES["count"] == 0
    assert differences({"n": 100_000}, {"n": 100_001}, TOLERANCES["count"]) != []


@pytest.mark.parametrize("value", [math.nan, math.inf, True])
def test_what_is_no_number_cannot_be_written(value):
    with pytest.raises(ValueError, match="x is"):
        format_table({"x": value})


@pytest.mark.parametrize("name", ["a,b", "a\nb", 'a"b', ""])
def test_a_name_that_would_break_the_table_cannot_be_written(name):
    with pytest.raises(ValueError, match="name"):
        format_table({name: 1.0})


def test_an_empty_table_cannot_be_written():
    with pytest.raises(ValueError, match="no values"):
        format_table({})


@pytest.mark.parametrize("text", ["", "value\n", "name,value\nauc", "name,value\na,1\na,1", "name,value\na,nan"])
def test_a_snapshot_that_was_edited_into_nonsense_is_refused(text):
    with pytest.raises(ValueError, match="snapshot: "):
        parse_table(text)
