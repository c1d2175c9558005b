"""The findings in Markdown, for a terminal or a pull request: one experiment at length, several as a table."""

from collections.abc import Sequence
from dataclasses import dataclass

from priosig.experiment.pipeline import Experiment
from priosig.experiment.planted import PLANTED
from priosig.report.answer import answer, best_baseline
from priosig.report.corpus import audit_of
from priosig.report.table_text import aligned
from priosig.report.words import confound, number, pvalue


@dataclass(frozen=True)
class Overview:
    """An experiment in a line: AUCs within video, "not run" or "none" where there are none.

    Attributes
    ----------
    name : str
    planted : str
        Of an embedded world; else empty.
    annotated, confounds : str
        Model A as annotated, and the best of the confounds beside it.
    confound : str
        Which that is.
    models : dict of str to (str, str)
        AUC and verdict of each model, in the view that claims rest on.
    view : str
        That view.
    """

    name: str
    planted: str
    annotated: str
    confounds: str
    confound: str
    models: dict[str, tuple[str, str]]
    view: str


def overview(experiment: Experiment) -> Overview:
    """What an experiment comes to: what a leak gives, and what is left of it."""
    result, annotated = experiment.claim, experiment.views["annotated"]
    best = best_baseline(annotated.design)
    models = {}
    for name, cv in result.models.items():
        label = result.assessments[name].verdict.label if name in result.assessments else "not tested"
        models[name] = number(cv["auc_within_video"]), label
    if result.refusal is not None:
        models = dict.fromkeys("AB", ("–", result.refusal.label))
    return Overview(
        name=experiment.name,
        planted=PLANTED.get(experiment.name, ""),
        annotated=number(annotated.models["A"]["auc_within_video"]) if "A" in annotated.models else "not run",
        confounds=number(best.auc_within_video) if best else "none",
        confound=confound(best.name) if best else "",
        models=models,
        view=result.view.name,
    )


def markdown_summary(experiment: Experiment) -> str:
    """The findings in a few lines of Markdown, with aligned tables."""
    head, result = answer(experiment), experiment.claim
    lines = [f"### {experiment.name}", ""]
    if head["planted"]:
        lines += [f"Embedded world. Planted: {head['planted']}", ""]
    lines += [f"**{head['short']}** {head['sentence']}", ""]
    if head["annotations_only"]:
        lines += ["Annotations only: no audio was heard, no model was run.", ""]
    for name, a in result.assessments.items():
        e = a.evidence
        lines.append(
            f"- Model {name}, {head['view']} view: **{a.verdict.label}**. AUC within video {number(e.auc, 3)} "
            f"[{number(e.low)}, {number(e.high)}], above 0.5 in {e.n_videos_above_half} of {e.n_videos} videos; "
            f"p: T1 {pvalue(e.any_signal_pvalue)}, T2 {pvalue(e.beyond_confounds_pvalue)}."
        )
    if not result.assessments or head["label"] == "invalid design":
        lines += [f"- {text}" for text in head["why"]]
    table = head["side_by_side"]
    rows = [("AUC within video", *(column.label for column in table.columns[1:]))]
    for first, *cells in table.rows:
        rows.append((first.text, *(_cell(c.text, c.verdict or c.note) for c in cells)))
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
        o = overview(experiment)
        models = (" ".join(o.models[model]) if model in o.models else "not run" for model in "AB")
        rows.append((o.name, o.annotated, o.confounds, *models, o.view))
    return "\n".join(aligned(rows)) + "\n"


def _cell(text: str, note: str) -> str:
    return f"{text} ({note})" if text and note else text or note
