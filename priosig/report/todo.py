"""What to do next: whether to rely on a model, what to mend, what to record."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from priosig.annotations.audit.finding import HARMS, Finding
from priosig.inference.planning import PowerTable
from priosig.report.audit import MEASURED_BY, MEND, by_effect, is_idle
from priosig.report.confounds import on_average, telling
from priosig.report.material import Material
from priosig.report.words import confound, hundred, joined, share
from priosig.verdict.evidence import Evidence
from priosig.verdict.wording import deciding_power


@dataclass(frozen=True)
class ToDo:
    """Something to do: what, why, and where on the page more of it is."""

    what: str
    why: str
    link: str = ""


def to_do(material: Material, label: str) -> list[ToDo]:
    """What to do next: rely on a model or not, mend, record."""
    todo = [_rely(material, label)] if label or material.is_heard else []
    if not material.is_heard:
        why = "With them, windows are cut where there is playing and no talk, and the models are run."
        todo.append(ToDo("Give the recordings (--audio).", why))
    more = _mend(material), _record(material, label)
    return [*todo, *(one for one in more if one is not None)]


def surest(material: Material, label: str) -> tuple[str, Evidence]:
    """Of the models with this verdict the one whose interval begins highest."""
    of_label = [(name, a.evidence) for name, a in material.claim.assessments.items() if a.verdict.label == label]
    return max(of_label, key=lambda one: -1.0 if math.isnan(one[1].low) else one[1].low)


def _mend(material: Material) -> ToDo | None:
    """What to mend first: what the strongest confound comes from, then what else does harm."""
    annotated = material.annotated
    ranked = by_effect(material.findings, annotated.design)
    harmful = [f for f in ranked if f.count and f.harm in HARMS[:2] and not is_idle(f, annotated.design)]
    for b in telling(annotated.design):
        for first in ranked:
            if b.name in MEASURED_BY.get(first.name, ()):
                then = _named([f for f in harmful if f is not first][:2])
                why = f"First: {on_average(annotated, b.name)}. {MEND[first.name]}"
                return ToDo(_mended(first), f"{why} Then: {then}." if then else why, "#audit")
    if not harmful:
        return None
    return ToDo(_mended(harmful[0]), f"First: {_named(harmful[:2])}. {MEND[harmful[0].name]}", "#audit")


def _mended(f: Finding) -> str:
    # A length is what was played: no annotation is wrong for it.
    return "Compare windows of one length." if f.name == "lengths_by_class" else "Mend the annotations."


def _named(findings: Sequence[Finding]) -> str:
    return joined([f"{f.title[:1].lower()}{f.title[1:]} ({f.count} of {f.total})" for f in findings])


def _rely(material: Material, label: str) -> ToDo:
    claim = material.claim
    which = {0: "any model of these windows", 1: "this model"}.get(len(claim.assessments), "these models")
    never = f"Do not rely on {which}."
    if label == "signal":
        sure = surest(material, label)[1].low > 0.5
        if sure and not claim.design.evidence.exploratory:
            return ToDo("Try it on new videos.", "Freeze the model first; rely on it if it holds there.")
        looked_at = "these data had been looked at before the rule was fixed"
        why = looked_at if sure else "the interval reaches to guessing"
        return ToDo(f"Do not rely on {which} yet.", f"Confirm it on new videos: {why}.")
    if label == "heterogeneous":
        e = surest(material, label)[1]
        return ToDo(never, f"It works in {e.n_videos_above_half} of {e.n_videos} videos: find out which.")
    if label == "confounded":
        names = joined([confound(name) for name, _ in claim.design.evidence.confound_ranking[:2]])
        return ToDo(never, f"Cut or record windows in which STOP and CONTINUE do not differ in {names}.")
    reasons = {
        "weak": "The difference is below the bar that was set beforehand.",
        "no signal": "These models do not hear what the teacher hears; more of the same data will not help.",
        "underpowered": "And do not conclude that there is nothing to hear.",
        "invalid design": "A score on these windows, also a published one, says nothing about the playing.",
    }
    return ToDo(never, reasons[label]) if label else ToDo("Run the models.", "The windows as cut can answer it.")


def _record(material: Material, label: str) -> ToDo | None:
    """How many more videos are worth recording, where that would help."""
    models = {name: a.evidence for name, a in material.claim.assessments.items()}
    if label == "signal":
        e = surest(material, label)[1]
        why = _narrower(material.claim.planned, e.auc, e.n_videos)
        return ToDo("Record more videos.", why, "#needed") if e.low <= 0.5 else None
    if label != "underpowered" or not models:
        return None
    rule, have = material.claim.design.rule, material.claim.design.evidence.n_videos
    worth = f"a signal worth {hundred(rule.spike_auc)} in 100"
    needed = {m: n for m, e in models.items() for auc, n in e.videos_needed if auc == rule.spike_auc}
    more = {m: n for m, n in needed.items() if n is None or n > have}
    known = [n for n in more.values() if n is not None]
    if known:
        about = "about" if len(known) == len(more) else "more than"
        takes = joined([f"{n or 'more than were tried'} (Model {m})" for m, n in more.items()])
        detect = f"detect {worth}, over all that the features hear"
        why = f"Videos in all with which {share(rule.min_power)} of studies {detect}: {takes}."
        return ToDo(f"Record {about} {max(known) - have} more videos.", why, "#needed")
    power = joined([f"{share(deciding_power(e))} (Model {m})" for m, e in models.items()])
    return ToDo("Record more videos.", f"These would have shown {worth} with a chance of {power}.", "#needed")


def _narrower(planned: PowerTable | None, auc: float, have: int) -> str:
    """How wide the interval would be with the next numbers of videos that were planned."""
    said = []
    if planned is not None:
        row = min(range(len(planned.aucs)), key=lambda k: abs(planned.aucs[k] - auc))
        widths = zip(planned.n_videos, planned.width[row], strict=True)
        said = [f"{hundred(width)} wide with {n}" for n, width in widths if n > have][:2]
    return f"The interval would be about {joined(said)} videos like these." if said else "That narrows the interval."
