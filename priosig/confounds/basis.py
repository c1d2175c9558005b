"""Regression columns that stand for the confounds.

Length enters as a natural cubic spline of its logarithm, with 3 degrees of freedom: a straight line lets a
curved leak through (7 to 10 % false alarms at 5 %). The others enter as straight lines, in the order given,
while degrees of freedom last: one for every 7 pairs, or the regression would describe the sample instead of the
confounds. What did not fit is named, for it is not adjusted for. A confound that does not vary was removed by
design and costs nothing; one that the others already predict almost perfectly costs nothing either.

References
----------
T. Hastie, R. Tibshirani & J. Friedman (2009), The Elements of Statistical Learning, 2nd ed., eq. 5.4-5.5.
L. Giraud, J. Langou & M. Rozloznik (2005), The loss of orthogonality in the Gram-Schmidt orthogonalization
process, Comput. Math. Appl. 50, 1069-1075.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from priosig.confounds.registry import CONFOUNDS

PAIRS_PER_DF = 7
SPLINE_DF = 3
_REDUNDANT = 0.99  # share of a confound's variance that earlier ones explain


@dataclass(frozen=True)
class ConfoundBasis:
    """The columns that stand for the confounds in a regression, and what became of each confound.

    Attributes
    ----------
    columns : np.ndarray, shape (n_segments, df)
        Orthogonal, mean 0, mean square 1.
    adjusted : tuple of str
        Confounds that the columns stand for, in full or (a spline) with fewer degrees of freedom.
    redundant : tuple of str
        Confounds that vary, but that the earlier ones already predict to more than 99 % of variance.
    constant : tuple of str
        Confounds that are the same for every segment: removed by design.
    left_out : tuple of str
        Confounds that vary and for which no degree of freedom was left: **not adjusted for**.
    """

    columns: np.ndarray
    adjusted: tuple[str, ...]
    redundant: tuple[str, ...]
    constant: tuple[str, ...]
    left_out: tuple[str, ...]

    @property
    def df(self) -> int:
        """Degrees of freedom used."""
        return self.columns.shape[1]


def natural_spline(x: np.ndarray, df: int = SPLINE_DF) -> np.ndarray:
    """Natural cubic spline basis without the constant: linear beyond the outermost knots.

    Knots at equally spaced quantiles, the extremes among them; ``N_1 = x`` and ``N_{k+1} = d_k - d_{K-1}``
    with ``d_k = ((x - t_k)_+^3 - (x - t_K)_+^3) / (t_K - t_k)`` (Hastie et al. 2009, eq. 5.4-5.5). Ties that
    merge knots give fewer columns.

    Returns
    -------
    np.ndarray, shape (n, <= df)
    """
    x = np.asarray(x, dtype=np.float64)
    knots = np.unique(np.quantile(x, np.linspace(0, 1, df + 1)))
    if len(knots) < 2:
        return np.empty((len(x), 0))
    scaled = (x - knots[0]) / (knots[-1] - knots[0])
    t = (knots - knots[0]) / (knots[-1] - knots[0])

    def d(k: int) -> np.ndarray:
        return (np.maximum(scaled - t[k], 0) ** 3 - np.maximum(scaled - t[-1], 0) ** 3) / (t[-1] - t[k])

    return np.column_stack([scaled] + [d(k) - d(len(t) - 2) for k in range(len(t) - 2)])


def confound_basis(confounds: Mapping[str, np.ndarray], n_pairs: int) -> ConfoundBasis:
    """Turn confounds into regression columns, within a budget of one degree of freedom for every 7 pairs.

    Parameters
    ----------
    confounds : mapping from name to np.ndarray, shape (n_segments,)
        In order of importance: the first are the last to be left out.
    n_pairs : int

    Raises
    ------
    ValueError
        If a confound is not positive where its logarithm is taken.
    """
    n = len(next(iter(confounds.values()))) if confounds else 0
    budget = n_pairs // PAIRS_PER_DF
    basis = np.empty((n, 0))
    adjusted, redundant, constant, left_out = [], [], [], []
    for name, values in confounds.items():
        if np.ptp(values) <= 1e-9 * max(1.0, float(np.abs(values).max())):
            constant.append(name)
            continue
        line = straight(name, values)[:, None]
        if _extend(basis, line, unexplained=1 - _REDUNDANT).shape[1] == basis.shape[1]:
            redundant.append(name)
            continue
        room = budget - basis.shape[1]
        if room < 1:
            left_out.append(name)
            continue
        block = natural_spline(line[:, 0], min(SPLINE_DF, room)) if is_logarithmic(name) else line
        basis = _extend(basis, block, unexplained=1e-8)
        adjusted.append(name)
    return ConfoundBasis(basis, tuple(adjusted), tuple(redundant), tuple(constant), tuple(left_out))


def is_logarithmic(name: str) -> bool:
    """Whether a confound's logarithm matters; not known of what the registry does not hold."""
    return name in CONFOUNDS and CONFOUNDS[name].logarithmic


def straight(name: str, values: np.ndarray) -> np.ndarray:
    """A confound on the scale on which a straight line is meant: its logarithm where that matters."""
    if not is_logarithmic(name):
        return values
    if (values <= 0).any():
        raise ValueError(f"confounds: {name!r} has the value {values.min()}; expected more than 0, its log is used")
    return np.log(values)


def _extend(basis: np.ndarray, block: np.ndarray, *, unexplained: float) -> np.ndarray:
    """Append the part of `block` that is orthogonal to `basis`, column by column, scaled to mean square 1."""
    for column in block.T:
        centred = column - column.mean()
        rest = centred.copy()
        for _ in range(2):  # twice is enough to lose no digits (Giraud et al. 2005)
            rest -= basis @ (basis.T @ rest) / len(rest)
            rest -= rest.mean()
        if rest @ rest > unexplained * (centred @ centred):
            basis = np.column_stack([basis, rest / np.sqrt(np.mean(rest**2))])
    return basis
