"""Hidden layers of MuQ, in the arithmetic that was asked for; the oracle is the muq package's own forward."""

import itertools
import random

import numpy as np
import pytest
import torch

from priosig.audio.windows import MUQ_RATE
from priosig.extraction.muq.layers import _download, _upload, layer_numbers, name_layers, start_batch
from priosig.extraction.muq.model import import_muq, load_muq
from priosig.extraction.muq.precision import arithmetic, check_precision, reference_precision
from priosig.extraction.pooling import stats_pool
from tests.paths import SMALL_MUQ as SMALL

DEPTH = 2


@pytest.fixture(scope="module")
def model():
    return load_muq(SMALL / "config.json", SMALL / "model.safetensors")


@pytest.fixture(scope="module")
def batch():
    """Two windows of 2 s: chords with noise."""
    time = np.arange(2 * MUQ_RATE) / MUQ_RATE
    rng = np.random.default_rng(0)
    chords = np.sin(2 * np.pi * rng.uniform(100, 2000, (2, 3, 1)) * time).sum(axis=1)
    return (0.1 * chords + 0.02 * rng.standard_normal(chords.shape)).astype(np.float32)


@pytest.fixture(scope="module")
def by_package(batch):
    """`hidden_states` and `last_hidden_state` of `MuQ.forward`."""
    MuQ, _ = import_muq()
    state = random.getstate()
    model = MuQ.from_pretrained(str(SMALL)).eval()
    random.setstate(state)
    with torch.no_grad():
        output = model(torch.from_numpy(batch))
    return [hidden.numpy() for hidden in output.hidden_states], output.last_hidden_state.numpy()


def frames_of(model, batch, layer="last", precision="float32"):
    return start_batch(model, batch, device="cpu", layers=layer_numbers(layer), precision=precision)()


@pytest.fixture
def watch():
    """Call a function with each input of a module, until the test ends."""
    handles = []

    def attach(module, look):
        handles.append(module.register_forward_pre_hook(lambda module, inputs: look(*inputs) and None))

    yield attach
    for handle in handles:
        handle.remove()


# Layers.


def test_last_layer_is_bit_for_bit_the_packages(model, batch, by_package):
    np.testing.assert_array_equal(frames_of(model, batch), by_package[1])


@pytest.mark.parametrize("layer", range(DEPTH + 1))
def test_layer_by_number_is_bit_for_bit_the_packages_hidden_state(model, batch, by_package, layer):
    np.testing.assert_array_equal(frames_of(model, batch, layer), by_package[0][layer])


def test_last_is_the_highest_number_and_no_two_layers_are_alike(model, batch):
    by_number = [frames_of(model, batch, layer) for layer in range(DEPTH + 1)]
    np.testing.assert_array_equal(frames_of(model, batch, "last"), by_number[DEPTH])
    assert all(np.abs(a - b).max() > 0.1 for a, b in itertools.pairwise(by_number))


@pytest.mark.parametrize("layers", [(0, 1), (0, 2), (2, 0, 1), (1,)])
def test_several_layers_are_averaged(model, batch, by_package, layers):
    expected = np.mean([by_package[0][layer].astype(np.float64) for layer in layers], axis=0)
    np.testing.assert_allclose(frames_of(model, batch, layers), expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    ("layer", "run"), [("last", [1, 2]), (2, [1, 2]), (1, [1]), (0, []), ((0, 1), [1]), ((2, 0), [1, 2])]
)
def test_layers_above_and_the_projection_behind_them_are_not_computed(model, batch, watch, layer, run):
    seen = []
    for number, module in enumerate(model.model.conformer.layers, 1):
        watch(module, lambda *_, number=number: seen.append(number))
    watch(model.model.linear, lambda *_: seen.append("projection"))
    frames_of(model, batch, layer)
    assert seen == run


def test_order_of_layers_does_not_matter_to_their_name():
    assert name_layers(layer_numbers((6, 3))) == name_layers(layer_numbers((3, 6))) == "mean of 3, 6"
    assert name_layers(layer_numbers((3,))) == name_layers(layer_numbers(3)) == "3"
    assert name_layers(layer_numbers("last")) == "last"


@pytest.mark.parametrize("layer", ["first", -1, True, 1.0, (), (1, 1), (1, -2), ("last", 1), [1, 2], None])
def test_layer_of_no_known_kind_is_refused(layer):
    with pytest.raises(ValueError, match="expected 'last', an integer from 0, or a tuple of different ones"):
        layer_numbers(layer)


# Precision.


def test_bfloat16_moves_frames_by_a_hundredth_of_their_spread(model, batch):
    # Measured: mean cosine 0.99995, rms error 0.9 %, largest 4.5 % of the spread of the frames, pooled 1.5 %.
    reference, short = frames_of(model, batch), frames_of(model, batch, precision="bfloat16")
    assert short.dtype == np.float32
    error, spread = short - reference, reference.std()
    cosine = (short * reference).sum(-1) / np.linalg.norm(short, axis=-1) / np.linalg.norm(reference, axis=-1)
    assert cosine.min() > 0.9997
    assert np.sqrt((error**2).mean()) < 0.02 * spread
    assert 1e-4 * spread < np.abs(error).max() < 0.1 * spread  # below: it was not bfloat16
    assert max(np.abs(stats_pool(a) - stats_pool(b)).max() for a, b in zip(short, reference, strict=True)) < (
        0.04 * spread
    )


def test_in_bfloat16_weights_spectrogram_positions_and_residual_stream_stay_float32(model, batch, watch):
    inputs = {}
    encoder = model.model
    for name, module in {"conv": encoder.conv, "layer": encoder.conformer.layers[1]}.items():
        watch(module, lambda x, name=name: inputs.setdefault(name, []).append(x.clone()))
    positions = []
    for precision in ("float32", "bfloat16"):
        encoder.conformer.embed_positions.cached_sequence_length = None
        frames_of(model, batch, precision=precision)
        positions.append(encoder.conformer.embed_positions.cached_rotary_positional_embedding)
    assert torch.equal(*inputs["conv"])
    assert torch.equal(*positions)
    assert [x.dtype for x in [*inputs["layer"], *positions]] == [torch.float32] * 4
    assert not torch.equal(*inputs["layer"])
    assert {weight.dtype for weight in model.parameters()} == {torch.float32}


def settings():
    cuda, mkldnn = torch.backends.cuda.matmul, torch.backends.mkldnn
    operations = [cuda, torch.backends.cudnn.conv, mkldnn.matmul, mkldnn.conv]
    return [
        torch.get_float32_matmul_precision(),
        *[operation.fp32_precision for operation in operations],
        cuda.allow_bf16_reduced_precision_reduction,
        torch.is_autocast_enabled("cpu"),
    ]


REFERENCE = ["highest", *["ieee"] * 4, False, False]


def test_tf32_is_on_for_the_model_and_off_for_the_spectrogram(model, batch, watch, monkeypatch):
    seen = {}
    preprocessing = model.model.preprocessing
    monkeypatch.setattr(
        model.model,
        "preprocessing",
        lambda *given, **named: seen.setdefault("mel", settings()) and preprocessing(*given, **named),
    )
    watch(model.model.conv, lambda _: seen.setdefault("conv", settings()))
    watch(model.model.conformer.layers[0], lambda _: seen.setdefault("layer", settings()))
    frames_of(model, batch, precision="tf32")
    assert seen["mel"] == REFERENCE
    assert seen["conv"] == seen["layer"] == ["high", "tf32", "tf32", "ieee", "ieee", False, False]


@pytest.mark.parametrize("precision", ["float32", "tf32", "bfloat16"])
@pytest.mark.parametrize("callers", ["highest", "high", "medium"])
def test_callers_settings_come_back_also_after_an_error(precision, callers):
    torch.set_float32_matmul_precision(callers)
    torch.backends.cuda.matmul.allow_bf16_reduced_precision_reduction = True  # torch's default
    before = settings()
    try:
        with arithmetic(precision, "cpu"):
            assert torch.is_autocast_enabled("cpu") is (precision == "bfloat16")
        assert settings() == before
        with pytest.raises(KeyError), arithmetic(precision, "cpu"):
            raise KeyError
        assert settings() == before
        with reference_precision("cpu"):
            assert settings() == REFERENCE
        assert settings() == before
    finally:
        torch.set_float32_matmul_precision("highest")


@pytest.mark.parametrize("where", [torch.backends, torch.backends.cuda.matmul])
def test_settings_of_the_newer_kind_come_back_too(where):
    operations = (torch.backends.cuda.matmul, torch.backends.cudnn.conv, torch.backends.cudnn.rnn)
    torch.set_float32_matmul_precision("highest")
    where.fp32_precision = "tf32"  # torch.get_float32_matmul_precision() may raise from here on
    try:
        before = [operation.fp32_precision for operation in operations]
        with reference_precision("cpu"):
            assert torch.get_float32_matmul_precision() == "highest"
            assert {operation.fp32_precision for operation in operations} == {"ieee"}
        assert [operation.fp32_precision for operation in operations] == before
    finally:
        where.fp32_precision = "none"
        torch.set_float32_matmul_precision("highest")


@pytest.mark.parametrize(
    ("precision", "device", "match"),
    [
        ("tf32", "cpu", r"precision 'tf32': not on device 'cpu', only on cuda; expected one of float32, bfloat16"),
        ("tf32", "mps", "not on device 'mps', only on cuda; expected one of float32$"),
        ("bfloat16", "mps", "not on device 'mps', only on cpu and cuda"),
        ("float16", "cuda", "precision 'float16': expected one of float32, tf32, bfloat16"),
    ],
)
def test_precision_that_the_device_has_not_is_refused(precision, device, match):
    with pytest.raises(ValueError, match=match):
        check_precision(precision, device)


@pytest.mark.parametrize(
    ("precision", "device"), [("tf32", "cuda:1"), ("bfloat16", "cuda"), ("tf32", "auto"), ("float32", "mps")]
)
def test_precision_that_the_device_has_is_not_refused(precision, device):
    check_precision(precision, device)


# To CUDA and back, with fakes that note what is asked of them.


class FakeTensor:
    def __init__(self, log):
        self.log = log
        self.device, self.dtype, self.shape = torch.device("cuda:1"), torch.float32, (1, 2, 3)

    def pin_memory(self):
        self.log.append("pin")
        return self

    def to(self, device, **named):
        self.log.append(("to", device, named))
        return self


def test_samples_go_to_cuda_from_pinned_memory_without_waiting():
    log = []
    _upload(FakeTensor(log), "cuda:1")
    assert log == ["pin", ("to", "cuda:1", {"non_blocking": True})]
    log.clear()
    _upload(FakeTensor(log), "mps")
    assert log == [("to", "mps", {})]


def test_frames_come_from_cuda_into_pinned_memory_and_are_waited_for_only_when_wanted(monkeypatch):
    log = []

    class Pinned:
        def copy_(self, source, **named):
            log.append(("copy", named))

        def numpy(self):
            log.append("numpy")
            return "frames"

    class Stream:
        def record_event(self):
            log.append("record")
            return self

        def synchronize(self):
            log.append("synchronize")

    monkeypatch.setattr(torch, "empty", lambda shape, **named: log.append(("empty", shape, named)) or Pinned())
    monkeypatch.setattr(torch.cuda, "current_stream", lambda device: log.append(("stream", str(device))) or Stream())
    wait = _download(FakeTensor(log))
    started = [
        ("empty", (1, 2, 3), {"dtype": torch.float32, "pin_memory": True}),
        ("copy", {"non_blocking": True}),
        ("stream", "cuda:1"),
        "record",
    ]
    assert log == started
    assert wait() == "frames"
    assert log == [*started, "synchronize", "numpy"]
