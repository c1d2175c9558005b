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
    """The features of one model."""

    name: str  # "A" is Model A
    words: str  # what the features are
    plainly: str  # what the model goes by, for a reader who does not know them
    matrix: Callable[[Features], np.ndarray | None]  # of shape (n_segments, n_features), or None where there is none
    missing: str = ""  # why there is none
    columns: tuple[str, ...] = ()  # names of the features, where each means something by itself
    variants: Mapping[str, Callable[[Features], np.ndarray]] = field(default_factory=dict)  # for comparison


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
