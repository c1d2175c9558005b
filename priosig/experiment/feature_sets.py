"""The models: what each probe is fitted to.

One row a model. To add one, add a row to `FEATURE_SETS`; tests, tables, verdicts and the report follow.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from priosig.extraction.features import Features
from priosig.extraction.percepiano.scales import PERCEPIANO_DIMENSIONS


@dataclass(frozen=True)
class FeatureSet:
    """The features of one model.

    Attributes
    ----------
    name, words : str
        "A" is Model A; what its features are.
    plainly : str
        What it goes by, for a reader who does not know the features.
    matrix : callable
        From `Features` to an array of shape (n_segments, n_features), or None where there is none.
    missing : str
        Why there is none.
    columns : tuple of str
        Names of the features, where each means something by itself.
    variants : mapping of str to callable
        Other ways to make the matrix, for the sensitivity table.
    """

    name: str
    words: str
    plainly: str
    matrix: Callable[[Features], np.ndarray | None]
    missing: str = ""
    columns: tuple[str, ...] = ()
    variants: Mapping[str, Callable[[Features], np.ndarray]] = field(default_factory=dict)


_ROWS = (
    FeatureSet(
        "A",
        "mean and standard deviation of MuQ's frames",
        "goes by what MuQ, a network trained on music, hears",
        lambda features: features.embeddings,
        variants={
            "mean only": lambda features: np.hsplit(features.embeddings, 2)[0],
            "std only": lambda features: np.hsplit(features.embeddings, 2)[1],
        },
    ),
    FeatureSet(
        "B",
        "19 PercePiano quality scores",
        "goes by 19 qualities that a listener would name, such as bright or dark",
        lambda features: features.quality,
        missing="no quality head (checkpoints/*.ckpt)",
        columns=PERCEPIANO_DIMENSIONS,
    ),
)
FEATURE_SETS: dict[str, FeatureSet] = {row.name: row for row in _ROWS}
"""Every model, by name, in the order of tables."""
SCALES = "B"
"""The model whose features have names; its coefficients are reported."""
POOLED = "mean and std"
"""The pooling of every model's own matrix."""


def models_pooled(pooling: str = POOLED) -> dict[str, Callable[[Features], np.ndarray | None]]:
    """What gives each model's matrix under a pooling; only the models that have it."""
    if pooling == POOLED:
        return {name: model.matrix for name, model in FEATURE_SETS.items()}
    return {name: model.variants[pooling] for name, model in FEATURE_SETS.items() if pooling in model.variants}
