"""The probe against scikit-learn's converged solution, and at the edges of what can be fitted."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from priosig.crossval.probe import fit_logistic, reduce_fold, score, train_classifier
from priosig.metrics.summary import sigmoid


def gaussian(n, D, seed=0):
    """Correlated features of very different size, and labels that lean on some of them."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 4)) @ rng.normal(size=(4, D)) + rng.normal(size=(n, D))
    y = (X[:, : min(D, 3)].sum(axis=1) + 2 * rng.normal(size=n) > 0.5).astype(int)
    return X * 10.0 ** rng.uniform(-3, 3, D) + rng.normal(size=D), y


def objective_gradient(Z, y, a, b, C):
    residual = sigmoid(Z @ a + b) - y
    return np.append(a / C + Z.T @ residual, residual.sum())


@pytest.mark.parametrize("C", [1e-3, 30.0], ids="C={}".format)
@pytest.mark.parametrize("D", [1, 19, 60, 150], ids="D={}".format)
def test_probe_equals_scikit_learn_converged(D, C):
    X, y = gaussian(80, D)
    train, test = np.arange(60), np.arange(60, 80)
    logistic = LogisticRegression(C=C, solver="newton-cholesky", tol=1e-12, max_iter=1000)
    model = make_pipeline(StandardScaler(), logistic)
    model.fit(X[train], y[train])
    result = train_classifier(X, y, train, test, C=C)
    assert result["converged"]
    assert result["gradient"] < 1e-9
    np.testing.assert_allclose(result["coefficients"], model[-1].coef_[0], rtol=0, atol=1e-8)
    assert result["intercept"] == pytest.approx(model[-1].intercept_[0], abs=1e-8)
    np.testing.assert_allclose(result["scores"], model.decision_function(X[test]), rtol=0, atol=1e-7)
    np.testing.assert_allclose(result["y_pred_proba"], model.predict_proba(X[test])[:, 1], rtol=0, atol=1e-8)
    np.testing.assert_array_equal(result["y_pred"], model.predict(X[test]))
    np.testing.assert_array_equal(result["y_true"], y[test])
    np.testing.assert_allclose(result["mean"], model[0].mean_, rtol=1e-12)
    np.testing.assert_allclose(result["scale"], model[0].scale_, rtol=1e-12)
    assert (result["n_train"], result["n_test"]) == (60, 20)


@pytest.mark.parametrize("D", [7, 200], ids="D={}".format)
def test_many_labellings_at_once_equal_one_at_a_time(D):
    rng = np.random.default_rng(5)
    Z = reduce_fold(*(gaussian(70, D)[0][rows] for rows in (slice(50), slice(50, 70)))).Z_train
    Y = (rng.random((300, 50)) < rng.uniform(0.1, 0.9, (300, 1))).astype(int)  # more than one block
    Y[0], Y[1] = 1, 0
    together = fit_logistic(Z, Y, 2.0)
    np.testing.assert_array_equal(together.trainable, np.r_[False, False, np.ones(298, bool)])
    assert together.converged[2:].all()
    for k in (2, 7, 299):
        alone = fit_logistic(Z, Y[k], 2.0)
        np.testing.assert_allclose(together.coef[k], alone.coef[0], rtol=0, atol=1e-9)
        assert together.intercept[k] == pytest.approx(alone.intercept[0], abs=1e-9)


@settings(max_examples=12, deadline=None)
@given(
    n=st.integers(3, 40),
    D=st.integers(1, 60),
    log_C=st.floats(-4, 4),
    share=st.floats(0.05, 0.95),
    seed=st.integers(0, 10**6),
)
def test_the_gradient_reported_is_that_of_the_objective_and_small(n, D, log_C, share, seed):
    rng = np.random.default_rng(seed)
    Z, C = rng.normal(size=(n, D)) * 10 ** rng.uniform(-2, 1.5), 10**log_C
    Y = (rng.random((5, n)) < share).astype(int)
    fit = fit_logistic(Z, Y, C)
    np.testing.assert_array_equal(fit.trainable, (Y.min(axis=1) == 0) & (Y.max(axis=1) == 1))
    np.testing.assert_array_equal(fit.converged, fit.trainable)
    for k in np.flatnonzero(fit.trainable):
        gradient = objective_gradient(Z, Y[k], fit.coef[k], fit.intercept[k], C)
        assert np.abs(gradient).max() <= 1e-9
        assert fit.gradient[k] == pytest.approx(np.abs(gradient).max(), abs=1e-11)


def test_a_labelling_of_one_class_has_no_weights_and_no_scores():
    reduction = reduce_fold(*(gaussian(12, 3)[0][rows] for rows in (slice(9), slice(9, 12))))
    fit = fit_logistic(reduction.Z_train, np.ones((1, 9), int))
    assert not fit.trainable[0]
    assert not fit.converged[0]
    assert np.isnan(fit.coef).all()
    assert np.isnan(score(reduction, fit)).all()


def test_perfectly_separated_classes_have_finite_weights():
    X = np.r_[np.linspace(-2, -1, 10), np.linspace(1, 2, 10)][:, None]
    result = train_classifier(X, np.repeat([0, 1], 10), np.arange(20), np.arange(20))
    assert result["converged"]
    assert 0 < result["coefficients"][0] < 10


def test_constant_features_leave_the_log_odds_of_the_classes():
    result = train_classifier(np.full((10, 3), 0.1), [1] * 7 + [0] * 3, np.arange(10), [0, 5])
    np.testing.assert_array_equal(result["coefficients"], 0)
    np.testing.assert_array_equal(result["scale"], 1)
    assert result["scores"][0] == result["scores"][1] == pytest.approx(np.log(7 / 3))


def test_scores_do_not_depend_on_the_order_of_rows_or_columns_or_on_units():
    X, y = gaussian(50, 90)
    rng = np.random.default_rng(9)
    expected = train_classifier(X, y, np.arange(40), np.arange(40, 50))
    rows, columns = np.r_[rng.permutation(40), 40:50], rng.permutation(90)
    changed = 1e3 * X[rows][:, columns] - 5
    result = train_classifier(changed, y[rows], np.arange(40), np.arange(40, 50))
    np.testing.assert_allclose(result["scores"], expected["scores"], rtol=0, atol=1e-8)
    np.testing.assert_allclose(result["coefficients"], expected["coefficients"][columns], rtol=0, atol=1e-8)


def test_the_same_call_twice_gives_the_same_bits():
    X, y = gaussian(60, 120)
    first, second = (train_classifier(X, y, np.arange(45), np.arange(45, 60)) for _ in range(2))
    np.testing.assert_array_equal(first["scores"], second["scores"])


def test_swapped_labels_turn_the_scores_round():
    X, y = gaussian(60, 30)
    result = train_classifier(X, y, np.arange(45), np.arange(45, 60))
    turned = train_classifier(X, 1 - y, np.arange(45), np.arange(45, 60))
    np.testing.assert_allclose(turned["scores"], -result["scores"], rtol=0, atol=1e-8)


@pytest.mark.parametrize("D", [5, 30, 200], ids="D={}".format)
def test_the_reduction_keeps_every_inner_product(D):
    X, _ = gaussian(40, D)
    reduction = reduce_fold(X[:30], X[30:])
    train, test = ((part - reduction.mean) / reduction.scale for part in (X[:30], X[30:]))
    assert reduction.Z_train.shape[1] <= min(30, D)
    np.testing.assert_allclose(reduction.V.T @ reduction.V, np.eye(reduction.V.shape[1]), atol=1e-12)
    np.testing.assert_allclose(reduction.Z_train @ reduction.V.T, train, atol=1e-11)
    np.testing.assert_allclose(reduction.Z_test[reduction.test_rows], test @ reduction.V, atol=1e-11)


@pytest.mark.parametrize("D", [3, 40, 100], ids="D={}".format)
def test_segments_with_equal_features_are_exact_ties(D):
    # A matrix product may round equal rows differently, by their place in it.
    rng = np.random.default_rng(2)
    for n_test in range(9, 30, 4):
        X = rng.normal(size=(60 + n_test, D))
        X[:, 0] = 1.0
        same = [60, 60 + n_test // 2, 59 + n_test]
        X[same] = X[60]
        reduction = reduce_fold(X[:60], X[60:])
        scores = score(reduction, fit_logistic(reduction.Z_train, rng.random((5, 60)) < 0.6))
        assert np.ptp(scores[:, np.array(same) - 60], axis=1).max() == 0
        assert len(np.unique(scores[0])) == n_test - 2


def test_too_few_steps_are_reported():
    X, y = gaussian(40, 20)
    with pytest.warns(RuntimeWarning, match="after 1 Newton steps; raise max_iter"):
        result = train_classifier(X, y, np.arange(30), np.arange(30, 40), max_iter=1)
    assert not result["converged"]
    assert result["gradient"] > 1e-9


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param({"y": np.ones(10, int)}, "all 8 training segments have label 1; expected both", id="one-class"),
        pytest.param({"y": np.arange(10) % 3}, "labels hold .*2", id="label-2"),
        pytest.param({"y": np.arange(9) % 2}, r"labels of shape \(9,\) for 10 segments", id="lengths"),
        pytest.param({"X": np.full((10, 2), np.nan)}, "NaN or infinite at rows 0, 1, 2 and 7 more", id="nan"),
        pytest.param({"X": np.zeros(10)}, r"features of shape \(10,\)", id="one-dimension"),
        pytest.param({"C": 0.0}, "C is 0.0; expected a positive", id="C-0"),
        pytest.param({"C": np.nan}, "C is nan; expected a positive", id="C-nan"),
    ],
)
def test_bad_input_is_refused(change, message):
    arguments = {"X": np.random.default_rng(0).normal(size=(10, 2)), "y": np.arange(10) % 2, **change}
    with pytest.raises(ValueError, match=message):
        train_classifier(train_idx=np.arange(8), test_idx=[8, 9], **arguments)


def test_rows_that_are_not_there_are_refused():
    with pytest.raises(ValueError, match=r"index 9 is out of bounds.*; expected rows 0 to 3, or a mask"):
        train_classifier(np.eye(4), [0, 1, 0, 1], [0, 1, 9], [2])
