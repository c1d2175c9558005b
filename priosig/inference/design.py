"""Judge whether a design can answer the question, before any audio is heard.

If STOP and CONTINUE windows can be told apart from facts that have nothing to do with playing (how long a window is,
how much talk it holds), then no score on these windows means anything (`priosig.inference.confounds_alone`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from priosig._core.progress import Stages
from priosig.inference.beyond_confounds import TIME, confounds_of
from priosig.inference.confounds_alone import TOGETHER, Baseline, confounds_alone
from priosig.inference.data import LabelledSegments
from priosig.inference.relabelling import scheme_of, stop_first
from priosig.verdict.decide import Verdict, decide, design_problems
from priosig.verdict.evidence import Evidence
from priosig.verdict.rule import Rule


@dataclass(frozen=True)
class DesignAssessment:
    """What the segments allow, before any audio.

    Attributes
    ----------
    n_segments, n_stop, n_continue : int
    n_videos, n_two_class_videos : int
    n_sets : int
        Sets within which labels are exchanged.
    baselines : tuple of Baseline
        Each confound that varies; then all artefacts together, if there are several.
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
    n_sets: int
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
    baselines = confounds_alone(data, rule, seed=seed, progress=progress)
    best = _best(baselines, rule)
    artefacts = [b for b in baselines if b.role == "artefact" and b.name != TOGETHER]
    ranking = sorted(artefacts, key=_auc_of, reverse=True)
    varying = {b.name for b in baselines}
    constant = [name for name in data.confounds if name not in varying]
    alone = {
        b.name: (b.curve, b.curve_pvalue) if b.curve_pvalue < b.pvalue else (b.auc_within_video, b.pvalue)
        for b in baselines
    }
    evidence = Evidence(
        n_videos=data.n_two_class_videos,
        n_sets=data.n_sets,
        scheme=scheme_of(data, rule),
        stop_first=stop_first(data),
        confound_auc=best[0],
        confound_pvalue=best[1],
        confound_names=best[2],
        confound_ranking=tuple((b.name, b.auc_within_video) for b in ranking),
        removed=tuple(dict.fromkeys((*constant, *data.removed))),
        adjusted=_adjusted(data, rule, varying),
        acoustic=tuple(name for name in data.acoustic if name in varying),
        not_measured=tuple(name for name in data.not_measured if name not in data.partly_known),
        partly_known=tuple(data.partly_known),
        tied=data.tied,
        chosen=tuple((name, role, *alone.get(name, (math.nan, math.nan))) for name, role in data.chosen),
        exploratory=exploratory,
    )
    problems = design_problems(evidence, rule)
    return DesignAssessment(
        n_segments=len(data),
        n_stop=int(data.y.sum()),
        n_continue=int((1 - data.y).sum()),
        n_videos=data.n_videos,
        n_two_class_videos=data.n_two_class_videos,
        n_sets=data.n_sets,
        baselines=baselines,
        removed=evidence.removed,
        not_measured=evidence.not_measured,
        evidence=evidence,
        problems=problems,
        verdict=decide(evidence, rule) if problems else None,
        rule=rule,
    )


def _best(baselines: tuple[Baseline, ...], rule: Rule) -> tuple[float, float, tuple[str, ...]]:
    """AUC, p and confounds of the predictor of artefacts alone that comes closest to invalidating the design.

    One with p <= alpha before any other, then the one with the largest AUC.
    """
    tried = []
    names = tuple(b.name for b in baselines if b.role == "artefact" and b.name != TOGETHER)
    for b in baselines:
        if b.role == "artefact":
            of = names if b.name == TOGETHER else (b.name,)
            tried += [(b.auc_within_video, b.pvalue, of), (b.curve, b.curve_pvalue, of)]
    tried = [one for one in tried if not math.isnan(one[0])]
    return max(tried, key=lambda one: (one[1] <= rule.alpha, one[0]), default=(math.nan, math.nan, ()))


def _auc_of(baseline: Baseline) -> float:
    return -1.0 if math.isnan(baseline.auc_within_video) else baseline.auc_within_video


def _adjusted(data: LabelledSegments, rule: Rule, varying: set[str]) -> tuple[str, ...]:
    """Artefacts that T2 adjusts for, by a column of their own or by that of time, which they follow from."""
    names = dict.fromkeys((*confounds_of(data, rule, acoustic=False), *data.confounds))
    return tuple(name for name in names if name == TIME or (name in varying and name not in data.acoustic))
