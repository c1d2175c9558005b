"""L2 logistic regression, solved exactly and for thousands of labellings at once.

The objective is that of `priosig.crossval.probe`. `fit_logistic` runs Newton's method on all labellings together.
Each Newton system is solved by conjugate gradients, preconditioned by the Hessian's diagonal, which in the
coordinates of `priosig.crossval.probe.reduce_fold` is nearly all of it. Every step is a matrix product over all
labellings.

References
----------
Nocedal & Wright 2006, Numerical Optimization, section 7.1 (inexact Newton).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from priosig._core.checks import check_labels
from priosig._core.progress import fits_made

GRADIENT_TOLERANCE = 1e-10
# Decision values are known to a billionth. Below that two of them tie: where the weights are 0 in theory (equal class
# means, say), what is left of them is rounding, and must rank nothing.
SCORE_DECIMALS = 9
# Entries of the probabilities and the weights of one block of labellings: small enough for the processor's cache.
BLOCK_ENTRIES = 1 << 17
SMALLEST_BLOCK = 256
# Single precision is used for at most so many Newton steps, and only for features below this size.
SINGLE_STEPS = 12
SINGLE_LIMIT = 1e6
SHORTEST_STEP = 1e-15
# Relative residuals of Newton systems: far from the solution, and near it unless less is enough for the tolerance.
ROUGH_RESIDUAL, RESIDUAL = 0.1, 1e-3
BISECTIONS = 12  # for the margin to start from, which need not be exact


@dataclass(frozen=True)
class LogisticFit:
    """Solutions for m labellings."""

    coef: np.ndarray  # (m, d); NaN for a labelling that cannot be trained
    intercept: np.ndarray  # (m,)
    gradient: np.ndarray  # (m,), largest absolute entry of that of |w|^2 / (2 C) + sum_i loss_i
    converged: np.ndarray  # (m,)
    trainable: np.ndarray  # (m,); False for a labelling of one class, which has no finite intercept
    n_iter: int  # Newton steps of the slowest labelling


def fit_logistic(Z: np.ndarray, Y: ArrayLike, C: float = 1.0, *, max_iter: int = 200) -> LogisticFit:
    """L2 logistic regression of m labellings Y of 0 and 1, shape (m, n) or (n,), on features Z, shape (n, d).

    Features are used as they are; those of `reduce_fold` are fast. A fit is converged when no entry of the gradient
    of |w|^2 / (2 C) + sum_i loss_i exceeds `GRADIENT_TOLERANCE`, or the rounding error of that gradient where it is
    larger (as it is for very large features). Labellings of one class are marked, not fitted.
    """
    Y = np.atleast_2d(check_labels("fit_logistic", Y))
    if not (np.isfinite(C) and C > 0):
        raise ValueError(f"fit_logistic: C is {C}; expected a positive, finite number")
    if Z.ndim != 2 or Y.ndim != 2 or Y.shape[1] != len(Z):
        raise ValueError(f"fit_logistic: labels of shape {Y.shape} for features of shape {Z.shape}; expected (m, n)")
    (n, d), m = Z.shape, len(Y)
    n_stop = Y.sum(axis=1, dtype=np.int64)
    trainable = (n_stop > 0) & (n_stop < n)
    weights = np.full((m, d + 1), np.nan)
    gradient = np.full(m, np.nan)
    Z1 = np.column_stack([Z, np.ones(n)])
    rounding = 64 * np.finfo(np.float64).eps * np.abs(Z1).sum(axis=0).max()
    tolerance = max(GRADIENT_TOLERANCE, rounding)
    block = max(SMALLEST_BLOCK, BLOCK_ENTRIES // (n + d))
    rows = np.flatnonzero(trainable)
    n_iter = 0
    for part in np.array_split(rows, math.ceil(len(rows) / block)) if len(rows) else ():
        weights[part], gradient[part], steps = _newton(Z1, Y[part].T.astype(np.float64), C, C * tolerance, max_iter)
        n_iter = max(n_iter, steps)
        fits_made(len(part))
    fits_made(m - len(rows))
    gradient /= C
    converged = np.where(trainable, gradient <= tolerance, False)
    return LogisticFit(weights[:, :d], weights[:, d], gradient, converged, trainable, n_iter)


def _newton(
    Z1: np.ndarray, Y: np.ndarray, C: float, tolerance: float, max_iter: int
) -> tuple[np.ndarray, np.ndarray, int]:
    """Newton's method for labellings in the columns of Y, shape (n, m); weights (m, d + 1), gradients (m,), steps.

    Steps are found in single precision: a step only has to shrink the error, and convergence is decided by gradients
    in double precision. Far from the solution gradients are single too.
    """
    width, m = Z1.shape[1], Y.shape[1]
    active = np.arange(m)
    single = Z1.astype(np.float32)
    # Below this, rounding could steer a gradient in single precision.
    noise = 30 * np.finfo(np.float32).eps * C * np.abs(Z1).sum(axis=0).max()
    rough = bool(np.abs(Z1).max() < SINGLE_LIMIT)
    solution, largest = np.empty((m, width)), np.empty(m)
    Z, Y_now = (single, Y.astype(np.float32)) if rough else (Z1, Y)

    def evaluate(columns: np.ndarray | slice, A: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        p = probabilities(Z @ A.astype(Z.dtype, copy=False))
        return p, _gradient(Z, np.subtract(p, Y_now[:, columns], dtype=p.dtype, casting="same_kind"), A, C)

    A, G, P = _start(Z1, Z.T @ (2 * Y_now - 1), 2 * Y.mean(axis=0) - 1, C)
    for step in range(max_iter + 1):
        size = np.abs(G).max(axis=0)
        if rough and (step == max_iter or step >= SINGLE_STEPS or _median(size) < noise):
            rough, Z, Y_now = False, Z1, Y
            p, G = evaluate(slice(None), A)
            size = np.abs(G).max(axis=0)
        if not rough:
            largest[active], solution[active] = size, A.T
            going = size > tolerance
            if step == max_iter or not going.any():
                break
            if step and not going.all():
                # `compress` and not a mask, which would transpose the arrays in memory.
                active, size = active[going], size[going]
                A, p, G, Y_now = (np.compress(going, array, axis=1) for array in (A, p, G, Y_now))
        if step:
            # A labelling whose gradient is exactly 0 is solved, and waits for the others.
            scale = np.maximum(size, np.finfo(np.float32).tiny)
            cut = ROUGH_RESIDUAL if rough else np.clip(0.5 * tolerance / scale, RESIDUAL, ROUGH_RESIDUAL)
            Z_step = single if rough or step < SINGLE_STEPS else Z1
            # A weight that rounds to 0 would leave the intercept without curvature.
            W = C * np.maximum((1 - p) * p, np.finfo(p.dtype).eps).astype(Z_step.dtype, copy=False)
            P = _newton_step(Z_step, W, G / scale, cut) * scale
        A, p, G = descend(A, G, P, evaluate)
    return solution, largest, step


def _median(values: np.ndarray) -> float:
    """`np.median` of finite numbers, several times faster."""
    ranked, half = np.sort(values), len(values) // 2
    return ranked[half] if len(values) % 2 else (ranked[half - 1] + ranked[half]) / 2


def _start(
    Z1: np.ndarray, ZS: np.ndarray, balance: np.ndarray, C: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Intercepts alone, the gradient there, and the step to better weights, each of shape (d + 1, m); ZS is Z1' s.

    `balance` is the mean of s of each labelling. The step leads to the ridge regression that treats all segments as
    equally hard. If every segment had the margin s_i f_i = t, the loss would have slope -q s_i and curvature
    q (1 - q) at each, q = 1 / (1 + exp(t)), and one Newton step would be a ridge regression of (t + 1 / (1 - q)) s on
    Z, which is diagonal in these coordinates. t is chosen so that the mean margin of that ridge regression is t
    again. Where the classes can be separated this saves the half-dozen Newton steps that walk out to the margin.
    """
    n = len(Z1)
    squares = np.einsum("ij,ij->j", Z1, Z1)
    sums = Z1.sum(axis=0)[:, None]
    tilt = float(np.mean(balance**2))
    low, high = 0.0, 40.0
    for _ in range(BISECTIONS):
        t = (low + high) / 2
        q = 1 / (1 + np.exp(t))
        curvature, target = C * q * (1 - q), t + 1 / (1 - q)
        shrunk = curvature * squares[:-1] / (1 + curvature * squares[:-1])
        margin = target * (tilt + (1 - tilt) * shrunk.sum() / n)
        low, high = (t, high) if margin > t else (low, t)
    A = np.zeros(ZS.shape)
    A[-1] = np.log((1 + balance) / (1 - balance))
    ridge = (target * curvature) * ZS / (1 + curvature * squares)[:, None]
    ridge[-1] = target * balance
    G = C / 2 * (sums * balance - ZS)
    return A, G, ridge - A


def _gradient(Z1: np.ndarray, residual: np.ndarray, A: np.ndarray, C: float) -> np.ndarray:
    """Gradient of the objective (d + 1, m), in the precision of the features."""
    G = Z1.T @ residual
    if C != 1:
        G *= C
    G[:-1] += A[:-1]
    return G


def _newton_step(Z1: np.ndarray, W: np.ndarray, G: np.ndarray, cut: float | np.ndarray) -> np.ndarray:
    """P with (I0 + Z1' W Z1) P = -G, preconditioned by the diagonal, in the precision of Z1; W has shape (n, m)."""
    inverse = np.square(Z1).T @ W
    inverse[:-1] += 1
    np.reciprocal(inverse, out=inverse)

    def curvature(D: np.ndarray) -> np.ndarray:
        Q = Z1 @ D
        Q *= W
        return Z1.T @ Q

    return conjugate_gradients(curvature, G.astype(Z1.dtype, copy=False), lambda R: R * inverse, cut)


def probabilities(scores: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-scores)), in place."""
    np.negative(scores, out=scores)
    with np.errstate(over="ignore"):
        np.exp(scores, out=scores)
    scores += 1
    return np.reciprocal(scores, out=scores)


def descend(
    A: np.ndarray,
    G: np.ndarray,
    P: np.ndarray,
    evaluate: Callable[[np.ndarray | slice, np.ndarray], tuple[np.ndarray, ...]],
) -> tuple[np.ndarray, ...]:
    """A + P, nearer where that overshoots, and what `evaluate(columns, A)` returns there, the gradient last.

    The objective is convex along P. A slope that has turned steeply upwards means that the step overshot: it is
    shortened, for those columns alone, until the slope is at most half as steep as it was.
    """
    slope = np.einsum("ij,ij->j", G, P)
    A_new = A + P
    values = evaluate(slice(None), A_new)
    over = np.flatnonzero(np.einsum("ij,ij->j", values[-1], P) > -0.5 * slope)
    length = 1.0
    while len(over) and length > SHORTEST_STEP:
        length /= 4
        A_new[:, over] = A[:, over] + length * P[:, over]
        for array, part in zip(values, evaluate(over, A_new[:, over]), strict=True):
            array[:, over] = part
        over = over[np.einsum("ij,ij->j", values[-1][:, over], P[:, over]) > -0.5 * slope[over]]
    return A_new, *values


def conjugate_gradients(
    curvature: Callable[[np.ndarray], np.ndarray],
    G: np.ndarray,
    precondition: Callable[[np.ndarray], np.ndarray],
    cut: float | np.ndarray,
) -> np.ndarray:
    """Newton steps P with (I0 + curvature) P = -G, 19 columns in 20 to a relative residual of `cut`.

    I0 is the identity without the intercept's entry, which comes last. Computed in the precision of G.
    """
    tiny = np.finfo(G.dtype).tiny  # keeps 0 / 0 from columns that are solved exactly before the others
    R = -G
    P = np.zeros_like(R)
    D = precondition(R)
    rho = np.einsum("ij,ij->j", R, D)
    target = cut**2 * rho
    for _ in range(2 * len(G) + 20):
        H = curvature(D)
        H[:-1] += D[:-1]
        length = rho / (np.einsum("ij,ij->j", D, H) + tiny)
        P += D * length
        H *= length
        R -= H
        S = precondition(R)
        remaining = np.einsum("ij,ij->j", R, S)
        if 20 * np.count_nonzero(remaining > target) <= len(target):
            break
        D *= remaining / (rho + tiny)
        D += S
        rho = remaining
    return P
