"""Features that mislead a probe: columns that one row decides, and rows that occur twice.

Probes are trained on features of unit spread. Where one row holds most of a feature's spread, all other rows look
alike in it, and a signal is missed. A row that another group holds too is trained on and scored at once.
"""

import numpy as np

DECISIVE = 0.8  # of a feature's squared distances from its median: a row with more decides the feature
_FEWEST = 10  # rows; among fewer one may hold as much by chance


def decisive_rows(X: np.ndarray) -> dict[int, int]:
    """Columns of X, shape (n_rows, n_features), that one row decides, and that row.

    Examples
    --------
    >>> X = np.random.default_rng(0).normal(size=(30, 3))
    >>> X[7, 1] = 40
    >>> decisive_rows(X)
    {1: 7}
    """
    if len(X) < _FEWEST:
        return {}
    distances = (X - np.median(X, axis=0)) ** 2
    largest, total = distances.max(axis=0), distances.sum(axis=0)
    columns = np.flatnonzero(largest > DECISIVE * total)
    # A feature of two values is a category, and one row may well be the only one of its kind.
    return {int(c): int(distances[:, c].argmax()) for c in columns if len(np.unique(X[:, c])) > 2}


def copied_rows(X: np.ndarray) -> dict[int, int]:
    """Rows that repeat an earlier row, and that row; compared by the columns in which values hardly repeat.

    Examples
    --------
    >>> X = np.random.default_rng(0).normal(size=(6, 3))
    >>> X[5] = X[2]
    >>> copied_rows(X)
    {5: 2}
    """
    varied = [column for column in X.T if 2 * len(np.unique(column)) > len(X)]
    if not varied:
        return {}
    first: dict[bytes, int] = {}
    rows = [row.tobytes() for row in np.ascontiguousarray(np.column_stack(varied))]
    return {place: first[row] for place, row in enumerate(rows) if first.setdefault(row, place) != place}
