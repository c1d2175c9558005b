"""What changed between two reports: `priosig compare BEFORE AFTER`.

A snapshot says that a number moved; two reports say why. Only their CSV tables are read (`priosig.report.tables`), so
reports of other days and machines can be compared, with no corpus at hand.

Segments are matched by video, label and moment, since their ids hold times: a boundary that moved is not one segment
that left and another that came. Numbers count as changed when they differ in four significant digits.
"""

import csv
import io
import math
from collections import Counter
from pathlib import Path

from priosig._core.parts import find_part, need_part
from priosig.report.publish import MANIFEST, digest_of, written
from priosig.report.table_text import aligned
from priosig.report.words import visible

Row = dict[str, str]
Tables = dict[str, list[Row]]
Key = tuple[str, ...]
_MARK = "verdicts.csv"  # what every report has
COLUMNS = {
    "inputs.csv": ("input", "value"),
    "verdicts.csv": ("view", "model", "verdict"),
    "metrics.csv": ("view", "model"),
    "confounds.csv": ("view", "confound"),
    "scores.csv": ("view", "model", "source_id", "label", "called", "score"),
    "segments.csv": (
        "view", "segment_id", "source_id", "video_id", "label", "start_time", "end_time", "moment_id",
    ),
    "dropped.csv": ("view", "segment_id", "reason"),
    "coefficients.csv": ("view", "scale", "mean"),
    "audit.csv": ("check", "id"),
}  # fmt: skip
"""The tables that are compared, and their columns that have to be there."""
_COMPARED = {
    "verdicts.csv": (
        "auc_within_video", "low", "high", "any_signal_pvalue", "beyond_confounds_pvalue", "effective_sets",
        "n_sets", "power", "n_videos_above_half",
    ),
    "metrics.csv": ("n_stop", "n_continue", "auc", "balanced_accuracy", "average_precision", "stop_rate", "brier"),
    "confounds.csv": ("auc_within_video", "pvalue"),
}  # fmt: skip
_NUMBERS = _COMPARED | {
    "scores.csv": ("score",), "segments.csv": ("start_time", "end_time"), "coefficients.csv": ("mean",),
}  # fmt: skip
_MOST = 40  # rows of one table that are shown


def compare_reports(before: str | Path, after: str | Path, *, everything: bool = False) -> str:
    """What changed, in Markdown, between two reports, or two directories of reports of the same names.

    Parameters
    ----------
    before, after : path-like
        Directories that `priosig.report.page.write_report` wrote, or that hold such directories.
    everything : bool
        Every row of a table, not the first 40.

    Raises
    ------
    FileNotFoundError
        If either directory holds no report.
    ValueError
        If a table of a report is damaged, or is not what its report wrote; names the file.
    """
    before, after = (need_part(one, "directory", "a report, or reports") for one in (before, after))
    if _is_report(before) and _is_report(after):
        return f"### {after.name}\n\n{_compare(before, after, everything)}"
    old, new = _reports(before), _reports(after)
    parts = []
    for name in sorted({*old, *new}):
        if name in new and name in old:
            text = _compare(old[name], new[name], everything)
        else:
            text = f"Only in {before if name in old else after}.\n"
        parts.append(f"### {name}\n\n{text}")
    return "\n".join(parts)


def _compare(before: Path, after: Path, everything: bool) -> str:
    old, new = _read_all(before), _read_all(after)
    new_ids, moved = _match(old["segments.csv"], new["segments.csv"])
    inputs, verdicts, signs = (
        [_by(tables, file) for tables in (old, new)] for file in ("inputs.csv", "verdicts.csv", "coefficients.csv")
    )
    sections: tuple[tuple[str, Key, list[Key]], ...] = (
        ("What went in", ("input", "before", "after"), _changed(*inputs)),
        ("Verdicts", ("view", "model", "before", "after"), _changed(*verdicts)),
        ("Numbers", ("view", "of", "number", "before", "after", "change"), _numbers(old, new)),
        (
            "Segments that changed sides", ("view", "model", "segment", "before", "after", "now"),
            _flips(old, new, new_ids),
        ),
        ("Moments whose boundaries moved", ("moment", "label", "boundary", "before", "after", "change"), moved),
        ("Segments that came or went", ("view", "segment", "change", "why"), _segments(old, new, new_ids)),
        ("Coefficients of Model B that changed sign", ("view", "scale", "before", "after"), _signs(*signs)),
        ("Annotation audit", ("check", "before", "after"), sorted(_changed(_audit(old), _audit(new), "0"))),
    )  # fmt: skip
    parts = []
    for title, columns, rows in sections:
        if rows:
            most = len(rows) if everything else _MOST
            more = ["", f"... and {len(rows) - most} more (--all shows them)"] if len(rows) > most else []
            parts.append("\n".join([f"#### {title}", "", *aligned([columns, *rows[:most]]), *more]))
    return ("\n\n".join(parts) if parts else "Nothing changed.") + "\n"


def _by(tables: Tables, file: str) -> dict[Key, str]:
    """The last of a table's `COLUMNS`, by the others."""
    *keys, value = COLUMNS[file]
    return {tuple(row[key] for key in keys): row[value] for row in tables[file]}


def _changed(old: dict[Key, str], new: dict[Key, str], absent: str = "none") -> list[Key]:
    keys = [key for key in {**old, **new} if old.get(key) != new.get(key)]
    return [(*key, old.get(key, absent), new.get(key, absent)) for key in keys]


def _numbers(old: Tables, new: Tables) -> list[Key]:
    rows = []
    for file, names in _COMPARED.items():
        was, now = ({tuple(row[key] for key in COLUMNS[file][:2]): row for row in of[file]} for of in (old, new))
        for key in {**was, **now}:
            for name in names:
                one, other = (of.get(key, {}).get(name, "") for of in (was, now))
                if _four(one) != _four(other):
                    change = float(other) - float(one) if one and other else math.nan
                    difference = "" if math.isnan(change) else f"{change:+.3g}"
                    rows.append((*key, name, _four(one) or "none", _four(other) or "none", difference))
    return rows


def _flips(old: Tables, new: Tables, new_ids: dict[str, str]) -> list[Key]:
    was = {(r["view"], r["model"], new_ids.get(r["source_id"], r["source_id"])): r for r in old["scores.csv"]}
    rows = []
    for now in new["scores.csv"]:
        key = now["view"], now["model"], now["source_id"]
        if key in was and was[key]["called"] != now["called"]:
            said = [f"{row['called'].upper() or 'unscored'} ({_four(row['score'])})" for row in (was[key], now)]
            rows.append((*key, *said, "right" if now["called"] == now["label"] else "wrong"))
    return rows


def _signs(old: dict[Key, str], new: dict[Key, str]) -> list[Key]:
    both = [key for key in new if key in old and old[key].startswith("-") != new[key].startswith("-")]
    return [(*key, _four(old[key]), _four(new[key])) for key in both]


def _audit(tables: Tables) -> dict[Key, str]:
    """How many each check counts; a row with several problems counts once."""
    counts = Counter(check for check, _ in {(row["check"], row["id"]) for row in tables["audit.csv"]})
    return {(check,): str(n) for check, n in counts.items()}


def _match(old: list[Row], new: list[Row]) -> tuple[dict[str, str], list[Key]]:
    """The new id of each segment whose times changed, and the boundaries that moved."""
    then, now = (  # those that are not cut out of others, by what they come from
        {(r["video_id"], r["label"], r["moment_id"]): r for r in rows if r["segment_id"] == r["source_id"]}
        for rows in (old, new)
    )
    new_ids, moved = {}, []
    for key, was in then.items():
        if key not in now or was["segment_id"] == now[key]["segment_id"]:
            continue
        new_ids[was["segment_id"]] = now[key]["segment_id"]
        for boundary in ("start", "end"):
            one, other = was[f"{boundary}_time"], now[key][f"{boundary}_time"]
            if one != other:
                change = f"{float(other) - float(one):+.3g} s"
                moved.append((was["moment_id"], was["label"].upper(), boundary, f"{one} s", f"{other} s", change))
    return new_ids, moved


def _segments(old: Tables, new: Tables, new_ids: dict[str, str]) -> list[Key]:
    """Segments that left, then segments that came, with the reason of the report that lacks them."""
    before = {(r["view"], new_ids.get(r["source_id"], r["source_id"])): r for r in old["segments.csv"]}
    after = {(r["view"], r["source_id"]): r for r in new["segments.csv"]}
    why_gone = _by(new, "dropped.csv")
    why_missing = {(view, new_ids.get(one, one)): reason for (view, one), reason in _by(old, "dropped.csv").items()}
    moments = {row["moment_id"] for row in after.values()}
    rows = []
    for key, row in before.items():
        if key not in after:
            gives = f"gives no {row['label'].upper()}" if row["moment_id"] in moments else "is not there"
            rows.append((*key, "left out", why_gone.get(key, f"moment {row['moment_id']} {gives} any more")))
    came = [key for key in after if key not in before]
    return rows + [(*key, "came in", f"before: {why_missing.get(key, 'not annotated')}") for key in came]


def _four(number: str) -> str:
    """Four significant digits; nothing where there is no number."""
    return f"{float(number):.4g}" if number else ""


def _read_all(directory: Path) -> Tables:
    digests = written(directory)
    if any(len(known) > 1 for known in digests.values()):
        raise ValueError(f"{directory / MANIFEST}: its report was broken off; expected a whole one: make it again")
    return {file: _read(directory / file, digests.get(file, [])) for file in COLUMNS}


def _read(path: Path, known: list[str]) -> list[Row]:
    """Rows of a table, none without it; `known` holds the SHA-256 that the manifest names.

    Raises
    ------
    ValueError
        If it is not a whole table with the columns that are compared, and numbers where they belong, or not what its
        report wrote; names the file and the line.
    """
    if find_part(path, "file", "a table of a report") is None:
        if known:
            raise ValueError(f"{path}: is missing; expected it, since {MANIFEST} beside it names it")
        return []
    needed = COLUMNS[path.name]
    data = path.read_bytes()
    try:
        text = data.decode("utf-8")
        header, *rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    except (csv.Error, ValueError) as error:
        raise ValueError(f"{path}: not a table ({error}); expected {', '.join(needed)} and more, as CSV") from None
    missing = [name for name in needed if name not in header]
    if missing:
        raise ValueError(f"{path}: has no column {missing[0]}; expected {', '.join(needed)}")
    numbers = [header.index(name) for name in _NUMBERS.get(path.name, ()) if name in header]
    for line, row in enumerate(rows, start=2):
        if len(row) != len(header):
            raise ValueError(f"{path}: row {line} has {len(row)} cells; expected {len(header)}, as its header has")
        for k in numbers:
            try:
                float(row[k] or "nan")
            except ValueError:
                problem = f"row {line}: {header[k]} is {row[k][:40]!r}"
                raise ValueError(f"{path}: {problem}; expected a number") from None
    if not text.endswith("\n"):
        raise ValueError(f"{path}: ends within a line; expected a whole table: was it cut off?")
    if known and digest_of(data.replace(b"\r\n", b"\n")) not in known:  # git may have changed its line ends
        raise ValueError(f"{path}: not as its report wrote it; expected the SHA-256 that {MANIFEST} beside it names")
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
