"""A MuQ model's `config.json`: read, and compared with its weights.

A configuration is a stranger's file. Building a model from whatever sizes it names could take a year, and one with
another hop would give frames at another rate, in silence.
"""

import json
from pathlib import Path

from priosig._core.checks import shown

_DEPTH, _WIDTH = 12, 1024  # conformer layers, and dimensions of a frame, by the package's defaults
_FIXED = {  # 25 frames a second of one spectrogram, which everything else here takes for granted
    "label_rate": 25, "hop_length": 240, "n_mels": 128, "features": ["melspec_2048"], "is_flash": False,
    "use_encodec_target": False,  # a second model, from the network
}  # fmt: skip
_LAYER = "model.conformer.layers."
_SIZES = {  # of a model, and where its weights have it: tensor and axis
    "encoder_dim": ("model.cls_token", 0),
    "conv_dim": ("model.conv.conv.0.conv1.weight", 0),
    "codebook_size": ("model.linear.weight", 0),
    "w2v2_config.intermediate_size": (f"{_LAYER}0.ffn1.intermediate_dense.weight", 0),
    "w2v2_config.conv_depthwise_kernel_size": (f"{_LAYER}0.conv_module.depthwise_conv.weight", 2),
}
_LARGEST = {  # of what one cannot read off the weights, several times what the released model has
    "num_codebooks": 64, "codebook_dim": 1024, "rvq_n_codebooks": 64, "rvq_multi_layer_num": 64,
    "w2v2_config.num_conv_pos_embeddings": 1024, "w2v2_config.max_source_positions": 100_000,
}  # fmt: skip
_LARGEST_NUMBER = 1_000_000  # of any other
_LONGEST = 1_000_000  # bytes of a config.json


def conformer_depth(config: Path) -> int:
    """Number of conformer layers of the model that a `config.json` describes."""
    return _count(config, "encoder_depth", _DEPTH, "the number of conformer layers")


def conformer_width(config: Path) -> int:
    """Dimensions of the frames of the model that a `config.json` describes."""
    return _count(config, "encoder_dim", _WIDTH, "the number of dimensions of a frame")


def _count(config: Path, name: str, default: int, what: str) -> int:
    count = read_config(config).get(name, default)
    if type(count) is not int or count < 1:
        raise ValueError(f"{config}: {name} is {shown(count)}; expected {what}")
    return count


def refuse_other_sizes(config: Path, settings: dict, shapes: dict[str, tuple[int, ...]]) -> None:
    """Refuse a configuration whose sizes are not those of the weights.

    Parameters
    ----------
    config : Path
        For errors.
    settings : dict
        What it holds, and the package's defaults.
    shapes : dict of str to tuple of int
        Of each tensor of the weights.
    """
    conformer = settings.get("w2v2_config")
    given = settings | {f"w2v2_config.{k}": v for k, v in (conformer if isinstance(conformer, dict) else {}).items()}
    layers = {name.removeprefix(_LAYER).partition(".")[0] for name in shapes if name.startswith(_LAYER)}
    sizes = {"encoder_depth": len(layers)}
    for name, (tensor, axis) in _SIZES.items():
        shape = shapes.get(tensor, ())
        sizes[name] = shape[axis] if len(shape) > axis else 0
    for name, size in sizes.items():
        if type(given.get(name)) is not int or given[name] != size:
            has = f"{size}, as the weights beside it have"
            raise ValueError(f"{config}: {name} is {shown(given.get(name))}; expected {has}")
    for name, most in _LARGEST.items():
        if name in given and (type(given[name]) is not int or not 1 <= given[name] <= most):
            raise ValueError(f"{config}: {name} is {shown(given[name])}; expected 1 to {most}")
    numbers = list(settings.items())
    for name, value in numbers:  # grows by what lists and objects hold
        if isinstance(value, dict | list):
            inner = value.items() if isinstance(value, dict) else enumerate(value)
            numbers += [(f"{name}.{key}", part) for key, part in inner]
        elif isinstance(value, int | float) and not abs(value) <= _LARGEST_NUMBER:
            raise ValueError(
                f"{config}: {shown(name)} is {shown(value)}; expected a number of at most {_LARGEST_NUMBER}"
            )


def read_config(path: Path) -> dict:
    """What a `config.json` holds, without the name of a pickle whose weights are in `model.safetensors` anyway.

    Raises
    ------
    ValueError
        If it is not JSON, or not MuQ's configuration; names the file.
    """
    with path.open("rb") as file:
        data = file.read(_LONGEST + 1)
    if len(data) > _LONGEST:
        raise ValueError(f"{path}: over {_LONGEST} bytes; expected MuQ's configuration")
    try:
        config = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path}: not JSON ({shown(str(error))}); expected MuQ's configuration") from None
    if not isinstance(config, dict):
        raise ValueError(f"{path}: holds a {type(config).__name__}; expected an object, MuQ's configuration")
    stat = config.get("stat")
    for name, least in (("melspec_2048_mean", -1e6), ("melspec_2048_std", 1e-6)):
        value = stat.get(name) if isinstance(stat, dict) else None
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or not least <= value <= 1e6:
            raise ValueError(f"{path}: stat.{name} is {shown(value)}; expected what the model was trained with")
    for name, value in _FIXED.items():
        if config.get(name, value) != value or type(config.get(name, value)) is not type(value):
            raise ValueError(f"{path}: {name} is {shown(config[name])}; expected {shown(value)}, as MuQ has")
    return {**config, "rvq_ckpt_path": None}
