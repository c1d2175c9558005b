"""T2: pairs, risk sets and shuffled labels; leaks that no line follows; time."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from priosig._core.arrays import centred_within
from priosig.confounds.penalised_basis import penalised_basis, places_in_video
from priosig.confounds.smoother import without_confounds
from priosig.crossval.probe import train_classifier
from priosig.inference.beyond_confounds import beyond_confounds, given_confounds
from priosig.inference.data import ConfoundNames, LabelledSegments, labelled_segments
from priosig.inference.matched_logistic import draw_events, event_probabilities
from priosig.inference.permutation import permutation_test, refitted_aucs
from priosig.inference.relabelling import coins
from priosig.metrics.auc import auc_within_video
from priosig.verdict.rule import Rule
from priosig.worlds.simulation import World, simulate_study
from tests.inference.risk_sets import risk_set_study

FEW = Rule(n_permutations=19)
MANY = Rule(n_permutations=59)


def paired(world: World, seed: int, **more: np.ndarray) -> LabelledSegments:
    study = simulate_study(world, np.random.default_rng(seed))
    return labelled_segments(study.y, study.videos, study.start_times, study.confounds | more, X=study.X)


def t2(world: World, seed: int):
    return beyond_confounds(paired(world, seed), FEW, seed=seed)


def risk_sets(seed: int, *, leak: float = 0.0, signal: float = 0.0, **more: np.ndarray) -> LabelledSegments:
    """12 sets of 3 or 4 in each of 5 videos; a fact tells the event, and the features hear it."""
    rng = np.random.default_rng(seed)
    size = np.tile([3, 4], 30)
    sets = np.repeat(np.arange(60), size)
    y = (np.diff(sets, prepend=-1) > 0).astype(np.int8)
    fact = rng.normal(size=len(y)) + leak * y
    X = rng.normal(size=(len(y), 4))
    X[:, 0] += 3 * leak * fact + signal * y
    return labelled_segments(y, sets // 12, rng.random(len(y)), {"fact": fact} | more, X=X, set_ids=sets)


def probabilities_of(data: LabelledSegments) -> np.ndarray:
    """P(segment is its set's STOP) given the confounds."""
    basis = penalised_basis(data.confounds, data.strata)
    return event_probabilities(basis.columns, basis.block, data.y, data.sets)


@pytest.mark.parametrize("shape", ["u shape", "category", "interaction", "any talk"])
def test_leaks_that_no_line_follows_are_not_taken_for_a_signal(shape):
    world = World("leak", "measured leak", leak=shape, equal_windows=True)
    assert sum(t2(world, seed).pvalue <= 0.05 for seed in (2, 3)) <= 1


def test_a_signal_beside_a_leak_is_found():
    world = World("both", "signal", signal=2.5, leak="u shape", equal_windows=True)
    assert all(t2(world, seed).pvalue <= 0.05 for seed in range(2))


def test_risk_sets_are_judged_within_sets():
    leaking = beyond_confounds(risk_sets(0, leak=1.0), MANY)
    assert leaking.raw.statistic > 0.7
    assert leaking.pvalue > 0.05
    audible = beyond_confounds(risk_sets(1, signal=1.5), MANY)
    assert audible.pvalue == 1 / 60
    assert audible.effective_sets > 0.9 * 60


def test_without_confounds_that_vary_it_is_the_first_test():
    data = replace(risk_sets(2), confounds={"length": np.full(210, 10.0)})
    result = beyond_confounds(data, FEW)
    assert (result.pvalue, result.statistic) == (result.raw.pvalue, result.raw.statistic)
    assert (result.effective_sets, result.adjusted) == (60.0, ())
    first = permutation_test(data, FEW)
    np.testing.assert_array_equal(result.null_distribution, first.null_distribution)


def test_statistics_are_those_of_probes_on_features_without_their_confounds_and_as_they_are():
    data = risk_sets(3, leak=1.0, signal=1.0)
    X, y, videos, sets = data.X, data.y, data.videos, data.risk_sets
    rest = centred_within(without_confounds(X, penalised_basis(data.confounds, sets), sets), sets)
    scores = np.empty((2, len(y)))
    for v in np.unique(videos):
        train, test = np.flatnonzero(videos != v), np.flatnonzero(videos == v)
        scores[:, test] = [train_classifier(features, y, train, test)["scores"] for features in (rest, X)]
    result = beyond_confounds(data, FEW)
    expected = auc_within_video(scores, y, sets)
    assert (result.statistic, result.raw.statistic) == pytest.approx(tuple(expected), abs=1e-12)


def test_pvalue_agrees_with_all_labellings_of_a_small_design():
    rng = np.random.default_rng(4)
    y, videos, sets = np.tile([1, 0], 8), np.repeat(np.arange(4), 4), np.repeat(np.arange(8), 2)
    fact = rng.normal(size=16) + y
    X = rng.normal(size=(16, 2)) + 0.8 * y[:, None]
    data = labelled_segments(y, videos, rng.random(16), {"fact": fact}, X=X, set_ids=sets)
    result = beyond_confounds(data, Rule(n_permutations=4999))
    strata = data.risk_sets
    rest = data.with_rows(without_confounds(data.X, penalised_basis(data.confounds, strata), strata))
    all_events = np.array(list(itertools.product([0, 1], repeat=8)))  # whether each set's first row is the event
    labellings = np.stack([all_events, 1 - all_events], axis=2).reshape(256, 16)
    chance = np.prod(np.where(labellings == 1, probabilities_of(data), 1.0), axis=1)
    aucs = refitted_aucs(rest.folds, labellings, strata, C=1.0)
    exact = chance[aucs >= result.statistic - 1e-12].sum()
    assert chance.sum() == pytest.approx(1)
    assert result.pvalue == pytest.approx(exact, abs=0.025)


def test_a_change_that_all_bouts_share_changes_nothing():
    data = risk_sets(8, leak=0.5, signal=0.7)
    shared = data.with_rows(data.X + 50 * data.risk_sets[:, None] ** 2.0)
    for test in (permutation_test, beyond_confounds):
        one, other = test(data, FEW), test(shared, FEW)
        assert other.pvalue == one.pvalue
        np.testing.assert_allclose(other.null_distribution, one.null_distribution, atol=1e-12)


def test_labels_that_are_shuffled_are_drawn_given_the_confounds_too():
    rng = np.random.default_rng(5)
    y, groups = np.tile([1, 1, 0, 0, 0, 1], 10), np.repeat(np.arange(6), 10)
    fact = rng.normal(size=60) + 1.5 * y
    X = rng.normal(size=(60, 3))
    X[:, 0] += 3 * fact
    data = labelled_segments(y, groups, None, {"fact": fact}, X=X)
    assert permutation_test(data, MANY).pvalue <= 0.05
    result = beyond_confounds(data, MANY)
    assert result.pvalue > 0.05
    assert 0 < result.effective_sets < data.n_sets
    assert result.adjusted == ("fact",)


def test_time_is_taken_out_of_the_features_and_takes_no_part_in_the_labels():
    data = paired(World("trend", trend=6.0, equal_windows=True), 0)
    place = places_in_video(data.videos)
    result = beyond_confounds(data, FEW)
    assert result.adjusted == ("time",)
    assert result.effective_sets == pytest.approx(len(data.pairs))
    rest = without_confounds(data.X, penalised_basis({"time": place}, data.videos), data.videos)
    trend = place - np.array([place[data.videos == v].mean() for v in range(5)])[data.videos]
    assert np.abs(trend @ rest).max() < 0.1 * np.abs(trend @ data.X).max()


def test_neither_units_nor_names_nor_order_of_confounds_and_features_matter():
    world = World("leak", "measured leak", leak="interaction", equal_windows=True)
    data = paired(world, 1)
    renamed = {"z": -100 * data.confounds["other"] + 5, "a": 0.001 * data.confounds["fact"]}
    one = beyond_confounds(data, FEW)
    other = beyond_confounds(replace(data, X=-3 * data.X[:, ::-1] + 1, confounds=renamed), FEW)
    assert other.statistic == pytest.approx(one.statistic, abs=1e-9)
    assert other.pvalue == one.pvalue
    np.testing.assert_allclose(other.null_distribution, one.null_distribution, atol=1e-6)


def test_confounds_beyond_any_budget_and_those_known_in_part_are_all_adjusted_for():
    data, rng = risk_set_study(n_videos=4, n_sets=3), np.random.default_rng(5)
    many = {f"c{i}": rng.normal(size=len(data)) for i in range(6)}
    partly = {"p": np.where(rng.random(len(data)) < 0.5, rng.normal(size=len(data)), np.nan)}
    result = beyond_confounds(replace(data, confounds=many, partly_known=partly), FEW)
    assert set(result.adjusted) == {*many, "p"}


def test_what_may_be_music_is_adjusted_for_when_that_is_asked_for():
    data = replace(risk_sets(9, leak=1.0), names=ConfoundNames(acoustic=("fact",)))
    assert beyond_confounds(data, MANY).pvalue == 1 / 60
    assert beyond_confounds(data, MANY, acoustic=True).pvalue > 0.05


def test_labels_are_drawn_once_for_all_features_and_anew_for_other_confounds():
    data = risk_sets(7, leak=1.0)
    drawn = given_confounds(data, FEW, seed=0, acoustic=False).labellings
    assert given_confounds(data.with_rows(data.X[:, :2]), FEW, seed=0, acoustic=False).labellings is drawn
    for other in (replace(data, confounds={}), data):
        anew = given_confounds(other, FEW, seed=int(other is data), acoustic=False).labellings
        assert not np.array_equal(anew, drawn)


def test_a_confound_that_decides_the_label_leaves_no_overlap_and_no_finding():
    data = risk_sets(6, signal=3.0)
    result = beyond_confounds(replace(data, confounds={"decides": data.y + 0.01 * data.X[:, 1]}), FEW)
    assert result.effective_sets < 0.1 * 60
    assert result.pvalue > 0.1


def test_draws_are_those_of_the_fitted_probabilities():
    data = risk_sets(7, leak=1.0)
    labellings = draw_events(probabilities_of(data), data.y, data.sets, coins(data, FEW, 0))
    np.testing.assert_array_equal(given_confounds(data, FEW, seed=0, acoustic=False).labellings[1:], labellings)
    null = beyond_confounds(data, FEW).raw.null_distribution
    np.testing.assert_array_equal(null, refitted_aucs(data.folds, labellings, data.strata, C=1.0))
