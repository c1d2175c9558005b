"""The findings in Markdown, for a terminal or a pull request: one experiment at length, several as a table."""

from collections.abc import Sequence
from dataclasses import dataclass

from priosig.experiment.feature_sets import FEATURE_SETS
from priosig.experiment.pipeline import Experiment
from priosig.experiment.planted import EXPECTED, PLANTED
from priosig.inference.planning import PowerTable
from priosig.report.answer import answer, rule_table
from priosig.report.audit import audit_of
from priosig.report.confounds import best_artefact, reach
from priosig.report.material import Material
from priosig.report.table_text import aligned, escaped
from priosig.report.words import confound, joined, number, pvalue

NOT_RUN = "not run"
_MARKS = {"": "", "passed": "✓", "failed": "✗", "not reached": "–"}


@dataclass(frozen=True)
class Overview:
    """An experiment in a line: AUCs within video, `NOT_RUN` or "none" where there are none."""

    name: str
    planted: str  # of an embedded world; else empty
    expected: tuple[str, ...]  # the verdicts that are right for it
    annotated: dict[str, str]  # each model as annotated
    confounds: str  # the best of the confounds beside it
    confound: str  # which that is
    models: dict[str, tuple[str, str]]  # AUC and verdict in the view that conclusions are drawn from
    view: str  # that view


def overview(experiment: Experiment) -> Overview:
    """An experiment in one row: the windows as annotated, and those that conclusions are drawn from."""
    material = Material(experiment)
    claim, annotated = material.claim, material.annotated
    best = best_artefact(annotated.design)
    models = dict.fromkeys(FEATURE_SETS, ("–", claim.refusal.label) if claim.refusal else ("", NOT_RUN))
    for name, cv in claim.models.items():
        models[name] = number(cv["auc_within_video"]), material.verdicts[name].label
    reached = {name: number(cv["auc_within_video"]) for name, cv in annotated.models.items()}
    return Overview(
        name=experiment.name,
        planted=PLANTED.get(experiment.name, ""),
        expected=EXPECTED.get(experiment.name, ()),
        annotated={name: reached.get(name, NOT_RUN) for name in FEATURE_SETS},
        confounds=number(reach(best)) if best else "none",
        confound=confound(best.name) if best else "",
        models=models,
        view=claim.view.name,
    )


def markdown_summary(experiment: Experiment) -> str:
    """The findings in a few lines of Markdown, with the rule as an aligned table."""
    material = Material(experiment, audit_of(experiment))
    head = answer(material)
    lines = [f"### {experiment.name}", "", head["question"], "", f"**{head['short']}**", ""]
    if head["planted"]:
        lines += [f"Embedded world. Planted: {head['planted']}", ""]
    if head["annotations_only"]:
        lines += ["Annotations only: no audio was heard, no model was run.", ""]
    for name, a in material.claim.assessments.items():
        e = a.evidence
        lines.append(
            f"- Model {name}, {material.claim.view.name} view: **{a.verdict.label}**. AUC within video "
            f"{number(e.auc, 3)} (interval {number(e.low)} to {number(e.high)}), above 0.5 in "
            f"{e.n_videos_above_half} of {e.n_videos} videos; p: T1 {pvalue(e.any_signal_pvalue)}, T2 "
            f"{pvalue(e.beyond_confounds_pvalue)}."
        )
    lines += [f"- {escaped(text)}" for text in head["because"]]
    lines += [f"- **{todo.what}** {escaped(todo.why)}" for todo in head["todo"]]
    if head["annotations_only"]:
        for view, plan in material.planned.items():
            lines.append(f"- Videos like these for a chance of 80%, {view} view: {_needed(plan)}.")
    table = rule_table(material)
    rows = [[column.label for column in table.columns]]
    for row in table.rows:
        shown = [cell if cell is not None else row[2] for cell in row]  # one for all models
        rows.append([" ".join(filter(None, (_MARKS[cell.mark], cell.text))) for cell in shown])
    lines += ["", *aligned(rows), ""]
    lines += [f"- {f.title}: {f.count} of {f.total}" for f in material.findings if f.count]
    return "\n".join(lines) + "\n"


def _needed(table: PowerTable) -> str:
    needed = zip(table.aucs, table.needed, strict=True)
    return ", ".join(f"{n or f'more than {table.n_videos[-1]}'} for an AUC of {auc:.2f}" for auc, n in needed)


def markdown_overview(experiments: Sequence[Experiment]) -> str:
    """AUCs within video and verdicts of several experiments as a table: what a leak gives, and what is left."""
    first = next(iter(FEATURE_SETS))
    known = f"{first}, as annotated", "confounds, as annotated"
    rows = [("AUC within video", *known, *FEATURE_SETS, "view", "expected")]
    for o in map(overview, experiments):
        judged = (" ".join(filter(None, of)) for of in o.models.values())
        rows.append((o.name, o.annotated[first], o.confounds, *judged, o.view, joined(o.expected, "or")))
    return "\n".join(aligned(rows)) + "\n"
