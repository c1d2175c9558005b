"""What stands on the page of a report of models against confounds: a panel a view, tests, calls, confounds."""

from collections.abc import Sequence

import numpy as np

from priosig.confounds.registry import CONFOUNDS
from priosig.experiment.evaluation import ViewResult
from priosig.experiment.pipeline import Experiment
from priosig.experiment.views import VIEW_KINDS
from priosig.inference.design import ALL_CONFOUNDS
from priosig.report.grid import Cell, Grid, figure, grid
from priosig.report.plots import of_windows
from priosig.report.words import (
    capital,
    confound,
    counted,
    interval,
    number,
    pvalue,
    share,
    smallest_p,
    unit,
)


def comparison(experiment: Experiment) -> dict:
    """Models against confounds: a panel a view, the table of tests, that of calls, and those of confounds."""
    judged = {n: v for n in VIEW_KINDS if (v := experiment.views.get(n)) and (v.design is not None or v.models)}
    tried = {b.name for v in judged.values() for b in (v.design.baselines if v.design else ())}
    names = [name for name in (*CONFOUNDS, ALL_CONFOUNDS) if name in tried]
    threshold = experiment.annotations.corpus.settings.auc
    panels = []
    for name, v in judged.items():
        rows = [*_model_rows(v), *(_confound_row(v, one) for one in names)]
        if not rows:
            continue
        said = "; ".join(f"{label} {number(value)}" for label, value, *_ in rows)
        n = f"{counted(len(v.y), 'segment')}, {counted(len(set(v.video_ids)), 'video')}"
        panels.append(
            figure(
                of_windows.dot_plot(rows, threshold=threshold, models=len(v.models)),
                f"{capital(name)} view",
                f"AUC within video, {name} view: {said}.",
                f"{capital(VIEW_KINDS[name].words)}: {n}. Dashed: the bar of {threshold:.2f}, set beforehand.",
            )
        )
    models = [(v, m) for v in experiment.views.values() for m in v.models]
    return {
        "panels": panels,
        "tests": _tests(models) if models else None,
        "calls": _calls(models) if models else None,
        "confounds": [_confound_table(v, names) for v in judged.values() if v.design is not None],
    }


def _model_rows(v: ViewResult) -> list[tuple[str, float, float, float, str]]:
    rows = []
    for model, cv in v.models.items():
        found = v.assessments[model].interval if model in v.assessments else None
        low, high = (found.low, found.high) if found else (np.nan, np.nan)
        rows.append((f"Model {model}", cv["auc_within_video"], low, high, ""))
    return rows


def _confound_row(v: ViewResult, name: str) -> tuple[str, float, float, float, str]:
    baseline = next((b for b in (v.design.baselines if v.design else ()) if b.name == name), None)
    if baseline is None:
        note = "equal for all" if name in v.confounds.constant else "not measured"
        if name == ALL_CONFOUNDS:
            note = "only one varies" if v.confounds.values else "none varies"
        return confound(name), np.nan, np.nan, np.nan, note
    note = "" if baseline.n_known == len(v.y) else f"({baseline.n_known} of {len(v.y)})"
    return confound(name), baseline.auc_within_video, np.nan, np.nan, note


def _tests(models: Sequence[tuple[ViewResult, str]]) -> Grid:
    rows, floors = [], set()
    for v, model in models:
        s, a = v.models[model]["summary"], v.assessments.get(model)
        row = [Cell(f"{capital(v.view.name)}, {model}"), Cell(verdict=a.verdict.label) if a else "–"]
        spread = interval(a.interval.low, a.interval.high) if a and a.interval else "–"
        above = f"{s.n_videos_above_half} of {s.n_videos - s.n_videos_undefined}"
        row += [number(s.auc_within_video), spread, above, number(s.auc)]
        row += [pvalue(a.any_signal_pvalue), pvalue(a.beyond_confounds_pvalue), share(a.power)] if a else ["–"] * 3
        rows.append(row)
        if a:
            floors.add(smallest_p(a.design.rule.n_permutations, a.evidence.n_models))
    levels = {f"{share(a.design.rule.level)} interval" for v, m in models if (a := v.assessments.get(m))}
    spread = next(iter(levels), "interval")
    numbers = ("AUC within video", spread, "videos above 0.5", "pooled AUC", "T1\u00a0p", "T2\u00a0p", "power")
    caption = f"Tests, by view and model; {'; '.join(sorted(floors))}" if floors else "Results, by view and model"
    columns = ("View, model", "Verdict", *((n, "number") for n in numbers))
    return grid(caption, columns, rows, narrow="paired")


def _calls(models: Sequence[tuple[ViewResult, str]]) -> Grid:
    rows = []
    for v, model in models:
        s = v.models[model]["summary"]
        shares = (s.stop_rate, s.prevalence, s.recall, s.precision)
        row = [Cell(f"{capital(v.view.name)}, {model}"), *map(share, shares)]
        rows.append([*row, number(s.balanced_accuracy), number(s.average_precision)])
    names = (
        "called STOP", "were STOP", "STOPs called so (recall)", "of those called STOP, were (precision)",
        "balanced accuracy", "average precision",
    )  # fmt: skip
    caption = "What the models call STOP, where the score is above 0; guessing has a balanced accuracy of 0.5"
    return grid(caption, ("View, model", *((n, "number") for n in names)), rows, narrow="paired")


def _confound_table(v: ViewResult, names: Sequence[str]) -> dict:
    baselines = {b.name: b for b in v.design.baselines}
    rows = []
    for name in (name for name in names if name in baselines):
        b = baselines[name]
        known = "" if b.n_known == len(v.y) else f"known for {b.n_known} of {len(v.y)} windows"
        cells = (number(b.auc_within_video), str(b.n_videos_above_half), number(b.auc), pvalue(b.pvalue))
        rows.append((Cell(", ".join(filter(None, (confound(name), unit(name)))), note=known), *cells))
    numbers = ("AUC within video", "videos above 0.5", "pooled AUC", "p")
    said = smallest_p(v.design.rule.n_permutations)
    caption = f"Each confound as a predictor, {v.view.name} view; p is corrected for the number tried; {said}"
    return {
        "view": v.view.name,
        "table": grid(caption, ("Confound", *((n, "number") for n in numbers)), rows) if rows else None,
        "constant": [confound(name) for name in v.confounds.constant],
        "not_measured": [(confound(name), why) for name, why in v.confounds.not_measured.items()],
    }
