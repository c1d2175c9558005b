"""What stands on the page of a report about its models: by video, scales, calibration, tests, mistakes.

All of it for the one view that claims rest on; see `priosig.report_page`.
"""

import numpy as np

from . import plots
from .dimensions import PERCEPIANO_DIMENSIONS, POLES
from .evaluation import ViewResult
from .experiment import Experiment
from .ranking import auc, roc_points
from .report_clips import Clip, make_clip
from .report_page import MOST_VIDEOS, figure, number_words, p_words, who
from .report_tables import Mistake, worst_mistakes
from .transcript import Caption, parse_transcript

_BEFORE, _AFTER, _MOST_LINES = 5.0, 15.0, 6  # transcript lines shown around a mistake, in seconds and number


def by_video(experiment: Experiment, result: ViewResult) -> dict | None:
    """ROC curves, scores over time and the table of videos, in one view."""
    if not result.models:
        return None
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
                fpr, tpr, _ = roc_points(scores[scored], y[scored])
                curves[model] = (fpr, tpr, value)
                said.append(f"Model {model} AUC {value:.2f}")
        caption = {"title": people[video]["teacher"], "id": video, "text": counts}
        if curves:
            rocs.append(figure(plots.roc(curves), f"ROC curves of video {video}: {', '.join(said)}.", caption))
        minutes = np.array([s.start_time for s in result.view.segments])[rows] / 60
        strips = {model: cv["scores"][rows] for model, cv in result.models.items()}
        alt = f"Scores over time in video {video}, {counts}; " + "; ".join(
            f"Model {model}: {int((s[y == 1] > 0).sum())} STOP and {int((s[y == 0] > 0).sum())} CONTINUE called STOP"
            for model, s in strips.items()
        )
        times.append(figure(plots.scores_over_time(minutes, strips, y), f"{alt}.", caption))
    return {
        "rocs": rocs,
        "times": times,
        "table": [
            {
                "id": video,
                **people[video],
                "models": [
                    next(row for row in cv["per_video"] if row["video_id"] == video) for cv in result.models.values()
                ],
            }
            for video in videos
        ],
        "models": list(result.models),
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
    rows, table = [], []
    for k in np.argsort(-np.abs(means), kind="stable"):
        scale, weight = POLES[k], weights.get(POLES[k].id)
        rows.append((f"{scale.name}: {scale.low}", scale.high, values[k], weight is not None and weight.stable))
        table.append(
            {
                "scale": scale,
                "mean": float(means[k]),
                "sd": float(values[k].std(ddof=1)) if n_folds > 1 else None,
                "agreement": int((np.sign(values[k]) == np.sign(means[k])).sum()),
                "n": n_folds,
                "weight": weight,
            }
        )
    strongest = ", ".join(f"{row['scale'].low} to {row['scale'].high} {row['mean']:+.2f}" for row in table[:3])
    caption = (
        f"Model B, {result.view.name} view: coefficients of standardised scores. Dots: the {n_folds} folds; "
        f"diamonds: their mean{', full where it is more than chance (max-T)' if weights else ''}."
    )
    alt = f"Coefficients of Model B; the largest are {strongest}."
    quality = result.features.quality if result.features is not None else None
    return {
        "plot": figure(plots.coefficients(rows), alt, caption),
        "table": table,
        "tested": bool(weights),
        "stable": [row["scale"] for row in table if row["weight"] is not None and row["weight"].stable],
        "clusters": [
            {"names": [_named(PERCEPIANO_DIMENSIONS.index(name)) for name in cluster.names], "cluster": cluster}
            for cluster in (coefficients.clusters if coefficients is not None else ())
        ],
        "correlation": _correlation(quality) if quality is not None and len(quality) > 2 else None,
        "disputed": [f"{s.name} {s.low}–{s.high}" for s in POLES if s.poles_disputed],
    }


def _correlation(quality: np.ndarray) -> dict:
    matrix = _rank_correlation(quality)
    i, j = np.unravel_index(np.argmax(np.abs(np.tril(matrix, -1))), matrix.shape)
    strongest = f"{matrix[i, j]:+.2f}".replace("-", "−")
    pair = f"{_named(i)} and {_named(j)} ({strongest})"
    return figure(
        plots.correlations([_named(k) for k in range(len(POLES))], matrix),
        f"Rank correlations of the 19 scales over {len(quality)} segments; the strongest is {pair}.",
        f"Spearman correlations of the scores over {len(quality)} segments. Filled discs: positive; open: negative; "
        f"the larger, the stronger. Strongest: {pair}.",
    )


def calibrations(result: ViewResult) -> list[dict]:
    """Predicted probability against the share of STOP, a panel a model."""
    panels = []
    for model, cv in result.models.items():
        scored = ~np.isnan(cv["scores"])
        p, y = cv["probabilities"][scored], result.y[scored]
        if not len(p):
            continue
        order = np.argsort(p, kind="stable")
        groups = np.array_split(order, min(5, len(order)))
        predicted, observed = (np.array([values[group].mean() for group in groups]) for values in (p, y))
        s = cv["summary"]
        slope, intercept = number_words(s.calibration_slope), number_words(s.calibration_intercept)
        panels.append(
            figure(
                plots.calibration(predicted, observed),
                f"Calibration of Model {model}: slope {slope}, Brier score {s.brier:.3f}.",
                f"Model {model}: {len(p)} segments in {len(groups)} equal groups of like probability. Slope "
                f"{slope}, intercept {intercept} (1 and 0 are right); Brier score {s.brier:.3f} (always giving the "
                f"prevalence: {s.brier_reference:.3f}).",
            )
        )
    return panels


def nulls(result: ViewResult) -> list[dict]:
    """Null distributions of T1 and T2 with the observed value, a panel a model."""
    panels = []
    for model, a in result.assessments.items():
        tests = [
            (name, test.null_distribution, test.statistic, test.pvalue)
            for name, test in (("T1: any signal", a.any_signal), ("T2: beyond confounds", a.beyond_confounds))
            if test is not None and np.isfinite(test.statistic) and np.isfinite(test.null_distribution).any()
        ]
        if not tests:
            continue
        n = len(tests[0][1])
        said = "; ".join(f"{name}, observed {value:.2f}, p = {p:.3g}" for name, _, value, p in tests)
        panels.append(
            figure(
                plots.null_distributions(tests),
                f"Null distributions of Model {model}: {said}.",
                f"Model {model}: AUC within video under {n} relabellings, each refitted, and as observed. "
                f"p is not yet corrected for the number of models; corrected: T1 {p_words(a.any_signal_pvalue)}, "
                f"T2 {p_words(a.beyond_confounds_pvalue)}.",
            )
        )
    return panels


def mistakes(experiment: Experiment, result: ViewResult, n_clips: int) -> list[dict]:
    """The worst mistakes of each model, the first `n_clips` of each kind to be heard and seen."""
    audio_dir = experiment.annotations.corpus.audio
    made: dict[str, Clip | str] = {}
    found = []
    for mistake in worst_mistakes(experiment, result, n=max(n_clips, 5)):
        segment_id, clip = mistake.segment.segment_id, None
        if mistake.rank <= n_clips and audio_dir is not None:
            if segment_id not in made:
                try:
                    made[segment_id] = make_clip(mistake.segment, audio_dir)
                except (OSError, ValueError) as error:
                    made[segment_id] = f"not embedded: {error}"
            clip = made[segment_id]
        found.append({"mistake": mistake, "clip": clip, "lines": _lines(experiment, mistake)})
    return [
        {"model": model, "kind": kind, "rows": rows}
        for model in result.models
        for kind in ("called STOP, was CONTINUE", "called CONTINUE, was STOP")
        if (rows := [row for row in found if (row["mistake"].model, row["mistake"].kind) == (model, kind)])
    ]


def _lines(experiment: Experiment, mistake: Mistake) -> list[Caption]:
    segment = mistake.segment
    captions = {
        c.start_time: c
        for m in experiment.annotations.moments
        if m.video_id == segment.video_id
        for c in parse_transcript(m.transcript_text)
        if c.is_talk and segment.start_time - _BEFORE <= c.start_time <= segment.end_time + _AFTER
    }
    ordered = [captions[time] for time in sorted(captions)]
    # Of many lines, those around the end of the window say why the teacher stopped, or did not.
    ordered.sort(key=lambda c: abs(c.start_time - segment.end_time))
    return sorted(ordered[:_MOST_LINES], key=lambda c: c.start_time)


def _rank_correlation(X: np.ndarray) -> np.ndarray:
    from scipy.stats import rankdata

    ranks = rankdata(X, axis=0)
    ranks = ranks - ranks.mean(axis=0)
    scale = np.sqrt((ranks**2).sum(axis=0))
    return (ranks.T @ ranks) / np.maximum(np.outer(scale, scale), 1e-300)


def _named(k: int) -> str:
    scale = POLES[k]
    return f"{scale.name} {scale.high}"
