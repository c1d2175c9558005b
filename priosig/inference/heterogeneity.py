"""Test whether the AUCs of the videos differ by more than chance.

The statistic is Cochran's, on the AUCs of out-of-fold scores::

    Q = sum_v W_v (AUC_v - AUC)^2

W_v is the van Elteren weight of video v, the sum of n1 n0 / (n1 + n0 + 1) over its strata, and AUC the mean with
these weights. Q is not chi-squared: an effect makes AUCs spread less, and folds share their training data. So studies
are simulated in which all videos share one effect, as large as the observed one: labels are spiked into these
features (`priosig.inference.spikes`) with the slope at which the refitted probe has the observed AUC on average. An
AUC of 0.5 or less is compared with studies of no effect.

References
----------
W. G. Cochran (1954), The combination of estimates from different experiments, Biometrics 10, 101-129.
A. C. Davison & D. V. Hinkley (1997), Bootstrap Methods and their Application, Cambridge, ch. 4 (parametric tests).
"""

from dataclasses import dataclass

import numpy as np

from priosig.crossval.folds import oof_scores
from priosig.inference.data import LabelledSegments
from priosig.inference.permutation import permutation_pvalue
from priosig.inference.spikes import draw_spikes
from priosig.metrics.auc import auc_by_video
from priosig.verdict.rule import Rule

REPLICATES = 199
SLOPES = 0.0, 0.4, 0.8, 1.2, 1.8, 3.0, 6.0  # at which the probe's AUC is simulated; the last decides most labels
SEARCHED = 50  # replicates at each of them
MIN_VIDEOS = 3
N_SPIKED = REPLICATES + SEARCHED * len(SLOPES)  # labellings that are fitted in every fold


@dataclass(frozen=True)
class Heterogeneity:
    """Q, NaN where fewer than three videos have an AUC, and its p; NaN too where the features do not vary."""

    statistic: float
    pvalue: float


def heterogeneity(
    data: LabelledSegments, rule: Rule, *, seed: int = 0, n_replicates: int = REPLICATES
) -> Heterogeneity:
    """Test "the probe's AUC is the same in all videos, up to chance"."""
    observed, spread, n_videos = _mean_and_spread(data, data.y[None], rule.C)
    spikes = draw_spikes(data, n_replicates, np.random.default_rng([seed, 6]))
    if n_videos < MIN_VIDEOS or spikes is None:
        return Heterogeneity(np.nan, np.nan)
    labellings = np.vstack([spikes.labels(slope, SEARCHED) for slope in SLOPES])
    reached = _mean_and_spread(data, labellings, rule.C)[0].reshape(len(SLOPES), -1).mean(axis=1)
    slope = float(np.interp(observed[0], np.maximum.accumulate(reached), SLOPES))
    null = _mean_and_spread(data, spikes.labels(slope), rule.C)[1]
    return Heterogeneity(float(spread[0]), permutation_pvalue(spread[0], null))


def _mean_and_spread(data: LabelledSegments, labellings: np.ndarray, C: float) -> tuple[np.ndarray, np.ndarray, int]:
    """AUC within strata and Q of each labelling, the probe refitted; number of videos with an AUC."""
    scores = oof_scores(data.folds, labellings, C)
    by_video = auc_by_video(scores, labellings, data.videos, strata=data.strata, allow_unscored=True)
    mean, weight = by_video.within, by_video.weights
    spread = np.where(weight > 0, weight * (by_video.auc - mean[:, None]) ** 2, 0.0).sum(axis=1)
    return mean, spread, int((weight > 0).any(axis=0).sum())
