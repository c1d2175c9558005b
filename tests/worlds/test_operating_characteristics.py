import math
from typing import get_args

import numpy as np
import pytest

from priosig.inference.assessment import assess_models
from priosig.inference.data import labelled_segments
from priosig.inference.design import assess_design
from priosig.metrics.auc import auc_within_video
from priosig.verdict.decide import Label
from priosig.verdict.rule import Rule
from priosig.worlds.operating_characteristics import (
    OperatingCharacteristics,
    csv_table,
    markdown_table,
    operating_characteristics,
)
from priosig.worlds.simulation import WORLDS, World, simulate_study


def draw(world: str, seed: int = 0):
    return simulate_study(WORLDS[world], np.random.default_rng(seed))


def test_the_design_is_that_of_the_first_study():
    study = draw("null")
    assert (len(study.y), study.y.sum()) == (98, 61)
    assert np.bincount(study.videos).tolist() == [25, 14, 16, 25, 18]
    assert len(labelled_segments(study.y, study.videos, study.start_times).pairs) == 37
    continues = np.flatnonzero(study.y == 0)
    assert (np.diff(continues) > 1).all()


def test_window_length_alone_tells_the_labels_apart_as_it_did_there():
    aucs = []
    for seed in range(20):
        study = draw("null", seed)
        aucs.append(1 - auc_within_video(study.confounds["length"], study.y, study.videos))
    assert np.mean(aucs) == pytest.approx(0.896, abs=0.03)


def test_worlds_hide_what_they_say_they_hide():
    assert "talk" not in draw("talk leaks, not measured").confounds
    assert np.ptp(draw("null, equal windows").confounds["length"]) == 0
    stops = [draw("videos of two kinds").y[draw("videos of two kinds").videos == v].mean() for v in range(5)]
    assert min(stops[:2]) > max(stops[2:])


def test_badly_measured_talk_has_the_reliability_of_its_name():
    exact, noisy = (
        np.concatenate([draw(f"talk leaks, {name}", s).confounds["talk"] for s in range(40)])
        for name in ("measured exactly", "reliability 0.5")
    )
    assert np.corrcoef(exact, noisy)[0, 1] ** 2 == pytest.approx(0.5, abs=0.04)


@pytest.fixture(scope="module")
def two_nulls() -> OperatingCharacteristics:
    return operating_characteristics("null, equal windows", 2, 19, n_features=3, seed=3)


def test_data_sets_are_the_same_however_many_there_are(two_nulls):
    one, again = (
        operating_characteristics("null, equal windows", n, 19, n_features=3, seed=3, intervals=False).rates["auc"]
        for n in (1, 2)
    )
    two = two_nulls.rates["auc"]
    assert again == two
    # |a - b| / 2 / sqrt(2), mean (a + b) / 2
    assert two.error == pytest.approx(abs(two.value - one.value) / math.sqrt(2))


def test_a_length_leak_fools_the_study_and_not_the_verdict():
    rates = operating_characteristics("length leaks (log)", 3, 19, n_features=10, intervals=False).rates
    assert rates["study rule"].value > 0.9
    assert rates["signal on tests"].value < 0.3
    assert rates["signal"].value == 0
    assert rates["invalid design"].value == 1


@pytest.mark.slow
def test_a_strong_signal_in_equal_windows_is_called_one():
    rates = operating_characteristics("signal 2.0, equal windows", 3, 19).rates
    assert rates["signal"].value > 0.8
    assert rates["auc_within_video"].value > 0.85


@pytest.mark.slow
def test_verdicts_of_a_world_add_up():
    rates = operating_characteristics(World("mixed", signal=0.7, equal_windows=True), 4, 19).rates
    assert sum(rates[v].value for v in get_args(Label)) == pytest.approx(1)


def test_tables_hold_every_world_and_quantity(two_nulls):
    assert markdown_table([two_nulls]).splitlines()[2].startswith("| null, equal windows | nothing | ")
    lines = csv_table([two_nulls]).splitlines()
    assert len(lines) == 1 + len(two_nulls.rates)
    assert all(line.count(",") == 8 for line in lines[1:])  # one of them inside the world's quoted name


def test_an_unknown_world_is_refused_by_name():
    with pytest.raises(ValueError, match="no world 'atlantis'; expected one of null, "):
        operating_characteristics("atlantis")


@pytest.mark.parametrize(("world", "n"), [("length leaks (log)", 1), ("signal 1.0, equal windows", 2)])
def test_a_simulated_study_is_judged_as_a_real_one_would_be(world, n):
    rates = operating_characteristics(world, n, 19, n_features=3, seed=3, intervals=False).rates
    rule, by_hand = Rule(n_permutations=19), []
    for index in range(n):
        study = simulate_study(WORLDS[world], np.random.default_rng([3, index]), n_features=3)
        data = labelled_segments(study.y, study.videos, study.start_times, study.confounds, X=study.X)
        seed = 3 * 1_000_003 + index
        design = assess_design(data, rule, seed=seed)
        by_hand.append(assess_models({"m": study.X}, data, design, seed=seed, everything=True)["m"])
    assert rates["T1"].value == np.mean([a.any_signal.pvalue <= 0.05 for a in by_hand])
    assert rates["T2"].value == np.mean([a.beyond_confounds.pvalue <= 0.05 for a in by_hand])
    assert rates["T2 raw"].value == np.mean([a.beyond_confounds.raw.pvalue <= 0.05 for a in by_hand])
    assert rates["auc_within_video"].value == pytest.approx(np.mean([a.evidence.auc for a in by_hand]), abs=1e-12)
    assert rates["effective_sets"].value == pytest.approx(np.mean([a.evidence.effective_sets for a in by_hand]))
    for verdict in ("invalid design", "confounded", "signal", "heterogeneous"):
        assert rates[verdict].value == np.mean([a.verdict.label == verdict for a in by_hand]), verdict
