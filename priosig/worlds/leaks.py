"""Leaks of many shapes: what a measured fact does to the label and to the features.

A leak is a function f of one or two measured facts (confounds), in standard deviations. The label follows it, and so
do the features (`priosig.worlds.simulation`). A straight line misses most shapes.

Facts are drawn given the label: of many candidates from one distribution, one is picked with probability
proportional to ``exp(TILT f (y - 1/2))``. Both classes then have densities whose ratio is ``exp(TILT f)``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

TILT = 1.2
CANDIDATES = 64
CATEGORY_EFFECTS = np.array([1.0, 5.0, 2.0, 3.0, 0.0, 4.0])  # no line and no parabola follows them
OUTLIERS, OUTLIER_SPREAD = 0.05, 20.0
BAND = 0.2, 0.9
SPREADS = 0.3, 3.0  # of the videos, from the calmest to the wildest
NEAR = 0.05  # spread of the difference of two facts that are almost the same
RELIABILITY = 0.7


@dataclass(frozen=True)
class Shape:
    """How one or two facts leak: `leak` is f, from shape (..., n_facts) to (...,); `draw` draws the facts."""

    leak: Callable[[np.ndarray], np.ndarray]
    n_facts: int = 1
    draw: Callable[[np.random.Generator, tuple[int, ...]], np.ndarray] = np.random.Generator.standard_normal


def _talk_shares(rng: np.random.Generator, size: tuple[int, ...]) -> np.ndarray:
    return np.where(rng.random(size) < 0.5, 0.0, rng.random(size))


def _categories(rng: np.random.Generator, size: tuple[int, ...]) -> np.ndarray:
    return rng.integers(len(CATEGORY_EFFECTS), size=size).astype(np.float64)


def _first(facts: np.ndarray) -> np.ndarray:
    return facts[..., 0]


SHAPES = {
    "line": Shape(_first),
    "u shape": Shape(lambda facts: facts[..., 0] ** 2),
    "category": Shape(lambda facts: CATEGORY_EFFECTS[facts[..., 0].astype(int)], 1, _categories),
    "interaction": Shape(lambda facts: facts[..., 0] * facts[..., 1], 2),
    "outliers": Shape(_first),
    "band": Shape(lambda facts: ((facts[..., 0] > BAND[0]) & (facts[..., 0] < BAND[1])).astype(float)),
    "any talk": Shape(lambda facts: (facts[..., 0] > 0).astype(float), 1, _talk_shares),
    "redundant pair": Shape(_first, 2),
    "threshold": Shape(lambda facts: (facts[..., 0] > 0.7).astype(float)),
    "spreads": Shape(_first),
    "unreliable": Shape(_first),
    "oscillating": Shape(lambda facts: np.sin(5 * facts[..., 0])),
}
UNCONTROLLED = ("unreliable", "oscillating")
"""Shapes that no analysis here takes away: a fact measured with noise, and one that swings faster than its basis."""


def draw_leak(
    shape: str, y: np.ndarray, videos: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """A leak of one of `SHAPES` that follows the label, in standard deviations of the candidates, and its facts.

    Facts are as they are measured: outliers, noise and differences in spread between videos included.
    """
    of = SHAPES[shape]
    n = len(y)
    candidates = of.draw(rng, (n, CANDIDATES, of.n_facts))
    leak = of.leak(candidates)
    leak = (leak - leak.mean()) / leak.std()
    chance = np.exp(TILT * leak * (y[:, None] - 0.5)).cumsum(axis=1)
    picked = (chance < rng.random((n, 1)) * chance[:, -1:]).sum(axis=1)
    rows = np.arange(n)
    facts, heard = candidates[rows, picked], leak[rows, picked]
    measured = facts[:, 0].copy()
    if shape == "redundant pair":
        return heard, {"first": facts[:, 1], "second": facts[:, 1] + NEAR * measured}
    if shape == "outliers":
        wrong = rng.random(n) < OUTLIERS
        measured[wrong] = OUTLIER_SPREAD * rng.standard_normal(int(wrong.sum()))
    if shape == "spreads":
        measured *= np.geomspace(*SPREADS, videos.max() + 1)[videos]
    if shape == "unreliable":
        measured = np.sqrt(RELIABILITY) * measured + np.sqrt(1 - RELIABILITY) * rng.standard_normal(n)
    confounds = {"fact": measured}
    return heard, confounds if of.n_facts == 1 else confounds | {"other": facts[:, 1]}
