"""From samples to the hidden layers of a MuQ model that are wanted, and no further.

`MuQ.forward` computes and keeps every layer, and projects the last one to codes that training needs. Here the same
modules are called in the same order up to the highest layer wanted: on the CPU and in float32, the frames of "last"
are bit for bit the package's `last_hidden_state`. Spectrogram, positions and the residual stream are always float32:
in bfloat16 only products are short.

Layers are numbered like the package's `hidden_states`: 0 is what the convolutions give to the conformer, i is the
output of its i-th layer, and the highest number is "last", the output of the highest layer after a final
normalisation.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from priosig._core.checks import shown
from priosig.extraction.muq.precision import arithmetic, reference_precision

if TYPE_CHECKING:
    import torch

Layer = str | int | tuple[int, ...]  # "last", the number of a layer, or several whose mean is taken


def layer_numbers(layer: Layer) -> tuple[int, ...] | None:
    """Numbers of the layers wanted, in increasing order; None for "last", whose number depends on the model."""
    if layer == "last":
        return None
    numbers = layer if isinstance(layer, tuple) else (layer,)
    whole = all(type(number) is int and number >= 0 for number in numbers)
    if not numbers or not whole or len(set(numbers)) < len(numbers):
        raise ValueError(f"layer is {shown(layer)}; expected 'last', an integer from 0, or a tuple of different ones")
    return tuple(sorted(numbers))


def name_layers(numbers: tuple[int, ...] | None) -> str:
    """Words for the layers wanted, as they enter the cache key: "last", "3", "mean of 3, 6"."""
    if numbers is None:
        return "last"
    return f"{'mean of ' if len(numbers) > 1 else ''}{', '.join(map(str, numbers))}"


def start_batch(
    model: "torch.nn.Module", batch: np.ndarray, *, device: str, layers: tuple[int, ...] | None, precision: str
) -> Callable[[], np.ndarray]:
    """Start to compute the frames of equally long windows; returns what waits for them, float32 (B, T, D).

    CUDA computes while the caller goes on: samples and frames travel through pinned memory without waiting, in
    the stream's order. Everything that can fail for want of memory fails here, not in the function returned.

    Parameters
    ----------
    model : torch.nn.Module
        The muq package's `MuQ`, in eval mode, on `device`.
    batch : np.ndarray, float32, shape (B, n)
        Samples, 24 kHz.
    layers : tuple of int, or None
        From `layer_numbers`; not above the model's highest.
    """
    import torch

    with torch.inference_mode():
        samples = _upload(torch.from_numpy(batch), device)
        return _download(_frames(model.model, samples, device, layers, precision))


def _frames(model, samples: "torch.Tensor", device: str, layers: tuple[int, ...] | None, precision: str):
    conformer = model.conformer
    depth = len(conformer.layers)
    wanted = (depth,) if layers is None else layers
    with reference_precision(device):
        spectrogram = model.normalize(model.preprocessing(samples, features=["melspec_2048"]))["melspec_2048"]
    with arithmetic(precision, device):
        hidden = model.conv(spectrogram).float()
    positions = None
    if conformer.embed_positions is not None:
        with reference_precision(device):
            # The package keeps those of one length, on the device that asked last.
            positions = conformer.embed_positions(hidden).to(device)
    total = None
    with arithmetic(precision, device):
        for number in range(wanted[-1] + 1):
            if number:
                layer = conformer.layers[number - 1]
                hidden = layer(hidden, attention_mask=None, relative_position_embeddings=positions)[0].float()
            if number in wanted:
                frames = (conformer.layer_norm(hidden) if number == depth else hidden).float()
                total = frames if total is None else total + frames
    return total / len(wanted)


def _upload(samples: "torch.Tensor", device: str) -> "torch.Tensor":
    if device.startswith("cuda"):
        return samples.pin_memory().to(device, non_blocking=True)
    return samples.to(device)


def _download(frames: "torch.Tensor") -> Callable[[], np.ndarray]:
    import torch

    if frames.device.type != "cuda":
        on_host = frames.cpu().numpy()
        return lambda: on_host
    pinned = torch.empty(frames.shape, dtype=frames.dtype, pin_memory=True)
    pinned.copy_(frames, non_blocking=True)
    copied = torch.cuda.current_stream(frames.device).record_event()

    def wait() -> np.ndarray:
        copied.synchronize()
        return pinned.numpy()

    return wait
