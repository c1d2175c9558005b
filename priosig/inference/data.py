"""The rows that statistics are made of: checked once, put in canonical order once, and then passed on whole.

**Canonical order.** A result depends neither on the order in which rows are given nor on what videos are called. Rows
are sorted within a video by start time, then label, then their own numbers; videos by their start times and labels,
then by their numbers. Rows of a risk set stay together.

**Sets and strata.** Labels are exchanged within sets that hold one STOP each; AUCs are taken within strata:

- *pairs*: sets are pairs of neighbouring STOP and CONTINUE segments, strata are videos;
- *risk sets* (`priosig.annotations.risk_sets`): sets and strata are the risk sets. Features are centred within them;
- *unordered*: neighbours are unknown. Labels are shuffled within video, strata are videos.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Self

import numpy as np

from priosig._core.arrays import centred_within
from priosig._core.checks import Ids
from priosig.crossval.folds import Fold, Folds, split_by_video
from priosig.inference._rows import canonical_order, checked_columns, checked_features, in_order, numbered_risk_sets
from priosig.inference.matched_logistic import UNMATCHED

MAX_SINGLE_FOLDS = 40  # with more videos than this, folds are groups of videos
GROUPED_FOLDS = 10
KEPT_ENTRIES = 1 << 24  # 128 MB; larger reductions are made one at a time, and again when they are needed again


@dataclass(frozen=True)
class ConfoundNames:
    """Names of confounds, in groups.

    `removed` are equal for all segments; `not_measured` are not measured for every segment; `acoustic` are measured
    from the playing itself and may be music; `tied` are tied to the label by the definition of the windows, each with
    its AUC within video; `chosen` were added by the study, or given a role by it ("artefact" or "acoustic").
    """

    removed: tuple[str, ...] = ()
    not_measured: tuple[str, ...] = ()
    acoustic: tuple[str, ...] = ()
    tied: tuple[tuple[str, float], ...] = ()
    chosen: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, eq=False)
class LabelledSegments:
    """Labels, videos, confounds and features of segments, in canonical order. Made by `labelled_segments`.

    All arrays have a row a segment. `y` is 1 for STOP and 0 for CONTINUE; `videos` are numbers from 0, ascending;
    `order` is the row of the input; `confounds` are finite, `partly_known` ones are NaN where a value is not known.
    `ordered` says whether rows of a video are in time order. `of_labels` is a cache of what depends on all but the
    features; it is shared with segments that differ in features alone.
    """

    y: np.ndarray
    videos: np.ndarray
    order: np.ndarray
    confounds: Mapping[str, np.ndarray] = field(default_factory=dict)
    partly_known: Mapping[str, np.ndarray] = field(default_factory=dict)
    X: np.ndarray = field(default_factory=lambda: np.empty((0, 0)))
    names: ConfoundNames = ConfoundNames()
    risk_sets: np.ndarray | None = None
    ordered: bool = True
    of_labels: dict[Hashable, Any] = field(default_factory=dict, init=False, repr=False)

    def __len__(self) -> int:
        return len(self.y)

    def with_features(self, X: np.ndarray) -> Self:
        """The same segments with other features, given in the order of the input."""
        return self.with_rows(checked_features(X, len(self))[self.order])

    def with_rows(self, X: np.ndarray) -> Self:
        """The same segments with other features, given in canonical order."""
        other = replace(self, X=X if self.risk_sets is None else centred_within(X, self.risk_sets))
        object.__setattr__(other, "of_labels", self.of_labels)
        return other

    @property
    def strata(self) -> np.ndarray:
        """The groups that AUCs are taken within: risk sets, or else videos."""
        return self.videos if self.risk_sets is None else self.risk_sets

    @cached_property
    def sets(self) -> np.ndarray:
        """Set of each row within which its label is exchanged; -1 for a row that keeps its label."""
        if self.risk_sets is not None:
            return self.risk_sets
        sets = np.full(len(self), UNMATCHED)
        sets[self.pairs] = np.arange(len(self.pairs))[:, None]
        return sets

    @cached_property
    def n_sets(self) -> int:
        """Sets; unordered, as many as a video's rarer label has segments."""
        if not self.ordered:
            stops = [(int(self.y[rows].sum()), len(rows)) for rows in self.rows_of_videos]
            return sum(min(n_stop, n - n_stop) for n_stop, n in stops)
        return len(np.unique(self.sets[self.sets != UNMATCHED]))

    @cached_property
    def pairs(self) -> np.ndarray:
        """Rows (stop, continue) of neighbouring pairs, shape (n_sets, 2); no row occurs twice.

        Greedy, in time order within each video::

            S S C S C   ->   S (S C) (S C)         S C S   ->   (S C) S
        """
        pairs, i, y, videos = [], 0, self.y, self.videos
        while self.ordered and i + 1 < len(y):
            if videos[i] == videos[i + 1] and y[i] != y[i + 1]:
                pairs.append((i, i + 1) if y[i] == 1 else (i + 1, i))
                i += 2
            else:
                i += 1
        return np.array(pairs, dtype=np.intp).reshape(-1, 2)

    @cached_property
    def n_videos(self) -> int:
        return len(np.unique(self.videos))

    @cached_property
    def n_two_class_videos(self) -> int:
        return sum(0 < self.y[rows].sum() < len(rows) for rows in self.rows_of_videos)

    @cached_property
    def rows_of_videos(self) -> list[np.ndarray]:
        return [np.flatnonzero(self.videos == v) for v in np.unique(self.videos)]

    @property
    def n_folds(self) -> int:
        """Folds of the cross-validation: one a video; with more than 40 videos, 10 groups of whole videos."""
        return self.n_videos if self.n_videos <= MAX_SINGLE_FOLDS else GROUPED_FOLDS

    @cached_property
    def folds(self) -> tuple[Fold, ...] | Folds:
        """Folds of the features as they are, reduced already, unless that would fill much memory."""
        folds = split_by_video(self.X, self.videos, max_folds=self.n_folds, content=np.arange(len(self)))
        n, n_features = folds.X.shape
        kept = len(folds) * (n + n_features) * min(n, n_features) <= KEPT_ENTRIES
        return tuple(folds) if kept else folds


def labelled_segments(
    y: np.ndarray,
    video_ids: Ids,
    start_times: np.ndarray | None,
    confounds: Mapping[str, np.ndarray] | None = None,
    *,
    partly_known: Mapping[str, np.ndarray] | None = None,
    X: np.ndarray | None = None,
    set_ids: Sequence[str] | None = None,
    names: ConfoundNames | None = None,
) -> LabelledSegments:
    """Check segments and put them in canonical order.

    Two rows that agree in start time, label and every number, or two videos that agree in all of their rows, are
    interchangeable: their order changes no result.

    Parameters
    ----------
    y : array-like of 0 (CONTINUE) and 1 (STOP), shape (n_segments,)
    video_ids : sequence of str, one per segment
    start_times : array-like, shape (n_segments,)
        Seconds from the start of the video; they say which segments are neighbours. None where nobody knows.
    confounds, partly_known : mapping from name to array-like, shape (n_segments,), optional
    X : array-like, shape (n_segments, n_features), optional
    set_ids : sequence of str, one per segment, optional
        Risk sets: one STOP in each, and all of its segments in one video.
    names : ConfoundNames, optional

    Raises
    ------
    ValueError
        For no segments, lengths that differ, labels other than 0 and 1, times, features or confounds that are not
        finite (confounds by name), and a risk set that has not exactly one STOP or lies in several videos.
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
    known = checked_columns(confounds or {}, n, finite=True)
    partial = checked_columns(partly_known or {}, n, finite=False)
    features = np.empty((n, 0)) if X is None else checked_features(X, n)
    numbers = np.column_stack([features, *known.values()])
    risk_sets = None if set_ids is None else numbered_risk_sets(labels, ids, np.asarray(set_ids))
    order, videos = canonical_order(labels, ids, starts, numbers, risk_sets)
    data = LabelledSegments(
        labels[order].astype(np.int8),
        videos,
        order,
        {name: column[order] for name, column in known.items()},
        {name: column[order] for name, column in partial.items()},
        names=names or ConfoundNames(),
        risk_sets=None if risk_sets is None else in_order(risk_sets[order]),
        ordered=start_times is not None,
    )
    return data.with_features(features)
