"""The settings of the command: those of the suite (`priosig.experiment.options`), and those of an experiment."""

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from priosig._core.parts import find_part, refuse_misspelt
from priosig.experiment.options import OPTIONS, Value, check_device, check_directory, check_run_time, choose
from priosig.experiment.settings import Settings, read_settings

_OF_EXPERIMENT = {
    "min_continue_duration": "shortest CONTINUE segment",
    "equal_length": "length of the windows",
    "guard": "kept away from the end of a window in bouts",
    "seed": "of random draws",
}


def add_settings(parser: ArgumentParser, names: Sequence[str]) -> None:
    """Add settings by name, with the words of the table."""
    for name in names:
        option = OPTIONS[name]
        default = f", default {option.default}" if option.default else ""
        parser.add_argument(
            f"--{name}",
            metavar=name.upper(),
            action="append" if option.many else "store",
            help=f"{option.help} (or {option.variable}{default})".replace("%", "%%"),
        )


def add_of_experiment(parser: ArgumentParser, names: Sequence[str]) -> None:
    """Add settings of an experiment by name, to be given in place of those of its experiment.toml."""
    for name in names:
        default = getattr(Settings(), name)
        parser.add_argument(
            f"--{name.replace('_', '-')}",
            type=type(default),
            metavar="SEED" if name == "seed" else "SECONDS",
            help=f"{_OF_EXPERIMENT[name]}; default: that of the experiment.toml beside FILE, else {default:g}",
        )


def settings_beside(moments: str, given: Namespace) -> tuple[Settings, str]:
    """The settings of the experiment.toml beside annotations, or the options in their place; their source."""
    directory = Path(moments).parent
    refuse_misspelt(directory, ["experiment.toml"])
    path = find_part(directory / "experiment.toml", "file", "the experiment's settings")
    settings = Settings() if path is None else read_settings(path)[1]
    chosen = {name: value for name in _OF_EXPERIMENT if (value := getattr(given, name, None)) is not None}
    options = ", ".join(f"--{name.replace('_', '-')}" for name in chosen)
    source = "default settings, since no experiment.toml is beside it" if path is None else f"settings of {path}"
    return replace(settings, **chosen), f"{source}{f', except {options}' if options else ''}"


def settings_of(given: Namespace) -> dict[str, Value]:
    """Every setting by name: as given, else of the environment, else its default; device and directories checked."""
    values = {name: choose(option, getattr(given, name, None)) for name, option in OPTIONS.items()}
    check_run_time()
    check_device(values["device"])
    for name in ("cache", "report"):
        check_directory(name, Path(values[name]))
    return values
