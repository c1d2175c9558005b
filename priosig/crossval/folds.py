"""Splits by video, and the out-of-fold scores of thousands of labellings.

A *fold* is one held-out video; only where a design has very many videos (`max_folds`) does a fold hold out several
whole ones. Standardisation and the reduction to few columns (`priosig.crossval.probe`) are done once per fold on its
training segments and never see a label; the resulting `Fold`s serve the observed labels, every relabelling of a
permutation test, and every C.

**Large designs.** Reduced folds of 10,000 segments by 2048 features fill gigabytes, and each takes seconds to make.
`Folds` names the splits and reduces one when it is asked for; where it is sooner done
(`priosig.crossval._joint.pays`), all folds are fitted together, without any reduction, to the same precision.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from priosig._core.checks import Ids, check_labels, video_index
from priosig.crossval._joint import fit_jointly, pays
from priosig.crossval._joint_design import joint_design
from priosig.crossval._logistic import LogisticFit, fit_logistic
from priosig.crossval.probe import Reduction, check_features, reduce_fold, score


@dataclass(frozen=True)
class Fold:
    """One split, reduced and ready for any labelling."""

    held_out: tuple[str, ...]  # videos that are scored
    train: np.ndarray  # rows to fit on, ascending
    test: np.ndarray  # rows to score, ascending
    reduction: Reduction


@dataclass(frozen=True)
class Folds:
    """Folds that are reduced when they are asked for, one at a time."""

    X: np.ndarray  # (n, D)
    held: np.ndarray  # (n, G), whether each fold holds a segment out
    names: tuple[tuple[str, ...], ...]  # videos of each fold

    def __len__(self) -> int:
        return len(self.names)

    def __iter__(self) -> Iterator[Fold]:
        for names, held in zip(self.names, self.held.T, strict=True):
            train, test = np.flatnonzero(~held), np.flatnonzero(held)
            yield Fold(names, train, test, reduce_fold(self.X[train], self.X[test]))


@dataclass(frozen=True)
class FoldFits:
    """Fits of k labellings in one fold."""

    fold: int  # its place among the folds
    test: np.ndarray  # (n_test,), rows that it holds out
    labellings: np.ndarray  # (k,)
    scores: np.ndarray  # (k, n_test); NaN for a labelling that leaves one class to train on
    coef: np.ndarray  # (k, d), weights of standardised features in the coordinates of V
    intercept: np.ndarray  # (k,)
    gradient: np.ndarray  # (k,)
    V: np.ndarray | None = None  # (D, d); None where the coordinates are the features


def split_by_video(
    X: ArrayLike, video_ids: Ids, *, max_folds: int | None = None, content: ArrayLike | None = None
) -> Folds:
    """Split by video; each fold is standardised and reduced when it is asked for.

    `tuple(split_by_video(...))` keeps the reductions, for any number of labellings; else memory holds one at a time.

    Parameters
    ----------
    X : array-like, shape (n, D)
    video_ids : sequence of str, length n
    max_folds : int, optional
        At most so many folds, each of whole videos; without it one video a fold.
    content : array-like, shape (n, q), optional
        What orders the videos where `max_folds` groups them (see `group_videos`); the features by default. Give the
        same to models that are to be compared.

    Returns
    -------
    Folds
        Sorted by the name of the video, where a fold is one video.

    Raises
    ------
    ValueError
        For NaN or infinite features, lengths that do not match, or only one video.
    """
    X = check_features("split_by_video", X)
    names, _ = video_index("split_by_video", video_ids, len(X))
    if len(names) < 2:
        message = f"split_by_video: {len(names)} video ({', '.join(names)})"
        raise ValueError(f"{message}; expected 2 or more to leave one out")
    groups, videos = group_videos(video_ids, max_folds, content=X if content is None else content)
    return Folds(X, groups[:, None] == np.arange(len(videos)), videos)


def oof_scores(folds: Iterable[Fold] | Folds, Y: ArrayLike, C: float = 1.0) -> np.ndarray:
    """Out-of-fold scores of m labellings of 0 and 1, in the shape of Y, (m, n) or (n,); larger is more STOP-like.

    NaN in the folds where a labelling leaves one class to train on, and nowhere else. C is the inverse strength of
    the penalty. A fit that does not converge is a ValueError.
    """
    labels = check_labels("oof_scores", Y)
    scores = np.full(labels.shape, np.nan)
    for fits in fit_folds(folds, np.atleast_2d(labels), C):
        np.atleast_2d(scores)[np.ix_(fits.labellings, fits.test)] = fits.scores
    return scores


def fit_folds(folds: Iterable[Fold] | Folds, Y: np.ndarray, C: float) -> Iterator[FoldFits]:
    """Fits of all labellings, shape (m, n), in all folds, jointly where that is faster.

    A fold may come in several parts. Labellings with one class in training may be left out.
    """
    m, n = Y.shape
    if isinstance(folds, Folds) and len(folds.X) == n and pays(n, folds.X.shape[1], len(folds), m):
        for fits in fit_jointly(joint_design(folds.X, folds.held), Y, C):
            for fold in np.unique(fits.fold):
                k = np.flatnonzero(fits.fold == fold)
                _need_converged(folds.names[fold], fits.converged[k], fits.gradient[k])
                test = np.flatnonzero(folds.held[:, fold])
                coef, scores = fits.coef[:, k].T, fits.scores[np.ix_(test, k)].T
                yield FoldFits(fold, test, fits.labelling[k], scores, coef, fits.intercept[k], fits.gradient[k])
        return
    for place, fold in enumerate(folds):
        size = len(fold.train) + len(fold.test)
        if n != size:
            message = f"oof_scores: labellings of {n} segments for folds of {size}"
            raise ValueError(f"{message}; expected one label a segment")
        fit, scores = fit_fold(fold, Y, C)
        V = fold.reduction.V
        yield FoldFits(place, fold.test, np.arange(m), scores, fit.coef, fit.intercept, fit.gradient, V)


def fit_fold(fold: Fold, Y: np.ndarray, C: float) -> tuple[LogisticFit, np.ndarray]:
    """Fits of all labellings, and their scores of the held-out segments, shape (m, n_test)."""
    fit = fit_logistic(fold.reduction.Z_train, Y[:, fold.train], C)
    _need_converged(fold.held_out, fit.converged | ~fit.trainable, fit.gradient)
    return fit, score(fold.reduction, fit)


def _need_converged(held_out: tuple[str, ...], converged: np.ndarray, gradient: np.ndarray) -> None:
    if not converged.all():
        raise ValueError(
            f"fold without {', '.join(held_out)}: {(~converged).sum()} of {len(converged)} fits did not converge "
            f"(largest gradient {gradient[~converged].max():.1e}); expected all to; use a smaller C or rescale the "
            "features"
        )


def group_videos(
    video_ids: Ids, max_folds: int | None = None, *, content: ArrayLike | None = None
) -> tuple[np.ndarray, tuple[tuple[str, ...], ...]]:
    """Fold of each segment, shape (n,), and the videos of each fold; one video a fold without `max_folds`.

    With more videos than `max_folds`, videos are dealt out whole, largest first, each to the fold with the fewest
    segments so far. Videos of one size are taken in the order of their sorted rows of `content`, shape (n, q), which
    never holds the labels, so that neither the names of videos nor the order of rows decides anything.
    """
    n = len(video_ids)
    names, which = video_index("group_videos", video_ids, n)
    if max_folds is None or len(names) <= max_folds:
        return which, tuple((name,) for name in names)
    if max_folds < 2:
        raise ValueError(f"group_videos: max_folds is {max_folds}; expected 2 or more")
    table = np.empty(0) if content is None else np.asarray(content, dtype=np.float64)
    if len(table) != n:
        raise ValueError("group_videos: videos to be grouped need their content; expected one row a segment")
    table = table.reshape(n, -1)

    def key(video: int) -> tuple[int, list[list[float]]]:
        rows = table[which == video]
        return -len(rows), rows[np.lexsort(rows.T[::-1])].tolist()

    load = np.zeros(max_folds, dtype=np.int64)
    fold_of_video = np.empty(len(names), dtype=np.intp)
    for video in sorted(range(len(names)), key=key):
        fold_of_video[video] = np.argmin(load)
        load[fold_of_video[video]] += np.count_nonzero(which == video)
    members = tuple(tuple(names[v] for v in np.flatnonzero(fold_of_video == f)) for f in range(max_folds))
    return fold_of_video[which], members
