"""One matrix of features for all folds of a design, and what each fold changes in it.

The features of fold f, as `priosig.crossval.probe` would make them of its training segments alone, are::

    X_f = (Xs - 1 m_f') diag(s_f)

Xs are the features standardised on all segments; m_f the means of the training segments; s_f one over their spreads,
0 for a feature that is constant there. Both follow from sums over the segments that the fold holds out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from priosig.crossval.probe import distinct_rows, standardisation

# What is left for training of a feature's sum of squares is exact down to this share of it.
LEAST_SHARE = 1e-4


@dataclass(frozen=True)
class JointDesign:
    """Folds that share one matrix of features; see the module's docstring."""

    X: np.ndarray  # (n, D), standardised on all segments
    held: np.ndarray  # (n, F + 1), segments that each fold holds out; the last "fold" holds out none
    mean: np.ndarray  # (D, F + 1), m_f
    scale: np.ndarray  # (D, F + 1), s_f
    twin: np.ndarray  # (n,), first segment with the same features: both get its score, to tie to the last bit


def joint_design(X: np.ndarray, held: np.ndarray) -> JointDesign:
    """Means and spreads of every fold, of finite features (n, D) and held-out segments (n, F)."""
    n, D = X.shape
    held = np.column_stack([held, np.zeros(n, dtype=bool)])
    place = distinct_rows(X)[1]
    twin = np.full(n, n)
    np.minimum.at(twin, place, np.arange(n))
    mean, scale = standardisation(X)
    X = (X - mean) / scale
    varies = (X != 0).any(axis=0)
    squares = (X**2).sum(axis=0)
    means, scales = np.empty((D, held.shape[1])), np.zeros((D, held.shape[1]))
    for f, out in enumerate(held.T):
        n_train = n - out.sum()
        means[:, f] = -X[out].sum(axis=0) / n_train
        left = squares - (X[out] ** 2).sum(axis=0) - n_train * means[:, f] ** 2
        known = varies & (left >= LEAST_SHARE * n)
        scales[known, f] = 1 / np.sqrt(left[known] / n_train)
        for column in np.flatnonzero(varies & ~known):
            train = X[~out, column]
            means[column, f], spread = train.mean(), train.std()
            if spread > 1e-10 * abs(means[column, f]):
                scales[column, f] = 1 / spread
    return JointDesign(X, held, means, scales, twin[place])
