"""The probe: L2 logistic regression on standardised features.

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

References
----------
Hastie & Tibshirani 2004, Biostatistics 5: 329-340 (reduction).
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from priosig._core.checks import check_labels, name_rows
from priosig.crossval._logistic import SCORE_DECIMALS, LogisticFit, fit_logistic
from priosig.metrics.summary import sigmoid


@dataclass(frozen=True)
class Reduction:
    """Training and test features of one fold in the coordinates in which the probe is fitted.

    Test segments whose features are equal share a row of `Z_test`, so that their scores tie to the last bit.
    """

    Z_train: np.ndarray  # (n_train, d), d at most min(n_train, D)
    Z_test: np.ndarray  # (n_distinct, d), the distinct test rows
    test_rows: np.ndarray  # (n_test,), row of Z_test of each test segment
    V: np.ndarray  # (D, d), orthonormal columns; standardised weights are V a
    mean: np.ndarray  # (D,), of the training features
    scale: np.ndarray  # (D,)


def train_classifier(
    X: ArrayLike,
    y: ArrayLike,
    train_idx: ArrayLike,
    test_idx: ArrayLike,
    C: float = 1.0,
    max_iter: int = 1000,
) -> dict[str, Any]:
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
    dict
        Of the test rows, in their order: `y_true`, their labels; `scores`, decision values; `y_pred`, 1 where the
        score is above 0; `y_pred_proba`, probability of STOP. `coefficients` (D,) and `intercept` on the standardised
        scale; `mean`, `scale` of the training features; `converged`, `gradient` (its largest entry); `n_train`,
        `n_test`.

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
    try:
        train, test = rows[np.asarray(train_idx)], rows[np.asarray(test_idx)]
    except IndexError as error:
        raise ValueError(f"train_classifier: {error}; expected rows 0 to {len(X) - 1}, or a mask") from None
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
    return {
        "y_true": y[test].astype(int),
        "y_pred": (scores > 0).astype(int),
        "y_pred_proba": sigmoid(scores),
        "scores": scores,
        "coefficients": reduction.V @ fit.coef[0],
        "intercept": float(fit.intercept[0]),
        "mean": reduction.mean,
        "scale": reduction.scale,
        "n_train": len(train),
        "n_test": len(test),
        "converged": bool(fit.converged[0]),
        "gradient": float(fit.gradient[0]),
    }


def reduce_fold(X_train: np.ndarray, X_test: np.ndarray) -> Reduction:
    """Standardise finite features on the training rows and rotate both sets into the row space of the result."""
    mean, scale = standardisation(X_train)
    distinct, test_rows = distinct_rows(X_test)
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


def distinct_rows(X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
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


def score(reduction: Reduction, fit: LogisticFit) -> np.ndarray:
    """Decision values of the test segments to 9 decimals, shape (m, n_test); NaN for labellings not trained."""
    distinct = fit.coef @ reduction.Z_test.T + fit.intercept[:, None]
    return np.round(distinct, SCORE_DECIMALS)[:, reduction.test_rows]


def check_features(where: str, X: ArrayLike, names: list[str] | None = None) -> np.ndarray:
    """Features as float64, shape (n, D); NaN or infinity is a ValueError that names the rows."""
    X = np.asarray(X, dtype=np.float64)
    if X.ndim != 2 or not X.shape[1]:
        raise ValueError(f"{where}: features of shape {X.shape}; expected (n_segments, n_features)")
    bad = np.flatnonzero(~np.isfinite(X).all(axis=1))
    if len(bad):
        raise ValueError(f"{where}: features are NaN or infinite at {name_rows(bad, names)}; expected finite numbers")
    return X
