"""Power: what share of signals of a known strength T1 would find."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from priosig.crossval.folds import prepare_folds
from priosig.inference.permutation import permutation_pvalue
from priosig.inference.power import critical_value, power_of_spike


def noise_design(seed: int = 0, *, n_videos: int = 6, n: int = 11, d: int = 3):
    rng = np.random.default_rng(seed)
    y = np.tile(np.arange(n) % 2 == 0, n_videos).astype(int)
    return rng.normal(size=(len(y), d)), y, np.repeat(np.arange(n_videos), n)


def test_power_grows_with_the_signal_and_is_alpha_without_one():
    from priosig.inference.permutation import refitted_aucs
    from priosig.inference.relabelling import draw_relabellings

    X, y, videos = noise_design()
    folds = prepare_folds(X, videos)
    null = refitted_aucs(folds, draw_relabellings(y, videos, 199, np.random.default_rng(0))[0], videos)
    power = [power_of_spike(X, y, videos, folds, null, spike_auc=auc, n_replicates=100) for auc in (0.501, 0.7, 0.9)]
    assert power[0] < 0.12
    assert power[0] < power[1] < power[2]
    assert power[2] > 0.95


def test_features_that_do_not_vary_have_no_power_to_speak_of():
    X, y, videos = noise_design()
    X = np.ones_like(X)
    assert math.isnan(power_of_spike(X, y, videos, prepare_folds(X, videos), np.linspace(0, 1, 99)))


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
    X, y, videos = noise_design(2)
    folds, null = prepare_folds(X, videos), np.linspace(0.3, 0.7, 99)
    found = power_of_spike(X, y, videos, folds, null)
    scaled = X * np.array([1000.0, *np.ones(X.shape[1] - 1)])
    assert power_of_spike(scaled, y, videos, prepare_folds(scaled, videos), null) == pytest.approx(found, abs=0.02)
    assert len({power_of_spike(X, y, videos, folds, null, seed=seed) for seed in range(4)}) > 1
