"""Progress of long work: what a stage reports, and how fits are counted where they are made.

A *stage* is named when it begins (`Stages`), and is given a function that takes a `Progress` each time there is more
to tell. Nothing here writes anywhere.

Recordings report seconds of audio. The statistics make thousands of fits in loops many calls deep; so that not every
signature hands a counter on, a stage opens `counted_fits`, and whatever makes fits inside says so (`fits_made`).
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True)
class Progress:
    """How far a stage is."""

    done: float  # what is known by now, from the cache or computed
    cached: float  # the part of it that comes from the cache and so took no time
    total: float | None  # all there is to do; None if nobody said
    unit: str = "s of audio"


Report = Callable[[Progress], None]
Stages = Callable[[str], Report]
"""Takes the name of a stage that begins, gives what takes its progress."""


def within(stages: Stages | None, where: str) -> Stages | None:
    """The stages of a part of the work, each named after it; None for None."""
    return None if stages is None else lambda name: stages(f"{where}: {name}")


_COUNTER: ContextVar[Callable[[int], None] | None] = ContextVar("fits that are counted", default=None)


@contextmanager
def counted_fits(stages: Stages | None, name: str, total: int) -> Iterator[None]:
    """A stage of `total` fits; without `stages`, nothing is counted.

    A stage inside another counts for itself alone.
    """
    if stages is None:
        yield
        return
    report, done = stages(name), 0

    def count(n: int) -> None:
        nonlocal done
        done += n
        report(Progress(done, 0, total, "fits"))

    token = _COUNTER.set(count)
    try:
        yield
    finally:
        _COUNTER.reset(token)


def fits_made(n: int) -> None:
    """Say that `n` more fits are done."""
    count = _COUNTER.get()
    if n and count is not None:
        count(n)
