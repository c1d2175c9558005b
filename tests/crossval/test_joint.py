"""Folds fitted together have the same fits as folds reduced one by one."""

import numpy as np
import pytest

from priosig.crossval import folds as folds_module
from priosig.crossval import jackknife
from priosig.crossval._joint import fit_jointly, pays
from priosig.crossval._joint_design import joint_design
from priosig.crossval.folds import Folds, oof_scores, split_by_video
from priosig.crossval.jackknife import jackknife_scores
from priosig.crossval.leave_one_video_out import leave_one_video_out_cv
from priosig.inference import data as inference_data

SIZES = (9, 6, 7, 10, 8)


def design(D, seed=0, sizes=SIZES):
    """Segments of a few videos, and their labellings."""
    rng = np.random.default_rng(seed)
    which = np.repeat(np.arange(len(sizes)), sizes)
    X = (rng.normal(size=(len(which), D)) + rng.normal(size=(len(sizes), D))[which]) * np.exp(rng.normal(size=D)) + 3
    Y = np.array([rng.permutation(np.arange(len(which)) % 2) for _ in range(4)])
    return X, Y, [f"video{v}" for v in which]


def reduced(X, videos):
    return tuple(split_by_video(X, videos))


@pytest.fixture
def together(monkeypatch):
    """Small designs are fitted together too, in blocks of a few columns."""
    monkeypatch.setattr(folds_module, "pays", lambda *sizes: True)


@pytest.mark.parametrize("D", [5, 12, 150], ids="D={}".format)
@pytest.mark.parametrize("C", [1.0, 0.05], ids="C={}".format)
def test_scores_are_those_of_folds_reduced_one_by_one(together, D, C):
    X, Y, videos = design(D)
    expected, scores = oof_scores(reduced(X, videos), Y, C), oof_scores(split_by_video(X, videos), Y, C)
    np.testing.assert_allclose(scores, expected, rtol=0, atol=1e-8)


def test_everything_that_cross_validation_reports_is_the_same(monkeypatch):
    X, Y, videos = design(60)
    expected = leave_one_video_out_cv(X, Y[0], videos)
    monkeypatch.setattr(folds_module, "pays", lambda *sizes: True)
    result = leave_one_video_out_cv(X, Y[0], videos)
    for name in ("scores", "coefficients", "intercepts"):
        np.testing.assert_allclose(result[name], expected[name], rtol=0, atol=1e-8)
    assert max(report["gradient"] for report in result["folds"]) < 1e-10
    for name in ("held_out", "n_train", "n_train_stop", "n_test", "status"):
        assert [report[name] for report in result["folds"]] == [report[name] for report in expected["folds"]]


def test_jackknife_scores_are_the_same(monkeypatch):
    X, Y, videos = design(60)
    expected = jackknife_scores(X, Y, videos)
    monkeypatch.setattr(folds_module, "pays", lambda *sizes: True)
    monkeypatch.setattr(jackknife, "FOLDS_AT_ONCE", 3)  # 10 pairs of videos
    scores = jackknife_scores(X, Y, videos)
    np.testing.assert_array_equal(np.isnan(scores), np.isnan(expected))
    np.testing.assert_allclose(scores, expected, rtol=0, atol=1e-8)


def test_features_that_are_constant_in_some_folds_are_the_same(together):
    X, Y, videos = design(20)
    alone = np.array(videos) == "video1"
    X[:, 0] = 7.0
    X[:, 1] = np.where(alone, X[:, 1], 7.0)  # varies in one video alone
    X[:, 2] = np.where(alone, X[:, 2] * 1e6, X[:, 2])  # nearly so
    expected, scores = oof_scores(reduced(X, videos), Y), oof_scores(split_by_video(X, videos), Y)
    np.testing.assert_allclose(scores, expected, rtol=1e-8, atol=1e-8)


def test_folds_with_one_class_to_train_on_have_no_scores(together):
    X, Y, videos = design(20)
    Y[1] = (np.array(videos) == "video0") & (Y[1] == 1)  # without video0 all are CONTINUE
    Y[2] = 1
    scores, expected = (oof_scores(make(X, videos), Y) for make in (split_by_video, reduced))
    np.testing.assert_array_equal(np.isnan(scores), np.isnan(expected))
    assert np.isnan(scores[2]).all()
    assert np.isnan(scores[1]).sum() == SIZES[0]


def test_equal_segments_tie_to_the_last_bit(together):
    X, Y, videos = design(150)
    X[3], X[30] = X[1], X[1]  # of the same video, and of another one
    scores = oof_scores(split_by_video(X, videos), Y)
    np.testing.assert_array_equal(scores[:, 3], scores[:, 1])


def test_scores_of_training_segments_are_those_of_the_fold_too():
    X, Y, videos = design(12)
    held = np.array(videos)[:, None] == np.unique(videos)
    fits = next(iter(fit_jointly(joint_design(X, held), Y[:1], 1.0)))
    for k, fold in enumerate(fits.fold):
        train = ~held[:, fold]
        Z = (X - X[train].mean(axis=0)) / X[train].std(axis=0)
        np.testing.assert_allclose(fits.scores[:, k], Z @ fits.coef[:, k] + fits.intercept[k], rtol=0, atol=1e-9)


def test_small_designs_are_never_fitted_together():
    for n_features in (1, 19, 2048):
        for n_labellings in (1, 1000, 10000):
            assert not pays(98, n_features, 5, n_labellings)
            assert not pays(98, n_features, 10, n_labellings)


def test_large_designs_are_fitted_together_unless_there_are_many_labellings():
    assert pays(10_000, 2048, 500, 1)
    assert pays(10_000, 2048, 10, 20)
    assert not pays(10_000, 2048, 10, 10_000)


def test_reductions_that_would_fill_the_memory_are_not_kept(monkeypatch):
    X, _, videos = design(19)
    y, starts = np.arange(len(X)) % 2, np.arange(len(X))
    assert isinstance(inference_data.labelled_segments(y, videos, starts, X=X).folds, tuple)
    monkeypatch.setattr(inference_data, "KEPT_ENTRIES", 100)
    folds = inference_data.labelled_segments(y, videos, starts, X=X).folds
    assert isinstance(folds, Folds)
    assert [fold.held_out for fold in folds] == [(str(v),) for v in range(len(SIZES))]
