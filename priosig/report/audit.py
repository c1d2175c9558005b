"""The annotation audit as a list of what to mend, ranked by what it does to the result."""

import math
from collections.abc import Sequence

from priosig.annotations.audit.checks import Finding, Problem, audit_annotations
from priosig.annotations.audit.finding import HARMS
from priosig.experiment.heard_audit import audit_heard
from priosig.experiment.pipeline import Experiment
from priosig.report.grid import Cell, Grid, grid
from priosig.report.links import link_of, teachers
from priosig.report.material import Material
from priosig.report.words import capital, clock, counted

MOST_AT_ONCE = 3
"""Rows of each finding that are shown at first."""
MOST_ROWS = 100
"""Rows of each finding on the page; the table `audit.csv` holds all."""
_COLUMNS = ("Teacher", ("Time", "number"), ("By how much", "long"))


def audit_of(experiment: Experiment) -> tuple[Finding, ...]:
    """The audit of an experiment: of its annotations, and of what was heard."""
    annotations = experiment.annotations
    corpus = annotations.corpus
    of_annotations = audit_annotations(
        annotations.moments,
        annotations.segments,
        min_continue_duration=corpus.settings.min_continue_duration,
    )
    return of_annotations + audit_heard(annotations, experiment.claim)


def audit(material: Material) -> dict:
    """The list of what to mend, the findings with all their rows, and what was looked for and is not there."""
    by_harm = sorted((f for f in material.findings if f.count), key=lambda f: HARMS.index(f.harm))
    others = [f for f in material.findings if not f.count]
    names = teachers(material.experiment)
    return {
        "first": _first(material, by_harm, names) if by_harm else None,
        "all": [_in_full(material, f, names) for f in by_harm],
        "others": [f"{f.title}: {f.summary}" for f in others],
    }


def _first(material: Material, findings: Sequence[Finding], names: dict[str, str]) -> Grid:
    """The worst rows of each finding."""
    rows: list[tuple[Cell | str | None, ...]] = []
    for f in findings:
        worst = _worst_first(f.problems)[:MOST_AT_ONCE]
        note = f"{f.count:,} of {counted(f.total, f.unit)}: {f.harm}"
        rows.append((Cell(f.title, note=note, link=f"#audit-{f.name}", columns=len(_COLUMNS)), None, None))
        rows += [_row(material, problem, names) for problem in worst]
    caption = "What to mend, the worst first. Every finding leads to all of its rows."
    return grid(caption, _COLUMNS, rows)


def _in_full(material: Material, f: Finding, names: dict[str, str]) -> dict:
    rows = [_row(material, problem, names) for problem in f.problems[:MOST_ROWS]]
    more = len(f.problems) - len(rows)
    return {
        "name": f.name,
        "title": f"{f.title}: {f.count:,} of {counted(f.total, f.unit)}",
        "text": f"{f.summary.removeprefix(f'{f.count} of {counted(f.total, f.unit)}.')} {f.effect}".strip(),
        "table": grid(f"{f.title}: the {f.unit}s", _COLUMNS, rows),
        "more": more,
    }


def _row(material: Material, problem: Problem, names: dict[str, str]) -> tuple[Cell, Cell, str]:
    teacher = Cell(names.get(problem.video_id, ""), id=problem.video_id)
    if problem.time is None:
        return teacher, Cell("–"), capital(problem.detail)
    link = link_of(material.experiment, problem.video_id, problem.time)
    return teacher, Cell(clock(problem.time), link=link), capital(problem.detail)


def _worst_first(problems: Sequence[Problem]) -> list[Problem]:
    """By size; in the order of the annotations where all are alike."""
    return sorted(problems, key=lambda p: 0.0 if math.isnan(p.size) else -p.size)
