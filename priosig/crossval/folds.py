"""Splits by video, and the out-of-fold scores of thousands of labellings.

A *fold* is one held-out video; only where a design has very many videos (`max_folds`) does a fold hold out several
whole ones. Standardisation, the optional removal of covariates, and the reduction to few columns
(`priosig.crossval.probe`) are done once per fold on its training segments and never see a label; the resulting
`Fold`s serve the observed labels, every relabelling of a permutation test, and every C.

**Large designs.** Reduced folds of 10,000 segments by 2048 features fill gigabytes, and each takes seconds to make.
`Folds` names the splits and reduces one when it is asked for; where it is sooner done
(`priosig.crossval._joint.pays`), the scores come from fitting all folds together, without any reduction. Both solve
the same problems to the same precision.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from priosig._core.checks import Ids, check_labels, name_rows, video_index
from priosig.crossval._joint import JointFits, fit_jointly, pays
from priosig.crossval._joint_design import joint_design
from priosig.crossval._logistic import LogisticFit, fit_logistic
from priosig.crossval.probe import Reduction, check_features, reduce_fold, residualise, score


@dataclass(frozen=True)
class Fold:
    """One split, reduced and ready for any labelling.

    Attributes
    ----------
    held_out : tuple of str
        Videos that are scored.
    train, test : np.ndarray of int
        Rows to fit on and rows to score, ascending.
    reduction : Reduction
        Their features.
    """

    held_out: tuple[str, ...]
    train: np.ndarray
    test: np.ndarray
    reduction: Reduction


@dataclass(frozen=True)
class Folds:
    """Folds that are reduced when they are asked for, one at a time.

    Attributes
    ----------
    X : np.ndarray, shape (n, D)
    covariates : np.ndarray, shape (n, q), or None
    groups : np.ndarray of int, shape (n,)
        Fold that holds each segment out.
    names : tuple of tuples of str
        Videos of each fold.
    """

    X: np.ndarray
    covariates: np.ndarray | None
    groups: np.ndarray
    names: tuple[tuple[str, ...], ...]

    def __len__(self) -> int:
        return len(self.names)

    def __iter__(self) -> Iterator[Fold]:
        for group, held_out in enumerate(self.names):
            yield make_fold(self.X, self.covariates, held_out, self.groups != group, self.groups == group)


def split_by_video(
    X: ArrayLike,
    video_ids: Ids,
    *,
    covariates: ArrayLike | None = None,
    max_folds: int | None = None,
    content: ArrayLike | None = None,
) -> Folds:
    """Split by video; each fold is standardised and reduced when it is asked for.

    A tuple of them keeps the reductions, for any number of labellings; without it memory holds one at a time.

    Parameters
    ----------
    X : array-like, shape (n, D)
        Features in their own units.
    video_ids : sequence of str, length n
    covariates : array-like, shape (n, q), optional
        What is removed from the features by least squares on each fold's training segments
        (`priosig.crossval.probe.residualise`).
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
        For one video, values that are not finite, or lengths that do not match.
    """
    X, covariates = check_design("split_by_video", X, video_ids, covariates)
    groups, names = group_videos(video_ids, max_folds, content=X if content is None else content)
    return Folds(X, covariates, groups, names)


def oof_scores(folds: Iterable[Fold] | Folds, Y: ArrayLike, C: float = 1.0) -> np.ndarray:
    """Out-of-fold scores of m labellings.

    Parameters
    ----------
    folds : iterable of Fold, or Folds
        From `split_by_video`.
    Y : array-like of 0 and 1, shape (m, n) or (n,)
        Labellings.
    C : float
        Inverse strength of the penalty.

    Returns
    -------
    np.ndarray, shape of Y
        Larger is more STOP-like. NaN in the folds where a labelling leaves one class to train on, and nowhere else.

    Raises
    ------
    ValueError
        If any fit did not converge.
    """
    labels = check_labels("oof_scores", Y)
    scores = np.full(labels.shape, np.nan)
    if isinstance(folds, Folds) and labels.shape[-1] == len(folds.X):
        jointly = fit_folds_jointly(folds, np.atleast_2d(labels), C)
        if jointly is not None:
            for fits in jointly:
                rows, columns = np.nonzero(folds.groups[:, None] == fits.fold)
                np.atleast_2d(scores)[fits.labelling[columns], rows] = fits.scores[rows, columns]
            return scores
    for fold in folds:
        if labels.shape[-1] != len(fold.train) + len(fold.test):
            raise ValueError(
                f"oof_scores: labellings of {labels.shape[-1]} segments for folds of "
                f"{len(fold.train) + len(fold.test)}; expected one label a segment"
            )
        of_fold = fit_fold(fold, np.atleast_2d(labels), C)[1]
        scores[..., fold.test] = of_fold if labels.ndim == 2 else of_fold[0]
    return scores


def fit_folds_jointly(folds: Folds, Y: np.ndarray, C: float) -> Iterator[JointFits] | None:
    """Fits of all labellings in all folds at once; None where the folds are better reduced one by one.

    Parameters
    ----------
    folds : Folds
    Y : np.ndarray of 0 and 1, shape (m, n)
    C : float
    """
    n, n_features = folds.X.shape
    if not pays(n, n_features, len(folds), len(Y)):
        return None
    design = joint_design(folds.X, folds.covariates, folds.groups[:, None] == np.arange(len(folds)))
    return None if design is None else converged_fits(fit_jointly(design, Y, C), folds.names)


def converged_fits(fitted: Iterator[JointFits], held_out: Sequence[tuple[str, ...]]) -> Iterator[JointFits]:
    """The same, refused where a fit did not converge."""
    for fits in fitted:
        lost = np.flatnonzero(~fits.converged)
        if len(lost):
            _refuse(held_out[fits.fold[lost[0]]], len(lost), len(fits.fold), fits.gradient[lost].max())
        yield fits


def group_videos(
    video_ids: Ids, max_folds: int | None = None, *, content: ArrayLike | None = None
) -> tuple[np.ndarray, tuple[tuple[str, ...], ...]]:
    """Fold of each segment, and the videos of each fold.

    With more videos than `max_folds`, videos are dealt out whole, largest first, each to the fold with the fewest
    segments so far. Videos of one size are taken in the order of their sorted rows of `content`, so that neither the
    names of videos nor the order of rows decides anything.

    Parameters
    ----------
    video_ids : sequence of str, length n
    max_folds : int, optional
        2 or more; None for one video a fold.
    content : array-like, shape (n, q)
        Needed when videos are grouped. Never the labels.

    Returns
    -------
    groups : np.ndarray of int, shape (n,)
    names : tuple of tuples of str
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


def check_design(
    where: str, X: ArrayLike, video_ids: Ids, covariates: ArrayLike | None
) -> tuple[np.ndarray, np.ndarray | None]:
    """Features and covariates as float64; refused where they are not finite, do not match, or hold one video."""
    X = check_features(where, X)
    names, _ = video_index(where, video_ids, len(X))
    if len(names) < 2:
        raise ValueError(f"{where}: {len(names)} video ({', '.join(names)}); expected 2 or more to leave one out")
    if covariates is not None:
        covariates = np.asarray(covariates, dtype=np.float64)
        if covariates.ndim != 2 or len(covariates) != len(X):
            message = f"{where}: covariates of shape {covariates.shape} for {len(X)} segments"
            raise ValueError(f"{message}; expected (n_segments, n_covariates)")
        bad = np.flatnonzero(~np.isfinite(covariates).all(axis=1))
        if len(bad):
            raise ValueError(f"{where}: covariates are NaN or infinite at {name_rows(bad)}; expected finite numbers")
    return X, covariates


def make_fold(
    X: np.ndarray, covariates: np.ndarray | None, held_out: tuple[str, ...], train: np.ndarray, test: np.ndarray
) -> Fold:
    """Reduce one split, given as masks of the training and the held-out segments."""
    train, test = np.flatnonzero(train), np.flatnonzero(test)
    X_train, X_test = X[train], X[test]
    if covariates is not None and covariates.shape[1]:
        X_train, X_test = residualise(X_train, covariates[train], X_test, covariates[test])
    return Fold(held_out, train, test, reduce_fold(X_train, X_test))


def fit_fold(fold: Fold, Y: np.ndarray, C: float) -> tuple[LogisticFit, np.ndarray]:
    """Fits of all labellings, and their scores of the held-out segments, shape (m, n_test)."""
    fit = fit_logistic(fold.reduction.Z_train, Y[:, fold.train], C)
    lost = fit.trainable & ~fit.converged
    if lost.any():
        _refuse(fold.held_out, lost.sum(), len(Y), fit.gradient[lost].max())
    return fit, score(fold.reduction, fit)


def _refuse(held_out: tuple[str, ...], n_lost: int, n_fits: int, gradient: float) -> None:
    raise ValueError(
        f"fold without {', '.join(held_out)}: {n_lost} of {n_fits} fits did not converge (largest gradient "
        f"{gradient:.1e}); expected all to; use a smaller C or rescale the features"
    )
