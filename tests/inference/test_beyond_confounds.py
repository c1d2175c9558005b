"""T2 on plain arrays: pairs and risk sets, leaks that no line follows, time."""

import itertools

import numpy as np
import pytest

from priosig.confounds.penalised_basis import penalised_basis, places_in_video
from priosig.confounds.smoother import without_confounds
from priosig.crossval.probe import train_classifier
from priosig.inference.beyond_confounds import beyond_confounds
from priosig.inference.matched_logistic import draw_events, event_probabilities
from priosig.inference.relabelling import neighbouring_pairs
from priosig.metrics.auc import auc_within_video
from priosig.worlds.simulation import World, simulate_study


def sets_of_pairs(y: np.ndarray, videos: np.ndarray) -> np.ndarray:
    pairs, sets = neighbouring_pairs(y, videos), np.full(len(y), -1)
    sets[pairs] = np.arange(len(pairs))[:, None]
    return sets


def t2(world: World, seed: int, *, m: int = 99, time: bool = False):
    study = simulate_study(world, np.random.default_rng(seed))
    sets = sets_of_pairs(study.y, study.videos)
    coins = np.random.default_rng(seed).random((m, sets.max() + 1))
    confounds = study.confounds | ({"time": places_in_video(study.videos)} if time else {})
    return beyond_confounds(study.X, study.y, study.videos, sets, confounds, coins, time=["time"])


def risk_sets(seed: int, *, leak: float = 0.0, signal: float = 0.0):
    """12 sets of 3 or 4 in each of 5 videos; a fact tells the event, and the features hear it."""
    rng = np.random.default_rng(seed)
    size = np.tile([3, 4], 30)
    sets = np.repeat(np.arange(60), size)
    y = (np.diff(sets, prepend=-1) > 0).astype(int)
    fact = rng.normal(size=len(y)) + leak * y
    X = rng.normal(size=(len(y), 4))
    X[:, 0] += 3 * leak * fact + signal * y
    return X, y, sets // 12, sets, {"fact": fact}, rng.random((99, 60))


@pytest.mark.parametrize("shape", ["u shape", "category", "interaction", "any talk"])
def test_leaks_that_no_line_follows_are_not_taken_for_a_signal(shape):
    world = World("leak", "measured leak", leak=shape, equal_windows=True)
    found = [t2(world, seed) for seed in range(8)]
    assert sum(result.pvalue <= 0.05 for result in found) <= 2


def test_a_signal_beside_a_leak_is_found():
    world = World("both", "signal", signal=2.5, leak="u shape", equal_windows=True)
    assert sum(t2(world, seed).pvalue <= 0.05 for seed in range(4)) >= 3


def test_risk_sets_are_judged_within_sets():
    X, y, videos, sets, confounds, coins = risk_sets(0, leak=1.0)
    leaking = beyond_confounds(X, y, videos, sets, confounds, coins, strata=sets)
    assert leaking.raw_statistic > 0.7
    assert leaking.pvalue > 0.05
    X, y, videos, sets, confounds, coins = risk_sets(1, signal=1.5)
    found = beyond_confounds(X, y, videos, sets, confounds, coins, strata=sets)
    assert found.pvalue == 1 / 100
    assert found.effective_share > 0.9


def test_without_confounds_that_vary_it_is_the_first_test():
    X, y, videos, sets, _, coins = risk_sets(2)
    result = beyond_confounds(X, y, videos, sets, {"length": np.full(len(y), 10.0)}, coins)
    assert (result.pvalue, result.statistic, result.effective_share) == (result.raw_pvalue, result.raw_statistic, 1.0)
    assert (result.adjusted, result.constant) == ((), ("length",))


def test_statistics_are_those_of_probes_on_features_without_their_confounds_and_as_they_are():
    X, y, videos, sets, confounds, coins = risk_sets(3, leak=1.0, signal=1.0)
    rest = without_confounds(X, penalised_basis(confounds, videos), videos)
    scores = np.empty((2, len(y)))
    for v in np.unique(videos):
        train, test = np.flatnonzero(videos != v), np.flatnonzero(videos == v)
        scores[:, test] = [train_classifier(features, y, train, test)["scores"] for features in (rest, X)]
    result = beyond_confounds(X, y, videos, sets, confounds, coins, strata=sets)
    expected = auc_within_video(scores, y, sets)
    assert (result.statistic, result.raw_statistic) == pytest.approx(tuple(expected), abs=1e-12)


def test_pvalue_agrees_with_all_labellings_of_a_small_design():
    rng = np.random.default_rng(4)
    y, videos = np.tile([1, 0], 8), np.repeat(np.arange(4), 4)
    sets, confounds = np.repeat(np.arange(8), 2), {"fact": rng.normal(size=16) + y}
    X = rng.normal(size=(16, 2)) + 0.8 * y[:, None]
    result = beyond_confounds(X, y, videos, sets, confounds, rng.random((4999, 8)))
    rest = without_confounds(X, penalised_basis(confounds, videos), videos)
    from priosig.inference.permutation import folds_of, refitted_aucs

    all_events = np.array(list(itertools.product([0, 1], repeat=8)))  # whether each set's first row is the event
    labellings = np.stack([all_events, 1 - all_events], axis=2).reshape(256, 16)
    chance = np.prod(np.where(labellings == 1, result.probabilities, 1.0), axis=1)
    aucs = refitted_aucs(folds_of(rest, videos), labellings, videos)
    exact = chance[aucs >= result.statistic - 1e-12].sum()
    assert chance.sum() == pytest.approx(1)
    assert result.pvalue == pytest.approx(exact, abs=0.025)


def test_time_is_taken_out_of_the_features_and_takes_no_part_in_the_labels():
    study = simulate_study(World("trend", trend=6.0, equal_windows=True), np.random.default_rng(0))
    sets, place = sets_of_pairs(study.y, study.videos), places_in_video(study.videos)
    confounds = study.confounds | {"time": place}
    result = beyond_confounds(
        study.X,
        study.y,
        study.videos,
        sets,
        confounds,
        np.random.default_rng(0).random((19, sets.max() + 1)),
        time=["time"],
    )
    assert result.adjusted == ("time",)
    assert result.effective_share == pytest.approx(1.0)
    rest = without_confounds(study.X, penalised_basis({"time": place}, study.videos), study.videos)
    trend = place - np.array([place[study.videos == v].mean() for v in range(5)])[study.videos]
    assert np.abs(trend @ rest).max() < 0.1 * np.abs(trend @ study.X).max()


def test_neither_units_nor_names_nor_order_of_confounds_and_features_matter():
    world = World("leak", "measured leak", leak="interaction", equal_windows=True)
    study = simulate_study(world, np.random.default_rng(1))
    sets = sets_of_pairs(study.y, study.videos)
    coins = np.random.default_rng(1).random((39, sets.max() + 1))
    facts = study.confounds
    renamed = {"z": -100 * facts["other"] + 5, "a": 0.001 * facts["fact"]}
    one = beyond_confounds(study.X, study.y, study.videos, sets, facts, coins)
    other = beyond_confounds(-3 * study.X[:, ::-1] + 1, study.y, study.videos, sets, renamed, coins)
    assert other.statistic == pytest.approx(one.statistic, abs=1e-9)
    assert other.pvalue == one.pvalue
    np.testing.assert_allclose(other.probabilities, one.probabilities, atol=1e-6)


def test_confounds_beyond_any_budget_are_all_adjusted_for():
    X, y, videos, sets, confounds, coins = risk_sets(5)
    rng = np.random.default_rng(5)
    many = {f"c{i}": rng.normal(size=len(y)) for i in range(12)} | confounds
    result = beyond_confounds(X, y, videos, sets, many, coins[:19])
    assert set(result.adjusted) == set(many)


def test_a_confound_that_decides_the_label_leaves_no_overlap_and_no_finding():
    X, y, videos, sets, _, coins = risk_sets(6, signal=3.0)
    result = beyond_confounds(X, y, videos, sets, {"decides": y + 0.01 * X[:, 1]}, coins)
    assert result.effective_share < 0.1
    assert result.pvalue > 0.1


def test_draws_are_those_of_the_fitted_probabilities():
    X, y, videos, sets, confounds, coins = risk_sets(7, leak=1.0)
    basis = penalised_basis(confounds, videos)
    probabilities = event_probabilities(basis.columns, basis.block, y, sets)
    result = beyond_confounds(X, y, videos, sets, confounds, coins)
    np.testing.assert_array_equal(result.probabilities, probabilities)
    assert draw_events(probabilities, y, sets, coins).mean(axis=0)[y == 1].mean() > 0.4
