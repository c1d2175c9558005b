"""From features, labels and confounds to a verdict.

The design is judged first (`priosig.inference.design`); then, for each model, T1, T2, the interval over videos and
the power. P-values are corrected for the number of models (Holm 1979), and `priosig.verdict.decide.decide` judges.

Where the design is found invalid, everything that can be computed still is, so that it can be shown beside the
verdict; only with fewer than two videos that hold both labels is there nothing to compute.

References
----------
S. Holm (1979), A simple sequentially rejective multiple test procedure, Scand. J. Stat. 6, 65-70.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from priosig._core.progress import Stages, counted_fits
from priosig.crossval.folds import group_videos, oof_scores
from priosig.inference.conditional import ConditionalResult, conditional_test
from priosig.inference.confidence import BLOCKS, Interval, confidence_interval, count_jackknife_fits
from priosig.inference.data import MAX_SINGLE_FOLDS, LabelledSegments
from priosig.inference.design import DesignAssessment, assess_design
from priosig.inference.multiplicity import holm
from priosig.inference.permutation import PermutationResult, permutation_test
from priosig.inference.power import REPLICATES, power_of_spike
from priosig.metrics.auc import auc_by_video, auc_within_video
from priosig.verdict.decide import Verdict, decide
from priosig.verdict.evidence import Evidence
from priosig.verdict.rule import Rule


@dataclass(frozen=True)
class Assessment:
    """Everything that was found out about one model in one view.

    Attributes
    ----------
    name : str
    design : DesignAssessment
    any_signal : PermutationResult or None
        T1; None where no AUC within video exists.
    beyond_confounds : ConditionalResult or None
        T2.
    interval : Interval or None
    auc_by_video : tuple of float
        In canonical order of videos (by content, not by name); NaN for a video of one class.
    power : float
        Chance of T1 to find a signal of AUC `rule.spike_auc`; NaN where unknown.
    any_signal_pvalue, beyond_confounds_pvalue, beyond_confounds_raw_pvalue : float
        Corrected for the number of models.
    evidence : Evidence
        What the verdict was made of.
    verdict : Verdict
    """

    name: str
    design: DesignAssessment
    any_signal: PermutationResult | None
    beyond_confounds: ConditionalResult | None
    interval: Interval | None
    auc_by_video: tuple[float, ...]
    power: float
    any_signal_pvalue: float
    beyond_confounds_pvalue: float
    beyond_confounds_raw_pvalue: float
    evidence: Evidence
    verdict: Verdict


def assess_models(
    models: Mapping[str, np.ndarray],
    data: LabelledSegments,
    rule: Rule,
    *,
    design: DesignAssessment | None = None,
    seed: int = 0,
    exploratory: bool = False,
    progress: Stages | None = None,
) -> dict[str, Assessment]:
    """T1, T2, interval, power and verdict for each model, p-values corrected for their number (Holm).

    Parameters
    ----------
    models : mapping from name to np.ndarray, shape (n_segments, n_features)
        Features, in the order in which the segments of `data` were given.
    data, rule, seed, exploratory
        As for `assess_design`.
    design : DesignAssessment, optional
        What `assess_design` gave for them, if it was asked before.
    progress : callable, optional
        Told of each step as it begins, for each model, and given the function that takes its progress in fits.

    Returns
    -------
    dict from name to Assessment

    Raises
    ------
    ValueError
        For features that are not finite, and for fewer relabellings than so many models need.
    """
    if design is None:
        design = assess_design(data, rule, seed=seed, exploratory=exploratory, progress=progress)
    if len(models) > (rule.n_permutations + 1) * rule.alpha + 1e-9:
        raise ValueError(
            f"assess_models: with {rule.n_permutations} relabellings and {len(models)} models no corrected p can "
            f"reach {rule.alpha:g}; expected at least {math.ceil(len(models) / rule.alpha - 1e-9) - 1} relabellings"
        )
    level = rule.alpha / len(models)  # what the smallest p of several must reach
    alone = {
        name: _assess_model(name, data.with_features(X), design, level, seed, progress) for name, X in models.items()
    }
    corrected = [
        holm([getattr(one, attribute) for one in alone.values()])
        for attribute in ("any_signal_pvalue", "beyond_confounds_pvalue", "beyond_confounds_raw_pvalue")
    ]
    result = {}
    for (name, one), any_signal, beyond, raw in zip(alone.items(), *corrected, strict=True):
        evidence = replace(
            one.evidence, any_signal_pvalue=any_signal, beyond_confounds_pvalue=beyond, n_models=len(models)
        )
        result[name] = replace(
            one,
            any_signal_pvalue=any_signal,
            beyond_confounds_pvalue=beyond,
            beyond_confounds_raw_pvalue=raw,
            evidence=evidence,
            verdict=decide(evidence, rule),
        )
    return result


def _assess_model(
    name: str, data: LabelledSegments, design: DesignAssessment, level: float, seed: int, progress: Stages | None
) -> Assessment:
    """Tests of one model, p-values not yet corrected and the verdict not yet final."""
    rule = design.rule
    if design.n_two_class_videos < 2:
        verdict = decide(design.evidence, rule)
        nan = math.nan
        return Assessment(name, design, None, None, None, (), nan, nan, nan, nan, design.evidence, verdict)
    n_fits = data.n_folds * (1 + rule.n_permutations)
    with counted_fits(progress, f"Model {name}, any signal (T1)", n_fits):
        any_signal = permutation_test(data, rule, seed=seed)
    n_kinds = 2 if design.evidence.adjusted else 1  # residualised and raw features, where they differ
    with counted_fits(progress, f"Model {name}, beyond the confounds (T2)", n_kinds * n_fits):
        beyond = conditional_test(data, rule, seed=seed)
    with counted_fits(progress, f"Model {name}, interval", count_jackknife_fits(data) + data.n_folds):
        interval = confidence_interval(data, rule)
    scores = oof_scores(data.folds, data.y, rule.C)
    by_video = auc_by_video(scores, data.y, data.videos, allow_unscored=True)
    in_groups = _auc_by_group(scores, data)
    with counted_fits(progress, f"Model {name}, power", data.n_folds * REPLICATES):
        power = power_of_spike(data, rule, any_signal.null_distribution, alpha=level, seed=seed)
    evidence = replace(
        design.evidence,
        auc=any_signal.statistic,
        low=interval.low,
        high=interval.high,
        n_videos_above_half=int(by_video.n_above_half),
        n_groups=len(in_groups),
        n_groups_above_half=int(np.sum(in_groups > 0.5)),
        any_signal_pvalue=any_signal.pvalue,
        beyond_confounds_pvalue=beyond.pvalue,
        effective_pairs=beyond.effective_pairs,
        power=power,
    )
    return Assessment(
        name=name,
        design=design,
        any_signal=any_signal,
        beyond_confounds=beyond,
        interval=interval,
        auc_by_video=tuple(float(value) for value in by_video.auc),
        power=power,
        any_signal_pvalue=any_signal.pvalue,
        beyond_confounds_pvalue=beyond.pvalue,
        beyond_confounds_raw_pvalue=beyond.raw_pvalue,
        evidence=evidence,
        verdict=decide(evidence, rule),
    )


def _auc_by_group(scores: np.ndarray, data: LabelledSegments) -> np.ndarray:
    """AUC within video of each of 20 groups of whole videos; none with 40 videos or fewer."""
    if data.n_videos <= MAX_SINGLE_FOLDS:
        return np.empty(0)
    y, videos = data.y, data.videos
    groups, names = group_videos(videos, BLOCKS, content=np.arange(len(videos)))
    rows = [groups == group for group in range(len(names))]
    return np.array([auc_within_video(scores[r], y[r], videos[r], allow_unscored=True) for r in rows])
