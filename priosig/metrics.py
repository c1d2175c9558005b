"""What a set of scores says about a set of labels.

A *score* is an out-of-fold decision value: larger means more STOP-like, above 0 means "STOP". A *label* is 1 for
STOP and 0 for CONTINUE. Every function takes scores and labels in the same row order.

The estimand that claims rest on is the **AUC within video** (`auc_within_video`): the chance that a STOP
outranks a CONTINUE *of the same video*, so that neither differences between recordings nor differences
between the cross-validation folds that scored them can raise or lower it. Videos are combined with van
Elteren's weights n1 n0 / (n1 + n0 + 1), the inverse of the variance that each AUC has when the null holds,
which serves five large videos and five hundred tiny ones alike. The plain mean over videos and the pooled AUC
are reported beside it. The pooled AUC of cross-validated scores is biased (about 0.40 on pure noise when the
share of STOP differs between videos).

What cannot be computed is NaN, and how much of it there was is reported. A video of one class has no AUC; a
classifier that never says CONTINUE has no precision for CONTINUE; labels that a threshold separates perfectly have
no calibration slope. None of these is 0.5, 0 or 1.

Functions whose arrays may be *batched* accept any leading dimensions, broadcast against each other: scores of
shape (m, n), labels of shape (m, n), or one of the two of shape (n,). That is what permutation tests need.

References
----------
van Elteren 1960, Bull. Int. Stat. Inst. 37: 351-361 (weights). Hanley & McNeil 1982, Radiology 143: 29-36 (AUC as a
Mann-Whitney statistic). Parker, Gunter & Bedo 2007, BMC Bioinformatics 8: 326; Forman & Scholz 2010, SIGKDD Explor.
12: 49-57; Airola et al. 2011, Comput. Stat. Data Anal. 55: 1828-1844 (bias of the pooled AUC). Cox 1958, Biometrika
45: 562-565 (calibration intercept and slope).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

NEWTON_STEPS = 100


@dataclass(frozen=True)
class VideoAucs:
    """AUC of every video, possibly for a batch of scores or labellings.

    Attributes
    ----------
    video_ids : tuple of str
        The G videos, sorted by name.
    auc : np.ndarray, shape (..., G)
        NaN where a video holds one class only (among its scored segments).
    n_stop, n_continue : np.ndarray, shape (..., G)
        Scored segments of each class.
    """

    video_ids: tuple[str, ...]
    auc: np.ndarray
    n_stop: np.ndarray
    n_continue: np.ndarray

    @property
    def weights(self) -> np.ndarray:
        """van Elteren weights n1 n0 / (n1 + n0 + 1), shape (..., G); 0 for a video of one class."""
        return self.n_stop * self.n_continue / (self.n_stop + self.n_continue + 1.0)

    @property
    def within(self) -> np.ndarray:
        """Weighted mean of the AUCs, shape (...); NaN where no video holds both classes."""
        weights = self.weights
        total = weights.sum(axis=-1)
        weighted = (weights * np.where(weights > 0, self.auc, 0.0)).sum(axis=-1)
        return np.divide(weighted, total, out=np.full(np.shape(total), np.nan), where=total > 0)

    @property
    def macro(self) -> np.ndarray:
        """Plain mean of the AUCs that exist, shape (...); NaN where none does."""
        exists = self.weights > 0
        count = exists.sum(axis=-1)
        summed = np.where(exists, self.auc, 0.0).sum(axis=-1)
        return np.divide(summed, count, out=np.full(np.shape(count), np.nan), where=count > 0)

    @property
    def n_undefined(self) -> np.ndarray:
        """Videos without an AUC, shape (...)."""
        return (self.weights == 0).sum(axis=-1)

    @property
    def n_above_half(self) -> np.ndarray:
        """Videos whose AUC is above 0.5, shape (...); a video without an AUC is not among them."""
        return np.where(self.weights > 0, self.auc > 0.5, False).sum(axis=-1)


def auc(scores: ArrayLike, y: ArrayLike, *, allow_unscored: bool = False) -> float | np.ndarray:
    """Chance that a random STOP scores above a random CONTINUE, ties counted half.

    Computed from mid-ranks in O(n log n): AUC = (R1 - n1 (n1 + 1) / 2) / (n1 n0), R1 the rank sum of the STOPs.

    Parameters
    ----------
    scores : array-like, shape (..., n)
        Larger means more STOP-like. Infinite scores are allowed, NaN only with `allow_unscored`.
    y : array-like of 0 and 1, shape (..., n)
        Labels; broadcast against `scores`.
    allow_unscored : bool
        Leave segments with NaN scores out instead of refusing them.

    Returns
    -------
    float, or np.ndarray of shape (...) for batched input
        NaN where one class is missing.

    Raises
    ------
    ValueError
        For labels other than 0 and 1, shapes that do not fit, or NaN scores.

    Examples
    --------
    >>> auc([0.1, 0.4, 0.4, 0.9], [0, 0, 1, 1])
    0.875
    """
    scores, y = _check("auc", scores, y, allow_unscored)
    value, _, _ = _rank_auc(scores, y)
    return float(value) if value.ndim == 0 else value


def auc_by_video(
    scores: ArrayLike, y: ArrayLike, video_ids: Sequence[str], *, allow_unscored: bool = False
) -> VideoAucs:
    """AUC of each video (see `auc` for scores, labels and errors).

    Parameters
    ----------
    scores, y : array-like, shape (..., n)
        As for `auc`.
    video_ids : sequence of str, length n
        Video of each segment.
    allow_unscored : bool
        Leave segments with NaN scores out instead of refusing them.

    Returns
    -------
    VideoAucs
    """
    scores, y = _check("auc_by_video", scores, y, allow_unscored)
    names, which = video_index("auc_by_video", video_ids, scores.shape[-1])
    batch = np.broadcast_shapes(scores.shape, y.shape)[:-1]
    value, n_stop, n_continue = (np.empty((*batch, len(names))) for _ in range(3))
    sizes = np.bincount(which, minlength=len(names))
    by_video = np.argsort(which, kind="stable")
    starts = np.cumsum(sizes) - sizes
    # Videos of equal size are ranked together, so that 500 videos cost a few calls and not 500.
    for size in np.unique(sizes):
        videos = np.flatnonzero(sizes == size)
        rows = by_video[starts[videos][:, None] + np.arange(size)]
        found = _rank_auc(scores[..., rows], y[..., rows])
        for target, source in zip((value, n_stop, n_continue), found, strict=True):
            target[..., videos] = source
    return VideoAucs(names, value, n_stop.astype(np.int64), n_continue.astype(np.int64))


def auc_within_video(
    scores: ArrayLike, y: ArrayLike, video_ids: Sequence[str], *, allow_unscored: bool = False
) -> float | np.ndarray:
    """Mean of the per-video AUCs with van Elteren's weights, over videos that hold both classes.

    The group-respecting leave-pair-out estimator: both members of every pair that is compared were scored by one
    probe that saw neither's video. NaN when no video holds both classes.

    Parameters
    ----------
    scores, y, video_ids, allow_unscored
        As for `auc_by_video`.

    Returns
    -------
    float, or np.ndarray of shape (...) for batched input

    References
    ----------
    van Elteren 1960; see the module's docstring.
    """
    value = auc_by_video(scores, y, video_ids, allow_unscored=allow_unscored).within
    return float(value) if value.ndim == 0 else value


def average_precision(scores: ArrayLike, y: ArrayLike, *, positive: int = 1) -> float:
    """Area under the precision-recall steps: sum over thresholds of precision times the gain in recall.

    Its value for a random score is the share of the positive class, which must stand beside it. With `positive=0`
    CONTINUE is what is looked for, and the scores are negated. NaN when no segment is positive.
    """
    scores, y = _check("average_precision", scores, y, False)
    _need_vector("average_precision", scores, y)
    hit = y == positive
    if not hit.any():
        return float("nan")
    true, false, _ = _threshold_counts(scores if positive == 1 else -scores, hit)
    recall = true / true[-1]
    return float(np.sum(np.diff(recall, prepend=0.0) * true / (true + false)))


def roc_points(scores: ArrayLike, y: ArrayLike) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Corners of the ROC curve, from (0, 0) to (1, 1).

    Returns
    -------
    false_positive_rate, true_positive_rate, thresholds : np.ndarray
        A segment counts as STOP when its score reaches the threshold; the first threshold is infinite. The trapezoids
        under the points sum to `auc`. A rate whose class is missing is NaN.
    """
    scores, y = _check("roc_points", scores, y, False)
    _need_vector("roc_points", scores, y)
    true, false, thresholds = _threshold_counts(scores, y == 1)
    true, false = np.concatenate([[0.0], true]), np.concatenate([[0.0], false])
    n_stop, n_continue = true[-1], false[-1]
    return (
        false / n_continue if n_continue else np.full_like(false, np.nan),
        true / n_stop if n_stop else np.full_like(true, np.nan),
        np.concatenate([[np.inf], thresholds]),
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
    scores, y = _check("calibration", scores, y, False)
    _need_vector("calibration", scores, y)
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
    scores, y = _check("summarise", scores, y, True)
    _need_vector("summarise", scores, y)
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


def sigmoid(scores: ArrayLike) -> np.ndarray:
    """1 / (1 + exp(-score)), without overflow at any score."""
    return 0.5 * (1.0 + np.tanh(0.5 * np.asarray(scores, dtype=np.float64)))


def check_labels(where: str, y: ArrayLike) -> np.ndarray:
    """Labels as int8 of any shape; anything but 0 and 1 is a ValueError that names the first bad rows."""
    y = np.asarray(y)
    bad = ~((y == 0) | (y == 1))
    if bad.any():
        rows = np.flatnonzero(np.atleast_1d(bad).any(axis=tuple(range(bad.ndim - 1))))
        raise ValueError(
            f"{where}: labels hold {y[bad].ravel()[0]!r} at {name_rows(rows)}; expected 0 (CONTINUE) or 1 (STOP)"
        )
    return y.astype(np.int8)


def video_index(where: str, video_ids: Sequence[str], n: int) -> tuple[tuple[str, ...], np.ndarray]:
    """Sorted distinct video names, and the position among them of each row's video (intp, shape (n,))."""
    if isinstance(video_ids, str) or len(video_ids) != n:
        raise ValueError(f"{where}: {len(video_ids)} video ids for {n} segments; expected one video id a segment")
    names = sorted(set(video_ids))
    position = {name: place for place, name in enumerate(names)}
    which = np.fromiter((position[name] for name in video_ids), dtype=np.intp, count=n)
    return tuple(str(name) for name in names), which


def name_rows(rows: Sequence[int] | np.ndarray, names: Sequence[str] | None = None) -> str:
    """`row 3` or `rows 3, 5, 8 and 12 more`, by name where names are given; for messages."""
    shown = [str(row) if names is None else f"{row} ({names[row]})" for row in rows[:3]]
    more = f" and {len(rows) - 3} more" if len(rows) > 3 else ""
    return f"row{'s' if len(rows) > 1 else ''} {', '.join(shown)}{more}"


def _check(where: str, scores: ArrayLike, y: ArrayLike, allow_unscored: bool) -> tuple[np.ndarray, np.ndarray]:
    scores, y = np.asarray(scores, dtype=np.float64), check_labels(where, y)
    if not scores.ndim or not y.ndim or scores.shape[-1] != y.shape[-1]:
        message = f"{where}: scores of shape {scores.shape}, labels of shape {y.shape}"
        raise ValueError(f"{message}; expected one each a segment")
    try:
        np.broadcast_shapes(scores.shape, y.shape)
    except ValueError:
        message = f"{where}: scores of shape {scores.shape} and labels of shape {y.shape} do not broadcast"
        raise ValueError(f"{message}; expected equal batches, or one of the two unbatched") from None
    if not allow_unscored and np.isnan(scores).any():
        rows = np.flatnonzero(np.isnan(scores).any(axis=tuple(range(scores.ndim - 1))))
        raise ValueError(f"{where}: scores are NaN at {name_rows(rows)}; expected numbers")
    return scores, y


def _need_vector(where: str, scores: np.ndarray, y: np.ndarray) -> None:
    if scores.ndim != 1 or y.ndim != 1:
        message = f"{where}: scores of shape {scores.shape}, labels of shape {y.shape}"
        raise ValueError(f"{message}; expected one dimension")


def _ratio(part: float, whole: int) -> float:
    return part / whole if whole else float("nan")


def _rank_auc(scores: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """AUC, n1 and n0 along the last axis; NaN scores, which sort last, count for neither class."""
    n = scores.shape[-1]
    order = np.argsort(scores, axis=-1)
    ordered = np.take_along_axis(scores, order, axis=-1)
    shape = np.broadcast_shapes(scores.shape, y.shape)
    labels = np.take_along_axis(np.broadcast_to(y, shape), np.broadcast_to(order, shape), axis=-1)
    scored = ~np.isnan(ordered)
    # A run of equal scores from place i to place j (from 0) shares the mid-rank (i + j) / 2 + 1.
    place = np.arange(n)
    fresh = np.ones(ordered.shape, dtype=bool)
    fresh[..., 1:] = ordered[..., 1:] != ordered[..., :-1]
    last = np.ones(ordered.shape, dtype=bool)
    last[..., :-1] = fresh[..., 1:]
    first_place = np.maximum.accumulate(np.where(fresh, place, 0), axis=-1)
    last_place = np.minimum.accumulate(np.where(last, place, n)[..., ::-1], axis=-1)[..., ::-1]
    rank = np.where(scored, (first_place + last_place) / 2 + 1, 0.0)
    n_stop = np.sum(labels * scored, axis=-1, dtype=np.float64)
    n_continue = scored.sum(axis=-1) - n_stop
    pairs = n_stop * n_continue
    wins = np.einsum("...i,...i->...", np.broadcast_to(rank, shape), labels.astype(np.float64))
    wins = wins - n_stop * (n_stop + 1) / 2
    value = np.divide(wins, pairs, out=np.full(pairs.shape, np.nan), where=pairs > 0)
    return value, n_stop, n_continue


def _threshold_counts(scores: np.ndarray, hit: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Hits and misses at or above each distinct score, from the highest score down, and those scores."""
    order = np.argsort(-scores, kind="stable")
    ordered = scores[order]
    ends = np.flatnonzero(np.append(ordered[1:] != ordered[:-1], True)[: len(ordered)])
    true = np.cumsum(hit[order], dtype=np.float64)[ends]
    return true, ends + 1.0 - true, ordered[ends]
