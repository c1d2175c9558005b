import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.interpolate import CubicSpline
from scipy.optimize import minimize

from priosig.basis import confound_basis, natural_spline
from priosig.conditional import conditional_labellings, conditional_test
from priosig.matched import RIDGE, draw_strata, fit_pairs, fit_strata, inclusion_probabilities
from priosig.pairing import SHUFFLE, SWAP


def study(seed: int = 0, *, n_videos: int = 5, n: int = 11, d: int = 4, leak: float = 0.0, shift: float = 0.0):
    """STOP, CONTINUE, STOP, ... with longer CONTINUE windows; the features hear log length by `leak`."""
    rng = np.random.default_rng(seed)
    y = np.tile(np.arange(n) % 2 == 0, n_videos).astype(int)
    videos = np.repeat([f"video{v}" for v in range(n_videos)], n)
    length = np.exp(rng.normal(3.0 + 0.7 * (1 - y), 0.8))
    X = rng.normal(size=(len(y), d))
    X[:, 0] += leak * np.log(length) + shift * y
    return X, y, videos, np.tile(np.arange(n, dtype=float), n_videos), {"length": length}


# --- the distribution of labels given the confounds


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
    found = inclusion_probabilities(eta, y.astype(int), np.zeros(5))
    np.testing.assert_allclose(found, probability @ rows, atol=1e-13)


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


def test_enormous_odds_decide_the_labels_without_overflow():
    eta, y = np.array([800.0, -800.0, 0.0]), np.array([0, 1, 0])
    drawn = draw_strata(eta, y, np.zeros(3), 20, np.random.default_rng(0))
    assert (drawn == [1, 0, 0]).all()
    np.testing.assert_allclose(inclusion_probabilities(eta, y, np.zeros(3)), [1, 0, 0], atol=1e-12)


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.1, 5.0))
def test_pair_regression_maximises_the_penalised_conditional_likelihood(seed, spread):
    differences = spread * np.random.default_rng(seed).normal(size=(20, 3)) + 0.3 * spread
    oracle = minimize(
        lambda b: np.logaddexp(0, -differences @ b).sum() + RIDGE / 2 * b @ b, np.zeros(3), method="BFGS",
        options={"gtol": 1e-7},
    ).x  # fmt: skip
    found = fit_pairs(differences)
    np.testing.assert_allclose(found, oracle, atol=2e-4)
    gradient = RIDGE * found - differences.T @ (1 / (1 + np.exp(differences @ found)))
    assert np.abs(gradient).max() < 1e-8


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


def test_for_videos_of_one_pair_both_regressions_agree():
    rng = np.random.default_rng(0)
    columns, y, videos = rng.normal(size=(24, 2)), np.tile([1, 0], 12), np.repeat(np.arange(12), 2)
    np.testing.assert_allclose(
        fit_strata(columns, y, videos), fit_pairs(columns[y == 1] - columns[y == 0]), atol=1e-6
    )


def test_pairs_that_confounds_separate_have_a_finite_answer():
    assert np.isfinite(fit_pairs(np.ones((20, 1)))).all()


def test_no_confound_makes_every_pair_a_fair_coin():
    y, videos = np.tile([1, 0], 20), np.repeat([0, 1], 20)
    draws = conditional_labellings(np.empty((40, 0)), y, videos, 500, np.random.default_rng(0))
    assert draws.scheme == SWAP
    assert draws.effective_pairs == pytest.approx(20)
    np.testing.assert_allclose(draws.probabilities, 0.5)
    assert abs(draws.labellings[:, 0].mean() - 0.5) < 0.08


def test_draws_of_pairs_follow_their_probabilities():
    _, y, videos, _, confounds = study()
    codes = np.unique(videos, return_inverse=True)[1]
    columns = confound_basis(confounds, 25).columns
    draws = conditional_labellings(columns, y, codes, 4000, np.random.default_rng(0))
    np.testing.assert_allclose(draws.labellings.mean(axis=0), draws.probabilities, atol=0.035)
    np.testing.assert_array_equal(draws.labellings.sum(axis=1), y.sum())


# --- the confounds' columns


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_spline_spans_the_natural_cubic_splines_of_its_knots(seed):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=40)
    knots = np.quantile(x, [0, 1 / 3, 2 / 3, 1])
    target = CubicSpline(knots, rng.normal(size=4), bc_type="natural")(x)
    design = np.column_stack([np.ones(40), natural_spline(x)])
    fitted = design @ np.linalg.lstsq(design, target, rcond=None)[0]
    assert design.shape[1] == 4
    np.testing.assert_allclose(fitted, target, atol=1e-8)


def test_columns_are_orthogonal_centred_and_of_unit_spread():
    rng = np.random.default_rng(0)
    basis = confound_basis({"length": rng.uniform(5, 100, 60), "talk": rng.random(60)}, 37)
    np.testing.assert_allclose(basis.columns.T @ basis.columns / 60, np.eye(4), atol=1e-12)
    np.testing.assert_allclose(basis.columns.mean(axis=0), 0, atol=1e-12)


def test_one_degree_of_freedom_is_spent_for_every_seven_pairs_and_the_rest_is_named():
    rng = np.random.default_rng(0)
    table = {name: rng.uniform(1, 9, 60) for name in ("length", "talk", "level", "place")}
    basis = confound_basis(table, 35)
    assert (basis.df, basis.adjusted, basis.left_out) == (5, ("length", "talk", "level"), ("place",))
    assert confound_basis(table, 14).df == 2
    assert confound_basis(table, 6).left_out == ("length", "talk", "level", "place")


def test_constant_and_redundant_confounds_cost_nothing_and_are_named():
    rng = np.random.default_rng(0)
    talk = rng.random(60)
    table = {"length": np.full(60, 10.0), "talk": talk, "speech": 1 - 2 * talk, "level": rng.random(60)}
    basis = confound_basis(table, 14)
    assert (basis.constant, basis.adjusted, basis.redundant) == (("length",), ("talk", "level"), ("speech",))


@pytest.mark.parametrize(
    ("confounds", "message"),
    [
        ({"talk": [0.1, np.nan], "level": [np.inf, np.nan]}, "'talk' in 1 segments, 'level' in 2 segments"),
        ({"length": [0.0, 3.0]}, "'length' has the value 0.0; expected more than 0"),
        ({"talk": [0.1, 0.2], "level": [1.0]}, "expected one number per segment"),
    ],
    ids=["not finite", "length of zero", "shapes"],
)
def test_unusable_confounds_are_refused_by_name(confounds, message):
    with pytest.raises(ValueError, match=message):
        confound_basis({name: np.array(values) for name, values in confounds.items()}, 30)


# --- the test


def test_features_that_only_hear_the_length_are_not_a_signal():
    pvalues = [conditional_test(*study(s, leak=3.0), n_permutations=19, seed=s) for s in range(8)]
    assert sum(p.pvalue <= 0.05 for p in pvalues) <= 2
    assert sum(p.raw_pvalue <= 0.05 for p in pvalues) <= 2
    assert np.mean([p.raw_statistic for p in pvalues]) > 0.6


def test_a_signal_beyond_the_length_is_found():
    found = conditional_test(*study(1, leak=1.0, shift=3.0), n_permutations=99)
    assert found.pvalue == found.raw_pvalue == 1 / 100
    assert found.adjusted == ("length",)


def test_a_confound_that_decides_the_label_leaves_no_overlap_and_no_finding():
    X, y, videos, starts, _ = study(0, shift=5.0)
    confounds = {"decides": y + 0.01 * np.random.default_rng(0).normal(size=len(y))}
    found = conditional_test(X, y, videos, starts, confounds, n_permutations=99)
    assert found.effective_pairs < 3
    assert found.pvalue > 0.1


def test_pairs_of_equal_confounds_are_fair_coins():
    X, y, videos, starts, _ = study(0)
    same = {"place": np.tile([0.1, 0.1, 0.2, 0.2, 0.3, 0.3, 0.4, 0.4, 0.5, 0.5, 0.9], 5)}  # neighbours share it
    found = conditional_test(X, y, videos, starts, same, n_permutations=19)
    assert found.effective_pairs == pytest.approx(25)


def test_confounds_removed_by_design_leave_the_first_test():
    X, y, videos, starts, _ = study(0)
    found = conditional_test(X, y, videos, starts, {"length": np.full(len(y), 10.0)}, n_permutations=19)
    assert found.constant == ("length",)
    assert found.statistic == found.raw_statistic
    assert found.pvalue == found.raw_pvalue
    assert found.effective_pairs == pytest.approx(found.n_pairs)


def test_with_few_pairs_labels_are_drawn_within_video():
    found = conditional_test(*study(0, n_videos=2), n_permutations=19)
    assert (found.scheme, found.n_pairs) == (SHUFFLE, 10)
    assert 0 < found.effective_pairs <= 11


def test_no_pairs_at_all_still_have_an_answer():
    rng = np.random.default_rng(0)
    y, videos = np.array([1, 1, 1, 0, 0, 0] * 2), np.repeat(["a", "b"], 6)
    confounds = {"length": rng.uniform(5, 50, 12)}
    found = conditional_test(rng.normal(size=(12, 2)), y, videos, np.arange(12.0), confounds, n_permutations=19)
    assert found.scheme == SHUFFLE
    assert 1 / 20 <= found.pvalue <= 1


def test_one_video_is_refused():
    X, y, videos, starts, confounds = study(0, n_videos=1)
    with pytest.raises(ValueError, match=r"1 video.*expected 2 or more"):
        conditional_test(X, y, videos, starts, confounds, n_permutations=19)


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 10_000), st.booleans())
def test_neither_row_order_nor_names_of_videos_matter(seed, few):
    X, y, videos, starts, confounds = study(seed, n_videos=2 if few else 4)
    order = np.random.default_rng(seed).permutation(len(y))
    renamed = np.array([f"v{9 - int(v[-1])}" for v in videos])
    one = conditional_test(X, y, videos, starts, confounds, n_permutations=19, seed=seed)
    other = conditional_test(
        X[order], y[order], renamed[order], starts[order], {"length": confounds["length"][order]},
        n_permutations=19, seed=seed,
    )  # fmt: skip
    assert (other.pvalue, other.raw_pvalue) == (one.pvalue, one.raw_pvalue)
    assert other.statistic == pytest.approx(one.statistic, abs=1e-12)
    assert other.effective_pairs == pytest.approx(one.effective_pairs, abs=1e-9)


def test_statistic_is_that_of_features_without_what_the_confounds_predict_in_each_training_fold():
    from sklearn.linear_model import LinearRegression

    from priosig.probe import train_classifier
    from priosig.ranking import auc_within_video

    X, y, videos, starts, confounds = study(4, leak=1.0, shift=1.0)
    columns = confound_basis(confounds, 25).columns
    scores = np.empty(len(y))
    for v in np.unique(videos):
        train, test = np.flatnonzero(videos != v), np.flatnonzero(videos == v)
        rest = X - LinearRegression().fit(columns[train], X[train]).predict(columns)
        scores[test] = train_classifier(rest, y, train, test)["scores"]
    found = conditional_test(X, y, videos, starts, confounds, n_permutations=19)
    assert found.statistic == pytest.approx(auc_within_video(scores, y, videos), abs=1e-12)
    assert found.statistic != found.raw_statistic


def test_length_enters_as_a_spline_of_its_logarithm():
    length = np.random.default_rng(0).uniform(3, 300, 60)
    columns = confound_basis({"length": length}, 37).columns
    spline = natural_spline(np.log(length))
    spline = spline - spline.mean(axis=0)
    np.testing.assert_allclose(columns @ (columns.T @ spline) / 60, spline, atol=1e-10)
