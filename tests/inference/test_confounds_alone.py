"""Can the label be told without hearing a note?"""

import numpy as np
import pytest

from priosig.inference.confounds_alone import TOGETHER, confounds_alone, studentised_pvalues
from priosig.inference.permutation import folds_of, refitted_aucs
from priosig.inference.relabelling import draw_relabellings

VIDEOS = np.repeat(np.arange(5), 20)
Y = np.tile([1, 0], 50)


def gate(confounds: dict[str, np.ndarray], m: int = 199):
    drawn, _ = draw_relabellings(Y, VIDEOS, m, np.random.default_rng(0))
    return {(p.name, p.shape): p for p in confounds_alone(confounds, VIDEOS, np.vstack([Y, drawn]), VIDEOS)}


def facts(seed: int, **leaks: np.ndarray) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {"noise": rng.normal(size=100), "more": rng.normal(size=100)} | leaks


def test_a_u_shape_is_found_as_a_curve_and_not_as_a_line():
    rng = np.random.default_rng(1)
    found = gate(facts(1, talk=rng.normal(size=100) * np.where(Y == 1, 2.5, 0.5)))
    assert found["talk", "curve"].pvalue == 1 / 200
    assert found["talk", "line"].pvalue > 0.05


def test_a_category_coded_as_a_number_is_found_by_its_values():
    rng = np.random.default_rng(2)
    room = np.where(
        rng.random(100) < 0.8, np.where(Y == 1, rng.choice([0, 2, 4], 100), rng.choice([1, 3, 5], 100)), 0
    )
    assert gate(facts(2, room=room.astype(float)))["room", "curve"].pvalue == 1 / 200


def test_an_interaction_is_found_by_all_together_alone():
    rng = np.random.default_rng(3)
    first = rng.normal(size=100)
    second = np.where(Y == 1, 1, -1) * np.sign(first) * np.abs(rng.normal(size=100))
    found = gate({"first": first, "second": second})
    assert found[TOGETHER, "curve"].pvalue == 1 / 200
    assert all(p.pvalue > 0.05 for (name, _), p in found.items() if name != TOGETHER)


def test_whether_a_value_is_known_may_tell_the_label():
    rng = np.random.default_rng(4)
    level = np.where(rng.random(100) < 0.15 + 0.7 * Y, rng.normal(size=100), np.nan)
    assert gate({"level": level})["level", "line"].pvalue == 1 / 200


def test_auc_is_that_of_a_probe_on_the_confound():
    confounds = facts(5)
    expected = refitted_aucs(folds_of(confounds["noise"][:, None], VIDEOS), Y[None], VIDEOS)[0]
    assert gate(confounds, 19)["noise", "line"].auc == expected


def test_constant_confounds_are_not_tried():
    assert confounds_alone({"length": np.full(100, 9.0)}, VIDEOS, np.vstack([Y, Y]), VIDEOS) == ()


def test_a_wide_null_distribution_does_not_hide_a_clear_narrow_one():
    rng = np.random.default_rng(6)
    wide, narrow = rng.normal(0.65, 0.1, 1000), rng.normal(0.5, 0.02, 1000)
    wide[0], narrow[0] = 0.65, 0.62
    studentised = studentised_pvalues(np.vstack([wide, narrow]))
    assert studentised[1] == pytest.approx(1 / 1000, abs=2e-3)
    assert studentised[0] > 0.3


def test_max_t_pvalues_are_those_of_a_loop():
    rng = np.random.default_rng(7)
    statistics = rng.normal(size=(3, 40)) * [[1.0], [5.0], [0.1]]
    t = (statistics - statistics.mean(axis=1, keepdims=True)) / statistics.std(axis=1, keepdims=True)
    expected = [sum(max(t[:, b]) >= t[j, 0] - 1e-12 for b in range(40)) / 40 for j in range(3)]
    np.testing.assert_allclose(studentised_pvalues(statistics), expected)


def test_statistics_that_are_undefined_or_never_move_find_nothing():
    statistics = np.vstack([np.full(40, np.nan), np.full(40, 0.5), np.linspace(1, 0, 40)])
    undefined, still, moving = studentised_pvalues(statistics)
    assert np.isnan(undefined)
    assert (still, moving) == (1.0, 1 / 40)
