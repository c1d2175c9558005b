"""Everything that is reported of a set of scores: ranking, decisions, probabilities.

Scores above 0 are called "STOP", and 1 / (1 + exp(-score)) is the probability of STOP; rankings are those of
`priosig.metrics.auc`.

What cannot be computed is NaN, and how much of it there was is reported. A video of one class has no AUC; a
classifier that never says CONTINUE has no precision for CONTINUE; labels that a threshold separates perfectly have
no calibration slope. None of these is 0.5, 0 or 1.

References
----------
Cox 1958, Biometrika 45: 562-565 (calibration intercept and slope).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from priosig._core.checks import check_scores, need_vector, video_index
from priosig.metrics.auc import auc, auc_by_video, average_precision

NEWTON_STEPS = 100


@dataclass(frozen=True)
class Summary:
    """Everything that is reported of one set of scores; see `summarise`.

    Attributes
    ----------
    n, n_stop, n_continue, n_unscored : int
        Segments that were scored, by class, and those that were not (NaN scores, left out of all else).
    n_videos, n_videos_undefined, n_videos_above_half : int
        Videos with scored segments; those of them with one class, which have no AUC; those with an AUC above 0.5.
    auc, auc_within_video, auc_macro : float
        Pooled; van Elteren mean over videos (the one that claims rest on); plain mean over videos.
    average_precision, prevalence : float
        With STOP as positive, beside the share of STOP, its value for a random score.
    average_precision_continue, prevalence_continue : float
        The same with CONTINUE as positive.
    accuracy, balanced_accuracy : float
        Share of right calls; mean of `recall` and `specificity`.
    precision, precision_continue : float
        Share of true STOP among what was called STOP; the same for CONTINUE. NaN when nothing was called so.
    recall, specificity : float
        Share of STOP called STOP; share of CONTINUE called CONTINUE.
    stop_rate : float
        Share of segments called STOP.
    brier, brier_reference : float
        Mean squared error of the probabilities, beside that of always giving the prevalence.
    calibration_intercept, calibration_slope : float
        See `calibration`.
    undefined : tuple of str
        Names of the attributes that are NaN.
    """

    n: int
    n_stop: int
    n_continue: int
    n_unscored: int
    n_videos: int
    n_videos_undefined: int
    n_videos_above_half: int
    auc: float
    auc_within_video: float
    auc_macro: float
    average_precision: float
    prevalence: float
    average_precision_continue: float
    prevalence_continue: float
    accuracy: float
    balanced_accuracy: float
    precision: float
    precision_continue: float
    recall: float
    specificity: float
    stop_rate: float
    brier: float
    brier_reference: float
    calibration_intercept: float
    calibration_slope: float
    undefined: tuple[str, ...]


def summarise(scores: ArrayLike, y: ArrayLike, video_ids: Sequence[str]) -> Summary:
    """All metrics of one set of scores, computed on the segments that have one.

    Parameters
    ----------
    scores : array-like, shape (n,)
        Decision values; above 0 is called STOP, and 1 / (1 + exp(-score)) is the probability. NaN means that the
        segment could not be scored: it is left out and counted in `n_unscored`.
    y : array-like of 0 and 1, shape (n,)
    video_ids : sequence of str, length n

    Returns
    -------
    Summary

    Raises
    ------
    ValueError
        For labels other than 0 and 1 or shapes that do not fit.
    """
    scores, y = check_scores("summarise", scores, y, True)
    need_vector("summarise", scores, y)
    video_index("summarise", video_ids, len(scores))
    scored = ~np.isnan(scores)
    n_unscored = int((~scored).sum())
    scores, y, videos = scores[scored], y[scored], np.asarray(video_ids, dtype=object)[scored]
    n, n_stop = len(y), int(y.sum())
    by_video = auc_by_video(scores, y, videos)
    called = scores > 0
    hits, n_called = int((called & (y == 1)).sum()), int(called.sum())
    rejections = int((~called & (y == 0)).sum())
    recall, specificity = _ratio(hits, n_stop), _ratio(rejections, n - n_stop)
    prevalence = _ratio(n_stop, n)
    intercept, slope = calibration(scores, y)
    values = {
        "auc": auc(scores, y),
        "auc_within_video": float(by_video.within),
        "auc_macro": float(by_video.macro),
        "average_precision": average_precision(scores, y),
        "prevalence": prevalence,
        "average_precision_continue": average_precision(scores, y, positive=0),
        "prevalence_continue": 1.0 - prevalence,
        "accuracy": _ratio(hits + rejections, n),
        "balanced_accuracy": (recall + specificity) / 2,
        "precision": _ratio(hits, n_called),
        "precision_continue": _ratio(rejections, n - n_called),
        "recall": recall,
        "specificity": specificity,
        "stop_rate": _ratio(n_called, n),
        "brier": _ratio(float(np.sum((sigmoid(scores) - y) ** 2)), n),
        "brier_reference": prevalence * (1.0 - prevalence),
        "calibration_intercept": intercept,
        "calibration_slope": slope,
    }
    return Summary(
        n=n,
        n_stop=n_stop,
        n_continue=n - n_stop,
        n_unscored=n_unscored,
        n_videos=len(by_video.video_ids),
        n_videos_undefined=int(by_video.n_undefined),
        n_videos_above_half=int(by_video.n_above_half),
        **values,
        undefined=tuple(name for name, value in values.items() if np.isnan(value)),
    )


def calibration(scores: ArrayLike, y: ArrayLike) -> tuple[float, float]:
    """Intercept and slope of the logistic recalibration logit P(y = 1) = intercept + slope * score.

    Maximum likelihood, both fitted together (Cox 1958): (0, 1) for scores that are true log-odds, a slope below 1 for
    scores that are too extreme. Where no maximum exists (one class; constant scores; a threshold that splits the
    classes, ties at the threshold included), both are NaN.

    Returns
    -------
    intercept, slope : float
    """
    scores, y = check_scores("calibration", scores, y, False)
    need_vector("calibration", scores, y)
    undefined = float("nan"), float("nan")
    stops, continues = scores[y == 1], scores[y == 0]
    if not len(stops) or not len(continues) or not np.isfinite(scores).all():
        return undefined
    # In one dimension the likelihood has a finite maximum exactly when the classes overlap (Albert & Anderson 1984).
    if stops.min() >= continues.max() or stops.max() <= continues.min():
        return undefined
    centre, spread = scores.mean(), scores.std()
    design = np.column_stack([np.ones_like(scores), (scores - centre) / spread])
    beta = np.zeros(2)
    loss = np.log(2.0) * len(y)
    for _ in range(NEWTON_STEPS):
        probability = sigmoid(design @ beta)
        gradient = design.T @ (probability - y)
        hessian = (design * (probability * (1 - probability))[:, None]).T @ design
        step = np.linalg.solve(hessian, gradient)
        # Newton's step is halved while it does not lower the loss; the loss is convex, so this ends.
        for _ in range(NEWTON_STEPS):
            trial = design @ (beta - step)
            trial_loss = float(np.sum(np.logaddexp(0.0, trial) - y * trial))
            if trial_loss <= loss + 1e-12 * abs(loss):
                break
            step = step / 2
        beta, loss = beta - step, trial_loss
        if np.abs(step).max() < 1e-12 * (1 + np.abs(beta).max()):
            break
    slope = beta[1] / spread
    return float(beta[0] - slope * centre), float(slope)


def sigmoid(scores: ArrayLike) -> np.ndarray:
    """1 / (1 + exp(-score)), without overflow at any score."""
    return 0.5 * (1.0 + np.tanh(0.5 * np.asarray(scores, dtype=np.float64)))


def _ratio(part: float, whole: int) -> float:
    return part / whole if whole else float("nan")
