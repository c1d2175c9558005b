"""One matrix of features for all folds of a design, and what each fold changes in it.

The features of fold f, as `priosig.crossval.probe` would make them of its training segments alone, are::

    X_f = (Xs - 1 m_f' - Q B_f) diag(s_f)

Xs are the features standardised on all segments, covariates removed; m_f the means of the training segments, s_f one
over their spreads (0 for a feature that is constant there), Q an orthonormal basis of the covariates and B_f what
least squares on the training segments finds for it. All of these follow from sums over the segments that the fold
holds out, so that a fold costs as many operations as it holds out numbers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from priosig.crossval.probe import distinct_rows, residualise, standardisation

# Below this share of a feature's variance in training, sums over held-out segments no longer tell it exactly.
LEAST_SHARE = 1e-4


@dataclass(frozen=True)
class JointDesign:
    """Folds that share one matrix of features; see the module's docstring.

    Attributes
    ----------
    X : np.ndarray, shape (n, D)
        Standardised on all segments, covariates removed.
    Q : np.ndarray, shape (n, r)
        Orthonormal basis of the covariates, orthogonal to a constant.
    held : np.ndarray of bool, shape (n, F + 1)
        Segments that each fold holds out; the last "fold" holds out none.
    mean : np.ndarray, shape (D, F + 1)
    slopes : np.ndarray, shape (r, D, F + 1)
    scale : np.ndarray, shape (D, F + 1)
        m_f, B_f and s_f.
    twin : np.ndarray of int, shape (n,)
        The first segment with the same features and covariates: both get its score, so that they tie to the last bit.
    """

    X: np.ndarray
    Q: np.ndarray
    held: np.ndarray
    mean: np.ndarray
    slopes: np.ndarray
    scale: np.ndarray
    twin: np.ndarray


def joint_design(X: np.ndarray, covariates: np.ndarray | None, held: np.ndarray) -> JointDesign | None:
    """Means, spreads and slopes of every fold.

    Parameters
    ----------
    X : np.ndarray, shape (n, D)
        Finite features in their own units.
    covariates : np.ndarray, shape (n, q), or None
    held : np.ndarray of bool, shape (n, F)

    Returns
    -------
    JointDesign or None
        None where a fold's training segments do not determine what the covariates predict: where one of them varies
        among its held-out segments alone. Such folds are to be reduced one by one.
    """
    n, D = X.shape
    held = np.column_stack([held, np.zeros(n, dtype=bool)])
    distinct = X if covariates is None else np.column_stack([X, covariates])
    place = distinct_rows(distinct)[1]
    twin = np.full(n, n)
    np.minimum.at(twin, place, np.arange(n))
    twin = twin[place]
    Q = np.empty((n, 0))
    if covariates is not None and covariates.shape[1]:
        X = residualise(X, covariates, X[:0], covariates[:0])[0]
        mean, scale = standardisation(covariates)
        U, size, _ = np.linalg.svd((covariates - mean) / scale, full_matrices=False)
        Q = U[:, size > n * np.finfo(np.float64).eps * max(size[0], 1.0)]
    mean, scale = standardisation(X)
    X = (X - mean) / scale
    varies = (X != 0).any(axis=0)

    F, r = held.shape[1], Q.shape[1]
    basis = np.column_stack([np.full(n, n**-0.5), Q])
    squares = (X**2).sum(axis=0)
    slopes, share = np.empty((1 + r, D, F)), np.empty((D, F))
    for f in range(F):
        rows = np.flatnonzero(held[:, f])
        X_held, basis_held = X[rows], basis[rows]
        left = np.eye(1 + r) - basis_held.T @ basis_held
        if np.linalg.eigvalsh(left)[0] < LEAST_SHARE:
            return None
        slopes[..., f] = np.linalg.solve(left, -basis_held.T @ X_held)
        explained = np.einsum("rd,rs,sd->d", slopes[..., f], left, slopes[..., f])
        share[:, f] = (squares - (X_held**2).sum(axis=0) - explained) / (n - len(rows))
    inverse = np.zeros_like(share)
    np.divide(1, np.sqrt(np.abs(share)), out=inverse, where=(share >= LEAST_SHARE) & varies[:, None])
    for f in map(int, np.flatnonzero(((share < LEAST_SHARE) & varies[:, None]).any(axis=0))):
        rows, columns = ~held[:, f], np.flatnonzero((share[:, f] < LEAST_SHARE) & varies)
        part = X[np.ix_(rows, columns)]
        slopes[:, columns, f] = np.linalg.lstsq(basis[rows], part, rcond=None)[0]
        rest = part - basis[rows] @ slopes[:, columns, f]
        spread = rest.std(axis=0)
        constant = spread <= 1e-10 * (part.std(axis=0) + np.abs(part.mean(axis=0)))
        inverse[columns, f] = np.where(constant, 0.0, 1 / np.where(constant, 1.0, spread))
    return JointDesign(X, Q, held, slopes[0] * n**-0.5, slopes[1:], inverse, twin)
