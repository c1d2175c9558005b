"""Out-of-fold scores of every data set that lacks one video, or one group of videos.

They take G (G - 1) / 2 fits instead of G (G - 1): the probe that saw neither v nor w scores w in the data set without
v, and v in the data set without w.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from priosig._core.checks import Ids, check_labels
from priosig.crossval._joint import fit_jointly, pays
from priosig.crossval._joint_design import joint_design
from priosig.crossval.folds import check_design, converged_fits, fit_fold, group_videos, make_fold

# Joint fits are made for at most so many folds at a time.
FOLDS_AT_ONCE = 1024


def jackknife_scores(
    X: ArrayLike,
    Y: ArrayLike,
    video_ids: Ids,
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
        As for `split_by_video`; three folds at least.
    Y : array-like of 0 and 1, shape (m, n) or (n,)
    C : float

    Returns
    -------
    np.ndarray, shape (G, m, n) or (G, n)
        Entry v holds the out-of-fold scores of the data without fold v, whose own segments are NaN, as are those of a
        fold with one class to train on.
    """
    X, covariates = check_design("jackknife_scores", X, video_ids, covariates)
    labels = check_labels("jackknife_scores", Y)
    groups, names = group_videos(video_ids, max_folds, content=X if content is None else content)
    if len(names) < 3:
        raise ValueError(f"jackknife_scores: {len(names)} folds of videos; expected 3 or more")
    scores = np.full((len(names), *labels.shape), np.nan)
    by_labelling = scores.reshape(len(names), -1, len(groups))
    Y = np.atleast_2d(labels)
    n, n_features = X.shape
    pairs = [(v, w) for v in range(len(names)) for w in range(v + 1, len(names))]
    held_out = [(*names[v], *names[w]) for v, w in pairs]
    together = pays(n, n_features, min(len(pairs), FOLDS_AT_ONCE), len(Y))
    for first in range(0, len(pairs), FOLDS_AT_ONCE):
        v, w = np.array(pairs[first : first + FOLDS_AT_ONCE]).T
        held = (groups[:, None] == v) | (groups[:, None] == w)
        design = joint_design(X, covariates, held) if together else None
        if design is not None:
            for fits in converged_fits(fit_jointly(design, Y, C), held_out[first : first + FOLDS_AT_ONCE]):
                rows, columns = np.nonzero(held[:, fits.fold])
                v_of, w_of = v[fits.fold[columns]], w[fits.fold[columns]]
                without = np.where(groups[rows] == v_of, w_of, v_of)
                by_labelling[without, fits.labelling[columns], rows] = fits.scores[rows, columns]
            continue
        for k, (one, other) in enumerate(zip(v, w, strict=True)):
            fold = make_fold(X, covariates, held_out[first + k], ~held[:, k], held[:, k])
            scores_of_pair = fit_fold(fold, Y, C)[1]
            of_one = groups[fold.test] == one
            by_labelling[other][:, fold.test[of_one]] = scores_of_pair[:, of_one]
            by_labelling[one][:, fold.test[~of_one]] = scores_of_pair[:, ~of_one]
    return scores
