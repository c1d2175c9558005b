"""Signals of known strength, spiked into these very features: the features stay, the labels are drawn anew.

A spike is a direction of the features. Within each stratum, given its number of STOPs, labels are drawn with log odds
``k s``, where s are the scores of an ideal listener who knows the direction
(`priosig.inference.conditional_logistic`). The slope k sets the listener's AUC.

With z standard normal, K = Z Z' and Z the standardised features, centred within strata, directions are drawn as

- ``s = K^{1/2} z``: every feature gets a Gaussian weight, as the probe's L2 penalty expects. The signal lies mostly
  where the features vary most, which is where the probe hears it best;
- decorrelated, ``s = P z`` with P the projection on the columns of Z: the signal is as likely to lie where the
  features hardly vary. With more features than segments it is noise that no probe can learn.

Both depend on the features through K alone, and not on their order, their signs or their units.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from priosig._core.arrays import centred_within
from priosig.crossval.probe import standardisation
from priosig.inference.conditional_logistic import draw_strata
from priosig.inference.data import LabelledSegments
from priosig.metrics.auc import auc_within_video

# AUCs are interpolated between them; the steepest is as good as a threshold.
SLOPES = 0.0, 0.3, 0.6, 0.9, 1.2, 1.5, 2.0, 2.5, 3.5, 6.0, 16.0
_ENOUGH = 200_000  # labels from which the mean AUC at a slope is known: 20 replicates of 10,000 segments
_LEAST_VARIANCE = 1e-10  # of the largest: components below it are rounding


@dataclass(frozen=True)
class Spikes:
    """Scores of ideal listeners, from which labels are drawn.

    `signal`, shape (n_replicates, n_segments), has mean 0 within strata and spread 1; `y` gives each stratum's number
    of STOPs. The uniform numbers of `seed` serve every slope, so that labels change little from slope to slope.
    """

    signal: np.ndarray
    y: np.ndarray
    strata: np.ndarray
    seed: int

    def labels(self, slope: float, n: int | None = None) -> np.ndarray:
        """Labels of the first `n` replicates, or of all; shape (n, n_segments)."""
        signal = self.signal[:n]
        rng = np.random.default_rng(self.seed)
        return draw_strata(slope * signal, self.y, self.strata, len(signal), rng)

    def slopes_of(self, aucs: Sequence[float]) -> np.ndarray:
        """Slopes at which the ideal listeners have these AUCs within strata on average; NaN beyond the steepest."""
        n = max(1, _ENOUGH // len(self.y))
        reached: list[float] = []
        for slope in SLOPES:
            scores = auc_within_video(self.signal[:n], self.labels(slope, n), self.strata, allow_unscored=True)
            reached.append(float(np.mean(scores)))
            if reached[-1] > max(aucs):  # steeper ones change nothing
                break
        return np.interp(aucs, np.maximum.accumulate(reached), SLOPES[: len(reached)], right=np.nan)


def draw_spikes(
    data: LabelledSegments, n_replicates: int, rng: np.random.Generator, *, decorrelated: bool = False
) -> Spikes | None:
    """Directions of these features, as in the module's docstring; None where they do not vary within strata."""
    mean, scale = standardisation(data.X)
    Z = centred_within((data.X - mean) / scale, data.strata)
    z = rng.standard_normal((n_replicates, len(Z)))
    seed = int(rng.integers(2**63))
    # Components of Z from the smaller of its two Gram matrices.
    tall = Z.shape[0] > Z.shape[1]
    variance, vectors = np.linalg.eigh(Z.T @ Z if tall else Z @ Z.T)
    kept = variance > _LEAST_VARIANCE * max(variance[-1], 1.0)
    if not kept.any():
        return None
    size, vectors = np.sqrt(variance[kept]), vectors[:, kept]
    columns = Z @ vectors / size if tall else vectors
    signal = (z @ columns) @ (columns if decorrelated else columns * size).T
    signal /= signal.std(axis=1, keepdims=True)
    return Spikes(signal, data.y, data.strata, seed)
