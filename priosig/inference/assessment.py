"""From features, labels and confounds to a verdict.

The design is judged first (`priosig.inference.design`); then, for each model, T1, T2, the interval over videos and
the power. P-values are corrected for the number of models (Holm 1979), and `priosig.verdict.decide.decide` judges.
`assess` does so for a single model.

Where the design is found invalid, everything that can be computed still is, so that it can be shown beside the
verdict; only with fewer than two videos that hold both labels is there nothing to compute.

References
----------
S. Holm (1979), A simple sequentially rejective multiple test procedure, Scand. J. Stat. 6, 65-70.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from priosig._core.progress import Stages, counted_fits
from priosig.confounds.basis import check_confounds
from priosig.crossval.leave_one_video_out import group_videos, oof_scores
from priosig.inference.conditional import ConditionalResult, relabel_given
from priosig.inference.confidence import BLOCKS, Interval, count_jackknife_fits, interval_around
from priosig.inference.design import ALL_CONFOUNDS, DesignAssessment, assess_design
from priosig.inference.permutation import MAX_SINGLE_FOLDS, PermutationResult, count_folds, folds_of, relabel
from priosig.inference.power import REPLICATES, power_of_spike
from priosig.inference.relabelling import canonical_rows
from priosig.metrics.auc import auc_by_video, auc_within_video
from priosig.verdict.decide import Verdict, decide, holm
from priosig.verdict.evidence import Evidence
from priosig.verdict.rule import Rule

__all__ = ["ALL_CONFOUNDS", "Assessment", "DesignAssessment", "assess", "assess_design", "assess_models"]


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


def assess(X: np.ndarray, *args, **kwargs) -> Assessment:
    """`assess_models` for a single model: ``assess(X, y, video_ids, start_times, confounds, *, rule, seed, ...)``."""
    return assess_models({"model": X}, *args, **kwargs)["model"]


def assess_models(
    models: Mapping[str, np.ndarray],
    y: np.ndarray,
    video_ids: Sequence[str],
    start_times: np.ndarray,
    confounds: Mapping[str, np.ndarray],
    *,
    rule: Rule | None = None,
    seed: int = 0,
    splines: Sequence[str] = ("length",),
    removed: Sequence[str] = (),
    not_measured: Sequence[str] = (),
    matched: Sequence[str] = (),
    partly_known: Mapping[str, np.ndarray] | None = None,
    exploratory: bool = False,
    progress: Stages | None = None,
) -> dict[str, Assessment]:
    """T1, T2, interval, power and verdict for each model, p-values corrected for their number (Holm).

    The result depends on the seed alone: not on the order of rows, nor on what videos are called.

    Parameters
    ----------
    models : mapping from name to np.ndarray, shape (n_segments, n_features)
    y, video_ids, start_times, confounds, rule, seed, splines, removed, not_measured, matched, partly_known
    exploratory
        As for `assess_design`.
    progress : callable, optional
        Told of each step as it begins, for each model, and given the function that takes its progress in fits.

    Returns
    -------
    dict from name to Assessment

    Raises
    ------
    ValueError
        As `assess_design`, and for features that are not finite.
    """
    rule = rule or Rule()
    settings = {"splines": splines, "removed": removed, "not_measured": not_measured, "matched": matched}
    settings |= {"partly_known": partly_known, "exploratory": exploratory}
    settings |= {"rule": rule, "seed": seed, "progress": progress}
    design = assess_design(y, video_ids, start_times, confounds, **settings)
    order = (*design.evidence.adjusted, *design.evidence.left_out)
    rest = (name for name in confounds if name not in order and name not in matched)
    ordered = {name: confounds[name] for name in (*order, *rest)}
    data = y, video_ids, start_times, ordered
    if len(models) > (rule.n_permutations + 1) * rule.alpha + 1e-9:
        raise ValueError(
            f"assess_models: with {rule.n_permutations} relabellings and {len(models)} models no corrected p can "
            f"reach {rule.alpha:g}; expected at least {math.ceil(len(models) / rule.alpha - 1e-9) - 1} relabellings"
        )
    level = rule.alpha / len(models)  # what the smallest p of several must reach
    found = {
        name: _run(name, np.asarray(X, dtype=np.float64), *data, design, seed, splines, level, progress)
        for name, X in models.items()
    }
    corrected = [
        holm([getattr(one, attribute) for one in found.values()])
        for attribute in ("any_signal_pvalue", "beyond_confounds_pvalue", "beyond_confounds_raw_pvalue")
    ]
    result = {}
    for (name, one), any_signal, beyond, raw in zip(found.items(), *corrected, strict=True):
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


def _run(
    name: str,
    X: np.ndarray,
    y: np.ndarray,
    video_ids: Sequence[str],
    start_times: np.ndarray,
    confounds: Mapping[str, np.ndarray],
    design: DesignAssessment,
    seed: int,
    splines: Sequence[str],
    level: float,
    progress: Stages | None,
) -> Assessment:
    """Tests of one model, p-values not yet corrected and the verdict not yet final."""
    rule = design.rule
    table = np.column_stack(list(confounds.values())) if confounds else np.empty((len(y), 0))
    rows = canonical_rows(y, video_ids, start_times, X, table)  # also refuses features that are not finite
    if design.n_two_class_videos < 2:
        verdict = decide(design.evidence, rule)
        nan = math.nan
        return Assessment(name, design, None, None, None, (), nan, nan, nan, nan, design.evidence, verdict)
    X, y, videos = X[rows.order], np.asarray(y)[rows.order].astype(np.int8), rows.videos
    confounds = {name: values[rows.order] for name, values in check_confounds(confounds, splines=splines).items()}
    n_folds, folds = count_folds(videos), folds_of(X, videos)
    n_fits = n_folds * (1 + rule.n_permutations)
    common = {"n_permutations": rule.n_permutations, "seed": seed, "C": rule.C, "min_pairs": rule.min_pairs}
    with counted_fits(progress, f"Model {name}, any signal (T1)", n_fits):
        any_signal = relabel(folds, y, videos, **common)
    n_kinds = 2 if design.evidence.adjusted else 1  # residualised and raw features, where they differ
    with counted_fits(progress, f"Model {name}, beyond the confounds (T2)", n_kinds * n_fits):
        beyond = relabel_given(confounds, folds, X, y, videos, splines=splines, **common)
    with counted_fits(progress, f"Model {name}, interval", count_jackknife_fits(videos)):
        interval = interval_around(any_signal.statistic, X, y, videos, level=rule.level, C=rule.C)
    scores = oof_scores(folds, y, rule.C)
    by_video = auc_by_video(scores, y, videos, allow_unscored=True)
    in_groups = _auc_by_group(scores, y, videos)
    with counted_fits(progress, f"Model {name}, power", n_folds * REPLICATES):
        power = power_of_spike(
            X, y, videos, folds, any_signal.null_distribution,
            spike_auc=rule.spike_auc, alpha=level, C=rule.C, seed=seed,
        )  # fmt: skip
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


def _auc_by_group(scores: np.ndarray, y: np.ndarray, videos: np.ndarray) -> np.ndarray:
    """AUC within video of each of 20 groups of whole videos; none with 40 videos or fewer."""
    if len(np.unique(videos)) <= MAX_SINGLE_FOLDS:
        return np.empty(0)
    groups, names = group_videos(videos, BLOCKS, content=np.arange(len(videos)))
    rows = [groups == group for group in range(len(names))]
    return np.array([auc_within_video(scores[r], y[r], videos[r], allow_unscored=True) for r in rows])
