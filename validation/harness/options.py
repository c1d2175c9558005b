"""Where data live, and on what they run: the settings of the suite.

Every setting is looked for on the command line, then in the environment, then in the pytest ini file:
`--corpus`, `PRIOSIG_CORPUS`, `priosig_corpus`, and so on. Only the pytest configuration knows about places; the
library is handed what it needs.
"""

import os
import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from priosig._core.checks import shown
from priosig._core.parts import find_part
from priosig.experiment.corpus import Corpus, open_corpus
from priosig.worlds.worlds import WORLDS

ROOT = Path(__file__).parents[2]
CORPUS = pytest.StashKey[Corpus | None]()


@dataclass(frozen=True)
class Option:
    """One setting of the suite; `many` ones may be given several times (in the environment: split like PATH)."""

    name: str
    help: str
    default: str | None = None
    many: bool = False


OPTIONS = (
    Option("corpus", "directory of the real experiment: moments.jsonl, audio/, checkpoints/, muq/, experiment.toml"),
    Option("moments", "annotations (moments.jsonl); alone, what needs no audio is run"),
    Option("audio", "directory of recordings, <video_id>.wav"),
    Option("muq", "MuQ: a directory with config.json and model.safetensors, or a hub id"),
    Option("checkpoint", "PercePiano quality head (.ckpt) or a directory of them; may be repeated", many=True),
    Option("device", "auto (cuda, mps, cpu: the first there is), cpu, cuda, cuda:<number> or mps", "auto"),
    Option("cache", "directory of computed embeddings", str(ROOT / ".priosig" / "cache")),
    Option("report", "directory of the report", str(ROOT / ".priosig" / "report")),
)


def add_options(parser: pytest.Parser) -> None:
    group = parser.getgroup("priosig")
    for option in OPTIONS:
        group.addoption(
            f"--{option.name}",
            default=None,
            metavar=option.name.upper(),
            action="append" if option.many else "store",
            help=f"{option.help} (or {_environment(option)}, or priosig_{option.name} in the ini file)",
        )
        parser.addini(f"priosig_{option.name}", option.help, type="linelist" if option.many else "string")


def setting(config: pytest.Config, name: str) -> str | list[str] | None:
    """Value of a setting: command line, then environment, then ini file, then default."""
    option = next(option for option in OPTIONS if option.name == name)
    given = config.getoption(f"--{name}")
    if given:
        return given
    value = os.environ.get(_environment(option), "")
    if value:
        return value.split(os.pathsep) if option.many else value
    value = config.getini(f"priosig_{name}")
    if value:
        # A path in the ini file is meant from where that file lies.
        values = [_from_ini(config, v) for v in (value if option.many else [value])]
        return values if option.many else values[0]
    return [] if option.many else option.default


def check_device(config: pytest.Config) -> None:
    """A usage error if the device is none that there could be."""
    device = setting(config, "device")
    if not re.fullmatch(r"auto|cpu|mps|cuda(:\d+)?", device):
        raise pytest.UsageError(f"--device {device}: expected auto, cpu, cuda, cuda:<number> or mps")


def check_directories(config: pytest.Config) -> None:
    """A usage error if the cache or the report can't be a directory that is written to."""
    for name in ("cache", "report"):
        path = Path(setting(config, name))
        there = next(parent for parent in (path, *path.absolute().parents) if os.path.lexists(parent))
        try:
            for one in (path, there):
                find_part(one, "directory", "a directory")
        except ValueError as error:
            raise pytest.UsageError(f"--{name} {error}") from None
        if not os.access(there, os.W_OK):
            raise pytest.UsageError(f"--{name} {path}: {there} can't be written to; expected a directory that can")


def check_run_time() -> None:
    """A usage error if the time that reports are to bear, instead of that of the run, is none."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    if not re.fullmatch(r"\d{0,11}", epoch, re.ASCII):
        raise pytest.UsageError(f"SOURCE_DATE_EPOCH is {shown(epoch)}; expected whole seconds since 1970")


def corpus_of(config: pytest.Config) -> Corpus | None:
    """The corpus that the settings name, or None; a usage error if there is something wrong with it."""
    directory, moments = setting(config, "corpus"), setting(config, "moments")
    if directory is None and moments is None:
        stray = [name for name in ("audio", "muq", "checkpoint") if setting(config, name)]
        if stray:
            raise pytest.UsageError(f"--{stray[0]} was given without annotations; add --corpus DIR or --moments FILE")
        return None
    try:
        corpus = open_corpus(
            directory,
            moments=moments,
            audio=setting(config, "audio"),
            checkpoints=setting(config, "checkpoint"),
            muq=setting(config, "muq"),
        )
    except (OSError, ValueError) as error:
        raise pytest.UsageError(str(error)) from None
    given = [name for name in ("muq", "checkpoint") if setting(config, name)]
    if corpus.audio is None and given:
        where = f"{directory}/audio: no such directory" if directory else "there is no audio"
        raise pytest.UsageError(f"--{given[0]} was given, but {where}; add --audio DIR, or leave --{given[0]} out")
    if corpus.name.lower() in WORLDS:
        # Its report would take the place of the world's.
        raise pytest.UsageError(
            f"corpus {corpus.moments.parent}: its name, {corpus.name!r}, is that of an embedded world; expected "
            'another: give it one in experiment.toml (name = "...")'
        )
    return corpus


def _environment(option: Option) -> str:
    return f"PRIOSIG_{option.name.upper()}"


def _from_ini(config: pytest.Config, value: str) -> str:
    beside = config.inipath.parent / value if config.inipath is not None else Path(value)
    return str(beside) if beside.exists() else value
