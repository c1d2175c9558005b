"""Leave-one-video-out cross-validation, for one labelling or for thousands.

Each video is scored by a probe that saw nothing of it. A *fold* is one held-out video; only where a design
has very many videos (`max_folds`) does a fold hold out several whole ones. Standardisation, the optional
removal of covariates, and the reduction to few columns (`priosig.probe`) are done once per fold on its
training segments and never see a label; the resulting `Fold`s serve the observed labels, every relabelling of
a permutation test, and every C.

A fold whose training segments are all of one class cannot be trained. Its segments keep the score NaN, its
status says why, and the metrics are those of the segments that were scored, their number beside them.

`oof_scores` gives the out-of-fold scores of many labellings; `jackknife_scores` those of every data set that
lacks one video (or one group of videos), from G (G - 1) / 2 fits instead of G (G - 1): the probe that saw
neither v nor w scores w in the data set without v, and v in the data set without w.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypedDict

import numpy as np
from numpy.typing import ArrayLike

from priosig.metrics import Summary, auc_by_video, check_labels, name_rows, sigmoid, summarise, video_index
from priosig.probe import LogisticFit, Reduction, check_features, fit_logistic, reduce_fold, residualise, score


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


class FoldReport(TypedDict):
    """What became of a fold; `status` is "ok" or the reason why its segments have no score."""

    held_out: str
    n_train: int
    n_train_stop: int
    n_test: int
    status: str
    gradient: float


class SegmentScore(TypedDict):
    """One segment's out-of-fold result; `predicted` is 1 (STOP), 0 (CONTINUE) or None where the score is NaN."""

    segment_id: str
    video_id: str
    y: int
    score: float
    probability: float
    predicted: int | None


class VideoScore(TypedDict):
    """One video's result; `auc` is NaN for a video of one class or without scores."""

    video_id: str
    n: int
    n_stop: int
    n_continue: int
    n_unscored: int
    auc: float
    weight: float
    accuracy: float
    stop_rate: float


class CrossValidation(TypedDict):
    """What `leave_one_video_out_cv` returns."""

    auc: float
    auc_within_video: float
    auc_macro: float
    accuracy: float
    balanced_accuracy: float
    precision: float
    recall: float
    average_precision: float
    prevalence: float
    stop_rate: float
    summary: Summary
    scores: np.ndarray
    probabilities: np.ndarray
    per_segment: list[SegmentScore]
    per_video: list[VideoScore]
    coefficients: np.ndarray
    intercepts: np.ndarray
    folds: list[FoldReport]
    undefined_folds: list[str]
    n_unscored: int


def leave_one_video_out_cv(
    X: ArrayLike,
    y: ArrayLike,
    video_ids: Sequence[str],
    segment_ids: Sequence[str] | None = None,
    C: float = 1.0,
    *,
    covariates: ArrayLike | None = None,
    max_folds: int | None = None,
) -> CrossValidation:
    """Score every segment by a probe that was trained on the other videos.

    Parameters
    ----------
    X : array-like, shape (n, D)
        Features in their own units.
    y : array-like of 0 and 1, shape (n,)
        1 is STOP.
    video_ids : sequence of str, length n
    segment_ids : sequence of str, length n, optional
        Distinct; row numbers by default.
    C : float
        Inverse strength of the penalty.
    covariates, max_folds
        As for `prepare_folds`.

    Returns
    -------
    CrossValidation
        A dictionary. Metrics by name, all of them again in `summary`; `scores` (n,) in the order of the rows,
        NaN where unscored; `per_segment` in the order of the rows; `per_video` sorted by video;
        `coefficients` (G, D) of standardised features and `intercepts` (G,), one row a fold, NaN where it was
        not trained; `folds`, one report each; `undefined_folds`, the held-out videos of those without scores.

    Raises
    ------
    ValueError
        For one video, one class over all, features that are NaN or infinite (by segment), lengths that do not
        match, or repeated segment ids.
    """
    where = "leave_one_video_out_cv"
    n = len(video_ids)
    ids = [str(row) for row in range(n)] if segment_ids is None else [str(name) for name in segment_ids]
    if len(ids) != n:
        raise ValueError(f"{where}: {len(ids)} segment ids for {n} segments; expected one segment id a segment")
    if len(set(ids)) != n:
        repeated = next(name for name in ids if ids.count(name) > 1)
        message = f"{where}: segment id {repeated!r} appears {ids.count(repeated)} times"
        raise ValueError(f"{message}; expected distinct ids")
    X = check_features(where, X, None if segment_ids is None else ids)
    labels = check_labels(where, y)
    if labels.shape != (n,) or len(X) != n:
        message = f"{where}: {len(X)} rows of features, labels of shape {labels.shape}, {n} video ids"
        raise ValueError(f"{message}; expected one each a segment")
    if n and labels.min() == labels.max():
        raise ValueError(f"{where}: all {n} labels are {labels[0]}; expected both STOP (1) and CONTINUE (0)")

    scores = np.full(n, np.nan)
    coefficients, intercepts, reports = [], [], []
    for fold in iterate_folds(X, video_ids, covariates=covariates, max_folds=max_folds):
        fit, fold_scores = _fit_fold(fold, labels[None, :], C)
        scores[fold.test] = fold_scores[0]
        coefficients.append(fold.reduction.V @ fit.coef[0])
        intercepts.append(float(fit.intercept[0]))
        reports.append(_report(fold, labels, fit))
    summary = summarise(scores, labels, video_ids)
    probabilities = sigmoid(scores)
    return CrossValidation(
        auc=summary.auc,
        auc_within_video=summary.auc_within_video,
        auc_macro=summary.auc_macro,
        accuracy=summary.accuracy,
        balanced_accuracy=summary.balanced_accuracy,
        precision=summary.precision,
        recall=summary.recall,
        average_precision=summary.average_precision,
        prevalence=summary.prevalence,
        stop_rate=summary.stop_rate,
        summary=summary,
        scores=scores,
        probabilities=probabilities,
        per_segment=[
            SegmentScore(
                segment_id=ids[row],
                video_id=str(video_ids[row]),
                y=int(labels[row]),
                score=float(scores[row]),
                probability=float(probabilities[row]),
                predicted=None if np.isnan(scores[row]) else int(scores[row] > 0),
            )
            for row in range(n)
        ],
        per_video=_per_video(scores, labels, video_ids),
        coefficients=np.array(coefficients),
        intercepts=np.array(intercepts),
        folds=reports,
        undefined_folds=[report["held_out"] for report in reports if report["status"] != "ok"],
        n_unscored=summary.n_unscored,
    )


def iterate_folds(
    X: ArrayLike,
    video_ids: Sequence[str],
    *,
    covariates: ArrayLike | None = None,
    max_folds: int | None = None,
    content: ArrayLike | None = None,
) -> Iterator[Fold]:
    """Folds of `prepare_folds`, one at a time, for designs whose reductions together would fill the memory."""
    X, covariates = _check_design("prepare_folds", X, video_ids, covariates)
    groups, names = group_videos(video_ids, max_folds, content=X if content is None else content)
    for group in range(len(names)):
        yield _make_fold(X, covariates, names[group], groups != group, groups == group)


def prepare_folds(
    X: ArrayLike,
    video_ids: Sequence[str],
    *,
    covariates: ArrayLike | None = None,
    max_folds: int | None = None,
    content: ArrayLike | None = None,
) -> tuple[Fold, ...]:
    """Split by video, and standardise and reduce every fold once, for any number of labellings.

    Parameters
    ----------
    X : array-like, shape (n, D)
        Features in their own units.
    video_ids : sequence of str, length n
    covariates : array-like, shape (n, q), optional
        What is removed from the features by least squares on each fold's training segments
        (`priosig.probe.residualise`).
    max_folds : int, optional
        At most so many folds, each of whole videos; without it one video a fold.
    content : array-like, shape (n, q), optional
        What orders the videos where `max_folds` groups them (see `group_videos`); the features by default. Give the
        same to models that are to be compared.

    Returns
    -------
    tuple of Fold
        Sorted by the name of the video, where a fold is one video.

    Raises
    ------
    ValueError
        For one video, values that are not finite, or lengths that do not match.
    """
    return tuple(iterate_folds(X, video_ids, covariates=covariates, max_folds=max_folds, content=content))


def oof_scores(folds: Iterable[Fold], Y: ArrayLike, C: float = 1.0) -> np.ndarray:
    """Out-of-fold scores of m labellings.

    Parameters
    ----------
    folds : iterable of Fold
        From `prepare_folds`, or straight from `iterate_folds` where memory is short.
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
    for fold in folds:
        if labels.shape[-1] != len(fold.train) + len(fold.test):
            raise ValueError(
                f"oof_scores: labellings of {labels.shape[-1]} segments for folds of "
                f"{len(fold.train) + len(fold.test)}; expected one label a segment"
            )
        found = _fit_fold(fold, np.atleast_2d(labels), C)[1]
        scores[..., fold.test] = found if labels.ndim == 2 else found[0]
    return scores


def jackknife_scores(
    X: ArrayLike,
    Y: ArrayLike,
    video_ids: Sequence[str],
    C: float = 1.0,
    *,
    covariates: ArrayLike | None = None,
    max_folds: int | None = None,
    content: ArrayLike | None = None,
) -> np.ndarray:
    """Out-of-fold scores of every data set that lacks one fold's videos, everything refitted.

    Parameters
    ----------
    X, video_ids, covariates, max_folds, content
        As for `prepare_folds`; three folds at least.
    Y : array-like of 0 and 1, shape (m, n) or (n,)
    C : float

    Returns
    -------
    np.ndarray, shape (G, m, n) or (G, n)
        Entry v holds the out-of-fold scores of the data without fold v, whose own segments are NaN, as are those of a
        fold with one class to train on.
    """
    X, covariates = _check_design("jackknife_scores", X, video_ids, covariates)
    labels = check_labels("jackknife_scores", Y)
    groups, names = group_videos(video_ids, max_folds, content=X if content is None else content)
    if len(names) < 3:
        raise ValueError(f"jackknife_scores: {len(names)} folds of videos; expected 3 or more")
    scores = np.full((len(names), *labels.shape), np.nan)
    for v in range(len(names)):
        for w in range(v + 1, len(names)):
            test = (groups == v) | (groups == w)
            fold = _make_fold(X, covariates, (*names[v], *names[w]), ~test, test)
            found = _fit_fold(fold, np.atleast_2d(labels), C)[1].reshape(*labels.shape[:-1], len(fold.test))
            of_v = groups[fold.test] == v
            scores[w][..., fold.test[of_v]] = found[..., of_v]
            scores[v][..., fold.test[~of_v]] = found[..., ~of_v]
    return scores


def group_videos(
    video_ids: Sequence[str], max_folds: int | None = None, *, content: ArrayLike | None = None
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
    if content is None or len(content) != n:
        raise ValueError("group_videos: videos to be grouped need their content; expected one row a segment")
    content = np.asarray(content, dtype=np.float64)
    content = content.reshape(n, -1)

    def key(video: int) -> tuple:
        rows = content[which == video]
        return -len(rows), rows[np.lexsort(rows.T[::-1])].tolist()

    load = np.zeros(max_folds, dtype=np.int64)
    fold_of_video = np.empty(len(names), dtype=np.intp)
    for video in sorted(range(len(names)), key=key):
        fold_of_video[video] = np.argmin(load)
        load[fold_of_video[video]] += np.count_nonzero(which == video)
    members = tuple(tuple(names[v] for v in np.flatnonzero(fold_of_video == f)) for f in range(max_folds))
    return fold_of_video[which], members


def _check_design(
    where: str, X: ArrayLike, video_ids: Sequence[str], covariates: ArrayLike | None
) -> tuple[np.ndarray, np.ndarray | None]:
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


def _make_fold(
    X: np.ndarray, covariates: np.ndarray | None, held_out: tuple[str, ...], train: np.ndarray, test: np.ndarray
) -> Fold:
    train, test = np.flatnonzero(train), np.flatnonzero(test)
    X_train, X_test = X[train], X[test]
    if covariates is not None and covariates.shape[1]:
        X_train, X_test = residualise(X_train, covariates[train], X_test, covariates[test])
    return Fold(held_out, train, test, reduce_fold(X_train, X_test))


def _fit_fold(fold: Fold, Y: np.ndarray, C: float) -> tuple[LogisticFit, np.ndarray]:
    fit = fit_logistic(fold.reduction.Z_train, Y[:, fold.train], C)
    lost = fit.trainable & ~fit.converged
    if lost.any():
        raise ValueError(
            f"fold without {', '.join(fold.held_out)}: {lost.sum()} of {len(Y)} fits did not converge (largest "
            f"gradient {fit.gradient[lost].max():.1e}); expected all to; use a smaller C or rescale the features"
        )
    return fit, score(fold.reduction, fit)


def _report(fold: Fold, labels: np.ndarray, fit: LogisticFit) -> FoldReport:
    n_stop = int(labels[fold.train].sum())
    only = "STOP" if n_stop else "CONTINUE"
    return FoldReport(
        held_out=", ".join(fold.held_out),
        n_train=len(fold.train),
        n_train_stop=n_stop,
        n_test=len(fold.test),
        status="ok" if fit.trainable[0] else f"cannot be trained: all {len(fold.train)} training segments are {only}",
        gradient=float(fit.gradient[0]),
    )


def _per_video(scores: np.ndarray, labels: np.ndarray, video_ids: Sequence[str]) -> list[VideoScore]:
    by_video = auc_by_video(scores, labels, video_ids, allow_unscored=True)
    _, which = video_index("leave_one_video_out_cv", video_ids, len(labels))
    rows = []
    for video, name in enumerate(by_video.video_ids):
        y, s = labels[which == video], scores[which == video]
        scored = ~np.isnan(s)
        called = s[scored] > 0
        rows.append(
            VideoScore(
                video_id=name,
                n=len(y),
                n_stop=int(y.sum()),
                n_continue=int((1 - y).sum()),
                n_unscored=int((~scored).sum()),
                auc=float(by_video.auc[video]),
                weight=float(by_video.weights[video]),
                accuracy=float(np.mean(called == y[scored])) if scored.any() else float("nan"),
                stop_rate=float(np.mean(called)) if scored.any() else float("nan"),
            )
        )
    return rows
