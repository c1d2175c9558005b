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
    np.testing.assert_allclose(max_t_pvalues(rows), expected)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 40), st.integers(1, 5))
def test_max_t_is_never_zero_nor_above_one_and_constant_statistics_have_one(seed, m, k):
    rows = np.random.default_rng(seed).normal(size=(m, k))
    rows[:, 0] = 7.0
    pvalues = max_t_pvalues(rows)
    assert pvalues[0] == 1
    assert (pvalues >= 1 / m).all()
    assert (pvalues <= 1).all()
