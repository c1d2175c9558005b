"""Power: what share of signals of a known strength T1 would find."""

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from priosig.inference.data import labelled_segments
from priosig.inference.permutation import permutation_pvalue, permutation_test
from priosig.inference.power import critical_value, power_of_spike
from priosig.verdict.rule import Rule


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
    power = [power_of_spike(data, rule, null, alpha=0.05, n_replicates=100) for rule in rules]
    assert power[0] < 0.12
    assert power[0] < power[1] < power[2]
    assert power[2] > 0.95


def test_features_that_do_not_vary_have_no_power_to_speak_of():
    data = noise_design()
    data = data.with_features(np.ones_like(data.X))
    assert math.isnan(power_of_spike(data, Rule(), np.linspace(0, 1, 99), alpha=0.05))


@given(st.lists(st.floats(0, 1), min_size=19, max_size=60), st.floats(0, 1))
def test_beyond_the_critical_value_is_significant(null, statistic):

    beyond = statistic - 1e-12 > critical_value(np.array(null), 0.05)
    assert beyond == (permutation_pvalue(statistic, np.array(null)) <= 0.05 + 1e-12)


def test_the_critical_value_of_19_relabellings_is_their_largest():
    null = np.arange(19.0)
    assert critical_value(null, 0.05) == 18.0
    assert critical_value(null, 0.10) == 17.0
    assert critical_value(null[:18], 0.05) == math.inf


def test_power_depends_on_its_seed_and_not_on_units():
    data, null = noise_design(2), np.linspace(0.3, 0.7, 99)
    power = power_of_spike(data, Rule(), null, alpha=0.05)
    scaled = dataclasses.replace(data, X=data.X * np.array([1000.0, *np.ones(data.X.shape[1] - 1)]))
    assert power_of_spike(scaled, Rule(), null, alpha=0.05) == pytest.approx(power, abs=0.02)
    assert len({power_of_spike(data, Rule(), null, alpha=0.05, seed=seed) for seed in range(4)}) > 1
