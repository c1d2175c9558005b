"""How well predictions tell ratings: R2 by scale, out of fold, with an interval over pieces.

R2 = 1 - sum((rating - prediction)^2) / sum((rating - mean)^2), the mean over all performances. The mean predictor,
which gives each performance the mean rating of the other folds, gets 0 or a little less.

The interval is a jackknife over pieces, as performances of one piece are no independent evidence: R2 without each
piece in turn, predictions held fixed, and Student's t with one degree of freedom fewer than pieces. It does not cover
what another draw of training data would change.

References
----------
Efron & Tibshirani (1993). An Introduction to the Bootstrap, chapter 11.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from priosig.extraction.percepiano.scales import PERCEPIANO_DIMENSIONS

LEVEL = 0.95


@dataclass(frozen=True)
class ScaleFit:
    """R2 of one scale, out of fold, with its interval; NaN where ratings without a piece are all equal."""

    scale: str
    r2: float
    low: float
    high: float
    r2_of_mean: float


def fit_by_scale(
    ratings: np.ndarray, predictions: np.ndarray, means: np.ndarray, pieces: Sequence[str]
) -> tuple[ScaleFit, ...]:
    """R2 by scale of out-of-fold predictions and of the mean predictor's; all arrays (n, 19), at least two pieces."""
    from scipy.special import stdtrit

    pieces = np.asarray(pieces)
    names = np.unique(pieces)
    without = np.array([_r2(ratings[pieces != name], predictions[pieces != name]) for name in names])
    n = len(names)
    error = np.sqrt((n - 1) / n * np.square(without - without.mean(axis=0)).sum(axis=0))
    half = stdtrit(n - 1, (1 + LEVEL) / 2) * error
    r2 = _r2(ratings, predictions)
    columns = np.stack([r2, r2 - half, r2 + half, _r2(ratings, means)]).tolist()
    return tuple(map(ScaleFit, PERCEPIANO_DIMENSIONS, *columns))


def _r2(ratings: np.ndarray, predictions: np.ndarray) -> np.ndarray:
    total = np.square(ratings - ratings.mean(axis=0)).sum(axis=0)
    unexplained = np.square(ratings - predictions).sum(axis=0)
    return 1 - np.divide(unexplained, total, out=np.full(len(total), np.nan), where=total > 0)
