"""The verdict does not hang on a choice that could have been another.

View and length, guard, shortest CONTINUE or controls, penalty and pooling are varied one at a time around the
experiment's settings; the table stands in the report. Nothing is selected from it. For an embedded world with a
planted signal, most rows of the views in which length cannot speak must agree that there is one, or the table would
show noise.
Of the embedded worlds that one gets a table.
"""

import math

import pytest

from priosig.experiment.pipeline import Experiment
from priosig.experiment.sensitivity import choices
from validation.harness.runs import Case, Runs

pytestmark = pytest.mark.worlds(None, "signal_and_leak")


@pytest.fixture
def rows(runs: Runs, case: Case, experiment: Experiment):
    return runs.sensitivity(case)


def test_every_choice_has_a_row_for_each_model(rows, experiment: Experiment):
    claim = experiment.claim.view
    tried = set(choices(experiment.annotations, claim.name))
    assert {row.choice for row in rows} == tried
    segments = "controls" if claim.set_ids is not None else "shortest CONTINUE"
    assert {choice.varied for choice in tried} == {"none", "view, length", "guard", segments, "C", "pooling"}
    for choice in tried:
        models = {"A"} if choice.varied == "pooling" else {"A", "B"}
        assert {row.model for row in rows if row.choice == choice} == models
    for row in rows:
        assert row.verdict or row.problem
        assert bool(row.problem) == math.isnan(row.auc_within_video)


@pytest.mark.worlds("signal_and_leak")  # not a corpus
def test_a_planted_signal_does_not_hang_on_one_choice(rows):
    fair = [row for row in rows if row.choice.view != "annotated" and row.verdict]
    assert sum(row.auc_within_video > 0.7 for row in fair) >= 0.8 * len(fair)
    assert all(row.verdict == "invalid design" for row in rows if row.choice.view == "annotated")
