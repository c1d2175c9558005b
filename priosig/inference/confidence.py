"""The confidence interval of the AUC within strata: a delete-one-video jackknife with everything refitted.

The interval covers the AUC that a probe trained on so many videos, less one, has on average in another video of the
same population. With theta_(-v) the AUC of the *whole cross-validation* without video v, and G the number of videos
that hold both labels::

    se^2 = (G - 1) / G * sum_v (theta_(-v) - mean theta_(-))^2 - (1 - 12 / G) V
    interval: expit( logit theta -+ t_{G-1} * se / (theta (1 - theta)) )

It is wide: about 0.5 at an AUC of 0.71 with five videos. Intervals that treat segments as independent (DeLong), fits
as fixed (t over folds), or resample five videos (bootstrap) cover 0.59 to 0.90 at a nominal 0.95. With more than 40
videos, 20 groups of whole videos are left out instead of single ones (Kott 2001).

**Pairs of videos.** One video is scored, another has trained the probe. The jackknife counts the variance V of what a
pair adds beyond its two videos twice (Efron & Stein 1981). V follows from the interactions in the table of
pseudo-values ``A_w(-v) + (G - 1) (A_w - A_w(-v))``, with A_w the AUC of video w and A_w(-v) the same with v left out
of training. With few videos V comes out too large: it is taken off gradually, from more than 12 videos on, and never
more than half of the variance. The interval is then 8 % narrower at 20 videos, 20 % at 40.

**An AUC of exactly 1** has no logit. Its lower limit is ``(alpha / 2)^(1 / G)``, the exact binomial limit for G
successes in G (Clopper & Pearson 1934), 0.48 for five videos: an AUC cannot exceed 1, so that P(all 1) <= mu^G for a
mean AUC mu. The upper limit is 1; an AUC of 0 is the mirror image.

References
----------
B. Efron & C. Stein (1981), The jackknife estimate of variance, Ann. Stat. 9, 586-596.
P. S. Kott (2001), The delete-a-group jackknife, J. Off. Stat. 17, 521-526.
C. J. Clopper & E. S. Pearson (1934), The use of confidence or fiducial limits, Biometrika 26, 404-413.
"""

import math
from dataclasses import dataclass

import numpy as np

from priosig.crossval.folds import group_videos, oof_scores
from priosig.crossval.jackknife import jackknife_scores
from priosig.inference.data import MAX_SINGLE_FOLDS, LabelledSegments
from priosig.metrics.auc import auc_by_video
from priosig.verdict.rule import Rule

BLOCKS = 20
FEW = 12  # videos with which the variance of pairs is not known well enough


@dataclass(frozen=True)
class Interval:
    """A confidence interval of the AUC within strata.

    `reason` says why there is none (limits are NaN), or that it is the limit for an AUC of 0 or 1; else it is empty.
    `standard_error` is in units of AUC, `df` are the degrees of freedom of t. `leave_out`, shape (n_blocks,), is the
    estimate without each video, or group of videos.
    """

    estimate: float
    low: float
    high: float
    standard_error: float
    df: int
    leave_out: np.ndarray
    reason: str


def confidence_interval(data: LabelledSegments, rule: Rule) -> Interval:
    """Confidence interval for the AUC within strata of the cross-validated probe.

    Limits are NaN, with a reason, where fewer than three videos hold both labels.
    """
    blocks = BLOCKS if data.n_videos > MAX_SINGLE_FOLDS else None
    content = np.arange(len(data)) if blocks else None
    groups, _ = group_videos(data.videos, blocks, content=content)
    scores = oof_scores(data.folds, data.y, rule.C)
    scored = auc_by_video(scores, data.y, groups, strata=data.strata, allow_unscored=True)
    estimate = float(scored.within)
    two_class = data.n_two_class_videos
    if two_class < 3:
        reason = (
            f"{two_class} of the videos hold both labels; expected at least 3 to see how much one of them matters"
        )
        return Interval(estimate, math.nan, math.nan, math.nan, 0, np.empty(0), reason)
    scores = jackknife_scores(data.X, data.y, data.videos, rule.C, max_folds=blocks, content=content)
    without = auc_by_video(scores, data.y, groups, strata=data.strata, allow_unscored=True)
    return interval_from_leave_out(
        estimate,
        without.within,
        min(two_class, len(without.within)),
        level=rule.level,
        pair_variance=pair_variance(scored.auc, without.auc, scored.weights),
    )


def pair_variance(auc: np.ndarray, without: np.ndarray, weight: np.ndarray) -> float:
    """Variance of the estimate that belongs to pairs of videos and to neither of the two.

    `auc` and `weight`, shape (n_videos,), are the AUC of each video and its weight in the estimate; ``without[v, w]``
    is the AUC of video w where video v took no part in training. 0 where fewer than four videos have an AUC, or some
    of these have none without another.
    """
    some = weight > 0
    auc, share, without = auc[some], weight[some] / weight.sum(), without[some][:, some]
    n = len(auc)
    others = ~np.eye(n, dtype=bool)
    if n < 4 or np.isnan(without[others]).any():
        return 0.0
    pseudo = np.where(others, share * (without + (n - 1) * (auc - without)) / (n - 1), 0.0)
    pairs = pseudo + pseudo.T
    mean = pairs.sum() / (n * (n - 1))
    own = (pairs.sum(axis=1) - (n - 1) * mean) / (n - 2)
    rest = np.where(others, pairs - mean - own[:, None] - own, 0.0)
    return float((rest**2).sum() / 2 * (n - 1) / (n - 3))


def count_jackknife_fits(data: LabelledSegments) -> int:
    """How many fits leave a pair of videos, or of groups, out."""
    return math.comb(data.n_videos if data.n_videos <= MAX_SINGLE_FOLDS else BLOCKS, 2)


def interval_from_leave_out(
    estimate: float, leave_out: np.ndarray, n_videos: int, *, level: float = 0.95, pair_variance: float = 0.0
) -> Interval:
    """The interval, from the estimate and the estimates without each of `n_videos` videos (or groups) of both labels.

    `pair_variance` is what the jackknife counts twice.
    """
    from scipy.special import stdtrit

    low = high = se = math.nan
    if math.isnan(estimate):
        reason = "the AUC within video itself is undefined"
    elif estimate in (0.0, 1.0):
        limit = ((1 - level) / 2) ** (1 / n_videos)
        low, high = (limit, 1.0) if estimate == 1.0 else (0.0, 1 - limit)
        reason = f"AUC is exactly {estimate:.0f} in all {n_videos} videos: exact binomial limit for so many videos"
    elif np.isnan(leave_out).any():
        reason = f"without one of the videos the AUC is undefined ({int(np.isnan(leave_out).sum())} times)"
    else:
        blocks = len(leave_out)
        variance = (blocks - 1) / blocks * np.sum((leave_out - leave_out.mean()) ** 2)
        twice = min(pair_variance, variance / 2) * max(0.0, 1 - FEW / n_videos)
        se = float(np.sqrt(variance - twice))
        reason = "the AUC is the same whichever video is left out, so its spread cannot be judged"
        if se >= 1e-12:
            half = float(stdtrit(n_videos - 1, (1 + level) / 2)) * se / (estimate * (1 - estimate))
            centre = math.log(estimate / (1 - estimate))
            low, high = (0.5 * (1 + math.tanh(0.5 * (centre + sign * half))) for sign in (-1, 1))
            reason = ""
    return Interval(estimate, low, high, se, n_videos - 1, leave_out, reason)
