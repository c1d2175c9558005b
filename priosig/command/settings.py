"""The settings of the suite (`priosig.experiment.options`) as options of the command."""

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence

from priosig.experiment.options import OPTIONS, Value, check_settings, choose


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


def settings_of(given: Namespace) -> dict[str, Value]:
    """Every setting by name: as given, else of the environment, else its default; checked."""
    values = {name: choose(option, getattr(given, name, None)) for name, option in OPTIONS.items()}
    check_settings(values)
    return values
