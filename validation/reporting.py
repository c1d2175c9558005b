"""The report of a session: written whatever the tests said, and without a say in their result."""

import os
import traceback
from datetime import UTC, datetime
from pathlib import Path

import pytest

from priosig.experiment import Experiment
from validation.options import CORPUS, setting
from validation.runs import Case, Runs


def write_reports(config: pytest.Config, runs: Runs) -> list[str]:
    """Write the report of every experiment of this session; give the lines that say where, or what went wrong."""
    directory = Path(setting(config, "report"))
    # SOURCE_DATE_EPOCH fixes the one time in a report, for those who compare reports byte by byte.
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    now = datetime.fromtimestamp(int(epoch), UTC) if epoch else datetime.now(UTC)
    run_time = now.strftime("%Y-%m-%d %H:%M UTC")
    lines, summaries = [], []
    for case, experiment in _reportable(runs).items():
        try:
            from priosig.report import markdown_summary, write_report

            where = directory if not case.gpu else directory / "gpu"
            page = write_report(
                experiment,
                where,
                run_time=run_time,
                environment=runs.environment(case),
                sensitivity=runs.sensitivities.get(case, ()),
            )
            lines.append(f"report of {case.id}: {_relative(page)}")
            summaries.append(markdown_summary(experiment))
        except Exception:  # a report that cannot be drawn must not turn a result red, and must not be silent
            lines.append(f"report of {case.id} could not be written:\n{traceback.format_exc()}")
    for case, message in runs.failures.items():
        from priosig.report import write_failure

        page = write_failure(case.world or config.stash[CORPUS].name, directory, message, run_time=run_time)
        lines.append(f"{case.id} could not be run: {_relative(page)}")
    target = os.environ.get("GITHUB_STEP_SUMMARY")
    if target and summaries:
        with open(target, "a", encoding="utf-8") as handle:
            handle.write("\n".join(summaries) + "\n")
    return [*lines, *([""] if summaries else []), *"\n".join(summaries).splitlines()]


def _reportable(runs: Runs) -> dict[Case, Experiment]:
    """What was run; and what was only looked at, where nothing more was to be had."""
    worlds = {case.world for case in runs.experiments}
    return runs.experiments | {case: found for case, found in runs.described.items() if case.world not in worlds}


def _relative(path: Path) -> str:
    relative = os.path.relpath(path)
    return relative if not relative.startswith("..") else str(path)
