"""What the confounds predict of features, by ridge regression with a penalty for each block of columns.

The penalties minimise generalised cross-validation, as its geometric mean over the features, since each has a noise
of its own::

    GCV_j = |y_j - H y_j|^2 / (1 - (tr H + n_videos) / n)^2

where H = P (P'P + n Lambda)^{-1} P' and n_videos degrees of freedom are the means within video. They are found by
coordinate descent over a grid.

**Undersmoothing.** What predicts features best leaves too much of a leak behind: GCV trades what is left against
noise in many features that hear none of it, and a probe gathers what is left. So the penalties are divided by
`UNDERSMOOTHING` afterwards (Newey, Hsieh & Robins 2004). A block that GCV does not want stays out.

No label takes part, so one smoother serves the observed labels and every relabelling, and the segments that are
scored are smoothed with those that are trained on.

References
----------
G. H. Golub, M. Heath & G. Wahba (1979), Generalized cross-validation as a method for choosing a good ridge parameter,
Technometrics 21, 215-223.
S. N. Wood (2017), Generalized Additive Models, 2nd ed., CRC, ch. 6 (several penalties).
W. K. Newey, F. Hsieh & J. M. Robins (2004), Twicing kernels and a small bias property of semiparametric estimators,
Econometrica 72, 947-962.
"""

from __future__ import annotations

import numpy as np

from priosig._core.arrays import centred_within
from priosig.confounds.penalised_basis import BLOCKS, PenalisedBasis

PENALTIES = np.append(10.0 ** np.arange(-6, 2.5, 0.5), 1e9)  # the last: none of the block
UNDERSMOOTHING = np.array([10.0, 3.0, 3.0, 3.0])  # in the order of `BLOCKS`
OWN_SPREAD = 0.01
MOST_DF = 0.6  # of the segments; beyond it GCV is not to be trusted
SWEEPS = 3


def without_confounds(X: np.ndarray, basis: PenalisedBasis, videos: np.ndarray) -> np.ndarray:
    """Features minus what the confounds predict of them within video, shape (n_segments, n_features).

    Differences between videos stay. A feature that keeps less than `OWN_SPREAD` of its spread says nothing of its own
    and is 0, for a probe would standardise what is left of the leak.
    """
    if not basis.columns.shape[1]:
        return X
    centred = centred_within(X, videos)
    spread = centred.std(axis=0)
    moving = spread > 1e-12 * np.abs(X).max(axis=0, initial=0.0)
    span, weights = np.linalg.qr(basis.columns)
    kernels = [weights[:, basis.block == b] @ weights[:, basis.block == b].T for b in range(len(BLOCKS))]
    seen = span.T @ (centred[:, moving] / spread[moving])
    penalties = _chosen_penalties(kernels, seen, len(X), len(np.unique(videos))) / UNDERSMOOTHING
    fitted = np.zeros_like(centred)
    fitted[:, moving] = span @ (seen - _left_over(kernels, penalties, len(X)) @ seen) * spread[moving]
    rest = X - fitted
    rest[:, (centred - fitted).std(axis=0) <= OWN_SPREAD * spread] = 0.0
    return rest


def _chosen_penalties(kernels: list[np.ndarray], seen: np.ndarray, n: int, n_videos: int) -> np.ndarray:
    """Penalty of each block, by coordinate descent of GCV.

    `kernels` are ``P_b P_b'``, shape (r, r), in an orthonormal basis of all columns; `seen`, shape (r, n_features),
    are features of mean 0 and mean square 1 in it.
    """
    unseen = n - np.sum(seen**2, axis=0)

    def log_gcv(penalties: np.ndarray) -> float:
        left = _left_over(kernels, penalties, n)
        df = len(left) - np.trace(left) + n_videos
        if df > MOST_DF * n:
            return np.inf
        rest = np.maximum(unseen + np.sum((left @ seen) ** 2, axis=0), OWN_SPREAD**2 * n)
        return float(np.mean(np.log(rest)) - 2 * np.log(1 - df / n))

    penalties = np.full(len(kernels), PENALTIES[-1])
    if not seen.shape[1]:
        return penalties
    best = log_gcv(penalties)
    for _ in range(SWEEPS):
        before = penalties.copy()
        for block in np.flatnonzero([kernel.any() for kernel in kernels]):
            for penalty in PENALTIES:
                trial = penalties.copy()
                trial[block] = penalty
                value = log_gcv(trial)
                if value < best - 1e-9:
                    best, penalties = value, trial
        if np.array_equal(before, penalties):
            break
    return penalties


def _left_over(kernels: list[np.ndarray], penalties: np.ndarray, n: int) -> np.ndarray:
    """I - H in the orthonormal basis: ``(I + sum_b K_b / (n lambda_b))^{-1}``."""
    total = sum(kernel / (n * penalty) for kernel, penalty in zip(kernels, penalties, strict=True))
    return np.linalg.inv(np.eye(len(total)) + total)
