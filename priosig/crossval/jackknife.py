"""Out-of-fold scores of every data set that lacks one video, or one group of videos.

They take G (G - 1) / 2 fits instead of G (G - 1): the probe that saw neither v nor w scores w in the data set without
v, and v in the data set without w.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike

from priosig._core.checks import Ids, check_labels, video_index
from priosig.crossval.folds import Folds, fit_folds, group_videos
from priosig.crossval.probe import check_features

FOLDS_AT_ONCE = 1024  # that are fitted together


def jackknife_scores(
    X: ArrayLike,
    Y: ArrayLike,
    video_ids: Ids,
    C: float = 1.0,
    *,
    max_folds: int | None = None,
    content: ArrayLike | None = None,
) -> np.ndarray:
    """Out-of-fold scores of every data set that lacks one fold's videos, everything refitted.

    Folds are those of `split_by_video`, three at least. Entry v of the result, shape (G, m, n) for Y of shape (m, n),
    or (G, n), holds the scores of the data without fold v. Segments of v itself are NaN, as are those of a fold with
    one class to train on.
    """
    X = check_features("jackknife_scores", X)
    labels = check_labels("jackknife_scores", Y)
    video_index("jackknife_scores", video_ids, len(X))  # refuses another number of ids
    groups, names = group_videos(video_ids, max_folds, content=X if content is None else content)
    if len(names) < 3:
        raise ValueError(f"jackknife_scores: {len(names)} folds of videos; expected 3 or more")
    scores = np.full((len(names), *labels.shape), np.nan)
    by_labelling = scores.reshape(len(names), -1, len(groups))
    pairs = list(combinations(range(len(names)), 2))
    for first in range(0, len(pairs), FOLDS_AT_ONCE):
        some = pairs[first : first + FOLDS_AT_ONCE]
        held = np.stack([(groups == v) | (groups == w) for v, w in some], axis=1)
        folds = Folds(X, held, tuple((*names[v], *names[w]) for v, w in some))
        for fits in fit_folds(folds, np.atleast_2d(labels), C):
            for v, w in (some[fits.fold], some[fits.fold][::-1]):
                of_w = groups[fits.test] == w
                by_labelling[v][np.ix_(fits.labellings, fits.test[of_w])] = fits.scores[:, of_w]
    return scores
