"""What changed between two reports: `priosig compare BEFORE AFTER`.

A snapshot says that a number moved; two reports say why. Read are the CSV tables (`priosig.report.tables`), so
reports of other days and machines can be compared, with no corpus at hand. In the order of asking: what went in
(annotations, weights, settings, versions), what was concluded, which numbers moved, which segments changed sides,
which moments' boundaries moved, which segments came or went and why, and what the annotation audit counts.

Segments are matched by the moment that they come from (`priosig.report.segment_changes`), so that neither a view's
new length nor a boundary that moved looks like new segments. Numbers count as changed when they differ in four
significant digits.
"""

import csv
import io
import math
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from priosig._core.parts import find_part, need_part
from priosig.report import segment_changes
from priosig.report.table_text import aligned
from priosig.report.words import visible

Rows = list[dict[str, str]]
_MARK = "verdicts.csv"  # what every report has
_NUMBERS = {
    "verdicts.csv": (
        "auc_within_video", "low", "high", "any_signal_pvalue", "beyond_confounds_pvalue", "effective_sets",
        "n_sets", "power", "n_videos_above_half",
    ),
    "metrics.csv": ("n_stop", "n_continue", "auc", "balanced_accuracy", "average_precision", "stop_rate", "brier"),
    "confounds.csv": ("auc_within_video", "pvalue"),
}  # fmt: skip
_COLUMNS = {  # that are compared, and have to be there
    "inputs.csv": ("input", "value"),
    "verdicts.csv": ("view", "model", "verdict"),
    "metrics.csv": ("view", "model"),
    "confounds.csv": ("view", "confound"),
    "scores.csv": ("view", "model", "source_id", "label", "called", "score"),
    "segments.csv": segment_changes.COLUMNS,
    "dropped.csv": ("view", "segment_id", "reason"),
    "coefficients.csv": ("view", "scale", "mean"),
    "audit.csv": ("check", "id"),
}
_MOST = 40  # rows of one table that are shown


def compare_reports(before: str | Path, after: str | Path, *, everything: bool = False) -> str:
    """Compare two reports, or two directories of reports by the names of their experiments.

    Parameters
    ----------
    before, after : path-like
        Directories that `priosig.report.page.write_report` wrote, or that hold such directories.
    everything : bool
        Every row of a table, not the first 40.

    Returns
    -------
    str
        Markdown: a section for every experiment, a table for every kind of change; "Nothing changed." where there is
        none.

    Raises
    ------
    FileNotFoundError
        If either directory holds no report.
    ValueError
        If a table of a report is damaged; names the file.
    """
    before, after = (need_part(one, "directory", "a report, or reports") for one in (before, after))
    if _is_report(before) and _is_report(after):
        return f"### {after.name}\n\n{_compare(before, after, everything)}"
    old, new = _reports(before), _reports(after)
    parts = []
    for name in sorted({*old, *new}):
        if name not in new or name not in old:
            text = f"Only in {before if name in old else after}.\n"
        else:
            text = _compare(old[name], new[name], everything)
        parts.append(f"### {name}\n\n{text}")
    return "\n".join(parts)


def _compare(before: Path, after: Path, everything: bool) -> str:
    sections: tuple[tuple[str, tuple[str, ...], Callable[[Path, Path], list[tuple]]], ...] = (
        ("What went in", ("input", "before", "after"), _inputs),
        ("Verdicts", ("view", "model", "before", "after"), _verdicts),
        ("Numbers", ("view", "of", "number", "before", "after", "change"), _numbers),
        ("Segments that changed sides", ("view", "model", "segment", "before", "after", "now"), _flips),
        ("Moments whose boundaries moved", ("moment", "label", "boundary", "before", "after", "change"), _moved),
        ("Segments that came or went", ("view", "segment", "change", "why"), _segments),
        ("Coefficients of Model B that changed sign", ("view", "scale", "before", "after"), _signs),
        ("Annotation audit", ("check", "before", "after"), _audit),
    )
    parts = []
    for title, columns, find in sections:
        rows = find(before, after)
        if rows:
            most = len(rows) if everything else _MOST
            more = ["", f"... and {len(rows) - most} more (--all shows them)"] if len(rows) > most else []
            parts.append("\n".join([f"#### {title}", "", *aligned([columns, *rows[:most]]), *more]))
    return ("\n\n".join(parts) if parts else "Nothing changed.") + "\n"


def _inputs(before: Path, after: Path) -> list[tuple]:
    old, new = ({row["input"]: row["value"] for row in _read(d, "inputs.csv")} for d in (before, after))
    return _changed(old, new)


def _verdicts(before: Path, after: Path) -> list[tuple]:
    old, new = (_by(_read(d, _MARK), ("view", "model"), "verdict") for d in (before, after))
    return _changed(old, new)


def _numbers(before: Path, after: Path) -> list[tuple]:
    rows = []
    for file, names in _NUMBERS.items():
        of = "confound" if file == "confounds.csv" else "model"
        old, new = ({(r["view"], r[of]): r for r in _read(d, file)} for d in (before, after))
        for key in [*old, *(key for key in new if key not in old)]:
            for name in names:
                was, now = (table.get(key, {}).get(name, "") for table in (old, new))
                if _four(was) != _four(now):
                    said = (_four(was) or "none", _four(now) or "none", _difference(was, now))
                    rows.append((*key, name, *said))
    return rows


def _flips(before: Path, after: Path) -> list[tuple]:
    new_ids = _matched(before, after).new_ids
    old = {
        (r["view"], r["model"], new_ids.get(r["source_id"], r["source_id"])): r for r in _read(before, "scores.csv")
    }
    new = {(r["view"], r["model"], r["source_id"]): r for r in _read(after, "scores.csv")}
    rows = []
    for key, now in new.items():
        was = old.get(key)
        if was is None or was["called"] == now["called"]:
            continue
        said = [f"{row['called'].upper() or 'unscored'} ({_four(row['score'])})" for row in (was, now)]
        rows.append((*key, *said, "right" if now["called"] == now["label"] else "wrong"))
    return rows


def _segments(before: Path, after: Path) -> list[tuple]:
    changes = _matched(before, after)
    why_old, why_new = (_by(_read(d, "dropped.csv"), ("view", "segment_id"), "reason") for d in (before, after))
    return changes.left(why_new) + changes.came(why_old)


def _moved(before: Path, after: Path) -> list[tuple]:
    return _matched(before, after).moved


def _matched(before: Path, after: Path) -> segment_changes.SegmentChanges:
    return segment_changes.segment_changes(*(_read(directory, "segments.csv") for directory in (before, after)))


def _signs(before: Path, after: Path) -> list[tuple]:
    old, new = (_by(_read(d, "coefficients.csv"), ("view", "scale"), "mean") for d in (before, after))
    return [
        (*key, _four(old[key]), _four(new[key]))
        for key in new
        if key in old and old[key].startswith("-") != new[key].startswith("-")
    ]


def _audit(before: Path, after: Path) -> list[tuple]:
    counts = []
    for directory in (before, after):
        ids = {(row["check"], row["id"]) for row in _read(directory, "audit.csv")}
        counts.append({check: str(n) for check, n in sorted(Counter(check for check, _ in ids).items())})
    names = sorted({*counts[0], *counts[1]})
    return _changed(*({name: count.get(name, "0") for name in names} for count in counts))


def _changed(old: dict, new: dict) -> list[tuple]:
    keys = [*old, *(key for key in new if key not in old)]
    return [
        (*(key if isinstance(key, tuple) else (key,)), old.get(key, "none"), new.get(key, "none"))
        for key in keys
        if old.get(key) != new.get(key)
    ]


def _by(rows: Rows, keys: Sequence[str], value: str) -> dict[tuple[str, ...], str]:
    return {tuple(row[key] for key in keys): row[value] for row in rows}


def _four(text: str) -> str:
    """Four significant digits; texts that are no numbers stay."""
    try:
        return f"{float(text):.4g}"
    except ValueError:
        return text


def _difference(before: str, after: str) -> str:
    try:
        change = float(after) - float(before)
    except ValueError:
        return ""
    return "" if math.isnan(change) else f"{change:+.3g}"


def _read(directory: Path, file: str) -> Rows:
    """Rows of a table; one that is missing has none.

    Raises
    ------
    ValueError
        If it is not a whole table with the columns that are compared; names the file and the line.
    """
    path = find_part(directory / file, "file", "a table of a report")
    if path is None:
        return []
    needed = _COLUMNS[file]
    try:
        text = path.read_text(encoding="utf-8")
        header, *rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    except (UnicodeDecodeError, csv.Error, ValueError) as error:
        raise ValueError(f"{path}: not a table ({error}); expected {', '.join(needed)} and more, as CSV") from None
    missing = [name for name in needed if name not in header]
    if missing:
        raise ValueError(f"{path}: has no column {missing[0]}; expected {', '.join(needed)}")
    for number, row in enumerate(rows, start=2):
        if len(row) != len(header):
            raise ValueError(f"{path}: row {number} has {len(row)} cells; expected {len(header)}, as its header has")
    if not text.endswith("\n"):
        raise ValueError(f"{path}: ends within a line; expected a whole table: was it cut off?")
    return [dict(zip(header, map(visible, row), strict=True)) for row in rows]


def _is_report(directory: Path) -> bool:
    return (directory / _MARK).is_file()


def _reports(directory: Path) -> dict[str, Path]:
    if _is_report(directory):
        return {directory.name: directory}
    reports = {path.parent.name: path.parent for path in sorted(directory.glob(f"*/{_MARK}"))}
    if not reports:
        raise FileNotFoundError(f"{directory}: no report in it; expected {_MARK} there or in a directory of it")
    return reports
