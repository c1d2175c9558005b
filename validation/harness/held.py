"""Snapshots of an experiment: held, written for the first time, or written anew.

They lie in one directory: `validation/snapshots/<world>/`, or beside a corpus's data. pytest-regressions compares and
rewrites, on a copy; what it rewrote takes the place of the snapshots when the session has come to its end. A corpus
that is seen for the first time has none: all of them appear together, or none does. Nothing is written under
continuous integration, after an interruption, or of an experiment that could not be run.
"""

import os
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from priosig.report.words import counted
from validation.harness.findings import HEARD, SILENT
from validation.harness.publishing import publish
from validation.harness.snapshots import Difference, Facts, Table

MOST_SHOWN = 20  # differences of one file; the diff has them all
NOUNS = {
    "file": "file can't be read",
    "segment": "segment changed",
    "fact": "fact changed",
    "row": "number came or went",
    "number": "number moved",
}


@dataclass
class Held:
    """One experiment's snapshots in this session.

    Attributes
    ----------
    name : str
        Of the experiment.
    directory : Path
    wanted : frozenset of str
        Files that a whole run holds.
    anew : bool
        What differs is to be written anew.
    read_only : str
        Why nothing is written; "" where it may be.
    first : bool
        There was no snapshot when the session began; an empty directory holds none.
    texts : dict of str to str
        What is written when the session ends, by file.
    differences : list of Difference
    refused : bool
        The lack of snapshots was told.
    """

    name: str
    directory: Path
    wanted: frozenset[str]
    anew: bool = False
    read_only: str = ""
    first: bool = field(init=False)
    texts: dict[str, str] = field(default_factory=dict)
    differences: list[Difference] = field(default_factory=list)
    refused: bool = False

    def __post_init__(self) -> None:
        self.first = not any((self.directory / file).exists() for file in (*SILENT, *HEARD))


def hold_snapshot(request: pytest.FixtureRequest, held: Held, file: str, content: Facts | Table) -> None:
    """Fail if the content is not that of the snapshot; keep what is to be written for the end of the session."""
    path = held.directory / file
    there = path.is_file()
    if held.first and held.read_only:
        _refuse(held)
    if not (there or held.first or held.anew) or (not there and held.read_only):
        pytest.fail(f"{_relative(path)}: no such snapshot. {_remedy(held)}", pytrace=False)
    copy = request.getfixturevalue("tmp_path") / file
    before = path.read_bytes() if there else None
    if there:
        copy.write_bytes(before)
    differences: list[Difference] = []

    def compare(obtained: Path, expected: Path) -> None:
        differences.extend(_differences(content, expected))
        assert not differences

    failed = False
    try:
        request.getfixturevalue("file_regression").check(
            content.text(before.decode("utf-8", "replace") if there else None),
            encoding="utf-8",
            newline="",
            extension=path.suffix,
            fullpath=copy,
            check_fn=compare,
        )
    except (AssertionError, pytest.fail.Exception):
        failed = not held.first
    held.differences += differences
    if not held.read_only and copy.read_bytes() != before:
        held.texts[file] = copy.read_text(encoding="utf-8")
    if failed:
        lines = [difference.words for difference in differences[:MOST_SHOWN]] or ["no such snapshot"]
        if len(differences) > MOST_SHOWN:
            lines.append(f"... and {len(differences) - MOST_SHOWN} more")
        text = "\n".join([f"{_relative(path)} no longer holds:", *(f"  {line}" for line in lines), _remedy(held)])
        pytest.fail(text, pytrace=False)


def settle(held: Held, *, broken: str) -> bool:
    """Write what is to be written; give whether that went well.

    Parameters
    ----------
    held : Held
        Its `texts` are what was written afterwards.
    broken : str
        Why nothing may be written; "" if the session came to its end.
    """
    missing = sorted(held.wanted - set(held.texts)) if held.first else []
    if not broken and missing:
        broken = f"this run held only a part of them, without {', '.join(missing)}"
    if held.texts and broken:
        held.texts.clear()
        held.read_only = broken
    if held.texts:
        try:
            publish(held.directory, held.texts)
        except OSError as error:
            held.texts.clear()
            held.read_only = str(error)
            return False
    return True


def summary(held: Held) -> list[str]:
    """Lines for the end of the run: what differs, what was written, what to do; none where all holds.

    Examples
    --------
    >>> moved = Difference("number", "clean A auc: 0.9, snapshot 0.8", 5.0)
    >>> held = Held("trial", Path("trial"), frozenset(), differences=[Difference("segment", ""), moved])
    >>> summary(held)[0]
    'trial: 1 segment changed; 1 number moved, largest: clean A auc: 0.9, snapshot 0.8'
    """
    lines, where = [], _relative(held.directory)
    if held.differences:
        lines.append(f"{held.name}: {'; '.join(_counts(held.differences))}")
    if held.texts and held.first:
        lines.append(f"{held.name}: {counted(len(held.texts), 'snapshot')} written; look at them: git add {where}")
    elif held.texts:
        lines.append(f"{held.name}: {counted(len(held.texts), 'file')} written anew: git diff {where}")
    elif held.read_only and (held.first or held.anew):
        lines.append(f"{held.name}: no snapshot was written: {held.read_only}")
    elif held.differences:
        lines.append(f"{held.name}: {_remedy(held)}")
    return lines


def _counts(differences: list[Difference]) -> list[str]:
    parts = []
    for what, noun in NOUNS.items():
        of = [difference for difference in differences if difference.what == what]
        if of:
            head, _, tail = noun.partition(" ")
            text = f"{counted(len(of), head)} {tail}"
            parts.append(text if what != "number" else f"{text}, largest: {max(of, key=lambda one: one.size).words}")
    return parts


def _differences(content: Facts | Table, path: Path) -> list[Difference]:
    try:
        return content.differences(path.read_text(encoding="utf-8"))
    except ValueError as error:
        return [Difference("file", f"{path.name} can't be read: {error or 'empty'}")]


def _refuse(held: Held) -> None:
    """Fail once for an experiment without snapshots, and skip the tests that would repeat it."""
    if held.refused:
        pytest.skip(f"{held.name} has no snapshots, as the first failure says")
    held.refused = True
    text = f"{_relative(held.directory)}: no snapshots of {held.name}, and none is written: {held.read_only}"
    pytest.fail(f"{text}; a run elsewhere writes them, to be committed", pytrace=False)


def _remedy(held: Held) -> str:
    if held.read_only:
        return f"Nothing is written: {held.read_only}"
    return "Written anew when the run ends: read the diff." if held.anew else "If this is meant: --force-regen"


def _relative(path: Path) -> str:
    relative = os.path.relpath(path)
    return relative if not relative.startswith("..") else str(path)
