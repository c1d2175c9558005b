"""R2 by scale and its interval over pieces."""

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import r2_score

from priosig.extraction.percepiano.goodness import fit_by_scale
from priosig.extraction.percepiano.scales import PERCEPIANO_DIMENSIONS

PIECES = np.repeat(["a", "b", "c", "d", "e"], [3, 9, 4, 14, 10])


@pytest.fixture
def study():
    """Ratings, predictions with errors that piece by piece go together, and what the mean predictor says."""
    rng = np.random.default_rng(0)
    ratings = rng.uniform(size=(len(PIECES), 19))
    shared = rng.normal(0, 0.1, (5, 19))[np.unique(PIECES, return_inverse=True)[1]]
    return ratings, ratings + rng.normal(0, 0.2, ratings.shape) + shared, np.full_like(ratings, 0.45)


def test_r2_is_that_of_scikit_learn(study):
    ratings, predictions, means = study
    fits = fit_by_scale(ratings, predictions, means, PIECES)
    assert tuple(fit.scale for fit in fits) == PERCEPIANO_DIMENSIONS
    for values, given in (([fit.r2 for fit in fits], predictions), ([fit.r2_of_mean for fit in fits], means)):
        np.testing.assert_allclose(values, r2_score(ratings, given, multioutput="raw_values"), rtol=1e-12)


def test_interval_is_a_jackknife_over_pieces(study):
    ratings, predictions, means = study
    fits = fit_by_scale(ratings, predictions, means, PIECES)
    for k in (0, 18):
        others = [np.char.not_equal(PIECES, piece) for piece in "abcde"]
        left = [r2_score(ratings[rows, k], predictions[rows, k]) for rows in others]
        error = np.sqrt(4 / 5 * np.sum((left - np.mean(left)) ** 2))
        low, high = stats.t.interval(0.95, df=4, loc=fits[k].r2, scale=error)
        assert (fits[k].low, fits[k].high) == pytest.approx((low, high), rel=1e-12)


def test_nothing_depends_on_the_order_of_rows(study):
    order = np.random.default_rng(1).permutation(len(PIECES))
    fits = fit_by_scale(*study, PIECES)
    shuffled = fit_by_scale(*(values[order] for values in study), PIECES[order])
    for one, other in zip(fits, shuffled, strict=True):
        assert (one.r2, one.low, one.high) == pytest.approx((other.r2, other.low, other.high), rel=1e-12)


def test_a_scale_without_spread_has_no_r2(study):
    ratings, predictions, means = study
    ratings[:, 3] = 0.5
    fit = fit_by_scale(ratings, predictions, means, PIECES)[3]
    assert np.isnan([fit.r2, fit.low, fit.high, fit.r2_of_mean]).all()
