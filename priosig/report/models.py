"""What stands on the page of a report about its models: by video, scales, calibration, tests.

All of it for the one view that claims rest on; see `priosig.report.corpus`.
"""

import numpy as np

from priosig.experiment.evaluation import ViewResult
from priosig.experiment.pipeline import Experiment
from priosig.extraction.percepiano.scales import PERCEPIANO_DIMENSIONS, POLES
from priosig.inference.coefficients import rank_correlation
from priosig.metrics.auc import auc
from priosig.report.corpus import MOST_VIDEOS, who
from priosig.report.grid import Cell, Grid, figure, grid
from priosig.report.plots import of_models, of_windows
from priosig.report.words import number, p_words, pvalue, share


def by_video(experiment: Experiment, result: ViewResult) -> dict | None:
    """ROC curves, scores over time and the table of videos, in one view."""
    if not result.models:
        return None
    from sklearn.metrics import roc_curve

    people = {
        video: who([m for m in experiment.annotations.moments if m.video_id == video]) for video in result.video_ids
    }
    videos = sorted(people)
    in_video = {video: np.array([v == video for v in result.video_ids]) for video in videos}
    rocs, times = [], []
    for video in videos[:MOST_VIDEOS]:
        rows = in_video[video]
        y = result.y[rows]
        counts = f"{int(y.sum())} STOP, {int((1 - y).sum())} CONTINUE"
        curves, said = {}, []
        for model, cv in result.models.items():
            scores = cv["scores"][rows]
            scored = ~np.isnan(scores)
            value = auc(scores[scored], y[scored])
            if not np.isnan(value):
                fpr, tpr, _ = roc_curve(y[scored], scores[scored])
                curves[model] = (fpr, tpr, value)
                said.append(f"Model {model} AUC {value:.2f}")
        caption = {"who": people[video]["teacher"], "id": video, "text": counts}
        if curves:
            alt = f"ROC curves of video {video}: {', '.join(said)}."
            rocs.append(figure(of_windows.roc(curves), f"ROC of {video}", alt, caption))
        minutes = np.array([s.start_time for s in result.view.segments])[rows] / 60
        strips = {model: cv["scores"][rows] for model, cv in result.models.items()}
        alt = f"Scores over time in video {video}, {counts}; " + "; ".join(
            f"Model {model}: {int((s[y == 1] > 0).sum())} STOP and {int((s[y == 0] > 0).sum())} CONTINUE called STOP"
            for model, s in strips.items()
        )
        times.append(
            figure(
                of_windows.scores_over_time(minutes, strips, y), f"Scores over time of {video}", f"{alt}.", caption
            )
        )
    return {
        "rocs": rocs,
        "times": times,
        "table": _video_table(result, people),
        "drawn": len(times),
        "left_out": max(0, len(videos) - MOST_VIDEOS),
        "undefined": [f for cv in result.models.values() for f in cv["undefined_folds"]],
    }


def scales(result: ViewResult) -> dict | None:
    """Coefficients of Model B by fold, and how its scales go together."""
    if "B" not in result.models:
        return None
    by_fold, coefficients = result.models["B"]["coefficients"], result.coefficients
    values = by_fold[~np.isnan(by_fold).any(axis=1)].T
    n_folds = values.shape[1]
    means = values.mean(axis=1) if n_folds else np.zeros(len(POLES))
    weights = {weight.name: weight for weight in coefficients.weights} if coefficients is not None else {}
    order = np.argsort(-np.abs(means), kind="stable")
    stable = {name for name, weight in weights.items() if weight.stable}
    rows = [(f"{POLES[k].name}: {POLES[k].low}", POLES[k].high, values[k], POLES[k].id in stable) for k in order]
    strongest = ", ".join(f"{POLES[k].low} to {POLES[k].high} {number(means[k])}" for k in order[:3])
    caption = (
        f"{len(result.y)} segments; standardised scores. Dots: the {n_folds} folds; grey bars: from the least to the "
        f"greatest.{' Bold: more than chance (max-T).' if weights else ''}"
    )
    alt = f"Coefficients of Model B; the largest are {strongest}."
    quality = result.features.quality if result.features is not None else None
    return {
        "plot": figure(of_models.coefficients(rows), "Coefficients of Model B", alt, caption),
        "table": _scale_table(order, values, means, weights),
        "tested": bool(weights),
        "stable": [f"{POLES[k].name} {POLES[k].low}–{POLES[k].high}" for k in order if POLES[k].id in stable],
        "clusters": _clusters(coefficients.clusters) if coefficients is not None and coefficients.clusters else None,
        "correlation": _correlation(quality) if quality is not None and len(quality) > 2 else None,
        "disputed": [f"{s.name} {s.low}–{s.high}" for s in POLES if s.poles_disputed],
    }


def _video_table(result: ViewResult, people: dict[str, dict]) -> Grid:
    rows = []
    for video, person in sorted(people.items()):
        found = [next(r for r in cv["per_video"] if r["video_id"] == video) for cv in result.models.values()]
        counts = [str(found[0]["n_stop"]), str(found[0]["n_continue"])]
        shown = [text for row in found for text in (number(row["auc"]), share(row["stop_rate"]))]
        rows.append((Cell(person["teacher"], id=video), *counts, *shown))
    numbers = ["STOP", "CONTINUE", *(f"{m}: {what}" for m in result.models for what in ("AUC", "called STOP"))]
    columns = ("Teacher, video", *((name, "number") for name in numbers))
    return grid(f"Results by video, {result.view.name} view", columns, rows, narrow="paired")


def _scale_table(order: np.ndarray, values: np.ndarray, means: np.ndarray, weights: dict) -> Grid:
    n_folds, rows = values.shape[1], []
    for k in order:
        scale, weight = POLES[k], weights.get(POLES[k].id)
        agreement = int((np.sign(values[k]) == np.sign(means[k])).sum())
        spread = float(values[k].std(ddof=1)) if n_folds > 1 else None
        row = [Cell(scale.name, note=f"{scale.low} to {scale.high}"), number(float(means[k])), number(spread)]
        row.append(f"{agreement} of {n_folds}")
        if weights:
            row += [pvalue(weight.pvalue), number(weight.pattern)] if weight else ["–", "–"]
        rows.append(row)
    numbers = ["mean", "spread over folds", "folds of this sign", *(["max-T p", "pattern"] if weights else [])]
    caption = (
        "Coefficients of Model B, the largest first; a positive one means that nearer to the second pole is STOP"
    )
    return grid(caption, ("Scale", *((name, "number") for name in numbers)), rows, narrow="paired")


def _clusters(clusters) -> Grid:
    rows = []
    for cluster in clusters:
        names = ", ".join(_named(PERCEPIANO_DIMENSIONS.index(name)) for name in cluster.names)
        rows.append((Cell(names), number(cluster.importance, 3), number(cluster.spread, 3)))
    caption = "How far the AUC within video drops when the scores of a group are shuffled together within each video"
    return grid(caption, (("Group", "long"), ("drop", "number"), ("spread over shuffles", "number")), rows)


def _correlation(quality: np.ndarray) -> dict:
    matrix = rank_correlation(quality)
    i, j = np.unravel_index(np.argmax(np.abs(np.tril(matrix, -1))), matrix.shape)
    pair = f"{_named(i)} and {_named(j)} ({number(matrix[i, j])})"
    return figure(
        of_models.correlations([_named(k) for k in range(len(POLES))], matrix),
        "How the scales go together",
        f"Rank correlations of the 19 scales over {len(quality)} segments; the strongest is {pair}.",
        f"Spearman correlations of the scores over {len(quality)} segments; a disc is as wide as its correlation is "
        f"strong, filled where it is positive. Strongest: {pair}.",
    )


def calibrations(result: ViewResult) -> list[dict]:
    """Predicted probability against the share of STOP, a panel a model."""
    panels = []
    for model, cv in result.models.items():
        scored = ~np.isnan(cv["scores"])
        p, y = cv["y_pred_proba"][scored], result.y[scored]
        if not len(p):
            continue
        order = np.argsort(p, kind="stable")
        groups = np.array_split(order, min(5, len(order)))
        predicted, observed = (np.array([values[group].mean() for group in groups]) for values in (p, y))
        s = cv["summary"]
        slope, intercept = number(s.calibration_slope), number(s.calibration_intercept)
        panels.append(
            figure(
                of_models.calibration(predicted, observed),
                f"Calibration of Model {model}",
                f"Calibration of Model {model}: slope {slope}, Brier score {s.brier:.3f}.",
                f"{len(p)} segments in {len(groups)} groups of like probability. Slope {slope}, intercept "
                f"{intercept} (1 and 0 are right); Brier score {number(s.brier, 3)} (always giving the share of "
                f"STOP: {number(s.brier_reference, 3)}).",
            )
        )
    return panels


def nulls(result: ViewResult) -> list[dict]:
    """Null distributions of T1 and T2 with the observed value, a panel a model."""
    panels = []
    for model, a in result.assessments.items():
        tests = [
            (name, test.null_distribution, test.statistic, p_words(test.pvalue))
            for name, test in (
                ("T1: any signal", a.any_signal),
                ("T2: beyond confounds, on adjusted features", a.beyond_confounds),
            )
            if test is not None and np.isfinite(test.statistic) and np.isfinite(test.null_distribution).any()
        ]
        if not tests:
            continue
        said = "; ".join(f"{name}, observed {number(value)}, {p}" for name, _, value, p in tests)
        corrected = f"{p_words(a.any_signal_pvalue, 'T1')}, {p_words(a.beyond_confounds_pvalue, 'T2')}"
        n_models = a.evidence.n_models
        note = f" The p above stand for one model; corrected for {n_models}: {corrected}." if n_models > 1 else ""
        panels.append(
            figure(
                of_models.null_distributions(tests),
                f"What chance gives: Model {model}",
                f"Null distributions of Model {model}: {said}.",
                f"Grey: {len(tests[0][1]):,} relabellings of {len(result.y)} segments, each refitted. Black: as "
                f"observed.{note}",
            )
        )
    return panels


def _named(k: int) -> str:
    scale = POLES[k]
    return f"{scale.name} {scale.high}"
