"""Does the suite tell a signal from an artefact, where the answer is known?

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
from priosig.worlds.worlds import RECIPES, SCALES

NOTHING_FOUND = {"no signal", "underpowered"}


def fools_the_studys_rule(experiment: Experiment, view_name: str, model: str) -> bool:
    return experiment.views[view_name].models[model]["auc"] > 0.6


def verdict(experiment: Experiment, view_name: str, model: str) -> str:
    return experiment.views[view_name].assessments[model].verdict.label


@pytest.mark.worlds("signal")
@pytest.mark.parametrize("model", FEATURE_SETS)
@pytest.mark.parametrize("view_name", ["annotated", "equal", "clean"])
def test_a_planted_signal_is_found_in_every_view(experiment: Experiment, view_name: str, model: str):
    assert verdict(experiment, view_name, model) == "signal"
    assert experiment.views[view_name].models[model]["auc_within_video"] > 0.8


@pytest.mark.worlds("signal", "signal_and_leak")
@pytest.mark.parametrize("parameter", ["articulation", "brightness"])
def test_model_b_goes_by_the_qualities_that_were_planted(experiment: Experiment, case, parameter: str):
    scale, direction = SCALES[parameter]
    expected = direction * np.sign(RECIPES[case.world].shift[parameter])
    weights = experiment.views["equal"].models["B"]["coefficients"][:, PERCEPIANO_DIMENSIONS.index(scale)]
    assert (np.sign(weights) == expected).all()


@pytest.mark.worlds("signal", "signal_and_leak")
@pytest.mark.parametrize("view_name", ["equal", "clean"])
def test_the_scales_told_from_chance_are_those_that_were_planted(experiment: Experiment, case, view_name: str):
    planted = {SCALES[parameter][0] for parameter in RECIPES[case.world].shift}
    told = {weight.name for weight in experiment.views[view_name].coefficients.weights if weight.stable}
    assert told == planted


@pytest.mark.worlds("no_signal")
@pytest.mark.parametrize("model", FEATURE_SETS)
@pytest.mark.parametrize("view_name", ["annotated", "equal", "clean"])
def test_where_nothing_was_planted_nothing_is_found(experiment: Experiment, view_name: str, model: str):
    assert verdict(experiment, view_name, model) in NOTHING_FOUND


@pytest.mark.worlds("length_leak")
@pytest.mark.parametrize("model", FEATURE_SETS)
def test_a_length_leak_fools_the_studys_rule_and_not_the_verdict(experiment: Experiment, model: str):
    assert experiment.views["annotated"].design.evidence.confound_auc > 0.9
    assert verdict(experiment, "annotated", model) == "invalid design"
    for view_name in ("equal", "clean"):
        assert verdict(experiment, view_name, model) in NOTHING_FOUND


@pytest.mark.worlds("length_leak")
def test_model_a_on_a_length_leak_would_have_been_published(experiment: Experiment):
    assert fools_the_studys_rule(experiment, "annotated", "A")


@pytest.mark.worlds("talk_leak")
@pytest.mark.parametrize("model", FEATURE_SETS)
def test_a_talk_leak_fools_the_studys_rule_and_not_the_verdict(experiment: Experiment, model: str):
    assert fools_the_studys_rule(experiment, "annotated", model)
    for view_name in ("annotated", "equal"):
        assert verdict(experiment, view_name, model) == "invalid design"
    assert verdict(experiment, "clean", model) in NOTHING_FOUND


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
@pytest.mark.parametrize("view_name", ["annotated", "equal", "clean"])
def test_videos_of_two_kinds_are_no_signal(experiment: Experiment, view_name: str, model: str):
    assert verdict(experiment, view_name, model) != "signal"


@pytest.mark.worlds("two_kinds_of_videos")
def test_videos_of_two_kinds_would_have_been_published(experiment: Experiment):
    assert any(fools_the_studys_rule(experiment, "annotated", model) for model in FEATURE_SETS)


@pytest.mark.worlds("signal_and_leak")
@pytest.mark.parametrize("model", FEATURE_SETS)
def test_a_signal_beside_a_leak_is_found_once_the_leak_is_cut_away(experiment: Experiment, model: str):
    assert verdict(experiment, "annotated", model) == "invalid design"
    for view_name in ("equal", "clean"):
        assert verdict(experiment, view_name, model) == "signal"


@pytest.mark.worlds("signal_in_one_video")
@pytest.mark.parametrize("model", FEATURE_SETS)
@pytest.mark.parametrize("view_name", ["annotated", "equal", "clean"])
def test_a_signal_in_one_video_is_not_called_a_signal(experiment: Experiment, view_name: str, model: str):
    assert verdict(experiment, view_name, model) != "signal"


@pytest.mark.worlds("signal", "no_signal", "talk_leak")
def test_every_verdict_is_a_sentence_with_its_numbers(experiment: Experiment):
    for view in experiment.views.values():
        for assessment in view.assessments.values():
            assert len(assessment.verdict.sentence) > 60
            assert any(character.isdigit() for character in assessment.verdict.sentence)
