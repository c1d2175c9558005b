"""The first screen: the question, the answer, what to do, and the rule as a checklist.

Everything is said for a musician, with the numbers that decide: an AUC within video of 0.89 is "89 times in 100". The
sentences follow from the verdicts (`priosig.verdict.decide`) and their intervals, and hold no judgement of their own.
"""

import math
from importlib.metadata import version

from priosig.experiment.evaluation import ViewResult, rule_of
from priosig.experiment.feature_sets import FEATURE_SETS
from priosig.experiment.planted import EXPECTED, PLANTED
from priosig.experiment.views import VIEW_KINDS
from priosig.inference.confounds_alone import TOGETHER
from priosig.report.confounds import in_words, leaks, on_average, reach, reached, strongest_alone, telling, tied
from priosig.report.glossary import first_words
from priosig.report.grid import Cell, Grid, grid
from priosig.report.material import SPEAKING, Material
from priosig.report.todo import surest, to_do
from priosig.report.words import capital, confound, counted, hundred, joined, number_word, share
from priosig.verdict.decide import checklist
from priosig.verdict.wording import deciding_power

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


def answer(material: Material) -> dict:
    """What the first screen says."""
    name, claim = material.experiment.name, material.claim
    labels = sorted({v.label for v in material.verdicts.values()}, key=STRENGTH.index)
    label = labels[0] if labels else ""
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
        "exploratory": material.settings.exploratory,
        "words": first_words(claim.models, labels),
        "hear": material.is_heard and bool(claim.view.segments),
        "verdicts": [(f"Model {model}", v.label) for model, v in material.verdicts.items() if model],
        "not_run": [(m, claim.problems[m]) for m in FEATURE_SETS if material.is_heard and m in claim.problems],
        "annotations_only": not material.is_heard,
    }


def rule(material: Material) -> dict:
    """What the answer rests on: the rule as a checklist, and the sentences to quote."""
    return {
        "table": rule_table(material),
        "rule_hash": rule_of(material.settings).hash,
        "version": version("priosig"),
        "quotes": [(f"Model {m}" if m else "", v.sentence) for m, v in material.verdicts.items()],
    }


def short(material: Material, label: str) -> str:
    """The answer in a sentence, no surer than its interval."""
    if label == "signal":
        model, best = surest(material, label)
        n = number_word(best.n_videos)
        ends = f"Model {model}: {hundred(best.low)} to {hundred(best.high)} times in 100"
        if best.low > 0.5:
            return f"Yes, and probably in other videos too ({ends}; guessing is 50)."
        if math.isnan(best.low):
            return f"Yes in these {n} videos; how sure that is for others could not be computed."
        return f"Yes in these {n} videos; for other videos uncertain ({ends})."
    if label == "underpowered":
        n_videos = material.claim.design.evidence.n_videos
        return f"Not shown. With {counted(n_videos, 'video')} a real difference could have been missed."
    return ANSWERS[label]


def because(material: Material) -> list[str]:
    """Why: what the windows as annotated give, and what is left in those that conclusions are drawn from."""
    annotated, claim = material.annotated, material.claim
    said = [_as_annotated(annotated)] if annotated is not claim else []
    start = f"In the {claim.view.name} view ({VIEW_KINDS[claim.view.name].words}), from which we draw conclusions,"
    best = strongest_alone(claim.design)
    if claim.refusal is not None:
        said += [f"{start} nothing can be asked: {reason}." for reason in claim.refusal.reasons]
    elif claim.design.problems and not leaks(claim.design):
        said += [f"{start} there is too little: {problem}." for problem in claim.design.problems]
    elif best is not None or claim.models:
        of_models = [f"Model {name} reaches {hundred(cv['auc_within_video'])}" for name, cv in claim.models.items()]
        alone = _alone(claim) if best else "no confound is left"
        means = on_average(claim, best.name) if best in telling(claim.design) else ""
        heard = "" if claim.models else ", which passes the rule"
        if leaks(claim.design):
            heard = ", without a note of music"
        said.append(f"{start} {joined([*of_models, alone])}{heard}{': ' if means else ''}{means}.")
    return [text for text in (*said, _excluded(claim), _tied(claim), _acoustic(claim)) if text]


def rule_table(material: Material) -> Grid:
    """The rule, step by step, and what was observed for each model; what holds for all of them is said once."""
    steps = {model: v.steps for model, v in material.verdicts.items()}
    if not steps:
        steps = {"": checklist(material.claim.design.evidence, material.claim.design.rule)}
    rows = []
    for of_all in zip(*steps.values(), strict=True):
        shown = [(s.observed or ("not reached" if s.outcome == "not reached" else ""), s.outcome) for s in of_all]
        cells: list[Cell | None] = [Cell(observed, mark=outcome) for observed, outcome in shown]
        if len(set(shown)) == 1:
            every = {1: "", 2: "both models"}.get(len(shown), "all models")
            cells = [Cell(*shown[0], note=every, columns=len(shown)), *[None] * (len(shown) - 1)]
        rows.append((Cell(capital(of_all[0].asked)), of_all[0].needed, *cells))
    names = [f"Model\u00a0{model}" if model else "Observed" for model in steps]
    return grid("The rule, fixed before the data were looked at", ("Asked", "Needed", *names), rows)


def _alone(v: ViewResult) -> str:
    """The strongest confound, and how far it reaches."""
    best = strongest_alone(v.design)
    part = "" if best.n_known == len(v.y) else f" (known for {best.n_known} of {len(v.y)} windows)"
    alone, reaches = ("", "reach") if best.name == TOGETHER else (" alone", "reaches")
    return f"{in_words(best.name, v.design)}{alone}{part} {reaches} {hundred(reach(best))}"


def _as_annotated(v: ViewResult) -> str:
    if strongest_alone(v.design) is None:
        return ""
    what, more = "On the windows as annotated", _more(v)
    if not v.models:
        scale = "50 is guessing, 100 gives every label away"
        return f"{what}, {_alone(v)} without a note of music ({scale}){more}"
    first, *others = [(name, hundred(cv["auc_within_video"])) for name, cv in v.models.items()]
    said = f"{what} Model {first[0]} ranks a STOP above a CONTINUE of the same video {first[1]} times in 100"
    said += " (guessing: 50)" + "".join(f", Model {name} {often}" for name, often in others)
    if leaks(v.design):
        return f"{said}. But {_alone(v)} without a note of music{more}"
    return f"{said}; {_alone(v)}{more}"


def _more(v: ViewResult) -> str:
    """The end of the sentence: how the strongest confound differs; then the others that tell the label."""
    told = telling(v.design)
    if not told:
        return "."
    means = on_average(v, told[0].name)
    others = [f"{in_words(b.name, v.design)} reaches {hundred(reach(b))}" for b in told[1:]]
    together = reached(v.design, TOGETHER)
    if not math.isnan(together):
        others.append(f"all confounds together reach {hundred(together)}")
    said = f": {means}." if means else "."
    return f"{said} {capital(joined(others))}." if others else said


def _excluded(v: ViewResult) -> str:
    """Where no signal was shown: what each model does not reach, beside what an ideal listener would."""
    silent = {m: a.evidence for m, a in v.assessments.items() if a.verdict.label in ("no signal", "underpowered")}
    tops = [f"Model {m} above {hundred(e.high)}" for m, e in silent.items() if e.high < 0.995]  # 100 excludes nothing
    chances = [f"{share(deciding_power(e))} (Model {m})" for m, e in silent.items() if not math.isnan(e.power)]
    said = []
    if tops:
        ends = f"{joined(tops)} in 100 (upper end of its own 95% interval)"
        said.append(f"Excluded for other videos like these: {ends}.")
    if chances:
        said.append(
            "Had there been a signal that an ideal listener ranks right "
            f"{hundred(v.design.rule.spike_auc)} times in 100, the chance to detect it was {joined(chances)}."
        )
    return " ".join(said)


def _tied(v: ViewResult) -> str:
    """What no test can tell from a signal, since windows are defined by it."""
    alone = [f"{in_words(name, v.design)} (alone {hundred(auc)})" for name, auc in tied(v.design).items()]
    if not alone:
        return ""
    return f"As these windows are defined, {joined(alone)} tells them apart too, and no test can rule that out."


def _acoustic(v: ViewResult) -> str:
    """Which models hear no more than what the acoustic confounds measure."""
    models = [
        f"Model {name}"
        for name, a in v.assessments.items()
        if a.verdict.label in SPEAKING and a.beyond_acoustic_pvalue > a.design.rule.alpha
    ]
    if not models:
        return ""
    names = v.design.evidence.acoustic
    alone = joined([f"{confound(name)} (alone {hundred(reached(v.design, name))})" for name in names])
    return f"{joined(models)} may hear no more than {alone}: that may be music or the room, and no more was shown."
