"""Every number by view: tests, calls, results by video, each confound as a predictor, and what would be needed."""

import math

import numpy as np

from priosig.experiment.evaluation import ViewResult
from priosig.experiment.views import VIEW_KINDS
from priosig.inference.confounds_alone import TOGETHER
from priosig.report.confounds import held_together, tied, treatments
from priosig.report.grid import Cell, Grid, grid, numeric
from priosig.report.material import Material
from priosig.report.words import NONE, capital, confound, hundred, interval, number, pvalue, share, smallest_p, unit

NEAR_ONE = 0.95  # AUC from which on a wide interval is explained


def numbers(material: Material) -> dict | None:
    """The tables; None where nothing was tried as a predictor."""
    views = material.experiment.views
    judged = [views[name] for name in VIEW_KINDS if name in views and views[name].design is not None]
    if not judged:
        return None
    models = [(v, model) for v in judged for model in v.models]
    return {
        "view": material.claim.view.name,
        "tests": _tests(models) if models else None,
        "wide": _wide(models),
        "calls": _calls(models) if models else None,
        "videos": _videos(material) if material.claim.models else None,
        "confounds": [_confounds(v) for v in judged],
        "treatments": treatments(material.claim.design),
        "undefined": sorted({f for cv in material.claim.models.values() for f in cv["undefined_folds"]}),
    }


def _tests(models: list[tuple[ViewResult, str]]) -> Grid:
    rows, floors = [], set()
    for v, model in models:
        s, a, e = v.models[model]["summary"], v.assessments[model], v.assessments[model].evidence
        aucs = number(s.auc_within_video), interval(e.low, e.high), number(s.auc)
        above = f"{s.n_videos_above_half} of {s.n_videos - s.n_videos_undefined}"
        tests = map(pvalue, (a.any_signal_pvalue, a.beyond_confounds_pvalue, e.heterogeneity_pvalue))
        rows.append([Cell(f"{capital(v.view.name)}, {model}"), Cell(verdict=a.verdict.label), *aucs, above, *tests])
        floors.add(smallest_p(a.design.rule.n_permutations, e.n_models))
    columns = numeric(
        "AUC", "95% interval", "AUC across videos", "videos above 0.5", "T1\u00a0p", "T2\u00a0p", "videos differ, p"
    )
    caption = f"Tests, by view and model; {'; '.join(sorted(floors))}"
    return grid(caption, ("View, model", "Verdict", *columns), rows)


def _wide(models: list[tuple[ViewResult, str]]) -> str:
    """Why an interval can reach to guessing though the AUC is near 1; nothing where none does."""
    tested = [v.assessments[model].evidence for v, model in models]
    if not any(e.auc >= NEAR_ONE and e.low <= 0.5 for e in tested):
        return ""
    return (
        "An interval is about other videos, and its spread is that between videos. With an AUC near 1 and few videos "
        "it can reach to guessing: where every video has an AUC of 1 there is no spread to see, and n such videos "
        f"exclude only what lies below 0.025 to the power of 1/n ({number(0.025 ** (1 / 5))} for five)."
    )


def _calls(models: list[tuple[ViewResult, str]]) -> Grid:
    rows = []
    for v, model in models:
        s = v.models[model]["summary"]
        cells = *map(share, (s.stop_rate, s.prevalence, s.recall, s.precision)), number(s.balanced_accuracy)
        rows.append([Cell(f"{capital(v.view.name)}, {model}"), *cells, number(s.average_precision)])
    columns = numeric(
        "called STOP", "were STOP", "STOPs called so (recall)", "of those called STOP, were (precision)",
        "balanced accuracy", "average precision",
    )  # fmt: skip
    caption = "What the models call STOP, where the score is above 0; guessing has a balanced accuracy of 0.5"
    return grid(caption, ("View, model", *columns), rows)


def _videos(material: Material) -> Grid:
    v, rows = material.claim, []
    for video in sorted(set(v.video_ids)):
        of = [next(r for r in cv["per_video"] if r["video_id"] == video) for cv in v.models.values()]
        counts = f"{of[0]['n_stop']} + {of[0]['n_continue']}"
        shown = [text for row in of for text in (number(row["auc"]), share(row["stop_rate"]))]
        rows.append((Cell(material.teachers[video], id=video), counts, *shown))
    columns = ["STOP + CONTINUE", *(f"{m}: {what}" for m in v.models for what in ("AUC", "called STOP"))]
    caption = f"Results by video, {v.view.name} view; each is scored by probes that saw nothing of it"
    return grid(caption, ("Teacher, video", *numeric(*columns)), rows)


def _confounds(v: ViewResult) -> dict:
    baselines = {b.name: b for b in v.design.baselines}
    rows = []
    for b in (baselines[name] for name in (*v.confounds.roles, TOGETHER) if name in baselines):
        note = "" if b.n_known == len(v.y) else f"known for {b.n_known} of {len(v.y)} windows"
        line = number(b.auc_within_video)
        if b.name == TOGETHER:
            note, line = ", ".join(map(confound, held_together(v.design))), NONE
        cells = line, number(b.curve), number(b.auc), pvalue(float(np.fmin(b.pvalue, b.curve_pvalue)))
        rows.append((_confound(b.name, note), *cells))
    for name, auc in tied(v.design).items():
        rows.append((_confound(name, "tied by definition"), number(auc), *[NONE] * 3))
    caption = f"Each confound as a predictor, {v.view.name} view; p is corrected for the number tried"
    columns = numeric("AUC within video, as a line", "as a curve", "AUC across videos", "p")
    return {
        "view": v.view.name,
        "table": grid(caption, ("Confound", *columns), rows) if rows else None,
        "constant": [confound(name) for name in v.confounds.constant],
        "not_measured": [f"{confound(name)} ({why})" for name, why in v.confounds.not_measured.items()],
    }


def _confound(name: str, note: str) -> Cell:
    return Cell(", ".join(filter(None, (confound(name), unit(name)))), note=note)


def needed(material: Material) -> dict | None:
    """The table of each model's power; None where neither that nor a plan is there."""
    table = _power(material)
    return {"table": table} if table is not None or material.planned else None


def _power(material: Material) -> Grid | None:
    models = {name: a.evidence for name, a in material.claim.assessments.items()}
    if all(math.isnan(e.power) for e in models.values()):
        return None
    rule, of_models = material.claim.design.rule, models.values()
    worth, often = hundred(rule.spike_auc), share(rule.min_power)

    def takes(auc: float) -> list[str]:
        tried = [dict(e.videos_needed) for e in of_models]
        return [f"{of[auc] or 'more than tried'}" if auc in of else NONE for of in tried]

    hard = "hard to hear for the model; the rule goes by the smaller of both"
    left = [NONE if math.isnan(e.effective_sets) else f"{e.effective_sets:.0f} of {e.n_sets}" for e in of_models]
    asked = [
        (f"Chance to detect a signal worth {worth} in 100", "over all that these features hear (power)",
         [share(e.power) for e in of_models]),
        ("The same, where the features hardly vary", hard, [share(e.hard_power) for e in of_models]),
        ("How often in 100 the model ranks it right", f"an ideal listener: {worth}",
         [hundred(e.probe_auc) for e in of_models]),
        (f"Smallest signal detected {often} of the time", "in 100; what is weaker is missed more often",
         [hundred(e.detectable_auc) for e in of_models]),
        *((f"Videos like these for a signal worth {hundred(auc)}", f"to detect it {often} of the time, over all",
           takes(auc))
          for auc in sorted({auc for e in of_models for auc, _ in e.videos_needed})),
        ("Sets that the confounds leave open", "where they fix the label nothing can be learned", left),
    ]  # fmt: skip
    rows = [(Cell(what, note=note), *cells) for what, note, cells in asked if set(cells) != {NONE}]
    caption = f"What {material.claim.design.evidence.n_videos} videos could show, {material.claim.view.name} view"
    return grid(caption, ("Asked", *numeric(*(f"Model\u00a0{name}" for name in models))), rows)
