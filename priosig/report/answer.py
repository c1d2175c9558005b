"""The first thing on a report: the question, the answer in a sentence, and why to believe it or not.

Everything is said for a musician, with the numbers that decide: an AUC within video of 0.89 is "89 times in 100". The
sentences follow from the verdicts (`priosig.verdict.decide`) and hold no judgement of their own.
"""

import math
from collections.abc import Mapping, Sequence

from priosig.experiment.evaluation import ViewResult
from priosig.experiment.feature_sets import FEATURE_SETS
from priosig.experiment.pipeline import Experiment
from priosig.experiment.planted import PLANTED
from priosig.experiment.views import VIEW_KINDS
from priosig.inference.assessment import Assessment
from priosig.inference.design import ALL_CONFOUNDS, Baseline, DesignAssessment
from priosig.report.grid import Cell, Column, Grid, grid
from priosig.report.words import (
    AUC_WORDS,
    capital,
    confound,
    confound_words,
    counted,
    joined,
    number,
    p_words,
    seconds,
    share,
    times,
)
from priosig.verdict.decide import Verdict

QUESTION = "Can it be told from the sound of the playing whether the teacher will stop the student?"
# What the strongest verdict answers, and for whom: {who} is the models that have it, {no} what says "nothing".
ANSWERS = {
    "signal": ("Yes.", "{who} from the playing, beyond every confound that was measured."),
    "heterogeneous": ("In part.", "{who} from the playing in some videos, and not in others."),
    "confounded": ("It cannot be told.", "Something is found, but no more than what was measured beside the playing "
                   "lets one expect."),
    "weak": ("Hardly.", "Something is found, and it is too weak to build on."),
    "no signal": ("No.", "Nothing to build on was found."),
    "underpowered": ("Not shown.", "Nothing better than guessing was found, and the data are too few to say that "
                     "there is nothing."),
    "invalid design": ("These windows cannot answer it.", ""),
}  # fmt: skip


def answer(experiment: Experiment) -> dict:
    """Question, answer and reasons; the models with their verdicts; what became of the confounds."""
    result = experiment.claim
    assessments = result.assessments
    refused = _refused(result)
    label = refused.label if refused is not None else ""
    if assessments:
        label = strongest([a.verdict.label for a in assessments.values()])
    heard = any(v.features is not None for v in experiment.views.values())
    return {
        "question": QUESTION,
        "planted": PLANTED.get(experiment.name, ""),
        "label": label,
        "short": ANSWERS[label][0] if label else "Not asked.",
        "sentence": _sentence(experiment, result, label),
        "why": [*_as_annotated(experiment), *_in_view(experiment, result), *_limits(result)],
        "view": result.view.name,
        "models": [_model(name, a) for name, a in assessments.items()],
        "not_run": {name: why for name, why in result.problems.items() if heard and name in FEATURE_SETS},
        "annotations_only": not heard,
        "fates": _fates(result),
        "quotes": [(f"Model {name}", a.verdict.sentence) for name, a in assessments.items()]
        or [
            (f"{capital(name)} view", said.sentence) for name, v in experiment.views.items() if (said := _refused(v))
        ],
        "exploratory": any(a.verdict.exploratory for a in assessments.values()),
        "side_by_side": side_by_side(experiment),
    }


def strongest(labels: Sequence[str]) -> str:
    """Of several verdicts the one that says most."""
    return min(labels, key=list(ANSWERS).index)


def leaks(design: DesignAssessment | None) -> bool:
    """Whether the confounds alone tell the label, where the design was judged."""
    return design is not None and design.verdict is not None and design.verdict.failed("confounds")


def best_baseline(design: DesignAssessment | None) -> Baseline | None:
    """The confound, or all together, that tells the label best."""
    tried = [b for b in (design.baselines if design else ()) if not math.isnan(b.auc_within_video)]
    return max(tried, key=lambda b: b.auc_within_video, default=None)


def side_by_side(experiment: Experiment) -> Grid:
    """AUC within video by view: of the models, of window length alone, and of the best that confounds can do."""
    views = [name for name in VIEW_KINDS if name in experiment.views]
    found = [experiment.views[name] for name in views]
    rows = [
        (Cell(f"Model {name}", note=model.words), *(_model_cell(v, name) for v in found))
        for name, model in FEATURE_SETS.items()
    ]
    rows.append((Cell("Window length alone", note="a stopwatch"), *(_length_cell(v) for v in found)))
    rows.append((Cell("Best of the confounds"), *(_best_cell(v) for v in found)))
    columns = ["Predictor", *(Column(name, note=VIEW_KINDS[name].words) for name in views)]
    return grid(AUC_WORDS, columns, rows)


def _model_cell(v: ViewResult, model: str) -> Cell:
    if model not in v.models:
        return Cell(note=v.problems.get(model, "not run"))
    verdict = v.assessments[model].verdict.label if model in v.assessments else ""
    return Cell(number(v.models[model]["auc_within_video"]), verdict=verdict)


def _length_cell(v: ViewResult) -> Cell:
    baseline = next((b for b in (v.design.baselines if v.design else ()) if b.name == "length"), None)
    if baseline is not None:
        return Cell(number(baseline.auc_within_video))
    return Cell(note="equal for all windows" if "length" in v.confounds.constant else "not tried")


def _best_cell(v: ViewResult) -> Cell:
    best = best_baseline(v.design)
    return Cell(note="none varies") if best is None else Cell(number(best.auc_within_video), note=_known(best, v))


def _known(baseline: Baseline, v: ViewResult) -> str:
    n = len(v.y)
    part = "" if baseline.n_known == n else f", known for {baseline.n_known} of {n} windows"
    return f"{confound(baseline.name)}{part}"


def _judged(experiment: Experiment) -> list[tuple[str, ViewResult]]:
    views = ((name, experiment.views[name]) for name in VIEW_KINDS if name in experiment.views)
    return [(name, v) for name, v in views if v.design is not None]


def _refused(v: ViewResult) -> Verdict | None:
    """The verdict on a view that nothing can be asked of."""
    return v.refusal or (v.design.verdict if v.design is not None else None)


def _sentence(experiment: Experiment, result: ViewResult, label: str) -> str:
    if not label:
        return "No model was run. The windows as they were cut could answer it: no problem was found in this design."
    if label == "invalid design":
        if leaks(result.design):
            return "STOP and CONTINUE can be told apart in them without hearing a note."
        return "There are too few of them, or in too few videos."
    have = [name for name, a in result.assessments.items() if a.verdict.label == label]
    rest = {name: a.verdict.label for name, a in result.assessments.items() if name not in have}
    models = f"Model{'s' if len(have) > 1 else ''} {joined(have)}"
    text = ANSWERS[label][1].format(who=f"{models} tell{'' if len(have) > 1 else 's'} a STOP")
    annotated = experiment.views["annotated"]
    if label in ("weak", "no signal", "underpowered") and result is not annotated and leaks(annotated.design):
        name = confound_words(best_baseline(annotated.design).name)
        text = f"What the windows as annotated seem to show is what {name} gives away. Once that is taken out, " + (
            "nothing better than guessing is left, and the data are too few to say that there is nothing."
            if label == "underpowered"
            else "nothing to build on is left."
        )
    others = "; ".join(f"Model {name}: {other}" for name, other in rest.items())
    return f"{text} ({others}.)" if others else text


def _as_annotated(experiment: Experiment) -> list[str]:
    v = experiment.views["annotated"]
    best = best_baseline(v.design)
    if best is None:
        return []
    if not v.models:
        return [_without_music("With the windows as annotated", best, v)]
    said = f"With the windows as annotated {_ranks(v)} (guessing: 50)."
    alone = f"{confound_words(best.name)} {'do' if best.name == ALL_CONFOUNDS else 'alone does'} so"
    alone += f" {times(best.auc_within_video)}"
    if leaks(v.design):
        return [
            f"{said} But {alone}, without a note of music: a score on these windows says nothing about the music."
        ]
    return [f"{said} The best of the confounds: {alone}."]


def _in_view(experiment: Experiment, result: ViewResult) -> list[str]:
    said = []
    for name, v in _judged(experiment):
        if name == "annotated" or (v is not result and result.models):
            continue
        holds = " of playing and no talk" if name == "clean" else ""
        rest = ", on which claims rest" if v is result else ""
        start = f"With windows of {seconds(v.view.duration)}{holds} (the {name} view{rest})"
        best = best_baseline(v.design)
        if v.models:
            beside = f"; {confound_words(best.name)}, {times(best.auc_within_video)}" if best else ""
            said.append(f"{start} {_ranks(v)}{beside}.")
        elif best is not None:
            said.append(_without_music(start, best, v))
    problems = result.refusal.reasons if result.refusal else ()
    if result.design is not None and not leaks(result.design):
        problems = result.design.problems
    return said + [f"In the {result.view.name} view, on which claims rest: {problem}." for problem in problems]


def _ranks(v: ViewResult) -> str:
    first, *others = [(name, times(cv["auc_within_video"])) for name, cv in v.models.items()]
    text = f"Model {first[0]} ranks a STOP above a CONTINUE of the same video {first[1]}"
    return text + "".join(f", Model {name} {often}" for name, often in others)


def _without_music(start: str, best: Baseline, v: ViewResult) -> str:
    part = "" if best.n_known == len(v.y) else f" (known for {best.n_known} of {len(v.y)} windows)"
    text = (
        f"{start}, {confound_words(best.name)} alone{part} ranks a STOP above a CONTINUE of the same video "
        f"{times(best.auc_within_video)}, without a note of music (guessing: 50)"
    )
    return f"{text}: a score on these windows would say nothing about the music." if leaks(v.design) else f"{text}."


def _limits(result: ViewResult) -> list[str]:
    """Why to believe the answer, or not."""
    found = {name: a for name, a in result.assessments.items() if a.verdict.label != "invalid design"}
    if not found:
        return []
    labels = {a.verdict.label for a in found.values()}
    first = next(iter(found.values()))
    power = joined([f"{share(a.power)} (Model {name})" for name, a in found.items()])
    if labels <= {"underpowered", "no signal"}:
        worth = times(first.design.rule.spike_auc)
        text = f"A real signal worth {worth} would have been found with a chance of {power}"
        return [f"{text}: this does not show that there is none." if "underpowered" in labels else f"{text}."]
    unmeasured = [confound(name) for name in first.evidence.not_measured]
    missing = f" Not measured, and so not ruled out: {joined(unmeasured)}." if unmeasured else ""
    return [
        f"It was seen in {counted(first.evidence.n_videos, 'video')}; what holds for the next one is as uncertain as "
        "the intervals below. Whether something that nobody measured tells the label, no statistics can say. By "
        "definition a STOP window ends a stretch of playing and a CONTINUE window lies early in one: whatever "
        "changes through a stretch goes with the label."
        f"{missing}"
    ]


def _model(name: str, a: Assessment) -> dict:
    """A verdict in a few words and its numbers."""
    e, rule = a.evidence, a.design.rule
    if a.verdict.label == "invalid design":
        return {"name": name, "label": a.verdict.label, "text": f"{capital('; '.join(a.verdict.reasons))}."}
    spread = f"{share(rule.level)} interval {100 * e.low:.0f} to {100 * e.high:.0f}"
    if math.isnan(e.low) or math.isnan(e.high):
        spread = "no interval could be computed"
    text = (
        f"Ranks a STOP above a CONTINUE of the same video {times(e.auc)} ({spread}), better than guessing in "
        f"{e.n_videos_above_half} of {counted(e.n_videos, 'video')}. "
    )
    shown = e.any_signal_pvalue <= rule.alpha
    text += "Shuffled labels do not do so well" if shown else "Shuffled labels do as well"
    text += f" ({p_words(e.any_signal_pvalue, 'T1')})"
    if shown:
        beyond = e.beyond_confounds_pvalue <= rule.alpha
        text += ", nor do" if beyond else "; so do"
        text += f" labels drawn as the confounds make them likely ({p_words(e.beyond_confounds_pvalue, 'T2')})"
        if not beyond:
            text += f"; the confounds leave {e.effective_pairs:.0f} of {e.n_pairs} pairs of neighbours open"
        elif not e.auc >= rule.threshold:
            text += f"; but that is below the bar of {100 * rule.threshold:.0f} set beforehand, too weak to build on"
    return {"name": name, "label": a.verdict.label, "text": f"{text}."}


def _fates(result: ViewResult) -> list[tuple[str, str]]:
    """What became of each confound in this view, and for how many models p was corrected."""
    if result.design is None:
        return []
    e = result.design.evidence
    valid = result.design.verdict is None
    varying = (*e.matched, *e.adjusted, *e.left_out)
    partly = set(e.partly_known)
    kinds: Mapping[str, Sequence[str]] = {
        "Equal for all windows, so that they cannot tell": e.removed,
        "Held by comparing neighbours": e.matched if valid else (),
        "Adjusted for": e.adjusted if valid else (),
        "Measured, but not adjusted for (too few pairs)": e.left_out if valid else (),
        "Measured": () if valid else varying,
        f"Known for a part of the windows{', so not adjusted for' if valid else ''}": e.partly_known,
        "Not measured, so not ruled out": tuple(name for name in e.not_measured if name not in partly),
    }
    told = [(kind, ", ".join(confound(name) for name in names)) for kind, names in kinds.items() if names]
    n = max((a.evidence.n_models for a in result.assessments.values()), default=1)
    return [*told, ("p-values corrected for", f"{n} models")] if n > 1 else told
