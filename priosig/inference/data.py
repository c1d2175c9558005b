"""The rows that statistics are made of: checked once, put in canonical order once, and then passed on whole.

**Canonical order.** A result must not depend on the order in which rows were given, nor on what videos are called.
So rows are sorted within a video by start time, then label, then their own numbers; videos by their start times and
labels, then by their numbers, never by name. Random draws and matrix products then see the same arrays in the same
order.

**Strata.** Labels are exchanged within pairs of neighbouring STOP and CONTINUE segments, or within video where times
are not known (`priosig.inference.relabelling`), and AUCs are taken within video.

Conventions: y is 1 for STOP and 0 for CONTINUE; times are seconds from the start of the video; a video is a number, 0
to n_videos - 1; every array of a `LabelledSegments` has one row a segment, in canonical order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from priosig._core.checks import Ids
from priosig.crossval.folds import Fold, Folds, split_by_video

MAX_SINGLE_FOLDS = 40  # with more videos than this, folds are groups of videos
GROUPED_FOLDS = 10
# Reductions of more entries than this (128 MB) are made one at a time, and again when they are needed again.
KEPT_ENTRIES = 1 << 24


@dataclass(frozen=True, eq=False)
class LabelledSegments:
    """Labels, videos, confounds and features of segments, in canonical order. Made by `labelled_segments`.

    Attributes
    ----------
    y : np.ndarray of int8, shape (n_segments,)
        1 = STOP, 0 = CONTINUE.
    videos : np.ndarray of int, shape (n_segments,)
        Video number; never decreasing.
    order : np.ndarray of int, shape (n_segments,)
        Row of the input that each row was.
    confounds : mapping from name to np.ndarray, shape (n_segments,)
        Finite and of one value a segment.
    partly_known : mapping from name to np.ndarray, shape (n_segments,)
        Further confounds, NaN where they are not known.
    X : np.ndarray, shape (n_segments, n_features)
        Features; no column where there are none.
    removed, not_measured : tuple of str
        Names of further confounds: equal for all segments; not measured for every segment.
    timed : bool
        Whether times are known, so that neighbours are.
    """

    y: np.ndarray
    videos: np.ndarray
    order: np.ndarray
    confounds: Mapping[str, np.ndarray] = field(default_factory=dict)
    partly_known: Mapping[str, np.ndarray] = field(default_factory=dict)
    X: np.ndarray = field(default_factory=lambda: np.empty((0, 0)))
    removed: tuple[str, ...] = ()
    not_measured: tuple[str, ...] = ()
    timed: bool = True

    def __len__(self) -> int:
        return len(self.y)

    def with_features(self, X: np.ndarray) -> LabelledSegments:
        """The same segments with other features, given in the order of the input."""
        return replace(self, X=_features(X, len(self))[self.order])

    @cached_property
    def pairs(self) -> np.ndarray:
        """Rows (stop, continue) of neighbouring pairs, shape (n, 2); no row occurs twice, and none without times.

        Greedy, in time order within each video::

            S S C S C   ->   S (S C) (S C)         S C S   ->   (S C) S
        """
        pairs, i, y, videos = [], 0, self.y, self.videos
        while self.timed and i + 1 < len(y):
            if videos[i] == videos[i + 1] and y[i] != y[i + 1]:
                pairs.append((i, i + 1) if y[i] == 1 else (i + 1, i))
                i += 2
            else:
                i += 1
        return np.array(pairs, dtype=np.intp).reshape(-1, 2)

    @property
    def n_pairs(self) -> int:
        """Pairs that labels are exchanged in: of neighbours, or without times of one video."""
        return len(self.pairs) if self.timed else self.n_pairs_within_videos

    @cached_property
    def n_pairs_within_videos(self) -> int:
        """Most pairs of a STOP and a CONTINUE of one video, if no row occurs twice."""
        return sum(min(int(self.y[rows].sum()), int((1 - self.y[rows]).sum())) for rows in self.rows_of_videos)

    @cached_property
    def n_videos(self) -> int:
        """Videos."""
        return len(np.unique(self.videos))

    @cached_property
    def n_two_class_videos(self) -> int:
        """Videos that hold both labels."""
        return sum(0 < self.y[rows].sum() < len(rows) for rows in self.rows_of_videos)

    @cached_property
    def rows_of_videos(self) -> list[np.ndarray]:
        """Rows of each video."""
        return [np.flatnonzero(self.videos == v) for v in np.unique(self.videos)]

    @property
    def n_folds(self) -> int:
        """Folds of the cross-validation: one a video; with more than 40 videos, 10 groups of whole videos."""
        return self.n_videos if self.n_videos <= MAX_SINGLE_FOLDS else GROUPED_FOLDS

    @cached_property
    def folds(self) -> tuple[Fold, ...] | Folds:
        """Folds of the features as they are, reduced already, unless that would fill much memory."""
        return self.folds_without(None)

    def folds_without(self, covariates: np.ndarray | None) -> tuple[Fold, ...] | Folds:
        """Folds of the features without what covariates, shape (n_segments, q), predict of them."""
        content = np.arange(len(self))
        folds = split_by_video(self.X, self.videos, covariates=covariates, max_folds=self.n_folds, content=content)
        n, n_features = folds.X.shape
        kept = len(folds) * (n + n_features) * min(n, n_features) <= KEPT_ENTRIES
        return tuple(folds) if kept else folds

    def some(self, rows: np.ndarray) -> LabelledSegments:
        """The segments at which a mask is true."""
        confounds = {name: values[rows] for name, values in self.confounds.items()}
        partly_known = {name: values[rows] for name, values in self.partly_known.items()}
        X = self.X[rows] if len(self.X) else self.X
        y, videos, order = self.y[rows], self.videos[rows], self.order[rows]
        return LabelledSegments(y, videos, order, confounds, partly_known, X, timed=self.timed)


def labelled_segments(
    y: np.ndarray,
    video_ids: Ids,
    start_times: np.ndarray | None,
    confounds: Mapping[str, np.ndarray] | None = None,
    *,
    partly_known: Mapping[str, np.ndarray] | None = None,
    X: np.ndarray | None = None,
    removed: Sequence[str] = (),
    not_measured: Sequence[str] = (),
) -> LabelledSegments:
    """Check segments and put them in canonical order.

    Two rows that agree in start time, label and every number, or two videos that agree in all of their rows, are
    interchangeable: whichever comes first changes no result.

    Parameters
    ----------
    y : array-like of 0 and 1, shape (n_segments,)
        1 = STOP, 0 = CONTINUE.
    video_ids : sequence of texts or numbers, one per segment
    start_times : array-like, shape (n_segments,), or None
        Seconds from the start of the video; they say which segments are neighbours. None: not known.
    confounds, partly_known : mapping from name to array-like, shape (n_segments,), optional
        As in `LabelledSegments`.
    X : array-like, shape (n_segments, n_features), optional
        Features.
    removed, not_measured : sequence of str
        Names of further confounds, to be named in the verdict.

    Returns
    -------
    LabelledSegments

    Raises
    ------
    ValueError
        For no segments, lengths that differ, labels other than 0 and 1, and times, features or confounds that are not
        finite; confounds by name.
    """
    labels, ids = np.asarray(y), np.asarray(video_ids)
    n = len(labels)
    starts = np.zeros(n) if start_times is None else np.asarray(start_times, dtype=np.float64)
    if n == 0:
        raise ValueError("segments: none; expected at least one")
    for name, array in (("y", labels), ("video_ids", ids), ("start_times", starts)):
        if array.shape != (n,):
            raise ValueError(f"segments: {name} has shape {array.shape}; expected ({n},), one entry per segment")
    if not np.isin(labels, (0, 1)).all():
        values = np.unique(labels)[:5].tolist()
        raise ValueError(f"segments: labels {values}; expected only 1 (STOP) and 0 (CONTINUE)")
    if not np.isfinite(starts).all():
        row = int(np.argmin(np.isfinite(starts)))
        raise ValueError(f"segments: start time of row {row} is not finite; expected seconds")
    known = _columns(confounds or {}, n, finite=True)
    partial = _columns(partly_known or {}, n, finite=False)
    features = np.empty((n, 0)) if X is None else _features(X, n)
    order, videos = _canonical_order(labels, ids, starts, np.column_stack([features, *known.values()]))
    return LabelledSegments(
        labels[order].astype(np.int8),
        videos,
        order,
        {name: column[order] for name, column in known.items()},
        {name: column[order] for name, column in partial.items()},
        features[order],
        tuple(removed),
        tuple(not_measured),
        start_times is not None,
    )


def _features(X: np.ndarray, n: int) -> np.ndarray:
    X = np.asarray(X, dtype=np.float64)
    if X.ndim != 2 or len(X) != n:
        raise ValueError(f"segments: features of shape {X.shape}; expected {n} rows, one per segment")
    if not np.isfinite(X).all():
        row, column = np.argwhere(~np.isfinite(X))[0]
        raise ValueError(f"segments: feature {column} of row {row} is {X[row, column]}; expected finite numbers")
    return X


def _columns(confounds: Mapping[str, np.ndarray], n: int, *, finite: bool) -> dict[str, np.ndarray]:
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


def _canonical_order(
    y: np.ndarray, ids: np.ndarray, starts: np.ndarray, numbers: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Input row of each canonical row, and its video's number."""
    numbers = numbers + 0.0  # -0.0 and 0.0 are the same number and must be the same bytes
    keys = [(float(starts[i]), int(y[i]), numbers[i].tobytes()) for i in range(len(y))]
    by_video: dict[object, list[int]] = {}
    for i in range(len(y)):
        by_video.setdefault(ids[i], []).append(i)
    groups = [sorted(rows, key=keys.__getitem__) for rows in by_video.values()]
    # The whole timetable first. Between two videos whose first windows start at the same time features would decide
    # otherwise, by their last bits, which differ between machines; and every draw would differ with them.
    groups.sort(key=lambda rows: ([keys[i][:2] for i in rows], [keys[i] for i in rows]))
    order = np.array([i for rows in groups for i in rows], dtype=np.intp)
    return order, np.repeat(np.arange(len(groups)), [len(rows) for rows in groups])
