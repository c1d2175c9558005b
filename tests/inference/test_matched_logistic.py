"""Which member of a set is the event, given covariates: probabilities, penalties, draws."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression

from priosig.inference import matched_logistic
from priosig.inference.matched_logistic import (
    UNMATCHED,
    draw_events,
    effective_share,
    equal_probabilities,
    event_probabilities,
)


def matched(seed: int, sizes: tuple[int, ...], *, slope: float = 1.0, d: int = 3):
    """Sets of some sizes, shuffled rows, and two rows of no set; the first covariate tells the event."""
    rng = np.random.default_rng(seed)
    sets = rng.permutation(np.concatenate([np.repeat(np.arange(len(sizes)), sizes), [UNMATCHED] * 2]))
    P = rng.normal(size=(len(sets), d))
    y = np.zeros(len(sets), dtype=int)
    for k in range(len(sizes)):
        rows = np.flatnonzero(sets == k)
        weight = np.exp(slope * P[rows, 0])
        y[rng.choice(rows, p=weight / weight.sum())] = 1
    y[np.flatnonzero(sets == UNMATCHED)[0]] = 1
    return P, y, sets


def by_hand(P: np.ndarray, y: np.ndarray, sets: np.ndarray, penalty: float) -> np.ndarray:
    """Probabilities of the maximum penalised likelihood, from loops and a general optimiser."""

    def probabilities(beta: np.ndarray) -> np.ndarray:
        p = y.astype(float)
        for k in range(sets.max() + 1):
            weight = np.exp(P[sets == k] @ beta)
            p[sets == k] = weight / weight.sum()
        return p

    def loss(beta: np.ndarray) -> float:
        return -np.log(probabilities(beta)[(y == 1) & (sets >= 0)]).sum() + penalty / 2 * beta @ beta

    return probabilities(minimize(loss, np.zeros(P.shape[1]), method="BFGS", options={"gtol": 1e-8}).x)


@pytest.mark.parametrize("sizes", [(2,) * 20, (2, 3, 5, 4, 7, 2, 3)], ids=["pairs", "risk sets"])
def test_probabilities_are_those_of_the_penalised_likelihood(sizes, monkeypatch):
    monkeypatch.setattr(matched_logistic, "PENALTIES", np.array([0.7]))
    monkeypatch.setattr(matched_logistic, "FIRST_PENALTY", 0.7)
    P, y, sets = matched(0, sizes)
    probabilities = event_probabilities(P, np.zeros(3, dtype=int), y, sets)
    np.testing.assert_allclose(probabilities, by_hand(P, y, sets, 0.7), atol=1e-6)


def test_pairs_are_a_logistic_regression_of_differences_without_intercept(monkeypatch):
    monkeypatch.setattr(matched_logistic, "PENALTIES", np.array([0.5]))
    monkeypatch.setattr(matched_logistic, "FIRST_PENALTY", 0.5)
    P, y, sets = matched(1, (2,) * 30)
    rows = np.array([np.flatnonzero(sets == k)[np.argsort(y[sets == k])] for k in range(30)])  # control, event
    D = P[rows[:, 1]] - P[rows[:, 0]]
    model = LogisticRegression(C=1 / 0.5, fit_intercept=False, tol=1e-12, solver="newton-cholesky")
    model.fit(np.vstack([D, -D]), np.repeat([1, 0], 30), sample_weight=np.full(60, 0.5))
    expected = model.predict_proba(D)[:, 1]
    probabilities = event_probabilities(P, np.zeros(3, dtype=int), y, sets)
    np.testing.assert_allclose(probabilities[rows[:, 1]], expected, atol=1e-8)


def test_penalties_maximise_the_marginal_likelihood_found_by_integration(monkeypatch):
    """One covariate and one penalty: the integral over its coefficient can be done by sums."""
    P, y, sets = matched(2, (2, 3, 4) * 8, slope=0.8, d=1)
    event = (y == 1) & (sets >= 0)
    sorted_sets = matched_logistic._matched(y, sets)
    order, grid = sorted_sets.rows, np.linspace(-8, 8, 4001)
    weight = np.exp(P @ grid[None, :])
    log_likelihood = sum(
        np.log(weight[event & (sets == k)][0] / weight[sets == k].sum(axis=0)) for k in range(sets.max() + 1)
    )
    marginal = [
        np.trapezoid(np.exp(log_likelihood - penalty / 2 * grid**2) * np.sqrt(penalty), grid)
        for penalty in matched_logistic.PENALTIES[:-1]
    ]
    laplace = [
        matched_logistic._posterior(P[order], [np.eye(1)], np.array([penalty]), sorted_sets, np.zeros(1))[0]
        for penalty in matched_logistic.PENALTIES[:-1]
    ]
    np.testing.assert_allclose(np.diff(laplace), np.diff(np.log(marginal)), atol=0.03)
    best = matched_logistic.PENALTIES[np.argmax(marginal)]
    probabilities = event_probabilities(P, np.zeros(1, dtype=int), y, sets)
    np.testing.assert_allclose(probabilities, by_hand(P, y, sets, best), atol=1e-6)


def test_covariates_that_say_nothing_leave_nearly_fair_coins_and_those_that_decide_leave_none():
    rng = np.random.default_rng(3)
    _, y, sets = matched(3, (2,) * 40)
    block = np.zeros(5, dtype=int)
    noise = rng.normal(size=(len(y), 5))
    assert effective_share(event_probabilities(noise, block, y, sets), y, sets) > 0.85
    deciding = noise + 5 * y[:, None]
    assert effective_share(event_probabilities(deciding, block, y, sets), y, sets) < 0.1


def test_each_block_has_a_penalty_of_its_own():
    P, y, sets = matched(4, (2,) * 60, slope=3.0, d=40)
    own, shared = (
        event_probabilities(P, block, y, sets) for block in (np.minimum(np.arange(40), 1), np.zeros(40, int))
    )
    truth = equal_probabilities(y, sets)
    for k in range(60):
        weight = np.exp(3.0 * P[sets == k, 0])
        truth[sets == k] = weight / weight.sum()
    assert np.mean((own - truth) ** 2) < 0.5 * np.mean((shared - truth) ** 2)


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 1000))
def test_neither_order_of_rows_nor_names_of_sets_nor_signs_of_columns_matter(seed):
    P, y, sets = matched(seed, (2, 3, 2, 4, 2, 2))
    rng = np.random.default_rng(seed)
    order, block = rng.permutation(len(y)), np.array([0, 0, 1])
    renamed = np.where(sets == UNMATCHED, UNMATCHED, rng.permutation(6)[sets] + 10)
    one = event_probabilities(P, block, y, sets)
    other = event_probabilities(-P[order], block, y[order], renamed[order])
    np.testing.assert_allclose(other, one[order], atol=1e-7)


def test_draws_follow_their_probabilities_and_keep_one_event_a_set():
    P, y, sets = matched(5, (2, 3, 5, 2))
    p = event_probabilities(3 * P, np.zeros(3, dtype=int), y, sets)
    drawn = draw_events(p, y, sets, np.random.default_rng(0).random((20_000, 4)))
    np.testing.assert_allclose(drawn.mean(axis=0), p, atol=0.015)
    for k in range(4):
        assert (drawn[:, sets == k].sum(axis=1) == 1).all()
    np.testing.assert_array_equal(drawn[:, sets == UNMATCHED], np.tile(y[sets == UNMATCHED], (20_000, 1)))


def test_all_labellings_of_a_small_design_come_as_often_as_their_product_of_probabilities():
    P, y, sets = matched(6, (2, 3))
    p = event_probabilities(2 * P, np.zeros(3, dtype=int), y, sets)
    drawn = draw_events(p, y, sets, np.random.default_rng(1).random((30_000, 2)))
    for i, j in itertools.product(np.flatnonzero(sets == 0), np.flatnonzero(sets == 1)):
        assert np.mean(drawn[:, i] & drawn[:, j]) == pytest.approx(p[i] * p[j], abs=0.012)


def test_pairs_of_equal_probability_are_flipped_by_the_coins_of_the_first_test():
    _, y, sets = matched(7, (2,) * 15)
    stop = np.array([np.flatnonzero((sets == k) & (y == 1))[0] for k in range(15)])
    coins = np.random.default_rng(2).random((50, 15))
    drawn = draw_events(equal_probabilities(y, sets), y, sets, coins)
    np.testing.assert_array_equal(drawn[:, stop] == 0, coins < 0.5)


def test_a_set_without_exactly_one_event_is_refused():
    with pytest.raises(ValueError, match="set 1 holds 2 STOP segments; expected exactly one"):
        equal_probabilities(np.array([1, 0, 1, 1]), np.array([0, 0, 1, 1]))
