"""The planner: simulated studies are scored as real ones are, and its table can be read off."""

import tracemalloc

import numpy as np
import pytest

from priosig.crossval.folds import oof_scores, split_by_video
from priosig.inference import planning
from priosig.inference.planning import _auc, _aucs, _strata_by_video, _Study, plan
from priosig.metrics.auc import auc_within_video

SETS = [[(1, 6)] * 6, [(1, 2), (1, 9), (1, 4)], [(1, 7)] * 5, [(1, 5)] * 8, [(1, 3)] * 5]
PAIRS = [[(6, 5)], [(9, 3)], [(4, 4)]]


@pytest.fixture(autouse=True)
def few(monkeypatch):
    """As many simulated studies as are asked for, also of small ones."""
    monkeypatch.setattr(planning, "_ROWS", 0)


def centred(X, strata):
    return X - np.stack([X[strata == s].mean(axis=0) for s in strata])


def made_up(videos) -> dict:
    """Rows of a study as a corpus gives them."""
    study = _Study.of(videos)
    ids = [f"video{v}" for v in np.repeat(np.arange(len(videos)), [sum(map(sum, strata)) for strata in videos])]
    return {"y": study.y, "video_ids": ids, "strata": [f"set{s}" for s in study.strata]}


def ridge_auc(study, features, C):
    """AUC within strata of one study, every video scored by a ridge regression on the others."""
    n_features = features.shape[1]
    features = centred(features, study.strata)
    labels = centred(study.y[:, None].astype(float), study.strata)[:, 0]
    scores = np.empty(len(labels))
    for video in np.unique(study.folds):
        train, penalty = study.folds != video, np.eye(n_features) / np.sqrt(C * study.y.mean() * (1 - study.y.mean()))
        rows, targets = np.vstack([features[train], penalty]), np.append(labels[train], np.zeros(n_features))
        scores[~train] = features[~train] @ np.linalg.lstsq(rows, targets)[0]
    return auc_within_video(scores, study.y, study.strata)


@pytest.mark.parametrize("videos", [SETS, PAIRS])
def test_a_simulated_study_is_scored_by_ridge_regressions_that_did_not_see_the_video(videos):
    study, rng, shifts = _Study.of(videos), np.random.default_rng(0), (0.0, 0.9, 2.0)
    X = np.stack([centred(features, study.strata) for features in rng.normal(size=(2, len(study.y), 4))])
    shuffles = [np.lexsort((rng.random(len(study.y)), study.strata)) for _ in range(2)]
    null, signal = _aucs(X, study, shuffles, shifts, C=0.5)
    direction = np.outer(study.y, [1, 0, 0, 0])
    assert null == pytest.approx(np.array([[ridge_auc(study, x[s], 0.5) for x in X] for s in shuffles]), abs=1e-12)
    expected = [[ridge_auc(study, x + shift * direction, 0.5) for x in X] for shift in shifts]
    assert signal == pytest.approx(np.array(expected), abs=1e-12)


def test_large_strata_are_ranked_and_not_compared_pair_by_pair():
    study = _Study.of([[(2000, 1000)], [(3, 2), (1000, 2000)]])
    scores = np.random.default_rng(0).normal(size=(len(study.y), 3))
    tracemalloc.start()
    aucs = _auc(scores, study)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert aucs == pytest.approx(auc_within_video(scores.T, study.y, study.strata), abs=1e-12)
    assert peak < 20 * scores.nbytes  # 4 million pairs would be 300


def test_the_ridge_probe_does_as_well_as_the_logistic_regression_of_t1():
    study, rng, ridge, logistic = _Study.of(SETS), np.random.default_rng(1), [], []
    direction = 0.8 * np.outer(study.y, np.arange(19) == 0)
    for _ in range(12):
        X = centred(rng.normal(size=(len(study.y), 19)), study.strata)
        ridge.append(_aucs(X[None], study, [], [0.8], C=1.0)[1].item())
        folds = split_by_video(centred(X + direction, study.strata), study.folds.astype(str))
        logistic.append(auc_within_video(oof_scores(folds, study.y), study.y, study.strata))
    assert np.mean(ridge) == pytest.approx(np.mean(logistic), abs=0.02)
    assert np.corrcoef(ridge, logistic)[0, 1] > 0.9


def test_the_critical_value_lies_above_that_of_independent_scores():
    table = plan(**made_up(SETS), n_videos=(5,), n_replicates=300)
    weight = sum(n0 / (n0 + 2) for strata in SETS for _, n0 in strata)
    assert table.critical[0] > 0.5 + 1.645 / np.sqrt(12 * weight) + 0.01


def test_power_grows_with_the_signal_and_the_videos_and_needed_is_where_it_reaches_80_percent():
    table = plan(**made_up(SETS), aucs=(0.55, 0.75), n_videos=(4, 8, 16), n_replicates=60)
    assert table.power.shape == (2, 3)
    assert (np.diff(table.power, axis=0) > 0).all()
    assert (np.diff(table.power, axis=1) >= 0).all()
    assert table.needed[0] is None
    assert table.power[0, -1] < 0.8
    assert table.power[1, 0] < 0.8 < table.power[1, 1]
    assert 4 < table.needed[1] <= 8


def test_without_a_signal_power_is_the_level():
    assert plan(**made_up(SETS), aucs=(0.5,), n_videos=(5, 10), alpha=0.2).power == pytest.approx(0.2, abs=0.06)


@pytest.mark.parametrize("seed", range(4))
def test_power_never_falls_with_more_videos_whatever_the_simulation_gave(seed):
    table = plan(**made_up(SETS), aucs=(0.5,), n_videos=(3, 4, 5, 6), n_replicates=10, seed=seed)
    assert (np.diff(table.power) >= 0).all()


def test_neither_names_nor_the_order_of_rows_change_the_table():
    rows = made_up(SETS)
    order = np.random.default_rng(2).permutation(len(rows["y"]))
    other = {
        "y": rows["y"][order],
        "video_ids": [f"other {rows['video_ids'][i]}"[::-1] for i in order],
        "strata": [rows["strata"][i] for i in order],
    }
    first, second = (plan(**r, n_videos=(3, 6), n_replicates=20) for r in (rows, other))
    assert np.array_equal(first.power, second.power)


def test_a_video_is_its_own_stratum_unless_sets_are_given_and_one_class_strata_compare_nothing():
    y = np.array([1, 0, 0, 1, 1, 1, 0])
    videos = list("aaabbcc")
    assert _strata_by_video(y, videos, videos) == [[(1, 1)], [(1, 2)]]
    assert _strata_by_video(y, videos, list("1223344")) == [[(1, 1)]]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"y": [1, 1, 0]}, "no video or set holds both"),
        ({"n_videos": (1, 5)}, "expected 2 or more"),
        ({"n_videos": (10, 5)}, r"numbers of videos are \[10, 5\]; expected each once, in ascending order"),
        ({"aucs": (0.4, 0.6)}, "an AUC is 0.4; expected 0.5 or more, and less than 1"),
        ({"aucs": (0.7, 0.7)}, r"AUCs are \[0.7, 0.7\]; expected each once"),
        ({"n_videos": ()}, r"videos \[\]; expected some"),
        ({"n_videos": (5.5,)}, r"videos \[5.5\]; expected some, and whole numbers"),
        ({"alpha": 5}, "alpha is 5; expected a number between 0 and 1"),
    ],
    ids=[
        "nothing to compare",
        "one video",
        "descending",
        "below chance",
        "twice",
        "no number",
        "half a video",
        "percent",
    ],
)
def test_what_cannot_be_planned_is_refused(options, words):
    with pytest.raises(ValueError, match=words):
        plan(**({"y": [1, 0, 0], "video_ids": ["a", "a", "b"]} | options))
