"""The report of an experiment: its tables as CSV, and one page, `index.html`, that needs nothing else.

The page first answers the question, and says how sure that is and what to do; then it shows why. One row a section
(`SECTIONS`) and one row a plot (`PLOTS`): a row is all that the page needs to show one more. Both are functions of a
`Material`; where there is nothing to show they give nothing, and are left out.

Style, plots and sounds are inside the page. It runs no script, and its own policy forbids it to. Every text from a
corpus is escaped. The same experiment gives the same bytes: the time of the run is there only if it is given.
"""

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from priosig.experiment.feature_sets import FEATURE_SETS
from priosig.experiment.pipeline import Experiment
from priosig.experiment.sensitivity import Row
from priosig.report.answer import QUESTION, answer, rule
from priosig.report.audit import audit, audit_of
from priosig.report.glossary import glossary
from priosig.report.grid import Cell, Figure, Grid, grid
from priosig.report.inputs import describe_inputs, software
from priosig.report.listen import listen, make_clips
from priosig.report.markdown import NOT_RUN, markdown_overview, markdown_summary, overview
from priosig.report.material import Material
from priosig.report.methods import methods
from priosig.report.models import models
from priosig.report.numbers import needed, numbers
from priosig.report.plots import (
    beside,
    calibration,
    choices,
    coefficients,
    correlations,
    lengths,
    nulls,
    power,
    timeline,
)
from priosig.report.publish import publish
from priosig.report.sensitivity import sensitivity as sensitivity_section
from priosig.report.sensitivity import with_own
from priosig.report.study import study
from priosig.report.table_text import Table
from priosig.report.tables import experiment_tables
from priosig.report.words import AUC_WORDS, clock, free, joined, long, number, plain, share

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["markdown_overview", "markdown_summary", "write_failure", "write_index", "write_report"]

PAGE = "index.html"
INDEX = "index of reports"
_TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True)
class Section:
    """A section, and what gives its contents."""

    name: str  # its id, and the name of its template
    short: str  # in the list of contents
    title: str
    contents: Callable[[Material], object | None]


@dataclass(frozen=True)
class Plot:
    """A plot, the section in which it stands, and what draws its figures."""

    name: str
    section: str
    figures: Callable[[Material], Sequence[Figure]]
    folded: str = ""  # what it is folded under


SECTIONS = (
    Section("rule", "Why", "What the answer rests on", rule),
    Section("audit", "Mend", "What to mend in the annotations", audit),
    Section("listen", "Videos", "Along the videos", listen),
    Section("needed", "Needed", "What would be needed", needed),
    Section("choices", "Other choices", "What other choices would have given", sensitivity_section),
    Section("models", "Models", "What the models go by", models),
    Section("numbers", "Numbers", "Every number", numbers),
    Section("study", "Study", "The study", study),
    Section("methods", "Methods", "Methods to copy", methods),
    Section("words", "Words", "Words used here", lambda material: glossary()),
    Section("inputs", "Inputs", "What this was made from", lambda material: {}),
)
PLOTS = (
    Plot("beside", "rule", beside.figures),
    Plot("timeline", "listen", timeline.figures),
    Plot("needed", "needed", power.figures),
    Plot("choices", "choices", choices.figures),
    Plot("coefficients", "models", coefficients.figures),
    Plot("calibration", "models", calibration.figures),
    Plot("nulls", "models", nulls.figures, folded="What chance gives"),
    Plot("correlations", "models", correlations.figures, folded="How the scales go together"),
    Plot("lengths", "study", lengths.figures),
)


def write_report(
    experiment: Experiment,
    directory: str | Path,
    *,
    run_time: str | None = None,
    environment: Mapping[str, str] | None = None,
    sensitivity: Sequence[Row] = (),
    failure: str = "",
) -> Path:
    """Write an experiment's report to `<directory>/<name of the experiment>/`, and give the path of its page.

    Parameters
    ----------
    experiment : Experiment
        Of `run_experiment` or, without audio, of `describe`.
    directory : path-like
        Of all reports. Files of an earlier report of the same name are replaced, nothing else.
    run_time : str, optional
        When the run was made, shown as it is; the one thing that differs between two runs.
    environment : mapping, optional
        What the page should say of the run at its foot: device, fingerprint of the weights, and so on.
    sensitivity : sequence of Row
        What other choices would have given (`priosig.experiment.sensitivity`).
    failure : str
        Why the experiment could not be run, if it could not; the page says so first.

    Raises
    ------
    ValueError
        If files of the user's are in the way (`priosig.report.publish`).
    """
    material = Material(experiment, audit_of(experiment), with_own(sensitivity, experiment))
    material = replace(material, clips=make_clips(material))
    environment, inputs, versions = environment or {}, describe_inputs(experiment), software()
    tables = experiment_tables(material)
    failed = {"could not be run": failure} if failure else {}
    tables["inputs"] = Table(("input", "value"), list({**failed, **environment, **inputs, **versions}.items()))
    files = {f"{name}.csv": table.to_csv() for name, table in tables.items()}
    files["methods.md"] = methods(material)["markdown"]
    files[PAGE] = _render(
        "report.html.j2",
        name=experiment.name,
        failure=failure,
        head=answer(material),
        sections=_sections(material),
        about={"run_time": run_time, "environment": environment, "inputs": inputs, "software": versions},
        tables=sorted(tables),
    )
    return publish(Path(directory) / experiment.name, experiment.name, files) / PAGE


def write_index(
    experiments: Sequence[Experiment], directory: str | Path, failures: Mapping[str, str] | None = None
) -> Path:
    """Write a page that leads to several reports; `failures`: what could not be run, with the reason, by name."""
    page = _render(
        "index.html.j2",
        name="Experiments",
        question=QUESTION,
        overview=_overview_table(experiments) if experiments else None,
        failures=[(name, f"{name}/{PAGE}", why) for name, why in (failures or {}).items()],
    )
    return publish(directory, INDEX, {PAGE: page}) / PAGE


def write_failure(name: str, directory: str | Path, message: str, *, run_time: str | None = None) -> Path:
    """Write the page of an experiment whose annotations can't even be read; tables of an earlier report go."""
    page = _render("failure.html.j2", name=name, message=message, run_time=run_time, software=software())
    return publish(Path(directory) / name, name, {PAGE: page}) / PAGE


def _sections(material: Material) -> list[dict]:
    """What each section holds; those that hold nothing are left out."""
    # Without audio there is nothing to do but to mend the annotations.
    rows = SECTIONS if material.is_heard else sorted(SECTIONS, key=lambda section: section.name != "audit")
    held = []
    for section in rows:
        if (it := section.contents(material)) is not None:
            drawn = [{**vars(p), "figures": p.figures(material)} for p in PLOTS if p.section == section.name]
            held.append({**vars(section), "it": it, "plots": [plot for plot in drawn if plot["figures"]]})
    return held


def _overview_table(experiments: Sequence[Experiment]) -> Grid:
    rows = []
    for o in map(overview, experiments):
        models = (Cell(text, verdict=label) if text else Cell(label) for text, label in o.models.values())
        name = Cell(o.name, link=f"{o.name}/{PAGE}", note=f"Planted: {o.planted}" if o.planted else "")
        annotated = ", ".join(f"{model}\u00a0{value}" for model, value in o.annotated.items() if value != NOT_RUN)
        confounds = Cell(o.confounds, note=o.confound)
        labels = {label for _, label in o.models.values()} - {NOT_RUN}
        mark = "" if not labels or not o.expected else "passed" if labels <= set(o.expected) else "failed"
        expected = Cell(joined(o.expected, "or") or "not known", mark=mark)
        rows.append((name, expected, *models, o.view, annotated or NOT_RUN, confounds))
    titles = (f"Model\u00a0{model}" for model in FEATURE_SETS)
    columns = (("Experiment", "long"), "Expected", *titles, "View", "As annotated", "Best confound, as annotated")
    return grid(AUC_WORDS, columns, rows)


def _render(template: str, **context: object) -> str:
    return _pages().get_template(template).render(**context)


@functools.cache
def _pages() -> "Environment":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    loader = FileSystemLoader(_TEMPLATES)
    pages = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    pages.filters |= {"num": number, "share": share, "clock": clock, "plain": plain, "free": free, "long": long}
    pages.globals |= vars(pages.get_template("macros.html.j2").module)
    return pages
