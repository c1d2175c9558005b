"""P-values corrected for having made several tests.

References
----------
S. Holm (1979), A simple sequentially rejective multiple test procedure, Scand. J. Stat. 6, 65-70.
P. H. Westfall & S. S. Young (1993), Resampling-Based Multiple Testing, Wiley, ch. 2 (single-step max-T).
"""

import math
from collections.abc import Sequence

import numpy as np

TIE = 1e-12  # two statistics closer than this are equal: they are ratios of whole numbers, summed in floating point


def holm(pvalues: Sequence[float]) -> list[float]:
    """Holm's step-down correction: valid whatever the dependence between the tests.

    ``p_(i)`` in ascending order becomes ``max_{j <= i} min(1, (k - j + 1) p_(j))`` (Holm 1979). A NaN (a test
    that could not be made) stays NaN and still counts as one of the k tests.

    Examples
    --------
    >>> holm([0.04, 0.01])
    [0.04, 0.02]
    """
    adjusted = [math.nan] * len(pvalues)
    largest = 0.0
    made = sorted((i for i in range(len(pvalues)) if not math.isnan(pvalues[i])), key=lambda i: pvalues[i])
    for rank, i in enumerate(made):
        largest = max(largest, min(1.0, (len(pvalues) - rank) * pvalues[i]))
        adjusted[i] = largest
    return adjusted


def max_t_pvalues(statistics: np.ndarray, *, two_sided: bool = False) -> np.ndarray:
    """Single-step max-T p-values of the first column (Westfall & Young 1993, alg. 2.5), shape (n_statistics,).

    Each row of `statistics`, shape (n_statistics, 1 + n_relabellings), is studentised: ``t = (b - mean) / sd`` over
    all columns, the observed one included, so that every labelling is treated alike. Then ``p_j = #{columns: max_k
    t_k >= t_j of the first column} / number of columns``, with |t| for t where the test is two-sided. p is NaN for a
    statistic that is undefined under the observed labels, and 1 for one that is always the same.
    """
    spread = statistics.std(axis=1, keepdims=True)
    moving = spread > TIE  # False where it is undefined
    centred = statistics - statistics.mean(axis=1, keepdims=True)
    if two_sided:
        centred = np.abs(centred)
    t = np.divide(centred, spread, out=np.full_like(centred, -np.inf), where=moving)
    pvalues = np.where(moving[:, 0], np.mean(t.max(axis=0) >= t[:, :1] - TIE, axis=1), 1.0)
    return np.where(np.isnan(statistics[:, 0]), np.nan, pvalues)
