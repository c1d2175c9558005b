"""The verdict is what the rule gives, and in the view that claims rest on it is `signal`.

For each view and model: the test for any signal (T1), the test for one beyond the measured confounds (T2), the
interval of the AUC within video (jackknife over videos), and the verdict by the rule written down before the run.
p-values are corrected for the two models (Holm).

Rule: in the view that claims rest on the verdict is `signal`. All else is no claim that anybody could build on, and
fails with the sentence that says why.
"""

import math

import pytest

from priosig.experiment.evaluation import rule_of
from priosig.experiment.feature_sets import FEATURE_SETS
from priosig.experiment.pipeline import Experiment
from priosig.inference.assessment import Assessment


@pytest.fixture
def assessments(experiment: Experiment) -> dict[str, Assessment]:
    """Of every view and model that could be run."""
    views = experiment.views.values()
    judged = {f"{v.view.name} {model}": one for v in views for model, one in v.assessments.items()}
    if not judged:
        pytest.skip("; ".join(f"{v.view.name} view: {v.problems['design']}" for v in views))
    return judged


def test_every_verdict_follows_the_rule_of_the_settings(
    experiment: Experiment, assessments: dict[str, Assessment], record_property
):
    rule = rule_of(experiment.annotations.corpus.settings)
    for name, assessment in assessments.items():
        evidence = assessment.evidence
        record_property(f"{name} verdict", assessment.verdict.label)
        record_property(f"{name} auc_within_video", f"{evidence.auc:.4g} ({evidence.low:.4g} to {evidence.high:.4g})")
        record_property(f"{name} T1", f"{evidence.any_signal_pvalue:.4g}")
        record_property(f"{name} T2", f"{evidence.beyond_confounds_pvalue:.4g}")
        assert assessment.design.rule == rule, name
        assert assessment.verdict.rule_hash == rule.hash, name


def test_no_pvalue_is_smaller_than_its_permutations_allow(assessments: dict[str, Assessment]):
    for name, assessment in assessments.items():
        smallest = 1 / (1 + assessment.design.rule.n_permutations)
        for pvalue in (assessment.any_signal_pvalue, assessment.beyond_confounds_pvalue):
            assert math.isnan(pvalue) or smallest <= pvalue <= 1, name


@pytest.mark.worlds(None)
@pytest.mark.parametrize("model", FEATURE_SETS)
def test_the_verdict_is_a_signal_in_the_view_that_claims_rest_on(experiment: Experiment, model: str):
    claim = experiment.claim
    if claim.refusal is None and model not in claim.assessments:
        pytest.skip(f"Model {model}: {claim.problems[model]}")
    verdict = claim.refusal or claim.assessments[model].verdict
    if verdict.label != "signal":
        pytest.fail(f"Model {model}, {claim.view.name} view: {verdict.sentence}", pytrace=False)


def test_a_signal_is_only_claimed_with_both_tests_and_above_the_threshold(assessments: dict[str, Assessment]):
    for name, assessment in assessments.items():
        evidence, rule = assessment.evidence, assessment.design.rule
        if assessment.verdict.label in ("signal", "heterogeneous"):
            assert evidence.any_signal_pvalue <= rule.alpha, name
            assert evidence.beyond_confounds_pvalue <= rule.alpha, name
            assert evidence.auc >= rule.threshold, name
            assert not assessment.design.problems, name
        assert assessment.verdict.sentence, name
