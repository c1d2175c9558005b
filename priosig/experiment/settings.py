"""The settings of an experiment, read from `experiment.toml`.

The file is written before the run that it governs; docs/corpus.md shows one with every key. A key that is not known
is refused: a misspelt threshold that is ignored is a threshold that was never set.
"""

import math
import os
import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import get_args

from priosig._core.checks import shown
from priosig._core.parts import need_part
from priosig.confounds.registry import Role
from priosig.extraction.muq.layers import Layer, layer_numbers
from priosig.extraction.muq.precision import check_precision
from priosig.verdict.rule import check_level

EXPERIMENT_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}\Z")
_LONGEST = 100_000  # bytes of an experiment.toml
_TESTS = 2  # models, whose p-values are corrected for each other
_RANGES = {
    "auc": (0.5, 0.99),
    "min_continue_duration": (0.001, 1e6),
    "equal_length": (0.001, 1e6),
    "guard": (0, 1e6),
    "C": (1e-6, 1e6),
    "alpha": (1e-6, 0.5),
    "n_permutations": (19, 10**7),
    "seed": (0, 2**63),
}
_TABLES = {
    "thresholds": {"auc"},
    "parameters": {*_RANGES} - {"auc"},
    "encoder": {"layer", "precision", "revision", "keep_frames"},
    "confounds": {"columns", "roles"},
}


@dataclass(frozen=True)
class Settings:
    """What governs an experiment."""

    auc: float = 0.60  # least AUC within video that counts as a finding
    min_continue_duration: float = 5.0  # s
    equal_length: float = 10.0  # s
    guard: float = 1.0  # s, kept away from the end of a window
    C: float = 1.0  # inverse strength of the L2 penalty
    alpha: float = 0.05  # level of every test
    n_permutations: int = 9999  # (n_permutations + 1) * alpha must be whole, and at least 2: one for each model
    seed: int = 0
    layer: Layer = "last"
    precision: str = "float32"
    revision: str = ""  # of a hub id: a commit pins the weights
    keep_frames: bool = False  # whether the cache keeps frames too, 369 MB an hour of audio
    exploratory: bool = False  # whether the data had been looked at before the settings were written
    columns: str = ""  # name of a CSV beside experiment.toml
    roles: dict[str, Role] = field(default_factory=dict)  # of confounds


def read_settings(path: str | os.PathLike) -> tuple[str | None, Settings]:
    """Read `experiment.toml`: its name, if it gives one, and its settings (defaults where it is silent)."""
    path = need_part(path, "file", "the experiment's settings")
    document = _read_toml(path)
    _refuse_unknown(path, document, {"name", "exploratory", *_TABLES}, "")
    name, exploratory = document.get("name"), document.get("exploratory", False)
    is_name = name is None or (isinstance(name, str) and EXPERIMENT_NAME.match(name))
    _need(is_name, f"{path}: name", name, "1 to 64 letters, digits, '_' or '-'")
    _need(type(exploratory) is bool, f"{path}: exploratory", exploratory, "true or false")
    values: dict[str, object] = {"exploratory": exploratory}
    for table, known in _TABLES.items():
        content = document.get(table, {})
        _need(isinstance(content, dict), f"{path}: {table}", content, f"a table, [{table}]")
        _refuse_unknown(path, content, known, f"[{table}] ")
        check = {"encoder": _checked_encoder, "confounds": _checked_confounds}.get(table, _checked)
        values |= {key: check(path, key, value) for key, value in content.items()}
    settings = Settings(**values)
    check_level(settings.n_permutations, settings.alpha, str(path))
    fewest = math.ceil(_TESTS / settings.alpha - 1e-9) - 1
    if settings.n_permutations < fewest:
        raise ValueError(
            f"{path}: n_permutations is {settings.n_permutations}; expected at least {fewest}: with fewer, no p that "
            f"is corrected for {_TESTS} models reaches alpha, {settings.alpha:g}"
        )
    return name, settings


def _read_toml(path: Path) -> dict:
    with path.open("rb") as file:
        data = file.read(_LONGEST + 1)
    if len(data) > _LONGEST:
        raise ValueError(f"{path}: over {_LONGEST} bytes; expected the settings of one experiment")
    try:
        return tomllib.loads(data.decode("utf-8-sig"))
    except RecursionError:
        raise ValueError(f"{path}: not TOML that can be read (nested too deeply)") from None
    except ValueError as error:  # no TOML, no UTF-8, or an integer of thousands of digits
        raise ValueError(f"{path}: not TOML ({error})") from None


def _refuse_unknown(path: Path, content: dict, known: set[str], where: str) -> None:
    if unknown := sorted(set(content) - known):
        raise ValueError(f"{path}: {where}{shown(unknown[0])} is not known; expected {', '.join(sorted(known))}")


def _need(is_right: object, where: str, value: object, expected: str) -> None:
    if not is_right:
        raise ValueError(f"{where} is {shown(value)}; expected {expected}")


def _checked_encoder(path: Path, key: str, value: object) -> Layer | bool:
    where = f"{path}: [encoder]"
    if key == "revision":
        _need(isinstance(value, str), f"{where} {key}", value, "a text")
        return value
    if key == "keep_frames":
        _need(isinstance(value, bool), f"{where} {key}", value, "true or false")
        return value
    value = tuple(value) if isinstance(value, list) else value
    try:
        layer_numbers(value) if key == "layer" else check_precision(value, "auto")
    except ValueError as error:
        raise ValueError(f"{where} {error}") from None
    return value


def _checked_confounds(path: Path, key: str, value: object) -> str | dict:
    where, roles = f"{path}: [confounds] {key}", get_args(Role)
    if key == "columns":
        _need(isinstance(value, str) and value.isprintable(), where, value, "the name of a CSV beside it")
        return value
    _need(isinstance(value, dict), where, value, "a table, [confounds.roles]")
    for name, role in value.items():
        _need(role in roles, f"{path}: [confounds.roles] {shown(name)}", role, " or ".join(roles))
    return value


def _checked(path: Path, key: str, value: object) -> float:
    low, high = _RANGES[key]
    whole = isinstance(getattr(Settings, key), int)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    is_right = is_number and low <= value <= high and (not whole or value == int(value))
    kind = "a whole number" if whole else "a number"
    _need(is_right, f"{path}: {key}", value, f"{kind} from {low:.10g} to {high:.10g}")
    return int(value) if whole else float(value)
