import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import t as student

from priosig.crossval.folds import oof_scores, split_by_video
from priosig.inference import confidence
from priosig.inference.confidence import Interval, confidence_interval, interval_from_leave_out, pair_variance
from priosig.inference.data import labelled_segments
from priosig.metrics.auc import auc_within_video
from priosig.verdict.rule import Rule
from tests.inference.risk_sets import risk_set_study


def run(X, y, videos, starts) -> Interval:
    return confidence_interval(labelled_segments(y, videos, starts, X=X), Rule())


def study(seed: int = 0, *, n_videos: int = 5, n: int = 9, shift: float = 1.0):
    rng = np.random.default_rng(seed)
    y = np.tile(np.arange(n) % 2 == 0, n_videos).astype(int)
    videos = np.repeat([f"video{v}" for v in range(n_videos)], n)
    X = rng.normal(size=(len(y), 3))
    X[:, 0] += shift * y
    return X, y, videos, np.tile(np.arange(n, dtype=float), n_videos)


def test_leave_out_estimates_are_those_of_the_cross_validation_without_each_video():
    from priosig.crossval.leave_one_video_out import leave_one_video_out_cv

    X, y, videos, starts = study()
    explicit = []
    for v in np.unique(videos):
        kept = videos != v
        explicit.append(leave_one_video_out_cv(X[kept], y[kept], videos[kept])["auc_within_video"])
    interval = run(X, y, videos, starts)
    assert interval.estimate == pytest.approx(leave_one_video_out_cv(X, y, videos)["auc_within_video"], abs=1e-12)
    np.testing.assert_allclose(np.sort(interval.leave_out), np.sort(explicit), atol=1e-12)


def test_interval_is_the_formula_written_out():
    theta, leave_out = 0.71, np.array([0.65, 0.70, 0.74, 0.72, 0.69])
    se = np.sqrt(4 / 5 * sum((v - leave_out.mean()) ** 2 for v in leave_out))
    half = student.ppf(0.975, df=4) * se / (theta * (1 - theta))
    interval = interval_from_leave_out(theta, leave_out, 5)
    assert interval.standard_error == pytest.approx(se)
    assert np.log(interval.low / (1 - interval.low)) == pytest.approx(np.log(theta / (1 - theta)) - half)
    assert np.log(interval.high / (1 - interval.high)) == pytest.approx(np.log(theta / (1 - theta)) + half)
    assert (interval.df, interval.reason) == (4, "")


def mean_of_pairs(rng, n: int):
    """An estimate that is exactly a mean over pairs of videos (trained on, scored), and what the jackknife sees."""
    trained, scored = rng.normal(size=(2, n)) * 0.3
    kernel = trained[:, None] + scored + rng.normal(size=(n, n))
    np.fill_diagonal(kernel, 0)
    auc = kernel.sum(axis=0) / (n - 1)
    without = (kernel.sum(axis=0) - kernel) / (n - 2)
    np.fill_diagonal(without, np.nan)
    return auc, without, np.ones(n)


def test_the_jackknife_counts_the_variance_of_pairs_twice():
    rng, n = np.random.default_rng(0), 12
    estimates, variances, of_pairs = [], [], []
    for _ in range(1500):
        auc, without, weight = mean_of_pairs(rng, n)
        leave_out = np.nanmean(without, axis=1)
        estimates.append(auc.mean())
        variances.append((n - 1) / n * np.sum((leave_out - leave_out.mean()) ** 2))
        of_pairs.append(pair_variance(auc, without, weight))
    assert np.mean(of_pairs) == pytest.approx(1 / (n * (n - 1)), rel=0.03)
    assert np.mean(variances) - np.mean(of_pairs) == pytest.approx(np.var(estimates), rel=0.1)
    assert np.mean(variances) > 1.25 * np.var(estimates)


def test_videos_that_act_one_by_one_have_no_variance_of_pairs():
    n = 6
    kernel = np.arange(n)[:, None] + np.arange(n) ** 2.0
    np.fill_diagonal(kernel, 0)
    without = (kernel.sum(axis=0) - kernel) / (n - 2)
    assert pair_variance(kernel.sum(axis=0) / (n - 1), without, np.ones(n)) == pytest.approx(0, abs=1e-20)


def test_the_variance_of_pairs_is_taken_off_with_many_videos_and_by_half_at_most():
    def error(n: int, of_pairs: float) -> float:
        leave_out = 0.7 + 0.01 * np.cos(np.arange(n))
        return interval_from_leave_out(0.7, leave_out, n, pair_variance=of_pairs).standard_error

    assert error(12, 1e-4) == error(12, 0)
    assert error(20, 1e-4) == pytest.approx(np.sqrt(error(20, 0) ** 2 - 0.4 * 1e-4))
    assert error(20, 1.0) == pytest.approx(error(20, 0) * np.sqrt(0.8))


def test_sixteen_videos_of_noise_have_a_narrower_interval_than_the_jackknife_gives():
    X, *labels = study(n_videos=16, n=5, shift=0.0)
    data = labelled_segments(*labels, X=X)
    interval = confidence_interval(data, Rule())
    plain = interval_from_leave_out(interval.estimate, interval.leave_out, 16)
    assert 0.875**0.5 * plain.standard_error - 1e-12 <= interval.standard_error < 0.97 * plain.standard_error


def test_an_unknown_auc_without_a_video_leaves_the_variance_of_pairs_out():
    auc, without, weight = mean_of_pairs(np.random.default_rng(0), 6)
    without[0, 1] = np.nan
    assert pair_variance(auc, without, weight) == 0
    weight[1] = 0  # a video of one class
    assert pair_variance(auc, without, weight) > 0


def test_risk_sets_are_left_out_by_video_and_scored_by_set():
    data = risk_set_study(shift=1.0)
    explicit = []
    for video in range(data.n_videos):
        kept = data.videos != video
        folds = split_by_video(data.X[kept], data.videos[kept])
        explicit.append(auc_within_video(oof_scores(folds, data.y[kept]), data.y[kept], data.strata[kept]))
    interval = confidence_interval(data, Rule())
    np.testing.assert_allclose(interval.leave_out, explicit, atol=1e-12)
    assert interval.low < interval.estimate < interval.high


@settings(max_examples=15, deadline=None)
@given(st.floats(0.01, 0.99), st.lists(st.floats(0, 1), min_size=3, max_size=20))
def test_limits_stay_between_0_and_1_and_enclose_the_estimate(estimate, leave_out):
    interval = interval_from_leave_out(estimate, np.array(leave_out), len(leave_out))
    assert np.isnan(interval.low) or 0 <= interval.low <= estimate <= interval.high <= 1
    assert np.isnan(interval.low) == bool(interval.reason)


def test_the_mirror_image_of_the_scores_has_the_mirror_image_of_the_interval():
    leave_out = np.array([0.8, 0.7, 0.9, 0.75])
    one, other = interval_from_leave_out(0.8, leave_out, 4), interval_from_leave_out(0.2, 1 - leave_out, 4)
    assert (other.low, other.high) == (pytest.approx(1 - one.high), pytest.approx(1 - one.low))


def test_an_auc_of_one_has_the_exact_binomial_limit_of_its_videos():
    X, y, videos, starts = study()
    X[:, 0] = 10 * y
    interval = run(X, y, videos, starts)
    assert interval.estimate == 1
    assert (interval.low, interval.high) == (pytest.approx(0.025 ** (1 / 5)), 1.0)
    assert "exactly 1 in all 5 videos" in interval.reason


def test_an_auc_of_zero_is_the_mirror_image():
    interval = interval_from_leave_out(0.0, np.zeros(5), 5)
    assert (interval.low, interval.high) == (0.0, pytest.approx(1 - 0.025 ** (1 / 5)))


def test_no_spread_is_no_interval():
    X, y, videos, starts = study()
    interval = run(np.ones_like(X), y, videos, starts)
    assert interval.estimate == 0.5
    assert np.isnan([interval.low, interval.high]).all()
    assert "spread cannot be judged" in interval.reason


def test_two_videos_have_an_estimate_and_no_interval():
    interval = run(*study(n_videos=2))
    assert 0 <= interval.estimate <= 1
    assert np.isnan([interval.low, interval.high]).all()
    assert "2 of the videos hold both labels; expected at least 3" in interval.reason


def test_one_video_is_refused():
    with pytest.raises(ValueError, match=r"1 video.*expected 2 or more"):
        run(*study(n_videos=1))


def test_a_video_of_one_class_adds_no_degree_of_freedom():
    X, y, videos, starts = study()
    y[videos == "video0"] = 1
    assert run(X, y, videos, starts).df == 3


@pytest.mark.parametrize(("n_videos", "n", "blocks"), [(5, 9, 5), (41, 2, 8)], ids=["each", "in groups"])
def test_neither_row_order_nor_names_of_videos_matter_whichever_way_videos_are_left_out(
    n_videos, n, blocks, monkeypatch
):
    assert confidence.BLOCKS == 20
    monkeypatch.setattr(confidence, "BLOCKS", 8)  # 28 pairs of groups to refit without, not 190
    X, y, videos, starts = study(n_videos=n_videos, n=n)
    order = np.random.default_rng(0).permutation(len(y))
    renamed = np.array([f"v{99 - int(v[5:])}" for v in videos])
    one = run(X, y, videos, starts)
    other = run(X[order], y[order], renamed[order], starts[order])
    assert (len(one.leave_out), one.df) == (blocks, blocks - 1)
    assert one.low < one.estimate < one.high
    assert other.low == pytest.approx(one.low, abs=1e-12)
    assert other.high == pytest.approx(one.high, abs=1e-12)
