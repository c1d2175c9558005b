from dataclasses import replace

import numpy as np
import pytest

from priosig.inference.data import labelled_segments
from priosig.inference.spikes import Spikes, draw_spikes
from priosig.metrics.auc import auc_within_video
from tests.inference.risk_sets import risk_set_study


def noise_design(d: int = 3, *, seed: int = 0, n_videos: int = 4, n: int = 9):
    rng = np.random.default_rng(seed)
    y = np.tile(np.arange(n) % 2 == 0, n_videos).astype(int)
    return labelled_segments(
        y, np.repeat(np.arange(n_videos), n), np.tile(np.arange(n), n_videos), X=rng.normal(size=(len(y), d))
    )


def spikes(data, n=50, **options):
    return draw_spikes(data, n, np.random.default_rng(0), **options)


@pytest.mark.parametrize("decorrelated", [False, True])
@pytest.mark.parametrize("d", [4, 60], ids=["few features", "more features than segments"])
def test_order_signs_and_units_of_features_change_no_label(d, decorrelated):
    data = noise_design(d)
    rng = np.random.default_rng(1)
    X = data.X * rng.choice([-1, 1], d) * rng.uniform(0.1, 1000, d) + rng.normal(size=d)
    changed = replace(data, X=X[:, rng.permutation(d)])
    one, other = (spikes(some, decorrelated=decorrelated) for some in (data, changed))
    np.testing.assert_allclose(other.signal, one.signal, atol=1e-8)
    np.testing.assert_array_equal(other.labels(1.0), one.labels(1.0))


@pytest.mark.parametrize("study", [noise_design, risk_set_study])
def test_ideal_listeners_have_the_aucs_asked_for(study):
    drawn = spikes(study(), 300)
    wanted = [0.6, 0.7, 0.9]
    for slope, auc in zip(drawn.slopes_of(wanted), wanted, strict=True):
        aucs = auc_within_video(drawn.signal, drawn.labels(slope), drawn.strata)
        assert aucs.mean() == pytest.approx(auc, abs=0.005)


def test_slopes_of_many_segments_take_fewer_replicates(monkeypatch):
    drawn = spikes(noise_design(n_videos=40), 200)
    slow = drawn.slopes_of([0.7, 0.9])
    monkeypatch.setattr("priosig.inference.spikes._ENOUGH", 20 * len(drawn.y))
    drawn_for = []
    monkeypatch.setattr(
        Spikes, "labels", lambda self, slope, n, labels=Spikes.labels: drawn_for.append(n) or labels(self, slope, n)
    )
    np.testing.assert_allclose(drawn.slopes_of([0.7, 0.9]), slow, rtol=0.05)
    assert set(drawn_for) == {20}


def test_each_set_keeps_one_stop():
    data = risk_set_study()
    drawn = spikes(data)
    for stratum in np.unique(data.sets):
        assert (drawn.labels(2.0)[:, data.sets == stratum].sum(axis=1) == 1).all()


def test_gaussian_weights_follow_the_variance_and_decorrelated_directions_do_not():
    data = noise_design(2, n_videos=20)
    loud, quiet = np.random.default_rng(1).normal(size=(2, len(data)))
    data = replace(data, X=np.column_stack([loud + 0.1 * quiet, loud - 0.1 * quiet]))
    for rows in data.rows_of_videos:
        quiet[rows] -= quiet[rows].mean()

    def share(decorrelated: bool) -> float:  # of the signal that follows the direction of little variance
        signal = spikes(data, 400, decorrelated=decorrelated).signal
        return float(np.mean((signal @ quiet) ** 2 / (quiet @ quiet) / len(data)))

    assert share(False) < 0.1
    assert share(True) == pytest.approx(0.5, abs=0.1)


def test_features_that_do_not_vary_within_strata_have_no_direction():
    data = noise_design()
    assert spikes(data.with_features(np.repeat(np.arange(4.0), 9)[:, None])) is None


def test_an_auc_beyond_the_steepest_slope_has_no_slope():
    data = noise_design(1)
    ties = np.zeros((len(data), 1))
    ties[::9] = 1.0  # one window in nine: most of them cannot be told apart
    assert np.isnan(spikes(data.with_features(ties)).slopes_of([0.95])).all()


def test_labels_have_the_odds_of_their_scores():
    data = labelled_segments([1, 0, 0, 1, 0, 0], [0, 0, 0, 1, 1, 1], range(6), X=np.arange(6.0)[:, None] ** 1.5)
    drawn = spikes(data, 1)
    repeated = type(drawn)(np.repeat(drawn.signal, 20_000, axis=0), drawn.y, drawn.strata, 7)
    weight = np.exp(drawn.signal[0]).reshape(2, 3)
    expected = (weight / weight.sum(axis=1, keepdims=True)).ravel()
    np.testing.assert_allclose(repeated.labels(1.0).mean(axis=0), expected, atol=0.012)
