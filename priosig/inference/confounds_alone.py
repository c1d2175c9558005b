"""Test whether the confounds alone tell the label. If they do, no score on these segments means anything.

Each confound is tried as a line, and as a curve with an indicator for each value that many segments share. All
together are tried with their products too. P-values are max-T over all predictors (Westfall & Young 1993),
studentised, since under the null hypothesis the AUC of a flexible predictor spreads more than that of a line.
Artefacts and acoustic confounds are tried apart: only artefacts make a design invalid, and what may be music costs
them nothing.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np

from priosig._core.progress import Stages, counted_fits
from priosig.confounds.penalised_basis import BLOCKS, PenalisedBasis, penalised_basis
from priosig.crossval.folds import oof_scores
from priosig.inference.data import LabelledSegments
from priosig.inference.multiplicity import max_t_pvalues
from priosig.inference.permutation import refitted_aucs
from priosig.inference.relabelling import draw_relabellings
from priosig.metrics.auc import auc, auc_by_video
from priosig.verdict.rule import Rule

TOGETHER = "all together"
Role = Literal["artefact", "acoustic"]
Shape = Literal["line", "curve"]
CURVES = 3  # smoothest curves of each confound


@dataclass(frozen=True)
class Baseline:
    """Results of a probe that knows one confound alone, or all artefacts (`TOGETHER`).

    AUCs are of out-of-fold scores: `auc_within_video` of the confound as a line, `curve` of it as a curve, NaN where
    there is none; `auc` (pooled) and `n_videos_above_half` are of the line. P-values are max-T over all predictors of
    this role. `n_known` segments have a value.
    """

    name: str
    role: Role
    auc_within_video: float
    curve: float
    auc: float
    n_videos_above_half: int
    pvalue: float
    curve_pvalue: float
    n_known: int


def confounds_alone(
    data: LabelledSegments, rule: Rule, *, seed: int = 0, progress: Stages | None = None
) -> tuple[Baseline, ...]:
    """Probes that know confounds alone, those that are known in part too; on T1's relabellings.

    Artefacts that vary come first, then acoustic confounds, each in the order of `data`; all artefacts together last,
    where there are several. Nothing where there is one video.
    """
    if data.n_videos < 2:
        return ()
    confounds = {**data.confounds, **data.partly_known}
    labellings = np.vstack([data.y, draw_relabellings(data, rule, seed)])
    by_role: dict[Role, dict[str, np.ndarray]] = {"artefact": {}, "acoustic": {}}
    for name, values in confounds.items():
        by_role["acoustic" if name in data.names.acoustic else "artefact"][name] = values
    tried = {role: _predictors(some, data) for role, some in by_role.items()}
    n_names = sum(len({name for name, _ in parts}) for parts in tried.values())
    n_fits = data.n_folds * (sum(map(len, tried.values())) * len(labellings) + n_names)
    baselines = []
    with counted_fits(progress, "confounds alone", n_fits):
        for role, parts in tried.items():
            baselines += _baselines(confounds, role, parts, data, labellings, rule.C)
    alone = [b for b in baselines if b.name != TOGETHER]
    return (*alone, *(b for b in baselines if b.name == TOGETHER and b.role == "artefact"))


def _predictors(
    confounds: Mapping[str, np.ndarray], data: LabelledSegments
) -> dict[tuple[str, Shape], LabelledSegments]:
    """Features of the probe, by name and shape."""
    bases = {name: penalised_basis({name: values}, data.strata) for name, values in confounds.items()}
    varying = {name: basis for name, basis in bases.items() if basis.adjusted}
    tried: dict[tuple[str, Shape], np.ndarray] = {}
    for name, basis in varying.items():
        tried[name, "line"] = _line(confounds[name])
        curve = _curve(basis)
        if curve.shape[1] > 1:
            tried[name, "curve"] = curve
    if len(varying) > 1:
        # The second line of a confound's basis: its normal scores within video.
        scores = [basis.columns[:, 1] for basis in varying.values()]
        products = [one * other for one, other in combinations(scores, 2)]
        tried[TOGETHER, "curve"] = np.column_stack([*map(_curve, varying.values()), *products])
    return {key: data.with_rows(columns) for key, columns in tried.items()}


def _baselines(
    confounds: Mapping[str, np.ndarray],
    role: Role,
    parts: Mapping[tuple[str, Shape], LabelledSegments],
    data: LabelledSegments,
    labellings: np.ndarray,
    C: float,
) -> list[Baseline]:
    if not parts:
        return []
    aucs = np.array([refitted_aucs(part.folds, labellings, data.strata, C=C) for part in parts.values()])
    values = dict(zip(parts, zip(aucs[:, 0].tolist(), max_t_pvalues(aucs).tolist(), strict=True), strict=True))
    baselines = []
    for name in dict.fromkeys(name for name, _ in parts):
        curve, curve_pvalue = values.get((name, "curve"), (math.nan, math.nan))
        line, pvalue = values.get((name, "line"), (curve, curve_pvalue))
        scores = oof_scores(parts[name, "line" if name in confounds else "curve"].folds, data.y, C)
        by_video = auc_by_video(scores, data.y, data.videos, strata=data.strata, allow_unscored=True)
        baselines.append(
            Baseline(
                name=name,
                role=role,
                auc_within_video=line,
                curve=curve,
                auc=float(auc(scores, data.y, allow_unscored=True)),
                n_videos_above_half=int(by_video.n_above_half),
                pvalue=pvalue,
                curve_pvalue=curve_pvalue,
                n_known=int(np.isfinite(confounds[name]).sum()) if name in confounds else len(data),
            )
        )
    return baselines


def _line(values: np.ndarray) -> np.ndarray:
    """The confound itself; with its mean and an indicator where it is not known."""
    known = np.isfinite(values)
    filled = np.where(known, values, np.mean(values[known]))
    return filled[:, None] if known.all() else np.column_stack([filled, known])


def _curve(basis: PenalisedBasis) -> np.ndarray:
    """Lines, smoothest curves and indicators of the only confound of a basis."""
    parts = [np.flatnonzero(basis.block == block) for block in range(len(BLOCKS))]
    return basis.columns[:, np.concatenate([parts[0], parts[1][:CURVES], parts[2]])]
