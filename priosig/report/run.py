"""The report of one run, as the suite and the command both write it."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from priosig._core.cache import EmbeddingCache
from priosig.experiment.corpus import Corpus, read_annotations
from priosig.experiment.pipeline import Experiment, describe
from priosig.experiment.sensitivity import Row
from priosig.extraction.encoder import Encoder
from priosig.report.page import markdown_summary, write_failure, write_report


def environment_of(device: str, extractor: Encoder | None) -> dict[str, str]:
    """What a run ran on, and what determined its frames; without an encoder it heard nothing."""
    if extractor is None:
        return {"device": "none"}
    encoder = ", ".join(f"{name} {value}" for name, value in extractor.parameters().items())
    return {"device": device, "encoder": encoder}


def run_time() -> str:
    """Now, to the minute; SOURCE_DATE_EPOCH fixes it, for those who compare reports byte by byte."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    now = datetime.fromtimestamp(int(epoch), UTC) if epoch else datetime.now(UTC)
    return now.strftime("%Y-%m-%d %H:%M UTC")


def draw(
    experiment: Experiment, directory: Path, time: str, environment: Mapping[str, str], sensitivity: Sequence[Row]
) -> tuple[Path, str]:
    """Write a report; give its page and the summary."""
    page = write_report(experiment, directory, run_time=time, environment=environment, sensitivity=sensitivity)
    return page, markdown_summary(experiment)


def draw_failure(corpus: Corpus, name: str, directory: Path, cache: str, message: str, time: str) -> Path:
    """The report of what could not be run: what its annotations say, or the reason alone if they can't be read."""
    try:
        known = describe(read_annotations(replace(corpus, audio=None)), EmbeddingCache(cache))
    except (OSError, ValueError):
        return write_failure(name, directory, message, run_time=time)
    return write_report(known, directory, run_time=time, environment=environment_of("", None), failure=message)


def shortest(path: Path) -> str:
    """A path relative to the working directory if it lies below it."""
    relative = os.path.relpath(path)
    return relative if not relative.startswith("..") else str(path)
