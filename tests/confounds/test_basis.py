"""The columns that confounds are taken away by."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.interpolate import CubicSpline

from priosig.confounds.basis import confound_basis, natural_spline


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_spline_spans_the_natural_cubic_splines_of_its_knots(seed):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=40)
    knots = np.quantile(x, [0, 1 / 3, 2 / 3, 1])
    target = CubicSpline(knots, rng.normal(size=4), bc_type="natural")(x)
    design = np.column_stack([np.ones(40), natural_spline(x)])
    fitted = design @ np.linalg.lstsq(design, target, rcond=None)[0]
    assert design.shape[1] == 4
    np.testing.assert_allclose(fitted, target, atol=1e-8)


def test_columns_are_orthogonal_centred_and_of_unit_spread():
    rng = np.random.default_rng(0)
    basis = confound_basis({"length": rng.uniform(5, 100, 60), "talk": rng.random(60)}, 37)
    np.testing.assert_allclose(basis.columns.T @ basis.columns / 60, np.eye(4), atol=1e-12)
    np.testing.assert_allclose(basis.columns.mean(axis=0), 0, atol=1e-12)


def test_one_degree_of_freedom_is_spent_for_every_seven_pairs_and_the_rest_is_named():
    rng = np.random.default_rng(0)
    table = {name: rng.uniform(1, 9, 60) for name in ("length", "talk", "level", "place")}
    basis = confound_basis(table, 35)
    assert (basis.df, basis.adjusted, basis.left_out) == (5, ("length", "talk", "level"), ("place",))
    assert confound_basis(table, 14).df == 2
    assert confound_basis(table, 6).left_out == ("length", "talk", "level", "place")


def test_constant_and_redundant_confounds_cost_nothing_and_are_named():
    rng = np.random.default_rng(0)
    talk = rng.random(60)
    table = {"length": np.full(60, 10.0), "talk": talk, "speech": 1 - 2 * talk, "level": rng.random(60)}
    basis = confound_basis(table, 14)
    assert (basis.constant, basis.adjusted, basis.redundant) == (("length",), ("talk", "level"), ("speech",))


def test_a_confound_whose_logarithm_matters_must_be_positive():
    with pytest.raises(ValueError, match=r"'length' has the value 0\.0; expected more than 0"):
        confound_basis({"length": np.array([0.0, 3.0])}, 30)
