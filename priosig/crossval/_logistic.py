"""L2 logistic regression, solved exactly and for thousands of labellings at once.

The weights w and the intercept b minimise

    |w|^2 / 2 + C sum_i log(1 + exp(-s_i (z_i w + b))),      s_i = +1 for STOP and -1 for CONTINUE;

the intercept is not penalised. With C finite the minimum exists and is unique even when the classes are perfectly
separated.

**Solver.** `fit_logistic` runs Newton's method on all labellings together. Each Newton system is solved by
conjugate gradients, preconditioned by the Hessian's diagonal, which in the coordinates of
`priosig.crossval.probe.reduce_fold` is nearly all of it. Every step is a matrix product over all labellings. A fit is
converged when the largest entry of the gradient of the objective above, computed in double precision, is under 1e-10
(see `fit_logistic`), and how large it was is returned.

References
----------
Nocedal & Wright 2006, Numerical Optimization, section 7.1 (inexact Newton).
"""

from __future__ import annotations

import math
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
# Bisections for the margin to start from, which need not be exact.
BISECTIONS = 12


@dataclass(frozen=True)
class LogisticFit:
    """Solutions for m labellings.

    Attributes
    ----------
    coef : np.ndarray, shape (m, d)
        Weights a; NaN for a labelling that cannot be trained.
    intercept : np.ndarray, shape (m,)
    gradient : np.ndarray, shape (m,)
        Largest absolute entry of the gradient of |w|^2 / (2 C) + sum_i loss_i at the solution.
    converged : np.ndarray of bool, shape (m,)
    trainable : np.ndarray of bool, shape (m,)
        False for a labelling of one class, which has no finite intercept.
    n_iter : int
        Newton steps of the slowest labelling.
    """

    coef: np.ndarray
    intercept: np.ndarray
    gradient: np.ndarray
    converged: np.ndarray
    trainable: np.ndarray
    n_iter: int


def fit_logistic(
    Z: np.ndarray, Y: ArrayLike, C: float = 1.0, *, max_iter: int = 200, tol: float = GRADIENT_TOLERANCE
) -> LogisticFit:
    """L2 logistic regression of m labellings on the same features.

    Parameters
    ----------
    Z : np.ndarray, shape (n, d)
        Features, used as they are. Any are right; those of `reduce_fold` are fast.
    Y : array-like of 0 and 1, shape (m, n) or (n,)
        Labellings.
    C : float
        Inverse strength of the penalty, above 0.
    max_iter : int
        Most Newton steps.
    tol : float
        A fit is converged when no entry of the gradient of |w|^2 / (2 C) + sum_i loss_i exceeds `tol`, or the
        rounding error of that gradient where it is larger (as it is for very large features).

    Returns
    -------
    LogisticFit
        Labellings of one class are marked, not fitted.

    Raises
    ------
    ValueError
        For a C that is not positive and finite, or shapes that do not fit.
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
    tolerance = max(tol, rounding)
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

    Steps are found in single precision, which costs nothing: a step only has to shrink the error, and what counts
    as converged is decided by gradients in double precision. Far from the solution gradients are single too.
    """
    width, m = Z1.shape[1], Y.shape[1]
    active = np.arange(m)
    single = Z1.astype(np.float32)
    # Below this, rounding could steer a gradient in single precision.
    noise = 30 * np.finfo(np.float32).eps * C * np.abs(Z1).sum(axis=0).max()
    rough = bool(np.abs(Z1).max() < SINGLE_LIMIT)
    solution, largest = np.empty((m, width)), np.empty(m)
    Z, Y_all = (single, Y.astype(np.float32)) if rough else (Z1, Y)
    Y_now = Y_all
    A, G, P = _start(Z1, Z.T @ (2 * Y_all - 1), 2 * Y.mean(axis=0) - 1, C)
    for step in range(max_iter + 1):
        size = np.abs(G).max(axis=0)
        if rough and (step == max_iter or step >= SINGLE_STEPS or np.median(size) < noise):
            rough, Z, Y_now = False, Z1, Y
            p, G = _gradient(Z, Y, A, C)
            size = np.abs(G).max(axis=0)
        if not rough:
            largest[active], solution[active] = size, A.T
            going = size > tolerance
            if step == max_iter or not going.any():
                break
            if step and not going.all():
                # `compress` and not a mask, which would transpose the arrays in memory.
                active, size, Y_now = active[going], size[going], np.compress(going, Y_now, axis=1)
                A, p, G = (np.compress(going, array, axis=1) for array in (A, p, G))
        if step:
            quick = rough or step < SINGLE_STEPS
            # A labelling whose gradient is exactly 0 is solved, and waits for the others.
            scale = np.maximum(size, np.finfo(np.float32).tiny)
            cut = ROUGH_RESIDUAL if rough else np.clip(0.5 * tolerance / scale, RESIDUAL, ROUGH_RESIDUAL)
            Z_step = single if quick else Z1
            # A weight that rounds to 0 would leave the intercept without curvature.
            W = np.subtract(1, p)
            W *= p
            W = C * np.maximum(W, np.finfo(p.dtype).eps, out=W).astype(Z_step.dtype, copy=False)
            target = (G / scale).astype(Z_step.dtype, copy=False)
            P = _conjugate_gradients(Z_step, W, target, cut) * scale
        slope = np.einsum("ij,ij->j", G, P)
        A_new = A + P
        p_new, G_new = _gradient(Z, Y_now, A_new, C)
        # The objective is convex along P. A slope that has turned steeply upwards means that the step overshot:
        # it is shortened, for those labellings alone, until the slope is at most half as steep as it was.
        over = np.flatnonzero(np.einsum("ij,ij->j", G_new, P) > -0.5 * slope)
        length = 1.0
        while len(over) and length > SHORTEST_STEP:
            length /= 4
            A_new[:, over] = A[:, over] + length * P[:, over]
            p_new[:, over], G_new[:, over] = _gradient(Z, Y_now[:, over], A_new[:, over], C)
            over = over[np.einsum("ij,ij->j", G_new[:, over], P[:, over]) > -0.5 * slope[over]]
        A, p, G = A_new, p_new, G_new
    return solution, largest, step


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


def _gradient(Z1: np.ndarray, Y: np.ndarray, A: np.ndarray, C: float) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities (n, m) and gradient of the objective (d + 1, m), in the precision of the features."""
    p = Z1 @ A.astype(Z1.dtype, copy=False)
    np.negative(p, out=p)
    with np.errstate(over="ignore"):
        np.exp(p, out=p)
    p += 1
    np.reciprocal(p, out=p)
    G = Z1.T @ np.subtract(p, Y, dtype=p.dtype, casting="same_kind")
    if C != 1:
        G *= C
    G[:-1] += A[:-1]
    return p, G


def _conjugate_gradients(Z1: np.ndarray, W: np.ndarray, G: np.ndarray, cut: float | np.ndarray) -> np.ndarray:
    """Newton steps P with (I0 + Z1' W Z1) P = -G, to a relative residual of `cut`.

    One labelling in 20 may stay above it. Preconditioned by the diagonal. I0 is the identity without the intercept's
    entry. W, shape (n, m), are curvatures above 0. Computed in the precision of the arrays.
    """
    inverse = np.square(Z1).T @ W
    inverse[:-1] += 1
    np.reciprocal(inverse, out=inverse)
    # Keeps 0 / 0 from labellings that are solved exactly before the others.
    tiny = np.finfo(Z1.dtype).tiny
    R = -G
    P = np.zeros_like(R)
    S = R * inverse
    D = S.copy()
    rho = np.einsum("ij,ij->j", R, S)
    target = cut**2 * rho
    for _ in range(2 * len(G) + 20):
        Q = Z1 @ D
        Q *= W
        H = Z1.T @ Q
        H[:-1] += D[:-1]
        length = rho / (np.einsum("ij,ij->j", D, H) + tiny)
        np.multiply(D, length, out=S)
        P += S
        H *= length
        R -= H
        np.multiply(R, inverse, out=S)
        remaining = np.einsum("ij,ij->j", R, S)
        if np.count_nonzero(remaining > target) <= 0.05 * len(target):
            break
        D *= remaining / (rho + tiny)
        D += S
        rho = remaining
    return P
