"""Two reports are compared by their tables alone."""

import json
import re
from pathlib import Path

import pytest

from priosig.command.main import main
from priosig.report.compare import COLUMNS, compare_reports
from priosig.report.publish import MANIFEST, publish
from priosig.report.table_text import Table

STOP = ("equal", "v-stop-1-2", "v-stop-1-2", "v", "stop", 1, 2, "m1")
CONTINUE = ("equal", "v-continue-3-4", "v-continue-3-4", "v", "continue", 3, 4, "m1")
SCORES = ("view", "model", "segment_id", "source_id", "video_id", "label", "called", "score")


@pytest.fixture
def report(tmp_path: Path):
    """Write the tables of a report that has one model and two segments; keywords replace tables' rows."""

    def write(directory: str, experiment: str = "world", **rows: list[tuple]) -> Path:
        tables = {
            "verdicts": (("view", "model", "verdict", "auc_within_video"), [("equal", "A", "signal", 0.81234)]),
            "metrics": (("view", "model", "auc"), [("equal", "A", 0.75)]),
            "scores": (
                SCORES,
                [
                    ("equal", "A", "s1", "v-stop-1-2", "v", "stop", "stop", 0.5),
                    ("equal", "A", "s2", "v-continue-3-4", "v", "continue", "continue", -0.5),
                ],
            ),
            "segments": (COLUMNS["segments.csv"], [STOP, CONTINUE]),
            "dropped": (("view", "segment_id", "reason"), []),
            "coefficients": (("view", "scale", "mean"), [("equal", "tempo_slow", 0.25)]),
            "audit": (("check", "id"), [("repeated_windows", "m1"), ("repeated_windows", "m2")]),
            "inputs": (("input", "value"), [("annotations", "abc"), ("device", "cpu")]),
        }
        for name, (columns, usual) in tables.items():
            path = tmp_path / directory / experiment / f"{name}.csv"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(Table(columns, tuple(rows.get(name, usual))).to_csv(), encoding="utf-8")
        return tmp_path / directory

    return write


def rows_of(text: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line[:1] == "|"]


def test_equal_reports_have_no_change(report):
    assert compare_reports(report("a"), report("b")) == "### world\n\nNothing changed.\n"


def test_a_number_below_four_digits_is_no_change(report):
    moved = report("b", verdicts=[("equal", "A", "signal", 0.812340001)])
    assert "Nothing changed." in compare_reports(report("a"), moved)


@pytest.mark.parametrize(
    ("tables", "row"),
    [
        ({"verdicts": [("equal", "A", "confounded", 0.81234)]}, ["equal", "A", "signal", "confounded"]),
        ({"metrics": [("equal", "A", 0.7)]}, ["equal", "A", "auc", "0.75", "0.7", "-0.05"]),
        ({"metrics": [("equal", "A", float("nan"))]}, ["equal", "A", "auc", "0.75", "nan", ""]),
        ({"metrics": []}, ["equal", "A", "auc", "0.75", "none", ""]),
        ({"inputs": [("annotations", "abd"), ("device", "cpu")]}, ["annotations", "abc", "abd"]),
        ({"coefficients": [("equal", "tempo_slow", -0.25)]}, ["equal", "tempo_slow", "0.25", "-0.25"]),
        ({"audit": []}, ["repeated_windows", "2", "0"]),
    ],
    ids=["verdict", "number", "number now undefined", "number gone", "input", "sign", "audit"],
)
def test_a_change_is_one_row(report, tables, row):
    rows = rows_of(compare_reports(report("a"), report("b", **tables)))
    assert len(rows) == 3  # header, rule, row
    assert rows[2] == row


def test_a_segment_that_changes_sides_is_listed_with_whether_it_is_right_now(report):
    after = [
        ("equal", "A", "new cut", "v-stop-1-2", "v", "stop", "continue", -0.1),
        ("equal", "A", "s2", "v-continue-3-4", "v", "continue", "continue", -0.9),
    ]
    rows = rows_of(compare_reports(report("a"), report("b", scores=after)))
    assert rows[2:] == [["equal", "A", "v-stop-1-2", "STOP (0.5)", "CONTINUE (-0.1)", "wrong"]]


def test_a_segment_that_is_left_out_has_its_reason(report):
    after = {"segments": [STOP], "dropped": [("equal", "v-continue-3-4", "lasts 7.1 s")]}
    rows = rows_of(compare_reports(report("a"), report("b", **after)))
    assert rows[2:] == [["equal", "v-continue-3-4", "left out", "lasts 7.1 s"]]
    rows = rows_of(compare_reports(report("b", **after), report("a")))
    assert rows[2:] == [["equal", "v-continue-3-4", "came in", "before: lasts 7.1 s"]]


def test_a_table_that_is_missing_counts_as_empty(report):
    a, b = report("a"), report("b")
    (b / "world" / "coefficients.csv").unlink()
    assert "Nothing changed." in compare_reports(a, b)


def test_two_directories_of_reports_are_matched_by_name(report):
    report("a", "old")
    report("b", "new")
    text = compare_reports(report("a"), report("b"))
    assert text.index("### new") < text.index("### old") < text.index("### world")
    assert text.count("Only in") == 2


def test_reports_of_two_names_are_compared_when_named_themselves(report):
    a, b = report("a", "first") / "first", report("b", "second") / "second"
    assert compare_reports(a, b) == "### second\n\nNothing changed.\n"


def test_a_directory_without_a_report_is_refused(report, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(FileNotFoundError, match=r"empty: no report in it; expected verdicts\.csv"):
        compare_reports(report("a"), tmp_path / "empty")


def cut_off(data):
    return data[:-3]


def cut_within_a_row(data):
    return data[: data.rindex(b",")] + b"\n"


def no_utf8(data):
    return data[:-2] + b"\xff\n"


def open_quote(data):
    at = data.rindex(b",") + 1
    return data[:at] + b'"' + data[at:]


def other_header(data):
    return b"x" + data


def emptied(data):
    return b""


@pytest.mark.parametrize(
    ("table", "damage"),
    [
        *(("scores", damage) for damage in (cut_off, cut_within_a_row, no_utf8, open_quote, emptied)),
        *((name.removesuffix(".csv"), other_header) for name in COLUMNS if name != "confounds.csv"),
    ],
)
def test_a_damaged_table_is_refused_by_file(report, capsys, table, damage):
    before, after = report("a"), report("b")
    path = after / "world" / f"{table}.csv"
    path.write_bytes(damage(path.read_bytes()))
    assert main(["compare", str(before), str(after)]) == 2
    assert re.search(rf"b/world/{table}\.csv: .*; expected", capsys.readouterr().err)


def edited(path: Path):
    path.write_bytes(path.read_bytes().replace(b"0.75", b"0.76"))


def broken_off(path: Path):
    manifest = path.with_name(MANIFEST)
    content = json.loads(manifest.read_text())
    content["files"]["metrics.csv"].append("what the new report would have")
    manifest.write_text(json.dumps(content))


def no_manifest(path: Path):
    path.with_name(MANIFEST).write_text("[]")


def with_other_line_ends(path: Path):
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (edited, r"world/metrics\.csv: not as its report wrote it; expected"),
        (Path.unlink, r"world/metrics\.csv: is missing; expected it, since priosig-report\.json beside it names it"),
        (broken_off, r"world/priosig-report\.json: its report was broken off; expected a whole one"),
        (no_manifest, r"world/priosig-report\.json is not the manifest of a report; move it away"),
        (with_other_line_ends, None),
    ],
)
def test_a_table_that_is_not_what_its_report_wrote_is_refused(report, tmp_path, damage, said):
    before = report("a")
    tables = {path.name: path.read_text(encoding="utf-8") for path in (before / "world").iterdir()}
    publish(tmp_path / "b" / "world", "world", tables)
    damage(tmp_path / "b" / "world" / "metrics.csv")
    if said is None:
        assert "Nothing changed." in compare_reports(before, tmp_path / "b")
        return
    with pytest.raises(ValueError, match=said):
        compare_reports(before, tmp_path / "b")


@pytest.mark.parametrize(
    ("table", "row"),
    [
        ("metrics", ("equal", "A", "0,75")),
        ("verdicts", ("equal", "A", "signal", "high")),
        ("scores", ("equal", "A", "s1", "v-stop-1-2", "v", "stop", "stop", "x")),
        ("segments", (*STOP[:6], "2 s", "m1")),
        ("coefficients", ("equal", "tempo_slow", "large")),
    ],
)
def test_a_text_in_the_place_of_a_number_is_refused(report, table, row):
    with pytest.raises(ValueError, match=rf"b/world/{table}\.csv: row 2: \w+ is '.+'; expected a number"):
        compare_reports(report("a"), report("b", **{table: [row]}))


def test_a_table_that_is_a_link_to_nothing_is_refused(report):
    path = report("b") / "world" / "metrics.csv"
    path.unlink()
    path.symlink_to("nowhere")
    with pytest.raises(ValueError, match=r"metrics\.csv: a link to 'nowhere', which leads to nothing"):
        compare_reports(report("a"), path.parents[1])


def test_nothing_in_a_table_can_speak_to_the_terminal(report):
    text = compare_reports(report("a"), report("b", inputs=[("annotations", "\x1b[31mabd\x07")]))
    assert "abd" in text
    assert all(character.isprintable() or character == "\n" for character in text)


def test_a_boundary_that_moved_is_that_and_no_segment_that_left(report):
    later = ("equal", "v-stop-1-4", "v-stop-1-4", "v", "stop", 1, 4, "m1")
    scores = [("equal", "A", "s1", "v-stop-1-4", "v", "stop", "continue", -0.5)]
    text = compare_reports(report("a"), report("b", segments=[later, CONTINUE], scores=scores))
    assert ["m1", "STOP", "end", "2 s", "4 s", "+2 s"] in rows_of(text)
    assert "came or went" not in text
    assert ["equal", "A", "v-stop-1-4", "STOP (0.5)", "CONTINUE (-0.5)", "wrong"] in rows_of(text)


def test_a_segment_that_moved_out_of_a_view_has_the_reason_of_its_new_times(report):
    moved = ("annotated", "v-stop-1-4", "v-stop-1-4", "v", "stop", 1, 4, "m1")
    before = [("annotated", *STOP[1:]), STOP]
    after = {"segments": [moved], "dropped": [("equal", "v-stop-1-4", "talk from 2 s on")]}
    rows = rows_of(compare_reports(report("a", segments=before), report("b", **after)))
    assert ["equal", "v-stop-1-4", "left out", "talk from 2 s on"] in rows


def test_a_moment_that_is_gone_is_said_to_be(report):
    rows = rows_of(compare_reports(report("a"), report("b", segments=[CONTINUE])))
    assert ["equal", "v-stop-1-2", "left out", "moment m1 gives no STOP any more"] in rows
    rows = rows_of(compare_reports(report("a"), report("b", segments=[])))
    assert ["equal", "v-stop-1-2", "left out", "moment m1 is not there any more"] in rows


def test_all_rows_are_shown_if_they_are_asked_for(report):
    inputs = [(f"input {k}", "new") for k in range(50)]
    before, after = report("a"), report("b", inputs=inputs)
    assert "... and 12 more (--all shows them)" in compare_reports(before, after)
    assert len(rows_of(compare_reports(before, after, everything=True))) == 2 + 52


def test_the_command_prints_the_comparison(report, capsys):
    assert main(["compare", str(report("a")), str(report("b"))]) == 0
    assert "Nothing changed." in capsys.readouterr().out
    assert main(["compare", "no such place", "nor this"]) == 2
    assert "no such place: no such directory; expected a report" in capsys.readouterr().err
