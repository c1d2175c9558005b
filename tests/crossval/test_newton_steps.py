"""Newton steps by conjugate gradients, against a direct solver."""

import numpy as np
import pytest

from priosig.crossval._newton_steps import Kernel, conjugate_gradients


def systems(n: int, d: int, m: int = 60) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Features with ones, curvatures, gradients, and the steps that solve the systems."""
    rng = np.random.default_rng(0)
    Z1 = np.column_stack([rng.normal(size=(n, d)), np.ones(n)])
    W = rng.uniform(0.02, 0.25, size=(n, m))
    G = rng.normal(size=(d + 1, m))
    inner = np.diag(np.append(np.ones(d), 0.0))
    steps = [np.linalg.solve(inner + (Z1.T * w) @ Z1, -g) for w, g in zip(W.T, G.T, strict=True)]
    return Z1, W, G, np.transpose(steps)


@pytest.mark.parametrize(("n", "d"), [(40, 6), (40, 38), (30, 45)])
def test_both_forms_solve_the_system(n, d):
    Z1, W, G, steps = systems(n, d)
    np.testing.assert_allclose(conjugate_gradients(Z1, W, G, 1e-10), steps, atol=1e-4)
    single = W.astype(np.float32), G.astype(np.float32)
    np.testing.assert_allclose(Kernel.of(Z1, float(W.mean())).steps(*single, 1e-5), steps, atol=1e-3)


def test_a_kernel_is_renewed_when_curvatures_have_halved():
    Z1, W, *_ = systems(20, 20)
    kernel = Kernel.of(Z1, float(W.mean()))
    assert kernel.suits(W)
    assert kernel.suits(0.6 * W)
    assert not kernel.suits(0.4 * W)
    assert not kernel.suits(2.5 * W)
