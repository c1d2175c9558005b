"""Every number is that of the last accepted run.

Nothing here is a hypothesis. A snapshot is there so that a changed annotation, a changed definition and a changed
result are each seen as what they are (`validation.harness.findings` collects them). It says what changed, the claims
beside it whether they still stand.
"""

from collections.abc import Callable

import pytest

from priosig.experiment.pipeline import Experiment
from validation.harness.findings import HEARD, SILENT
from validation.harness.snapshots import Facts, Table


@pytest.mark.parametrize("file", SILENT)
def test_what_annotations_alone_say_is_that_of_the_snapshot(
    description: Experiment, file: str, hold: Callable[[str, Facts | Table], None]
):
    hold(file, SILENT[file](description))


@pytest.mark.parametrize("file", HEARD)
def test_what_the_models_give_is_that_of_the_snapshot(
    experiment: Experiment, file: str, hold: Callable[[str, Facts | Table], None]
):
    hold(file, HEARD[file](experiment))
