"""Leaks of many shapes: the label follows them, lines do not."""

import numpy as np
import pytest

from priosig.metrics.auc import auc, auc_within_video
from priosig.worlds.leaks import OUTLIERS, RELIABILITY, SHAPES, TILT, draw_leak
from priosig.worlds.simulation import SAME_TIME, SETS, World, _into_bout, _layout, simulate_study

Y = np.tile([1, 0], 1500)
VIDEOS = np.repeat(np.arange(5), 600)


def draw(shape: str):
    return draw_leak(shape, Y, VIDEOS, np.random.default_rng(0))


@pytest.mark.parametrize("shape", SHAPES)
def test_log_odds_of_the_label_rise_with_the_leak_by_its_tilt(shape):
    from sklearn.linear_model import LogisticRegression

    heard, _ = draw(shape)
    slope = LogisticRegression(C=1e6).fit(heard[:, None], Y).coef_[0, 0]
    assert slope == pytest.approx(TILT, abs=0.12)


@pytest.mark.parametrize("shape", ["u shape", "category", "interaction", "oscillating"])
def test_no_line_tells_the_label(shape):
    _, confounds = draw(shape)
    assert max(abs(auc(values, Y) - 0.5) for values in confounds.values()) < 0.13


def test_what_is_measured_differs_from_the_fact_as_the_shape_says():
    _, confounds = draw("outliers")
    assert np.mean(np.abs(confounds["fact"]) > 6) == pytest.approx(OUTLIERS * 0.76, abs=0.01)
    heard, confounds = draw("unreliable")
    noise = confounds["fact"] - np.sqrt(RELIABILITY) * heard
    assert np.var(noise) == pytest.approx(1 - RELIABILITY, abs=0.02)
    _, confounds = draw("redundant pair")
    assert np.corrcoef(confounds["first"], confounds["second"])[0, 1] > 0.998
    _, confounds = draw("spreads")
    spread = [confounds["fact"][v == VIDEOS].std() for v in range(5)]
    assert spread[-1] / spread[0] == pytest.approx(10, rel=0.1)


def test_worlds_can_have_more_videos_a_trend_and_a_signal_in_the_spread():
    study = simulate_study(World("many", n_videos=12, trend=5.0), np.random.default_rng(0))
    assert study.videos.max() == 11
    first, last = (
        np.array([study.X[np.flatnonzero(study.videos == v)[k]] for v in range(12)]).mean(axis=0) for k in (0, -1)
    )
    assert np.abs(last - first).max() > 1
    spread = simulate_study(World("spread", signal_in_spread=6.0), np.random.default_rng(0))
    assert spread.X[spread.y == 1].std(axis=0).mean() > 1.3 * spread.X[spread.y == 0].std(axis=0).mean()


def test_windows_of_a_risk_set_have_gone_on_for_the_same_time_and_pairs_have_not():
    rng = np.random.default_rng(0)
    y, _, sets = _layout(World("sets", in_sets=True), rng)
    assert np.bincount(sets, weights=y).tolist() == [1] * sum(SETS)
    seconds = _into_bout(y, sets, rng)
    for number in range(sum(SETS)):
        assert np.ptp(seconds[sets == number]) <= 2 * SAME_TIME
    assert auc(_into_bout(Y, None, rng), Y) > 0.9


def test_a_student_who_tires_moves_what_pairs_compare_and_not_what_risk_sets_do():
    def reached(**layout):
        study = simulate_study(World("tiring", tiring=8.0, **layout), np.random.default_rng(1), n_features=1)
        strata = study.videos if study.set_ids is None else np.array(study.set_ids)
        return abs(auc_within_video(study.X[:, 0], study.y, strata) - 0.5)

    assert reached(equal_windows=True) > 0.2
    assert reached(in_sets=True) < 0.1
