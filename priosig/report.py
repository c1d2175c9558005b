"""The report of an experiment: what a person looks at.

`write_report` makes a directory with the tables as CSV (`priosig.report_tables`) and one page, `index.html`, that
needs nothing else: style, plots and sounds are inside, and nothing is fetched. The page says first what was found and
whether to believe it, then shows it, then lets the mistakes be heard, and ends with what it was made from.
`markdown_summary` says the same shortly, for a terminal or a pull request.

The page runs no script, and its own policy forbids it to; every text from a corpus is escaped. The same experiment
gives the same bytes: the time of the run is there only if it is given.
"""

import functools
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from platform import python_version
from typing import TYPE_CHECKING

import numpy as np

from . import report_models, report_page
from .atomic import write_text
from .audit import Finding, audit_annotations, read_demonstrated
from .corpus import Corpus
from .experiment import Experiment
from .report_tables import Table, aligned, experiment_tables, main_view, sensitivity_rows

if TYPE_CHECKING:
    from jinja2 import Environment

    from .sensitivity import Row

PAGE = "index.html"
_TEMPLATES = Path(__file__).parent / "templates"
_PACKAGES = (
    "numpy", "scipy", "scikit-learn", "torch", "torchaudio", "muq", "transformers", "soxr", "soundfile",
    "safetensors", "silero-vad", "matplotlib", "jinja2",
)  # fmt: skip


def write_report(
    experiment: Experiment,
    directory: str | Path,
    *,
    run_time: str | None = None,
    environment: Mapping[str, object] | None = None,
    sensitivity: Sequence["Row"] = (),
    n_clips: int = 2,
) -> Path:
    """Write an experiment's report to `<directory>/<name of the experiment>/`.

    Parameters
    ----------
    experiment : Experiment
        Of `run_experiment` or, without audio, of `describe`.
    directory : path-like
        Of all reports. Files of an earlier report of the same name are replaced, each atomically.
    run_time : str, optional
        When the run was made, shown as it is; the one thing that differs between two runs.
    environment : mapping, optional
        What the page should say of the run at its foot: device, fingerprint of the weights, and so on.
    sensitivity : sequence of Row
        What other choices would have given (`priosig.sensitivity`).
    n_clips : int
        So many of the worst mistakes of each kind and model are embedded as sound and spectrogram.

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
    tables["inputs"] = Table(("input", "value"), tuple((environment | inputs | versions).items()))
    for name, table in tables.items():
        write_text(target / f"{name}.csv", table.to_csv())
    result = main_view(experiment)
    context = {
        "headline": report_page.headline(experiment),
        "study": report_page.study(experiment),
        "comparison": report_page.comparison(experiment),
        "by_video": report_models.by_video(experiment, result),
        "scales": report_models.scales(result),
        "calibrations": report_models.calibrations(result),
        "nulls": report_models.nulls(result),
        "sensitivity": list(sensitivity),
        "mistakes": report_models.mistakes(experiment, result, n_clips),
        "audit": report_page.audit(findings),
        "inputs": inputs,
        "environment": environment,
        "software": versions,
        "run_time": run_time,
        "tables": sorted(tables),
    }
    return write_text(target / PAGE, _render("report.html.j2", name=experiment.name, **context))


def write_index(experiments: Sequence[Experiment], directory: str | Path) -> Path:
    """Write a page that leads to the reports of several experiments, with their verdicts."""
    rows = []
    for experiment in experiments:
        head = report_page.headline(experiment)
        rows.append({"name": experiment.name, "view": head["view"], "verdicts": head["verdicts"]})
    return write_text(Path(directory) / PAGE, _render("index.html.j2", name="priosig", rows=rows))


def write_failure(name: str, directory: str | Path, message: str, *, run_time: str | None = None) -> Path:
    """Write the page of an experiment that could not be run, with the reason; `name` as for `Corpus.name`."""
    page = _render("failure.html.j2", name=name, message=message, run_time=run_time, software=software())
    return write_text(Path(directory) / name / PAGE, page)


def markdown_summary(experiment: Experiment) -> str:
    """The findings in a few lines of Markdown, with aligned tables, for a terminal or a pull request."""
    head = report_page.headline(experiment)
    lines = [f"### {experiment.name}", ""]
    if head["annotations_only"]:
        lines += ["Annotations only: no audio was heard, no model was run.", ""]
    for verdict in head["verdicts"]:
        lines.append(f"- Model {verdict['model']}, {head['view']} view: **{verdict['label']}**. {verdict['words']}")
        if (a := verdict["assessment"]) is not None:
            e = a.evidence
            lines[-1] += (
                f" AUC within video {e.auc:.3f} [{e.low:.2f}, {e.high:.2f}], above 0.5 in {e.n_videos_above_half} of "
                f"{e.n_videos} videos; p: T1 {_pvalue(e.any_signal_pvalue)}, T2 {_pvalue(e.beyond_confounds_pvalue)}."
            )
    if not head["verdicts"]:
        lines += [f"- Design of the {d['view']} view: {d['sentence']}" for d in head["designs"]]
    side = head["side_by_side"]
    rows = [("AUC within video", *(name for name, _ in side["views"]))]
    for row in side["rows"]:
        rows.append((row["what"], *(_cell(cell) for cell in row["cells"])))
    lines += ["", *aligned(rows), ""]
    for finding in audit_of(experiment):
        if finding.count:
            lines.append(f"- {finding.title}: {finding.count} of {finding.total}")
    return "\n".join(lines) + "\n"


def markdown_overview(experiments: Sequence[Experiment]) -> str:
    """AUCs within video and verdicts of several experiments, as one aligned Markdown table.

    Windows as annotated stand beside those of the view that claims rest on: what a leak gives, and what is left.
    """
    rows = [("AUC within video", "A, as annotated", "confounds, as annotated", "A", "B", "view of A and B")]
    for experiment in experiments:
        head = report_page.headline(experiment)
        found = {verdict["model"]: f"{verdict['auc']:.2f} {verdict['label']}" for verdict in head["verdicts"]}
        annotated = experiment.views["annotated"]
        published = f"{annotated.models['A']['auc_within_video']:.2f}" if "A" in annotated.models else "not run"
        baselines = annotated.design.baselines if annotated.design is not None else ()
        best = f"{max(b.auc_within_video for b in baselines):.2f}" if baselines else "none"
        models = (found.get(model, "not run") for model in "AB")
        rows.append((experiment.name, published, best, *models, head["view"]))
    return "\n".join(aligned(rows)) + "\n"


def audit_of(experiment: Experiment) -> tuple[Finding, ...]:
    """The annotation audit of an experiment."""
    annotations = experiment.annotations
    corpus = annotations.corpus
    return audit_annotations(
        annotations.moments,
        annotations.segments,
        min_continue_duration=corpus.settings.min_continue_duration,
        demonstrated=read_demonstrated(corpus.moments) if corpus.moments.is_file() else None,
    )


def describe_inputs(experiment: Experiment) -> dict[str, str]:
    """What the experiment was made from: files by name and SHA-256, settings, and a hash of labels and features."""
    corpus: Corpus = experiment.annotations.corpus
    rows = {"annotations": _hashed(corpus.moments)}
    rows |= {f"quality head {k}": _hashed(path) for k, path in enumerate(corpus.checkpoints, start=1)}
    if corpus.audio is not None:
        rows["model"] = Path(corpus.muq).name if Path(corpus.muq).is_dir() else corpus.muq
    for name, v in experiment.views.items():
        labels = "\n".join(f"{s.segment_id} {label}" for s, label in zip(v.view.segments, v.y, strict=True))
        rows[f"segments and labels, {name}"] = _short_hash(labels.encode())
        if v.features is not None:
            rows[f"embeddings, {name}"] = _short_hash(np.ascontiguousarray(v.features.embeddings).tobytes())
    rows |= {f"setting {key}": str(value) for key, value in asdict(corpus.settings).items()}
    return rows


def software() -> dict[str, str]:
    """Versions of Python and of what computes."""
    found = {"Python": python_version()}
    for package in ("priosig", *_PACKAGES):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def _hashed(path: Path) -> str:
    if not path.is_file():
        return f"{path.name} (no longer there)"
    return f"{path.name}, {_short_hash(path.read_bytes())}"


def _short_hash(data: bytes) -> str:
    return f"sha256 {hashlib.sha256(data).hexdigest()[:16]}"


def _cell(cell: Mapping) -> str:
    note = cell["verdict"] or cell["note"]
    return note if cell["auc"] is None else f"{cell['auc']:.3f} ({note})" if note else f"{cell['auc']:.3f}"


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
    pages.filters |= {"num": _number, "share": _share, "p": _pvalue, "clock": _clock, "plain": _plain}
    return pages


def _number(value: float | None, digits: int = 2) -> str:
    """A number with so many decimals and a true minus; a dash where there is none."""
    if value is None or value != value:
        return "–"
    return f"{value:.{digits}f}".replace("-", "−")


def _share(value: float | None) -> str:
    return "–" if value is None or value != value else f"{100 * value:.0f} %"


def _pvalue(value: float | None) -> str:
    return "–" if value is None or value != value else f"{value:.4f}" if value < 0.01 else f"{value:.3f}"


def _clock(seconds: float) -> str:
    """Minutes and seconds, as players show them; hours where there are some."""
    whole = int(seconds)
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02d}:{whole % 60:02d}" if hours else f"{minutes}:{whole % 60:02d}"


def _plain(name: str) -> str:
    return name.replace("_", " ")
