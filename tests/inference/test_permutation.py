import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from priosig.crossval.leave_one_video_out import leave_one_video_out_cv
from priosig.inference.data import labelled_segments
from priosig.inference.permutation import PermutationResult, permutation_pvalue, permutation_test
from priosig.inference.relabelling import (
    SHUFFLE,
    SWAP,
    draw_relabellings,
    scheme_of,
    shuffle_within_videos,
    stop_first,
)
from priosig.verdict.rule import Rule

# S S S C S   (video 0, time to the right)     C S C   (video 1)
#     (2,3)                                   (5,6)
TWO_VIDEOS = labelled_segments([1, 1, 1, 0, 1, 0, 1, 0], list("bbbbbccc"), np.arange(8.0))


def run(X, y, videos, starts, *, n_permutations: int, seed: int = 0, min_sets: int = 15) -> PermutationResult:
    rule = Rule(n_permutations=n_permutations, min_sets=min_sets, alpha=1 / (n_permutations + 1))
    return permutation_test(labelled_segments(y, videos, starts, X=X), rule, seed=seed)


def alternating_study(seed: int, *, n_videos: int = 3, n: int = 12, d: int = 3, shift: float = 0.0):
    """Videos of STOP, CONTINUE, STOP, ...; the first feature is higher in STOP by `shift`."""
    rng = np.random.default_rng(seed)
    y = np.tile(np.arange(n) % 2 == 0, n_videos).astype(int)
    videos = np.repeat([f"video{v}" for v in range(n_videos)], n)
    X = rng.normal(size=(len(y), d))
    X[:, 0] += shift * y
    starts = np.concatenate([np.sort(rng.uniform(0, 3000, size=n)) for _ in range(n_videos)])
    return X, y, videos, starts


def all_swaps(y: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    labellings = []
    for flips in itertools.product([False, True], repeat=len(pairs)):
        swapped = np.array(y)
        for (stop, other), flip in zip(pairs, flips, strict=True):
            swapped[[stop, other]] = (0, 1) if flip else (1, 0)
        labellings.append(swapped)
    return np.array(labellings, dtype=np.int8)


def test_pairs_are_greedy_neighbours_of_opposite_label_in_time_order():
    assert TWO_VIDEOS.pairs.tolist() == [[2, 3], [6, 5]]


def test_no_pair_crosses_from_one_video_to_the_next():
    assert labelled_segments([1, 1, 0, 0], list("aabb"), np.arange(4.0)).pairs.shape == (0, 2)


def test_alternating_labels_that_begin_and_end_with_stop_leave_one_segment_unpaired():
    assert labelled_segments([1, 0, 1, 0, 1], list("aaaaa"), np.arange(5.0)).pairs.tolist() == [[0, 1], [2, 3]]


def test_relabellings_swap_each_pair_or_not_and_leave_the_rest():
    rule = Rule(n_permutations=399, min_sets=1)
    drawn = draw_relabellings(TWO_VIDEOS, rule, seed=0)
    assert scheme_of(TWO_VIDEOS, rule) == SWAP
    swapped = all_swaps(TWO_VIDEOS.y, TWO_VIDEOS.pairs)
    counts = {tuple(row): int((drawn == row).all(axis=1).sum()) for row in swapped}
    assert sum(counts.values()) == 399
    assert all(70 < count < 130 for count in counts.values())


def test_fewer_than_fifteen_pairs_are_shuffled_within_video_and_the_scheme_says_so():
    drawn = draw_relabellings(TWO_VIDEOS, Rule(n_permutations=499), seed=0)
    assert scheme_of(TWO_VIDEOS, Rule()) == SHUFFLE
    assert (drawn[:, TWO_VIDEOS.videos == 0].sum(axis=1) == 4).all()
    assert (drawn[:, TWO_VIDEOS.videos == 1].sum(axis=1) == 1).all()
    assert len(np.unique(drawn, axis=0)) == 5 * 3


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 20), st.integers(0, 30))
def test_the_first_relabellings_do_not_depend_on_how_many_are_drawn(few, more):
    for min_sets in (1, 15):
        short, long = (
            draw_relabellings(TWO_VIDEOS, Rule(n_permutations=n, alpha=1 / (n + 1), min_sets=min_sets), seed=3)
            for n in (few, few + more)
        )
        np.testing.assert_array_equal(short, long[:few])


def test_shuffling_a_video_is_uniform_over_its_orders():
    drawn = shuffle_within_videos(np.array([1, 0, 0]), np.zeros(3), 3000, np.random.default_rng(1))
    assert np.abs(drawn.mean(axis=0) - 1 / 3).max() < 0.03


def test_pvalue_counts_ties_and_the_observed_labelling():
    assert permutation_pvalue(0.7, np.array([0.7, 0.7 - 1e-14, 0.69, 0.8])) == 4 / 5
    assert permutation_pvalue(1.0, np.full(99, 0.5)) == 1 / 100


def test_an_undefined_relabelled_statistic_counts_against_the_signal():
    assert permutation_pvalue(0.9, np.array([np.nan, 0.1, 0.1])) == 2 / 4


def refitted_auc_by_scikit_learn(X, y, videos):
    """Oracle: refit every fold with scikit-learn, compare all pairs within each video by brute force."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    total = weight = 0.0
    for v in np.unique(videos):
        test = videos == v
        scaler = StandardScaler().fit(X[~test])
        probe = LogisticRegression(solver="newton-cholesky", tol=1e-12).fit(scaler.transform(X[~test]), y[~test])
        s = probe.decision_function(scaler.transform(X[test]))
        stops, others = s[y[test] == 1], s[y[test] == 0]
        wins = np.mean([(a > b) + 0.5 * (a == b) for a in stops for b in others])
        w = len(stops) * len(others) / (test.sum() + 1)
        total, weight = total + w * wins, weight + w
    return total / weight


def test_null_distribution_is_that_of_all_swaps_refitted_by_scikit_learn():
    X, y, videos, starts = alternating_study(5, n_videos=2, n=4, shift=1.0)
    pairs = labelled_segments(y, videos, starts).pairs  # rows are in canonical order already, or swapped as videos
    exact = np.array([refitted_auc_by_scikit_learn(X, z, videos) for z in all_swaps(y, pairs)])  # 2^4 labellings
    result = run(X, y, videos, starts, n_permutations=3999, min_sets=1, seed=1)
    assert result.statistic == pytest.approx(exact[0], abs=1e-12)
    assert set(np.round(result.null_distribution, 9)) == set(np.round(exact, 9))
    assert result.pvalue == pytest.approx(np.mean(exact >= exact[0] - 1e-12), abs=0.03)


def test_a_signal_is_found_and_noise_is_not():
    assert run(*alternating_study(0, shift=3.0), n_permutations=199).pvalue == 1 / 200
    assert run(*alternating_study(0), n_permutations=199).pvalue > 0.05


@pytest.mark.slow
def test_pvalue_of_noise_is_uniform():
    pvalues = [run(*alternating_study(s, n_videos=3, n=8, d=1), n_permutations=19, seed=s).pvalue for s in range(40)]
    for level in (0.1, 0.25, 0.5):
        assert abs(np.mean(np.array(pvalues) <= level) - level) < 3.5 * np.sqrt(level * (1 - level) / 40)


def test_the_size_of_batches_changes_nothing(monkeypatch):
    study = alternating_study(2, shift=0.7)
    whole = run(*study, n_permutations=99)
    monkeypatch.setattr("priosig.inference.permutation._BATCH_ENTRIES", 7 * len(study[1]))
    np.testing.assert_array_equal(run(*study, n_permutations=99).null_distribution, whole.null_distribution)


def test_another_seed_draws_other_relabellings():
    study = alternating_study(2)
    one, other = (run(*study, n_permutations=49, seed=s) for s in (0, 1))
    assert one.statistic == other.statistic
    assert not np.array_equal(one.null_distribution, other.null_distribution)


def test_constant_features_give_half_and_a_pvalue_of_one():
    X, y, videos, starts = alternating_study(0)
    result = run(np.ones_like(X), y, videos, starts, n_permutations=19)
    assert (result.statistic, result.pvalue) == (0.5, 1.0)


def test_perfect_separation_has_the_smallest_pvalue_and_not_zero():
    X, y, videos, starts = alternating_study(0, n_videos=4)
    X[:, 0] = y
    assert run(X, y, videos, starts, n_permutations=99).pvalue == 1 / 100


def test_a_video_of_one_class_is_trained_on_and_not_counted():
    X, y, videos, starts = alternating_study(1, n_videos=4, shift=3.0)
    y[videos == "video3"] = 1
    assert run(X, y, videos, starts, n_permutations=19).statistic > 0.9


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda X, y, v, t: (X, np.ones_like(y), v, t), "all 24 are STOP; expected both classes"),
        (lambda X, y, v, t: (X, (v == v[0]).astype(int), v, t), "no video holds both STOP and CONTINUE"),
        (lambda X, y, v, t: (X, y, np.full(len(y), "one"), t), "1 video.*expected 2 or more"),
        (lambda X, y, v, t: (X, np.where(v == v[0], y, 1), v, t), "AUC within video is undefined"),
    ],
    ids=["one class", "classes apart", "one video", "second video all STOP"],
)
def test_what_cannot_be_tested_is_refused(change, message):
    study = alternating_study(0, n_videos=2)
    with pytest.raises(ValueError, match=message):
        run(*change(*study), n_permutations=19)


@pytest.mark.parametrize("seed", range(3))
def test_a_feature_that_hardly_varies_is_tested_whatever_the_relabellings(seed):
    # Of 40 segments 4 are 1, all others 0: some relabellings have means that are equal to the last bit.
    y, videos = np.tile([1, 0], 20), np.repeat(list("abcde"), 8)
    x = np.zeros((40, 1))
    x[np.random.default_rng(seed).choice(40, 4, replace=False)] = 1
    starts = np.tile(np.arange(8.0), 5)
    result = run(x, y, videos, starts, n_permutations=199)
    assert 1 / 200 <= result.pvalue <= 1
    # What is left of weights that are 0 in theory ranks nothing: the same alone and among others.
    alone = leave_one_video_out_cv(x, y, videos)["auc_within_video"]
    assert result.statistic == pytest.approx(alone, abs=1e-12)


def test_pairs_are_swapped_where_the_rule_has_enough_of_them():
    y, videos, starts = np.array([1, 1, 0, 1, 0, 0, 1]), list("aaaabbb"), np.array([0, 1, 2, 3, 0, 1, 2.0])
    # a: S (S C) S, b: C (C S)
    data = labelled_segments(y, videos, starts)
    assert data.n_sets == 2
    assert [scheme_of(data, Rule(min_sets=k)) for k in (1, 2, 3)] == [SWAP, SWAP, SHUFFLE]


def test_how_often_the_stop_comes_first_in_a_pair_is_counted():
    # S C C S S C: (S C) (C S) (S C)
    data = labelled_segments([1, 0, 0, 1, 1, 0], list("aaaaaa"), np.arange(6.0))
    assert stop_first(data) == (2, 3)
