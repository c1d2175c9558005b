"""The probe: L2 logistic regression, solved exactly and for thousands of labellings at once.

**Model.** On features standardised on the training segments (population standard deviation; a constant feature gets
scale 1), the weights w and intercept b minimise

    |w|^2 / 2 + C sum_i log(1 + exp(-s_i (x_i w + b))),      s_i = +1 for STOP and -1 for CONTINUE,

which is scikit-learn's `LogisticRegression` after its `StandardScaler`; the intercept is not penalised. With C
finite the minimum exists and is unique even when the classes are perfectly separated.

**Reduction.** w lies in the row space of the standardised training matrix X, because any part outside it
costs penalty and changes no score. With X = U S V', let Z = U S and w = V a: then X w = Z a and |w| = |a|, so
a problem of D features becomes one of at most n columns with the same optimum (Hastie & Tibshirani 2004). V
comes from orthogonal factorisations of X itself, never of X X', whose small singular vectors are lost to
rounding. Standardisation and reduction see no label, so one reduction serves every labelling of a fold.

**Solver.** `fit_logistic` runs Newton's method on all labellings together. Each Newton system is solved by
conjugate gradients, preconditioned by the Hessian's diagonal, which in the coordinates of Z is nearly all of
it. Every step is a matrix product over all labellings. A fit is converged when the largest entry of the
gradient of the objective above, computed in double precision, is under 1e-10 (see `fit_logistic`), and how
large it was is returned.

References
----------
Hastie & Tibshirani 2004, Biostatistics 5: 329-340 (reduction). Nocedal & Wright 2006, Numerical Optimization, section
7.1 (inexact Newton).
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TypedDict

import numpy as np
from numpy.typing import ArrayLike

from priosig.metrics import check_labels, name_rows, sigmoid

GRADIENT_TOLERANCE = 1e-10
# Entries of the largest array of one block of labellings: small enough for the processor's cache.
BLOCK_ENTRIES = 1 << 17
SMALLEST_BLOCK = 256
# Single precision is used for at most so many Newton steps, and only for features below this size.
SINGLE_STEPS = 12
SINGLE_LIMIT = 1e6
SHORTEST_STEP = 1e-15


@dataclass(frozen=True)
class Reduction:
    """Training and test features of one fold in the coordinates in which the probe is fitted.

    Attributes
    ----------
    Z_train : np.ndarray, shape (n_train, d)
        d is at most min(n_train, D).
    Z_test : np.ndarray, shape (n_distinct, d)
        The distinct test rows. Segments whose features are equal share a row, so that their scores are equal to the
        last bit and count as ties.
    test_rows : np.ndarray of int, shape (n_test,)
        Row of `Z_test` of each test segment.
    V : np.ndarray, shape (D, d)
        Orthonormal columns; standardised weights are V a.
    mean, scale : np.ndarray, shape (D,)
        Of the training features, in their own units.
    """

    Z_train: np.ndarray
    Z_test: np.ndarray
    test_rows: np.ndarray
    V: np.ndarray
    mean: np.ndarray
    scale: np.ndarray


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


class ProbeResult(TypedDict):
    """What `train_classifier` returns; weights refer to standardised features."""

    coefficients: np.ndarray
    intercept: float
    scores: np.ndarray
    probabilities: np.ndarray
    mean: np.ndarray
    scale: np.ndarray
    n_train: int
    n_test: int
    converged: bool
    gradient: float


def train_classifier(
    X: ArrayLike,
    y: ArrayLike,
    train_idx: ArrayLike,
    test_idx: ArrayLike,
    C: float = 1.0,
    max_iter: int = 1000,
) -> ProbeResult:
    """Fit the probe on some rows and score others.

    Parameters
    ----------
    X : array-like, shape (n, D)
        Features in their own units.
    y : array-like of 0 and 1, shape (n,)
        1 is STOP.
    train_idx, test_idx : array-like of int, or boolean masks of shape (n,)
        Rows to fit on and rows to score.
    C : float
        Inverse strength of the penalty.
    max_iter : int
        Most Newton steps.

    Returns
    -------
    ProbeResult
        `coefficients` (D,) and `intercept` on the standardised scale; `scores` (n_test,), decision values;
        `probabilities` of STOP; `mean`, `scale` of the training features; `converged`, `gradient` (its
        largest entry).

    Raises
    ------
    ValueError
        For NaN or infinite features, labels other than 0 and 1, rows that do not exist, or one class in training.

    Warns
    -----
    RuntimeWarning
        If `max_iter` steps were too few.
    """
    X = check_features("train_classifier", X)
    y = check_labels("train_classifier", y)
    if y.shape != (len(X),):
        message = f"train_classifier: labels of shape {y.shape} for {len(X)} segments"
        raise ValueError(f"{message}; expected one label each")
    rows = np.arange(len(X))
    train, test = rows[np.asarray(train_idx)], rows[np.asarray(test_idx)]
    reduction = reduce_fold(X[train], X[test])
    fit = fit_logistic(reduction.Z_train, y[train], C, max_iter=max_iter)
    if not fit.trainable[0]:
        raise ValueError(
            f"train_classifier: all {len(train)} training segments have label {y[train][0]}; expected both classes"
        )
    if not fit.converged[0]:
        message = f"train_classifier: gradient {fit.gradient[0]:.1e} after {fit.n_iter} Newton steps; raise max_iter"
        warnings.warn(message, RuntimeWarning, stacklevel=2)
    scores = score(reduction, fit)[0]
    return ProbeResult(
        coefficients=reduction.V @ fit.coef[0],
        intercept=float(fit.intercept[0]),
        scores=scores,
        probabilities=sigmoid(scores),
        mean=reduction.mean,
        scale=reduction.scale,
        n_train=len(train),
        n_test=len(test),
        converged=bool(fit.converged[0]),
        gradient=float(fit.gradient[0]),
    )


def reduce_fold(X_train: np.ndarray, X_test: np.ndarray) -> Reduction:
    """Standardise on the training rows and rotate both sets into the row space of the result.

    Parameters
    ----------
    X_train, X_test : np.ndarray, shapes (n_train, D) and (n_test, D)
        Finite features in their own units.

    Returns
    -------
    Reduction
    """
    mean, scale = standardisation(X_train)
    distinct, test_rows = _distinct_rows(X_test)
    train, test = (X_train - mean) / scale, (distinct - mean) / scale
    n, D = train.shape
    if n < D:
        # X = L Q' with Q orthonormal however small a singular value of X is (Householder).
        Q, R = np.linalg.qr(train.T)
        L = R.T
    else:
        Q, L = None, train
    # What remains is to make Z'Z diagonal, by a square rotation. Any orthogonal one leaves the problem as it is, so
    # the Gram matrix of L can be used here: its rounding makes Z'Z a little less diagonal and nothing less exact.
    rotation = np.linalg.eigh(L.T @ L)[1]
    Z_train, V = L @ rotation, rotation if Q is None else Q @ rotation
    return Reduction(Z_train, test @ V, test_rows, V, mean, scale)


def _distinct_rows(X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Distinct rows and the place of each row among them; that all differ usually shows in the first column."""
    if len(np.unique(X[:, 0])) == len(X):
        return X, np.arange(len(X))
    distinct, place = np.unique(X, axis=0, return_inverse=True)
    return distinct, place.reshape(-1)


def standardisation(X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and population standard deviation of each column; a column constant to rounding gets scale 1."""
    mean = X.mean(axis=0)
    variance = X.var(axis=0)
    # scikit-learn's bound on the rounding error of a variance computed in two passes (Chan, Golub & LeVeque 1983).
    epsilon = np.finfo(np.float64).eps
    constant = variance <= len(X) * epsilon * variance + (len(X) * mean * epsilon) ** 2
    return mean, np.where(constant, 1.0, np.sqrt(variance))


def residualise(
    X_train: np.ndarray, C_train: np.ndarray, X_test: np.ndarray, C_test: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Remove from every feature what [1, C] predicts of it, by least squares on the training rows.

    A feature that is a linear function of C on the training rows becomes exactly 0 there, so that its rounding error
    is not standardised into a feature of its own.

    Parameters
    ----------
    X_train, X_test : np.ndarray, shapes (n_train, D) and (n_test, D)
    C_train, C_test : np.ndarray, shapes (n_train, q) and (n_test, q)
        Covariates; constant or collinear ones are harmless (least squares of smallest norm).

    Returns
    -------
    train, test : np.ndarray
        Residuals, in the units of the features.
    """
    mean, scale = standardisation(C_train)
    design_train = np.column_stack([np.ones(len(C_train)), (C_train - mean) / scale])
    design_test = np.column_stack([np.ones(len(C_test)), (C_test - mean) / scale])
    centre = X_train.mean(axis=0)
    slopes = np.linalg.lstsq(design_train, X_train - centre, rcond=None)[0]
    train = X_train - centre - design_train @ slopes
    test = X_test - centre - design_test @ slopes
    explained = train.std(axis=0) <= 1e-10 * (X_train.std(axis=0) + np.abs(centre))
    train[:, explained] = 0.0
    return train, test


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
    block = max(SMALLEST_BLOCK, BLOCK_ENTRIES // n)
    rows = np.flatnonzero(trainable)
    n_iter = 0
    for start in range(0, len(rows), block):
        part = rows[start : start + block]
        weights[part], gradient[part], steps = _newton(Z1, Y[part].T.astype(np.float64), C, C * tolerance, max_iter)
        n_iter = max(n_iter, steps)
    gradient /= C
    converged = np.where(trainable, gradient <= tolerance, False)
    return LogisticFit(weights[:, :d], weights[:, d], gradient, converged, trainable, n_iter)


def score(reduction: Reduction, fit: LogisticFit) -> np.ndarray:
    """Decision values of the test segments, shape (m, n_test); NaN for labellings that were not trained."""
    distinct = fit.coef @ reduction.Z_test.T + fit.intercept[:, None]
    return distinct[:, reduction.test_rows]


def check_features(where: str, X: ArrayLike, names: list[str] | None = None) -> np.ndarray:
    """Features as float64, shape (n, D); NaN or infinity is a ValueError that names the rows."""
    X = np.asarray(X, dtype=np.float64)
    if X.ndim != 2 or not X.shape[1]:
        raise ValueError(f"{where}: features of shape {X.shape}; expected (n_segments, n_features)")
    bad = np.flatnonzero(~np.isfinite(X).all(axis=1))
    if len(bad):
        raise ValueError(f"{where}: features are NaN or infinite at {name_rows(bad, names)}; expected finite numbers")
    return X


def _newton(
    Z1: np.ndarray, Y: np.ndarray, C: float, tolerance: float, max_iter: int
) -> tuple[np.ndarray, np.ndarray, int]:
    """Newton's method for labellings in the columns of Y, shape (n, m); weights (m, d + 1), gradients (m,), steps.

    Steps are found in single precision, which costs nothing: a step only has to shrink the error, and what counts
    as converged is decided by gradients in double precision. Far from the solution gradients are single too.
    """
    Y_all, active = Y, np.arange(Y.shape[1])
    squares = np.einsum("ij,ij->j", Z1, Z1)
    single = Z1.astype(np.float32)
    single_squares = np.square(single).T
    # Below this, rounding could steer a gradient in single precision.
    noise = 30 * np.finfo(np.float32).eps * C * np.abs(Z1).sum(axis=0).max()
    rough = bool(np.abs(Z1).max() < SINGLE_LIMIT)
    share = Y.mean(axis=0)
    A = np.zeros((Z1.shape[1], Y.shape[1]))
    A[-1] = np.log(share / (1 - share))
    solution, largest = np.empty((Y.shape[1], Z1.shape[1])), np.empty(Y.shape[1])
    Z = single if rough else Z1
    p, G = _gradient(Z, Y.astype(Z.dtype), A.astype(Z.dtype), C)
    for step in range(max_iter + 1):
        size = np.abs(G).max(axis=0)
        if rough and (step == max_iter or step >= SINGLE_STEPS or np.median(size) < noise):
            rough, Z = False, Z1
            p, G = _gradient(Z, Y, A, C)
            size = np.abs(G).max(axis=0)
        if not rough:
            largest[active], solution[active] = size, A.T
            going = size > tolerance
            if step == max_iter or not going.any():
                break
            if not going.all():
                active, Y, size = active[going], Y_all[:, active[going]], size[going]
                A, p, G = A[:, going], p[:, going], G[:, going]
        if step == 0:
            P = _start(Z1, Y, squares, C) - A
        else:
            quick = rough or step < SINGLE_STEPS
            Z_step, squares_step = (single, single_squares) if quick else (Z1, np.square(Z1).T)
            P = _conjugate_gradients(Z_step, squares_step, p, G / size, C, 0.1 if rough else 1e-3) * size
        slope = np.einsum("ij,ij->j", G, P)
        A_new = A + P
        p_new, G_new = _gradient(Z, Y, A_new, C)
        # The objective is convex along P. A slope that has turned steeply upwards means that the step overshot:
        # it is shortened, for those labellings alone, until the slope is at most half as steep as it was.
        over = np.flatnonzero(np.einsum("ij,ij->j", G_new, P) > -0.5 * slope)
        length = 1.0
        while len(over) and length > SHORTEST_STEP:
            length /= 4
            A_new[:, over] = A[:, over] + length * P[:, over]
            p_new[:, over], G_new[:, over] = _gradient(Z, Y[:, over], A_new[:, over], C)
            over = over[np.einsum("ij,ij->j", G_new[:, over], P[:, over]) > -0.5 * slope[over]]
        A, p, G = A_new, p_new, G_new
    return solution, largest, step


def _start(Z1: np.ndarray, Y: np.ndarray, squares: np.ndarray, C: float) -> np.ndarray:
    """Weights to start from, shape (d + 1, m): the ridge regression that treats all segments as equally hard.

    If every segment had the margin s_i f_i = t, the loss would have slope -q s_i and curvature q (1 - q) at each,
    q = 1 / (1 + exp(t)), and one Newton step would be a ridge regression of (t + 1 / (1 - q)) s on Z, which is
    diagonal in these coordinates. t is chosen so that the mean margin of that ridge regression is t again. Where the
    classes can be separated this saves the half-dozen Newton steps that walk out to the margin.
    """
    n = len(Z1)
    balance = 2 * Y.mean(axis=0) - 1
    tilt = float(np.mean(balance**2))
    low, high = 0.0, 40.0
    for _ in range(50):
        t = (low + high) / 2
        q = 1 / (1 + np.exp(t))
        curvature, target = C * q * (1 - q), t + 1 / (1 - q)
        shrunk = curvature * squares[:-1] / (1 + curvature * squares[:-1])
        margin = target * (tilt + (1 - tilt) * shrunk.sum() / n)
        low, high = (t, high) if margin > t else (low, t)
    A = (target * curvature) * (Z1.T @ (2 * Y - 1)) / (1 + curvature * squares)[:, None]
    A[-1] = target * balance
    return A


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


def _conjugate_gradients(
    Z1: np.ndarray, squares: np.ndarray, p: np.ndarray, G: np.ndarray, C: float, cut: float
) -> np.ndarray:
    """Newton steps P with (I0 + C Z1' W Z1) P = -G, W = p (1 - p), to a relative residual of `cut`.

    One labelling in 20 may stay above it. Preconditioned by the diagonal. I0 is the identity without the
    intercept's entry; `squares` is (Z1 * Z1)'. Computed in the precision of Z1.
    """
    # A weight that rounds to 0 would leave the intercept without curvature.
    W = C * np.maximum(p * (1 - p), np.finfo(p.dtype).eps)
    W = W.astype(Z1.dtype, copy=False)
    inverse = squares @ W
    inverse[:-1] += 1
    np.reciprocal(inverse, out=inverse)
    # Keeps 0 / 0 from labellings that are solved exactly before the others.
    tiny = np.finfo(Z1.dtype).tiny
    R = (-G).astype(Z1.dtype, copy=False)
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
        if 20 * np.count_nonzero(remaining > target) <= len(target):
            break
        D *= remaining / (rho + tiny)
        D += S
        rho = remaining
    return P
