"""The reports of a session, drawn in the background: a report that fails changes no test's result."""

import os
import traceback
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path

import pytest

from priosig.experiment.pipeline import Experiment
from priosig.report.run import draw, draw_failure, run_time, shortest
from priosig.report.table_text import fenced
from priosig.report.words import visible
from validation.harness.options import CORPUS, setting
from validation.harness.runs import Case, Runs

RUN_TIME = pytest.StashKey[str]()


def begin_report(config: pytest.Config, runs: Runs, case: Case, experiment: Experiment) -> Future:
    """Begin to draw the report of what a case gave, once it is complete; what goes wrong is in the future."""
    try:
        rows = runs.sensitivities.get(case, ())
        environment = runs.environment(case)
        if case in runs.varied and case not in runs.sensitivities:
            environment["sensitivity table"] = "not made: the run ended before it"
        arguments = experiment, _directory(config, case), _run_time(config), environment, rows
        return runs.background.start((draw, case), draw, *arguments)
    except Exception as error:
        lost = Future()
        lost.set_exception(error)
        return lost


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
            lines.append(f"report of {case.id}: {shortest(page)}")
            summaries.append(summary)
            reported.setdefault(_directory(config, case), ([], {}))[0].append(experiment)
    for case, message in runs.failures.items():
        name = case.world or config.stash[CORPUS].name
        failures.append(f"### {name}\n\nCould not be run:\n\n{fenced(message)}\n")
        with _told(lines, f"report of {case.id}"):
            directory, time = _directory(config, case), _run_time(config)
            page = draw_failure(runs.corpus(case), name, directory, runs.cache, message, time)
            lines.append(f"{case.id} could not be run; its report says why: {shortest(page)}")
            reported.setdefault(directory, ([], {}))[1][name] = message
    for directory, (experiments, lost) in reported.items():
        with _told(lines, f"{directory}: the page of all reports"):
            from priosig.report.page import markdown_overview, write_index

            index = write_index(experiments, directory, lost)
            if len(experiments) + len(lost) > 1:
                lines.append(f"all of them: {shortest(index)}")
            if len(experiments) > 1:
                summaries.insert(0, markdown_overview(experiments))
    target = os.environ.get("GITHUB_STEP_SUMMARY")
    if target and (summaries or failures):
        with _told(lines, "GITHUB_STEP_SUMMARY"), open(target, "a", encoding="utf-8") as handle:
            handle.write(visible("\n".join([*failures, *summaries])) + "\n")
    # On the terminal one experiment is told at length; of several, their verdicts.
    shown = summaries if len(summaries) == 1 else [text for text in summaries if not text.startswith("#")]
    return [visible(line) for line in (*lines, *([""] if shown else []), *"\n".join(shown).splitlines())]


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
        config.stash[RUN_TIME] = run_time()
    return config.stash[RUN_TIME]
