"""Newton steps of many logistic regressions at once, by conjugate gradients.

A step P of one labelling solves ``(I0 + Z1' W Z1) P = -G``: Z1 are the features and a column of ones, shape
(n, d + 1), the same for all labellings; W are a labelling's own curvatures, one for each segment; G is its gradient.
I0 is the identity without the intercept's entry. Each array has one column for each labelling.

**Few features** (`conjugate_gradients`): d + 1 unknowns, preconditioned by the Hessian's diagonal, which in the
coordinates of `priosig.crossval.probe.reduce_fold` is nearly all of it. An iteration is two products, with Z1 and its
transpose.

**As many features as segments** (`Kernel`): curvatures differ little from their mean w, so the Hessian is
``inv(M) + Z1' E Z1`` with ``M = inv(I0 + w Z1' Z1)`` and E = W - w. With V = -E Z1 P the step is
``P = M (Z1' V - G)``, and V solves ::

    (I + E B) V = E Z1 M G,      B = Z1 M Z1'

n unknowns, and a matrix that is symmetric in the inner product of B. An iteration is one product with B, half of the
above.

References
----------
Nocedal & Wright 2006, Numerical Optimization, sections 5.1 (preconditioned conjugate gradients) and 7.1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

# Share of labellings whose system may stay unsolved: they take another Newton step.
SLOW = 0.05


def conjugate_gradients(Z1: np.ndarray, W: np.ndarray, G: np.ndarray, cut: float | np.ndarray) -> np.ndarray:
    """Newton steps P, shape (d + 1, m), in the precision of Z1.

    Parameters
    ----------
    Z1 : np.ndarray, shape (n, d + 1)
    W : np.ndarray, shape (n, m)
        Curvatures, above 0.
    G : np.ndarray, shape (d + 1, m)
        Gradients.
    cut : float or np.ndarray, shape (m,)
        Relative residual, in the norm of the preconditioner, that 19 labellings in 20 have to reach.
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
        if np.count_nonzero(remaining > target) <= SLOW * len(target):
            break
        D *= remaining / (rho + tiny)
        D += S
        rho = remaining
    return P


@dataclass(frozen=True)
class Kernel:
    """The matrices that serve all labellings of the same features, in single precision; see the module's docstring.

    Attributes
    ----------
    w : float
        Mean curvature.
    Z1 : np.ndarray, shape (n, d + 1)
    M : np.ndarray, shape (d + 1, d + 1)
    B : np.ndarray, shape (n, n)
    """

    w: float
    Z1: np.ndarray
    M: np.ndarray
    B: np.ndarray

    @classmethod
    def of(cls, Z1: np.ndarray, w: float) -> Kernel:
        """The matrices for a mean curvature w."""
        H = w * (Z1.T @ Z1)
        H[np.diag_indices(len(H) - 1)] += 1
        M = np.linalg.inv(H)
        B = Z1 @ M @ Z1.T
        return cls(w, Z1.astype(np.float32), M.astype(np.float32), B.astype(np.float32))

    def suits(self, W: np.ndarray) -> bool:
        """Whether the mean of these curvatures is near w: farther off, it takes more iterations."""
        return bool(0.5 * self.w < W.mean() < 2 * self.w)

    def steps(self, W: np.ndarray, G: np.ndarray, cut: float | np.ndarray) -> np.ndarray:
        """Newton steps; parameters and result as for `conjugate_gradients`."""
        tiny = np.finfo(np.float32).tiny
        E = W - np.float32(self.w)
        MG = self.M @ G
        R = self.Z1 @ MG
        R *= E
        target = cut**2 * np.einsum("ij,ij->j", G, MG)
        V, D, Q, H, BR = (np.zeros_like(R) for _ in range(5))  # D is B Q
        rho = np.full(len(target), np.inf, dtype=np.float32)
        for _ in range(2 * len(R) + 20):
            np.matmul(self.B, R, out=BR)
            remaining = np.einsum("ij,ij->j", R, BR)
            if np.count_nonzero(remaining > target) <= SLOW * len(target):
                break
            ratio = remaining / (rho + tiny)
            rho = remaining
            Q *= ratio
            Q += R
            D *= ratio
            D += BR
            np.multiply(E, D, out=H)
            H += Q
            length = rho / (np.einsum("ij,ij->j", D, H) + tiny)
            H *= length
            R -= H
            np.multiply(Q, length, out=H)
            V += H
        return self.M @ (self.Z1.T @ V - G)
