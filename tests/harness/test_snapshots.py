"""A snapshot fails on what changed, vanished, was added, or became undefined, and on what is no snapshot."""

import math

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from validation.harness.snapshots import ON_ACCELERATOR, SEGMENTS, TOLERANCES, Facts, Number, Table

ROWS = {("A", "auc"): (0.8123, "rate"), ("A", "n"): (98, "count"), ("B", "auc"): (math.nan, "rate")}
TABLE = Table(("model", "name"), ROWS)
FACTS = Facts({"views": {"clean A verdict": "signal", "clean pairs": 34}, SEGMENTS: {"v m1 stop": "1 to 2 s"}})


def words(content: Table | Facts, text: str) -> list[str]:
    return [difference.words for difference in content.differences(text)]


def test_a_table_is_sorted_and_has_four_digits():
    rows = {("b",): (0.123456, "rate"), ("a",): (1234567.0, "count"), ("c",): (math.nan, "rate")}
    assert Table(("name",), rows).text() == "name,value\na,1234567\nb,0.1235\nc,undefined\n"


def test_facts_are_one_a_line_that_names_itself():
    text = "segments:\n  v m1 stop: 1 to 2 s\nviews:\n  clean A verdict: signal\n  clean pairs: 34\n"
    assert FACTS.text() == text


def test_an_accelerator_may_differ_by_more_in_rates_and_pvalues_and_by_nothing_in_counts():
    old = "name,value\nauc,0.5\nn,98\np,0.5\n"
    moved = {("auc",): (0.54, "rate"), ("p",): (0.62, "pvalue"), ("n",): (97, "count")}
    assert len(Table(("name",), moved).differences(old)) == 3
    on_accelerator = Table(("name",), moved, ON_ACCELERATOR)
    assert words(on_accelerator, old) == ["n: 97, snapshot 98"]


def test_what_was_written_agrees():
    assert TABLE.differences(TABLE.text()) == []
    assert FACTS.differences(FACTS.text()) == []


@pytest.mark.parametrize(
    ("key", "row", "expected"),
    [
        (("A", "auc"), (0.9, "rate"), "A auc: 0.9, snapshot 0.8123 (off by 0.0877, tolerance 0.02)"),
        (("A", "auc"), (math.nan, "rate"), "A auc: undefined, snapshot 0.8123"),
        (("B", "auc"), (0.5, "rate"), "B auc: 0.5, snapshot undefined"),
        (("B", "new"), (1.0, "rate"), "B new: 1, snapshot none"),
        (("B", "new"), (math.nan, "rate"), "B new: undefined, snapshot none"),
        (("A", "n"), (99, "count"), "A n: 99, snapshot 98"),
    ],
)
def test_a_changed_added_or_undefined_number_is_a_difference(key, row, expected):
    assert words(Table(TABLE.columns, ROWS | {key: row}), TABLE.text()) == [expected]


@pytest.mark.parametrize("key", ROWS)
def test_a_vanished_number_is_a_difference(key):
    (line,) = words(Table(TABLE.columns, {k: row for k, row in ROWS.items() if k != key}), TABLE.text())
    assert line.startswith(f"{' '.join(key)}: vanished, snapshot ")


def test_a_table_that_lost_all_its_rows_differs_in_each():
    assert len(Table(TABLE.columns, {}).differences(TABLE.text())) == len(ROWS)


@pytest.mark.parametrize(
    ("section", "name", "value", "expected"),
    [
        ("views", "clean A verdict", "no signal", "clean A verdict: 'no signal', snapshot 'signal'"),
        ("views", "clean A verdict", None, "clean A verdict: vanished, snapshot 'signal'"),
        ("views", "clean B verdict", "signal", "clean B verdict: 'signal', snapshot none"),
        ("views", "clean pairs", 34.0, "clean pairs: 34.0, snapshot 34"),
        (SEGMENTS, "v m1 stop", "1 to 3 s", "v m1 stop: '1 to 3 s', snapshot '1 to 2 s'"),
    ],
)
def test_a_changed_vanished_or_added_fact_is_a_difference(section, name, value, expected):
    facts = FACTS.sections[section] | {name: value}
    changed = Facts({**FACTS.sections, section: {key: fact for key, fact in facts.items() if fact is not None}})
    (difference,) = changed.differences(FACTS.text())
    assert difference.words == expected
    assert difference.what == ("segment" if section == SEGMENTS else "fact")


@pytest.mark.parametrize("kind", [kind for kind in TOLERANCES if kind not in ("count", "pvalue")])
@given(value=st.floats(-0.99, 0.99), sign=st.sampled_from([-1, 1]))
def test_a_change_just_inside_the_tolerance_passes_and_just_outside_fails(kind, value, sign):
    def table(number: float) -> Table:
        return Table(("name",), {("x",): (number, kind)})

    written, rounding = table(value).text(), 0.5e-4 + 1e-12  # of numbers under 1, at four significant digits
    assert table(value + sign * TOLERANCES[kind] * 0.999).differences(written) == []
    assert table(value + sign * (TOLERANCES[kind] + 2.01 * rounding)).differences(written) != []


@given(old=st.floats(0.001, 1), sign=st.sampled_from([-1, 1]))
def test_the_tolerance_of_a_pvalue_grows_from_its_own_near_0_to_five_times_as_much_at_1(old, sign):
    written, tolerance = Table(("name",), {("p",): (old, "pvalue")}).text(), 0.02 * (1 + 4 * old)
    for share, differs in ((0.99, False), (1.02, True)):
        moved = Table(("name",), {("p",): (old + sign * share * tolerance, "pvalue")})
        assert bool(moved.differences(written)) is differs


def test_a_number_may_have_a_larger_tolerance_than_its_kind_and_no_smaller_one():
    def table(auc: float, least: float) -> Table:
        return Table(("name",), {("auc",): Number(auc, "rate", least)})

    written = table(18 / 28, 2 / 28).text()
    assert table(20 / 28, 2 / 28).differences(written) == []
    assert words(table(21 / 28, 2 / 28), written) == ["auc: 0.75, snapshot 0.6429 (off by 0.107, tolerance 0.0714)"]
    assert table(18 / 28 + 0.019, 0.001).differences(written) == []


def test_counts_have_no_tolerance():
    table = Table(("name",), {("n",): (100_000, "count")})
    assert words(table, "name,value\nn,100001\n") == ["n: 100000, snapshot 100001"]


@pytest.mark.parametrize(("auc", "written"), [(0.822, "0.8123"), (0.823, "0.823")])
def test_a_table_written_anew_keeps_what_is_within_half_of_its_tolerance(auc, written):
    changed = Table(TABLE.columns, ROWS | {("A", "auc"): (auc, "rate"), ("A", "n"): (99, "count")})
    assert changed.text(TABLE.text()) == f"model,name,value\nA,auc,{written}\nA,n,99\nB,auc,undefined\n"


def test_the_number_that_moved_most_is_measured_in_its_tolerance():
    rows = {("a",): (0.7, "rate"), ("b",): (0.7, "interval"), ("c",): (math.nan, "rate")}
    sizes = [
        difference.size for difference in Table(("name",), rows).differences("name,value\na,0.5\nb,0.5\nc,0.5\n")
    ]
    assert sizes == [pytest.approx(10), pytest.approx(4), math.inf]


def test_what_is_no_number_cannot_be_written():
    with pytest.raises(ValueError, match="snapshot: inf; expected a finite number"):
        Table(("name",), {("x",): (math.inf, "rate")}).text()


@pytest.mark.parametrize("name", ["a,b", "a\nb", 'a"b', ""])
def test_a_key_that_would_break_the_table_cannot_be_written(name):
    with pytest.raises(ValueError, match="snapshot: key"):
        Table(("name",), {(name,): (1.0, "rate")}).text()


@pytest.mark.parametrize(
    ("content", "text", "match"),
    [
        (TABLE, "", "line 1 is ''; expected 'model,name,value'"),
        (TABLE, "name,value\n", "line 1 is 'name,value'"),
        (TABLE, "model,name,value\nA,auc", "line 2 is 'A,auc'"),
        (TABLE, "model,name,value\nA,auc,1\nA,auc,1", "line 3 .* every key once"),
        (TABLE, "model,name,value\nA,auc,nan", "line 2 .* expected a finite number or 'undefined'"),
        (TABLE, "model,name,value\nA,auc,much", "line 2 .* expected a number or 'undefined'"),
        (TABLE, "model,name,value\n<<<<<<< HEAD\nA,auc,1\n=======", "line 2 begins with '<<<<<<<': a merge"),
        (FACTS, "", "holds None; expected sections"),
        (FACTS, "views: 3\n", "expected sections of one fact a line"),
        (FACTS, "views:\n  a: {\n", "not YAML"),
        (FACTS, "views:\n<<<<<<< HEAD\n  a: 1\n", "line 2 begins with '<<<<<<<': a merge"),
    ],
)
def test_what_is_no_snapshot_is_refused_with_its_line(content, text, match):
    with pytest.raises(ValueError, match=match):
        content.differences(text)


def test_hostile_names_come_back_as_they_are_and_reach_no_terminal():
    facts = Facts({SEGMENTS: {"v \x1b[31mred\n: {}# stop": "1 to 2 s"}})
    assert facts.differences(facts.text()) == []
    assert "\x1b" not in facts.text()
    (line,) = words(facts, "segments: {}")
    assert line == "v red\n: {}# stop: '1 to 2 s', snapshot none"


def test_both_writers_of_yaml_give_the_same_text(monkeypatch):
    facts = Facts({"views": {"a" * 50: "x, " * 100, "é ♪": "n: 1 # 2", "t": True, "f": 1.0}})
    text = facts.text()
    monkeypatch.delattr(yaml, "CSafeDumper", raising=False)
    assert facts.text() == text
