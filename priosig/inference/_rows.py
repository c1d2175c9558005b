"""Checks and canonical order of the rows that statistics are made of; see `priosig.inference.data`."""

from collections.abc import Mapping

import numpy as np


def numbered_risk_sets(y: np.ndarray, ids: np.ndarray, set_ids: np.ndarray) -> np.ndarray:
    """Number of each row's risk set."""
    if set_ids.shape != y.shape:
        raise ValueError(f"segments: set_ids has shape {set_ids.shape}; expected {y.shape}, one entry per segment")
    names, number = np.unique(set_ids, return_inverse=True)
    for k, name in enumerate(names):
        rows = number == k
        if y[rows].sum() != 1:
            raise ValueError(
                f"segments: risk set {str(name)!r} holds {y[rows].sum()} STOP segments; expected exactly one"
            )
        if len(set(ids[rows])) > 1:
            raise ValueError(f"segments: risk set {str(name)!r} lies in {len(set(ids[rows]))} videos; expected one")
    return number


def in_order(numbers: np.ndarray) -> np.ndarray:
    """Groups numbered in the order in which they come."""
    _, first, which = np.unique(numbers, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[which]


def checked_features(X: np.ndarray, n: int) -> np.ndarray:
    X = np.asarray(X, dtype=np.float64)
    if X.ndim != 2 or len(X) != n:
        raise ValueError(f"segments: features of shape {X.shape}; expected {n} rows, one per segment")
    if not np.isfinite(X).all():
        row, column = np.argwhere(~np.isfinite(X))[0]
        raise ValueError(f"segments: feature {column} of row {row} is {X[row, column]}; expected finite numbers")
    return X


def checked_columns(confounds: Mapping[str, np.ndarray], n: int, *, finite: bool) -> dict[str, np.ndarray]:
    columns = {name: np.asarray(values, dtype=np.float64) for name, values in confounds.items()}
    for name, column in columns.items():
        if column.shape != (n,):
            raise ValueError(f"segments: confound {name!r} has shape {column.shape}; expected ({n},)")
        undefined = int((~np.isfinite(column)).sum())
        if finite and undefined:
            raise ValueError(
                f"segments: confound {name!r} is not a finite number in {undefined} of {n} segments; expected a "
                "measured value for every segment"
            )
    return columns


def canonical_order(
    y: np.ndarray, ids: np.ndarray, starts: np.ndarray, numbers: np.ndarray, risk_sets: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    """Input row of each canonical row, and its video's number."""
    numbers = numbers + 0.0  # -0.0 and 0.0 are the same number and must be the same bytes
    keys = [(float(starts[i]), int(y[i]), numbers[i].tobytes()) for i in range(len(y))]
    by_video: dict[object, dict[int, list[int]]] = {}
    for i in range(len(y)):
        by_video.setdefault(ids[i], {}).setdefault(0 if risk_sets is None else int(risk_sets[i]), []).append(i)
    groups = []
    for sets in by_video.values():
        in_time = [sorted(rows, key=keys.__getitem__) for rows in sets.values()]
        in_time.sort(key=lambda rows: ([keys[i][:2] for i in rows], [keys[i] for i in rows]))
        groups.append([i for rows in in_time for i in rows])
    # The whole timetable first. Between two videos whose first windows start at the same time features would decide
    # otherwise, by their last bits, which differ between machines; and every draw would differ with them.
    groups.sort(key=lambda rows: ([keys[i][:2] for i in rows], [keys[i] for i in rows]))
    order = np.array([i for rows in groups for i in rows], dtype=np.intp)
    return order, np.repeat(np.arange(len(groups)), [len(rows) for rows in groups])
