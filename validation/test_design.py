"""Could a stopwatch do it?

Each confound alone, and all of them together, predicts the label under the cross-validation that the models go
through. Estimand: AUC within video. Null: the confound says nothing about the label (T1, p corrected for the number
of confounds). Rule: a view whose confounds alone reach the experiment's threshold with p <= alpha is an *invalid
design*, and no score in it, however high, says anything about music.

This needs annotations alone, so it can be asked before the first recording is downloaded.
"""

import math

import pytest

from priosig.experiment.pipeline import Experiment


@pytest.fixture(params=["annotated", "equal"])
def view_name(request: pytest.FixtureRequest) -> str:
    return request.param


def test_confounds_are_those_of_the_snapshot(description: Experiment, view_name: str, snapshot):
    result = description.views[view_name]
    if result.design is None:
        pytest.skip(f"{view_name} view: {result.problems['design']}")
    facts = {
        "measured": list(result.confounds.values),
        "removed_by_design": list(result.confounds.constant),
        "not_measured": dict(result.confounds.not_measured),
        "pairs": result.design.n_pairs,
        "verdict": result.design.verdict.label if result.design.verdict else "none without a model",
    }
    values = {}
    for baseline in result.design.baselines:
        values[f"{baseline.name} auc_within_video"] = _or_undefined(baseline.auc_within_video)
        values[f"{baseline.name} auc"] = _or_undefined(baseline.auc)
    with snapshot:
        snapshot.facts(f"design-{view_name}", facts)
        if values:
            snapshot.table(f"confounds-{view_name}", values, kind="rate")


def test_a_view_that_a_confound_decides_is_called_invalid(description: Experiment, view_name: str):
    result = description.views[view_name]
    if result.design is None:
        pytest.skip(f"{view_name} view: {result.problems['design']}")
    rule = result.design.rule
    decides = any(b.auc_within_video >= rule.confound_bar and b.pvalue <= rule.alpha for b in result.design.baselines)
    called = result.design.verdict is not None and result.design.verdict.label == "invalid design"
    assert called or not decides


def _or_undefined(value: float) -> float | None:
    return None if math.isnan(value) else value
