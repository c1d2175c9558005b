"""Leave-one-video-out: who trains on what, what cannot be scored, and scikit-learn's answer."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import LeaveOneGroupOut, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from priosig.crossval.folds import group_videos, oof_scores, split_by_video
from priosig.crossval.jackknife import jackknife_scores
from priosig.crossval.leave_one_video_out import leave_one_video_out_cv
from priosig.metrics.auc import auc_within_video

SIZES = [9, 6, 7, 10]


def design(D=12, seed=0, sizes=SIZES):
    """Segments of a few videos, with an offset for each video and a weak signal."""
    rng = np.random.default_rng(seed)
    which = np.repeat(np.arange(len(sizes)), sizes)
    y = rng.permutation(np.arange(len(which)) % 2)
    X = rng.normal(size=(len(which), D)) + rng.normal(size=(len(sizes), D))[which]
    X[:, 0] += y
    return X, y, [f"video{v}" for v in which]


@pytest.mark.parametrize("D", [12, 150], ids="D={}".format)
def test_scores_and_coefficients_equal_scikit_learn(D):
    X, y, videos = design(D)
    model = make_pipeline(StandardScaler(), LogisticRegression(solver="newton-cholesky", tol=1e-12, max_iter=1000))
    expected = cross_val_predict(model, X, y, groups=videos, cv=LeaveOneGroupOut(), method="decision_function")
    result = leave_one_video_out_cv(X, y, videos)
    np.testing.assert_allclose(result["scores"], expected, rtol=0, atol=1e-7)
    for k, (train, _) in enumerate(LeaveOneGroupOut().split(X, y, videos)):
        model.fit(X[train], y[train])
        np.testing.assert_allclose(result["coefficients"][k], model[-1].coef_[0], rtol=0, atol=1e-8)
        assert result["intercepts"][k] == pytest.approx(model[-1].intercept_[0], abs=1e-8)


def test_every_segment_is_scored_once_by_a_probe_that_saw_nothing_of_its_video():
    X, _, videos = design()
    folds = tuple(split_by_video(X, videos))
    assert [fold.held_out for fold in folds] == [("video0",), ("video1",), ("video2",), ("video3",)]
    assert sorted(np.concatenate([fold.test for fold in folds])) == list(range(len(X)))
    for fold in folds:
        assert {videos[row] for row in fold.test} == set(fold.held_out)
        assert not {videos[row] for row in fold.train} & set(fold.held_out)
        assert len(fold.train) + len(fold.test) == len(X)


def test_labels_of_a_video_do_not_change_its_own_scores():
    X, y, videos = design()
    turned = np.where(np.array(videos) == "video2", 1 - y, y)
    before, after = (leave_one_video_out_cv(X, labels, videos)["scores"] for labels in (y, turned))
    same = np.abs(before - after) < 1e-12
    np.testing.assert_array_equal(same, np.array(videos) == "video2")


def test_many_labellings_at_once_equal_one_at_a_time():
    X, y, videos = design(40)
    rng = np.random.default_rng(1)
    Y = np.array([rng.permutation(y) for _ in range(12)])
    folds = tuple(split_by_video(X, videos))
    together = oof_scores(folds, Y, 0.5)
    for k in (0, 11):
        np.testing.assert_allclose(together[k], oof_scores(folds, Y[k], 0.5), rtol=0, atol=1e-8)
        alone = leave_one_video_out_cv(X, Y[k], videos, C=0.5)["scores"]
        np.testing.assert_allclose(together[k], alone, rtol=0, atol=1e-8)


@settings(max_examples=4, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_nothing_depends_on_row_order_or_on_the_names_of_videos(seed):
    X, y, videos = design(30)
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(X))
    names = {f"video{v}": name for v, name in enumerate(rng.permutation(["p", "q", "r", "s"]))}
    expected = leave_one_video_out_cv(X, y, videos)
    result = leave_one_video_out_cv(X[order], y[order], [names[videos[row]] for row in order])
    np.testing.assert_allclose(result["scores"], expected["scores"][order], rtol=0, atol=1e-8)
    assert result["auc_within_video"] == pytest.approx(expected["auc_within_video"], abs=1e-14)
    for video in expected["per_video"]:
        (other,) = (row for row in result["per_video"] if row["video_id"] == names[video["video_id"]])
        assert other == {**video, "video_id": names[video["video_id"]]}


def test_tables_tell_what_the_scores_tell():
    X, y, videos = design()
    ids = [f"s{row}" for row in range(len(X))]
    result = leave_one_video_out_cv(X, y, videos, ids)
    assert [row["segment_id"] for row in result["per_segment"]] == ids
    assert [row["video_id"] for row in result["per_segment"]] == videos
    np.testing.assert_array_equal([row["score"] for row in result["per_segment"]], result["scores"])
    np.testing.assert_array_equal([row["y_true"] for row in result["per_segment"]], y)
    np.testing.assert_array_equal([row["y_pred"] for row in result["per_segment"]], result["scores"] > 0)
    np.testing.assert_array_equal([row["y_pred_proba"] for row in result["per_segment"]], result["y_pred_proba"])
    np.testing.assert_allclose(result["y_pred_proba"], 1 / (1 + np.exp(-result["scores"])), rtol=1e-12)
    assert (result["n_samples"], result["n_stop"], result["n_continue"]) == (len(y), y.sum(), (1 - y).sum())
    assert result["accuracy"] == np.mean((result["scores"] > 0) == y)
    assert [row["n_samples"] for row in result["per_video"]] == SIZES
    assert result["auc_within_video"] == auc_within_video(result["scores"], y, videos)
    weights = np.array([row["weight"] for row in result["per_video"]])
    aucs = np.array([row["auc"] for row in result["per_video"]])
    assert result["auc_within_video"] == pytest.approx(weights @ aucs / weights.sum())
    assert [report["status"] for report in result["folds"]] == ["ok"] * 4
    assert max(report["gradient"] for report in result["folds"]) < 1e-9


#   video   a a a   b b b b
#   label   1 0 1   1 1 1 1     without a, every training segment is STOP: a has no scores
def test_a_fold_that_cannot_be_trained_is_reported_and_not_counted_as_a_half():
    X = np.random.default_rng(0).normal(size=(7, 2))
    result = leave_one_video_out_cv(X, [1, 0, 1, 1, 1, 1, 1], list("aaabbbb"))
    assert result["undefined_folds"] == ["a"]
    assert result["folds"][0]["status"] == "cannot be trained: all 4 training segments are STOP"
    assert result["folds"][1]["status"] == "ok"
    assert np.isnan(result["scores"][:3]).all()
    assert np.isfinite(result["scores"][3:]).all()
    assert np.isnan(result["coefficients"][0]).all()
    assert (result["n_samples"], result["n_unscored"]) == (7, 3)
    assert np.isnan(result["auc"])
    assert np.isnan(result["auc_within_video"])
    assert result["per_segment"][0]["y_pred"] is None
    assert result["per_video"][0]["n_unscored"] == 3
    assert np.isnan(result["per_video"][0]["auc"])


def test_a_labelling_that_leaves_one_class_to_train_on_is_unscored_there_only():
    X = np.random.default_rng(0).normal(size=(7, 2))
    folds = tuple(split_by_video(X, list("aaabbbb")))
    scores = oof_scores(folds, [[1, 0, 1, 1, 1, 1, 1], [1, 0, 1, 1, 0, 1, 1]])
    np.testing.assert_array_equal(np.isnan(scores), [[True] * 3 + [False] * 4, [False] * 7])


def test_jackknife_scores_are_those_of_the_data_without_the_video():
    X, y, videos = design(20)
    Y = np.array([y, 1 - y, np.roll(y, 3)])
    scores = jackknife_scores(X, Y, videos)
    for v, name in enumerate(sorted(set(videos))):
        kept = np.array(videos) != name
        folds = tuple(split_by_video(X[kept], [video for video in videos if video != name]))
        np.testing.assert_allclose(scores[v][:, kept], oof_scores(folds, Y[:, kept]), rtol=0, atol=1e-8)
        assert np.isnan(scores[v][:, ~kept]).all()
    np.testing.assert_allclose(jackknife_scores(X, y, videos), scores[:, 0], rtol=0, atol=1e-8)


def test_many_videos_are_grouped_whole_evenly_and_without_regard_to_names_or_order():
    X, y, videos = design(5, sizes=[3, 2, 2, 4, 2, 1, 3, 2, 5, 2])
    groups, names = group_videos(videos, 4, content=X)
    assert sorted(np.bincount(groups)) == [6, 6, 7, 7]
    assert sorted(name for members in names for name in members) == sorted(set(videos))
    assert all(videos[row] in names[groups[row]] for row in range(len(X)))
    order = np.random.default_rng(3).permutation(len(X))
    renamed = [f"name{'7294016853'[int(videos[row][-1])]}" for row in order]
    np.testing.assert_array_equal(group_videos(renamed, 4, content=X[order])[0], groups[order])
    result = leave_one_video_out_cv(X, y, videos, max_folds=4)
    assert len(result["folds"]) == 4
    assert len(result["per_video"]) == 10
    np.testing.assert_allclose(oof_scores(split_by_video(X, videos, max_folds=4), y), result["scores"], atol=1e-12)


def test_features_that_say_everything_and_nothing_are_scored_without_a_crash():
    _, y, videos = design()
    assert leave_one_video_out_cv(y[:, None], y, videos)["auc_within_video"] == 1.0
    constant = leave_one_video_out_cv(np.ones((len(y), 3)), y, videos)
    assert constant["auc_within_video"] == 0.5
    assert constant["summary"].n_videos_above_half == 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param({"video_ids": ["v"] * 6}, r"1 video \(v\); expected 2 or more", id="one-video"),
        pytest.param({"y": [1] * 6}, "all 6 labels are 1; expected both", id="one-class"),
        pytest.param({"y": [0, 1, 0]}, r"labels of shape \(3,\), 6 video ids", id="lengths"),
        pytest.param({"X": np.zeros((5, 2))}, "5 rows of features", id="rows"),
        pytest.param({"X": [[1.0], [2.0], [np.nan], [4.0], [np.inf], [6.0]]}, r"rows 2 \(s2\), 4 \(s4\)", id="nan"),
        pytest.param({"segment_ids": ["s0"] * 6}, "segment id 's0' appears 6 times", id="repeated-id"),
        pytest.param({"segment_ids": ["s0"]}, "1 segment ids for 6 segments", id="too-few-ids"),
        pytest.param({"max_folds": 1}, "max_folds is 1; expected 2 or more", id="one-fold"),
    ],
)
def test_bad_input_is_refused(change, message):
    arguments = {
        "X": np.arange(12.0).reshape(6, 2),
        "y": [0, 1, 0, 1, 0, 1],
        "video_ids": list("aabbcc"),
        "segment_ids": [f"s{row}" for row in range(6)],
        **change,
    }
    with pytest.raises(ValueError, match=message):
        leave_one_video_out_cv(**arguments)


def test_labellings_of_another_length_are_refused():
    X, y, videos = design()
    with pytest.raises(ValueError, match="labellings of 31 segments for folds of 32"):
        oof_scores(tuple(split_by_video(X, videos)), y[:-1])


def test_jackknife_of_two_videos_is_refused():
    X, y, videos = design(sizes=[5, 6])
    with pytest.raises(ValueError, match="2 folds of videos; expected 3 or more"):
        jackknife_scores(X, y, videos)


def test_a_result_shows_itself_on_one_screen_and_is_a_dictionary():
    rng = np.random.default_rng(0)
    y, videos = np.tile([1, 0], 60), np.repeat([f"video <{k}>" for k in range(12)], 10)
    result = leave_one_video_out_cv(rng.normal(size=(120, 3)), y, videos)
    lines = repr(result).splitlines()
    assert len(lines) < 25
    assert max(map(len, lines)) <= 80
    assert f"AUC within video {result['auc_within_video']:.3f}" in repr(result)
    assert "... and 4 more" in repr(result)
    assert "<0>" not in result._repr_html_()
    assert result.rows() == result["per_segment"]
    assert dict(result).keys() == result.keys()
