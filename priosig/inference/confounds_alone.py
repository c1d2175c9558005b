"""Test whether the confounds alone tell the label. If they do, no score on these segments means anything.

Each confound is tried as a probe would use it: as a line, and as a curve with an indicator for each value that many
segments share. All together are tried with their products too. Trying many finds something sooner or later, so
p-values are those of the largest statistic among them (single-step max-T, Westfall & Young 1993). Artefacts and
acoustic confounds are tried apart: only artefacts make a design invalid, and what may be music costs them nothing.

AUCs are studentised over the labellings first. Under the null hypothesis the AUC of a flexible predictor spreads more
than that of a line; compared raw, it would hide a line that tells the label.

References
----------
P. H. Westfall & S. S. Young (1993), Resampling-Based Multiple Testing, Wiley, ch. 2.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np

from priosig._core.progress import Stages, counted_fits
from priosig.confounds.penalised_basis import BLOCKS, PenalisedBasis, penalised_basis
from priosig.crossval.folds import oof_scores
from priosig.inference.data import LabelledSegments
from priosig.inference.multiplicity import studentised_pvalues
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
    """What a probe reaches that knows one confound alone, or all together.

    Attributes
    ----------
    name : str
        Of the confound; `TOGETHER` for all artefacts.
    role : {"artefact", "acoustic"}
    auc_within_video, curve : float
        AUC within strata of out-of-fold scores: as a line, and as a curve; NaN where there is none.
    auc : float
        The line's, pooled.
    n_videos_above_half : int
        The line's.
    pvalue, curve_pvalue : float
        Max-T over all predictors of this role, studentised; NaN where undefined.
    n_known : int
        Segments whose value is known.
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
    """Probes that know confounds alone.

    Parameters
    ----------
    data : LabelledSegments
        All of its confounds are tried, those that are known in part too.
    rule : Rule
    seed : int
        The relabellings are those of T1.
    progress : callable, optional
        Told of this step as it begins, and given the function that takes its progress in fits.

    Returns
    -------
    tuple of Baseline
        Artefacts that vary, then acoustic confounds, each in the order of `data`; all artefacts together last, where
        there are several. None where there is one video.
    """
    if data.n_videos < 2:
        return ()
    confounds = {**data.confounds, **data.partly_known}
    labellings = np.vstack([data.y[None, :], draw_relabellings(data, rule, seed)])
    artefacts = {name: values for name, values in confounds.items() if name not in data.acoustic}
    acoustic = {name: values for name, values in confounds.items() if name in data.acoustic}
    tried = [_predictors(artefacts, data), _predictors(acoustic, data)]
    n_names = sum(len({name for name, _ in parts}) for parts in tried)
    n_fits = data.n_folds * (sum(map(len, tried)) * len(labellings) + n_names)
    with counted_fits(progress, "confounds alone", n_fits):
        alone = _baselines(artefacts, "artefact", tried[0], data, labellings, rule.C)
        heard = _baselines(acoustic, "acoustic", tried[1], data, labellings, rule.C)
    together = [b for b in alone if b.name == TOGETHER]
    return (*(b for b in alone if b.name != TOGETHER), *(b for b in heard if b.name != TOGETHER), *together)


def _predictors(
    confounds: Mapping[str, np.ndarray], data: LabelledSegments
) -> dict[tuple[str, Shape], LabelledSegments]:
    """What the probe is given, by name and shape."""
    bases = {name: penalised_basis({name: values}, data.strata) for name, values in confounds.items()}
    varying = [name for name, basis in bases.items() if basis.adjusted]
    tried: dict[tuple[str, Shape], np.ndarray] = {}
    for name in varying:
        tried[name, "line"] = _line(confounds[name])
        curve = _curve(bases[name])
        if curve.shape[1] > 1:
            tried[name, "curve"] = curve
    if len(varying) > 1:
        scores = [_score(bases[name]) for name in varying]
        products = [one * other for one, other in combinations(scores, 2)]
        tried[TOGETHER, "curve"] = np.column_stack([*(_curve(bases[name]) for name in varying), *products])
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
    values = dict(zip(parts, zip(aucs[:, 0].tolist(), studentised_pvalues(aucs).tolist(), strict=True), strict=True))
    nothing = (float("nan"), float("nan"))
    baselines = []
    for name in dict.fromkeys(name for name, _ in parts):
        part = parts[name, "line" if name in confounds else "curve"]
        scores_alone = oof_scores(part.folds, data.y, C)
        by_video = auc_by_video(scores_alone, data.y, data.videos, strata=data.strata, allow_unscored=True)
        line, curve_value = values.get((name, "line"), nothing), values.get((name, "curve"), nothing)
        if name == TOGETHER:
            line = curve_value
        baselines.append(
            Baseline(
                name=name,
                role=role,
                auc_within_video=line[0],
                curve=curve_value[0],
                auc=float(auc(scores_alone, data.y, allow_unscored=True)),
                n_videos_above_half=int(by_video.n_above_half),
                pvalue=line[1],
                curve_pvalue=curve_value[1],
                n_known=int(np.isfinite(confounds[name]).sum()) if name in confounds else len(data),
            )
        )
    return baselines


def _line(values: np.ndarray) -> np.ndarray:
    """The confound itself; with its mean and an indicator where it is not known."""
    values = np.asarray(values, dtype=np.float64)
    known = np.isfinite(values)
    filled = np.where(known, values, np.mean(values[known]))
    return filled[:, None] if known.all() else np.column_stack([filled, known])


def _score(basis: PenalisedBasis) -> np.ndarray:
    """Normal scores within video of the only confound of a basis: the second of its lines."""
    return basis.columns[:, 1]


def _curve(basis: PenalisedBasis) -> np.ndarray:
    """Lines, smoothest curves and indicators of the only confound of a basis."""
    parts = [np.flatnonzero(basis.block == block) for block in range(len(BLOCKS))]
    return basis.columns[:, np.concatenate([parts[0], parts[1][:CURVES], parts[2]])]
