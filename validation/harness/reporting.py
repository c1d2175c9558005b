"""The reports of a session: drawn in the background, whatever the tests say, and without a say in their result."""

import os
import traceback
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from priosig._core.cache import EmbeddingCache
from priosig.experiment.corpus import read_annotations
from priosig.experiment.pipeline import Experiment, describe
from priosig.report.table_text import fenced
from priosig.report.words import visible
from validation.harness.options import CORPUS, setting
from validation.harness.runs import Case, Runs

if TYPE_CHECKING:
    from priosig.experiment.sensitivity import Row

RUN_TIME = pytest.StashKey[str]()


def begin_report(config: pytest.Config, runs: Runs, case: Case, experiment: Experiment) -> Future:
    """Begin to draw the report of what a case gave, once it is complete; what goes wrong is in the future."""
    try:
        rows = runs.sensitivities.get(case, ())
        arguments = experiment, _directory(config, case), _run_time(config), runs.environment(case), rows
        return runs.background.start((draw, case), draw, *arguments)
    except Exception as error:
        lost = Future()
        lost.set_exception(error)
        return lost


def draw(
    experiment: Experiment, directory: Path, run_time: str, environment: dict, sensitivity: Sequence["Row"]
) -> tuple[Path, str]:
    """Write a report; give its page and the summary."""
    from priosig.report.page import markdown_summary, write_report

    page = write_report(experiment, directory, run_time=run_time, environment=environment, sensitivity=sensitivity)
    return page, markdown_summary(experiment)


def write_reports(config: pytest.Config, runs: Runs) -> list[str]:
    """Write the report of every experiment of this session; give the lines that say where, or what went wrong.

    A report that cannot be written must not turn a result red, and must not be silent: each trouble is a line.
    """
    lines, summaries, failures = [], [], []
    reported: dict[Path, tuple[list[Experiment], dict[str, str]]] = {}
    drawn = [(case, one, begin_report(config, runs, case, one)) for case, one in _reportable(runs).items()]
    for case, experiment, drawing in drawn:
        with _told(lines, f"report of {case.id}"):
            page, summary = drawing.result()
            lines.append(f"report of {case.id}: {_relative(page)}")
            summaries.append(summary)
            reported.setdefault(_directory(config, case), ([], {}))[0].append(experiment)
    for case, message in runs.failures.items():
        name = case.world or config.stash[CORPUS].name
        failures.append(f"### {name}\n\nCould not be run:\n\n{fenced(message)}\n")
        with _told(lines, f"report of {case.id}"):
            page = _draw_failure(config, runs, case, name, message)
            lines.append(f"{case.id} could not be run; its report says why: {_relative(page)}")
            reported.setdefault(_directory(config, case), ([], {}))[1][name] = message
    for directory, (experiments, lost) in reported.items():
        with _told(lines, f"{directory}: the page of all reports"):
            from priosig.report.page import markdown_overview, write_index

            index = write_index(experiments, directory, lost)
            if len(experiments) + len(lost) > 1:
                lines.append(f"all of them: {_relative(index)}")
            if len(experiments) > 1:
                summaries.insert(0, markdown_overview(experiments))
    target = os.environ.get("GITHUB_STEP_SUMMARY")
    if target and (summaries or failures):
        with _told(lines, "GITHUB_STEP_SUMMARY"), open(target, "a", encoding="utf-8") as handle:
            handle.write(visible("\n".join([*failures, *summaries])) + "\n")
    # On the terminal one experiment is told at length; of several, their verdicts.
    shown = summaries if len(summaries) == 1 else [text for text in summaries if not text.startswith("#")]
    return [visible(line) for line in (*lines, *([""] if shown else []), *"\n".join(shown).splitlines())]


def _draw_failure(config: pytest.Config, runs: Runs, case: Case, name: str, message: str) -> Path:
    """The report of what could not be run: what its annotations say, or the reason alone if they can't be read."""
    from priosig.report.page import write_failure, write_report

    directory, run_time = _directory(config, case), _run_time(config)
    try:
        silent = read_annotations(replace(runs.corpus(case), audio=None))
        known = describe(silent, EmbeddingCache(runs.cache))
    except (OSError, ValueError):
        return write_failure(name, directory, message, run_time=run_time)
    return write_report(known, directory, run_time=run_time, environment={"device": "none"}, failure=message)


@contextmanager
def _told(lines: list[str], what: str) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError) as error:
        lines.append(f"{what} could not be written: {error}")
    except Exception:
        lines.append(f"{what} could not be written:\n{traceback.format_exc()}")


def _reportable(runs: Runs) -> dict[Case, Experiment]:
    """What was run; and what was only looked at, where nothing more was to be had."""
    worlds = {case.world for case in runs.experiments}
    return runs.experiments | {case: one for case, one in runs.described.items() if case.world not in worlds}


def _directory(config: pytest.Config, case: Case) -> Path:
    directory = Path(setting(config, "report"))
    return directory / "gpu" if case.gpu and case.world else directory


def _run_time(config: pytest.Config) -> str:
    if RUN_TIME not in config.stash:
        # SOURCE_DATE_EPOCH fixes the one time in a report, for those who compare reports byte by byte.
        epoch = os.environ.get("SOURCE_DATE_EPOCH")
        now = datetime.fromtimestamp(int(epoch), UTC) if epoch else datetime.now(UTC)
        config.stash[RUN_TIME] = now.strftime("%Y-%m-%d %H:%M UTC")
    return config.stash[RUN_TIME]


def _relative(path: Path) -> str:
    relative = os.path.relpath(path)
    return relative if not relative.startswith("..") else str(path)
