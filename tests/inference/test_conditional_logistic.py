"""The distribution of labels given the confounds: its draws, its probabilities, its fits."""

import itertools

import numpy as np
import pytest
from scipy.optimize import minimize

from priosig.inference import conditional_logistic
from priosig.inference.conditional_logistic import RIDGE, draw_strata, fit_strata, inclusion_probabilities


def labellings_with(n: int, k: int) -> np.ndarray:
    return np.array([row for row in itertools.product([0, 1], repeat=n) if sum(row) == k])


def brute_force(eta: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Every labelling with k STOPs and its probability, proportional to exp(sum of eta over STOPs)."""
    rows = labellings_with(len(eta), k)
    weight = np.exp(rows @ eta)
    return rows, weight / weight.sum()


@pytest.mark.parametrize("k", range(6))
def test_inclusion_probabilities_are_those_of_all_labellings(k):
    eta = np.array([-2.0, 0.3, 1.1, 0.0, 4.0])
    y = np.arange(5) < k
    rows, probability = brute_force(eta, k)
    probabilities = inclusion_probabilities(eta, y.astype(int), np.zeros(5))
    np.testing.assert_allclose(probabilities, probability @ rows, atol=1e-13)


def test_draws_have_the_conditional_bernoulli_distribution():
    eta, y = np.array([-1.0, 0.5, 1.5, 0.0]), np.array([1, 1, 0, 0])
    rows, probability = brute_force(eta, 2)
    drawn = draw_strata(eta, y, np.zeros(4), 20_000, np.random.default_rng(0))
    share = np.array([(drawn == row).all(axis=1).mean() for row in rows])
    assert share.sum() == 1
    np.testing.assert_allclose(share, probability, atol=0.015)


def test_draws_with_odds_of_their_own_match_draws_with_shared_odds():
    eta, y, videos = np.array([3.0, -1.0, 0.0, 2.0, 1.0]), np.array([1, 0, 0, 1, 0]), np.array([0, 0, 0, 1, 1])
    shared = draw_strata(eta, y, videos, 50, np.random.default_rng(1))
    own = draw_strata(np.tile(eta, (50, 1)), y, videos, 50, np.random.default_rng(1))
    np.testing.assert_array_equal(shared, own)


@pytest.mark.parametrize("spread", [1.0, 300.0], ids="spread={}".format)
def test_each_row_of_many_videos_is_drawn_given_those_before_it(spread):
    rng = np.random.default_rng(3)
    videos = np.repeat([0, 1, 2, 3], [4, 5, 4, 2])
    y = np.array([1, 0, 1, 0, 0, 1, 0, 0, 1, 0, 1, 1, 0, 1, 1])  # videos 0 and 2 have one size and number of STOPs
    eta = spread * rng.normal(size=(30, len(y)))
    uniform = np.random.default_rng(7).random(eta.shape)
    expected = np.zeros(eta.shape, dtype=int)
    for video in range(4):
        rows = np.flatnonzero(videos == video)
        possible = labellings_with(len(rows), int(y[rows].sum()))
        for k in range(len(eta)):
            left, log_weight = possible, possible @ eta[k, rows]
            for j, row in enumerate(rows):
                total = np.logaddexp.reduce(log_weight)
                stop = np.logaddexp.reduce(log_weight[left[:, j] == 1], initial=-np.inf)
                expected[k, row] = uniform[k, row] < np.exp(stop - total)
                kept = left[:, j] == expected[k, row]
                left, log_weight = left[kept], log_weight[kept]
    np.testing.assert_array_equal(draw_strata(eta, y, videos, 30, np.random.default_rng(7)), expected)


@pytest.mark.parametrize(("size", "spread"), [(30, 1.0), (90, 40.0)], ids=["sums of products", "chances"])
def test_large_videos_are_drawn_a_few_labellings_at_a_time(size, spread, monkeypatch):
    y, videos = np.arange(3 * size) % 2, np.repeat(np.arange(3), size)
    eta = spread * np.random.default_rng(1).normal(size=(20, len(y)))
    at_once = draw_strata(eta, y, videos, 20, np.random.default_rng(2))
    shapes, table_of = [], conditional_logistic._symmetric
    monkeypatch.setattr(
        conditional_logistic, "_symmetric", lambda w, *rest: shapes.append(w.shape) or table_of(w, *rest)
    )
    monkeypatch.setattr(conditional_logistic, "MOST_ENTRIES", 3 * 6 * (size + 1) * (size // 2 + 1))
    np.testing.assert_array_equal(draw_strata(eta, y, videos, 20, np.random.default_rng(2)), at_once)
    assert [n for _, n, _ in shapes] == [6, 6, 6, 2]
    assert (at_once.reshape(20, 3, size).sum(axis=2) == size // 2).all()


def test_draws_under_far_spread_odds_have_the_inclusion_probabilities():
    # The odds span more than a number can, so that chances stand in for sums of products; most are near the bar.
    eta = np.concatenate([np.linspace(-60, -40, 10), np.linspace(-1.5, 1.5, 12), np.linspace(40, 60, 10)])
    y, n = (np.arange(32) < 13).astype(int), 4000
    drawn = draw_strata(eta, y, np.zeros(32), n, np.random.default_rng(5))
    expected = inclusion_probabilities(eta, y, np.zeros(32))
    assert 13 * 60 + 32 > 600  # else nothing of this is asked
    np.testing.assert_allclose(drawn.mean(axis=0), expected, atol=4 * 0.5 / np.sqrt(n))


def test_enormous_odds_decide_the_labels_without_overflow():
    eta, y = np.array([800.0, -800.0, 0.0]), np.array([0, 1, 0])
    drawn = draw_strata(eta, y, np.zeros(3), 20, np.random.default_rng(0))
    assert (drawn == [1, 0, 0]).all()
    np.testing.assert_allclose(inclusion_probabilities(eta, y, np.zeros(3)), [1, 0, 0], atol=1e-12)


def test_strata_regression_maximises_the_likelihood_over_all_labellings():
    rng = np.random.default_rng(3)
    columns, videos = rng.normal(size=(9, 2)), np.repeat([0, 1], [5, 4])
    y = np.array([1, 1, 0, 0, 1, 0, 0, 1, 0])

    def negative(beta):
        eta = columns @ beta
        value = RIDGE / 2 * beta @ beta
        for v in (0, 1):
            rows = labellings_with((videos == v).sum(), y[videos == v].sum())
            value -= eta[videos == v] @ y[videos == v] - np.log(np.exp(rows @ eta[videos == v]).sum())
        return value

    oracle = minimize(negative, np.zeros(2), method="BFGS", options={"gtol": 1e-7}).x
    np.testing.assert_allclose(fit_strata(columns, y, videos), oracle, atol=1e-5)
