"""Everything that is reported of a set of scores: ranking, decisions, probabilities.

Scores above 0 are called "STOP", and 1 / (1 + exp(-score)) is the probability of STOP; rankings are those of
`priosig.metrics.auc`. What cannot be computed is NaN, never 0.5, 0 or 1, and its name is in `Summary.undefined`: a
classifier that never says CONTINUE has no precision for CONTINUE, labels that a threshold separates have no
calibration slope.

References
----------
Cox 1958, Biometrika 45: 562-565 (calibration intercept and slope).
"""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import ArrayLike

from priosig._core.checks import Ids, check_scores, need_vector, video_index
from priosig.metrics.auc import auc, auc_by_video


@dataclass(frozen=True)
class Summary:
    """The metrics of one set of scores; see `summarise`.

    `n_unscored` segments, with NaN scores, are left out of all but the first three numbers. Videos are those with
    scored segments; those of one class have no AUC. `auc` is pooled, `auc_within_video` the van Elteren mean over
    videos (the one that claims rest on), `auc_macro` the plain mean. `average_precision` has STOP as positive, and
    the value `prevalence` for random scores; names with `continue` have CONTINUE as positive. `balanced_accuracy` is
    the mean of `recall` and `specificity`. `brier_reference` is the Brier score of the prevalence. `undefined` names
    the attributes that are NaN.
    """

    n_samples: int
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


def summarise(scores: ArrayLike, y: ArrayLike, video_ids: Ids, *, strata: Ids | None = None) -> Summary:
    """All metrics of one set of scores, computed on the segments that have one.

    Arguments are those of `priosig.metrics.auc.auc_by_video`, without batches; scores are NaN where there is none.

    Raises
    ------
    ValueError
        For labels other than 0 and 1, infinite scores, or shapes that do not fit.
    """
    scores, y = check_scores("summarise", scores, y, True)
    need_vector("summarise", scores, y)
    video_index("summarise", video_ids, len(scores))
    n_samples, n_stop = len(y), int(y.sum())
    scored = ~np.isnan(scores)
    scores, y, videos = scores[scored], y[scored], np.asarray(video_ids, dtype=object)[scored]
    parts = None if strata is None else np.asarray(strata, dtype=object)[scored]
    by_video = auc_by_video(scores, y, videos, strata=parts)
    values = dict.fromkeys((field.name for field in fields(Summary) if field.type is float), float("nan"))
    if len(y):
        values |= _rates(scores, y)
        values |= {"auc_within_video": float(by_video.within), "auc_macro": float(by_video.macro)}
    return Summary(
        n_samples=n_samples,
        n_stop=n_stop,
        n_continue=n_samples - n_stop,
        n_unscored=n_samples - len(y),
        n_videos=len(by_video.video_ids),
        n_videos_undefined=int((by_video.weights == 0).sum()),
        n_videos_above_half=int(by_video.n_above_half),
        **values,
        undefined=tuple(name for name, value in values.items() if np.isnan(value)),
    )


def _rates(scores: np.ndarray, y: np.ndarray) -> dict[str, float]:
    """The metrics that pool all videos, of at least one segment."""
    from sklearn.metrics import average_precision_score, brier_score_loss, precision_recall_fscore_support

    y_pred = scores > 0
    (precision_continue, precision), (specificity, recall), _, _ = precision_recall_fscore_support(
        y, y_pred, labels=[0, 1], zero_division=np.nan
    )
    prevalence = y.mean()
    intercept, slope = calibration(scores, y)
    rates = {
        "auc": auc(scores, y),
        # Without a positive segment scikit-learn says 0.
        "average_precision": average_precision_score(y, scores) if y.any() else np.nan,
        "prevalence": prevalence,
        "average_precision_continue": average_precision_score(1 - y, -scores) if not y.all() else np.nan,
        "prevalence_continue": 1 - prevalence,
        "accuracy": np.mean(y_pred == y),
        # Of one class scikit-learn's balanced_accuracy_score gives that class's recall.
        "balanced_accuracy": (recall + specificity) / 2,
        "precision": precision,
        "precision_continue": precision_continue,
        "recall": recall,
        "specificity": specificity,
        "stop_rate": y_pred.mean(),
        "brier": brier_score_loss(y, sigmoid(scores), pos_label=1),
        "brier_reference": prevalence * (1 - prevalence),
        "calibration_intercept": intercept,
        "calibration_slope": slope,
    }
    return {name: float(value) for name, value in rates.items()}


def calibration(scores: ArrayLike, y: ArrayLike) -> tuple[float, float]:
    """Intercept and slope of the logistic recalibration logit P(y = 1) = intercept + slope * score.

    Maximum likelihood, both fitted together (Cox 1958): (0, 1) for scores that are true log-odds, a slope below 1 for
    scores that are too extreme. Where no maximum exists (one class; constant scores; a threshold that splits the
    classes, ties at the threshold included), both are NaN.
    """
    scores, y = np.asarray(scores, dtype=np.float64), np.asarray(y)
    undefined = float("nan"), float("nan")
    stops, continues = scores[y == 1], scores[y == 0]
    if not len(stops) or not len(continues) or not np.isfinite(scores).all():
        return undefined
    # In one dimension the likelihood has a finite maximum exactly when the classes overlap (Albert & Anderson 1984).
    if stops.min() >= continues.max() or stops.max() <= continues.min():
        return undefined
    from sklearn.linear_model import LogisticRegression

    # Not scipy's trust-exact: its subproblem was seen to go on for ever.
    centre, spread = scores.mean(), scores.std()
    fit = LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-10)
    fit.fit(((scores - centre) / spread)[:, None], y)
    slope = fit.coef_[0, 0] / spread
    return float(fit.intercept_[0] - slope * centre), float(slope)


def sigmoid(scores: ArrayLike) -> np.ndarray:
    """1 / (1 + exp(-score)), without overflow at any score."""
    return 0.5 * (1.0 + np.tanh(0.5 * np.asarray(scores, dtype=np.float64)))
