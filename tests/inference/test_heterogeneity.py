import dataclasses

import numpy as np
import pytest

from priosig.crossval.folds import oof_scores
from priosig.inference.data import labelled_segments
from priosig.inference.heterogeneity import heterogeneity
from priosig.metrics.auc import auc
from priosig.verdict.rule import Rule
from tests.inference.risk_sets import risk_set_study


@pytest.fixture(autouse=True)
def searched(monkeypatch):
    """Few replicates tell how large an effect is."""
    monkeypatch.setattr("priosig.inference.heterogeneity.SEARCHED", 15)


def study(seed: int = 0, *, n_videos: int = 5, n: int = 16, shift: float = 0.0, videos_with_signal: int = 99):
    """STOP windows move by `shift` along the first of three features, in the first videos or in all."""
    rng = np.random.default_rng(seed)
    y = np.tile(np.arange(n) % 2 == 0, n_videos).astype(int)
    videos = np.repeat(np.arange(n_videos), n)
    X = rng.normal(size=(len(y), 3))
    X[:, 0] += shift * y * (videos < videos_with_signal)
    return labelled_segments(y, videos, np.tile(np.arange(n), n_videos), X=X)


def pvalue(data, **options) -> float:
    return heterogeneity(data, Rule(), n_replicates=59, **options).pvalue


@pytest.mark.parametrize("make", [study, risk_set_study])
def test_the_statistic_is_the_weighted_spread_of_the_aucs_of_videos(make):
    data = make(1, shift=1.0)
    scores = oof_scores(data.folds, data.y, 1.0)
    strata = data.strata
    weights, aucs = [], []
    for rows in data.rows_of_videos:
        parts = [rows[strata[rows] == stratum] for stratum in np.unique(strata[rows])]
        w = np.array([data.y[p].sum() * (1 - data.y[p]).sum() / (len(p) + 1) for p in parts])
        weights.append(w.sum())
        aucs.append(sum(w * [auc(scores[p], data.y[p]) for p in parts]) / w.sum())
    mean = np.average(aucs, weights=weights)
    expected = np.sum(np.array(weights) * (np.array(aucs) - mean) ** 2)
    assert heterogeneity(data, Rule(), n_replicates=1).statistic == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("shift", [0.0, 2.0])
def test_videos_that_share_one_effect_seldom_differ(shift):
    pvalues = np.array(
        [heterogeneity(study(s, n_videos=4, shift=shift), Rule(), n_replicates=19).pvalue for s in range(10)]
    )
    assert np.sum(pvalues <= 0.05) <= 3  # 4 or more has p = 0.001 at level 0.05
    assert pvalues.mean() == pytest.approx(0.5, abs=0.27)  # 3 standard errors


def test_a_signal_that_half_of_the_videos_have_is_seen():
    seen = [pvalue(study(seed, n_videos=8, n=24, shift=3.0, videos_with_signal=4)) <= 0.05 for seed in range(2)]
    assert all(seen)


def test_more_than_forty_videos_are_judged_one_by_one():
    assert pvalue(study(0, n_videos=44, n=8, shift=3.0, videos_with_signal=22)) <= 0.02
    assert pvalue(study(0, n_videos=44, n=8, shift=1.0)) > 0.05


def test_two_videos_do_not_show_how_videos_differ():
    assert np.isnan(dataclasses.astuple(heterogeneity(study(n_videos=2), Rule()))).all()


def test_features_that_do_not_vary_have_no_differences():
    data = study()
    assert np.isnan(heterogeneity(data.with_features(np.ones_like(data.X)), Rule()).pvalue)


def test_a_video_of_one_class_has_no_part_in_it():
    data = study(3, n_videos=6, shift=1.0)
    y = np.where(data.videos == 0, 1, data.y).astype(np.int8)
    assert 0 < heterogeneity(dataclasses.replace(data, y=y), Rule(), n_replicates=19).pvalue <= 1


def test_order_signs_and_units_of_features_change_nothing():
    data = study(2, shift=1.0)
    changed = dataclasses.replace(data, X=(data.X * [-1.0, 100.0, 0.01])[:, [2, 0, 1]])
    assert pvalue(changed) == pvalue(data)
    assert pvalue(data, seed=4) != pvalue(data)
