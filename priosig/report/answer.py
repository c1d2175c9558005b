"""The first screen: the question, the answer, what to do, and the rule as a checklist.

Everything is said for a musician, with the numbers that decide: an AUC within video of 0.89 is "89 times in 100". The
sentences follow from the verdicts (`priosig.verdict.decide`) and their intervals, and hold no judgement of their own.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import version

from priosig.annotations.audit.finding import HARMS
from priosig.experiment.evaluation import ViewResult, rule_of
from priosig.experiment.feature_sets import FEATURE_SETS
from priosig.experiment.planted import EXPECTED, PLANTED
from priosig.experiment.views import VIEW_KINDS
from priosig.inference.assessment import Assessment
from priosig.inference.confounds_alone import TOGETHER, Baseline
from priosig.inference.planning import PowerTable
from priosig.report.confounds import best_artefact, in_words, leaks, reach, reached
from priosig.report.grid import Cell, Grid, grid
from priosig.report.material import SPEAKING, Material
from priosig.report.words import capital, confound, counted, hundred, joined, number_word, share
from priosig.verdict.decide import checklist

QUESTION = "Does the playing sound different before the teacher stops it?"
STRENGTH = ("signal", "heterogeneous", "confounded", "weak", "no signal", "underpowered", "invalid design")
"""Verdicts, the one that says most first."""
ANSWERS = {
    "heterogeneous": "In some of these videos, and not in others.",
    "confounded": "Something differs, but it need not be the playing.",
    "weak": "Hardly: there is a trace, too weak to build on.",
    "no signal": "No. A difference worth building on would have been found.",
    "invalid design": "These windows cannot answer it.",
    "": "Not asked yet: no model was run.",
}
"""The answer by verdict; that of `signal` and `underpowered` depends on the numbers."""


@dataclass(frozen=True)
class ToDo:
    """Something to do: what, why, and where on the page more of it is."""

    what: str
    why: str
    link: str = ""


def answer(material: Material) -> dict:
    """What the first screen says."""
    label = strongest(verdict.label for verdict in material.verdicts.values())
    name, labels = material.experiment.name, sorted({v.label for v in material.verdicts.values()}, key=STRENGTH.index)
    return {
        "question": QUESTION,
        "planted": PLANTED.get(name, ""),
        "expected": joined(EXPECTED.get(name, ()), "or"),
        "found": joined(labels) or "not asked",
        "as_expected": set(labels) <= set(EXPECTED.get(name, ())),
        "label": label,
        "short": short(material, label),
        "because": because(material),
        "todo": to_do(material, label),
        "exploratory": material.experiment.annotations.corpus.settings.exploratory,
        "verdicts": [(f"Model {model}", v.label) for model, v in material.verdicts.items() if model],
        "not_run": _not_run(material),
        "annotations_only": not material.is_heard,
    }


def rule(material: Material) -> dict:
    """What the answer rests on: the rule as a checklist, and the sentences to quote."""
    return {
        "table": rule_table(material),
        "rule_hash": rule_of(material.experiment.annotations.corpus.settings).hash,
        "version": version("priosig"),
        "quotes": [(f"Model {m}" if m else "", v.sentence) for m, v in material.verdicts.items()],
    }


def strongest(labels: Iterable[str]) -> str:
    """Of several verdicts the one that says most; empty for none."""
    return min(labels, key=STRENGTH.index, default="")


def short(material: Material, label: str) -> str:
    """The answer in a sentence, no surer than its interval."""
    if label == "signal":
        model, best = _surest(material, label)
        n = number_word(best.evidence.n_videos)
        ends = f"Model {model}: {hundred(best.evidence.low)} to {hundred(best.evidence.high)} times in 100"
        if best.evidence.low > 0.5:
            return f"Yes, and probably in other videos too ({ends}; guessing is 50)."
        if math.isnan(best.evidence.low):
            return f"Yes in these {n} videos; how sure that is for others could not be computed."
        return f"Yes in these {n} videos; for other videos uncertain ({ends})."
    if label == "underpowered":
        n = next(iter(material.claim.assessments.values())).evidence.n_videos
        return f"Not shown. With {counted(n, 'video')} a real difference could have been missed."
    return ANSWERS[label]


def because(material: Material) -> list[str]:
    """Why: what the windows as annotated give, and what is left in those that conclusions are drawn from."""
    annotated, claim = material.annotated, material.claim
    said = [_as_annotated(annotated)] if annotated is not claim else []
    start = f"In the {claim.view.name} view ({VIEW_KINDS[claim.view.name].words}), from which we draw conclusions,"
    best = best_artefact(claim.design)
    if claim.refusal is not None:
        said += [f"{start} nothing can be asked: {reason}." for reason in claim.refusal.reasons]
    elif claim.design is not None and claim.design.problems and not leaks(claim.design):
        said += [f"{start} there is too little: {problem}." for problem in claim.design.problems]
    elif best is not None or claim.models:
        of_models = [f"Model {name} reaches {hundred(cv['auc_within_video'])}" for name, cv in claim.models.items()]
        alone = f"{_alone(best, claim)} {hundred(reach(best))}" if best else "no confound is left"
        heard = (
            ", without a note of music" if leaks(claim.design) else "" if claim.models else ", which passes the rule"
        )
        said.append(f"{start} {joined([*of_models, alone])}{heard}.")
    return [text for text in (*said, _tied(claim), _acoustic(claim)) if text]


def to_do(material: Material, label: str) -> list[ToDo]:
    """What to do next: ship or not, mend, record."""
    todo = [_ship(material, label)] if label or material.is_heard else []
    if not material.is_heard:
        why = "With them, windows are cut where there is playing and no talk, and the models are run."
        todo.append(ToDo("Give the recordings (--audio).", why))
    worst = [f for harm in HARMS[:2] for f in material.findings if f.harm == harm and f.count]
    if worst:
        names = joined([f"{f.title[:1].lower()}{f.title[1:]} ({f.count} of {f.total})" for f in worst[:2]])
        todo.append(ToDo("Mend the annotations.", f"First: {names}.", "#audit"))
    more = _record(material, label)
    return [*todo, more] if more else todo


def rule_table(material: Material) -> Grid:
    """The rule, step by step, and what was observed for each model; what holds for all of them is said once."""
    steps = {model: v.steps for model, v in material.verdicts.items()}
    design = material.claim.design
    if not steps and design is not None:
        steps = {"": checklist(design.evidence, design.rule)}
    rows = []
    for of_all in zip(*steps.values(), strict=True):
        cells: list[Cell | None] = [Cell(_observed(one), mark=one.outcome) for one in of_all]
        if len(set(cells)) == 1:
            cells = [Cell(cells[0].text, mark=cells[0].mark, columns=len(cells)), *[None] * (len(cells) - 1)]
        rows.append((Cell(capital(of_all[0].asked)), of_all[0].needed, *cells))
    names = [f"Model\u00a0{model}" if model else "Observed" for model in steps]
    return grid("The rule, fixed before the data were looked at", ("Asked", "Needed", *names), rows)


def _observed(step) -> str:
    return step.observed or ("not reached" if step.outcome == "not reached" else "")


def _surest(material: Material, label: str) -> tuple[str, Assessment]:
    """Of the models with this verdict the one whose interval begins highest."""
    of_label = [(name, a) for name, a in material.claim.assessments.items() if a.verdict.label == label]
    return max(of_label, key=lambda one: -1.0 if math.isnan(one[1].evidence.low) else one[1].evidence.low)


def _not_run(material: Material) -> list[tuple[str, str]]:
    problems = material.claim.problems
    return [(name, problems[name]) for name in FEATURE_SETS if material.is_heard and name in problems]


def _alone(best: Baseline, v: ViewResult) -> str:
    part = "" if best.n_known == len(v.y) else f" (known for {best.n_known} of {len(v.y)} windows)"
    together = best.name == TOGETHER
    return f"{in_words(best.name, v.design)}{'' if together else ' alone'}{part} reach{'' if together else 'es'}"


def _as_annotated(v: ViewResult) -> str:
    best = best_artefact(v.design)
    what = "On the windows as annotated"
    if best is None:
        return ""
    alone, score = _alone(best, v), hundred(reach(best))
    if not v.models:
        return f"{what}, {alone} {score} without a note of music (50 is guessing, 100 gives every label away)."
    first, *others = [(name, hundred(cv["auc_within_video"])) for name, cv in v.models.items()]
    said = f"{what} Model {first[0]} ranks a STOP above a CONTINUE of the same video {first[1]} times in 100"
    said += " (guessing: 50)"
    said += "".join(f", Model {name} {often}" for name, often in others)
    if leaks(v.design):
        return f"{said}. But {alone} {score} without a note of music."
    return f"{said}; {alone} {score}."


def _tied(v: ViewResult) -> str:
    """What no test can tell from a signal, since windows are defined by it."""
    tied = v.design.evidence.tied if v.design is not None else ()
    if not tied:
        return ""
    alone = joined([f"{in_words(name, v.design)} (alone {hundred(auc)})" for name, auc in tied])
    return f"As these windows are defined, {alone} tells them apart too, and no test can rule that out."


def _acoustic(v: ViewResult) -> str:
    """Which models hear no more than what the acoustic confounds measure."""
    models = [
        f"Model {name}"
        for name, a in v.assessments.items()
        if a.verdict.label in SPEAKING and a.beyond_acoustic_pvalue > a.design.rule.alpha
    ]
    if not models:
        return ""
    alone = joined(
        [f"{confound(name)} (alone {hundred(reached(v.design, name))})" for name in v.design.evidence.acoustic]
    )
    return f"{joined(models)} may hear no more than {alone}: that may be music or the room, and no more was shown."


def _ship(material: Material, label: str) -> ToDo:
    claim = material.claim
    if label == "signal":
        sure = _surest(material, label)[1].evidence.low > 0.5
        if sure and not claim.design.evidence.exploratory:
            return ToDo("Try it on new videos.", "Freeze the model first; ship it if it holds there.")
        why = (
            "these data had been looked at before the rule was fixed" if sure else "the interval reaches to guessing"
        )
        return ToDo("Do not ship yet.", f"Confirm it on new videos: {why}.")
    if label == "heterogeneous":
        e = _surest(material, label)[1].evidence
        return ToDo("Do not ship.", f"It works in {e.n_videos_above_half} of {e.n_videos} videos: find out which.")
    if label == "confounded":
        names = joined([confound(name) for name, _ in claim.design.evidence.confound_ranking[:2]])
        return ToDo("Do not ship.", f"Cut or record windows in which STOP and CONTINUE do not differ in {names}.")
    why = {
        "weak": "The difference is below the bar that was set beforehand.",
        "no signal": "These models do not hear what the teacher hears; more of the same data will not help.",
        "underpowered": "And do not conclude that there is nothing to hear.",
        "invalid design": "A score on these windows, also a published one, says nothing about the playing.",
    }
    return ToDo("Do not ship.", why[label]) if label else ToDo("Run the models.", "The windows as cut can answer it.")


def _record(material: Material, label: str) -> ToDo | None:
    """How many more videos are worth recording, where that would help."""
    assessments, planned = material.claim.assessments, material.claim.planned
    if label == "signal":
        e = _surest(material, label)[1].evidence
        return ToDo("Record more videos.", _narrower(planned, e.auc, e.n_videos), "#needed") if e.low <= 0.5 else None
    if label != "underpowered" or not assessments:
        return None
    rule = next(iter(assessments.values())).design.rule
    have = next(iter(assessments.values())).evidence.n_videos
    worth = f"a signal worth {hundred(rule.spike_auc)} in 100"
    needed = {name: dict(a.evidence.videos_needed).get(rule.spike_auc) for name, a in assessments.items()}
    more = {name: n for name, n in needed.items() if n is not None and n > have}
    if more:
        few, many = min(more.values()) - have, max(more.values()) - have
        number = f"{many}" if few == many else f"{few} to {many}"
        takes = joined([f"{n} (Model {name})" for name, n in more.items()])
        why = f"Videos in all with which {share(rule.min_power)} of studies detect {worth}: {takes}."
        return ToDo(f"Record about {number} more videos.", why, "#needed")
    power = joined([f"{share(a.evidence.power)} (Model {name})" for name, a in assessments.items()])
    return ToDo("Record more videos.", f"These would have shown {worth} with a chance of {power}.", "#needed")


def _narrower(planned: PowerTable | None, auc: float, have: int) -> str:
    """How wide the interval would be with the next numbers of videos that were planned."""
    if planned is None:
        return "That narrows the interval."
    row = min(range(len(planned.aucs)), key=lambda k: abs(planned.aucs[k] - auc))
    widths = zip(planned.n_videos, planned.width[row], strict=True)
    said = [f"{hundred(width)} wide with {n}" for n, width in widths if n > have][:2]
    return f"The interval would be about {joined(said)} videos like these." if said else "That narrows the interval."
