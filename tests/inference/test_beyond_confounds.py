"""T2 on plain arrays: pairs and risk sets, leaks that no line follows, time."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from priosig.confounds.penalised_basis import penalised_basis, places_in_video
from priosig.confounds.smoother import without_confounds
from priosig.crossval.probe import train_classifier
from priosig.inference.beyond_confounds import beyond_confounds
from priosig.inference.data import LabelledSegments
from priosig.inference.matched_logistic import draw_events, event_probabilities
from priosig.inference.permutation import refitted_aucs
from priosig.metrics.auc import auc_within_video
from priosig.worlds.simulation import SimulatedStudy, World, simulate_study


def segments(X: np.ndarray, y: np.ndarray, videos: np.ndarray, confounds: dict[str, np.ndarray]) -> LabelledSegments:
    return LabelledSegments(y, videos, np.arange(len(y)), confounds, {}, X)


def paired(study: SimulatedStudy, seed: int, m: int, **more: np.ndarray):
    """Segments, sets that are pairs of neighbours, and coins."""
    data = segments(study.X, study.y, study.videos, study.confounds | more)
    sets = np.full(len(data), -1)
    sets[data.pairs] = np.arange(len(data.pairs))[:, None]
    return data, sets, np.random.default_rng(seed).random((m, len(data.pairs)))


def t2(world: World, seed: int):
    return beyond_confounds(*paired(simulate_study(world, np.random.default_rng(seed)), seed, 39))


def risk_sets(seed: int, *, leak: float = 0.0, signal: float = 0.0):
    """12 sets of 3 or 4 in each of 5 videos; a fact tells the event, and the features hear it."""
    rng = np.random.default_rng(seed)
    size = np.tile([3, 4], 30)
    sets = np.repeat(np.arange(60), size)
    y = (np.diff(sets, prepend=-1) > 0).astype(np.int8)
    fact = rng.normal(size=len(y)) + leak * y
    X = rng.normal(size=(len(y), 4))
    X[:, 0] += 3 * leak * fact + signal * y
    return segments(X, y, sets // 12, {"fact": fact}), sets, rng.random((99, 60))


@pytest.mark.parametrize("shape", ["u shape", "category", "interaction", "any talk"])
def test_leaks_that_no_line_follows_are_not_taken_for_a_signal(shape):
    world = World("leak", "measured leak", leak=shape, equal_windows=True)
    assert sum(t2(world, seed).pvalue <= 0.05 for seed in range(6)) <= 2


def test_a_signal_beside_a_leak_is_found():
    world = World("both", "signal", signal=2.5, leak="u shape", equal_windows=True)
    assert sum(t2(world, seed).pvalue <= 0.05 for seed in range(4)) >= 3


def test_risk_sets_are_judged_within_sets():
    data, sets, coins = risk_sets(0, leak=1.0)
    leaking = beyond_confounds(data, sets, coins, strata=sets)
    assert leaking.raw_statistic > 0.7
    assert leaking.pvalue > 0.05
    data, sets, coins = risk_sets(1, signal=1.5)
    audible = beyond_confounds(data, sets, coins, strata=sets)
    assert audible.pvalue == 1 / 100
    assert audible.effective_share > 0.9


def test_without_confounds_that_vary_it_is_the_first_test():
    data, sets, coins = risk_sets(2)
    result = beyond_confounds(replace(data, confounds={"length": np.full(len(data), 10.0)}), sets, coins)
    assert (result.pvalue, result.statistic, result.effective_share) == (result.raw_pvalue, result.raw_statistic, 1.0)
    assert (result.adjusted, result.constant) == ((), ("length",))


def test_statistics_are_those_of_probes_on_features_without_their_confounds_and_as_they_are():
    data, sets, coins = risk_sets(3, leak=1.0, signal=1.0)
    X, y, videos = data.X, data.y, data.videos
    rest = without_confounds(X, penalised_basis(data.confounds, videos), videos)
    scores = np.empty((2, len(y)))
    for v in np.unique(videos):
        train, test = np.flatnonzero(videos != v), np.flatnonzero(videos == v)
        scores[:, test] = [train_classifier(features, y, train, test)["scores"] for features in (rest, X)]
    result = beyond_confounds(data, sets, coins, strata=sets)
    expected = auc_within_video(scores, y, sets)
    assert (result.statistic, result.raw_statistic) == pytest.approx(tuple(expected), abs=1e-12)


def test_pvalue_agrees_with_all_labellings_of_a_small_design():
    rng = np.random.default_rng(4)
    y, videos = np.tile([1, 0], 8).astype(np.int8), np.repeat(np.arange(4), 4)
    sets, confounds = np.repeat(np.arange(8), 2), {"fact": rng.normal(size=16) + y}
    X = rng.normal(size=(16, 2)) + 0.8 * y[:, None]
    result = beyond_confounds(segments(X, y, videos, confounds), sets, rng.random((4999, 8)))
    rest = without_confounds(X, penalised_basis(confounds, videos), videos)
    all_events = np.array(list(itertools.product([0, 1], repeat=8)))  # whether each set's first row is the event
    labellings = np.stack([all_events, 1 - all_events], axis=2).reshape(256, 16)
    chance = np.prod(np.where(labellings == 1, result.probabilities, 1.0), axis=1)
    aucs = refitted_aucs(segments(rest, y, videos, {}).folds, labellings, videos, C=1.0)
    exact = chance[aucs >= result.statistic - 1e-12].sum()
    assert chance.sum() == pytest.approx(1)
    assert result.pvalue == pytest.approx(exact, abs=0.025)


def test_time_is_taken_out_of_the_features_and_takes_no_part_in_the_labels():
    study = simulate_study(World("trend", trend=6.0, equal_windows=True), np.random.default_rng(0))
    place = places_in_video(study.videos)
    data, sets, coins = paired(study, 0, 19, time=place)
    result = beyond_confounds(data, sets, coins, time=["time"])
    assert result.adjusted == ("time",)
    assert result.effective_share == pytest.approx(1.0)
    rest = without_confounds(data.X, penalised_basis({"time": place}, data.videos), data.videos)
    trend = place - np.array([place[data.videos == v].mean() for v in range(5)])[data.videos]
    assert np.abs(trend @ rest).max() < 0.1 * np.abs(trend @ data.X).max()


def test_neither_units_nor_names_nor_order_of_confounds_and_features_matter():
    world = World("leak", "measured leak", leak="interaction", equal_windows=True)
    data, sets, coins = paired(simulate_study(world, np.random.default_rng(1)), 1, 39)
    renamed = {"z": -100 * data.confounds["other"] + 5, "a": 0.001 * data.confounds["fact"]}
    one = beyond_confounds(data, sets, coins)
    other = beyond_confounds(replace(data, X=-3 * data.X[:, ::-1] + 1, confounds=renamed), sets, coins)
    assert other.statistic == pytest.approx(one.statistic, abs=1e-9)
    assert other.pvalue == one.pvalue
    np.testing.assert_allclose(other.probabilities, one.probabilities, atol=1e-6)


def test_confounds_beyond_any_budget_and_those_known_in_part_are_all_adjusted_for():
    data, sets, coins = risk_sets(5)
    rng = np.random.default_rng(5)
    many = {f"c{i}": rng.normal(size=len(data)) for i in range(6)}
    partly = {"p": np.where(rng.random(len(data)) < 0.5, rng.normal(size=len(data)), np.nan)}
    result = beyond_confounds(replace(data, confounds=many, partly_known=partly), sets, coins[:19])
    assert set(result.adjusted) == {*many, "p"}


def test_a_confound_that_decides_the_label_leaves_no_overlap_and_no_finding():
    data, sets, coins = risk_sets(6, signal=3.0)
    deciding = replace(data, confounds={"decides": data.y + 0.01 * data.X[:, 1]})
    result = beyond_confounds(deciding, sets, coins)
    assert result.effective_share < 0.1
    assert result.pvalue > 0.1


def test_draws_are_those_of_the_fitted_probabilities():
    data, sets, coins = risk_sets(7, leak=1.0)
    basis = penalised_basis(data.confounds, data.videos)
    probabilities = event_probabilities(basis.columns, basis.block, data.y, sets)
    result = beyond_confounds(data, sets, coins)
    np.testing.assert_array_equal(result.probabilities, probabilities)
    labellings = draw_events(probabilities, data.y, sets, coins)
    np.testing.assert_array_equal(
        result.raw_null_distribution, refitted_aucs(data.folds, labellings, data.videos, C=1.0)
    )
