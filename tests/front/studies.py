"""A simulated study of recordings that are told apart, or not."""

import numpy as np

FEW = {"n_permutations": 39}
TIMES = np.tile(np.arange(16.0), 6)
STAGES: list[str] = []


def study(seed: int = 0, *, shift: float = 1.0, leak: float = 0.0):
    """96 rows in 6 groups; the label shifts each feature, and lengths follow it by `leak`."""
    rng = np.random.default_rng(seed)
    groups, y = np.repeat([f"rec{k}" for k in range(6)], 16), rng.permutation(np.tile([True, False], 48))
    seconds = 5 + leak * y + rng.normal(size=96)
    X = rng.normal(size=(96, 6)) + shift * y[:, None]
    X[:, 0] += leak * seconds
    return X, y, groups, {"seconds": seconds}
