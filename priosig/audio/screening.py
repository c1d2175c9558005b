"""Talk and silence of a recording: no clean window overlaps them, and they end a bout of playing.

The voice detector and the level meter hear each recording in one pass, piece by piece, so that memory does not grow
with it; workers may share the videos (`priosig.audio.sharding`). No label is looked at.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from priosig._core.cache import EmbeddingCache
from priosig._core.progress import Progress
from priosig.annotations.segments import Segment
from priosig.annotations.timespans import Span
from priosig.audio.levels import LevelMeter
from priosig.audio.readahead import read_ahead
from priosig.audio.sharding import in_shards, make_shards
from priosig.audio.slices import plan_slices
from priosig.audio.streaming import PIECES_AHEAD, stream_pieces
from priosig.audio.voice_activity import TalkMeter
from priosig.audio.windows import MUQ_RATE


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
    """Find talk and silence in one part of each recording, from start to end (`priosig.annotations.bouts.lesson_of`).

    `store` keeps the voice detector's results by content; `progress` is as for `measure_features`.
    """
    parts = [Segment(video_id, video_id, "continue", *span) for video_id, span in lessons.items()]
    shards = make_shards(parts, plan_slices(parts, audio_dir))
    shared = None if store is None else EmbeddingCache(store.directory.absolute())
    heard: dict[str, tuple[list[Span], list[Span]]] = {}
    done, total = 0.0, sum(part.duration for part in parts)
    for shard in in_shards(_screen, shards, Path(audio_dir).absolute(), shared):
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


def _screen(
    shard: Sequence[Segment], audio_dir: Path, store: EmbeddingCache | None
) -> dict[str, tuple[list[Span], list[Span]]]:
    """Talk and silence of each part, in seconds from its start."""
    heard, meters = {}, {}
    for piece in read_ahead(stream_pieces(plan_slices(shard, audio_dir)), PIECES_AHEAD):
        if piece.name not in meters:
            meters[piece.name] = TalkMeter(MUQ_RATE, store=store), LevelMeter(MUQ_RATE)
        talk, levels = meters[piece.name]
        talk.add(piece.samples)
        levels.add(piece.samples)
        if piece.last:
            del meters[piece.name]
            heard[piece.name] = talk.finish(), levels.silent_intervals()
    return heard
