"""What the confounds predict of features and scores, by ridge regression with a penalty for each block of columns.

The penalties minimise generalised cross-validation, summed over the standardised targets::

    GCV = |Y - H Y|^2 / (1 - (tr H + n_videos) / n)^2

where H = P (P'P + n Lambda)^{-1} P' and n_videos degrees of freedom are the means within video. They are found by
coordinate descent over a grid.

**Undersmoothing.** What predicts each target best leaves too much of a leak behind: GCV trades what is left against
noise in many targets that hear none of it, and a probe gathers what is left. So the penalties are divided by
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

from priosig.confounds.penalised_basis import BLOCKS, PenalisedBasis, centred_within

PENALTIES = np.append(10.0 ** np.arange(-6, 2.5, 0.5), 1e9)  # the last: none of the block
UNDERSMOOTHING = np.array([10.0, 3.0, 3.0, 3.0])  # in the order of `BLOCKS`
MOST_DF = 0.6  # of the segments; beyond it GCV is not to be trusted
SWEEPS = 3


def without_confounds(targets: np.ndarray, basis: PenalisedBasis, videos: np.ndarray) -> np.ndarray:
    """Targets minus what the confounds predict of them within video.

    Parameters
    ----------
    targets : np.ndarray, shape (n_segments, n_targets)
        Features, or the scores of many labellings.
    basis : PenalisedBasis
    videos : np.ndarray, shape (n_segments,)

    Returns
    -------
    np.ndarray, shape (n_segments, n_targets)
        In the units of the targets, differences between videos included. A target that the confounds explain to the
        last digits is 0, lest its rounding error be standardised into a feature.
    """
    if not basis.columns.shape[1]:
        return targets
    centred = centred_within(targets, videos)
    spread = centred.std(axis=0)
    moving = spread > 1e-12 * np.abs(targets).max(axis=0, initial=0.0)
    span, weights = np.linalg.qr(basis.columns)
    seen = span.T @ np.divide(centred, spread, out=np.zeros_like(centred), where=moving)
    kernels = [weights[:, basis.block == b] @ weights[:, basis.block == b].T for b in range(len(BLOCKS))]
    penalties = _chosen_penalties(kernels, seen, len(targets), len(np.unique(videos)), int(moving.sum()))
    penalties = penalties / UNDERSMOOTHING
    left = _left_over(kernels, penalties, len(targets))
    fitted = span @ (seen - left @ seen) * spread
    rest = targets - fitted
    explained = (centred - fitted).std(axis=0) <= 1e-10 * np.abs(targets).max(axis=0, initial=0.0)
    rest[:, explained] = 0.0
    return rest


def _chosen_penalties(
    kernels: list[np.ndarray], seen: np.ndarray, n: int, n_videos: int, n_targets: int
) -> np.ndarray:
    """Penalty of each block, by coordinate descent of GCV.

    Parameters
    ----------
    kernels : list of np.ndarray, shape (r, r)
        ``P_b P_b'`` of each block, in an orthonormal basis of all columns.
    seen : np.ndarray, shape (r, n_targets)
        Standardised targets in that basis.
    """
    cross = seen @ seen.T
    outside = n * n_targets - np.trace(cross)

    def gcv(penalties: np.ndarray) -> float:
        left = _left_over(kernels, penalties, n)
        df = len(left) - np.trace(left) + n_videos
        if df > MOST_DF * n:
            return np.inf
        return float((outside + np.sum((left @ cross) * left)) / (1 - df / n) ** 2)

    penalties = np.full(len(kernels), PENALTIES[-1])
    best = gcv(penalties)
    for _ in range(SWEEPS):
        before = penalties.copy()
        for block in range(len(kernels)):
            if not kernels[block].any():
                continue
            for penalty in PENALTIES:
                trial = penalties.copy()
                trial[block] = penalty
                value = gcv(trial)
                if value < best * (1 - 1e-9):
                    best, penalties = value, trial
        if np.array_equal(before, penalties):
            break
    return penalties


def _left_over(kernels: list[np.ndarray], penalties: np.ndarray, n: int) -> np.ndarray:
    """I - H in the orthonormal basis: ``(I + sum_b K_b / (n lambda_b))^{-1}``."""
    total = sum(kernel / (n * penalty) for kernel, penalty in zip(kernels, penalties, strict=True))
    return np.linalg.inv(np.eye(len(total)) + total)
