"""Confounds of a study's own: a CSV beside `experiment.toml`, a row a segment and a column a confound::

    segment_id,tempo,camera
    7FTdGbVCPyQ-stop-12500-20000,92,1
    7FTdGbVCPyQ-continue-27000-58100,,2

Every annotated segment has a row; an empty cell is a value that nobody knows. A window that is cut from a segment has
that segment's value. Windows of the view `bouts` are cut from bouts instead: there each needs a row of its own, by
the id that a report's `segments.csv` gives it; a column without these rows is not measured in that view.
"""

import csv
import io
import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from priosig._core.checks import shown
from priosig.annotations.segments import LABELS, Segment
from priosig.annotations.views import View
from priosig.confounds.registry import CONFOUNDS
from priosig.front.given import LARGEST
from priosig.inference.beyond_confounds import TIME

ID = "segment_id"
MOST_COLUMNS = 20
_LARGEST_FILE = 50_000_000  # bytes
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,39}\Z")
# Columns of a report's table of segments, and names that mean something of their own to the tests.
_TAKEN = {ID, "view", "source_id", "video_id", "label", "start_time", "end_time", "moment_id", TIME, *CONFOUNDS}

Columns = dict[str, dict[str, float]]
"""By confound, then by id of the segment, the value; NaN where it is not known."""


def read_own_confounds(path: Path, segments: Sequence[Segment]) -> Columns:
    """Read a study's own confounds of the annotated segments.

    Raises
    ------
    ValueError
        By file and line, for what is no such CSV: other columns in a row than in the header, a name that is taken, a
        value that is no number, an id of no video or given twice; and for an annotated segment without a row.
    """
    header, *rows = _rows(path)
    names = _names(path, header[1])
    lines: dict[str, int] = {}
    columns: Columns = {name: {} for name in names}
    starts = tuple(f"{video}-{label}-" for video in {s.video_id for s in segments} for label in LABELS)
    for line, row in rows:
        where = f"{path}, line {line}"
        if len(row) != len(header[1]):
            raise ValueError(f"{where}: {len(row)} cells; expected {len(header[1])}, as in the header")
        segment_id = row[0].strip()
        if segment_id in lines:
            raise ValueError(f"{where}: {shown(segment_id)} has a row in line {lines[segment_id]} too; expected one")
        if not segment_id.startswith(starts):
            raise ValueError(
                f"{where}: {shown(segment_id)} is no segment of a video in the annotations; expected an id such as "
                f"{segments[0].segment_id}"
            )
        lines[segment_id] = line
        for name, cell in zip(names, row[1:], strict=True):
            columns[name][segment_id] = _value(where, name, cell.strip())
    if missing := [segment.segment_id for segment in segments if segment.segment_id not in lines]:
        more = f" and for {len(missing) - 1} more" if len(missing) > 1 else ""
        raise ValueError(
            f"{path}, line {rows[-1][0] if rows else 1}: ends without a row for {missing[0]}{more}; expected one for "
            f"each of {len(segments)} annotated segments, a cell left empty where a value is not known"
        )
    return columns


def check_roles(path: Path, roles: Mapping[str, str], columns: Path | None) -> None:
    """Refuse a role, given in the settings at `path`, for what is neither a confound of the library nor a column."""
    known = [*CONFOUNDS, *(_names(columns, _rows(columns)[0][1]) if columns is not None else ())]
    if unknown := [name for name in roles if name not in known]:
        raise ValueError(f"{path}: [confounds.roles] {shown(unknown[0])} is no confound; expected {', '.join(known)}")


def values_of(columns: Columns, view: View) -> dict[str, np.ndarray | None]:
    """The columns of a view's windows, NaN where a value is not known.

    None where a window has no row: its own or its segment's, in a matched view its own. There segments are behind the
    STOPs alone, so that whether a window has a value would tell its label.
    """
    ids = [segment.segment_id for segment in view.segments]
    sources = ids if view.set_ids is not None else view.source_ids
    values: dict[str, np.ndarray | None] = {}
    for name, column in columns.items():
        given = [column.get(own, column.get(source)) for own, source in zip(ids, sources, strict=True)]
        values[name] = None if None in given else np.array(given, dtype=np.float64)
    return values


def _rows(path: Path) -> list[tuple[int, list[str]]]:
    """Line and cells of each row that holds something."""
    with path.open("rb") as file:
        data = file.read(_LARGEST_FILE + 1)
    if len(data) > _LARGEST_FILE:
        raise ValueError(f"{path}: over {_LARGEST_FILE} bytes; expected a row a segment")
    try:
        reader = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True)
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise ValueError(f"{path}, line {line}: not UTF-8 text; expected a CSV in UTF-8") from None
    try:
        rows = [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise ValueError(f"{path}, line {reader.line_num}: not CSV ({error})") from None
    if not rows:
        raise ValueError(f"{path}, line 1: empty; expected a header, {ID} and a column for each confound")
    return rows


def _names(path: Path, header: Sequence[str]) -> list[str]:
    first, *names = (cell.strip() for cell in header)
    where = f"{path}, line 1"
    if first != ID or not 1 <= len(names) <= MOST_COLUMNS:
        expected = f"{ID}, a comma, and names of 1 to {MOST_COLUMNS} confounds"
        raise ValueError(f"{where}: the header is {shown(','.join(header))}; expected {expected}")
    for place, name in enumerate(names):
        if not _NAME.match(name):
            expected = "1 to 40 of a-z, A-Z, 0-9 and _, no digit first"
            raise ValueError(f"{where}: {shown(name)} is no name; expected {expected}")
        if name in _TAKEN or name in names[:place]:
            raise ValueError(f"{where}: the name {shown(name)} is taken; expected another one")
    return names


def _value(where: str, name: str, cell: str) -> float:
    if not cell:
        return math.nan
    try:
        value = float(cell)
    except ValueError:
        value = math.nan
    if not abs(value) <= LARGEST or "_" in cell:
        raise ValueError(
            f"{where}: {name} is {shown(cell)}; expected a number, or nothing where it is not known; give categories "
            "as columns of 0 and 1"
        )
    return value
