"""Judge whether a design can answer the question, before any audio is heard: it needs enough videos and sets, and a
label that the confounds alone cannot tell (`priosig.inference.confounds_alone`)."""

import math
from dataclasses import dataclass

import numpy as np

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

    `n_sets` are the sets within which labels are exchanged. `baselines` has each confound that varies; then all
    artefacts together, if there are several. `problems` say why this design cannot answer the question; with any,
    `verdict` is `invalid design`.
    """

    n_segments: int
    n_stop: int
    n_continue: int
    n_videos: int
    n_two_class_videos: int
    n_sets: int
    baselines: tuple[Baseline, ...]
    evidence: Evidence
    problems: tuple[str, ...]
    verdict: Verdict | None
    rule: Rule


def assess_design(
    data: LabelledSegments, rule: Rule, *, seed: int = 0, exploratory: bool = False, progress: Stages | None = None
) -> DesignAssessment:
    """Judge a design from its labels, times and confounds; needs no audio.

    A confound that is the same everywhere counts as removed by design. `exploratory` says that the data had been
    looked at before.
    """
    baselines = confounds_alone(data, rule, seed=seed, progress=progress)
    artefacts = [b for b in baselines if b.role == "artefact" and b.name != TOGETHER]
    ranking = sorted(artefacts, key=lambda b: np.nan_to_num(b.auc_within_video, nan=-1.0), reverse=True)
    varying = {b.name for b in baselines}
    constant = [name for name in data.confounds if name not in varying]
    # By a column of their own, or by that of time, which they follow from.
    names = dict.fromkeys((*confounds_of(data, rule, acoustic=False), *data.confounds))
    adjusted = tuple(n for n in names if n == TIME or (n in varying and n not in data.names.acoustic))
    confound_auc, confound_pvalue, confound_names = _closest(baselines, rule)
    alone = {
        b.name: (b.curve, b.curve_pvalue) if b.curve_pvalue < b.pvalue else (b.auc_within_video, b.pvalue)
        for b in baselines
    }
    evidence = Evidence(
        n_videos=data.n_two_class_videos,
        n_sets=data.n_sets,
        scheme=scheme_of(data, rule),
        stop_first=stop_first(data),
        confound_auc=confound_auc,
        confound_pvalue=confound_pvalue,
        confound_names=confound_names,
        confound_ranking=tuple((b.name, b.auc_within_video) for b in ranking),
        removed=tuple(dict.fromkeys((*constant, *data.names.removed))),
        adjusted=adjusted,
        acoustic=tuple(name for name in data.names.acoustic if name in varying),
        not_measured=tuple(name for name in data.names.not_measured if name not in data.partly_known),
        partly_known=tuple(data.partly_known),
        tied=data.names.tied,
        chosen=tuple((name, role, *alone.get(name, (math.nan, math.nan))) for name, role in data.names.chosen),
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
        evidence=evidence,
        problems=problems,
        verdict=decide(evidence, rule) if problems else None,
        rule=rule,
    )


def _closest(baselines: tuple[Baseline, ...], rule: Rule) -> tuple[float, float, tuple[str, ...]]:
    """AUC, p and confounds of the predictor of artefacts alone that comes closest to invalidating the design.

    One with p <= alpha before any other, then the one with the largest AUC.
    """
    artefacts = [b for b in baselines if b.role == "artefact"]
    every = tuple(b.name for b in artefacts if b.name != TOGETHER)
    tried = []
    for b in artefacts:
        names = every if b.name == TOGETHER else (b.name,)
        tried += [(b.auc_within_video, b.pvalue, names), (b.curve, b.curve_pvalue, names)]
    tried = [one for one in tried if not math.isnan(one[0])]
    return max(tried, key=lambda one: (one[1] <= rule.alpha, one[0]), default=(math.nan, math.nan, ()))
