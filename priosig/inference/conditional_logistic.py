"""Labels of a video's segments, given covariates and the number of STOPs: probabilities and draws.

With ``eta = P beta`` for covariates P, labellings have the conditional Bernoulli distribution: P(labelling) is
proportional to ``exp(sum of eta over its STOPs)``. For n segments with k STOPs the normalising constant is the
elementary symmetric polynomial ``e_k(exp eta_1, ..., exp eta_n)``, which a recursion gives exactly (Chen, Dempster &
Liu 1994). `beta` maximises the conditional likelihood (conditional logistic regression) less a ridge. For sets of one
STOP see `priosig.inference.matched_logistic`.

References
----------
N. E. Breslow & N. E. Day (1980), Statistical Methods in Cancer Research I, IARC, ch. 7.
S. X. Chen, A. P. Dempster & J. S. Liu (1994), Weighted finite population sampling to maximize entropy,
Biometrika 81, 457-469.
"""

from collections.abc import Iterator

import numpy as np

RIDGE = 10.0  # of penalised columns (`priosig.confounds.penalised_basis`)
TABLE_ENTRIES = 1 << 21  # of the polynomials of the videos that are drawn for together
MOST_ENTRIES = 1 << 24  # of those that are held at a time, 128 MB


def fit_strata(columns: np.ndarray, y: np.ndarray, videos: np.ndarray, ridge: float = RIDGE) -> np.ndarray:
    """Conditional logistic regression with videos as strata, given each video's number of STOPs.

    Maximises ``sum_v [sum_{i in v, STOP} eta_i - log e_{n1}(exp eta_v)] - ridge/2 |beta|^2``.
    """
    from scipy.optimize import minimize

    strata = [np.flatnonzero(videos == v) for v in np.unique(videos)]
    if not columns.shape[1]:
        return np.zeros(0)
    # Columns may be many more than segments; the ridge keeps beta in the space of their rows.
    span, size, directions = np.linalg.svd(columns, full_matrices=False)
    Z = span * size

    def objective(beta: np.ndarray) -> tuple[float, np.ndarray]:
        eta = Z @ beta
        log_norm = sum(_log_symmetric(eta[rows], int(y[rows].sum()))[0, -1] for rows in strata)
        pi = inclusion_probabilities(eta, y, videos)
        value = log_norm - eta @ y + ridge / 2 * beta @ beta
        return float(value), Z.T @ (pi - y) + ridge * beta

    return directions.T @ minimize(objective, np.zeros(len(size)), jac=True, method="BFGS", options={"gtol": 1e-9}).x


def inclusion_probabilities(eta: np.ndarray, y: np.ndarray, videos: np.ndarray) -> np.ndarray:
    """P(segment is STOP | its video's number of STOPs), shape (n_segments,).

    ``w_i e_{n1-1}(w without i) / e_{n1}(w)``, w = exp(eta). The polynomial without i is put together from those of
    the rows before and after it, so that nothing is subtracted.
    """
    pi = np.empty(len(eta))
    for v in np.unique(videos):
        rows = np.flatnonzero(videos == v)
        k = int(y[rows].sum())
        after = _log_symmetric(eta[rows], k)
        before = _log_symmetric(eta[rows][::-1], k)[::-1]
        for j, row in enumerate(rows):
            terms = before[j, :k] + after[j + 1, :k][::-1]
            total = np.logaddexp.reduce(terms) if k else -np.inf
            pi[row] = np.exp(eta[row] + total - after[0, k])
    return pi


def draw_strata(eta: np.ndarray, y: np.ndarray, videos: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
    """Draw labellings from the conditional Bernoulli distribution within each video, shape (n, n_segments).

    Row after row: with r STOPs still to place, row i is STOP with probability ``w_i e_{r-1}(w_{i+1..}) /
    e_r(w_{i..})``, w = exp(eta) (Chen et al. 1994, sec. 2.4; exact). `eta` are log odds up to a constant for each
    video, shape (n_segments,), or (n, n_segments) where they differ between labellings; `y` gives each video's number
    of STOPs. The uniform numbers of a labelling are drawn together, so that the first k of `n` do not depend on `n`.
    """
    uniform = rng.random((n, len(y)))
    eta = np.atleast_2d(eta)
    labellings = np.zeros((n, len(y)), dtype=np.int8)
    for rows, k in _alike(y, videos, len(eta)):
        of_videos = np.ascontiguousarray(np.moveaxis(eta[:, rows], -1, 0))  # (size, n or 1, some videos)
        # Tables of many large videos at once would not fit into memory.
        at_once = n if len(eta) < n else max(1, MOST_ENTRIES // ((len(of_videos) + 1) * (k + 1) * len(rows)))
        for first in range(0, n, at_once):
            some = slice(first, first + at_once)
            of_some = of_videos if len(eta) < n else of_videos[:, some]
            labellings[some, rows] = _draw_alike(of_some, k, uniform[some, rows])
    return labellings


def _draw_alike(eta: np.ndarray, k: int, uniform: np.ndarray) -> np.ndarray:
    """Labellings with k STOPs each, shape (n, some videos, size), for eta of shape (size, n or 1, some videos)."""
    size, n_eta, n_videos = eta.shape
    n = len(uniform)
    eta = eta - (eta.max(axis=0) + eta.min(axis=0)) / 2
    # Sums of products neither overflow nor vanish where this holds; elsewhere chances do the same (`_chances`).
    if max(k, 1) * np.abs(eta).max() + size < 600:
        stop, no_stop = np.exp(eta), np.ones((size, 1, 1))
    else:
        stop, no_stop = _chances(eta, k)
    table = _symmetric(stop, k, no_stop)
    pick, video = (np.arange(n) if n_eta == n else np.zeros(n, dtype=np.intp))[:, None], np.arange(n_videos)
    left = np.full((n, n_videos), k)
    chosen = np.empty((n, n_videos, size), dtype=np.int8)
    for j in range(size):
        ahead, now = table[j + 1, np.maximum(left - 1, 0), pick, video], table[j, left, pick, video]
        # Where none is left, `now` may be too small for a number.
        chosen[..., j] = (uniform[..., j] * now < stop[j, pick, video] * ahead) & (left > 0)
        left -= chosen[..., j]
    return chosen


def _chances(eta: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Chances of independent segments to be a STOP and not to be, whose odds are exp(eta) up to a factor.

    They are weights of the same conditional distribution. The factor makes k STOPs likely, so that no labelling that
    is drawn has a chance too small for a number.
    """
    from scipy.special import expit

    high = np.abs(eta).max(axis=0) + 50.0
    low = -high
    for _ in range(24):
        middle = (low + high) / 2
        many = expit(eta + middle).sum(axis=0) > k
        low, high = np.where(many, low, middle), np.where(many, middle, high)
    return expit(eta + low), expit(-eta - low)


def _alike(y: np.ndarray, videos: np.ndarray, n_eta: int) -> Iterator[tuple[np.ndarray, int]]:
    """Rows of videos of one size and one number of STOPs k, shape (some videos, size), and k."""
    kinds: dict[tuple[int, int], list[np.ndarray]] = {}
    order = np.argsort(videos, kind="stable")
    for rows in np.split(order, np.flatnonzero(np.diff(videos[order])) + 1):
        kinds.setdefault((len(rows), int(y[rows].sum())), []).append(rows)
    for (size, k), members in kinds.items():
        at_once = max(1, TABLE_ENTRIES // (n_eta * (size + 1) * (k + 1)))
        for first in range(0, len(members), at_once):
            yield np.array(members[first : first + at_once]), k


def _symmetric(w: np.ndarray, k: int, v: np.ndarray) -> np.ndarray:
    """``T[i, r]``, the sum over choices of r among i, i + 1, ... of the product of w over the chosen and v over the
    others, from ``T[i, r] = v_i T[i+1, r] + w_i T[i+1, r-1]``; shape (n + 1, k + 1, ...) for w of shape (n, ...)."""
    table = np.zeros((len(w) + 1, k + 1, *w.shape[1:]))
    table[-1, 0] = 1.0
    for i in range(len(w) - 1, -1, -1):
        np.multiply(v[i], table[i + 1], out=table[i])
        table[i, 1:] += w[i] * table[i + 1, :-1]
    return table


def _log_symmetric(eta: np.ndarray, k: int) -> np.ndarray:
    """Logarithms of ``e_r(exp eta_i, exp eta_{i+1}, ...)``, however small or large; shape (n + 1, k + 1)."""
    table = np.full((len(eta) + 1, k + 1), -np.inf)
    table[:, 0] = 0.0
    for i in range(len(eta) - 1, -1, -1):
        table[i, 1:] = np.logaddexp(table[i + 1, 1:], eta[i] + table[i + 1, :-1])
    return table
