"""Do the confounds alone tell the label? If so, no score on these segments means anything.

Each confound is tried as a probe would use it: as a line, and as a curve with an indicator for each value that many
segments share. All together are tried with their products too. Trying many finds something sooner or later, so
p-values are those of the largest statistic among them (single-step max-T, Westfall & Young 1993).

AUCs are studentised over the labellings first. Under the null hypothesis the AUC of a flexible predictor spreads more
than that of a line; compared raw, it would hide a line that tells the label.

References
----------
P. H. Westfall & S. S. Young (1993), Resampling-Based Multiple Testing, Wiley, ch. 2.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from priosig.confounds.penalised_basis import BLOCKS, PenalisedBasis, penalised_basis
from priosig.inference.data import LabelledSegments
from priosig.inference.multiplicity import studentised_pvalues
from priosig.inference.permutation import refitted_aucs

TOGETHER = "all together"
CURVES = 3  # smoothest curves of each confound


@dataclass(frozen=True)
class Predictor:
    """What a probe reaches that knows confounds alone.

    Attributes
    ----------
    name : str
        Of the confound; `TOGETHER` for all.
    shape : {"line", "curve"}
    auc : float
        Of out-of-fold scores, within strata; NaN where undefined.
    pvalue : float
        Max-T over all predictors, studentised; NaN where undefined.
    """

    name: str
    shape: str
    auc: float
    pvalue: float


def confounds_alone(
    data: LabelledSegments, labellings: np.ndarray, *, strata: np.ndarray | None = None, C: float = 1.0
) -> tuple[Predictor, ...]:
    """AUCs and p-values of probes that know confounds alone.

    Parameters
    ----------
    data : LabelledSegments
        All of its confounds are tried, those that are known in part too.
    labellings : np.ndarray of 0 and 1, shape (1 + n_relabellings, n_segments)
        The observed labels first.
    strata : np.ndarray, shape (n_segments,), optional
        What AUCs are taken within; videos by default.
    C : float
        Inverse L2 penalty of the probe.

    Returns
    -------
    tuple of Predictor
        Each confound that varies, as a line and as a curve; then all together, where there are several.
    """
    strata = data.videos if strata is None else strata
    confounds = {**data.confounds, **data.partly_known}
    tried: dict[tuple[str, str], np.ndarray] = {}
    bases = {name: penalised_basis({name: values}, data.videos) for name, values in confounds.items()}
    varying = [name for name, basis in bases.items() if basis.adjusted]
    for name in varying:
        tried[name, "line"] = _line(confounds[name])
        curve = _curve(bases[name])
        if curve.shape[1] > 1:
            tried[name, "curve"] = curve
    if len(varying) > 1:
        scores = [_score(bases[name]) for name in varying]
        products = [one * other for one, other in combinations(scores, 2)]
        tried[TOGETHER, "curve"] = np.column_stack([*(_curve(bases[name]) for name in varying), *products])
    if not tried:
        return ()
    folds = [replace(data, X=columns).folds for columns in tried.values()]
    aucs = np.array([refitted_aucs(some, labellings, strata, C=C) for some in folds])
    pvalues = studentised_pvalues(aucs)
    return tuple(
        Predictor(name, shape, float(auc), float(pvalue))
        for (name, shape), auc, pvalue in zip(tried, aucs[:, 0], pvalues, strict=True)
    )


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
