"""Power of T1 for a signal spiked into these very features.

Signals of known strength are put in (`priosig.inference.spikes`), the probe is refitted to each spiked labelling, and
its AUC within strata is compared with T1's critical value.

**Strength** is the AUC of an ideal listener who knows the direction of the signal. The probe has to learn the
direction from other videos and reaches less: at an ideal AUC of 0.70 about 0.62 with five videos and 0.65 with ten.
It hears directions along which the features vary much better than others, so both kinds are tried.

**Critical value.** Where sets are the strata, T1's own null distribution is that of each spiked study, exactly. With
neighbouring pairs it differs in which segments are paired; relabellings of every spiked study give the same power
within 1 point. Features that drift make alternating labels easier to tell than spiked ones, so that the power of
pairs is understated.

**Videos needed.** Numbers of `priosig.inference.planning` hold for independent features; correlated features need
fewer videos. They are scaled to agree with the power that was measured on these.
"""

import math
from dataclasses import dataclass

import numpy as np

from priosig.inference.data import LabelledSegments
from priosig.inference.multiplicity import TIE
from priosig.inference.permutation import refitted_aucs
from priosig.inference.planning import PowerTable
from priosig.inference.spikes import draw_spikes
from priosig.verdict.rule import Rule

REPLICATES = 200
LEVELS = 0.6, 0.8, 0.9  # ideal AUCs at which power is measured, beside the rule's
LARGEST = 0.99
LOG_MOST = math.log(1000)  # videos
N_SPIKED = REPLICATES * (len(LEVELS) + 2)  # labellings that are fitted in every fold


@dataclass(frozen=True)
class SpikePower:
    """Power of T1; all NaN where the features do not vary within strata.

    `power` and `hard_power` are the shares of signals of ideal AUC `rule.spike_auc` that T1 detects, along directions
    of Gaussian weights and along decorrelated ones. In the studies behind `power` the probe has the AUC `probe_auc`
    on average, and `margin` is that AUC less the critical value, in units of the spread of AUCs. `detectable_auc` is
    the smallest ideal AUC of which T1 detects the share `rule.min_power`; NaN where 0.99 is too small.
    """

    power: float
    hard_power: float
    probe_auc: float
    detectable_auc: float
    margin: float


def power_of_spike(
    data: LabelledSegments,
    rule: Rule,
    null_distribution: np.ndarray,
    *,
    alpha: float,
    seed: int = 0,
    n_replicates: int = REPLICATES,
) -> SpikePower:
    """Power of T1 at level `alpha` for spiked signals.

    `null_distribution` is T1's on the same features. The Monte-Carlo error of a power is at most 0.5 /
    sqrt(n_replicates).
    """
    critical = critical_value(null_distribution, alpha)
    directions = draw_spikes(data, n_replicates, np.random.default_rng([seed, 3]))
    decorrelated = draw_spikes(data, n_replicates, np.random.default_rng([seed, 4]), decorrelated=True)
    if directions is None or decorrelated is None:
        return SpikePower(*[math.nan] * 5)
    levels = sorted({*LEVELS, rule.spike_auc})
    slopes, hard_slope = directions.slopes_of(levels), decorrelated.slopes_of([rule.spike_auc])[0]
    # All at once, so that each fold is reduced once. A slope that does not exist gives way to 0, and its AUCs to NaN.
    labellings = [directions.labels(slope) for slope in np.nan_to_num(slopes)]
    labellings.append(decorrelated.labels(np.nan_to_num(hard_slope)))
    aucs = refitted_aucs(data.folds, np.vstack(labellings), data.strata, C=rule.C).reshape(-1, n_replicates)
    aucs[np.isnan([*slopes, hard_slope])] = np.nan
    spiked = aucs[levels.index(rule.spike_auc)]
    power = _share_above(spiked, critical)
    margins = {
        level: float((of_level.mean() - critical) / max(of_level.std(), TIE))
        for level, of_level in zip(levels, aucs[:-1], strict=True)
    }
    detectable = _level_of(margins, rule.min_power, alpha)
    # Interpolation and simulation may disagree: the detectable AUC lies on the side of the rule's that `power` says.
    nearer = np.fmin if power >= rule.min_power else np.maximum
    return SpikePower(
        power=power,
        hard_power=_share_above(aucs[-1], critical),
        probe_auc=float(spiked.mean()),
        detectable_auc=float(nearer(detectable, rule.spike_auc)),
        margin=margins[rule.spike_auc],
    )


def videos_needed(spiked: SpikePower, table: PowerTable, rule: Rule, n_videos: int) -> tuple[float, ...]:
    """Number of videos like these `n_videos` with which T1 detects a signal with the power that `table` asks for.

    `table` is planned for these strata, `rule.spike_auc` among its AUCs. For each AUC a number, or NaN where the
    table's largest number is too small, the number is over 1000, or the power is not known.
    """
    from scipy.special import ndtri

    if math.isnan(spiked.margin):
        return (math.nan,) * len(table.aucs)
    planned = ndtri(np.clip(table.power[table.aucs.index(rule.spike_auc)], 1e-9, 1 - 1e-9))
    log_n = np.log(table.n_videos)
    # Number of planned videos that are worth as much as these; below the table, on the line of its first two numbers.
    log_worth = float(np.interp(spiked.margin, planned, log_n))
    if spiked.margin < planned[0]:
        log_worth += float((spiked.margin - planned[0]) * (log_n[1] - log_n[0]) / (planned[1] - planned[0]))
    scale = n_videos / math.exp(max(log_worth, -LOG_MOST))
    needed = (math.nan if n is None else n * scale for n in table.needed)
    return tuple(n if n <= math.exp(LOG_MOST) else math.nan for n in needed)


def critical_value(null_distribution: np.ndarray, alpha: float) -> float:
    """The k-th largest of m statistics T*, k = floor(alpha (m + 1)): what lies above it has p <= alpha.

    Infinite where m is too small for any p <= alpha.
    """
    k = int(np.floor(alpha * (len(null_distribution) + 1) + 1e-9))
    return float(np.sort(null_distribution)[-k]) if k else float("inf")


def _share_above(aucs: np.ndarray, critical: float) -> float:
    return math.nan if np.isnan(aucs).all() else float(np.mean(aucs > critical + TIE))


def _level_of(margins: dict[float, float], power: float, alpha: float) -> float:
    """Ideal AUC at which T1 has this power, from margins at some AUCs; without a signal its power is `alpha`."""
    from scipy.special import ndtr, ndtri

    known = {0.5: float(ndtri(alpha))} | {level: m for level, m in margins.items() if math.isfinite(m)}
    if len(known) < 2:
        return math.nan
    strength, margin = ndtri(list(known)), np.maximum.accumulate(list(known.values()))
    wanted = float(ndtri(power))
    last = min(int(np.searchsorted(margin, wanted)), len(margin) - 1)
    rise = margin[last] - margin[last - 1]
    if wanted <= margin[0] or rise <= 0:
        return math.nan
    share = (wanted - margin[last - 1]) / rise
    level = float(ndtr(strength[last - 1] + share * (strength[last] - strength[last - 1])))
    return level if level <= LARGEST else math.nan
