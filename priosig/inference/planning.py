"""How many videos a study needs: power of T1 against the number of videos, before any audio.

Annotations fix which STOP and CONTINUE windows are compared with each other: those of a *stratum*, which is a video
or a risk set. A study of more or fewer videos repeats the annotated ones, spread evenly over their sizes. Features
are independent Gaussian numbers, with a shift of the STOP windows along one direction, so large that an ideal
listener to this direction has the AUC that is asked for. Real features are not Gaussian and real windows are not
independent: this is the power of a favourable study.

Each simulated study is scored by a probe trained on other videos, by AUC within strata. The critical value comes from
simulated studies without a signal. The standard error of independent scores is too small, since the AUCs of folds are
correlated. The probe is a ridge regression of the labels on the features, both centred within strata, with the
curvature that the logistic loss has where all segments are equally hard. For shifted Gaussian features it does as
well as the logistic regression of T1, and all its fits follow from sums over videos, so that a table takes seconds.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from priosig._core.checks import check_labels
from priosig.inference.data import GROUPED_FOLDS, MAX_SINGLE_FOLDS

AUCS = (0.60, 0.65, 0.70, 0.75)
N_VIDEOS = (5, 10, 20, 40, 60)
WANTED = 0.8  # power that a study should have
MOST_FEATURES = 100
_SHUFFLES = 6  # studies without a signal that are made of one set of features
_ROWS = 80_000  # simulated for each number of videos: small studies are simulated more often
_ENTRIES = 1 << 22  # numbers held at a time

Strata = list[tuple[int, int]]  # n1 and n0 of each stratum of a video


@dataclass(frozen=True)
class PowerTable:
    """Power of T1 for a signal of known strength, by number of videos.

    Attributes
    ----------
    aucs : tuple of float
        Of an ideal listener, within strata.
    power, width : np.ndarray, shape (n_aucs, n_numbers)
        Power, which never falls with the number of videos; width of a 95 % interval of the probe's AUC: twice its
        standard deviation over studies, times the quantile of t.
    needed : tuple of int or None
        For each AUC the least number of videos with a power of 80 %; None where the largest number has less.
    critical : np.ndarray, shape (n_numbers,)
        AUC within strata above which T1 rejects.
    """

    aucs: tuple[float, ...]
    n_videos: tuple[int, ...]
    power: np.ndarray
    needed: tuple[int | None, ...]
    critical: np.ndarray
    width: np.ndarray


def plan(
    y: ArrayLike,
    video_ids: Sequence[str],
    strata: Sequence[str] | None = None,
    *,
    aucs: Sequence[float] = AUCS,
    n_videos: Sequence[int] = N_VIDEOS,
    n_features: int = 19,
    alpha: float = 0.05,
    C: float = 1.0,
    n_replicates: int = 100,
    seed: int = 0,
) -> PowerTable:
    """Power of T1 on windows like these, by number of videos.

    Parameters
    ----------
    y, video_ids, strata : array-likes of length n_segments
        Labels, 1 is STOP; videos; what each segment is compared within, which lies in one video: the video by
        default.
    aucs : sequence of float
        Of an ideal listener, 0.5 to 1, ascending.
    n_videos : sequence of int
        2 or more, ascending. Videos that hold a stratum of both labels count.
    n_features, alpha, C
        Of the probe and of T1; 1 to 100 features, since the work grows with their cube.
    n_replicates : int
        Least number of simulated studies for each number of videos; with 100 the error of a power is at most 0.05.
    seed : int

    Raises
    ------
    ValueError
        If no stratum holds both labels, or a number is out of range.
    """
    from scipy.special import ndtr, ndtri, stdtrit

    _check(aucs, n_videos, n_features, alpha, seed)
    videos = _strata_by_video(check_labels("plan", y), video_ids, video_ids if strata is None else strata)
    shifts = np.sqrt(2) * ndtri(np.asarray(aucs, dtype=np.float64))
    margins, critical = np.empty((len(n_videos), len(aucs))), np.empty(len(n_videos))
    width = np.empty((len(aucs), len(n_videos)))
    for row, n in enumerate(n_videos):
        study = _Study.of([videos[int((i + 0.5) * len(videos) / n)] for i in range(n)])
        replicates = max(n_replicates, _ROWS // len(study.y))
        null, signal = _simulate(study, shifts, n_features, C, replicates, np.random.default_rng([seed, n]))
        critical[row] = np.quantile(null, 1 - alpha, method="higher")
        margins[row] = (signal.mean(axis=1) - critical[row]) / signal.std(axis=1)
        width[:, row] = 2 * stdtrit(n - 1, 0.975) * signal.std(axis=1)
    # A curve through them steadies what was simulated, and gives the numbers between.
    every = np.arange(n_videos[0], n_videos[-1] + 1)
    curve = np.vander(np.log(every), 3) @ np.linalg.lstsq(np.vander(np.log(n_videos), 3), margins)[0]
    power = ndtr(np.maximum.accumulate(curve)).T
    needed = (int(every[(row >= WANTED).argmax()]) if row[-1] >= WANTED else None for row in power)
    return PowerTable(
        tuple(aucs), tuple(n_videos), power[:, np.array(n_videos) - n_videos[0]], tuple(needed), critical, width
    )


def _check(aucs: Sequence[float], n_videos: Sequence[int], n_features: int, alpha: float, seed: int) -> None:
    """Refuse numbers that no study has."""
    if not aucs or not n_videos or any(n != int(n) for n in n_videos):
        raise ValueError(
            f"plan: AUCs {list(aucs)}, videos {list(n_videos)}; expected some, and whole numbers of videos"
        )
    if min(n_videos) < 2:
        raise ValueError(
            f"plan: {min(n_videos)} video; expected 2 or more, since each is scored by the others' probe"
        )
    outside = [auc for auc in aucs if not 0.5 <= auc < 1]
    if outside:
        raise ValueError(f"plan: an AUC is {outside[0]}; expected 0.5 or more, and less than 1")
    if not 0 < alpha < 1:
        raise ValueError(f"plan: alpha is {alpha}; expected a number between 0 and 1")
    for name, values in (("AUCs", aucs), ("numbers of videos", n_videos)):
        if list(values) != sorted(set(values)):
            raise ValueError(f"plan: {name} are {list(values)}; expected each once, in ascending order")
    if not 1 <= n_features <= MOST_FEATURES:
        raise ValueError(f"plan: n_features is {n_features}; expected 1 to {MOST_FEATURES}")
    if seed < 0:
        raise ValueError(f"plan: seed is {seed}; expected a whole number of 0 or more")


@dataclass(frozen=True)
class _Study:
    """Rows of the strata one after another, STOPs first.

    `contrast` is y less its mean in the stratum; `alike` has, for all strata of equal counts n1 and n0, their rows,
    shape (n_strata, n1 + n0), and n1.
    """

    y: np.ndarray
    strata: np.ndarray
    folds: np.ndarray
    contrast: np.ndarray
    alike: tuple[tuple[np.ndarray, int], ...]

    @classmethod
    def of(cls, videos: Sequence[Strata]) -> Self:
        counts = [(video, n1, n0) for video, strata in enumerate(videos) for n1, n0 in strata]
        sizes = np.array([n1 + n0 for _, n1, n0 in counts])
        starts = np.cumsum(sizes) - sizes
        y = np.concatenate([np.repeat([1, 0], [n1, n0]) for _, n1, n0 in counts])
        strata = np.repeat(np.arange(len(counts)), sizes)
        n_folds = len(videos) if len(videos) <= MAX_SINGLE_FOLDS else GROUPED_FOLDS
        folds = np.repeat([video for video, *_ in counts], sizes) % n_folds
        kinds: dict[tuple[int, int], list[int]] = {}
        for start, (_, n1, n0) in zip(starts, counts, strict=True):
            kinds.setdefault((n1, n0), []).append(start)
        alike = tuple((np.add.outer(at, np.arange(n1 + n0)), n1) for (n1, n0), at in kinds.items())
        mean = np.add.reduceat(y, starts) / sizes
        return cls(y, strata, folds, y - mean[strata], alike)


def _strata_by_video(y: np.ndarray, video_ids: Sequence[str], strata: Sequence[str]) -> list[Strata]:
    """Counts of the strata that hold both labels, by video that has some; videos in order of their weight."""
    counts: dict[str, dict[str, list[int]]] = {}
    for label, video, stratum in zip(y, video_ids, strata, strict=True):
        counts.setdefault(video, {}).setdefault(stratum, [0, 0])[1 - label] += 1
    videos = [sorted((n1, n0) for n1, n0 in of_video.values() if n1 and n0) for of_video in counts.values()]
    videos = [strata_of_video for strata_of_video in videos if strata_of_video]
    if not videos:
        raise ValueError("plan: no video or set holds both STOP and CONTINUE; expected windows to compare")
    return sorted(videos, key=lambda strata: (sum(n1 * n0 / (n1 + n0 + 1) for n1, n0 in strata), strata))


def _simulate(
    study: _Study, shifts: np.ndarray, n_features: int, C: float, n_replicates: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """AUCs without a signal, shape (n,), and with signals of each strength, shape (n_shifts, n_replicates)."""
    n = len(study.y)
    starts = np.flatnonzero(np.diff(study.strata, prepend=-1))
    sizes = np.diff(starts, append=n)
    at_once = max(1, _ENTRIES // (n * n_features))
    null, signal = [], []
    for first in range(0, n_replicates, at_once):
        X = rng.standard_normal((min(at_once, n_replicates - first), n, n_features))
        X -= np.repeat(np.add.reduceat(X, starts, axis=1) / sizes[:, None], sizes, axis=1)
        orders = [np.arange(n)]
        for _ in range(_SHUFFLES):
            orders.append(orders[-1][np.lexsort((rng.random(n), study.strata))])
        without, shifted = _aucs(X, study, orders[1:], shifts, C)
        null.append(without.ravel())
        signal.append(shifted)
    return np.concatenate(null), np.concatenate(signal, axis=1)


def _aucs(
    X: np.ndarray, study: _Study, shuffles: Sequence[np.ndarray], shifts: ArrayLike, C: float
) -> tuple[np.ndarray, np.ndarray]:
    """AUC within strata of studies X, shape (m, n, d), centred within strata.

    The first result, shape (n_shuffles, m), is of features shuffled within strata: a shuffle names the row of X for
    each segment. The second, shape (n_shifts, m), is of STOPs shifted along the first feature.

    All probes of a fold are made of one inverse. Shuffled features have the same Gram matrix, which is G with the
    ridge. A shift s adds s (e p' + p e') + s^2 c e e' to G, and s c e to p = X'y, with e the first unit vector and c
    = y'y. The solution is then, up to a positive factor, (1 + s q_1) q + s (c - p'q) u, where q = G^-1 p and u =
    G^-1 e (Woodbury). Ranks within strata do not depend on the factor.
    """
    contrast, fold_rows = study.contrast, _rows_of(study.folds)
    labels = np.array([contrast, *(contrast[np.argsort(shuffle)] for shuffle in shuffles)])
    products = np.stack([X[:, rows].transpose(0, 2, 1) @ labels[:, rows].T for rows in fold_rows], axis=1)
    gram = np.stack([X[:, rows].transpose(0, 2, 1) @ X[:, rows] for rows in fold_rows], axis=1)
    spread = np.array([contrast[rows] @ contrast[rows] for rows in fold_rows])
    gram, products = (total.sum(axis=1, keepdims=True) - total for total in (gram, products))
    share = study.y.mean()
    diagonal = np.arange(X.shape[2])
    gram[..., diagonal, diagonal] += 1 / (C * share * (1 - share))
    unit = np.broadcast_to(np.eye(X.shape[2], 1), (*gram.shape[:3], 1))
    probes = np.linalg.solve(gram, np.concatenate([products, unit], axis=-1))
    first = probes[..., 0, 0].T  # q_1, shape (n_folds, m)
    unexplained = (spread.sum() - spread)[:, None] - np.einsum("mfd,mfd->fm", products[..., 0], probes[..., 0])
    scores = np.empty((probes.shape[3], *X.shape[1::-1]))
    for fold, rows in enumerate(fold_rows):
        scores[:, rows] = (X[:, rows] @ probes[:, fold]).transpose(2, 1, 0)
    null = [_auc(scores[k][shuffle], study) for k, shuffle in enumerate(shuffles, 1)]
    signal = []
    for s in np.asarray(shifts):
        of_q, of_u = 1 + s * first, s * unexplained
        mean = s * (of_q * first + of_u * probes[..., 0, -1].T)  # score of the shift itself
        at = study.folds
        signal.append(_auc(of_q[at] * scores[0] + of_u[at] * scores[-1] + contrast[:, None] * mean[at], study))
    return np.reshape(null, (-1, len(X))), np.reshape(signal, (-1, len(X)))


def _auc(scores: np.ndarray, study: _Study) -> np.ndarray:
    """AUC within strata of scores, shape (n, m), none of which are equal: from ranks, since pairs are too many."""
    wins, pairs = np.zeros(scores.shape[1]), 0.0
    for rows, n1 in study.alike:
        n_strata, size = rows.shape
        is_stop = np.argsort(scores.T[:, rows], axis=-1) < n1  # of the lowest, the next, ... of each stratum
        ranks = is_stop.sum(axis=1) @ np.arange(size)
        wins += (ranks - n_strata * n1 * (n1 - 1) / 2) / (size + 1)
        pairs += n_strata * n1 * (size - n1) / (size + 1)
    return wins / pairs


def _rows_of(folds: np.ndarray) -> list[np.ndarray | slice]:
    """Rows of each fold; a slice where they follow each other, which is quicker."""
    rows_by_fold = [np.flatnonzero(folds == fold) for fold in range(folds.max() + 1)]
    return [slice(rows[0], rows[-1] + 1) if rows[-1] - rows[0] + 1 == len(rows) else rows for rows in rows_by_fold]
