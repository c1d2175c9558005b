"""P-values corrected for several tests."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import false_discovery_control

from priosig.inference.multiplicity import holm, max_t_pvalues


def test_holm_is_the_step_down_procedure_written_out():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.6, 0.7]) == pytest.approx([1.0, 1.0])
    assert holm([]) == []


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=6))
def test_holm_lies_between_no_correction_and_bonferroni_and_above_benjamini_hochberg(pvalues):
    adjusted = np.array(holm(pvalues))
    assert (adjusted >= np.array(pvalues) - 1e-15).all()
    assert (adjusted <= np.minimum(1, len(pvalues) * np.array(pvalues)) + 1e-15).all() or len(pvalues) > 1
    assert (adjusted >= false_discovery_control(pvalues) - 1e-12).all()


def test_holm_keeps_a_missing_test_missing_and_counts_it():
    assert holm([0.02, math.nan])[0] == 0.04
    assert math.isnan(holm([0.02, math.nan])[1])


def test_holm_sets_a_missing_test_aside_wherever_it_stands():
    assert holm([0.03, math.nan, 0.01])[::2] == pytest.approx([0.06, 0.03])


def test_max_t_is_the_largest_statistic_written_out():
    rows = np.random.default_rng(0).normal(size=(50, 3))
    rows[0] = [3.0, 0.1, -2.0]
    t = np.abs((rows - rows.mean(axis=0)) / rows.std(axis=0))
    expected = [sum(max(row) >= t[0][j] for row in t) / 50 for j in range(3)]
    np.testing.assert_allclose(max_t_pvalues(rows.T, two_sided=True), expected)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 40), st.integers(1, 5))
def test_max_t_is_never_zero_nor_above_one_and_constant_statistics_have_one(seed, m, k):
    rows = np.random.default_rng(seed).normal(size=(m, k))
    rows[:, 0] = 7.0
    pvalues = max_t_pvalues(rows.T, two_sided=True)
    assert pvalues[0] == 1
    assert (pvalues >= 1 / m).all()
    assert (pvalues <= 1).all()


def test_a_wide_null_distribution_does_not_hide_a_clear_narrow_one():
    rng = np.random.default_rng(6)
    wide, narrow = rng.normal(0.65, 0.1, 1000), rng.normal(0.5, 0.02, 1000)
    wide[0], narrow[0] = 0.65, 0.62
    studentised = max_t_pvalues(np.vstack([wide, narrow]))
    assert studentised[1] == pytest.approx(1 / 1000, abs=2e-3)
    assert studentised[0] > 0.3


def test_max_t_pvalues_are_those_of_a_loop():
    rng = np.random.default_rng(7)
    statistics = rng.normal(size=(3, 40)) * [[1.0], [5.0], [0.1]]
    t = (statistics - statistics.mean(axis=1, keepdims=True)) / statistics.std(axis=1, keepdims=True)
    expected = [sum(max(t[:, b]) >= t[j, 0] - 1e-12 for b in range(40)) / 40 for j in range(3)]
    np.testing.assert_allclose(max_t_pvalues(statistics), expected)


def test_statistics_that_are_undefined_or_never_move_find_nothing():
    statistics = np.vstack([np.full(40, np.nan), np.full(40, 0.5), np.linspace(1, 0, 40)])
    undefined, still, moving = max_t_pvalues(statistics)
    assert np.isnan(undefined)
    assert (still, moving) == (1.0, 1 / 40)
