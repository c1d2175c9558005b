"""Regression columns that stand for the confounds: many, and meant to be fitted under a penalty.

A confound can follow the label in any shape, so each of them enters in several. The penalty, one for each block of
columns, decides what the data can bear (`priosig.confounds.smoother`, `priosig.inference.matched_logistic`):

``lines``
    The confounds as they are, and their normal scores within video, which no outlier can bend. Both sets are rotated
    to orthonormal columns, so that a difference between two confounds that are almost the same counts as much as
    their sum.
``curves``
    Natural cubic splines of the normal scores, and of the normal scores within video where videos differ. Columns are
    scaled so that their ridge penalty is the integral of the squared second derivative: smooth curves are cheap.
``values``
    Indicators of the values that many segments share: no talk at all, a category.
``interactions``
    Tensor products of line and smoothest curves, for each two confounds.

All columns have mean 0 within each video: what differs between videos cannot change an AUC within video.

A confound that is known for some segments only enters by its known values, 0 elsewhere, and by an indicator of where
it is known.

References
----------
P. J. Green & B. W. Silverman (1994), Nonparametric Regression and Generalized Linear Models, Chapman & Hall, ch. 2.
S. N. Wood (2017), Generalized Additive Models, 2nd ed., CRC, sec. 5.6 (tensor products).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from priosig._core.arrays import centred_within

BLOCKS = ("lines", "curves", "values", "interactions")
KNOTS = 8
TENSOR_CURVES = 2  # smoothest curves of a confound that interact with those of others
SHARED = 0.08  # share of segments from which on a value gets an indicator
MOST_VALUES = 12
BETWEEN = 1.2  # spread over the spread within video from which on a confound differs between videos
_COLLINEAR = 1e-4  # singular value, relative to the largest, below which a direction is rounding


@dataclass(frozen=True)
class PenalisedBasis:
    """Columns for the confounds."""

    columns: np.ndarray  # (n_segments, n_columns), mean 0 within each video
    block: np.ndarray  # (n_columns,), place in `BLOCKS` of each column's block
    adjusted: tuple[str, ...]  # confounds that the columns stand for: all that are not the same for every segment


def penalised_basis(
    confounds: Mapping[str, np.ndarray], videos: np.ndarray, *, smooth: Collection[str] = ()
) -> PenalisedBasis:
    """Columns for all confounds, arrays of shape (n_segments,) with NaN where a value is not known.

    The space that they span depends neither on units and signs nor on names and order. `smooth` names confounds whose
    values mean nothing one by one, such as a time: they get no indicators. Infinite values are a ValueError.
    """
    blocks: dict[str, list[np.ndarray]] = {name: [] for name in BLOCKS}
    lines, scores, indicators, margins = [], [], [], []
    adjusted = []
    for name, given in confounds.items():
        values = np.asarray(given, dtype=np.float64)
        if np.isinf(values).any():
            raise ValueError(
                f"confounds: {name!r} is infinite in {int(np.isinf(values).sum())} segments; expected finite values, "
                "NaN where not known"
            )
        known = np.isfinite(values)
        if not known.any() or (known.all() and np.ptp(values) <= 1e-9 * max(1.0, np.abs(values).max())):
            continue
        adjusted.append(name)
        within = np.where(known, values, 0.0)
        for v in np.unique(videos[known]):
            rows = known & (videos == v)
            within[rows] -= values[rows].mean()
        score, score_within = normal_scores(values, known), normal_scores(within, known)
        lines.append(within)
        scores.append(score_within)
        if not known.all():
            indicators.append(known.astype(np.float64))
        curves = spline_curves(score, known)
        blocks["curves"].append(curves)
        if values[known].std() > BETWEEN * within[known].std():
            blocks["curves"].append(spline_curves(score_within, known))
        if name not in smooth:
            blocks["values"].append(_indicators(values))
        margins.append(np.column_stack([score, curves[:, :TENSOR_CURVES]]))
    blocks["interactions"] = [
        (one[:, :, None] * other[:, None, :]).reshape(len(videos), -1) for one, other in combinations(margins, 2)
    ]
    of_lines = [centred_within(np.column_stack(some), videos) for some in (lines, scores, indicators) if some]
    blocks["lines"] = [_orthonormal(some) for some in of_lines]
    none = np.empty((len(videos), 0))
    parts = [centred_within(np.column_stack([none, *some]), videos) for some in blocks.values()]
    block = np.repeat(np.arange(len(BLOCKS)), [part.shape[1] for part in parts])
    return PenalisedBasis(np.column_stack(parts), block, tuple(adjusted))


def places_in_video(videos: np.ndarray) -> np.ndarray:
    """Place of each canonical row among those of its video, from 0 to 1: time, as far as any trend can follow it.

    Labels alternate in time, so that within a pair of neighbours time tells the label exactly. It therefore takes no
    part in the model of the labels, only in what is taken out of features and scores.
    """
    size = np.bincount(videos)
    first = np.cumsum(size) - size
    return (np.arange(len(videos)) - first[videos]) / np.maximum(size - 1, 1)[videos]


def normal_scores(values: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Normal quantiles of the mid-ranks of known values; 0 where a value is not known."""
    from scipy.special import ndtri
    from scipy.stats import rankdata

    score = np.zeros(len(values))
    score[known] = ndtri((rankdata(values[known]) - 0.5) / known.sum())
    return score


def spline_curves(x: np.ndarray, known: np.ndarray) -> np.ndarray:
    """What a natural cubic spline of x can do beyond a straight line, smoothest column first.

    Knots are quantiles. The ridge penalty of a column's coefficient is the integral of the curve's squared second
    derivative (Green & Silverman 1994), in units in which the smoothest column has mean square 1. The columns are 0
    where x is not known.
    """
    from scipy.interpolate import CubicSpline

    knots = np.unique(np.quantile(x[known], np.linspace(0, 1, KNOTS)))
    if len(knots) < 4:
        return np.zeros((len(x), 0))
    spline = CubicSpline(knots, np.eye(len(knots)), bc_type="natural")  # one cardinal function a knot
    bend, step = spline(knots, 2), np.diff(knots)[:, None]
    left, right = bend[:-1], bend[1:]  # between knots the second derivative is a straight line
    energy = (left.T @ (step * left) + right.T @ (step * right) + (left + right).T @ (step * (left + right))) / 6
    strength, direction = np.linalg.eigh(energy)
    bends = strength > 1e-9 * strength[-1]
    shapes = spline(x[known]) @ (direction[:, bends] / np.sqrt(strength[bends]))
    line = np.column_stack([np.ones(known.sum()), x[known]])
    shapes -= line @ np.linalg.lstsq(line, shapes, rcond=None)[0]
    curves = np.zeros((len(x), shapes.shape[1]))
    curves[known] = shapes / np.sqrt(np.mean(shapes[:, 0] ** 2))
    return curves


def _indicators(values: np.ndarray) -> np.ndarray:
    """One column for each value that many segments share, in their own spread."""
    distinct, count = np.unique(values[np.isfinite(values)], return_counts=True)
    often = np.argsort(-count, kind="stable")[:MOST_VALUES]
    shared = distinct[often[count[often] >= max(4, SHARED * len(values))]]
    return (values[:, None] == shared) / np.sqrt(SHARED)


def _orthonormal(columns: np.ndarray) -> np.ndarray:
    """Orthogonal columns of mean square 1 that span the same space."""
    spread = np.sqrt(np.mean(columns**2, axis=0))
    columns = columns[:, spread > 0] / spread[spread > 0]
    if not columns.shape[1]:
        return columns
    left, size, _ = np.linalg.svd(columns, full_matrices=False)
    return left[:, size > _COLLINEAR * size[0]] * np.sqrt(len(columns))
