"""Talk and silence of a recording: no clean window overlaps them, and they end a bout of playing.

The voice detector and the level meter hear each recording in one pass, piece by piece, so that memory does not grow
with it. Where work is spread, videos go to workers in shards (`priosig.audio.sharding`). No label is looked at.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from priosig._core.cache import EmbeddingCache
from priosig._core.progress import Progress
from priosig.annotations.segments import Segment
from priosig.annotations.timespans import Span
from priosig.audio.levels import LevelMeter
from priosig.audio.readahead import read_ahead
from priosig.audio.sharding import in_shards, is_spread, make_shards
from priosig.audio.slices import Slice, plan_slices
from priosig.audio.streaming import PIECES_AHEAD, stream_pieces
from priosig.audio.voice_activity import TalkMeter
from priosig.audio.windows import MUQ_RATE

TalkAndSilence = tuple[list[Span], list[Span]]


@dataclass(frozen=True)
class Screening:
    """When there is talk or silence in each video; spans in seconds from its start."""

    lessons: dict[str, Span]  # the part of each video that was screened
    talk: dict[str, list[Span]]
    silence: dict[str, list[Span]]


def screen_lessons(
    lessons: Mapping[str, Span],
    audio_dir: str | Path,
    *,
    store: EmbeddingCache | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Screening:
    """Find talk and silence in one part of each recording.

    Parameters
    ----------
    lessons : mapping of video_id to (start, end)
        From `priosig.annotations.bouts.lesson_of`.
    audio_dir : path-like
    store : EmbeddingCache, optional
        Where the voice detector's results are kept by content.
    progress : callable, optional
        As for `measure_features`.
    """
    parts = [Segment(video_id, video_id, "continue", *span) for video_id, span in lessons.items()]
    slices = plan_slices(parts, audio_dir)
    if is_spread():
        shared = None if store is None else EmbeddingCache(store.directory.absolute())
        shards = in_shards(_screen_shard, make_shards(parts, slices), Path(audio_dir).absolute(), shared)
    else:
        shards = ({video_id: both} for video_id, both in _screen(slices, store))
    heard: dict[str, TalkAndSilence] = {}
    done, total = 0.0, sum(part.duration for part in parts)
    for shard in shards:
        heard |= shard
        done += sum(lessons[video_id][1] - lessons[video_id][0] for video_id in shard)
        if progress is not None:
            progress(Progress(done, 0.0, total))
    talk, silence = {}, {}
    for video_id, (first, _) in lessons.items():
        talk[video_id], silence[video_id] = (
            [(start + first, end + first) for start, end in spans] for spans in heard[video_id]
        )
    return Screening(dict(lessons), talk, silence)


def _screen(slices: dict[str, Slice], store: EmbeddingCache | None) -> Iterator[tuple[str, TalkAndSilence]]:
    """Talk and silence of each part, in seconds from its start."""
    meters: dict[str, tuple[TalkMeter, LevelMeter]] = {}
    for piece in read_ahead(stream_pieces(slices), PIECES_AHEAD):
        if piece.name not in meters:
            meters[piece.name] = TalkMeter(MUQ_RATE, store=store), LevelMeter(MUQ_RATE)
        talk, levels = meters[piece.name]
        talk.add(piece.samples)
        levels.add(piece.samples)
        if piece.last:
            del meters[piece.name]
            yield piece.name, (talk.finish(), levels.silent_intervals())


def _screen_shard(
    shard: Sequence[Segment], audio_dir: Path, store: EmbeddingCache | None
) -> dict[str, TalkAndSilence]:
    return dict(_screen(plan_slices(shard, audio_dir), store))
