"""Results of `assess` that several tests look at."""

import pytest

from priosig import assess
from tests.front.studies import FEW, STAGES, TIMES, study


@pytest.fixture(scope="module")
def planted(few_replicates):
    """Result of a study with a signal and no leak; its stages are told to STAGES."""
    return assess(*study(), progress=lambda name: STAGES.append(name) or (lambda progress: None), **FEW)


@pytest.fixture(scope="module")
def without_confounds(few_replicates):
    """Result of the same study, told nothing of its confounds."""
    return assess(*study()[:3], **FEW)


@pytest.fixture(scope="module")
def ordered(few_replicates):
    """Result of a study with a weaker signal, its rows in order."""
    X, y, groups, confounds = study(shift=0.4)
    return assess(X, y, groups, confounds, order=TIMES, **FEW)


@pytest.fixture(scope="module")
def artefact(few_replicates):
    """Result of a study in which lengths give the label away."""
    return assess(*study(shift=0.0, leak=4.0), **FEW)
