"""Leave-one-video-out cross-validation of one labelling, with everything that is reported of it.

A fold whose training segments are all of one class cannot be trained. Its segments keep the score NaN, its status
says why, and the metrics are those of the segments that were scored.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from priosig._core.arrays import centred_within
from priosig._core.checks import Ids, check_labels, video_index
from priosig._core.shown import MOST_ROWS, Shown, plot_dots, table, wrapped
from priosig.crossval.folds import fit_folds, split_by_video
from priosig.crossval.probe import check_features
from priosig.metrics.auc import auc_by_video
from priosig.metrics.summary import sigmoid, summarise

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COUNTS = "n_samples", "n_stop", "n_continue", "n_unscored"
_AUCS = "auc", "auc_within_video", "auc_macro"
_RATES = "accuracy", "balanced_accuracy", "precision", "recall", "average_precision", "prevalence", "stop_rate"


class CrossValidation(Shown, dict[str, Any]):
    """What `leave_one_video_out_cv` returns: a dictionary that shows itself."""

    def __repr__(self) -> str:
        counts = f"{self['n_samples']} segments ({self['n_stop']} STOP, {self['n_continue']} CONTINUE)"
        videos = [
            (str(row["video_id"]), f"{row['auc']:.2f}", f"{row['n_stop']}", f"{row['n_continue']}")
            for row in self["per_video"]
        ]
        rows = [("video", "AUC", "STOP", "CONTINUE"), *videos[:MOST_ROWS]]
        if len(videos) > MOST_ROWS:
            rows.append((f"... and {len(videos) - MOST_ROWS} more", "", "", ""))
        return "\n".join(
            [
                "Every video scored by a probe that was trained on the others",
                counts,
                f"AUC within video {self['auc_within_video']:.3f}, pooled {self['auc']:.3f}; balanced accuracy "
                f"{self['balanced_accuracy']:.3f}; 0.5 is guessing",
                "",
                *table(rows, right=(1, 2)),
                "",
                *wrapped(f"Keys: {', '.join(self)}"),
            ]
        )

    def rows(self) -> list[dict[str, Any]]:
        """A row a segment: `per_segment`."""
        return [dict(row) for row in self["per_segment"]]

    def plot(self, ax: Axes | None = None) -> Axes:
        """AUC of each video."""
        dots = [(str(row["video_id"]), row["auc"], math.nan, math.nan, False) for row in self["per_video"]]
        whole = ("within video", self["auc_within_video"], math.nan, math.nan, True)
        return plot_dots([whole, *dots], xlabel="AUC", ax=ax)


def leave_one_video_out_cv(
    X: ArrayLike,
    y: ArrayLike,
    video_ids: Ids,
    segment_ids: Sequence[str] | None = None,
    C: float = 1.0,
    *,
    strata: Ids | None = None,
    max_folds: int | None = None,
) -> CrossValidation:
    """Score every segment by a probe that was trained on the other videos (`priosig.crossval.folds`).

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
    strata : sequence, length n, optional
        Parts of videos within which AUCs are taken, such as risk sets. Features are centred within them.
    max_folds : int, optional
        As for `split_by_video`.

    Returns
    -------
    CrossValidation
        A dictionary, with `rows()`, `to_frame()` and `plot()`. Counts and metrics by name, all of them and more in
        `summary`; `scores` (n,) and `y_pred_proba` (n,), probability of STOP, in the order of the rows, NaN where
        unscored; `per_segment` in the order of the rows, where `y_pred` is 1, 0, or None for no score; `per_video`
        sorted by video, where `auc` is NaN for a video of one class or without scores; `coefficients` (G, D) of
        standardised features and `intercepts` (G,), one row a fold, NaN where it was not trained; `folds`, one report
        each, with `status` "ok" or the reason for having no scores; `undefined_folds`, the held-out videos of those.

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

    if strata is not None:
        X = centred_within(X, np.asarray(strata))
    folds = split_by_video(X, video_ids, max_folds=max_folds)
    scores = np.full(n, np.nan)
    coefficients = np.full((len(folds), X.shape[1]), np.nan)
    intercepts, gradients = np.full(len(folds), np.nan), np.full(len(folds), np.nan)
    for fits in fit_folds(folds, labels[None, :], C):
        k, weights = fits.fold, fits.coef[0]
        scores[fits.test] = fits.scores[0]
        coefficients[k] = weights if fits.V is None else fits.V @ weights
        intercepts[k], gradients[k] = fits.intercept[0], fits.gradient[0]
    reports = [
        _report(", ".join(names), labels, held, float(gradient))
        for names, held, gradient in zip(folds.names, folds.held.T, gradients, strict=True)
    ]
    summary = summarise(scores, labels, video_ids, strata=strata)
    y_pred_proba = sigmoid(scores)
    return CrossValidation(
        {name: getattr(summary, name) for name in (*_COUNTS, *_AUCS, *_RATES)},
        summary=summary,
        scores=scores,
        y_pred_proba=y_pred_proba,
        per_segment=[
            {
                "segment_id": ids[row],
                "video_id": str(video_ids[row]),
                "y_true": int(labels[row]),
                "y_pred": None if np.isnan(scores[row]) else int(scores[row] > 0),
                "y_pred_proba": float(y_pred_proba[row]),
                "score": float(scores[row]),
            }
            for row in range(n)
        ],
        per_video=_per_video(scores, labels, video_ids, strata),
        coefficients=coefficients,
        intercepts=intercepts,
        folds=reports,
        undefined_folds=[report["held_out"] for report in reports if report["status"] != "ok"],
    )


def _report(held_out: str, labels: np.ndarray, held: np.ndarray, gradient: float) -> dict[str, Any]:
    n_train, n_train_stop = int((~held).sum()), int(labels[~held].sum())
    only = "STOP" if n_train_stop else "CONTINUE"
    trained = 0 < n_train_stop < n_train
    return {
        "held_out": held_out,
        "n_train": n_train,
        "n_train_stop": n_train_stop,
        "n_test": int(held.sum()),
        "status": "ok" if trained else f"cannot be trained: all {n_train} training segments are {only}",
        "gradient": gradient,
    }


def _per_video(scores: np.ndarray, labels: np.ndarray, video_ids: Ids, strata: Ids | None) -> list[dict[str, Any]]:
    by_video = auc_by_video(scores, labels, video_ids, strata=strata, allow_unscored=True)
    _, which = video_index("leave_one_video_out_cv", video_ids, len(labels))
    rows = []
    for video, name in enumerate(by_video.video_ids):
        y, s = labels[which == video], scores[which == video]
        scored = ~np.isnan(s)
        called = s[scored] > 0
        rows.append(
            {
                "video_id": name,
                "n_samples": len(y),
                "n_stop": int(y.sum()),
                "n_continue": int((1 - y).sum()),
                "n_unscored": int((~scored).sum()),
                "auc": float(by_video.auc[video]),
                "weight": float(by_video.weights[video]),
                "accuracy": float(np.mean(called == y[scored])) if scored.any() else math.nan,
                "stop_rate": float(np.mean(called)) if scored.any() else math.nan,
            }
        )
    return rows
