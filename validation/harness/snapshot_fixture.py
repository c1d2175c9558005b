"""Snapshots of an experiment: held, written for the first time, or written anew.

They lie in `validation/<module>/<experiment>/` (`validation.harness.snapshots` says what they hold).
pytest-regressions compares and rewrites; here is what it leaves open. A corpus that is seen for the first time has
none: what its run found is gathered and written when the run has come to its end, so that a run that was killed
leaves no half of them. Under continuous integration nothing is written. A table that is rewritten keeps the values
that are within their tolerance, so that its diff shows what changed and no last digits.
"""

import os
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import yaml

from validation.harness.snapshots import TOLERANCES, differences, format_table, parse_table

FIRST = pytest.StashKey[dict[Path, str]]()
"""Snapshots of experiments that had none when the session began: path and text, to be written when it ends."""
KNOWN = pytest.StashKey[frozenset[str]]()
"""Experiments that had snapshots when the session began."""


class Snapshot:
    """The snapshots of one experiment in one test module.

    As a context manager it holds several together: all are compared before the first failure is told.
    """

    def __init__(self, request: pytest.FixtureRequest, name: str):
        self._files = request.getfixturevalue("file_regression")
        self._directory = Path(request.path).with_suffix("") / name
        self._name = name
        self._config = request.config
        self._failures: list[str] | None = None
        self._difference = ""

    def __enter__(self) -> "Snapshot":
        self._failures = []
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        failures, self._failures = self._failures, None
        if failures and kind is None:
            pytest.fail("\n\n".join(failures), pytrace=False)

    def table(self, name: str, values: Mapping[str, float | int | None], kind: str) -> None:
        """Hold named values against the snapshot, to the tolerance of their `kind`."""
        path = self._directory / f"{name}.csv"
        old = parse_table(path.read_text(encoding="utf-8")) if path.is_file() else {}

        def compare(obtained: Path, expected: Path) -> None:
            self._report(path, differences(values, old, TOLERANCES[kind]))

        def holds(key: str) -> bool:
            return key in old and not differences({key: values[key]}, {key: old[key]}, TOLERANCES[kind])

        self._check(path, format_table({key: old[key] if holds(key) else values[key] for key in values}), compare)

    def facts(self, name: str, facts: Mapping[str, object]) -> None:
        """Hold counts, names and words against the snapshot; they must be equal."""
        path = self._directory / f"{name}.yml"
        text = yaml.safe_dump(dict(facts), sort_keys=True, allow_unicode=True, width=110)

        def compare(obtained: Path, expected: Path) -> None:
            old, new = yaml.safe_load(path.read_text(encoding="utf-8")), yaml.safe_load(text)
            lines = [
                f"{key}: {new.get(key, 'vanished')!r}, snapshot {old.get(key, 'none')!r}"
                for key in sorted({*old, *new})
                if key not in old or key not in new or old[key] != new[key]
            ]
            self._report(path, lines)

        self._check(path, text, compare)

    def _report(self, path: Path, lines: list[str]) -> None:
        anew = self._config.getoption("force_regen")
        hint = "Written anew: read the diff." if anew else "If this is meant: --force-regen"
        self._difference = "\n".join([f"{path} no longer holds:", *(f"  {line}" for line in lines), hint])
        assert not lines

    def _check(self, path: Path, text: str, compare: Callable[[Path, Path], None]) -> None:
        message = self._difference = ""
        if path.is_file():
            try:
                self._files.check(
                    text,
                    encoding="utf-8",
                    newline="",
                    extension=path.suffix,
                    basename=f"{self._name}/{path.stem}",
                    check_fn=compare,
                )
            except (AssertionError, pytest.fail.Exception) as error:
                message = self._difference or f"{path}: {error}"
        elif self._name not in self._config.stash[KNOWN] and not os.environ.get("CI"):
            self._config.stash[FIRST][path] = text
        elif self._config.getoption("force_regen") and not os.environ.get("CI"):
            self._config.stash[FIRST][path] = text
            message = f"{path}: written anew: read the diff."
        else:
            message = f"{path}: no such snapshot; a run with --force-regen, and without CI=..., writes it"
        if message and self._failures is None:
            pytest.fail(message, pytrace=False)
        elif message:
            self._failures.append(message)
