"""What may be said?

For each view and model: is there any signal (T1), is there one beyond the measured confounds (T2), how sure is the
AUC within video (jackknife over videos), and the verdict that follows by the rule written down before the run.
p-values are corrected for the two models (Holm).

Rule: in the view that claims rest on the verdict is `signal`. All else is no claim that anybody could build on, and
fails with the sentence that says why.
"""

import math
from dataclasses import asdict

import pytest

from priosig.experiment.feature_sets import FEATURE_SETS
from priosig.experiment.pipeline import Experiment
from priosig.inference.assessment import Assessment


@pytest.fixture(params=FEATURE_SETS)
def model(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(params=["annotated", "equal", "clean"])
def view_name(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def assessment(experiment: Experiment, view_name: str, model: str) -> Assessment:
    result = experiment.views[view_name]
    if model not in result.assessments:
        pytest.skip(f"Model {model}, {view_name} view: {result.problems[model]}")
    return result.assessments[model]


def test_verdict_is_that_of_the_snapshot(
    assessment: Assessment, view_name: str, model: str, snapshot, record_property
):
    evidence = assessment.evidence
    record_property("verdict", assessment.verdict.label)
    record_property("auc_within_video", f"{evidence.auc:.4g} ({evidence.low:.4g} to {evidence.high:.4g})")
    record_property("T1", f"{evidence.any_signal_pvalue:.4g}")
    record_property("T2", f"{evidence.beyond_confounds_pvalue:.4g}")
    facts = {
        "verdict": assessment.verdict.label,
        "rule": assessment.verdict.rule_hash,
        **{f"rule {name}": value for name, value in asdict(assessment.design.rule).items()},
        "removed_by_design": list(evidence.removed),
        "adjusted_for": list(evidence.adjusted),
        "not_adjusted_for": list(evidence.left_out),
        "not_measured": list(evidence.not_measured),
        "pairs": evidence.n_pairs,
        "videos_above_half": f"{evidence.n_videos_above_half} of {evidence.n_videos}",
    }
    pvalues = {"T1": evidence.any_signal_pvalue, "T2": evidence.beyond_confounds_pvalue}
    interval = {"auc_within_video": evidence.auc, "low": evidence.low, "high": evidence.high}
    with snapshot:
        snapshot.facts(f"verdict-{view_name}-{model}", facts)
        snapshot.table(f"pvalues-{view_name}-{model}", or_undefined(pvalues), kind="pvalue")
        snapshot.table(f"interval-{view_name}-{model}", or_undefined(interval), kind="interval")


def or_undefined(values: dict[str, float]) -> dict[str, float | None]:
    return {name: None if math.isnan(value) else value for name, value in values.items()}


def test_no_pvalue_is_smaller_than_its_permutations_allow(assessment: Assessment):
    smallest = 1 / (1 + assessment.design.rule.n_permutations)
    for pvalue in (assessment.any_signal_pvalue, assessment.beyond_confounds_pvalue):
        assert math.isnan(pvalue) or smallest <= pvalue <= 1


@pytest.mark.worlds(None)
def test_the_verdict_is_a_signal_in_the_view_that_claims_rest_on(experiment: Experiment, model: str):
    claim = experiment.claim
    if claim.refusal is None and model not in claim.assessments:
        pytest.skip(f"Model {model}: {claim.problems[model]}")
    verdict = claim.refusal or claim.assessments[model].verdict
    if verdict.label != "signal":
        pytest.fail(f"Model {model}, {claim.view.name} view: {verdict.sentence}", pytrace=False)


def test_a_signal_is_only_claimed_with_both_tests_and_above_the_threshold(assessment: Assessment):
    evidence, rule = assessment.evidence, assessment.design.rule
    if assessment.verdict.label in ("signal", "heterogeneous"):
        assert evidence.any_signal_pvalue <= rule.alpha
        assert evidence.beyond_confounds_pvalue <= rule.alpha
        assert evidence.auc >= rule.threshold
        assert not assessment.design.problems
    assert assessment.verdict.sentence
