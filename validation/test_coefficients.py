"""Which qualities of the playing does Model B go by?

Coefficients are those of standardised quality scores, so their sizes compare; a positive one pushes towards STOP as
the playing nears the scale's second pole. Each fold has its own; they share most of their training segments, so their
agreement in sign is a description and no test (on shuffled labels most scales "agree" too). What may be read are the
scales whose weight is larger than relabelled data give (max-T over all 19, `priosig.inference.coefficients`); the
snapshot says which those are.
"""

import numpy as np
import pytest

from priosig import PERCEPIANO_DIMENSIONS
from priosig.experiment.evaluation import ViewResult
from priosig.experiment.pipeline import Experiment


@pytest.fixture(params=["equal", "clean"])
def view_name(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def result(experiment: Experiment, view_name: str) -> ViewResult:
    found = experiment.views[view_name]
    if "B" not in found.models:
        pytest.skip(f"Model B, {view_name} view: {found.problems['B']}")
    return found


def test_coefficients_are_those_of_the_snapshot(result: ViewResult, view_name: str, snapshot):
    coefficients = result.models["B"]["coefficients"]
    assert coefficients.shape[1] == len(PERCEPIANO_DIMENSIONS)
    means = dict(zip(PERCEPIANO_DIMENSIONS, coefficients.mean(axis=0).tolist(), strict=True))
    snapshot.table(f"coefficients-{view_name}-B", means, kind="coefficient")


def test_what_may_be_read_of_them_is_that_of_the_snapshot(result: ViewResult, view_name: str, snapshot):
    coefficients, weights = result.models["B"]["coefficients"], result.coefficients.weights
    means = coefficients.mean(axis=0)
    # Signs of coefficients near zero turn with the last digits: only those well away from it are held.
    agreement = {
        name: f"{int((np.sign(coefficients[:, i]) == np.sign(means[i])).sum())} of {len(coefficients)}"
        for i, name in enumerate(PERCEPIANO_DIMENSIONS)
        if np.abs(coefficients[:, i]).min() > 0.1
    }
    facts = {
        "larger_than_chance": [weight.name for weight in weights if weight.stable],
        "not_told_from_chance": [weight.name for weight in weights if not weight.stable],
        "sign_agreement_away_from_zero": agreement,
    }
    snapshot.facts(f"signs-{view_name}-B", facts)
