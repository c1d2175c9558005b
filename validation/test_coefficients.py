"""Which qualities of the playing does Model B go by?

Coefficients are those of standardised quality scores, so their sizes compare; a positive one pushes towards STOP as
the playing nears the scale's second pole. Each fold has its own; they share most of their training segments, so their
agreement in sign is a description and no test (on shuffled labels most scales "agree" too).
"""

import numpy as np
import pytest

from priosig import PERCEPIANO_DIMENSIONS
from priosig.experiment import Experiment


@pytest.fixture(params=["equal"])
def coefficients(request: pytest.FixtureRequest, experiment: Experiment) -> np.ndarray:
    result = experiment.views[request.param]
    if "B" not in result.models:
        pytest.skip(f"Model B, {request.param} view: {result.problems['B']}")
    return result.models["B"]["coefficients"]


def test_coefficients_are_those_of_the_snapshot(coefficients: np.ndarray, snapshot):
    assert coefficients.shape[1] == len(PERCEPIANO_DIMENSIONS)
    means = dict(zip(PERCEPIANO_DIMENSIONS, coefficients.mean(axis=0).tolist(), strict=True))
    snapshot.table("coefficients-equal-B", means, kind="coefficient")


def test_sign_agreement_over_folds_is_that_of_the_snapshot(coefficients: np.ndarray, snapshot):
    # Signs of coefficients near zero turn with the last digits: only those well away from it are held.
    means = coefficients.mean(axis=0)
    agreement = {
        name: f"{int((np.sign(coefficients[:, i]) == np.sign(means[i])).sum())} of {len(coefficients)}"
        for i, name in enumerate(PERCEPIANO_DIMENSIONS)
        if np.abs(coefficients[:, i]).min() > 0.1
    }
    snapshot.facts("signs-equal-B", {"away_from_zero": agreement, "scales": len(PERCEPIANO_DIMENSIONS)})
