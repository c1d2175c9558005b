import numpy as np
import pytest
from scipy.stats import spearmanr

from priosig.crossval.leave_one_video_out import leave_one_video_out_cv
from priosig.inference.coefficients import (
    CoefficientTable,
    _pattern,
    clusters_of,
    coefficient_table,
    own_auc,
    rank_correlation,
)
from priosig.inference.data import labelled_segments
from priosig.inference.multiplicity import max_t_pvalues
from priosig.inference.relabelling import draw_relabellings
from priosig.metrics.auc import auc_within_video
from priosig.verdict.rule import Rule
from tests.inference.risk_sets import risk_set_study


def run(X, y, videos, starts, names, *, n_permutations: int, n_repeats: int = 1, seed: int = 0) -> CoefficientTable:
    data = labelled_segments(y, videos, starts, X=X)
    return coefficient_table(data, names, Rule(n_permutations=n_permutations), seed=seed, n_repeats=n_repeats)


def labelled():
    X, y, videos, starts, _ = study(shift=1.0)
    return labelled_segments(y, videos, starts, X=X.round(1))  # with ties


def relabellings(data, n: int, seed: int = 0) -> np.ndarray:
    """The observed labels, then `n` of T1's relabellings."""
    return np.vstack([data.y[None, :], draw_relabellings(data, Rule(n_permutations=n), seed)])


def study(seed: int = 0, *, n_videos: int = 5, n: int = 11, d: int = 5, shift: float = 0.0):
    rng = np.random.default_rng(seed)
    y = np.tile(np.arange(n) % 2 == 0, n_videos).astype(int)
    videos = np.repeat([f"video{v}" for v in range(n_videos)], n)
    X = rng.normal(size=(len(y), d))
    X[:, 0] += shift * y
    return X, y, videos, np.tile(np.arange(n, dtype=float), n_videos), [f"scale {j}" for j in range(d)]


def test_weights_are_those_of_the_cross_validation_on_average():
    X, y, videos, starts, names = study(shift=1.0)
    expected = leave_one_video_out_cv(X, y, videos)["coefficients"]
    table = run(X, y, videos, starts, names, n_permutations=19, n_repeats=5)
    np.testing.assert_allclose([w.mean for w in table.weights], expected.mean(axis=0), atol=1e-9)
    np.testing.assert_allclose([w.spread for w in table.weights], expected.std(axis=0, ddof=1), atol=1e-9)


def test_a_feature_that_carries_the_signal_is_a_finding_and_the_others_are_not():
    table = run(*study(shift=3.0), n_permutations=199, n_repeats=20)
    assert [w.finding for w in table.weights] == [True, False, False, False, False]
    assert table.weights[0].pvalue == 1 / 200
    assert table.weights[0].sign_agreement == 1
    assert table.weights[0].pattern > 0.8
    assert table.clusters[0].names == ("scale 0",)
    assert table.clusters[0].importance > 0.2


def test_on_noise_hardly_any_table_has_a_finding():
    tables = [run(*study(s), n_permutations=19, n_repeats=1, seed=s) for s in range(12)]
    assert sum(any(w.finding for w in t.weights) for t in tables) <= 3  # exact level 0.05: 4 or more has p = 0.002
    assert np.mean([w.sign_agreement == 1 for t in tables for w in t.weights]) > 0.3  # what looks stable and is not


@pytest.mark.parametrize("data", [labelled(), risk_set_study()], ids=["videos", "risk sets"])
def test_own_aucs_are_those_of_the_features_as_scores(data):
    labellings = relabellings(data, 19)
    expected = np.column_stack([auc_within_video(column, labellings, data.strata) for column in data.X.T])
    np.testing.assert_allclose(own_auc(data, labellings), expected, atol=1e-12)


def test_a_video_of_one_class_has_no_part_in_own_aucs():
    X, y, videos, starts, _ = study(shift=1.0)
    y[videos == "video2"] = 1
    data = labelled_segments(y, videos, starts, X=X)
    some = data.y[None, :], data.videos
    np.testing.assert_allclose(own_auc(data, some[0])[0, 0], auc_within_video(data.X[:, 0], *some)[0], atol=1e-12)


def test_beside_a_real_effect_the_others_are_found_no_more_often_than_alpha():
    significant = []
    for seed in range(60):
        X, y, videos, starts, _ = study(seed, shift=1.2, n_videos=12)
        data = labelled_segments(y, videos, starts, X=X)
        significant.append(max_t_pvalues(own_auc(data, relabellings(data, 99, seed)).T, two_sided=True) <= 0.05)
    assert np.all(significant, axis=0)[0]
    assert np.any(np.array(significant)[:, 1:], axis=1).sum() <= 8  # 9 or more has p = 0.003 at level 0.05


def test_what_a_confound_explains_is_no_finding():
    rng = np.random.default_rng(0)
    n_videos, n = 8, 12
    y = np.tile(np.arange(n) % 2 == 0, n_videos).astype(int)
    talk = rng.normal(size=len(y)) + 1.5 * y
    X = rng.normal(size=(len(y), 4))
    X[:, 0] += 2 * talk
    X[:, 1] += 1.2 * y
    given = y, np.repeat(np.arange(n_videos), n), np.tile(np.arange(n), n_videos)
    findings, own = [], []
    for confounds in ({}, {"talk": talk}):
        data = labelled_segments(*given, confounds, X=X)
        table = coefficient_table(data, list("abcd"), Rule(n_permutations=199), n_repeats=1)
        findings.append([w.finding for w in table.weights])
        own.append(table.weights[0].own_auc)
    assert own[0] > 0.8
    assert own[1] == pytest.approx(0.5, abs=0.15)
    assert findings == [[True, True, False, False], [False, True, False, False]]


def test_correlated_features_share_a_cluster_whatever_their_sign():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 80))
    X = np.column_stack([a, b, -np.exp(a), b + 0.05 * rng.normal(size=80), np.ones(80)])
    assert clusters_of(X).tolist() == [0, 1, 0, 1, 2]
    assert abs(spearmanr(X[:, 1], X[:, 3]).statistic) > 0.7


def test_rank_correlations_are_spearmans_and_none_with_what_does_not_vary():
    X = np.random.default_rng(0).normal(size=(30, 4)).round(1)  # with ties
    np.testing.assert_allclose(rank_correlation(X), spearmanr(X).statistic, rtol=0, atol=1e-12)
    X[:, 2] = 7.0
    assert (rank_correlation(X)[2] == 0).all()


def test_a_single_feature_is_a_single_cluster():
    assert clusters_of(np.arange(5.0)[:, None]).tolist() == [0]


def test_a_cluster_matters_where_each_of_its_twins_alone_would_not():
    X, y, videos, starts, _ = study(shift=3.0, d=2)
    X = np.column_stack([X, X[:, 0] + 0.01 * np.random.default_rng(1).normal(size=len(X))])
    table = run(X, y, videos, starts, ["one", "noise", "twin"], n_permutations=19, n_repeats=20)
    assert table.clusters[0].names == ("one", "twin")
    assert table.clusters[0].importance > 0.3


def test_constant_features_have_no_weight_and_no_importance():
    X, y, videos, starts, names = study(shift=1.0)
    X[:, 1] = 4.0
    table = run(X, y, videos, starts, names, n_permutations=19, n_repeats=5)
    assert (table.weights[1].mean, table.weights[1].pvalue, table.weights[1].pattern) == (0.0, 1.0, 0.0)
    assert next(c for c in table.clusters if c.names == ("scale 1",)).importance == 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda X, y, v, t, names: (X, y, v, t, names[:-1]), r"4 names for features of shape \(55, 5\)"),
        (lambda X, y, v, t, names: (X, np.where(v == "video0", y, 1), v, t, names), "cannot be trained"),
    ],
    ids=["names", "fold of one class"],
)
def test_what_has_no_table_is_refused(change, message):
    with pytest.raises(ValueError, match=message):
        run(*change(*study()), n_permutations=19)


def test_a_pattern_is_taken_within_video():
    rng = np.random.default_rng(1)
    X, videos, weights = rng.normal(size=(30, 3)), np.repeat([0, 1, 2], 10), np.array([1.0, -0.5, 0.0])
    offsets = rng.normal(size=(3, 3))[videos] * 50
    data = labelled_segments(np.tile([1, 0], 15), videos, np.arange(30), X=X)
    moved = data.with_features(X + offsets)
    np.testing.assert_allclose(_pattern(moved, weights), _pattern(data, weights), atol=1e-9)


def test_only_what_goes_together_closely_is_one_cluster():
    rng = np.random.default_rng(0)
    base = rng.normal(size=(400, 1))
    near, far = base + 0.3 * rng.normal(size=(400, 1)), base + 1.7 * rng.normal(size=(400, 1))
    labels = clusters_of(np.hstack([base, near, far]))
    assert labels.tolist() == [0, 0, 1]  # correlations of about 0.95 and 0.5
