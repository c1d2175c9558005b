"""Power: what share of signals of a known strength T1 would find."""

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from priosig.inference.data import labelled_segments
from priosig.inference.permutation import permutation_pvalue, permutation_test, refitted_aucs
from priosig.inference.planning import PowerTable
from priosig.inference.power import SpikePower, critical_value, power_of_spike, videos_needed
from priosig.inference.relabelling import draw_relabellings
from priosig.verdict.rule import Rule
from tests.inference.risk_sets import risk_set_study


def noise_design(seed: int = 0, *, n_videos: int = 6, n: int = 11, d: int = 3):
    rng = np.random.default_rng(seed)
    y = np.tile(np.arange(n) % 2 == 0, n_videos).astype(int)
    return labelled_segments(
        y, np.repeat(np.arange(n_videos), n), np.tile(np.arange(n), n_videos), X=rng.normal(size=(len(y), d))
    )


def test_power_grows_with_the_signal_and_is_alpha_without_one():
    data = noise_design()
    null = permutation_test(data, Rule(n_permutations=199)).null_distribution
    rules = [Rule(spike_auc=auc) for auc in (0.501, 0.7, 0.9)]
    spiked = [power_of_spike(data, rule, null, alpha=0.05, n_replicates=60) for rule in rules]
    power = [one.power for one in spiked]
    assert power[0] < 0.12
    assert power[0] < power[1] < power[2]
    assert power[2] > 0.95
    assert 0.5 < spiked[1].probe_auc < 0.7  # the probe has to learn what the ideal listener knows


def test_a_signal_where_features_hardly_vary_is_found_less_often():
    rng = np.random.default_rng(0)
    data = noise_design(n_videos=10, d=40)
    loud = 3 * rng.normal(size=(len(data), 1)) + data.X  # forty features that nearly agree
    spiked = power_of_spike(data.with_rows(loud), Rule(), np.linspace(0.41, 0.59, 199), alpha=0.05, n_replicates=80)
    assert spiked.hard_power < spiked.power - 0.2


def test_the_detectable_auc_is_the_one_with_the_power_asked_for():
    data = noise_design()
    null = permutation_test(data, Rule(n_permutations=199)).null_distribution
    detectable = power_of_spike(data, Rule(), null, alpha=0.05, n_replicates=100).detectable_auc
    again = power_of_spike(data, Rule(spike_auc=detectable), null, alpha=0.05, seed=1, n_replicates=100)
    assert again.power == pytest.approx(0.8, abs=0.1)


def test_detectable_auc_and_power_agree_about_the_rule():
    powers = []
    for width in (0.08, 0.1, 0.15):
        null = np.linspace(0.5 - width, 0.5 + width, 199)
        spiked = power_of_spike(noise_design(), Rule(), null, alpha=0.05, n_replicates=40)
        assert spiked.detectable_auc <= 0.7 if spiked.power >= 0.8 else spiked.detectable_auc >= 0.7
        powers.append(spiked.power)
    assert powers[0] > 0.8 > powers[1] > powers[2]


def test_no_auc_is_detectable_where_relabellings_are_too_few_for_any_p():
    spiked = power_of_spike(noise_design(), Rule(), np.linspace(0.4, 0.6, 9), alpha=0.05, n_replicates=20)
    assert spiked.power == 0
    assert math.isnan(spiked.detectable_auc)


def test_features_that_do_not_vary_have_no_power_to_speak_of():
    data = noise_design()
    data = data.with_features(np.ones_like(data.X))
    assert np.isnan(dataclasses.astuple(power_of_spike(data, Rule(), np.linspace(0, 1, 99), alpha=0.05))).all()


def test_power_of_risk_sets_is_the_share_of_shifted_studies_that_are_found(monkeypatch):
    monkeypatch.setattr("priosig.inference.power.LEVELS", ())  # power at the rule's AUC alone
    level, shift, significant = 0.75, math.sqrt(2) * norm.ppf(0.75), []
    for seed in range(30):
        data = risk_set_study(100 + seed, n_videos=5, shift=shift)
        labellings = np.vstack([data.y, draw_relabellings(data, Rule(n_permutations=39), 0)])
        aucs = refitted_aucs(data.folds, labellings, data.strata, C=1.0)
        significant.append(permutation_pvalue(aucs[0], aucs[1:]) <= 0.05)
    claimed = [
        power_of_spike(data, Rule(spike_auc=level), null, alpha=0.05, n_replicates=30).power
        for data in (risk_set_study(seed, n_videos=5) for seed in range(5))
        for null in [permutation_test(data, Rule(n_permutations=99)).null_distribution]
    ]
    assert np.mean(significant) == pytest.approx(np.mean(claimed), abs=0.17)  # 2.3 standard errors


@given(st.lists(st.floats(0, 1), min_size=19, max_size=60), st.floats(0, 1))
def test_beyond_the_critical_value_is_significant(null, statistic):

    beyond = statistic - 1e-12 > critical_value(np.array(null), 0.05)
    assert beyond == (permutation_pvalue(statistic, np.array(null)) <= 0.05 + 1e-12)


def test_the_critical_value_of_19_relabellings_is_their_largest():
    null = np.arange(19.0)
    assert critical_value(null, 0.05) == 18.0
    assert critical_value(null, 0.10) == 17.0
    assert critical_value(null[:18], 0.05) == math.inf


def test_power_depends_on_its_seed_and_not_on_order_signs_or_units_of_features():
    data, null = noise_design(2), np.linspace(0.3, 0.7, 99)

    def spiked(data, seed=0):
        return power_of_spike(data, Rule(), null, alpha=0.05, n_replicates=30, seed=seed)

    changed = dataclasses.replace(data, X=(data.X * [1000.0, -1.0, 0.2])[:, [2, 0, 1]])
    np.testing.assert_allclose(dataclasses.astuple(spiked(changed)), dataclasses.astuple(spiked(data)), atol=1e-9)
    assert len({spiked(data, seed).power for seed in range(3)}) > 1


def spiked_with_margin(margin: float) -> SpikePower:
    return SpikePower(0.5, 0.4, 0.6, 0.75, margin)


def planned(needed=(40, 10)) -> PowerTable:
    numbers = (5, 10, 20, 40)
    power = norm.cdf([[-1.2, -0.5, 0.2, 0.9], [-0.2, 0.9, 2.0, 3.1]])
    return PowerTable((0.65, 0.70), numbers, power, needed, np.full(4, 0.6), np.full((2, 4), 0.2))


@pytest.mark.parametrize(
    ("margin", "expected"),
    [(0.9, (40, 10)), (-0.2, (80, 20)), (2.0, (20, 5)), (-1.3, (160, 40))],
    ids=["as planned", "half as good", "twice as good", "below the table"],
)
def test_videos_needed_are_those_planned_scaled_to_what_these_are_worth(margin, expected):
    np.testing.assert_allclose(videos_needed(spiked_with_margin(margin), planned(), Rule(), 10), expected)


def test_videos_needed_are_unknown_where_the_table_ends_or_power_is_unknown():
    assert np.isnan(videos_needed(spiked_with_margin(0.9), planned((None, 10)), Rule(), 10)).tolist() == [True, False]
    assert np.isnan(videos_needed(spiked_with_margin(math.nan), planned(), Rule(), 10)).all()
