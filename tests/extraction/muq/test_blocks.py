"""Rewritten blocks give what the package's give; the oracle is the package's own modules."""

import copy
import random

import numpy as np
import pytest
import torch
from torch import nn

from priosig.extraction.muq import blocks
from priosig.extraction.muq.layers import layer_numbers, start_batch
from priosig.extraction.muq.model import import_muq, load_muq
from tests.paths import SMALL_MUQ as SMALL
from tests.small_muq import MuQ, MuQConfig, tone


def package_model(**conformer):
    """The package's model with other weights in every batch normalisation than those it is made with."""
    settings = vars(MuQ.from_pretrained(str(SMALL)).config)
    state = random.getstate()
    with torch.random.fork_rng(devices=()):
        torch.manual_seed(3)
        model = MuQ(MuQConfig(**settings | {"w2v2_config": settings["w2v2_config"] | conformer})).eval()
        for module in model.modules():
            if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
                for values in (module.weight, module.bias, module.running_mean, module.running_var):
                    values.data.uniform_(0.5, 1.5)
    random.setstate(state)
    return model.requires_grad_(False)


def res2d(n_in, n_out):
    """The package's residual block, with random weights throughout."""
    import_muq()
    from muq.muq.modules.conv import Res2dModule

    block = Res2dModule(n_in, n_out).eval().requires_grad_(False)
    for values in block.state_dict().values():
        if values.is_floating_point():
            values.uniform_(-0.05, 0.05) if values.ndim > 1 else values.uniform_(0.5, 1.5)
    return block


@pytest.fixture(autouse=True)
def _seeded():
    with torch.random.fork_rng(devices=()):
        torch.manual_seed(0)
        yield


@pytest.fixture
def winograd(monkeypatch):
    """Shapes that NNPACK was given."""
    if not torch._nnpack_available():
        pytest.skip("torch was built without NNPACK, or the processor lacks what it needs")
    shapes, convolve = [], torch._nnpack_spatial_convolution
    monkeypatch.setattr(
        torch, "_nnpack_spatial_convolution", lambda x, *given: shapes.append(tuple(x.shape)) or convolve(x, *given)
    )
    return shapes


@pytest.mark.parametrize("positions", ["rotary", "relative", None])
def test_frames_of_the_rewritten_model_are_the_packages(positions):
    model = package_model(position_embeddings_type=positions)
    batch = np.stack([tone(2, seed=1), tone(2, seed=2)])
    with torch.inference_mode():
        output = model(torch.from_numpy(batch))
    rewritten = blocks.rewrite(model, "float32")
    for layer in ("last", 0, 1):
        expected = (output.last_hidden_state if layer == "last" else output.hidden_states[layer]).numpy()
        frames = start_batch(rewritten, batch, device="cpu", layers=layer_numbers(layer), precision="float32")()
        assert np.abs(expected).max() > 0.5  # so that 1e-5 means something
        np.testing.assert_allclose(frames, expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("size", [(16, 40), (15, 41), (1, 1)])
@pytest.mark.parametrize("n_in", [1, 8])
def test_residual_block_is_the_packages_for_odd_sizes_too(n_in, size):
    block = res2d(n_in, 8)
    x = torch.randn(2, n_in, *size)
    torch.testing.assert_close(blocks.ResidualBlock(block)(x), block(x), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("n_windows", [1, 2])
def test_large_convolutions_are_nnpacks_one_window_at_a_time(winograd, n_windows):
    block = res2d(64, 64)
    x = torch.randn(n_windows, 64, 120, 104)
    actual, expected = blocks.ResidualBlock(block)(x), block(x)
    assert winograd == [(1, 64, 60, 52)] * n_windows
    assert not torch.equal(actual, expected)
    torch.testing.assert_close(actual, expected, rtol=0, atol=1e-5 * expected.abs().max().item())


@pytest.mark.parametrize(("n", "size"), [(64, (120, 90)), (48, (120, 104))])
def test_small_convolutions_are_not_nnpacks(winograd, n, size):
    blocks.ResidualBlock(res2d(n, n))(torch.randn(1, n, *size))
    assert winograd == []


def test_without_nnpack_convolutions_are_torchs_own(winograd, monkeypatch):
    monkeypatch.setattr(torch, "_nnpack_available", lambda: False)
    block, x = res2d(64, 64), torch.randn(1, 64, 120, 104)
    torch.testing.assert_close(blocks.ResidualBlock(block)(x), block(x), rtol=1e-5, atol=1e-5)
    assert winograd == []


def test_in_bfloat16_weights_are_rounded_once_to_what_autocast_makes_of_them():
    model = load_muq(SMALL / "config.json", SMALL / "model.safetensors")
    batch = tone(2)[None]
    rounded, not_yet = (
        start_batch(
            blocks.rewrite(copy.deepcopy(model), precision), batch, device="cpu", layers=None, precision="bfloat16"
        )()
        for precision in ("bfloat16", "float32")
    )
    np.testing.assert_array_equal(rounded, not_yet)


def test_rewriting_draws_no_random_number():
    model = load_muq(SMALL / "config.json", SMALL / "model.safetensors")
    before = torch.get_rng_state()
    blocks.rewrite(model, "float32")
    assert torch.equal(torch.get_rng_state(), before)
