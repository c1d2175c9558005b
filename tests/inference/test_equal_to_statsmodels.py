"""Both conditional likelihoods are those of statsmodels: coefficients, probabilities, log-likelihood."""

from types import ModuleType

import numpy as np
import pytest

from priosig.inference.conditional_logistic import fit_strata, inclusion_probabilities
from priosig.inference.data import LabelledSegments
from priosig.inference.matched_logistic import event_probabilities
from tests.inference.risk_sets import risk_set_study


@pytest.fixture(scope="module")
def oracle() -> ModuleType:
    # The import takes two seconds, which only these tests wait for.
    from statsmodels.discrete import conditional_models

    return conditional_models


@pytest.fixture(scope="module")
def study() -> LabelledSegments:
    return risk_set_study(1, shift=0.8)


def test_one_event_a_set(oracle: ModuleType, study: LabelledSegments):
    X, y, sets = study.X, study.y, study.risk_sets
    fit = oracle.ConditionalLogit(y, X, groups=sets).fit(method="newton")
    # Penalties are upon coefficients. In units this small coefficients are so small that no penalty counts.
    probabilities = event_probabilities(1e9 * X, np.zeros(X.shape[1], dtype=int), y, sets)

    weight = np.exp(X @ fit.params)
    expected = weight / np.array([weight[sets == k].sum() for k in sets])
    np.testing.assert_allclose(probabilities, expected, rtol=1e-6)
    assert np.log(probabilities[y == 1]).sum() == pytest.approx(fit.llf, abs=1e-6)
    # Within a set differences in log probability are those in X @ coefficients, so they tell the coefficients.
    event = np.array([np.flatnonzero((sets == k) & (y == 1))[0] for k in sets])
    log_odds = np.log(probabilities) - np.log(probabilities[event])
    coefficients = np.linalg.lstsq(X - X[event], log_odds, rcond=None)[0]
    np.testing.assert_allclose(coefficients, fit.params, atol=1e-6)


def test_many_events_a_stratum(oracle: ModuleType, study: LabelledSegments):
    X, y, videos = study.X, study.y, study.videos
    fit = oracle.ConditionalLogit(y, X, groups=videos).fit(method="newton")
    coefficients = fit_strata(X, y, videos, ridge=0.0)
    np.testing.assert_allclose(coefficients, fit.params, atol=1e-6)
    assert log_likelihood(X @ coefficients, y, videos) == pytest.approx(fit.llf, abs=1e-6)


def test_inclusion_probabilities_at_any_coefficients(oracle: ModuleType, study: LabelledSegments):
    """With one column a segment the gradient of the log-likelihood is y less the inclusion probabilities."""
    y, videos = study.y, study.videos
    eta = 2 * np.random.default_rng(2).normal(size=len(y))
    expected = y - oracle.ConditionalLogit(y, np.eye(len(y)), groups=videos).score(eta)
    np.testing.assert_allclose(inclusion_probabilities(eta, y, videos), expected, atol=1e-12)
    expected = oracle.ConditionalLogit(y, np.eye(len(y)), groups=videos).loglike(eta)
    assert log_likelihood(eta, y, videos) == pytest.approx(expected, abs=1e-9)


def log_likelihood(eta: np.ndarray, y: np.ndarray, videos: np.ndarray) -> float:
    """Of the labels given each video's number of STOPs: of each label, given those of the rows before it."""
    chances = np.array([inclusion_probabilities(eta[j:], y[j:], videos[j:])[0] for j in range(len(y))])
    return float(np.log(np.where(y == 1, chances, 1 - chances)).sum())
