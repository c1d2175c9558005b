"""All folds of a design fitted together, where reducing each fold separately would take hours.

With thousands of segments of thousands of features the reduction of `priosig.crossval.probe` takes some seconds, and
leave-one-video-out over 500 videos asks for 500 of them to make a single fit in each. Folds differ by little, though:
each lacks a few segments. Here they share one matrix (`priosig.crossval._joint_design`), and a column of the unknowns
is one labelling *in one fold*. The objective is the probe's own, held-out segments left out of the sum, and the fits
are those of `fit_logistic`, to the same largest gradient entry. A fold starts from the fit to all segments under the
same labelling. Newton's steps are preconditioned by the Cholesky factor of the Hessian of all segments, averaged over
labellings: in its coordinates every fold's Hessian is almost the identity. `pays` says where this is worth it.

References
----------
Nocedal & Wright 2006, Numerical Optimization, sections 5.1 (preconditioned conjugate gradients) and 7.1 (inexact
Newton).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from priosig._core.progress import fits_made
from priosig.crossval._joint_design import JointDesign
from priosig.crossval._logistic import (
    GRADIENT_TOLERANCE,
    RESIDUAL,
    SCORE_DECIMALS,
    SINGLE_STEPS,
    conjugate_gradients,
    descend,
    probabilities,
)

# Entries of the largest array of one block of columns: tens of megabytes.
BLOCK_ENTRIES = 1 << 22
MAX_STEPS = 100
# Operations a reduction, or the joint fit, must save before it is preferred: about a second of one core.
WORTHWHILE = 2e10
# Products with the features that a fit costs, in a fold's own coordinates and fitted together. The latter come with
# products by the preconditioner. Set to times that were measured.
PRODUCTS, JOINT_PRODUCTS, PRECONDITIONER = 60, 160, 3


@dataclass(frozen=True)
class JointFits:
    """k columns, each one labelling in one fold."""

    fold: np.ndarray  # (k,)
    labelling: np.ndarray  # (k,)
    scores: np.ndarray  # (n, k), of all segments, in training or not
    coef: np.ndarray  # (D, k), weights of standardised features
    intercept: np.ndarray  # (k,)
    gradient: np.ndarray  # (k,), as in `LogisticFit`
    converged: np.ndarray  # (k,)


def pays(n: int, n_features: int, n_folds: int, n_labellings: int) -> bool:
    """Whether fitting the folds together is faster than one after the other, by counting operations.

    Never for small designs, and not for so many labellings that reducing each fold first pays for itself.
    """
    d = min(n, n_features)
    # An eigendecomposition and a rotation; before them, with fewer segments than features, a QR factorisation.
    reduction = (4 * n * n_features * d + 12 * d**3) * (2 if n < n_features else 1)
    fits = 2 * n_folds * n_labellings
    alone = n_folds * reduction + fits * PRODUCTS * n * d
    step = n_features * (n + PRECONDITIONER * n_features)
    together = 6 * (n + n_features) * n_features**2 + fits * JOINT_PRODUCTS * step
    return together + WORTHWHILE < alone


def fit_jointly(design: JointDesign, Y: np.ndarray, C: float) -> Iterator[JointFits]:
    """Fit every labelling, shape (m, n), in every fold that has both classes to train on, each pair once."""
    n, F = design.held.shape[0], design.held.shape[1] - 1
    single = design.X.astype(np.float32)
    train = (~design.held).astype(np.float64)
    n_stop = Y @ train  # (m, F + 1)
    trainable = (n_stop > 0) & (n_stop < train.sum(axis=0))
    block = max(64, BLOCK_ENTRIES // n)
    rows = np.flatnonzero(trainable[:, -1])
    for first in range(0, len(rows), block):
        part = rows[first : first + block]
        share = Y[part].mean(axis=1)
        A = np.zeros((design.X.shape[1] + 1, len(part)))
        A[-1] = np.log(share / (1 - share))
        factor = _factor(design, np.full(n, np.mean(share * (1 - share))), C)
        whole = _newton(design, single, Y, np.full(len(part), F), part, A, C, factor)
        p = probabilities(whole.scores)
        factor = _factor(design, np.mean(p * (1 - p), axis=1), C)
        A = np.vstack([whole.coef, whole.intercept])
        place, folds = np.nonzero(trainable[part, :F])
        for start in range(0, len(place), block):
            k = slice(start, start + block)
            fits = _newton(design, single, Y, folds[k], part[place[k]], A[:, place[k]], C, factor)
            fits_made(len(fits.fold))
            yield fits


def _factor(design: JointDesign, weights: np.ndarray, C: float) -> np.ndarray:
    """Inverse of the lower Cholesky factor of I0 + C X1' diag(weights) X1, shape (D + 1, D + 1), X1 = [X, 1].

    The factor and not the inverse Hessian: rounded to single precision, its square stays positive definite.
    """
    from scipy.linalg import solve_triangular

    weighted = np.column_stack([design.X, np.ones(len(design.X))])
    weighted *= np.sqrt(C * np.maximum(weights, np.finfo(np.float32).eps))[:, None]
    H = weighted.T @ weighted
    H[np.diag_indices(len(H) - 1)] += 1
    return solve_triangular(np.linalg.cholesky(H), np.eye(len(H)), lower=True, overwrite_b=True)


@dataclass(frozen=True)
class _Columns:
    """What turns weights into decision values, and residuals into a gradient, for some columns in one precision."""

    X: np.ndarray
    mean: np.ndarray
    scale: np.ndarray

    def of(self, part: np.ndarray | slice) -> _Columns:
        return _Columns(self.X, self.mean[:, part], self.scale[:, part])

    def scores(self, A: np.ndarray) -> np.ndarray:
        """X_f w + b, shape (n, k), for A of shape (D + 1, k)."""
        U = self.scale * A[:-1]
        E = self.X @ U
        E += A[-1] - np.einsum("dk,dk->k", self.mean, U)
        return E

    def gradient(self, R: np.ndarray) -> np.ndarray:
        """[X_f, 1]' R, shape (D + 1, k)."""
        G = np.empty((self.X.shape[1] + 1, R.shape[1]), dtype=R.dtype)
        np.matmul(self.X.T, R, out=G[:-1])
        G[-1] = R.sum(axis=0)
        G[:-1] -= self.mean * G[-1]
        G[:-1] *= self.scale
        return G


def _newton(
    design: JointDesign,
    single: np.ndarray,
    Y: np.ndarray,
    folds: np.ndarray,
    labellings: np.ndarray,
    A: np.ndarray,
    C: float,
    factor: np.ndarray,
) -> JointFits:
    """Newton's method from A, shape (D + 1, k); steps in single precision, gradients in double."""
    rounding = 64 * np.finfo(np.float64).eps * np.abs(design.X).sum(axis=0).max(initial=len(single))
    tolerance = C * max(GRADIENT_TOLERANCE, rounding)
    small = factor.astype(np.float32)
    k = len(folds)
    solution, scores, largest = np.empty_like(A), np.empty((len(single), k)), np.empty(k)
    active = np.arange(k)
    columns = _Columns(design.X, design.mean[:, folds], design.scale[:, folds])
    train, y = ~design.held[:, folds], Y[labellings].T

    def evaluate(part: np.ndarray | slice, A: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        E = columns.of(part).scores(A)
        p = probabilities(E.copy())
        G = columns.of(part).gradient((p - y[:, part]) * train[:, part])
        if C != 1:
            G *= C
        G[:-1] += A[:-1]
        return E, p, G

    E, p, G = evaluate(slice(None), A)
    for step in range(MAX_STEPS + 1):
        size = np.abs(G).max(axis=0)
        largest[active], solution[:, active], scores[:, active] = size, A, E
        going = size > tolerance
        if step == MAX_STEPS or not going.any():
            break
        if not going.all():
            active, size, columns = active[going], size[going], columns.of(going)
            A, p, G, train, y = (array[:, going] for array in (A, p, G, train, y))
        quick = step < SINGLE_STEPS
        kind = np.float32 if quick else np.float64
        W = (C * np.maximum(p * (1 - p), np.finfo(kind).eps) * train).astype(kind)
        scale = np.maximum(size, np.finfo(np.float32).tiny)
        operator = _Columns(single, columns.mean.astype(kind), columns.scale.astype(kind)) if quick else columns
        P = scale * _newton_step(operator, W, (G / scale).astype(kind), small if quick else factor)
        A, E, p, G = descend(A, G, P, evaluate)
    scores = np.round(scores[design.twin], SCORE_DECIMALS)
    return JointFits(folds, labellings, scores, solution[:-1], solution[-1], largest / C, largest <= tolerance)


def _newton_step(columns: _Columns, W: np.ndarray, G: np.ndarray, factor: np.ndarray) -> np.ndarray:
    """P with (I0 + [X_f, 1]' W [X_f, 1]) P = -G."""
    # The factor is in the units of all segments, in which the folds' features are alike.
    units = np.ones_like(G)
    np.divide(1, columns.scale, out=units[:-1], where=columns.scale > 0)

    def curvature(D: np.ndarray) -> np.ndarray:
        Q = columns.scores(D)
        Q *= W
        return columns.gradient(Q)

    def precondition(R: np.ndarray) -> np.ndarray:
        return units * (factor.T @ (factor @ (units * R)))

    return conjugate_gradients(curvature, G, precondition, RESIDUAL)
