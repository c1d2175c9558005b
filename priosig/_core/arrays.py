"""Rows in groups."""

import numpy as np


def centred_within(columns: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Columns minus their mean in each group; shape (n_segments, n_columns)."""
    centred = np.array(columns, dtype=np.float64)
    for g in np.unique(groups):
        rows = np.flatnonzero(groups == g)
        centred[rows] -= centred[rows].mean(axis=0)
    return centred
