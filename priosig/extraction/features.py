"""What is heard in each segment: embeddings, quality scores, levels.

Recordings are decoded once, in one pass ahead of the encoder, and a window goes through all measurements and is
forgotten: what is kept of a segment are its rows of features. So memory does not grow with recordings, and with their
number by the rows alone. Where joblib has been told of workers, segments go to them in shards
(`priosig.audio.sharding`). No label is looked at here.
"""

import functools
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from priosig._core.progress import Progress
from priosig.annotations.segments import Segment
from priosig.audio.readahead import read_side_by_side
from priosig.audio.sharding import in_shards, is_spread, make_shards
from priosig.audio.slices import Slice, plan_slices
from priosig.audio.streaming import PIECES_AHEAD, READERS, by_recording, resampled_length, stream_pieces
from priosig.audio.windows import MUQ_RATE, SHORTEST_POOLED, Piece
from priosig.extraction.encoder import Encoder
from priosig.extraction.pooling import FrameSummary

Meters = Mapping[str, tuple[type, str]]


@dataclass(frozen=True)
class Features:
    """Features of segments, a row each, in their order.

    Attributes
    ----------
    embeddings : np.ndarray, float32, shape (n_segments, 2 D)
        Mean and unbiased standard deviation of MuQ's frames: what Model A is fitted to.
    quality : np.ndarray, float64, shape (n_segments, 19), or None
        PercePiano scores: what Model B is fitted to; None without checkpoints.
    heard : dict of str to np.ndarray, shape (n_segments,)
        Confounds that need the waveform: what the meters read, and the number of frames.
    """

    embeddings: np.ndarray
    quality: np.ndarray | None
    heard: dict[str, np.ndarray]

    def of(self, rows: Sequence[int]) -> "Features":
        """The features of some of the segments, by their rows."""
        return Features(
            embeddings=self.embeddings[rows],
            quality=None if self.quality is None else self.quality[rows],
            heard={name: values[rows] for name, values in self.heard.items()},
        )


@dataclass(frozen=True)
class Heard:
    """What one pass over a segment gives: the summary of its frames, and what meters read, by confound."""

    summary: FrameSummary
    readings: dict[str, float]


def measure_features(
    segments: Sequence[Segment],
    audio_dir: str | Path,
    extractor: Encoder,
    checkpoints: Sequence[str | Path] = (),
    *,
    meters: Meters | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Features:
    """Encode and measure segments.

    Parameters
    ----------
    segments : sequence of Segment
    audio_dir : path-like
        Recordings, `<video_id>.wav` or another extension (`priosig.audio.slices`).
    extractor : Encoder
        Its cache makes a second call quick, and is what workers share.
    checkpoints : sequence of path-like
        Quality heads, averaged.
    meters : mapping of str to (class, str), optional
        Confounds to be heard in the same pass (`priosig.confounds.registry.meters`).
    progress : callable, optional
        See `Encoder.summarise`; where work is spread, called for each shard that is done.

    Returns
    -------
    Features

    Raises
    ------
    FileNotFoundError, ValueError
        Naming the segment and the file; before anything is computed where headers can tell.
    """
    slices = plan_slices(segments, audio_dir)
    check_lengths(slices)
    seconds = sum(part.n_frames / part.recording.samplerate for part in slices.values())
    meters = meters or {}
    if is_spread():
        passes = _hear_spread(segments, slices, audio_dir, extractor, meters, seconds, progress)
    else:
        passes = _hear(slices, extractor, meters, seconds, progress)
    row = {segment_id: number for number, segment_id in enumerate(slices)}
    embeddings: np.ndarray | None = None
    pooled: np.ndarray | None = None
    extremes = False
    if checkpoints:
        from priosig.extraction.percepiano.scores import check_heads, need_extremes, scores_of_pooled

        extremes = need_extremes(checkpoints)
    heard = {name: np.empty(len(slices)) for name in (*meters, "frames")}
    # A summary is some times as large as the rows it gives, and as many as there are segments would fill the memory.
    for segment_id, one in passes:
        if embeddings is None:
            if checkpoints:
                check_heads(checkpoints, one.summary.width)
            embeddings = np.empty((len(slices), len(one.summary.embedding)), np.float32)
        embeddings[row[segment_id]] = one.summary.embedding
        if checkpoints:
            given = one.summary.head_input(extremes=extremes)
            pooled = np.empty((len(slices), len(given)), np.float32) if pooled is None else pooled
            pooled[row[segment_id]] = given
        for name, value in (*one.readings.items(), ("frames", one.summary.n)):
            heard[name][row[segment_id]] = value
    # In the order of the rows, whatever order they came in.
    quality = scores_of_pooled(pooled, checkpoints) if checkpoints else None
    return Features(embeddings, quality, heard)


def check_lengths(slices: Mapping[str, Slice]) -> None:
    """Refuse, by segment and file, what is too short for MuQ to give two frames of, which a spread needs.

    Raises
    ------
    ValueError
        Naming the first such segment, and how many there are.
    """
    short = {}
    for segment_id, part in slices.items():
        n = resampled_length(part.n_frames, part.recording.samplerate, MUQ_RATE)
        if n < SHORTEST_POOLED:
            short[segment_id] = n, part.recording.path
    if short:
        segment_id, (n, path) = next(iter(short.items()))
        others = f" ({len(short) - 1} more like it)" if len(short) > 1 else ""
        raise ValueError(
            f"segment {segment_id}: {path}: {n} samples at {MUQ_RATE} Hz, {n / MUQ_RATE:.4f} s, are too few for MuQ"
            f"{others}; expected at least {SHORTEST_POOLED}, {SHORTEST_POOLED / MUQ_RATE:g} s: mend its times in the "
            "annotations, or leave it out"
        )


def _hear(
    slices: dict[str, Slice], extractor: Encoder, meters: Meters, seconds: float, progress: Callable | None
) -> Iterator[tuple[str, Heard]]:
    kinds = dict.fromkeys(kind for kind, _ in meters.values())  # one meter may read several confounds
    running: dict[str, dict[type, Any]] = {}

    def pieces(of_recording: dict[str, Slice]) -> Iterator[Piece]:
        for piece in stream_pieces(of_recording):
            if piece.name not in running:
                running[piece.name] = {kind: kind(MUQ_RATE) for kind in kinds}
            for meter in running[piece.name].values():
                meter.add(piece.samples)
            yield piece

    ahead = read_side_by_side(map(pieces, by_recording(slices)), READERS, PIECES_AHEAD // READERS)
    for segment_id, summary in extractor.summarise(ahead, total_seconds=seconds, progress=progress):
        read = running.pop(segment_id)
        yield segment_id, Heard(summary, {name: getattr(read[kind], what) for name, (kind, what) in meters.items()})


def _hear_spread(
    segments: Sequence[Segment],
    slices: dict[str, Slice],
    audio_dir: str | Path,
    extractor: Encoder,
    meters: Meters,
    seconds: float,
    progress: Callable | None,
) -> Iterator[tuple[str, Heard]]:
    done = cached = 0.0
    remote = Path(audio_dir).absolute(), type(extractor), extractor.elsewhere(), extractor.parameters(), meters
    for part, last in in_shards(_hear_shard, make_shards(segments, slices), *remote):
        done, cached = done + last.done, cached + last.cached
        if progress is not None:
            progress(Progress(done, cached, seconds))
        yield from part.items()


def _hear_shard(
    shard: Sequence[Segment], audio_dir: Path, kind: type[Encoder], arguments: dict, parameters: dict, meters: Meters
) -> tuple[dict[str, Heard], Progress]:
    """What a worker hears in a shard, and how much of it was in the cache."""
    slices = plan_slices(shard, audio_dir)
    last = Progress(0.0, 0.0, None)

    def remember(progress: Progress) -> None:
        nonlocal last
        last = progress

    with _ONE_AT_A_TIME:
        extractor = _extractor_of(kind, tuple(sorted(arguments.items())), tuple(sorted(parameters.items())))
        here = extractor.parameters()
        if here != parameters:
            differ = "; ".join(
                f"{k}: {v} there, {here.get(k)} here" for k, v in parameters.items() if here.get(k) != v
            )
            raise ValueError(
                f"worker: not what the work was given out with ({differ}); expected the same software, weights and "
                "kind of device (name it, device='cuda', where not every machine has one)"
            )
        heard = dict(_hear(slices, extractor, meters, 0.0, remember))
    return heard, last


_ONE_AT_A_TIME = threading.Lock()  # a worker may have several threads; the model and the device are one


@functools.lru_cache(maxsize=1)
def _extractor_of(kind: type[Encoder], arguments: tuple[tuple[str, object], ...], parameters: tuple) -> Encoder:
    """The worker's encoder: made, and loaded, once for given parameters (a directory's weights may change)."""
    return kind(**dict(arguments))
