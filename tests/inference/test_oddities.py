"""Outliers and copies among features: what is told, and what is left alone."""

import numpy as np
import pytest

from priosig.inference.oddities import copied_rows, decisive_rows


@pytest.fixture
def X():
    return np.random.default_rng(0).normal(size=(60, 5))


def test_a_row_that_holds_most_of_a_columns_spread_is_found_in_any_unit(X):
    X[17, 3] = -60
    assert decisive_rows(X) == decisive_rows(1e6 * X - 5) == {3: 17}


@pytest.mark.parametrize("shape", [5, 50, 2000])
def test_heavy_tails_are_no_outlier(shape):
    X = np.random.default_rng(1).standard_t(4, size=(60, shape))
    assert len(decisive_rows(X)) <= shape / 100


def test_constant_columns_rare_categories_and_a_few_rows_are_left_alone(X):
    X[:, 0] = 4.0
    X[:, 1] = 0.0
    X[5, 1] = 1.0
    assert decisive_rows(X) == {}
    few = X[:9].copy()
    few[0, 2] = 1e6
    assert decisive_rows(few) == {}


def test_a_row_that_repeats_another_is_found_also_beside_columns_that_all_share(X):
    X[:, 0] = 1.0
    X[40], X[50] = X[7], X[7]
    assert copied_rows(X) == {40: 7, 50: 7}
    X[40, 1] = np.nextafter(X[40, 1], 9)
    assert copied_rows(X) == {50: 7}


def test_rows_of_categories_repeat_without_being_copies():
    X = np.random.default_rng(2).integers(3, size=(60, 4)).astype(float)
    assert copied_rows(X) == {}
