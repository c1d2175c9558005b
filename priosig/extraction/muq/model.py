"""The muq package's model, from its two files, strictly.

`MuQ.from_pretrained` accepts a file with layers missing, in silence; building the model also reseeds the random
generators of Python and torch. Here every tensor must be there and none more, nothing but safetensors is opened (so
no pickle), the model comes in eval mode and float32, and the caller's random states are left as they were.
"""

import contextlib
import importlib.util
import os
import random
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from priosig._core.checks import shown
from priosig._core.extras import need
from priosig._core.parts import find_part, need_part
from priosig.audio.windows import MUQ_RATE
from priosig.extraction.muq.configuration import conformer_width, read_config, refuse_other_sizes
from priosig.extraction.muq.precision import reference_precision

if TYPE_CHECKING:
    import torch

DEFAULT_MODEL = "OpenMuQ/MuQ-large-msd-iter"

_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*\Z")
_FILES = "config.json and model.safetensors"
_PICKLES = (".bin", ".pt", ".pth", ".ckpt")
_NAMES_SHOWN = 4
_LARGEST = 1 << 34  # bytes of the weights


def is_hub_id(model: str | os.PathLike) -> bool:
    """Whether `model` is to be looked up on the hub: written like a hub id, and nothing here has that name."""
    return isinstance(model, str) and _HUB_ID.match(model) is not None and not os.path.lexists(model)


def model_files(model: str | os.PathLike, revision: str | None = None) -> tuple[Path, Path]:
    """`config.json` and `model.safetensors` of a directory or hub id; the hub's are fetched, if need be.

    Raises a FileNotFoundError if a file is missing or the hub cannot be reached, a ValueError if the configuration is
    not one of MuQ, or a revision is given for a directory.
    """
    if is_hub_id(model):
        config, weights = _hub_files(str(model), revision)
    elif revision is None:
        config, weights = _local_files(Path(model))
    else:
        raise ValueError(f"{model}: revision {revision!r} given for a directory; only a hub id has one")
    read_config(config)
    return config, weights


def import_muq() -> tuple[type, type]:
    """The muq package's `MuQ` and `MuQConfig`, without MuQ-MuLan, for which `import muq` takes twice as long.

    The package's own first lines are left out, and a later `import muq` finds MuQ and adds the rest.
    """
    if "muq" in sys.modules:
        from muq import MuQ, MuQConfig

        return MuQ, MuQConfig
    need("muq", "encoding with MuQ")
    sys.modules["muq"] = importlib.util.module_from_spec(importlib.util.find_spec("muq"))
    try:
        from muq.muq import MuQ, MuQConfig
    finally:
        del sys.modules["muq"]
    return MuQ, MuQConfig


def load_muq(config: Path, weights: Path) -> "torch.nn.Module":
    """Build the muq package's model from its two files, strictly: in eval mode, on the CPU, without gradients.

    Raises
    ------
    ValueError
        If the configuration is not MuQ's, or the weights are not exactly the model's; names the directory,
        how many tensors are wrong, and the first of them.
    """
    from safetensors.torch import load_file

    MuQ, MuQConfig = import_muq()
    fields = MuQConfig.__dataclass_fields__
    # Unknown settings are left out, as MuQ.from_pretrained does.
    settings = {name: value for name, value in read_config(config).items() if name in fields}
    stored = _shapes(weights)
    # Building first and comparing then would take a year for a depth of 10**9.
    refuse_other_sizes(config, {name: fields[name].default for name in fields} | settings, stored)
    try:
        with random_states_kept():
            model = MuQ(MuQConfig(**settings))
    except Exception as error:
        why = shown(f"{type(error).__name__}: {error}")
        raise ValueError(f"{config}: no MuQ can be built from it ({why}); expected the model's file") from error

    expected = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    problems = {
        "missing": [name for name in expected if name not in stored],
        "unexpected": [name for name in stored if name not in expected],
        "of another shape": [
            f"{name} {stored[name]} for {shape}"
            for name, shape in expected.items()
            if stored.get(name, shape) != shape
        ],
    }
    if any(problems.values()):
        listed = "; ".join(
            f"{len(names)} {kind}: {', '.join([*names[:_NAMES_SHOWN], '...'][: len(names)])}"
            for kind, names in problems.items()
            if names
        )
        raise ValueError(
            f"{weights.parent}: the weights are not those of the model that config.json describes, "
            f"{len(expected)} tensors: {listed}"
        )
    with _whole(weights):
        model.load_state_dict(load_file(weights))
    model = model.float().eval().requires_grad_(False)
    _refuse_other_frames(config, model)
    return model


def _shapes(weights: Path) -> dict[str, tuple[int, ...]]:
    """Shape of each tensor, from the file's header alone."""
    from safetensors import safe_open

    with _whole(weights), safe_open(weights, framework="numpy") as file:
        return {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118


@contextlib.contextmanager
def _whole(weights: Path) -> Iterator[None]:
    from safetensors import SafetensorError

    try:
        yield
    except SafetensorError as error:
        raise ValueError(
            f"{weights}: cannot be read ({shown(str(error))}); expected a whole safetensors file"
        ) from error


def _refuse_other_frames(config: Path, model: "torch.nn.Module") -> None:
    """Refuse a model that does not give 25 frames for a second of silence: settings no weight tells may be wrong."""
    import torch

    width = conformer_width(config)
    try:
        with random_states_kept(), reference_precision("cpu"), torch.inference_mode():
            frames = model(torch.zeros(1, MUQ_RATE)).last_hidden_state
        gives = f"gives frames of shape {tuple(frames.shape[1:])}{'' if frames.isfinite().all() else ', not finite,'}"
    except Exception as error:
        gives = f"fails ({shown(f'{type(error).__name__}: {error}')})"
    if gives != f"gives frames of shape {(25, width)}":
        raise ValueError(
            f"{config}: the model built from it {gives} for a second of silence; expected 25 frames, {width} wide"
        )


@contextlib.contextmanager
def random_states_kept() -> Iterator[None]:
    """Python's and torch's random states (of CPU and CUDA) are afterwards what they were before."""
    import torch

    python, seed = random.getstate(), torch.initial_seed()
    gpus = range(torch.cuda.device_count()) if torch.cuda.is_initialized() else ()
    try:
        with torch.random.fork_rng(devices=gpus):
            yield
    finally:
        random.setstate(python)
        if not torch.cuda.is_initialized():
            # A seed set meanwhile is kept for when CUDA starts, and so has to be followed by the one before.
            torch.cuda.manual_seed_all(seed)


def _local_files(directory: Path) -> tuple[Path, Path]:
    need_part(directory, "directory", f"one with {_FILES}, or a hub id such as {DEFAULT_MODEL}")
    config, weights = directory / "config.json", directory / "model.safetensors"
    for path in (config, weights):
        if find_part(path, "file", _FILES) is None:
            pickles = sorted(file.name for file in directory.iterdir() if file.suffix in _PICKLES)
            hint = f" ({', '.join(pickles)}: a pickle, never opened)" if path == weights and pickles else ""
            raise FileNotFoundError(f"{directory}: no {path.name}{hint}; expected {_FILES}")
    size = weights.stat().st_size
    if size > _LARGEST:  # before it is hashed, which takes minutes
        raise ValueError(f"{weights}: {size} bytes; expected MuQ's weights, at most {_LARGEST} (MuQ-large has 1.3e9)")
    return config, weights


def _hub_files(model: str, revision: str | None) -> tuple[Path, Path]:
    from huggingface_hub import hf_hub_download

    unreachable = _unreachable_hub()
    here = {"local_files_only": bool(unreachable)}
    try:
        config = Path(hf_hub_download(model, "config.json", revision=revision, **here))
        # <cache>/snapshots/<commit>/config.json: weights of the same commit, though a branch may move on.
        weights = Path(hf_hub_download(model, "model.safetensors", revision=config.parent.name, **here))
    except (OSError, ValueError) as error:
        wanted = f"{model} at revision {revision}" if revision else model
        why = unreachable or f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}"
        raise FileNotFoundError(
            f"{wanted}: no such directory, and it cannot be fetched from the hub ({why}); connect once, or give a "
            f"local directory with {_FILES} instead"
        ) from None
    return config, weights


def _unreachable_hub() -> str:
    """Why the hub cannot be reached, or nothing: asked once, since its own library tries for half a minute."""
    from huggingface_hub import constants

    if constants.HF_HUB_OFFLINE:
        return "HF_HUB_OFFLINE is set"
    try:
        urlopen(Request(constants.ENDPOINT, method="HEAD"), timeout=10).close()
    except HTTPError:
        return ""  # that it answers is enough
    except OSError as error:
        return f"{constants.ENDPOINT} cannot be reached: {getattr(error, 'reason', error)}"
    return ""
