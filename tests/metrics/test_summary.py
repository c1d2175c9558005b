"""What each metric means, against brute force and scikit-learn."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from priosig.metrics.auc import auc, auc_by_video, auc_within_video
from priosig.metrics.summary import calibration, sigmoid, summarise

FEW = settings(max_examples=12, deadline=None)
# Scores from a small set of whole numbers, so that ties are common.
SCORED = st.lists(st.tuples(st.integers(-4, 4), st.integers(0, 1), st.sampled_from("abc")), min_size=1, max_size=40)


def split(rows):
    scores, y, videos = zip(*rows, strict=True)
    return np.array(scores, dtype=float), np.array(y), list(videos)


def auc_of_all_pairs(scores, y):
    pairs = [(s, c) for s in scores[y == 1] for c in scores[y == 0]]
    return np.mean([1.0 if s > c else 0.5 if s == c else 0.0 for s, c in pairs]) if pairs else np.nan


@FEW
@given(SCORED)
def test_auc_is_the_share_of_pairs_in_the_right_order(rows):
    scores, y, _ = split(rows)
    np.testing.assert_allclose(auc(scores, y), auc_of_all_pairs(scores, y), rtol=0, atol=1e-14)


@FEW
@given(SCORED)
def test_auc_is_unchanged_by_increasing_maps_and_turned_by_a_change_of_sign(rows):
    scores, y, _ = split(rows)
    np.testing.assert_equal(auc(np.exp(scores) - 7, y), auc(scores, y))
    np.testing.assert_allclose(auc(-scores, y), 1 - auc(scores, y), rtol=0, atol=1e-14)


@FEW
@given(SCORED)
def test_auc_within_video_weighs_videos_as_van_elteren_does(rows):
    scores, y, videos = split(rows)
    total, weights = 0.0, 0.0
    for video in set(videos):
        here = np.array([name == video for name in videos])
        n1, n0 = int(y[here].sum()), int((1 - y[here]).sum())
        if n1 and n0:
            weight = n1 * n0 / (n1 + n0 + 1)
            total += weight * auc_of_all_pairs(scores[here], y[here])
            weights += weight
    expected = total / weights if weights else np.nan
    np.testing.assert_allclose(auc_within_video(scores, y, videos), expected, rtol=0, atol=1e-14)


@FEW
@given(SCORED, st.randoms(use_true_random=False))
def test_auc_within_video_ignores_row_order_names_and_shifts_between_videos(rows, random):
    scores, y, videos = split(rows)
    expected = auc_within_video(scores, y, videos)
    shift = {"a": 100.0, "b": -50.0, "c": 3.0}
    shifted = scores + [shift[video] for video in videos]
    order = random.sample(range(len(rows)), len(rows))
    renamed = [{"a": "z", "b": "k", "c": "a"}[videos[i]] for i in order]
    np.testing.assert_allclose(auc_within_video(shifted[order], y[order], renamed), expected, rtol=0, atol=1e-14)


@pytest.mark.parametrize("batched", ["scores", "labels", "both"])
def test_a_batch_gives_what_one_at_a_time_gives(batched):
    rng = np.random.default_rng(0)
    videos = np.repeat(["a", "b", "c", "d"], [5, 9, 9, 1])
    scores = rng.integers(-3, 4, (30, 24)).astype(float)
    y = rng.integers(0, 2, (30, 24))
    if batched == "scores":
        y = y[0]
    if batched == "labels":
        scores = scores[0]
    aucs = auc_by_video(scores, y, videos)
    pooled = auc(scores, y)
    for k in range(30):
        s, labels = scores if scores.ndim == 1 else scores[k], y if y.ndim == 1 else y[k]
        one = auc_by_video(s, labels, videos)
        np.testing.assert_array_equal(aucs.auc[k], one.auc)
        assert aucs.within[k] == one.within
        assert aucs.macro[k] == one.macro
        np.testing.assert_array_equal(aucs.weights[k], one.weights)
        assert aucs.n_above_half[k] == one.n_above_half
        assert pooled[k] == auc(s, labels)


def test_a_video_of_one_class_has_no_auc_and_no_weight_and_is_counted():
    aucs = auc_by_video([0.1, 0.9, 0.5, 0.6], [0, 1, 1, 1], ["a", "a", "b", "b"])
    np.testing.assert_array_equal(aucs.auc, [1.0, np.nan])
    assert aucs.within == 1.0
    assert aucs.macro == 1.0
    np.testing.assert_array_equal(aucs.weights, [1 / 3, 0])
    assert aucs.n_above_half == 1


def test_without_a_video_of_two_classes_there_is_no_auc_within_video():
    assert np.isnan(auc_within_video([0.1, 0.9], [0, 1], ["a", "b"]))
    assert np.isnan(auc_by_video([0.1, 0.9], [0, 1], ["a", "b"]).macro)
    assert np.isnan(auc([0.1, 0.9], [1, 1]))


def test_unscored_segments_are_left_out_when_that_is_allowed():
    scores, y, videos = [0.1, np.nan, 0.9, 0.4, np.nan], [0, 1, 1, 1, 0], ["a", "a", "a", "b", "b"]
    aucs = auc_by_video(scores, y, videos, allow_unscored=True)
    np.testing.assert_array_equal(aucs.auc, [1.0, np.nan])
    np.testing.assert_array_equal(aucs.weights, [1 / 3, 0])  # one STOP and one CONTINUE; one STOP
    assert auc(scores, y, allow_unscored=True) == 1.0


def average_precision_by_definition(scores, hit):
    """Sum over thresholds, from the highest down, of precision times the gain in recall."""
    total, recall = 0.0, 0.0
    for threshold in sorted(set(scores), reverse=True):
        reached = scores >= threshold
        gain = (hit & reached).sum() / hit.sum() - recall
        total, recall = total + gain * (hit & reached).sum() / reached.sum(), recall + gain
    return total


@FEW
@given(SCORED)
def test_ranking_metrics_are_those_of_their_definitions(rows):
    from sklearn.metrics import roc_auc_score

    scores, y, videos = split(rows)
    summary = summarise(scores, y, videos)
    for sign, label, name in ((1, 1, "average_precision"), (-1, 0, "average_precision_continue")):
        expected = average_precision_by_definition(sign * scores, y == label) if (y == label).any() else np.nan
        np.testing.assert_allclose(getattr(summary, name), expected, rtol=0, atol=1e-13, err_msg=name)
    if 0 < y.sum() < len(y):
        assert summary.auc == pytest.approx(roc_auc_score(y, scores), abs=1e-14)


@FEW
@given(SCORED)
def test_decision_metrics_are_shares_of_segments_and_nan_of_none(rows):
    scores, y, videos = split(rows)
    called = scores > 0
    shares = {
        "accuracy": called == y,
        "precision": y[called] == 1,
        "precision_continue": y[~called] == 0,
        "recall": called[y == 1],
        "specificity": ~called[y == 0],
        "stop_rate": called,
        "prevalence": y == 1,
    }
    summary = summarise(scores, y, videos)
    for name, share in shares.items():
        expected = share.mean() if len(share) else np.nan
        np.testing.assert_allclose(getattr(summary, name), expected, rtol=1e-12, err_msg=name)
        assert (name in summary.undefined) is not bool(len(share))
    np.testing.assert_equal(summary.balanced_accuracy, (summary.recall + summary.specificity) / 2)
    assert summary.brier == pytest.approx(np.mean((1 / (1 + np.exp(-scores)) - y) ** 2), rel=1e-12)


def test_a_model_that_always_says_stop_looks_like_one():
    summary = summarise([2.0] * 10, [1] * 6 + [0] * 4, ["a", "b"] * 5)
    assert summary.stop_rate == 1.0
    assert summary.recall == 1.0
    assert summary.specificity == 0.0
    assert summary.balanced_accuracy == 0.5
    assert summary.accuracy == summary.precision == summary.prevalence == summary.average_precision == 0.6
    assert summary.auc == summary.auc_within_video == 0.5
    assert summary.n_videos_above_half == 0
    assert np.isnan(summary.precision_continue)
    assert summary.undefined == ("precision_continue", "calibration_intercept", "calibration_slope")


def test_unscored_segments_are_counted_and_change_no_metric():
    scores, y, videos = np.array([1.0, -1.0, 2.0, -0.5]), np.array([1, 0, 0, 1]), ["a", "a", "b", "b"]
    whole = summarise(scores, y, videos)
    partly = summarise([*scores, np.nan, np.nan], [*y, 1, 0], [*videos, "b", "c"])
    assert (partly.n_samples, partly.n_stop, partly.n_continue, partly.n_unscored) == (6, 3, 3, 2)
    assert {**vars(partly), "n_samples": 4, "n_stop": 2, "n_continue": 2, "n_unscored": 0} == vars(whole)


def test_with_nothing_scored_every_metric_is_undefined():
    summary = summarise([np.nan, np.nan], [0, 1], ["a", "b"])
    assert (summary.n_samples, summary.n_unscored, summary.n_videos) == (2, 2, 0)
    assert len(summary.undefined) == 18


def test_calibration_is_the_maximum_likelihood_fit():
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng(3)
    scores = 40 + 300 * rng.normal(size=200)
    y = (rng.random(200) < sigmoid(0.4 + 0.02 * scores)).astype(int)
    model = LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-12).fit(scores[:, None], y)
    intercept, slope = calibration(scores, y)
    assert slope == pytest.approx(model.coef_[0, 0], rel=1e-6)
    assert intercept == pytest.approx(model.intercept_[0], rel=1e-6)


def test_true_log_odds_are_calibrated():
    rng = np.random.default_rng(1)
    scores = rng.normal(size=20_000) * 2
    intercept, slope = calibration(scores, rng.random(20_000) < sigmoid(scores))
    assert intercept == pytest.approx(0, abs=0.06)
    assert slope == pytest.approx(1, abs=0.06)


@pytest.mark.parametrize(
    ("scores", "y"),
    [
        pytest.param([-1, 0, 1, 2], [0, 0, 1, 1], id="separated"),
        pytest.param([-1, 0, 0, 2], [0, 0, 1, 1], id="separated-but-for-a-tie"),
        pytest.param([-1, 0, 1, 2], [1, 1, 0, 0], id="separated-the-wrong-way"),
        pytest.param([1, 1, 1, 1], [0, 1, 0, 1], id="constant"),
        pytest.param([1, 2, 3, 4], [1, 1, 1, 1], id="one-class"),
    ],
)
def test_calibration_without_a_finite_maximum_is_undefined(scores, y):
    assert np.isnan(calibration(scores, y)).all()


def test_sigmoid_is_safe_at_any_score():
    np.testing.assert_array_equal(sigmoid([-np.inf, -1e4, 0, 1e4, np.inf]), [0, 0, 0.5, 1, 1])


@pytest.mark.parametrize(
    ("scores", "y", "videos", "message"),
    [
        pytest.param([0.1, 0.2], [0, 2], "aa", r"labels hold .*2.* at row 1; expected 0 .* or 1", id="label-2"),
        pytest.param([0.1, 0.2], [0, np.nan], "aa", "labels hold .*nan.* at row 1", id="label-nan"),
        pytest.param([0.1, 0.2, 0.3], [0, 1], "aa", r"scores of shape \(3,\), labels of shape \(2,\)", id="lengths"),
        pytest.param([0.1, np.nan, np.nan], [0, 1, 1], "aaa", "scores are NaN at rows 1, 2; expected", id="nan"),
        pytest.param([0.1, 0.2], [0, 1], "a", "1 video ids for 2 segments", id="videos"),
    ],
)
def test_bad_input_is_refused_by_row(scores, y, videos, message):
    with pytest.raises(ValueError, match=message):
        auc_within_video(scores, y, list(videos))


def test_batches_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="do not broadcast"):
        auc(np.zeros((3, 4)), np.zeros((2, 4), dtype=int))


def test_a_summary_counts_what_has_no_auc_and_holds_intercept_and_slope_apart():
    rng = np.random.default_rng(3)
    y, videos = np.array([1, 0, 1, 0, 1, 0, 1, 0, 1, 1]), list("aaaabbbbcc")
    scores = rng.normal(size=10) + 0.5 * y
    summary = summarise(scores, y, videos)
    assert (summary.n_videos, summary.n_videos_undefined) == (3, 1)
    assert (summary.calibration_intercept, summary.calibration_slope) == calibration(scores, y)
    assert summary.calibration_intercept != summary.calibration_slope
    assert summary.brier_reference == pytest.approx(0.6 * 0.4)
    assert summary.prevalence_continue == pytest.approx(0.4)
    by_video = auc_by_video(scores, y, videos)
    assert summary.auc_macro == pytest.approx(np.nanmean(by_video.auc))
