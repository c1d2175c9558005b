"""Can this design answer the question? Asked before any audio.

If STOP and CONTINUE windows can be told apart from facts that have nothing to do with playing (how long a window
is, how much talk it holds), then no score on these windows means anything. So each confound alone, and all
together, is tried as a predictor under the same cross-validation as a model. Trying many finds something
sooner or later, so the p-values are those of the largest AUC among them (max-T over one set of relabellings,
Westfall & Young 1993). Alone, a confound is a straight line; all together, each is a natural spline too, for T2
takes straight lines away and would be fooled by a leak that follows none.

Which confounds T2 adjusts for, when pairs are too few for all: those that separate the labels best within
video, as they stand (largest ``|AUC - 1/2|``), first. A confound that does not go with the label cannot make a
false signal.

References
----------
P. H. Westfall & S. S. Young (1993), Resampling-Based Multiple Testing, Wiley, ch. 2 (single-step max-T).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from priosig._core.progress import Stages, counted_fits
from priosig.confounds.basis import natural_spline, straight
from priosig.crossval.folds import oof_scores
from priosig.inference.conditional import HELD_BY_PAIRS, adjustment_basis
from priosig.inference.data import LabelledSegments
from priosig.inference.multiplicity import TIE
from priosig.inference.permutation import refitted_aucs
from priosig.inference.relabelling import draw_relabellings
from priosig.metrics.auc import auc, auc_by_video
from priosig.verdict.decide import Verdict, decide, design_problems
from priosig.verdict.evidence import Evidence
from priosig.verdict.rule import Rule

ALL_CONFOUNDS = "all together"


@dataclass(frozen=True)
class Baseline:
    """How well a confound, or all of them, predicts the label by itself, as a model would.

    Attributes
    ----------
    name : str
        Of the confound; "all together" for all.
    auc_within_video, auc : float
        Of out-of-fold scores; the second pooled.
    n_videos_above_half : int
    pvalue : float
        T1, corrected for the number of baselines.
    n_known : int
        Segments whose value is known: all, or those that it was tried on.
    """

    name: str
    auc_within_video: float
    auc: float
    n_videos_above_half: int
    pvalue: float
    n_known: int


@dataclass(frozen=True)
class DesignAssessment:
    """What the segments allow, before any audio.

    Attributes
    ----------
    n_segments, n_stop, n_continue : int
    n_videos, n_two_class_videos : int
    n_pairs : int
        Neighbouring STOP/CONTINUE pairs.
    baselines : tuple of Baseline
        Each confound that varies, best first; then all together, if there are several.
    removed, not_measured : tuple of str
    evidence : Evidence
        The numbers behind `problems`.
    problems : tuple of str
        Why this design cannot answer the question, in plain words; empty if it can.
    verdict : Verdict or None
        `invalid design` where there are problems; else None: the features may speak.
    rule : Rule
    """

    n_segments: int
    n_stop: int
    n_continue: int
    n_videos: int
    n_two_class_videos: int
    n_pairs: int
    baselines: tuple[Baseline, ...]
    removed: tuple[str, ...]
    not_measured: tuple[str, ...]
    evidence: Evidence
    problems: tuple[str, ...]
    verdict: Verdict | None
    rule: Rule


def assess_design(
    data: LabelledSegments,
    rule: Rule,
    *,
    seed: int = 0,
    exploratory: bool = False,
    progress: Stages | None = None,
) -> DesignAssessment:
    """Judge a design from its labels, times and confounds; needs no audio.

    Parameters
    ----------
    data : LabelledSegments
        A confound that is the same everywhere counts as removed by design.
    rule : Rule
    seed : int
    exploratory : bool
        The data had been looked at before.
    progress : callable, optional
        Told of this step as it begins, and given the function that takes its progress in fits.

    Returns
    -------
    DesignAssessment
    """
    basis = adjustment_basis(data, rule)
    varying = {name: values for name, values in data.confounds.items() if name not in basis.constant}
    baselines = _baselines(varying, data, rule, seed, progress)
    best = max((b for b in baselines if not math.isnan(b.auc_within_video)), key=_auc_of, default=None)
    alone = [b for b in baselines if b.name != ALL_CONFOUNDS]
    evidence = Evidence(
        n_videos=data.n_two_class_videos,
        n_pairs=data.n_pairs,
        confound_auc=best.auc_within_video if best else math.nan,
        confound_pvalue=best.pvalue if best else math.nan,
        confound_names=_names_of(best, tuple(varying), len(data)),
        confound_ranking=tuple((b.name, b.auc_within_video) for b in alone),
        removed=tuple(dict.fromkeys((*basis.constant, *data.removed))),
        matched=tuple(name for name in varying if name in HELD_BY_PAIRS),
        adjusted=(*basis.adjusted, *basis.redundant),
        left_out=basis.left_out,
        not_measured=data.not_measured,
        partly_known=tuple(data.partly_known),
        neighbours=data.timed,
        exploratory=exploratory,
    )
    problems = design_problems(evidence, rule)
    return DesignAssessment(
        n_segments=len(data),
        n_stop=int(data.y.sum()),
        n_continue=int((1 - data.y).sum()),
        n_videos=data.n_videos,
        n_two_class_videos=data.n_two_class_videos,
        n_pairs=data.n_pairs,
        baselines=baselines,
        removed=evidence.removed,
        not_measured=evidence.not_measured,
        evidence=evidence,
        problems=problems,
        verdict=decide(evidence, rule) if problems else None,
        rule=rule,
    )


def _names_of(best: Baseline | None, varying: tuple[str, ...], n: int) -> tuple[str, ...]:
    if best is None:
        return ()
    if best.name == ALL_CONFOUNDS:
        return varying
    return (best.name if best.n_known == n else f"{best.name} (known for {best.n_known} of {n})",)


def _baselines(
    varying: dict[str, np.ndarray], data: LabelledSegments, rule: Rule, seed: int, progress: Stages | None
) -> tuple[Baseline, ...]:
    """Each confound alone and all together as models, with max-T p-values over all of them; () if none varies."""
    everyone = np.ones(len(data), dtype=bool)
    tried = {name: (values[:, None], everyone) for name, values in varying.items()}
    # Together they may also be curved: talk that is either long or absent before a STOP, say, has no straight line.
    curved = [natural_spline(straight(name, values)) for name, values in varying.items()]
    if sum(block.shape[1] for block in curved) > 1:
        tried[ALL_CONFOUNDS] = np.column_stack(curved), everyone
    tried |= {name: (values[:, None], np.isfinite(values)) for name, values in data.partly_known.items()}
    if not tried:
        return ()
    labellings = draw_relabellings(data, rule, seed)
    largest = np.full(len(labellings), -np.inf)
    baselines = []
    with counted_fits(progress, "confounds alone", len(tried) * data.n_folds * (1 + len(labellings))):
        for name, (X, known) in tried.items():
            part = replace(data, X=X).some(known)
            if part.n_videos < 2 or part.y.min() == part.y.max():
                baselines.append(Baseline(name, math.nan, math.nan, 0, math.nan, len(part)))
                continue
            largest = np.fmax(largest, refitted_aucs(part.folds, labellings[:, known], part.videos, C=rule.C))
            scores = oof_scores(part.folds, part.y, rule.C)
            by_video = auc_by_video(scores, part.y, part.videos, allow_unscored=True)
            pooled = float(auc(scores, part.y, allow_unscored=True))
            above = int(by_video.n_above_half)
            baselines.append(Baseline(name, float(by_video.within), pooled, above, math.nan, len(part)))
    baselines = [replace(baseline, pvalue=_max_t(baseline.auc_within_video, largest)) for baseline in baselines]
    alone = [b for b in baselines if b.name != ALL_CONFOUNDS]
    return (*sorted(alone, key=_auc_of, reverse=True), *(b for b in baselines if b.name == ALL_CONFOUNDS))


def _max_t(value: float, largest: np.ndarray) -> float:
    """``(1 + #{largest AUC of a relabelling >= value}) / (1 + m)``; NaN for an AUC that does not exist."""
    return math.nan if math.isnan(value) else float((1 + np.sum(largest >= value - TIE)) / (1 + len(largest)))


def _auc_of(baseline: Baseline) -> float:
    return -1.0 if math.isnan(baseline.auc_within_video) else baseline.auc_within_video
