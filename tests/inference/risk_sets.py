"""A small study of risk sets: each set holds one STOP and one to three controls."""

import numpy as np

from priosig.inference.data import LabelledSegments, labelled_segments


def risk_set_study(
    seed: int = 0, *, n_videos: int = 6, n_sets: int = 5, d: int = 3, shift: float = 0.0
) -> LabelledSegments:
    """Features are noise, and move along the first one by `shift` at the STOPs."""
    rng = np.random.default_rng(seed)
    sizes = [2 + k % 3 for k in range(n_videos * n_sets)]
    sets = np.repeat(np.arange(len(sizes)), sizes)
    y = np.concatenate([[1] + [0] * (size - 1) for size in sizes])
    X = rng.normal(size=(len(y), d))
    X[:, 0] += shift * y
    return labelled_segments(y, sets // n_sets, np.arange(len(y)), X=X, set_ids=sets)
