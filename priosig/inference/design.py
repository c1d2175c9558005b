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
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from priosig._core.progress import Stages, counted_fits
from priosig.confounds.basis import ConfoundBasis, check_confounds, confound_basis, natural_spline
from priosig.crossval.leave_one_video_out import oof_scores
from priosig.inference.permutation import TIE, count_folds, folds_of, refitted_aucs
from priosig.inference.relabelling import canonical_rows, draw_relabellings, neighbouring_pairs
from priosig.metrics.auc import auc, auc_by_video, auc_within_video
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
) -> DesignAssessment:
    """Judge a design from its labels, times and confounds; needs no audio.

    Parameters
    ----------
    y : np.ndarray, shape (n_segments,)
        1 = STOP, 0 = CONTINUE.
    video_ids : sequence of str, one per segment
    start_times : np.ndarray, shape (n_segments,)
        Seconds from the start of the video.
    confounds : mapping from name to np.ndarray, shape (n_segments,)
        One that is the same everywhere counts as removed by design.
    rule : Rule, optional
    seed : int
    splines : sequence of str
        Names of positive confounds of which the logarithm matters.
    removed, not_measured : sequence of str
        Names of further confounds, to be named in the sentence.
    matched : sequence of str
        Those of `confounds` that T2 holds by comparing neighbours, and must not adjust for again: what follows
        from time, such as the place in the video. Labels alternate, so that within a pair time tells the label
        exactly, though over the video it tells nothing.
    partly_known : mapping from name to np.ndarray, shape (n_segments,), optional
        Further confounds, NaN where they are not known: tried as predictors on the segments where they are, and not
        adjusted for.
    exploratory : bool
        The data had been looked at before.
    progress : callable, optional
        Told of this step as it begins, and given the function that takes its progress in fits.

    Returns
    -------
    DesignAssessment

    Raises
    ------
    ValueError
        For lengths that differ, labels other than 0 and 1, and times or confounds that are not finite, by
        name.
    """
    rule = rule or Rule()
    checked = check_confounds(confounds, splines=splines)
    table = np.column_stack(list(checked.values())) if checked else np.empty((len(y), 0))
    rows = canonical_rows(y, video_ids, start_times, table)
    y, videos = np.asarray(y)[rows.order].astype(np.int8), rows.videos
    checked = {name: values[rows.order] for name, values in checked.items()}
    pairs = neighbouring_pairs(y, videos)
    to_adjust = {name: values for name, values in checked.items() if name not in matched}
    basis = _ordered_basis(to_adjust, y, videos, len(pairs), splines)
    varying = {name: values for name, values in checked.items() if name not in basis.constant}
    partial = {name: np.asarray(v, dtype=np.float64)[rows.order] for name, v in (partly_known or {}).items()}
    baselines = _baselines(varying, partial, y, videos, splines, rule, seed, progress)
    best = max((b for b in baselines if not math.isnan(b.auc_within_video)), key=_auc_of, default=None)
    alone = [b for b in baselines if b.name != ALL_CONFOUNDS]
    n_two_class = sum(bool(0 < y[videos == v].sum() < (videos == v).sum()) for v in np.unique(videos))
    evidence = Evidence(
        n_videos=n_two_class,
        n_pairs=len(pairs),
        confound_auc=best.auc_within_video if best else math.nan,
        confound_pvalue=best.pvalue if best else math.nan,
        confound_names=_names_of(best, tuple(varying), len(y)),
        confound_ranking=tuple((b.name, b.auc_within_video) for b in alone),
        removed=tuple(dict.fromkeys((*basis.constant, *removed))),
        matched=tuple(name for name in varying if name in matched),
        adjusted=(*basis.adjusted, *basis.redundant),
        left_out=basis.left_out,
        not_measured=tuple(not_measured),
        partly_known=tuple(partial),
        exploratory=exploratory,
    )
    problems = design_problems(evidence, rule)
    return DesignAssessment(
        n_segments=len(y),
        n_stop=int(y.sum()),
        n_continue=int((1 - y).sum()),
        n_videos=len(np.unique(videos)),
        n_two_class_videos=n_two_class,
        n_pairs=len(pairs),
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
    return (best.name if best.n_known == n else f"{best.name} (known for {best.n_known} of {n} windows)",)


def _ordered_basis(
    confounds: Mapping[str, np.ndarray], y: np.ndarray, videos: np.ndarray, n_pairs: int, splines: Sequence[str]
) -> ConfoundBasis:
    """What T2 will adjust for: confounds that separate the labels best come first; ties keep the order given."""
    apart = {
        name: round(abs(float(auc_within_video(values, y, videos)) - 0.5), 9) for name, values in confounds.items()
    }
    order = sorted(confounds, key=lambda name: 0.0 if math.isnan(apart[name]) else -apart[name])
    return confound_basis({name: confounds[name] for name in order}, n_pairs, splines=splines)


def _baselines(
    confounds: Mapping[str, np.ndarray],
    partly_known: Mapping[str, np.ndarray],
    y: np.ndarray,
    videos: np.ndarray,
    splines: Sequence[str],
    rule: Rule,
    seed: int,
    progress: Stages | None,
) -> tuple[Baseline, ...]:
    """Each confound alone and all together as models, with max-T p-values over all of them; () if none varies."""
    everyone = np.ones(len(y), dtype=bool)
    tried = {name: (values[:, None], everyone) for name, values in confounds.items()}
    # Together they may also be curved: talk that is either long or absent before a STOP, say, has no straight line.
    curved = [natural_spline(np.log(v) if name in splines else v) for name, v in confounds.items()]
    if sum(block.shape[1] for block in curved) > 1:
        tried[ALL_CONFOUNDS] = np.column_stack(curved), everyone
    tried |= {name: (values[:, None], np.isfinite(values)) for name, values in partly_known.items()}
    if not tried:
        return ()
    labellings, _ = draw_relabellings(
        y, videos, rule.n_permutations, np.random.default_rng([seed, 1]), min_pairs=rule.min_pairs
    )
    largest = np.full(len(labellings), -np.inf)
    n_fits = count_folds(videos) * (1 + len(labellings))
    found = []
    with counted_fits(progress, "confounds alone", len(tried) * n_fits):
        for name, (X, known) in tried.items():
            n_known, (y_known, of) = int(known.sum()), (y[known], videos[known])
            if len(np.unique(of)) < 2 or y_known.min() == y_known.max():
                found.append(Baseline(name, math.nan, math.nan, 0, math.nan, n_known))
                continue
            folds = folds_of(X[known], of)
            largest = np.fmax(largest, refitted_aucs(folds, labellings[:, known], of, C=rule.C))
            scores = oof_scores(folds, y_known, rule.C)
            by_video = auc_by_video(scores, y_known, of, allow_unscored=True)
            pooled = float(auc(scores, y_known, allow_unscored=True))
            above = int(by_video.n_above_half)
            found.append(Baseline(name, float(by_video.within), pooled, above, math.nan, n_known))
    found = [replace(baseline, pvalue=_max_t(baseline.auc_within_video, largest)) for baseline in found]
    alone = [b for b in found if b.name != ALL_CONFOUNDS]
    return (*sorted(alone, key=_auc_of, reverse=True), *(b for b in found if b.name == ALL_CONFOUNDS))


def _max_t(value: float, largest: np.ndarray) -> float:
    """``(1 + #{largest AUC of a relabelling >= value}) / (1 + m)``; NaN for an AUC that does not exist."""
    return math.nan if math.isnan(value) else float((1 + np.sum(largest >= value - TIE)) / (1 + len(largest)))


def _auc_of(baseline: Baseline) -> float:
    return -1.0 if math.isnan(baseline.auc_within_video) else baseline.auc_within_video
