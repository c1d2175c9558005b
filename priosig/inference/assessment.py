"""From features, labels and confounds to a verdict.

The design is judged first (`priosig.inference.design`); then, for each model, T1, T2, the interval over videos and
the power. P-values are corrected for the number of models (Holm 1979), and `priosig.verdict.decide.decide` judges.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from priosig._core.progress import Stages, counted_fits
from priosig.crossval.folds import oof_scores
from priosig.inference import heterogeneity
from priosig.inference.beyond_confounds import BeyondConfounds, beyond_confounds
from priosig.inference.confidence import Interval, confidence_interval, count_jackknife_fits
from priosig.inference.data import LabelledSegments
from priosig.inference.design import DesignAssessment
from priosig.inference.multiplicity import holm
from priosig.inference.oddities import decisive_rows
from priosig.inference.permutation import PermutationResult, permutation_test
from priosig.inference.planning import PowerTable
from priosig.inference.power import N_SPIKED, SpikePower, power_of_spike, videos_needed
from priosig.metrics.auc import auc_by_video
from priosig.verdict.decide import Verdict, decide
from priosig.verdict.evidence import Evidence

WEAKER = 0.65  # AUC for which the videos needed are reported too
_PVALUES = "any_signal_pvalue", "beyond_confounds_pvalue", "beyond_confounds_raw_pvalue", "beyond_acoustic_pvalue"


@dataclass(frozen=True)
class Assessment:
    """The results of one model in one view.

    Attributes
    ----------
    evidence : Evidence
        The numbers behind the verdict.
    any_signal : PermutationResult or None
        T1; None, as all results after it, for a model that is not tested.
    beyond_confounds, beyond_acoustic : BeyondConfounds or None
        T2 given the artefacts; given the acoustic confounds too, None where there are none.
    spiked : SpikePower or None
        Power of T1.
    any_signal_pvalue, beyond_confounds_pvalue, beyond_confounds_raw_pvalue, beyond_acoustic_pvalue : float
        Corrected for the number of models; raw: on the features as they are.
    """

    design: DesignAssessment
    evidence: Evidence
    verdict: Verdict
    any_signal: PermutationResult | None = None
    beyond_confounds: BeyondConfounds | None = None
    beyond_acoustic: BeyondConfounds | None = None
    interval: Interval | None = None
    spiked: SpikePower | None = None
    any_signal_pvalue: float = math.nan
    beyond_confounds_pvalue: float = math.nan
    beyond_confounds_raw_pvalue: float = math.nan
    beyond_acoustic_pvalue: float = math.nan


def assess_models(
    models: Mapping[str, np.ndarray],
    data: LabelledSegments,
    design: DesignAssessment,
    *,
    seed: int = 0,
    everything: bool = False,
    label_only: bool = False,
    progress: Stages | None = None,
) -> dict[str, Assessment]:
    """T1, T2, interval, power and verdict for each model, p-values corrected for their number (Holm).

    `models` are features by name, in the order in which the segments of `data` were given; `design` is from
    `assess_design` for `data`. With `everything` the models of an invalid design are tested too, as long as two
    videos hold both labels. With `label_only`, what no verdict's label rests on is left out: the interval, T2 given
    the acoustic confounds, the power of a T1 that finds something, and differences between videos that are all above
    0.5. `progress` is told of each step of each model.

    Raises
    ------
    ValueError
        For features that are not finite, and for fewer relabellings than so many models need.
    """
    rule = design.rule
    if len(models) > (rule.n_permutations + 1) * rule.alpha + 1e-9:
        raise ValueError(
            f"assess_models: with {rule.n_permutations} relabellings and {len(models)} models no corrected p can "
            f"reach {rule.alpha:g}; expected at least {math.ceil(len(models) / rule.alpha - 1e-9) - 1} relabellings"
        )
    segments = {name: data.with_features(X) for name, X in models.items()}
    if not models or design.n_two_class_videos < 2 or (design.problems and not everything):
        return dict.fromkeys(models, Assessment(design, design.evidence, decide(design.evidence, rule)))
    level = rule.alpha / len(models)  # what the smallest p of several must reach
    alone = {name: _test(name, part, design, level, seed, label_only, progress) for name, part in segments.items()}
    corrected = zip(*(holm([getattr(one, p) for one in alone.values()]) for p in _PVALUES), strict=True)
    return {name: _judge(one, *four) for (name, one), four in zip(alone.items(), corrected, strict=True)}


def with_videos_needed(one: Assessment, planned: PowerTable) -> Assessment:
    """The assessment with the number of videos like these that a signal needs, in its evidence and its verdict.

    `planned` is for the same strata, `rule.spike_auc` among its AUCs.
    """
    rule = one.design.rule
    if one.spiked is None or math.isnan(one.spiked.margin):
        return one
    numbers = videos_needed(one.spiked, planned, rule, one.design.n_two_class_videos)
    needed = {auc: None if math.isnan(n) else math.ceil(n) for auc, n in zip(planned.aucs, numbers, strict=True)}
    said = tuple((auc, needed[auc]) for auc in (rule.spike_auc, WEAKER) if auc in needed)
    evidence = replace(one.evidence, videos_needed=said)
    return replace(one, evidence=evidence, verdict=decide(evidence, rule))


def _judge(one: Assessment, any_signal: float, beyond: float, raw: float, acoustic: float) -> Assessment:
    """The assessment with corrected p-values, and the verdict on them."""
    evidence = replace(
        one.evidence, any_signal_pvalue=any_signal, beyond_confounds_pvalue=beyond, beyond_acoustic_pvalue=acoustic
    )
    return replace(
        one,
        evidence=evidence,
        verdict=decide(evidence, one.design.rule),
        any_signal_pvalue=any_signal,
        beyond_confounds_pvalue=beyond,
        beyond_confounds_raw_pvalue=raw,
        beyond_acoustic_pvalue=acoustic,
    )


def _test(
    name: str,
    data: LabelledSegments,
    design: DesignAssessment,
    level: float,
    seed: int,
    label_only: bool,
    progress: Stages | None,
) -> Assessment:
    """Tests of one model, p-values not yet corrected and the verdict not yet final."""
    rule, nan = design.rule, math.nan
    n_fits = data.n_folds * (1 + rule.n_permutations)
    with counted_fits(progress, f"Model {name}, any signal (T1)", n_fits):
        any_signal = permutation_test(data, rule, seed=seed)
    n_kinds = 2 if design.evidence.adjusted else 1  # residualised and raw features, where they differ
    with counted_fits(progress, f"Model {name}, beyond the confounds (T2)", n_kinds * n_fits):
        beyond = beyond_confounds(data, rule, seed=seed)
    acoustic = None
    if design.evidence.acoustic and not label_only:
        with counted_fits(progress, f"Model {name}, beyond what is heard (T2)", 2 * n_fits):
            acoustic = beyond_confounds(data, rule, seed=seed, acoustic=True)
    interval = spiked = None
    if not label_only:
        with counted_fits(progress, f"Model {name}, interval", count_jackknife_fits(data) + data.n_folds):
            interval = confidence_interval(data, rule)
    scores = oof_scores(data.folds, data.y, rule.C)
    by_video = auc_by_video(scores, data.y, data.videos, strata=data.strata, allow_unscored=True)
    if not label_only or any_signal.pvalue > level:
        with counted_fits(progress, f"Model {name}, power", data.n_folds * N_SPIKED):
            spiked = power_of_spike(data, rule, any_signal.null_distribution, alpha=level, seed=seed)
    differ = nan
    agree = label_only and by_video.n_above_half == design.evidence.n_videos
    if any_signal.pvalue <= rule.alpha and not agree:  # else the question is not reached
        with counted_fits(progress, f"Model {name}, do videos differ", data.n_folds * (1 + heterogeneity.N_SPIKED)):
            differ = heterogeneity.heterogeneity(data, rule, seed=seed).pvalue
    evidence = replace(
        design.evidence,
        auc=any_signal.statistic,
        n_videos_above_half=int(by_video.n_above_half),
        effective_sets=beyond.effective_sets,
        heterogeneity_pvalue=differ,
        n_decided=(len(decisive_rows(data.X)), data.X.shape[1]),
        n_models=round(rule.alpha / level),
    )
    if interval is not None:
        evidence = replace(evidence, low=interval.low, high=interval.high)
    if spiked is not None:
        evidence = replace(
            evidence,
            power=spiked.power,
            hard_power=spiked.hard_power if data.X.shape[1] < len(data) else nan,
            probe_auc=spiked.probe_auc,
            detectable_auc=spiked.detectable_auc,
        )
    return Assessment(
        design=design,
        evidence=evidence,
        verdict=decide(evidence, rule),
        any_signal=any_signal,
        beyond_confounds=beyond,
        beyond_acoustic=acoustic,
        interval=interval,
        spiked=spiked,
        any_signal_pvalue=any_signal.pvalue,
        beyond_confounds_pvalue=beyond.pvalue,
        beyond_confounds_raw_pvalue=beyond.raw.pvalue,
        beyond_acoustic_pvalue=acoustic.pvalue if acoustic is not None else nan,
    )
