"""The settings of the suite (`priosig.experiment.options`) as options of pytest.

Only the pytest configuration knows about places; the library is handed what it needs.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from priosig.experiment import options
from priosig.experiment.corpus import Corpus
from priosig.experiment.options import OPTIONS

ROOT = Path(__file__).parents[2]
CORPUS = pytest.StashKey[Corpus | None]()


def add_options(parser: pytest.Parser) -> None:
    group = parser.getgroup("priosig")
    for option in OPTIONS.values():
        group.addoption(
            f"--{option.name}",
            default=None,
            metavar=option.name.upper(),
            action="append" if option.many else "store",
            help=f"{option.help} (or {option.variable}, or priosig_{option.name} in the ini file)",
        )
        parser.addini(f"priosig_{option.name}", option.help, type="linelist" if option.many else "string")


def setting(config: pytest.Config, name: str) -> options.Value:
    """Value of a setting: command line, then environment, then ini file, then default."""
    option = OPTIONS[name]
    value = config.getini(f"priosig_{name}")
    if value:
        # A path in the ini file is meant from where that file lies.
        values = [_from_ini(config, v) for v in (value if option.many else [value])]
        value = values if option.many else values[0]
    chosen = options.choose(option, config.getoption(f"--{name}"), value)
    return str(ROOT / chosen) if name in ("cache", "report") and chosen == option.default else chosen


def check_settings(config: pytest.Config) -> None:
    """A usage error if there can be no such device, directory of results or time of the run."""
    with _usage():
        options.check_settings({name: setting(config, name) for name in OPTIONS})


def corpus_of(config: pytest.Config) -> Corpus | None:
    """The corpus that the settings name, or None; a usage error if there is something wrong with it."""
    with _usage():
        return options.corpus_of({name: setting(config, name) for name in OPTIONS})


@contextmanager
def _usage() -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError) as error:
        raise pytest.UsageError(str(error)) from None


def _from_ini(config: pytest.Config, value: str) -> str:
    beside = config.inipath.parent / value if config.inipath is not None else Path(value)
    return str(beside) if beside.exists() else value
