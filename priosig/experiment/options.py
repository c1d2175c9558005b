"""Paths and device: the settings that the suite and the command share.

Every setting is looked for on the command line, then in the environment, then (the suite) in the pytest ini file:
`--corpus`, `PRIOSIG_CORPUS`, `priosig_corpus`, and so on. The library is handed what it needs and asks for none of
them.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from priosig._core.checks import shown
from priosig._core.parts import find_part
from priosig.experiment.corpus import Corpus, open_corpus
from priosig.experiment.planted import PLANTED


@dataclass(frozen=True)
class Option:
    """One setting; `many` ones may be given several times (in the environment: split like PATH)."""

    name: str
    help: str
    default: str | None = None
    many: bool = False

    @property
    def variable(self) -> str:
        """Its name in the environment."""
        return f"PRIOSIG_{self.name.upper()}"


_ROWS = (
    Option("corpus", "directory of the real experiment: moments.jsonl, audio/, checkpoints/, muq/, experiment.toml"),
    Option("moments", "annotations (moments.jsonl); alone, what needs no audio is run"),
    Option("audio", "directory of recordings, <video_id>.wav"),
    Option("muq", "MuQ: a directory with config.json and model.safetensors, or a hub id"),
    Option("checkpoint", "PercePiano quality head (.ckpt) or a directory of them; may be repeated", many=True),
    Option("device", "auto (cuda, mps, cpu: the first there is), cpu, cuda, cuda:<number> or mps", "auto"),
    Option("cache", "directory of computed embeddings", os.path.join(".priosig", "cache")),
    Option("report", "directory of the report", os.path.join(".priosig", "report")),
)
OPTIONS: dict[str, Option] = {row.name: row for row in _ROWS}
"""Every setting, by name. The defaults of cache and report are meant from where one is."""

Value = str | list[str] | None


def choose(option: Option, given: Value, ini: Value = None) -> Value:
    """Value of a setting: the command line's, else the environment's, else the ini file's, else its default."""
    if given:
        return given
    if value := os.environ.get(option.variable):
        return value.split(os.pathsep) if option.many else value
    return ini or ([] if option.many else option.default)


def check_settings(values: Mapping[str, Value]) -> None:
    """Raise a ValueError for a device, a directory of results or a SOURCE_DATE_EPOCH that there can't be."""
    device, epoch = values["device"], os.environ.get("SOURCE_DATE_EPOCH", "")
    if not re.fullmatch(r"auto|cpu|mps|cuda(:\d+)?", device):
        raise ValueError(f"--device {device}: expected auto, cpu, cuda, cuda:<number> or mps")
    if not re.fullmatch(r"\d{0,11}", epoch, re.ASCII):
        raise ValueError(f"SOURCE_DATE_EPOCH is {shown(epoch)}; expected whole seconds since 1970")
    for name in ("cache", "report"):
        path = Path(values[name])
        there = next(parent for parent in (path, *path.absolute().parents) if os.path.lexists(parent))
        try:
            for one in (path, there):
                find_part(one, "directory", "a directory")
        except ValueError as error:
            raise ValueError(f"--{name} {error}") from None
        if not os.access(there, os.W_OK):
            raise ValueError(f"--{name} {path}: {there} can't be written to; expected a directory that can")


def corpus_of(values: Mapping[str, Value]) -> Corpus | None:
    """The corpus that settings name, or None; an OSError or ValueError if there is something wrong with it."""
    directory, moments = values["corpus"], values["moments"]
    if directory is None and moments is None:
        if stray := [name for name in ("audio", "muq", "checkpoint") if values[name]]:
            raise ValueError(f"--{stray[0]} was given without annotations; add --corpus DIR or --moments FILE")
        return None
    corpus = open_corpus(
        directory, moments=moments, audio=values["audio"], checkpoints=values["checkpoint"], muq=values["muq"]
    )
    given = [name for name in ("muq", "checkpoint") if values[name]]
    if corpus.audio is None and given:
        where = f"{directory}/audio: no such directory" if directory else "there is no audio"
        raise ValueError(f"--{given[0]} was given, but {where}; add --audio DIR, or leave --{given[0]} out")
    if corpus.name.lower() in PLANTED:
        # Its report would take the place of the world's.
        raise ValueError(
            f"corpus {corpus.moments.parent}: its name, {corpus.name!r}, is that of an embedded world; expected "
            'another: give it one in experiment.toml (name = "...")'
        )
    return corpus
