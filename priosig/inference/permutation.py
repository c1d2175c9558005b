"""T1: is there any signal? A permutation test that refits the probe for every relabelling.

The statistic is the AUC within video of out-of-fold scores. Its distribution under "the label says nothing"
is found by giving segments other labels and running the *whole* cross-validation again, fits included.
Leaving the fits as they are and shuffling labels against scores is too eager (13.7 % false alarms at a
nominal 5 %, and so are DeLong's test and a t-test over folds): any two folds share most of their training
segments, so that their AUCs are correlated under the null.

Labels are swapped within pairs of neighbouring STOP and CONTINUE segments, or, with fewer than 15 pairs,
shuffled within each video; see `priosig.inference.relabelling`. The p-value counts the observed labelling among the
relabellings::

    p = (1 + #{T* >= T - 1e-12}) / (1 + m)

so it is never 0, and with (m + 1) alpha a whole number the test has exactly the level alpha (Phipson & Smyth
2010).

References
----------
B. Phipson & G. K. Smyth (2010), Permutation p-values should never be zero, Stat. Appl. Genet. Mol. Biol. 9, 39.
M. Ojala & G. C. Garriga (2010), Permutation tests for studying classifier performance, J. Mach. Learn. Res. 11,
1833-1863.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from priosig.crossval.folds import Fold, Folds, oof_scores, split_by_video
from priosig.inference.relabelling import Scheme, canonical_rows, draw_relabellings, neighbouring_pairs
from priosig.metrics.auc import auc_within_video

TIE = 1e-12  # two AUCs closer than this are equal: they are ratios of whole numbers, summed in floating point
MAX_SINGLE_FOLDS = 40  # with more videos than this, folds are groups of videos
GROUPED_FOLDS = 10
# Reductions of more entries than this (128 MB) are made one at a time, and again when they are needed again.
KEPT_ENTRIES = 1 << 24
# Scores that are kept for one pass over the folds (800 MB), and that are ranked at a time.
_PASS_ENTRIES = 100_000_000
_BATCH_ENTRIES = 10_000_000


@dataclass(frozen=True)
class PermutationResult:
    """Outcome of a test by relabelling.

    Attributes
    ----------
    statistic : float
        AUC within video under the observed labels.
    pvalue : float
        One-sided; between 1 / (n_permutations + 1) and 1.
    null_distribution : np.ndarray, shape (n_permutations,)
        The statistic under each relabelling, in the order drawn.
    n_permutations : int
    scheme : {"swap neighbouring pairs", "shuffle within video"}
        What was exchanged with what; the second where pairs are too few.
    n_pairs : int
        Neighbouring STOP/CONTINUE pairs.
    n_unpaired : int
        Segments without a partner; they keep their label when pairs are swapped.
    """

    statistic: float
    pvalue: float
    null_distribution: np.ndarray
    n_permutations: int
    scheme: Scheme
    n_pairs: int
    n_unpaired: int


def permutation_test(
    X: np.ndarray,
    y: np.ndarray,
    video_ids: Sequence[str],
    start_times: np.ndarray,
    *,
    n_permutations: int = 9999,
    seed: int = 0,
    C: float = 1.0,
    min_pairs: int = 15,
) -> PermutationResult:
    """T1: test "the label says nothing about these features" by refitting to relabellings.

    The result depends on the seed alone: not on the order of the rows, the names of the videos or the size of
    batches.

    Parameters
    ----------
    X : np.ndarray, shape (n_segments, n_features)
    y : np.ndarray, shape (n_segments,)
        1 = STOP, 0 = CONTINUE.
    video_ids : sequence of str, one per segment
    start_times : np.ndarray, shape (n_segments,)
        Seconds from the start of the video; they say which segments are neighbours.
    n_permutations : int
        ``(n_permutations + 1) * alpha`` should be a whole number.
    seed : int
    C : float
        Inverse L2 penalty of the probe.
    min_pairs : int
        With fewer pairs, labels are shuffled within video instead.

    Returns
    -------
    PermutationResult

    Raises
    ------
    ValueError
        If no AUC within video can be computed: one class, one video, or no video with both classes that
        others can be trained for; or if anything is not finite.
    """
    rows = canonical_rows(y, video_ids, start_times, X)
    X, y = np.asarray(X, dtype=np.float64)[rows.order], np.asarray(y)[rows.order].astype(np.int8)
    require_both_classes("permutation_test", y, rows.videos)
    settings = {"n_permutations": n_permutations, "seed": seed, "C": C, "min_pairs": min_pairs}
    return relabel(folds_of(X, rows.videos), y, rows.videos, **settings)


def relabel(
    folds: tuple[Fold, ...] | Folds,
    y: np.ndarray,
    videos: np.ndarray,
    *,
    n_permutations: int,
    seed: int,
    C: float,
    min_pairs: int,
) -> PermutationResult:
    """`permutation_test` of canonical rows whose folds are there already; both classes must be."""
    pairs = neighbouring_pairs(y, videos)
    labellings, scheme = draw_relabellings(
        y, videos, n_permutations, np.random.default_rng([seed, 1]), min_pairs=min_pairs
    )
    statistic, null = observed_and_null(folds, y, labellings, videos, C=C)
    return PermutationResult(
        statistic,
        permutation_pvalue(statistic, null),
        null,
        n_permutations,
        scheme,
        len(pairs),
        len(y) - 2 * len(pairs),
    )


def folds_of(X: np.ndarray, videos: np.ndarray, covariates: np.ndarray | None = None) -> tuple[Fold, ...] | Folds:
    """One fold a video; with more than 40 videos, 10 folds of whole videos. Rows must be canonical.

    Reduced already, unless that would fill much memory.
    """
    n_folds = count_folds(videos)
    folds = split_by_video(X, videos, covariates=covariates, max_folds=n_folds, content=np.arange(len(videos)))
    n, n_features = folds.X.shape
    return folds if len(folds) * (n + n_features) * min(n, n_features) > KEPT_ENTRIES else tuple(folds)


def count_folds(videos: np.ndarray) -> int:
    """How many folds `folds_of` makes."""
    n_videos = len(np.unique(videos))
    return n_videos if n_videos <= MAX_SINGLE_FOLDS else GROUPED_FOLDS


def observed_and_null(
    folds: tuple[Fold, ...] | Folds, y: np.ndarray, labellings: np.ndarray, videos: np.ndarray, *, C: float = 1.0
) -> tuple[float, np.ndarray]:
    """AUC within video under the observed labels, and under each relabelling, all refitted."""
    values = refitted_aucs(folds, np.vstack([y[None, :], labellings]), videos, C=C)
    if np.isnan(values[0]):
        raise ValueError(
            "permutation test: AUC within video is undefined, because no video that holds both classes can be scored "
            "by a probe trained on the other videos; expected at least two videos with both classes"
        )
    return float(values[0]), values[1:]


def refitted_aucs(
    folds: tuple[Fold, ...] | Folds, labellings: np.ndarray, videos: np.ndarray, *, C: float = 1.0
) -> np.ndarray:
    """AUC within video of out-of-fold scores, the probe refitted to each labelling; shape (n_labellings,)."""
    n = labellings.shape[1]
    at_once, batch = max(1, _PASS_ENTRIES // n), max(1, _BATCH_ENTRIES // n)
    parts = []
    for first in range(0, len(labellings), at_once):
        some = labellings[first : first + at_once]
        scores = oof_scores(folds, some, C)
        for start in range(0, len(some), batch):
            k = slice(start, start + batch)
            parts.append(auc_within_video(scores[k], some[k], videos, allow_unscored=True))
    return np.concatenate(parts)


def permutation_pvalue(statistic: float, null: np.ndarray) -> float:
    """``(1 + #{T* >= T - 1e-12}) / (1 + m)`` (Phipson & Smyth 2010); an undefined T* counts against the
    signal.

    Examples
    --------
    >>> permutation_pvalue(0.9, np.array([0.5, 0.9, 0.6]))
    0.5
    """
    return float((1 + np.sum(~(null < statistic - TIE))) / (1 + len(null)))


def require_both_classes(where: str, y: np.ndarray, videos: np.ndarray) -> None:
    """Refuse labels from which no AUC within video can be computed."""
    if y.min() == y.max():
        raise ValueError(
            f"{where}: all {len(y)} segments are {'STOP' if y[0] else 'CONTINUE'}; expected both classes"
        )
    if not any(0 < y[videos == v].sum() < (videos == v).sum() for v in np.unique(videos)):
        raise ValueError(
            f"{where}: no video holds both STOP and CONTINUE; expected at least one, AUC is taken within video"
        )
