"""The probability that a segment of a set is the STOP, given covariates: conditional logistic regression.

A set holds one STOP, its event, and one or more CONTINUE segments. With ``eta = P beta`` for covariates P::

    P(i is the STOP) = exp(eta_i) / sum over the set of exp(eta_j)

Sets are few and columns many, so that beta has a Gaussian prior with a variance of 1 / penalty for each block of
columns. The penalties maximise the marginal likelihood in Laplace's approximation, by coordinate descent over a
grid::

    log L(z) - |z|^2 / 2 - log det(I + Z' W Z) / 2      at its maximum over z, where eta = Z z and z ~ N(0, 1)

Penalties chosen by leaving one video out instead vary with chance where there are 37 pairs, at a cost of about 4
points of power.

References
----------
D. McFadden (1974), Conditional logit analysis of qualitative choice behavior, in: Frontiers in Econometrics, 105-142.
N. E. Breslow & N. E. Day (1980), Statistical Methods in Cancer Research I, IARC, ch. 7.
D. J. C. MacKay (1992), Bayesian interpolation, Neural Comput. 4, 415-447 (marginal likelihood chooses penalties).
"""

from dataclasses import dataclass

import numpy as np

PENALTIES = np.array([0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1e9])
FIRST_PENALTY = 10.0
SWEEPS = 3
NEWTON_STEPS = 100
UNMATCHED = -1


@dataclass(frozen=True)
class _Sets:
    """Rows that belong to sets, set after set, each set's STOP (its event) last.

    `rows` are rows of the input, `of_row` the set of each, from 0; `first` is where each set begins.
    """

    rows: np.ndarray
    of_row: np.ndarray
    event: np.ndarray
    first: np.ndarray

    def sums(self, values: np.ndarray) -> np.ndarray:
        """Sum over its set, for each row of `values`, shape (n_matched, ...)."""
        return np.add.reduceat(values, self.first, axis=0)[self.of_row]


def event_probabilities(columns: np.ndarray, block: np.ndarray, y: np.ndarray, sets: np.ndarray) -> np.ndarray:
    """P(segment is its set's STOP), given its covariates; shape (n_segments,).

    Sums to 1 in each set; the label itself where a segment belongs to none (its entry of `sets` is -1). Of the
    covariates, shape (n_segments, n_columns), columns of one number in `block`, shape (n_columns,), share a penalty.

    Raises
    ------
    ValueError
        If a set does not hold exactly one STOP.
    """
    matched = _matched(y, sets)
    probabilities = np.asarray(y, dtype=np.float64).copy()
    Z = columns[matched.rows]
    Z = Z - matched.sums(Z) / matched.sums(np.ones((len(Z), 1)))  # the likelihood depends on nothing else
    if not Z.any():
        return equal_probabilities(y, sets)
    span, weights = np.linalg.qr(Z)
    kernels = [weights[:, block == b] @ weights[:, block == b].T for b in np.unique(block)]
    eta = span @ _fit(span, kernels, matched)
    probabilities[matched.rows] = _softmax(eta, matched)
    return probabilities


def draw_events(probabilities: np.ndarray, y: np.ndarray, sets: np.ndarray, coins: np.ndarray) -> np.ndarray:
    """Labellings with a new event in each set, shape (n_labellings, n_segments); segments of no set keep their label.

    `coins`, shape (n_labellings, n_sets), are uniform on [0, 1). Equal coins give labellings that resemble each other
    under different probabilities: the event moves where its coin is under 1 - P(event), to the controls in the order
    of rows. So T1 (equal probabilities) and T2 can be compared.
    """
    matched = _matched(y, sets)
    rows, of_row = matched.rows, matched.of_row
    up_to = np.cumsum(probabilities[rows])
    before = np.concatenate([[0.0], up_to[:-1]])
    lower, upper = before - before[matched.first][of_row], up_to - before[matched.first][of_row]
    upper[matched.event] = np.inf  # rounding may leave the sum under 1
    labellings = np.repeat(np.asarray(y, dtype=np.int8)[None, :], len(coins), axis=0)
    coin = coins[:, of_row]
    labellings[:, rows] = (lower <= coin) & (coin < upper)
    return labellings


def equal_probabilities(y: np.ndarray, sets: np.ndarray) -> np.ndarray:
    """P(segment is its set's STOP) where nothing tells its members apart: 1 / size of the set."""
    matched = _matched(y, sets)
    probabilities = np.asarray(y, dtype=np.float64).copy()
    probabilities[matched.rows] = _softmax(np.zeros(len(matched.rows)), matched)
    return probabilities


def effective_share(probabilities: np.ndarray, y: np.ndarray, sets: np.ndarray) -> float:
    """``sum p (1 - p)`` as a share of that of equal probabilities: 0 where covariates decide all."""
    equal = equal_probabilities(y, sets)
    return float(np.sum(probabilities * (1 - probabilities)) / np.sum(equal * (1 - equal)))


def _matched(y: np.ndarray, sets: np.ndarray) -> _Sets:
    rows = np.flatnonzero(sets != UNMATCHED)
    event = np.asarray(y)[rows] == 1
    order = np.lexsort((event, sets[rows]))
    rows, event = rows[order], event[order]
    names, first, of_row = np.unique(sets[rows], return_index=True, return_inverse=True)
    n_events = np.bincount(of_row, weights=event, minlength=len(names))
    if not (n_events == 1).all():
        wrong = int(np.argmax(n_events != 1))
        raise ValueError(
            f"matched sets: set {names[wrong]} holds {n_events[wrong]:.0f} STOP segments; expected exactly one"
        )
    return _Sets(rows, of_row, event, first)


def _softmax(eta: np.ndarray, matched: _Sets) -> np.ndarray:
    weight = np.exp(eta - np.maximum.reduceat(eta, matched.first)[matched.of_row])
    return weight / matched.sums(weight)


def _fit(span: np.ndarray, kernels: list[np.ndarray], matched: _Sets) -> np.ndarray:
    """Coefficients of `span` at the penalties with the greatest marginal likelihood."""
    varying = np.array([kernel.any() for kernel in kernels])
    penalties = np.where(varying, FIRST_PENALTY, PENALTIES[-1])
    evidence, best = _posterior(span, kernels, penalties, matched, np.zeros(span.shape[1]))
    for _ in range(SWEEPS):
        before = penalties.copy()
        for block in np.flatnonzero(varying):
            for penalty in PENALTIES:
                trial = penalties.copy()
                trial[block] = penalty
                value, coefficients = _posterior(span, kernels, trial, matched, best)
                if value > evidence + 1e-9:
                    evidence, best, penalties = value, coefficients, trial
        if np.array_equal(before, penalties):
            break
    return best


def _posterior(
    span: np.ndarray, kernels: list[np.ndarray], penalties: np.ndarray, matched: _Sets, start: np.ndarray
) -> tuple[float, np.ndarray]:
    """Log marginal likelihood (Laplace), and the coefficients of `span` at the mode, sought from `start` on."""
    prior = sum(kernel / penalty for kernel, penalty in zip(kernels, penalties, strict=True))
    size, direction = np.linalg.eigh(prior)
    kept = size > 1e-12 * size[-1]
    root = direction[:, kept] * np.sqrt(size[kept])
    z, value, curvature = _newton(span @ root, matched, (direction[:, kept] / np.sqrt(size[kept])).T @ start)
    return -value - np.linalg.slogdet(curvature)[1] / 2, root @ z


def _newton(Z: np.ndarray, matched: _Sets, z: np.ndarray) -> tuple[np.ndarray, float, np.ndarray]:
    """Mode of ``log L(z) - |z|^2 / 2``, its negative value, and the negative second derivative there.

    Newton's method with step halving; strictly concave, so that covariates which decide every label have a mode too.
    """

    def objective(z: np.ndarray) -> float:
        return float(-np.log(np.maximum(_softmax(Z @ z, matched)[matched.event], 1e-300)).sum() + z @ z / 2)

    value = objective(z)
    for _ in range(NEWTON_STEPS):
        p = _softmax(Z @ z, matched)
        gradient = z - Z.T @ (matched.event - p)
        weighted = p[:, None] * Z
        curvature = Z.T @ (weighted - p[:, None] * matched.sums(weighted)) + np.eye(len(z))
        if np.abs(gradient).max() < 1e-9:
            break
        step, size = np.linalg.solve(curvature, gradient), 1.0
        # a rise within rounding is no rise: at the optimum the objective is flat to the last digits
        while (lower := objective(z - size * step)) > value + 1e-13 * (1 + abs(value)) and size > 1e-8:
            size /= 2
        z, value = z - size * step, lower
    return z, value, curvature
