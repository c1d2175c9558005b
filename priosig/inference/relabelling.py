"""Which labels may be exchanged with which.

A test by relabelling is only as good as the set of relabellings that the null hypothesis makes equally likely. In a
masterclass labels alternate in time by construction (two CONTINUE windows are never neighbours) and playing drifts
slowly, so labels are not exchangeable over a video. What is nearly exchangeable is a STOP window and the CONTINUE
window *next to it*: same student, same piece, same microphone, minutes apart. So neighbours of opposite label are
paired (`LabelledSegments.pairs`); a relabelling swaps each pair, or not, independently, with probability one half; a
segment without a partner keeps its label. This is restricted exchangeability with whole pairs as blocks (Winkler et
al. 2014).

Relabellings are ``int8`` arrays of shape (n_relabellings, n_segments). All tests of one seed throw the same coins.

References
----------
A. M. Winkler et al. (2014), Permutation inference for the general linear model, NeuroImage 92, 381-397.
A. M. Winkler et al. (2015), Multi-level block permutation, NeuroImage 123, 253-268.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from priosig.inference.data import LabelledSegments
from priosig.verdict.rule import Rule

Scheme = Literal["swap neighbouring pairs", "shuffle within video"]
SWAP: Scheme = "swap neighbouring pairs"
SHUFFLE: Scheme = "shuffle within video"


def relabelling_rng(seed: int) -> np.random.Generator:
    """The generator of every test's relabellings."""
    return np.random.default_rng([seed, 1])


def scheme_of(data: LabelledSegments, rule: Rule) -> Scheme:
    """How labels are exchanged: by pairs, or within video where there are fewer pairs than the rule asks for."""
    return SWAP if len(data.pairs) >= rule.min_pairs else SHUFFLE


def draw_relabellings(data: LabelledSegments, rule: Rule, seed: int) -> np.ndarray:
    """Relabellings under "the label says nothing", shape (rule.n_permutations, n_segments)."""
    rng, n = relabelling_rng(seed), rule.n_permutations
    if scheme_of(data, rule) == SWAP:
        return flip_pairs(data.y, data.pairs, rng.random((n, len(data.pairs))) < 0.5)
    return shuffle_within_videos(data.y, data.videos, n, rng)


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
