"""What the confounds predict of features is taken away, and little else."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from priosig.confounds import smoother
from priosig.confounds.penalised_basis import centred_within, penalised_basis
from priosig.confounds.smoother import PENALTIES, without_confounds

VIDEOS = np.repeat(np.arange(5), 30)
N = len(VIDEOS)


def leak(shape: str, rng: np.random.Generator) -> tuple[dict[str, np.ndarray], np.ndarray]:
    a, b = rng.normal(size=(2, N))
    heard = {"line": a, "curve": a**2, "interaction": a * b, "step": (a > 0.5).astype(float)}[shape]
    return {"a": a, "b": b}, (heard - heard.mean()) / heard.std()


@pytest.mark.parametrize("shape", ["line", "curve", "interaction", "step"])
def test_little_of_a_leak_is_left_in_the_features(shape):
    rng = np.random.default_rng(0)
    confounds, heard = leak(shape, rng)
    X = rng.normal(size=(N, 10)) + 2 * np.outer(heard, rng.normal(size=10))
    rest = without_confounds(X, penalised_basis(confounds, VIDEOS), VIDEOS)
    before, after = (np.abs(centred_within(heard[:, None], VIDEOS).T @ values / N).max() for values in (X, rest))
    assert before > 1
    assert after < 0.15 * before


def test_features_that_hear_no_confound_stay_nearly_what_they_are():
    rng = np.random.default_rng(1)
    confounds, _ = leak("line", rng)
    X = rng.normal(size=(N, 19))
    rest = without_confounds(X, penalised_basis(confounds, VIDEOS), VIDEOS)
    assert np.mean((rest - X) ** 2) < 0.06


def test_a_feature_made_of_confounds_alone_leaves_nothing_that_a_probe_could_standardise():
    rng = np.random.default_rng(2)
    confounds, _ = leak("line", rng)
    X = np.column_stack([confounds["a"] - 3 * confounds["b"] + 100, np.full(N, 7.0), rng.normal(size=(N, 4))])
    rest = without_confounds(X, penalised_basis(confounds, VIDEOS), VIDEOS)
    np.testing.assert_array_equal(rest[:, :2], 0)
    assert (rest[:, 2:].std(axis=0) > 0.5).all()


def test_units_of_features_and_differences_between_videos_change_nothing_but_themselves():
    rng = np.random.default_rng(3)
    confounds, heard = leak("curve", rng)
    X = rng.normal(size=(N, 4)) + heard[:, None]
    basis = penalised_basis(confounds, VIDEOS)
    scale, shift = np.array([1e-3, 1.0, 10.0, 1e4]), 100 * VIDEOS[:, None]
    one, other = without_confounds(X, basis, VIDEOS), without_confounds(X * scale + shift, basis, VIDEOS)
    np.testing.assert_allclose(other, one * scale + shift, rtol=1e-6, atol=1e-6)


def test_at_given_penalties_the_fit_is_ridge_regression(monkeypatch):
    rng = np.random.default_rng(4)
    confounds, heard = leak("curve", rng)
    X = rng.normal(size=(N, 3)) + heard[:, None]
    basis = penalised_basis(confounds, VIDEOS)
    penalties = np.array([0.2, 0.01, 1.0, 3.0])
    monkeypatch.setattr(smoother, "_chosen_penalties", lambda *_: penalties * smoother.UNDERSMOOTHING)
    columns = basis.columns / np.sqrt(penalties[basis.block])
    centred = centred_within(X, VIDEOS)
    expected = X - Ridge(alpha=N, fit_intercept=False).fit(columns, centred).predict(columns)
    np.testing.assert_allclose(without_confounds(X, basis, VIDEOS), expected, atol=1e-9)


def test_the_penalties_have_the_least_generalised_cross_validation_among_their_neighbours():
    rng = np.random.default_rng(5)
    confounds, heard = leak("interaction", rng)
    of = np.repeat(np.arange(50), 3)  # many small videos: their means cost degrees of freedom that count
    basis = penalised_basis(confounds, of)
    Y = centred_within(rng.normal(size=(N, 3)) + heard[:, None], of)
    Y /= Y.std(axis=0)
    span, weights = np.linalg.qr(basis.columns)
    kernels = [weights[:, basis.block == b] @ weights[:, basis.block == b].T for b in range(4)]
    chosen = smoother._chosen_penalties(kernels, span.T @ Y, N, 50)

    def gcv(penalties: np.ndarray) -> float:
        P = basis.columns
        H = P @ np.linalg.solve(P.T @ P + N * np.diag(penalties[basis.block]), P.T)
        return float(np.prod(np.sum((Y - H @ Y) ** 2, axis=0)) ** (1 / 3) / (1 - (np.trace(H) + 50) / N) ** 2)

    for block in range(4):
        for penalty in PENALTIES[6:]:  # lower ones leave the reference above without digits
            trial = chosen.copy()
            trial[block] = penalty
            assert gcv(trial) >= gcv(chosen) * (1 - 1e-6)


def test_the_more_videos_have_means_of_their_own_the_fewer_degrees_of_freedom_are_left_to_curves():
    rng = np.random.default_rng(6)
    confounds, heard = leak("curve", rng)
    basis = penalised_basis(confounds, VIDEOS)
    Y = centred_within(rng.normal(size=(N, 8)) + 0.5 * heard[:, None], VIDEOS)
    span, weights = np.linalg.qr(basis.columns)
    kernels = [weights[:, basis.block == b] @ weights[:, basis.block == b].T for b in range(4)]
    seen = span.T @ (Y / Y.std(axis=0))
    few, many = (smoother._chosen_penalties(kernels, seen, N, n_videos) for n_videos in (5, 75))
    assert (many >= few).all()
    assert (many > few).any()
