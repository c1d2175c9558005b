"""Spreading work over processes and machines: shards, by joblib.

The work on recordings is cut into shards, each a few minutes of one recording, and handed to joblib. Inside
``joblib.parallel_config(backend="dask")``, or ``"ray"``, or ``n_jobs=4`` for processes of this machine, the shards go
there; with none of these they are done here, one after the other. A shard's result depends on its input alone.
Workers share a cache, so that a shard that is done again because its worker died computes only what is missing.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from priosig.annotations.segments import Segment
from priosig.audio.slices import Slice

T = TypeVar("T")
SHARD_SECONDS = 600.0  # of audio: minutes of work on a CPU, seconds on an accelerator


def make_shards(
    segments: Sequence[Segment], slices: dict[str, Slice], *, seconds: float = SHARD_SECONDS
) -> list[list[Segment]]:
    """Cut segments into shards: of one recording each, in order of time, of at least `seconds` of audio but the last.

    Segments that overlap lie next to each other, so that a shard reads what they share once.
    """
    by_recording: dict[object, list[Segment]] = {}
    for segment in segments:
        by_recording.setdefault(slices[segment.segment_id].recording, []).append(segment)
    shards: list[list[Segment]] = []
    for members in by_recording.values():
        filled = seconds
        for segment in sorted(members, key=lambda s: (s.start_time, s.end_time, s.segment_id)):
            if filled >= seconds:
                shards.append([])
                filled = 0.0
            shards[-1].append(segment)
            filled += segment.duration
    return shards


def is_spread() -> bool:
    """Whether joblib is configured to use more than this process."""
    import joblib

    backend, _ = joblib.parallel.get_active_backend()
    is_local = type(backend).__module__ == joblib._parallel_backends.__name__
    return not is_local or joblib.effective_n_jobs(None) > 1


def in_shards(function: Callable[..., T], shards: Sequence[Sequence[Segment]], *arguments: object) -> Iterator[T]:
    """``function(shard, *arguments)`` for each shard, wherever joblib runs it, in the order in which they end."""
    import joblib

    backend, _ = joblib.parallel.get_active_backend()
    # A backend that cannot give results one by one gives them all at the end.
    as_done = "generator_unordered" if getattr(backend, "supports_return_generator", False) else "list"
    yield from joblib.Parallel(return_as=as_done)(joblib.delayed(function)(shard, *arguments) for shard in shards)
