"""The columns that stand for the confounds, and what they can follow."""

import numpy as np
import pytest
from scipy.interpolate import CubicSpline

from priosig._core.arrays import centred_within
from priosig.confounds.penalised_basis import (
    BLOCKS,
    normal_scores,
    penalised_basis,
    places_in_video,
    spline_curves,
)

VIDEOS = np.repeat(np.arange(5), 20)
KNOWN = np.ones(100, dtype=bool)


def facts(seed: int = 0) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {"talk": np.where(rng.random(100) < 0.5, 0.0, rng.random(100)), "level": rng.normal(size=100)}


def unexplained(columns: np.ndarray, target: np.ndarray) -> float:
    """Share of the target's variance within video that the columns do not span."""
    target = centred_within(target[:, None], VIDEOS)[:, 0]
    rest = target - columns @ np.linalg.lstsq(columns, target, rcond=None)[0]
    return float(rest @ rest / (target @ target))


def test_columns_have_mean_zero_in_each_video():
    columns = penalised_basis(facts(), VIDEOS).columns
    means = [columns[v == VIDEOS].mean(axis=0) for v in range(5)]
    np.testing.assert_allclose(means, 0, atol=1e-9 * np.abs(columns).max())


@pytest.mark.parametrize(
    ("leak", "most"),
    [
        (lambda c: c["level"], 1e-9),
        (lambda c: c["level"] ** 2, 0.05),
        (lambda c: (c["talk"] > 0).astype(float), 1e-9),
        (lambda c: c["level"] * c["talk"], 0.2),
        (lambda c: 1e6 * c["level"] + c["talk"], 1e-9),
    ],
    ids=["line", "U", "any talk", "product", "lines of unlike units"],
)
def test_basis_follows_leaks_of_many_shapes(leak, most):
    confounds = facts()
    assert unexplained(penalised_basis(confounds, VIDEOS).columns, leak(confounds)) < most


def test_categories_coded_as_numbers_are_followed_exactly():
    rng = np.random.default_rng(1)
    code = rng.integers(6, size=100)
    effect = rng.normal(size=6)[code]
    assert unexplained(penalised_basis({"room": code.astype(float)}, VIDEOS).columns, effect) < 1e-9


def test_the_difference_of_two_nearly_equal_confounds_is_a_line_of_full_size():
    rng = np.random.default_rng(2)
    first, difference = rng.normal(size=100), rng.normal(size=100)
    basis = penalised_basis({"first": first, "second": first + 0.01 * difference}, VIDEOS)
    lines = basis.columns[:, basis.block == BLOCKS.index("lines")]
    target = centred_within(difference[:, None], VIDEOS)[:, 0]
    ridge = lines @ np.linalg.solve(lines.T @ lines + np.eye(lines.shape[1]), lines.T @ target)
    assert np.sum((target - ridge) ** 2) < 0.01 * np.sum(target**2)


def test_units_signs_names_and_order_change_no_penalised_fit():
    confounds = facts()
    other = {"b": -40 * confounds["level"] + 3, "a": 1000 * confounds["talk"]}
    for block in range(len(BLOCKS)):
        kernels = []
        for given in (confounds, other):
            basis = penalised_basis(given, VIDEOS)
            part = basis.columns[:, basis.block == block]
            kernels.append(part @ part.T)
        np.testing.assert_allclose(kernels[0], kernels[1], atol=1e-8)


def test_curves_bend_as_much_as_their_penalty_says():
    x = np.sort(np.random.default_rng(3).normal(size=300))
    curves = spline_curves(x, np.ones(300, dtype=bool))
    knots = np.quantile(x, np.linspace(0, 1, 8))
    fine = np.linspace(knots[0], knots[-1], 20_001)
    line = np.column_stack([np.ones(300), x])
    on_knots = [
        np.linalg.lstsq(CubicSpline(knots, np.eye(8), bc_type="natural")(x), c, rcond=None)[0] for c in curves.T
    ]
    energy = [np.trapezoid(CubicSpline(knots, v, bc_type="natural")(fine, 2) ** 2, fine) for v in on_knots]
    assert curves.shape == (300, 6)
    np.testing.assert_allclose(energy, energy[0], rtol=1e-3)
    np.testing.assert_allclose(line.T @ curves, 0, atol=1e-8)
    assert (np.diff(np.mean(curves**2, axis=0)) < 0).all()


def test_an_outlier_bends_no_normal_score():
    x = np.random.default_rng(4).normal(size=100)
    wild = x.copy()
    wild[np.argmax(x)] = 1e9
    np.testing.assert_array_equal(normal_scores(x, KNOWN), normal_scores(wild, KNOWN))


def test_what_is_known_in_part_enters_by_value_and_by_indicator():
    confounds = facts()
    known = np.random.default_rng(5).random(100) < 0.6
    partly = {"level": np.where(known, confounds["level"], np.nan)}
    columns = penalised_basis(partly, VIDEOS).columns
    assert np.isfinite(columns).all()
    assert unexplained(columns, known.astype(float)) < 1e-9
    means = np.array([confounds["level"][known & (v == VIDEOS)].mean() for v in range(5)])
    assert unexplained(columns, np.where(known, confounds["level"] - means[VIDEOS], 0)) < 1e-9


def test_constant_confounds_take_no_column():
    basis = penalised_basis({"length": np.full(100, 10.0)}, VIDEOS)
    assert (basis.columns.shape, basis.adjusted) == ((100, 0), ())


def test_every_confound_that_varies_is_adjusted_for_however_many_there_are():
    rng = np.random.default_rng(6)
    confounds = {f"c{i}": rng.normal(size=100) for i in range(9)}
    basis = penalised_basis(confounds, VIDEOS)
    assert basis.adjusted == tuple(confounds)
    assert max(unexplained(basis.columns, values) for values in confounds.values()) < 1e-9


def test_infinite_values_are_refused_by_name():
    with pytest.raises(ValueError, match="'level' is infinite in 1 segments"):
        penalised_basis({"level": np.r_[np.inf, np.arange(99.0)]}, VIDEOS)


def test_places_run_from_zero_to_one_in_each_video():
    np.testing.assert_allclose(places_in_video(np.array([0, 0, 0, 1, 2, 2])), [0, 0.5, 1, 0, 0, 1])
