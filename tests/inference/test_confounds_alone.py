"""Whether the label can be told without hearing a note."""

import numpy as np

from priosig.inference.confounds_alone import TOGETHER, Baseline, confounds_alone
from priosig.inference.data import ConfoundNames, LabelledSegments
from priosig.inference.permutation import refitted_aucs
from priosig.verdict.rule import Rule

VIDEOS = np.repeat(np.arange(5), 20)
Y = np.tile([1, 0], 50).astype(np.int8)


def gate(confounds: dict[str, np.ndarray], m: int = 79, acoustic: tuple[str, ...] = ()) -> dict[str, Baseline]:
    complete = {name: values for name, values in confounds.items() if np.isfinite(values).all()}
    partly = {name: values for name, values in confounds.items() if name not in complete}
    data = LabelledSegments(Y, VIDEOS, np.arange(100), complete, partly, names=ConfoundNames(acoustic=acoustic))
    return {baseline.name: baseline for baseline in confounds_alone(data, Rule(n_permutations=m))}


def facts(seed: int, **leaks: np.ndarray) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {"noise": rng.normal(size=100), "more": rng.normal(size=100)} | leaks


def test_a_u_shape_is_found_as_a_curve_and_not_as_a_line():
    rng = np.random.default_rng(1)
    baselines = gate(facts(1, talk=rng.normal(size=100) * np.where(Y == 1, 2.5, 0.5)))
    assert baselines["talk"].curve_pvalue == 1 / 80
    assert baselines["talk"].pvalue > 0.05


def test_a_category_coded_as_a_number_is_found_by_its_values():
    rng = np.random.default_rng(2)
    room = np.where(
        rng.random(100) < 0.8, np.where(Y == 1, rng.choice([0, 2, 4], 100), rng.choice([1, 3, 5], 100)), 0
    )
    assert gate(facts(2, room=room.astype(float)))["room"].curve_pvalue == 1 / 80


def test_an_interaction_is_found_by_all_together_alone():
    rng = np.random.default_rng(3)
    first = rng.normal(size=100)
    second = np.where(Y == 1, 1, -1) * np.sign(first) * np.abs(rng.normal(size=100))
    baselines = gate({"first": first, "second": second})
    assert baselines[TOGETHER].curve_pvalue == 1 / 80
    assert all(min(b.pvalue, b.curve_pvalue) > 0.05 for name, b in baselines.items() if name != TOGETHER)


def test_whether_a_value_is_known_may_tell_the_label():
    rng = np.random.default_rng(4)
    level = np.where(rng.random(100) < 0.15 + 0.7 * Y, rng.normal(size=100), np.nan)
    assert gate({"level": level})["level"].pvalue == 1 / 80


def test_auc_is_that_of_a_probe_on_the_confound():
    confounds = facts(5)
    alone = LabelledSegments(Y, VIDEOS, np.arange(100), X=confounds["noise"][:, None])
    expected = refitted_aucs(alone.folds, Y[None], VIDEOS, C=1.0)[0]
    assert gate(confounds, 19)["noise"].auc_within_video == expected


def test_constant_confounds_are_not_tried():
    assert gate({"length": np.full(100, 9.0)}) == {}


def test_acoustic_confounds_are_tried_apart_and_cost_artefacts_nothing():
    rng = np.random.default_rng(6)
    many = {f"heard {i}": rng.normal(size=100) + 3 * Y for i in range(2)}
    confounds = facts(6)
    alone, beside = gate(confounds, 39), gate(confounds | many, 39, acoustic=tuple(many))
    for name in (*confounds, TOGETHER):
        assert beside[name] == alone[name]
    assert beside["heard 0"].role == "acoustic"
    assert beside["heard 0"].pvalue == 1 / 40


def test_where_a_value_is_known_is_counted():
    level = np.where(np.arange(100) < 40, np.nan, np.random.default_rng(7).normal(size=100))
    assert gate({"level": level}, 19)["level"].n_known == 60
