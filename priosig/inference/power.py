"""Would a signal have been found? Power of T1 for a signal spiked into these very features.

"No signal" means little if no signal could have been found. So a signal of known strength is put in, and T1
asked again. The features stay as they are, with all their correlations, their differences between videos and
their noise; the *labels* are redrawn so that a random direction of the features decides them. For each of
many replicates:

1. A direction u is drawn at random (Gaussian weights on standardised features, which is what the probe's L2
   penalty expects of a signal), and s = X u is centred within each video.
2. Labels y* are drawn within each video, given its number of STOPs, with log odds k s: the conditional
   Bernoulli distribution (`priosig.inference.conditional_logistic`).
3. The probe is refitted to y*, and the AUC within video compared with T1's critical value.

The slope k is the one at which s itself, the best score there is, has an AUC within video of `spike_auc` on
average over the replicates. So "a signal worth 70 times in 100" is what an ideal listener to that direction
would reach; the probe, which has to learn the direction from other videos, reaches less. That loss is part of
the answer.

Features are shared by all replicates, so this costs as many refits as there are replicates. The critical
value is that of the null distribution which T1 found for the observed labels; that of y* differs from it only in
which segments are paired.
"""

from __future__ import annotations

import numpy as np

from priosig.crossval.probe import standardisation
from priosig.inference.conditional_logistic import draw_strata
from priosig.inference.data import LabelledSegments
from priosig.inference.multiplicity import TIE
from priosig.inference.permutation import refitted_aucs
from priosig.metrics.auc import auc_within_video
from priosig.verdict.rule import Rule

REPLICATES = 200
STEEPEST = 16.0  # slopes beyond it are as good as a threshold


def power_of_spike(
    data: LabelledSegments,
    rule: Rule,
    null_distribution: np.ndarray,
    *,
    alpha: float,
    seed: int = 0,
    n_replicates: int = REPLICATES,
) -> float:
    """Share of spiked data sets in which T1 rejects at level `alpha`.

    Parameters
    ----------
    data : LabelledSegments
    rule : Rule
        Its `spike_auc` is the AUC within video of the spiked direction itself, on average; between 0.5 and 1.
    null_distribution : np.ndarray, shape (n_permutations,)
        From T1 on the same features.
    alpha : float
    seed, n_replicates : int
        The Monte-Carlo error is at most 0.5 / sqrt(n_replicates).

    Returns
    -------
    float
        NaN where the features do not vary within video, so that there is no direction to spike, or no slope
        reaches `spike_auc`.
    """
    X, y, strata = data.X, data.y, data.strata
    rng = np.random.default_rng([seed, 3])
    mean, scale = standardisation(X)
    signal = rng.standard_normal((n_replicates, X.shape[1])) @ ((X - mean) / scale).T
    for rows in data.rows_of_videos:
        signal[:, rows] -= signal[:, rows].mean(axis=1, keepdims=True)
    spread = signal.std(axis=1, keepdims=True)
    if not (spread > 1e-9).all():
        return float("nan")
    signal /= spread
    draw_seed = int(rng.integers(2**63))

    def draw(slope: float) -> np.ndarray:
        return draw_strata(slope * signal, y, strata, n_replicates, np.random.default_rng(draw_seed))

    def reached(labels: np.ndarray) -> float:
        return float(np.mean(auc_within_video(signal, labels, strata, allow_unscored=True)))

    low, high = 0.0, 1.0
    while not reached(draw(high)) >= rule.spike_auc:
        low, high = high, 2 * high
        if high > STEEPEST:
            return float("nan")
    for _ in range(6):
        middle = (low + high) / 2
        low, high = (middle, high) if reached(draw(middle)) < rule.spike_auc else (low, middle)
    aucs = refitted_aucs(data.folds, draw((low + high) / 2), strata, C=rule.C)
    return float(np.mean(aucs > critical_value(null_distribution, alpha) + TIE))


def critical_value(null_distribution: np.ndarray, alpha: float) -> float:
    """Statistics above this have ``(1 + #{T* >= T}) / (1 + m) <= alpha``: the k-th largest T*, k =
    floor(alpha (m + 1)).

    Infinite where m is too small for any p <= alpha.
    """
    k = int(np.floor(alpha * (len(null_distribution) + 1) + 1e-9))
    return float(np.sort(null_distribution)[-k]) if k else float("inf")
