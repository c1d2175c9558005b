"""The PercePiano quality head: 19 perceptual scores of a segment, from its MuQ frames.

The study kept its networks as PyTorch-Lightning checkpoints. They are rebuilt here exactly, as plain modules: frames
are pooled over time to mean and *population* standard deviation (`sqrt(variance + 1e-8)`; Model A's own pooling uses
the unbiased one), in some checkpoints minimum and maximum too, and two GELU layers and a sigmoid give scores between
0 and 1 in the order of `priosig.extraction.percepiano.scales.POLES`.

A checkpoint is a pickle, and a pickle can run code. It is opened with `weights_only=True`, so that none ever
does; one that needs more than tensors and plain values is refused by the names of what it asks for. Declared sizes
are held against the file's, its bytes against the zip's checksums, and shapes against the hyperparameters before
anything is built.
"""

import io
import os
import re
import zipfile
from pathlib import Path

from priosig._core.atomic import write_bytes
from priosig._core.checks import shown
from priosig._core.extras import need
from priosig._core.parts import need_part
from priosig.extraction.percepiano.scales import PERCEPIANO_DIMENSIONS

try:
    import torch
    from torch import nn
except ModuleNotFoundError:
    need("torch", "a quality head")
    raise

POOLED_PARTS = {"mean_std": 2, "mean_std_min_max": 4}  # how many times the frames' width a kind of pooling gives
_REAL = (torch.float16, torch.bfloat16, torch.float32, torch.float64)
_LARGEST_WEIGHT = 1e6  # of such weights and 16,384 inputs float32 still holds the sums; trained ones are about 1
_LARGEST_FILE = 1 << 30
_SIZES = ("input_dim", "hidden_dim", "num_labels")


class MuQStatsModel(nn.Module):
    """Frames, `input_dim` wide, to quality scores: statistics over time, two hidden layers, a sigmoid.

    `pooling_stats` is one of `POOLED_PARTS`: the statistics, in the order of the name.
    """

    def __init__(
        self,
        input_dim: int = 1024,
        hidden_dim: int = 512,
        num_labels: int = len(PERCEPIANO_DIMENSIONS),
        dropout: float = 0.2,
        pooling_stats: str = "mean_std",
    ):
        super().__init__()
        if pooling_stats not in POOLED_PARTS:
            raise ValueError(f"pooling_stats is {pooling_stats!r}; expected one of {', '.join(POOLED_PARTS)}")
        self.input_dim = input_dim
        self.pooling_stats = pooling_stats
        self.clf = nn.Sequential(
            nn.Linear(POOLED_PARTS[pooling_stats] * input_dim, hidden_dim),
            nn.GELU(),
            nn.Dropout(dropout),
            nn.Linear(hidden_dim, hidden_dim),
            nn.GELU(),
            nn.Dropout(dropout),
            nn.Linear(hidden_dim, num_labels),
            nn.Sigmoid(),
        )

    def pool(self, frames: torch.Tensor) -> torch.Tensor:
        """Statistics over time: (B, T, D), T >= 1, to (B, 2 D) or (B, 4 D)."""
        std = torch.sqrt(frames.var(dim=1, correction=0) + 1e-8)
        parts = [frames.mean(dim=1), std]
        if self.pooling_stats == "mean_std_min_max":
            parts += [frames.amin(dim=1), frames.amax(dim=1)]
        return torch.cat(parts, dim=-1)

    def forward(self, frames: torch.Tensor) -> torch.Tensor:
        """Scores between 0 and 1: (B, T, D) to (B, num_labels)."""
        return self.clf(self.pool(frames))


def save_head(path: str | os.PathLike, head: MuQStatsModel) -> None:
    """Write a head as a checkpoint that `load_head` reads; equal heads give equal bytes."""
    buffer = io.BytesIO()
    torch.save(checkpoint_of(head), buffer)
    write_bytes(path, buffer.getvalue())


def checkpoint_of(head: MuQStatsModel) -> dict[str, dict]:
    """A head as the content of a checkpoint: `state_dict`, and `hyper_parameters` of plain Python types."""
    return {
        "state_dict": dict(head.state_dict()),
        "hyper_parameters": {
            "input_dim": head.input_dim,
            "hidden_dim": head.clf[0].out_features,
            "num_labels": head.clf[6].out_features,
            "dropout": head.clf[2].p,
            "pooling_stats": head.pooling_stats,
        },
    }


def load_head(path: str | os.PathLike) -> MuQStatsModel:
    """Rebuild a quality head from a Lightning checkpoint, in eval mode; no code in the file is run.

    It holds `state_dict` (`clf.0`, `clf.3`, `clf.6`) and `hyper_parameters` (`input_dim`, `hidden_dim`, `num_labels`,
    `pooling_stats`, and perhaps `dropout`; others are ignored).

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is no checkpoint, needs code to be read, or is not a head with 19 outputs; names the file.
    """
    path = Path(path)
    checkpoint = _read_checkpoint(path)
    _refuse_unwritten(path, checkpoint)
    if not isinstance(checkpoint, dict) or not all(
        isinstance(checkpoint.get(part), dict) for part in ("state_dict", "hyper_parameters")
    ):
        held = ", ".join(map(shown, [*checkpoint][:5])) if isinstance(checkpoint, dict) else type(checkpoint).__name__
        raise ValueError(
            f"{path}: holds {held or 'nothing'}; expected a checkpoint with state_dict and hyper_parameters"
        )
    settings = _hyper_parameters(checkpoint["hyper_parameters"], path)
    state = checkpoint["state_dict"]

    hidden, labels = settings["hidden_dim"], settings["num_labels"]
    pooled = POOLED_PARTS[settings["pooling_stats"]] * settings["input_dim"]
    layers = {"clf.0": (hidden, pooled), "clf.3": (hidden, hidden), "clf.6": (labels, hidden)}
    expected = {f"{name}.bias": shape[:1] for name, shape in layers.items()}
    expected |= {f"{name}.weight": shape for name, shape in layers.items()}
    for name in state:
        if name not in expected:
            raise ValueError(f"{path}: state_dict has an unexpected {shown(name)}; expected {', '.join(expected)}")
    for name, shape in expected.items():
        tensor = state.get(name)
        if not isinstance(tensor, torch.Tensor):
            raise ValueError(f"{path}: state_dict has no tensor {name}; expected {', '.join(expected)}")
        if tensor.shape != shape:
            has = shown(tuple(tensor.shape))
            raise ValueError(f"{path}: {name} has shape {has}; by its hyper_parameters, expected {shape}")
        if tensor.dtype not in _REAL:
            raise ValueError(f"{path}: {name} is {tensor.dtype}; expected plain real weights")
        if not (tensor.abs() <= _LARGEST_WEIGHT).all():
            raise ValueError(
                f"{path}: {name} holds NaN or a number beyond {_LARGEST_WEIGHT:g}; expected weights that give scores"
            )

    with torch.random.fork_rng(devices=()):  # building draws random weights that are replaced at once
        head = MuQStatsModel(**settings)
    head.load_state_dict(state, strict=True)
    return head.eval().requires_grad_(False)


def _read_checkpoint(path: Path) -> object:
    need_part(path, "file", "a quality head's checkpoint")
    if path.stat().st_size > _LARGEST_FILE:
        raise ValueError(f"{path}: {path.stat().st_size} bytes; expected a head's checkpoint, some 10 MB")
    try:
        wanted = []
        with path.open("rb") as file:
            zipped = file.read(4) == b"PK\3\4"  # what torch goes by; before 1.6 it wrote no zip
        if zipped:
            _check_zip(path)
            # Reads names and imports nothing; knows no files older than torch 1.6, whose names the error has.
            wanted = torch.serialization.get_unsafe_globals_in_checkpoint(path)
        if not wanted:
            return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # for what is not its own, torch has errors of a dozen kinds
        wanted = re.findall(r"GLOBAL ([\w.]+)", str(error))
        if not wanted:
            # Not in torch's words, which advise to try again without weights_only.
            why = str(error) if isinstance(error, zipfile.BadZipFile) else type(error).__name__
            raise ValueError(
                f"{path}: cannot be read as a checkpoint of tensors and plain values ({why}); expected what "
                "torch.save writes: copy or download it again"
            ) from None
    names = ", ".join(shown(name)[1:-1] for name in sorted(wanted)[:5])
    raise ValueError(
        f"{path}: wants to use {names} when it is read, and no code in a checkpoint is ever "
        "run; expected tensors and plain values: save it again with hyper_parameters of plain Python types"
    )


def _check_zip(path: Path) -> None:
    """Refuse a zip that would unpack to more than it is, or whose bytes are not those that were written."""
    with zipfile.ZipFile(path) as file:
        if sum(entry.file_size for entry in file.infolist()) > path.stat().st_size:
            raise zipfile.BadZipFile("it would unpack to more than its own size")
        damaged = file.testzip()  # torch itself does not look at checksums
        if damaged is not None:
            raise zipfile.BadZipFile(f"damaged: {shown(damaged)} does not match its checksum")


def _refuse_unwritten(path: Path, checkpoint: object) -> None:
    """Refuse a tensor, used or not, that declares more numbers than the file holds: to show it could take years."""
    waiting, seen = [("the whole", checkpoint)], set()
    while waiting:
        name, value = waiting.pop()
        if id(value) in seen:  # a pickle may hold itself
            continue
        seen.add(id(value))
        if isinstance(value, dict):
            waiting += [(shown(key), part) for key, held in value.items() for part in (key, held)]
        elif isinstance(value, list | tuple | set):
            waiting += [(name, part) for part in value]
        elif isinstance(value, torch.Tensor):
            try:
                held = 0 if value.is_meta else value.untyped_storage().nbytes()
            except RuntimeError:  # sparse: only some numbers are written
                held = 0
            if held < value.numel() * value.element_size():
                raise ValueError(
                    f"{path}: {name} declares more numbers than the file holds; expected each one written"
                )


def _hyper_parameters(given: dict, path: Path) -> dict:
    settings = {name: given.get(name) for name in (*_SIZES, "pooling_stats")} | {"dropout": given.get("dropout", 0.2)}
    n_scales, pooling, dropout = len(PERCEPIANO_DIMENSIONS), settings["pooling_stats"], settings["dropout"]
    whole = {name for name in _SIZES if type(settings[name]) is int and settings[name] > 0}
    for name, is_right, expected in (
        *((name, name in whole, "an integer > 0") for name in _SIZES),
        ("num_labels", settings["num_labels"] == n_scales, f"{n_scales}, the scales of PercePiano"),
        ("pooling_stats", isinstance(pooling, str) and pooling in POOLED_PARTS, f"one of {', '.join(POOLED_PARTS)}"),
        ("dropout", isinstance(dropout, int | float) and 0 <= dropout <= 1, "0 to 1"),
    ):
        if not is_right:
            raise ValueError(f"{path}: hyper_parameters {name} is {shown(settings[name])}; expected {expected}")
    return settings
