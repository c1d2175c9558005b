"""A MuQ model's `config.json`: read, and compared with its weights.

A configuration is a stranger's file. Building a model from whatever sizes it names could take a year, and one with
another hop would give frames at another rate, in silence.
"""

import json
from pathlib import Path

from priosig._core.checks import shown

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
    return _count(config, "encoder_depth", 12)


def conformer_width(config: Path) -> int:
    """Dimensions of the frames of the model that a `config.json` describes."""
    return _count(config, "encoder_dim", 1024)


def _count(config: Path, name: str, default: int) -> int:
    count = read_config(config).get(name, default)  # the muq package's default
    if type(count) is not int or count < 1:
        raise ValueError(f"{config}: {name} is {shown(count)}; expected an integer > 0")
    return count


def refuse_other_sizes(config: Path, settings: dict, shapes: dict[str, tuple[int, ...]]) -> None:
    """Refuse a configuration whose sizes are not those of the weights, or whose other numbers are absurd.

    `settings` are those that it holds and the package's defaults, `shapes` those of each tensor of the weights.
    """
    conformer = settings.get("w2v2_config")
    given = settings | {f"w2v2_config.{k}": v for k, v in (conformer if isinstance(conformer, dict) else {}).items()}
    layers = {name.removeprefix(_LAYER).partition(".")[0] for name in shapes if name.startswith(_LAYER)}
    sizes = {name: (*shapes.get(tensor, ()), 0, 0, 0)[axis] for name, (tensor, axis) in _SIZES.items()}
    for name, size in (sizes | {"encoder_depth": len(layers)}).items():
        value = given.get(name)
        if type(value) is not int or value != size:
            raise ValueError(f"{config}: {name} is {shown(value)}; expected {size}, as the weights beside it have")
    for name, most in _LARGEST.items():
        if name in given and (type(given[name]) is not int or not 1 <= given[name] <= most):
            raise ValueError(f"{config}: {name} is {shown(given[name])}; expected 1 to {most}")
    numbers = list(settings.items())
    for name, value in numbers:  # grows by what lists and objects hold
        if isinstance(value, dict | list):
            numbers += value.items() if isinstance(value, dict) else [(name, part) for part in value]
        elif isinstance(value, int | float) and not abs(value) <= _LARGEST_NUMBER:
            raise ValueError(f"{config}: {shown(name)} is {shown(value)}; expected at most {_LARGEST_NUMBER}")


def read_config(path: Path) -> dict:
    """What a `config.json` holds, without the name of a pickle whose weights are in `model.safetensors` anyway."""
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
        if type(value) not in (int, float) or not least <= value <= 1e6:
            raise ValueError(f"{path}: stat.{name} is {shown(value)}; expected what the model was trained with")
    for name, value in _FIXED.items():
        if config.get(name, value) != value or type(config.get(name, value)) is not type(value):
            raise ValueError(f"{path}: {name} is {shown(config[name])}; expected {shown(value)}, as MuQ has")
    return {**config, "rvq_ckpt_path": None}
