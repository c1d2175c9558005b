"""The suite tells a signal from an artefact where the answer is known.

Each embedded world goes through the whole pipeline, audio and all, and something is true of it by construction. The
claims are directions and verdicts, by name; how often a verdict is wrong over many worlds is measured in
`test_operating_characteristics.py`, at feature level, since one world is one draw.

The *study's rule* is the one that the first study was believed by: pooled AUC above 0.6.
"""

import numpy as np
import pytest

from priosig import PERCEPIANO_DIMENSIONS
from priosig.experiment.feature_sets import FEATURE_SETS
from priosig.experiment.pipeline import Experiment
from priosig.experiment.planted import EXPECTED
from priosig.worlds.worlds import RECIPES, SCALES, WORLDS
from validation.harness.runs import Case

NOTHING_FOUND = {"no signal", "underpowered"}


def fools_the_studys_rule(experiment: Experiment, model: str) -> bool:
    return experiment.views["annotated"].models[model]["auc"] > 0.6


def verdicts(experiment: Experiment, model: str, *, without: set[str] = frozenset()) -> dict[str, str]:
    """Verdict by view, in every view that holds enough to judge, but those that are left out."""
    return {
        name: view.assessments[model].verdict.label
        for name, view in experiment.views.items()
        if name not in without and view.refusal is None
    }


@pytest.mark.worlds("signal")
@pytest.mark.parametrize("model", FEATURE_SETS)
def test_a_planted_signal_is_found_in_every_view(experiment: Experiment, model: str):
    assert set(verdicts(experiment, model).values()) == {"signal"}
    for name in verdicts(experiment, model):
        assert experiment.views[name].models[model]["auc_within_video"] > 0.8, name


@pytest.mark.worlds("signal", "signal_and_leak")
@pytest.mark.parametrize("parameter", ["articulation", "brightness"])
def test_model_b_goes_by_the_qualities_that_were_planted(experiment: Experiment, case: Case, parameter: str):
    scale, direction = SCALES[parameter]
    expected = direction * np.sign(RECIPES[case.world].shift[parameter])
    weights = experiment.views["equal"].models["B"]["coefficients"][:, PERCEPIANO_DIMENSIONS.index(scale)]
    assert (np.sign(weights) == expected).all()


@pytest.mark.worlds("signal", "signal_and_leak", "signal_in_bouts")
def test_the_scales_told_from_chance_are_those_that_were_planted(experiment: Experiment, case: Case):
    planted = {SCALES[parameter][0] for parameter in RECIPES[case.world].shift}
    assert experiment.claim.findings == planted
    for name, verdict in verdicts(experiment, "B").items():
        assert experiment.views[name].findings == (planted if verdict == "signal" else None), name


@pytest.mark.worlds("no_signal")
@pytest.mark.parametrize("model", FEATURE_SETS)
def test_where_nothing_was_planted_nothing_is_found(experiment: Experiment, model: str):
    assert set(verdicts(experiment, model).values()) <= NOTHING_FOUND


@pytest.mark.worlds("length_leak")
@pytest.mark.parametrize("model", FEATURE_SETS)
def test_a_length_leak_fools_the_studys_rule_and_not_the_verdict(experiment: Experiment, model: str):
    assert experiment.views["annotated"].design.evidence.confound_auc > 0.9
    assert verdicts(experiment, model)["annotated"] == "invalid design"
    assert set(verdicts(experiment, model, without={"annotated"}).values()) <= NOTHING_FOUND


@pytest.mark.worlds("length_leak")
def test_model_a_on_a_length_leak_would_have_been_published(experiment: Experiment):
    assert fools_the_studys_rule(experiment, "A")


@pytest.mark.worlds("talk_leak")
@pytest.mark.parametrize("model", FEATURE_SETS)
def test_a_talk_leak_fools_the_studys_rule_and_not_the_verdict(experiment: Experiment, model: str):
    assert fools_the_studys_rule(experiment, model)
    for name in ("annotated", "equal"):
        assert verdicts(experiment, model)[name] == "invalid design"
    others = {"annotated", "equal", "bouts"}  # too few bouts are parted by so short a talk
    assert set(verdicts(experiment, model, without=others).values()) <= NOTHING_FOUND


@pytest.mark.worlds("talk_leak")
def test_the_voice_detector_hears_the_planted_talk_and_no_piano(experiment: Experiment):
    annotated, clean = experiment.views["annotated"], experiment.views["clean"]
    heard = {name: view.confounds.values.get("talk_heard", np.zeros(len(view.y))) for name, view in
             (("annotated", annotated), ("clean", clean))}  # fmt: skip
    assert np.median(heard["annotated"][annotated.y == 0]) > 0.2
    assert np.median(heard["annotated"][annotated.y == 1]) < 0.05
    assert heard["clean"].max() < 0.05


@pytest.mark.worlds("two_kinds_of_videos")
@pytest.mark.parametrize("model", FEATURE_SETS)
def test_videos_of_two_kinds_are_no_signal(experiment: Experiment, model: str):
    assert "signal" not in verdicts(experiment, model).values()


@pytest.mark.worlds("two_kinds_of_videos")
def test_videos_of_two_kinds_would_have_been_published(experiment: Experiment):
    assert any(fools_the_studys_rule(experiment, model) for model in FEATURE_SETS)


@pytest.mark.worlds("signal_and_leak")
@pytest.mark.parametrize("model", FEATURE_SETS)
def test_a_signal_beside_a_leak_is_found_once_the_leak_is_cut_away(experiment: Experiment, model: str):
    assert verdicts(experiment, model)["annotated"] == "invalid design"
    assert set(verdicts(experiment, model, without={"annotated"}).values()) == {"signal"}


@pytest.mark.worlds("signal_in_one_video")
@pytest.mark.parametrize("model", FEATURE_SETS)
def test_a_signal_in_one_video_is_not_called_a_signal(experiment: Experiment, model: str):
    assert "signal" not in verdicts(experiment, model).values()


@pytest.mark.worlds("tiring_student")
@pytest.mark.parametrize("model", FEATURE_SETS)
def test_a_tiring_student_is_a_signal_to_neighbouring_windows_and_none_in_bouts(experiment: Experiment, model: str):
    judged = verdicts(experiment, model)
    assert judged["equal"] == judged["clean"] == "signal"
    assert judged["bouts"] in NOTHING_FOUND


@pytest.mark.worlds("signal_in_bouts")
@pytest.mark.parametrize("model", FEATURE_SETS)
def test_a_signal_within_bouts_is_found_there(experiment: Experiment, model: str):
    assert verdicts(experiment, model)["bouts"] == "signal"


@pytest.mark.worlds("louder_stops")
@pytest.mark.parametrize("model", FEATURE_SETS)
def test_louder_stops_are_a_signal_that_is_no_more_than_loudness(experiment: Experiment, model: str):
    assessment = experiment.views["bouts"].assessments[model]
    assert assessment.verdict.label == "signal"
    assert "level" in assessment.evidence.acoustic
    assert assessment.beyond_acoustic_pvalue > assessment.design.rule.alpha
    assert "no more than" in assessment.verdict.sentence


@pytest.mark.worlds("tiring_student", "signal_in_bouts", "louder_stops")
def test_claims_rest_on_bouts_where_there_are_enough(experiment: Experiment):
    assert experiment.claim.view.name == "bouts"


@pytest.mark.parametrize("model", FEATURE_SETS)
@pytest.mark.worlds(*WORLDS)
def test_the_verdict_of_every_world_is_as_expected(experiment: Experiment, case: Case, model: str):
    assert experiment.claim.assessments[model].verdict.label in EXPECTED[case.world]


@pytest.mark.worlds("signal", "no_signal", "talk_leak", "louder_stops")
def test_every_verdict_is_a_sentence_with_its_numbers(experiment: Experiment):
    for view in experiment.views.values():
        for assessment in view.assessments.values():
            assert len(assessment.verdict.sentence) > 60
            assert any(character.isdigit() for character in assessment.verdict.sentence)
