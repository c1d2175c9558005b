"""Which labels may be exchanged with which.

A test by relabelling needs relabellings that the null hypothesis makes equally likely. In a masterclass labels
alternate in time (two CONTINUE windows are never neighbours) and playing drifts slowly, so that labels are not
exchangeable over a video. There are three schemes:

- *redraw within risk sets*: of the bouts that were still going on each is as likely to be the stopped one.
- *swap neighbouring pairs*: a STOP window and the CONTINUE window next to it share student, piece and microphone.
  Each pair is swapped with probability one half; a segment without a partner keeps its label. This is restricted
  exchangeability with whole pairs as blocks (Winkler et al. 2014). A STOP mostly comes first in its pair
  (`stop_first`), so that a trend over the video has to be taken out of the features.
- *shuffle within video*: where neighbours are unknown, or pairs are too few.

Relabellings are ``int8`` arrays of shape (n_relabellings, n_segments). All tests of one seed throw the same coins.

References
----------
A. M. Winkler et al. (2014), Permutation inference for the general linear model, NeuroImage 92, 381-397.
A. M. Winkler et al. (2015), Multi-level block permutation, NeuroImage 123, 253-268.
"""

from typing import Literal

import numpy as np

from priosig.inference.data import LabelledSegments
from priosig.inference.matched_logistic import draw_events, equal_probabilities
from priosig.verdict.rule import Rule

Scheme = Literal["redraw within risk sets", "swap neighbouring pairs", "shuffle within video"]
REDRAW: Scheme = "redraw within risk sets"
SWAP: Scheme = "swap neighbouring pairs"
SHUFFLE: Scheme = "shuffle within video"


def relabelling_rng(seed: int) -> np.random.Generator:
    """The generator of every test's relabellings."""
    return np.random.default_rng([seed, 1])


def scheme_of(data: LabelledSegments, rule: Rule) -> Scheme:
    """How labels are exchanged."""
    if data.risk_sets is not None:
        return REDRAW
    return SWAP if len(data.pairs) >= rule.min_sets else SHUFFLE


def draw_relabellings(data: LabelledSegments, rule: Rule, seed: int) -> np.ndarray:
    """Relabellings under "the label says nothing", shape (rule.n_permutations, n_segments)."""
    if scheme_of(data, rule) == SHUFFLE:
        return shuffle_within_videos(data.y, data.videos, rule.n_permutations, relabelling_rng(seed))
    return draw_events(equal_probabilities(data.y, data.sets), data.y, data.sets, coins(data, rule, seed))


def coins(data: LabelledSegments, rule: Rule, seed: int) -> np.ndarray:
    """Uniform numbers that decide which segment of each set is the STOP, shape (rule.n_permutations, n_sets)."""
    return relabelling_rng(seed).random((rule.n_permutations, data.n_sets))


def stop_first(data: LabelledSegments) -> tuple[int, int]:
    """In how many neighbouring pairs the STOP comes first, and of how many."""
    return int(np.sum(data.pairs[:, 0] < data.pairs[:, 1])), len(data.pairs)


def shuffle_within_videos(values: np.ndarray, videos: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
    """`n` arrays, each with every video's values in a uniformly random order; shape (n, n_segments).

    Sorting by independent uniform keys draws a uniform permutation. Keys are drawn one array after the other, so that
    the first k of `n` do not depend on `n`.
    """
    order = np.argsort(rng.random((n, len(values))) + videos, axis=1)  # number + [0, 1): videos stay together
    return values[order]
