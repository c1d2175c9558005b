"""T2: is there a signal beyond the confounds?"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from priosig.confounds.basis import confound_basis, natural_spline
from priosig.inference.conditional import ConditionalResult, conditional_labellings, conditional_test
from priosig.inference.data import labelled_segments
from priosig.inference.relabelling import SHUFFLE
from priosig.verdict.rule import Rule


def run(X, y, videos, starts, confounds, *, n_permutations: int, seed: int = 0) -> ConditionalResult:
    data = labelled_segments(y, videos, starts, confounds, X=X)
    return conditional_test(data, Rule(n_permutations=n_permutations), seed=seed)


def study(seed: int = 0, *, n_videos: int = 5, n: int = 11, d: int = 4, leak: float = 0.0, shift: float = 0.0):
    """STOP, CONTINUE, STOP, ... with longer CONTINUE windows; the features hear log length by `leak`."""
    rng = np.random.default_rng(seed)
    y = np.tile(np.arange(n) % 2 == 0, n_videos).astype(int)
    videos = np.repeat([f"video{v}" for v in range(n_videos)], n)
    length = np.exp(rng.normal(3.0 + 0.7 * (1 - y), 0.8))
    X = rng.normal(size=(len(y), d))
    X[:, 0] += leak * np.log(length) + shift * y
    return X, y, videos, np.tile(np.arange(n, dtype=float), n_videos), {"length": length}


def test_draws_of_pairs_follow_their_probabilities():
    _, y, videos, starts, confounds = study()
    data = labelled_segments(y, videos, starts, confounds)
    columns = confound_basis(data.confounds, 25).columns
    draws = conditional_labellings(columns, data, Rule(n_permutations=3999), seed=0)
    np.testing.assert_allclose(draws.labellings.mean(axis=0), draws.probabilities, atol=0.035)
    np.testing.assert_array_equal(draws.labellings.sum(axis=1), y.sum())


def test_features_that_only_hear_the_length_are_not_a_signal():
    pvalues = [run(*study(s, leak=3.0), n_permutations=19, seed=s) for s in range(8)]
    assert sum(p.pvalue <= 0.05 for p in pvalues) <= 2
    assert sum(p.raw_pvalue <= 0.05 for p in pvalues) <= 2
    assert np.mean([p.raw_statistic for p in pvalues]) > 0.6


def test_a_signal_beyond_the_length_is_found():
    found = run(*study(1, leak=1.0, shift=3.0), n_permutations=99)
    assert found.pvalue == found.raw_pvalue == 1 / 100
    assert found.adjusted == ("length",)


def test_a_confound_that_decides_the_label_leaves_no_overlap_and_no_finding():
    X, y, videos, starts, _ = study(0, shift=5.0)
    confounds = {"decides": y + 0.01 * np.random.default_rng(0).normal(size=len(y))}
    found = run(X, y, videos, starts, confounds, n_permutations=99)
    assert found.effective_pairs < 3
    assert found.pvalue > 0.1


def test_pairs_of_equal_confounds_are_fair_coins():
    X, y, videos, starts, _ = study(0)
    same = {"hour": np.tile([0.1, 0.1, 0.2, 0.2, 0.3, 0.3, 0.4, 0.4, 0.5, 0.5, 0.9], 5)}  # neighbours share it
    found = run(X, y, videos, starts, same, n_permutations=19)
    assert found.effective_pairs == pytest.approx(25)


def test_confounds_removed_by_design_leave_the_first_test():
    X, y, videos, starts, _ = study(0)
    found = run(X, y, videos, starts, {"length": np.full(len(y), 10.0)}, n_permutations=19)
    assert found.constant == ("length",)
    assert found.statistic == found.raw_statistic
    assert found.pvalue == found.raw_pvalue
    assert found.effective_pairs == pytest.approx(found.n_pairs)


def test_with_few_pairs_labels_are_drawn_within_video():
    found = run(*study(0, n_videos=2), n_permutations=19)
    assert (found.scheme, found.n_pairs) == (SHUFFLE, 10)
    assert 0 < found.effective_pairs <= 11


def test_no_pairs_at_all_still_have_an_answer():
    rng = np.random.default_rng(0)
    y, videos = np.array([1, 1, 1, 0, 0, 0] * 2), np.repeat(["a", "b"], 6)
    confounds = {"length": rng.uniform(5, 50, 12)}
    found = run(rng.normal(size=(12, 2)), y, videos, np.arange(12.0), confounds, n_permutations=19)
    assert found.scheme == SHUFFLE
    assert 1 / 20 <= found.pvalue <= 1


def test_one_video_is_refused():
    X, y, videos, starts, confounds = study(0, n_videos=1)
    with pytest.raises(ValueError, match=r"1 video.*expected 2 or more"):
        run(X, y, videos, starts, confounds, n_permutations=19)


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 10_000), st.booleans())
def test_neither_row_order_nor_names_of_videos_matter(seed, few):
    X, y, videos, starts, confounds = study(seed, n_videos=2 if few else 4)
    order = np.random.default_rng(seed).permutation(len(y))
    renamed = np.array([f"v{9 - int(v[-1])}" for v in videos])
    one = run(X, y, videos, starts, confounds, n_permutations=19, seed=seed)
    other = run(
        X[order], y[order], renamed[order], starts[order], {"length": confounds["length"][order]},
        n_permutations=19, seed=seed,
    )  # fmt: skip
    assert (other.pvalue, other.raw_pvalue) == (one.pvalue, one.raw_pvalue)
    assert other.statistic == pytest.approx(one.statistic, abs=1e-12)
    assert other.effective_pairs == pytest.approx(one.effective_pairs, abs=1e-9)


def test_statistic_is_that_of_features_without_what_the_confounds_predict_in_each_training_fold():
    from sklearn.linear_model import LinearRegression

    from priosig.crossval.probe import train_classifier
    from priosig.metrics.auc import auc_within_video

    X, y, videos, starts, confounds = study(4, leak=1.0, shift=1.0)
    columns = confound_basis(confounds, 25).columns
    scores = np.empty(len(y))
    for v in np.unique(videos):
        train, test = np.flatnonzero(videos != v), np.flatnonzero(videos == v)
        rest = X - LinearRegression().fit(columns[train], X[train]).predict(columns)
        scores[test] = train_classifier(rest, y, train, test)["scores"]
    found = run(X, y, videos, starts, confounds, n_permutations=19)
    assert found.statistic == pytest.approx(auc_within_video(scores, y, videos), abs=1e-12)
    assert found.statistic != found.raw_statistic


def test_length_enters_as_a_spline_of_its_logarithm():
    length = np.random.default_rng(0).uniform(3, 300, 60)
    columns = confound_basis({"length": length}, 37).columns
    spline = natural_spline(np.log(length))
    spline = spline - spline.mean(axis=0)
    np.testing.assert_allclose(columns @ (columns.T @ spline) / 60, spline, atol=1e-10)
