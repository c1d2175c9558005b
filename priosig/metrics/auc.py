"""How well scores rank STOP above CONTINUE: AUC within video, by video, pooled.

A *score* is an out-of-fold decision value, a *label* 1 for STOP and 0 for CONTINUE; both come in one row order.

Claims rest on the **AUC within video** (`auc_within_video`): the chance that a STOP outranks a CONTINUE *of the same
video*, on which differences between recordings and between folds have no influence. Videos are combined with van
Elteren's weights n1 n0 / (n1 + n0 + 1), the inverse of the variance that each AUC has under the null hypothesis. The
pooled AUC of cross-validated scores is biased (about 0.40 on pure noise when the share of STOP differs between
videos).

Functions accept *batches*: any leading dimensions, broadcast against each other, such as scores of shape (m, n) and
labels of shape (m, n) or (n,). What cannot be computed is NaN: a video of one class has no AUC.

References
----------
van Elteren 1960, Bull. Int. Stat. Inst. 37: 351-361 (weights). Hanley & McNeil 1982, Radiology 143: 29-36 (AUC as a
Mann-Whitney statistic). Parker, Gunter & Bedo 2007, BMC Bioinformatics 8: 326; Forman & Scholz 2010, SIGKDD Explor.
12: 49-57; Airola et al. 2011, Comput. Stat. Data Anal. 55: 1828-1844 (bias of the pooled AUC).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from priosig._core.checks import Ids, check_scores, video_index


@dataclass(frozen=True)
class VideoAucs:
    """AUC of each of G videos, possibly for a batch of scores or labellings.

    `video_ids` are sorted. `auc`, shape (..., G), is NaN where a video holds one class only among its scored
    segments. `weights`, shape (..., G), are van Elteren's, summed over a video's strata; 0 for a video without an
    AUC.
    """

    video_ids: tuple[str, ...]
    auc: np.ndarray
    weights: np.ndarray

    @property
    def within(self) -> np.ndarray:
        """Weighted mean of the AUCs, shape (...); NaN where no video holds both classes."""
        return _mean(self.auc, self.weights)

    @property
    def macro(self) -> np.ndarray:
        """Plain mean of the AUCs that exist, shape (...); NaN where none does."""
        return _mean(self.auc, (self.weights > 0).astype(np.float64))

    @property
    def n_above_half(self) -> np.ndarray:
        """Videos whose AUC is above 0.5, shape (...)."""
        return np.where(self.weights > 0, self.auc > 0.5, False).sum(axis=-1)


def _mean(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Weighted mean over the last axis; NaN where no weight is positive."""
    total = weights.sum(axis=-1)
    weighted = (weights * np.where(weights > 0, values, 0.0)).sum(axis=-1)
    return np.divide(weighted, total, out=np.full(np.shape(total), np.nan), where=total > 0)


def auc(scores: ArrayLike, y: ArrayLike, *, allow_unscored: bool = False) -> float | np.ndarray:
    """Chance that a random STOP scores above a random CONTINUE, ties counted half; NaN where one class is missing.

    Computed from mid-ranks in O(n log n): AUC = (R1 - n1 (n1 + 1) / 2) / (n1 n0), R1 the rank sum of the STOPs.

    Parameters
    ----------
    scores : array-like, shape (..., n)
        Larger means more STOP-like. Infinite scores are allowed, NaN only with `allow_unscored`, which leaves them
        out.
    y : array-like of 0 and 1, shape (..., n)
        Labels; broadcast against `scores`.
    allow_unscored : bool

    Raises
    ------
    ValueError
        For labels other than 0 and 1, shapes that do not fit, or NaN scores.

    Examples
    --------
    >>> auc([0.1, 0.4, 0.4, 0.9], [0, 0, 1, 1])
    0.875
    """
    scores, y = check_scores("auc", scores, y, allow_unscored)
    value, _, _ = _rank_auc(scores, y)
    return float(value) if value.ndim == 0 else value


def auc_by_video(
    scores: ArrayLike, y: ArrayLike, video_ids: Ids, *, strata: Ids | None = None, allow_unscored: bool = False
) -> VideoAucs:
    """AUC of each video; see `auc` for scores, labels and errors.

    Parameters
    ----------
    scores, y, allow_unscored
    video_ids : sequence of str, length n
    strata : sequence, length n, optional
        Parts of videos: only segments of one stratum are compared, and a video's AUC is the weighted mean of theirs.
    """
    scores, y = check_scores("auc_by_video", scores, y, allow_unscored)
    names, which = video_index("auc_by_video", video_ids, scores.shape[-1])
    if strata is not None:
        return _pooled(auc_by_video(scores, y, strata, allow_unscored=allow_unscored), strata, names, which)
    batch = np.broadcast_shapes(scores.shape, y.shape)[:-1]
    value, n_stop, n_continue = (np.empty((*batch, len(names))) for _ in range(3))
    sizes = np.bincount(which, minlength=len(names))
    by_video = np.argsort(which, kind="stable")
    starts = np.cumsum(sizes) - sizes
    # Videos of equal size are ranked together, so that 500 videos cost a few calls and not 500.
    for size in np.unique(sizes):
        videos = np.flatnonzero(sizes == size)
        rows = by_video[starts[videos][:, None] + np.arange(size)]
        ranked = _rank_auc(scores[..., rows], y[..., rows])
        for target, source in zip((value, n_stop, n_continue), ranked, strict=True):
            target[..., videos] = source
    weights = n_stop * n_continue / (n_stop + n_continue + 1.0)
    return VideoAucs(names, value, weights)


def _pooled(by_stratum: VideoAucs, strata: Ids, names: tuple[str, ...], which: np.ndarray) -> VideoAucs:
    """AUCs of videos from those of their strata."""
    _, stratum = video_index("auc_by_video", strata, len(which))
    video_of = np.empty(len(by_stratum.video_ids), dtype=np.intp)
    video_of[stratum] = which
    members = (video_of[:, None] == np.arange(len(names))).astype(np.float64)  # (strata, videos)
    weighted = by_stratum.weights * np.nan_to_num(by_stratum.auc)
    weights, total = by_stratum.weights @ members, weighted @ members
    value = np.divide(total, weights, out=np.full(weights.shape, np.nan), where=weights > 0)
    return VideoAucs(names, value, weights)


def auc_within_video(
    scores: ArrayLike, y: ArrayLike, video_ids: Ids, *, allow_unscored: bool = False
) -> float | np.ndarray:
    """Mean of the per-video AUCs with van Elteren's weights, over videos that hold both classes.

    Both members of every pair that is compared were scored by one probe that saw neither's video. Arguments are those
    of `auc_by_video`. NaN where no video holds both classes; an array of shape (...) for batched input.
    """
    value = auc_by_video(scores, y, video_ids, allow_unscored=allow_unscored).within
    return float(value) if value.ndim == 0 else value


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
