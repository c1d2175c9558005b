"""The report of an experiment: what a person looks at.

`write_report` makes a directory with the tables as CSV (`priosig.report.tables`) and one page, `index.html`, that
needs nothing else: style, plots and sounds are inside, and nothing is fetched. The page says first what was found and
whether to believe it, then shows it, then lets the mistakes be heard, and ends with what it was made from.
`markdown_summary` says the same shortly, for a terminal or a pull request.

The page runs no script, and its own policy forbids it to; every text from a corpus is escaped. The same experiment
gives the same bytes: the time of the run is there only if it is given.
"""

import functools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from priosig.experiment.pipeline import Experiment
from priosig.report import corpus, models
from priosig.report.answer import answer
from priosig.report.comparison import comparison
from priosig.report.corpus import audit_of
from priosig.report.grid import Cell, Grid, grid
from priosig.report.inputs import describe_inputs, software
from priosig.report.markdown import markdown_overview, markdown_summary, overview
from priosig.report.mistakes import mistakes
from priosig.report.publish import publish
from priosig.report.sensitivity import sensitivity as sensitivity_section
from priosig.report.tables import Table, experiment_tables, sensitivity_rows
from priosig.report.words import AUC_WORDS, clock, number, plain, share, visible

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

    from priosig.experiment.sensitivity import Row

__all__ = ["markdown_overview", "markdown_summary", "write_failure", "write_index", "write_report"]

PAGE = "index.html"
INDEX = "index of reports"
_TEMPLATES = Path(__file__).parent / "templates"


def write_report(
    experiment: Experiment,
    directory: str | Path,
    *,
    run_time: str | None = None,
    environment: Mapping[str, object] | None = None,
    sensitivity: Sequence["Row"] = (),
    n_clips: int = 2,
    failure: str = "",
) -> Path:
    """Write an experiment's report to `<directory>/<name of the experiment>/`.

    Parameters
    ----------
    experiment : Experiment
        Of `run_experiment` or, without audio, of `describe`.
    directory : path-like
        Of all reports. Files of an earlier report of the same name are replaced, nothing else
        (`priosig.report.publish`).
    run_time : str, optional
        When the run was made, shown as it is; the one thing that differs between two runs.
    environment : mapping, optional
        What the page should say of the run at its foot: device, fingerprint of the weights, and so on.
    sensitivity : sequence of Row
        What other choices would have given (`priosig.experiment.sensitivity`).
    n_clips : int
        So many of the worst mistakes of each kind and model are embedded as sound and spectrogram.
    failure : str
        Why the experiment could not be run, if it could not: then the page says so first, and holds what the
        annotations say without it.

    Returns
    -------
    Path
        The page.
    """
    target = Path(directory) / experiment.name
    findings = audit_of(experiment)
    environment = {str(key): str(value) for key, value in (environment or {}).items()}
    inputs, versions = describe_inputs(experiment), software()
    tables = experiment_tables(experiment, findings) | {"sensitivity": sensitivity_rows(sensitivity)}
    failed = {"could not be run": failure} if failure else {}
    tables["inputs"] = Table(("input", "value"), tuple((failed | environment | inputs | versions).items()))
    result = experiment.claim
    context = {
        "failure": failure,
        "answer": answer(experiment),
        "study": corpus.study(experiment, findings),
        "comparison": comparison(experiment),
        "by_video": models.by_video(experiment, result),
        "scales": models.scales(result),
        "calibrations": models.calibrations(result),
        "nulls": models.nulls(result),
        "sensitivity": sensitivity_section(sensitivity, experiment.annotations.corpus.settings.alpha),
        "mistakes": mistakes(experiment, result, n_clips),
        "audit": corpus.audit(experiment, findings),
        "inputs": inputs,
        "environment": environment,
        "software": versions,
        "run_time": run_time,
        "tables": sorted(tables),
    }
    files = {f"{name}.csv": table.to_csv() for name, table in tables.items()}
    files[PAGE] = _render("report.html.j2", name=experiment.name, **context)
    publish(target, experiment.name, files)
    return target / PAGE


def write_index(experiments: Sequence[Experiment], directory: str | Path) -> Path:
    """Write a page that leads to the reports of several experiments, with what each comes to."""
    page = _render("index.html.j2", name="Experiments", table_of_reports=_overview_table(experiments))
    publish(directory, INDEX, {PAGE: page})
    return Path(directory) / PAGE


def write_failure(name: str, directory: str | Path, message: str, *, run_time: str | None = None) -> Path:
    """Write the page of an experiment whose annotations can't even be read, with the reason.

    `name` is as for `Corpus.name`. Tables of an earlier report of that name go: they are not this run's
    (`priosig.report.publish`).
    """
    page = _render("failure.html.j2", name=name, message=message, run_time=run_time, software=software())
    publish(Path(directory) / name, name, {PAGE: page})
    return Path(directory) / name / PAGE


def _overview_table(experiments: Sequence[Experiment]) -> Grid:
    rows = []
    for o in map(overview, experiments):
        models = (Cell(*o.models[m]) if m in o.models else Cell("not run") for m in "AB")
        name = Cell(o.name, link=f"{o.name}/{PAGE}", note=f"Planted: {o.planted}" if o.planted else "")
        rows.append((name, o.annotated, Cell(o.confounds, note=o.confound), *models, o.view))
    columns = (
        ("Experiment", "long"), "Model A, as annotated", "Best confound, as annotated", "Model A", "Model B",
        "View of A and B",
    )  # fmt: skip
    return grid(AUC_WORDS, columns, rows)


def _render(template: str, **context: object) -> str:
    return _pages().get_template(template).render(**context)


@functools.cache
def _pages() -> "Environment":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    pages = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    pages.filters |= {"num": number, "share": share, "clock": clock, "plain": plain, "free": _free}
    return pages


def _free(text: str) -> "Markup":
    """Text of a corpus: escaped, its direction kept to itself, nothing in it that has no shape."""
    from markupsafe import Markup

    return Markup("<bdi>{}</bdi>").format(visible(str(text)))
