"""A MuQ model on a device: everything but the samples that determines a window's frames.

Its `parameters` are the rest of a window's cache key: the bytes of `config.json` and `model.safetensors`, the
layer, the precision, the kind of device, how it convolves, and the versions of the packages that compute. They can be
had without torch where the device is named; so "winograd" is the name of every CPU's convolutions, also where torch
has no NNPACK, with frames that are the same to 1e-5. Raise `FRAMES_VERSION` with any change that changes frames;
`tests/_core/test_golden_values.py` fails until that is done.
"""

import functools
import hashlib
import importlib.metadata
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from priosig._core.cache import file_digest
from priosig._core.extras import need
from priosig.audio.windows import MUQ_RATE
from priosig.extraction.devices import resolve_device
from priosig.extraction.muq.configuration import conformer_depth, conformer_width
from priosig.extraction.muq.layers import Layer, layer_numbers, name_layers
from priosig.extraction.muq.model import is_hub_id, load_muq, model_files
from priosig.extraction.muq.precision import check_precision

if TYPE_CHECKING:
    import torch

FRAMES_VERSION = 2
_SOFTWARE = ("muq", "transformers", "torch", "torchaudio")


class LoadedMuQ:
    """A model that is looked up, hashed and built when that is needed, and not before; see `MuQExtractor`.

    Raises a FileNotFoundError or ValueError if a directory is not a model's, or a setting not one that it can have.
    """

    def __init__(self, model: str | os.PathLike, *, revision: str | None, device: str, layer: Layer, precision: str):
        if not re.fullmatch(r"auto|cpu|mps|cuda(:\d+)?", device):
            raise ValueError(f"device {device!r}: expected 'auto', 'cpu', 'cuda', 'cuda:<number>' or 'mps'")
        check_precision(precision, device)
        need("muq", "encoding with MuQ")
        self.model = model
        self.revision = revision
        self.precision = precision
        self._layers = layer_numbers(layer)
        self._asked_device = device
        if not is_hub_id(model):
            self.files  # noqa: B018  (a directory is looked at now, the hub only when it has to be)

    @functools.cached_property
    def files(self) -> tuple[Path, Path]:
        """`config.json` and `model.safetensors`; fetched from the hub, if need be."""
        config, weights = model_files(self.model, self.revision)
        if self._layers is not None and self._layers[-1] > conformer_depth(config):
            raise ValueError(f"{config}: has no layer {self._layers[-1]}; expected 0 to {conformer_depth(config)}")
        return config, weights

    @functools.cached_property
    def digests(self) -> dict[Path, str]:
        """SHA-256 of each of the model's files, as it was when first asked for."""
        return {path: file_digest(path) for path in self.files}

    @property
    def fingerprint(self) -> str:
        """Hash of the model's configuration and weights: 64 hexadecimal digits."""
        return hashlib.blake2b("".join(self.digests.values()).encode(), digest_size=32).hexdigest()

    @functools.cached_property
    def width(self) -> int:
        """D, the frames' dimensions."""
        return conformer_width(self.files[0])

    @functools.cached_property
    def device(self) -> str:
        """The device in use, checked to be there; "auto" may have to import torch."""
        device = resolve_device(self._asked_device)
        check_precision(self.precision, device)
        return device

    @functools.cached_property
    def module(self) -> "torch.nn.Module":
        """The muq package's model with its blocks rewritten (`priosig.extraction.muq.blocks`), on the device."""
        from priosig.extraction.muq.blocks import rewrite

        before = self.digests
        module = rewrite(load_muq(*self.files), self.precision)
        if {path: file_digest(path) for path in self.files} != before:
            raise ValueError(f"{self.files[0].parent}: the model's files changed during the run; start it again")
        return module.to(self.device)

    def load(self) -> None:
        """Build the model on its device now; else that happens when the first window is encoded."""
        self.module  # noqa: B018

    def parameters(self) -> dict[str, str | int]:
        """Everything but the samples that determines a window's frames: the rest of its cache key."""
        versions = {package: importlib.metadata.version(package) for package in _SOFTWARE}
        # A device that was named need not be here: the work may be done elsewhere (priosig.audio.sharding).
        device = self.device if self._asked_device == "auto" else self._asked_device
        kind = device.partition(":")[0]
        return {
            "encoder": "muq",
            "weights": self.fingerprint,
            "rate": MUQ_RATE,
            "layer": name_layers(self._layers),
            "precision": self.precision,
            "device": kind,
            "convolution": "winograd" if kind == "cpu" else "direct",
            "version": FRAMES_VERSION,
            **versions,
        }
