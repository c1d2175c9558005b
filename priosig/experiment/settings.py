"""The settings of an experiment, read from `experiment.toml`.

The file is written before the run that it governs. A key that is not known is refused: a misspelt threshold that is
ignored is a threshold that was never set::

    name = "masterclass-2026"
    exploratory = false         # true if the data had been looked at before this file was written

    [thresholds]
    auc = 0.60                  # least AUC within video that counts as a finding

    [parameters]
    min_continue_duration = 5.0 # s
    equal_length = 10.0         # s, of the equal and clean views
    guard = 1.0                 # s, kept away from the end of a window in the clean view
    C = 1.0                     # inverse strength of the L2 penalty
    alpha = 0.05                # level of every test
    n_permutations = 9999       # (n_permutations + 1) * alpha should be whole
    seed = 0

    [encoder]
    layer = "last"              # or a number, or a list of numbers whose mean is taken
    precision = "float32"       # or "tf32", "bfloat16": quicker, and not the reference
    revision = ""               # of a hub id: a commit pins the weights
    keep_frames = false         # whether the cache keeps frames too, 369 MB an hour of audio
"""

import math
import os
import re
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path

from priosig.extraction.muq.layers import Layer, layer_numbers
from priosig.extraction.muq.precision import check_precision
from priosig.verdict.rule import check_level

EXPERIMENT_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}\Z")


@dataclass(frozen=True)
class Settings:
    """What governs an experiment; units in the module's docstring, each has a default."""

    auc: float = 0.60
    min_continue_duration: float = 5.0
    equal_length: float = 10.0
    guard: float = 1.0
    C: float = 1.0
    alpha: float = 0.05
    n_permutations: int = 9999
    seed: int = 0
    layer: Layer = "last"
    precision: str = "float32"
    revision: str = ""
    keep_frames: bool = False
    exploratory: bool = False


def read_settings(path: str | os.PathLike) -> tuple[str | None, Settings]:
    """Read `experiment.toml`: its name, if it gives one, and its settings (defaults where it is silent)."""
    path = Path(path)
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path}: not TOML ({error})") from None
    kinds = {field.name: field.type for field in fields(Settings)}
    encoder = {"layer", "precision", "revision", "keep_frames"}
    tables = {"thresholds": {"auc"}, "parameters": set(kinds) - {"auc", "exploratory"} - encoder, "encoder": encoder}
    _refuse_unknown(path, document, {"name", "exploratory", *tables}, "")

    name = document.get("name")
    if name is not None and (not isinstance(name, str) or not EXPERIMENT_NAME.match(name)):
        raise ValueError(f"{path}: name is {name!r}; expected 1 to 64 letters, digits, '_' or '-'")
    values: dict[str, object] = {"exploratory": document.get("exploratory", False)}
    if type(values["exploratory"]) is not bool:
        raise ValueError(f"{path}: exploratory is {values['exploratory']!r}; expected true or false")
    for table, known in tables.items():
        content = document.get(table, {})
        if not isinstance(content, dict):
            raise ValueError(f"{path}: {table} is {content!r}; expected a table, [{table}]")
        _refuse_unknown(path, content, known, f"[{table}] ")
        for key, value in content.items():
            if table == "encoder":
                values[key] = _checked_encoder(path, key, value)
            else:
                values[key] = _checked(path, key, value, whole=kinds[key] is int)
    settings = Settings(**values)
    check_level(settings.n_permutations, settings.alpha, str(path))
    return name, settings


def _checked_encoder(path: Path, key: str, value: object) -> Layer | bool:
    kind = {"revision": str, "keep_frames": bool}.get(key)
    if kind is not None:
        if type(value) is not kind:
            words = "a text" if kind is str else "true or false"
            raise ValueError(f"{path}: [encoder] {key} is {value!r}; expected {words}")
        return value
    value = tuple(value) if isinstance(value, list) else value
    try:
        layer_numbers(value) if key == "layer" else check_precision(value, "auto")
    except (TypeError, ValueError) as error:
        raise ValueError(f"{path}: [encoder] {error}") from None
    return value


def _refuse_unknown(path: Path, content: dict, known: set[str], where: str) -> None:
    unknown = sorted(set(content) - known)
    if unknown:
        raise ValueError(f"{path}: {where}{unknown[0]} is not known; expected {', '.join(sorted(known))}")


_RANGES = {
    "auc": (0.0, 1.0),
    "alpha": (1e-6, 0.5),
    "guard": (0.0, math.inf),
    "seed": (0, 2**63),
    "n_permutations": (19, 10**7),
}


def _checked(path: Path, key: str, value: object, *, whole: bool) -> float:
    low, high = _RANGES.get(key, (1e-9, math.inf))
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
    if not is_number or not low <= value <= high or (whole and value != int(value)):
        kind = "a whole number" if whole else "a number"
        bounds = f"from {low:g} to {high:g}"
        if math.isinf(high):
            bounds = "of 0 or more" if low == 0 else "above 0"
        raise ValueError(f"{path}: {key} is {value!r}; expected {kind} {bounds}")
    return int(value) if whole else float(value)
