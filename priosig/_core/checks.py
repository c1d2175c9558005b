"""Scores, labels and videos, checked at the border; the names of rows and any value for messages."""

from __future__ import annotations

import reprlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

Ids = Sequence[Any] | np.ndarray
"""Names of the videos of segments, one each: texts or numbers."""


class _Short(reprlib.Repr):
    def repr_instance(self, x: Any, level: int) -> str:
        # The repr of a container that reprlib does not know goes through all of it: of some tensors, for years.
        unknown = hasattr(x, "__len__") and not isinstance(x, str | bytes) and getattr(x, "ndim", 1)
        return f"<{type(x).__name__}>" if unknown else super().repr_instance(x, level)


_SHORT = _Short()
_SHORT.maxstring = _SHORT.maxother = 80


def check_labels(where: str, y: ArrayLike) -> np.ndarray:
    """Labels as int8 of any shape; anything but 0 and 1 is a ValueError that names the first bad rows."""
    y = np.asarray(y)
    bad = ~((y == 0) | (y == 1))
    if bad.any():
        rows = np.flatnonzero(np.atleast_1d(bad).any(axis=tuple(range(bad.ndim - 1))))
        raise ValueError(
            f"{where}: labels hold {y[bad].ravel()[0]!r} at {name_rows(rows)}; expected 0 (CONTINUE) or 1 (STOP)"
        )
    return y.astype(np.int8)


def video_index(where: str, video_ids: Ids, n: int) -> tuple[tuple[str, ...], np.ndarray]:
    """Sorted distinct video names, and the position among them of each row's video (intp, shape (n,))."""
    if isinstance(video_ids, str) or len(video_ids) != n:
        raise ValueError(f"{where}: {len(video_ids)} video ids for {n} segments; expected one video id a segment")
    # Not numpy.unique: as an array, 1 and "1" are one name, and so are "v" and "v\\0".
    names = sorted(set(video_ids))
    position = {name: place for place, name in enumerate(names)}
    which = np.fromiter((position[name] for name in video_ids), dtype=np.intp, count=n)
    return tuple(str(name) for name in names), which


def check_scores(where: str, scores: ArrayLike, y: ArrayLike, allow_unscored: bool) -> tuple[np.ndarray, np.ndarray]:
    """Scores as float64 and labels as int8 whose last axes agree and whose others broadcast; NaN only if allowed."""
    scores, y = np.asarray(scores, dtype=np.float64), check_labels(where, y)
    shapes = f"{where}: scores of shape {scores.shape}, labels of shape {y.shape}"
    if not scores.ndim or not y.ndim or scores.shape[-1] != y.shape[-1]:
        raise ValueError(f"{shapes}; expected one each a segment")
    try:
        np.broadcast_shapes(scores.shape, y.shape)
    except ValueError:
        raise ValueError(f"{shapes}, which do not broadcast; expected equal batches, or one unbatched") from None
    if not allow_unscored and np.isnan(scores).any():
        rows = np.flatnonzero(np.isnan(scores).any(axis=tuple(range(scores.ndim - 1))))
        raise ValueError(f"{where}: scores are NaN at {name_rows(rows)}; expected numbers")
    return scores, y


def need_vector(where: str, scores: np.ndarray, y: np.ndarray) -> None:
    """Refuse batches."""
    if scores.ndim != 1 or y.ndim != 1:
        shapes = f"{where}: scores of shape {scores.shape}, labels of shape {y.shape}"
        raise ValueError(f"{shapes}; expected one dimension")


def name_rows(rows: Sequence[int] | np.ndarray, names: Sequence[str] | None = None) -> str:
    """`row 3` or `rows 3, 5, 8 and 12 more`, by name where names are given; for messages."""
    shown = [str(row) if names is None else f"{row} ({names[row]})" for row in rows[:3]]
    more = f" and {len(rows) - 3} more" if len(rows) > 3 else ""
    return f"row{'s' if len(rows) > 1 else ''} {', '.join(shown)}{more}"


def shown(value: object) -> str:
    """A value for a message: on one line, shortened, control characters as escapes.

    Examples
    --------
    >>> shown("a\\x1b[31m"), shown(list(range(10**6))), shown([2**100_000]), shown(np.zeros(2))
    ("'a\\\\x1b[31m'", '[0, 1, 2, 3, 4, 5, ...]', 'a list too large to be shown', '<ndarray>')
    """
    try:
        return _SHORT.repr(value)
    except ValueError:  # Python writes no integer of more than 4300 digits
        return f"{'an' if isinstance(value, int) else 'a'} {type(value).__name__} too large to be shown"
