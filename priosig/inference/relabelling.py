"""Which labels may be exchanged with which: canonical rows, neighbouring pairs, relabellings.

A test by relabelling is only as good as the set of relabellings that the null hypothesis makes equally
likely. In a masterclass labels alternate in time by construction (two CONTINUE windows are never neighbours)
and playing drifts slowly, so labels are not exchangeable over a video. What is nearly exchangeable is a STOP
window and the CONTINUE window *next to it*: same student, same piece, same microphone, minutes apart. So each
video's segments are read in time order and neighbours of opposite label are paired greedily; a relabelling
swaps each pair, or not, independently, with probability one half; a segment without a partner keeps its
label. This is restricted exchangeability with whole pairs as blocks (Winkler et al. 2014).

**Canonical rows.** A result must not depend on the order in which rows were given, nor on what videos are
called. Every public function of the statistics therefore first sorts its rows (`canonical_rows`): within a
video by start time, then label, then the row's own numbers; videos by their start times and labels, then by
their numbers, never by name. Random draws and matrix products then see the same arrays in the same order.

Conventions: y is 1 for STOP and 0 for CONTINUE; times are seconds from the start of the video; pairs are rows
``(stop, continue)`` of the labels as observed; relabellings are ``int8`` arrays of shape (n_relabellings,
n_segments).

References
----------
A. M. Winkler et al. (2014), Permutation inference for the general linear model, NeuroImage 92, 381-397.
A. M. Winkler et al. (2015), Multi-level block permutation, NeuroImage 123, 253-268.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

Scheme = Literal["swap neighbouring pairs", "shuffle within video"]
SWAP: Scheme = "swap neighbouring pairs"
SHUFFLE: Scheme = "shuffle within video"


@dataclass(frozen=True)
class CanonicalRows:
    """An order of the rows that depends on their content alone.

    Attributes
    ----------
    order : np.ndarray, shape (n_segments,)
        Row numbers of the input, in canonical order: ``X[order]`` is canonical.
    videos : np.ndarray, shape (n_segments,)
        Video number 0 .. n_videos - 1 of each canonical row; never decreasing.
    """

    order: np.ndarray
    videos: np.ndarray


def canonical_rows(
    y: np.ndarray, video_ids: Sequence[str] | np.ndarray, start_times: np.ndarray, *columns: np.ndarray
) -> CanonicalRows:
    """Sort rows by time within video, and videos by their content instead of their name.

    Two rows that agree in start time, label and every column, or two videos that agree in all of their rows,
    are interchangeable, so whichever comes first changes no result.

    Parameters
    ----------
    y : np.ndarray, shape (n_segments,)
        1 = STOP, 0 = CONTINUE.
    video_ids : sequence of str, one per segment
    start_times : np.ndarray, shape (n_segments,)
        Seconds from the start of the video.
    *columns : np.ndarray, shape (n_segments,) or (n_segments, d)
        What breaks ties: features, confounds.

    Raises
    ------
    ValueError
        If lengths differ, a label is neither 0 nor 1, or a start time or a column holds NaN or infinity.
    """
    labels = np.asarray(y)
    ids = np.asarray(video_ids)
    starts = np.asarray(start_times, dtype=np.float64)
    n = len(labels)
    if n == 0:
        raise ValueError("canonical_rows: no segments; expected at least one")
    lengths = {"y": labels.shape, "video_ids": ids.shape, "start_times": starts.shape}
    for name, shape in lengths.items():
        if shape != (n,):
            raise ValueError(f"canonical_rows: {name} has shape {shape}; expected ({n},), one entry per segment")
    if not np.isin(labels, (0, 1)).all():
        raise ValueError(
            f"canonical_rows: labels {np.unique(labels)[:5].tolist()}; expected only 1 (STOP) and 0 (CONTINUE)"
        )
    if not np.isfinite(starts).all():
        raise ValueError(
            f"canonical_rows: start time of row {int(np.argmin(np.isfinite(starts)))} is not finite; expected seconds"
        )
    tie_breakers = []
    for column in columns:
        block = np.ascontiguousarray(column, dtype=np.float64)
        if len(block) != n:
            raise ValueError(f"canonical_rows: a column has {len(block)} rows; expected {n}, one per segment")
        if not np.isfinite(block).all():
            row = int(np.argwhere(~np.isfinite(block))[0][0])
            raise ValueError(f"canonical_rows: row {row} holds NaN or infinity; expected finite numbers")
        tie_breakers.append(block + 0.0)  # -0.0 and 0.0 are the same number and must be the same bytes
    keys = [(float(starts[i]), int(labels[i]), *(block[i].tobytes() for block in tie_breakers)) for i in range(n)]
    by_video: dict[object, list[int]] = {}
    for i in range(n):
        by_video.setdefault(ids[i], []).append(i)
    groups = [sorted(rows, key=keys.__getitem__) for rows in by_video.values()]
    # The whole timetable first. Between two videos whose first windows start at the same time features would decide
    # otherwise, by their last bits, which differ between machines; and every draw would differ with them.
    groups.sort(key=lambda rows: ([keys[i][:2] for i in rows], [keys[i] for i in rows]))
    order = np.array([i for rows in groups for i in rows], dtype=np.intp)
    videos = np.repeat(np.arange(len(groups)), [len(rows) for rows in groups])
    return CanonicalRows(order, videos)


def neighbouring_pairs(y: np.ndarray, videos: np.ndarray) -> np.ndarray:
    """Greedy pairs of neighbouring STOP and CONTINUE segments, in time order within each video.

    ::

        S S C S C   ->   S (S C) (S C)         S C S   ->   (S C) S

    Parameters
    ----------
    y, videos : np.ndarray, shape (n_segments,)
        Labels and video numbers of canonical rows: each video together, in time order.

    Returns
    -------
    np.ndarray, shape (n_pairs, 2)
        Row of the STOP and row of the CONTINUE segment; no row occurs twice.
    """
    pairs = []
    i = 0
    while i + 1 < len(y):
        if videos[i] == videos[i + 1] and y[i] != y[i + 1]:
            pairs.append((i, i + 1) if y[i] == 1 else (i + 1, i))
            i += 2
        else:
            i += 1
    return np.array(pairs, dtype=np.intp).reshape(-1, 2)


def flip_pairs(y: np.ndarray, pairs: np.ndarray, flips: np.ndarray) -> np.ndarray:
    """The labellings in which each pair is swapped where `flips` says so.

    Parameters
    ----------
    y : np.ndarray, shape (n_segments,)
    pairs : np.ndarray, shape (n_pairs, 2)
    flips : np.ndarray of bool, shape (n_relabellings, n_pairs)

    Returns
    -------
    np.ndarray of int8, shape (n_relabellings, n_segments)
    """
    labellings = np.repeat(np.asarray(y, dtype=np.int8)[None, :], len(flips), axis=0)
    labellings[:, pairs[:, 0]] = ~flips
    labellings[:, pairs[:, 1]] = flips
    return labellings


def shuffle_within_videos(y: np.ndarray, videos: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
    """`n` labellings, each with every video's labels in a uniformly random order.

    Sorting by independent uniform keys draws a uniform permutation; keys are drawn one relabelling after the
    other, so that the first k of `n` do not depend on `n`.

    Returns
    -------
    np.ndarray of int8, shape (n, n_segments)
    """
    order = np.argsort(rng.random((n, len(y))) + videos, axis=1)  # video number + [0, 1): videos stay together
    return np.asarray(y, dtype=np.int8)[order]


def draw_relabellings(
    y: np.ndarray, videos: np.ndarray, n: int, rng: np.random.Generator, *, min_pairs: int = 15
) -> tuple[np.ndarray, Scheme]:
    """Relabellings under "the label says nothing": pairs swapped or, with too few pairs, labels shuffled
    within video.

    Returns
    -------
    labellings : np.ndarray of int8, shape (n, n_segments)
    scheme : {"swap neighbouring pairs", "shuffle within video"}
        The second where there are fewer than `min_pairs` pairs: few pairs give few distinct relabellings.
    """
    pairs = neighbouring_pairs(y, videos)
    if len(pairs) >= min_pairs:
        return flip_pairs(y, pairs, rng.random((n, len(pairs))) < 0.5), SWAP
    return shuffle_within_videos(y, videos, n, rng), SHUFFLE
