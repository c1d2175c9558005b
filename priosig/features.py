"""What is heard in each segment: embeddings, quality scores, levels, talk.

The one step that reads audio for the statistics. A segment's waveform is decoded once, measured, encoded and
pooled at once; neither waveforms nor frames are kept, so memory does not grow with the corpus. No label is looked
at here.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .audio import Slice, plan_slices, read_slice
from .cache import EmbeddingCache
from .dimensions import PERCEPIANO_DIMENSIONS
from .levels import level, silence_share, silent_intervals
from .pooling import stats_pool
from .segments import Segment
from .speech import detect_talk
from .views import Interval
from .windows import MUQ_RATE

if TYPE_CHECKING:
    from .encoder import MuQExtractor

_FRAMES_HELD = 32  # segments whose frames wait for the quality heads: 100 MB for 30 s windows of MuQ-large


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
        Confounds that need the waveform: level, silence, frames.
    clipped : dict of str to float
        Seconds that a segment overran its recording and lost; only segments that did.
    """

    embeddings: np.ndarray
    quality: np.ndarray | None
    heard: dict[str, np.ndarray]
    clipped: dict[str, float]

    def of(self, rows: Sequence[int], segment_ids: Collection[str]) -> "Features":
        """The features of some of the segments: their rows, and their ids."""
        return Features(
            embeddings=self.embeddings[rows],
            quality=None if self.quality is None else self.quality[rows],
            heard={name: values[rows] for name, values in self.heard.items()},
            clipped={segment_id: s for segment_id, s in self.clipped.items() if segment_id in segment_ids},
        )


@dataclass(frozen=True)
class Screening:
    """When there is talk or silence in each segment; intervals in seconds from the start of the video."""

    talk: dict[str, list[Interval]]
    silence: dict[str, list[Interval]]

    def busy(self) -> dict[str, list[Interval]]:
        """Talk and silence together: where a clean window must not lie."""
        return {segment_id: self.talk[segment_id] + self.silence[segment_id] for segment_id in self.talk}


def measure_features(
    segments: Sequence[Segment],
    audio_dir: str | Path,
    extractor: "MuQExtractor",
    checkpoints: Sequence[str | Path] = (),
    *,
    progress: Callable | None = None,
) -> Features:
    """Encode and measure segments.

    Parameters
    ----------
    segments : sequence of Segment
    audio_dir : path-like
        Recordings, `<video_id>.wav` or another extension (`priosig.audio`).
    extractor : MuQExtractor
        Its cache makes a second call quick.
    checkpoints : sequence of path-like
        Quality heads, averaged.
    progress : callable, optional
        See `MuQExtractor.extract`.

    Returns
    -------
    Features

    Raises
    ------
    FileNotFoundError, ValueError
        Naming the segment and the file; before anything is computed where headers can tell.
    """
    slices = plan_slices(segments, audio_dir)
    levels: dict[str, float] = {}
    silences: dict[str, float] = {}

    def waveforms() -> Iterator[tuple[str, np.ndarray]]:
        for segment_id, part in slices.items():
            samples = _read(segment_id, part)
            levels[segment_id] = level(samples)
            silences[segment_id] = silence_share(samples, MUQ_RATE)
            yield segment_id, samples

    seconds = sum(part.n_frames / part.recording.samplerate for part in slices.values())
    embeddings, n_frames, quality = {}, {}, {}
    waiting: dict[str, np.ndarray] = {}
    for segment_id, frames in extractor.extract(waveforms(), total_seconds=seconds, progress=progress):
        try:
            embeddings[segment_id] = stats_pool(frames)
        except ValueError as error:
            raise ValueError(f"segment {segment_id}: {error}; it is too short to be pooled") from error
        n_frames[segment_id] = len(frames)
        if checkpoints:
            waiting[segment_id] = frames
            if len(waiting) == _FRAMES_HELD:
                quality |= _quality_scores(waiting, checkpoints)
                waiting = {}
    if waiting:
        quality |= _quality_scores(waiting, checkpoints)

    def column(values: dict[str, float]) -> np.ndarray:
        return np.array([values[segment_id] for segment_id in slices], dtype=np.float64)

    return Features(
        embeddings=np.array([embeddings[segment_id] for segment_id in slices], dtype=np.float32),
        quality=np.array([quality[segment_id] for segment_id in slices], dtype=np.float64).reshape(
            -1, len(PERCEPIANO_DIMENSIONS)
        )
        if checkpoints
        else None,
        heard={"level": column(levels), "silence": column(silences), "frames": column(n_frames)},
        clipped={segment_id: part.clipped_seconds for segment_id, part in slices.items() if part.clipped_seconds},
    )


def screen_segments(
    segments: Sequence[Segment], audio_dir: str | Path, *, store: EmbeddingCache | None = None
) -> Screening:
    """Find talk and silence in each segment.

    Parameters
    ----------
    segments : sequence of Segment
        As annotated.
    audio_dir : path-like
    store : EmbeddingCache, optional
        Where the voice detector's results are kept by content.

    Returns
    -------
    Screening
    """
    slices = plan_slices(segments, audio_dir)
    silence: dict[str, list[Interval]] = {}

    def waveforms() -> Iterator[tuple[np.ndarray, int]]:
        for segment in segments:
            samples = _read(segment.segment_id, slices[segment.segment_id])
            found = silent_intervals(samples, MUQ_RATE)
            silence[segment.segment_id] = _shift(found, segment.start_time)
            yield samples, MUQ_RATE

    talk = {
        segment.segment_id: _shift(found, segment.start_time)
        for segment, found in zip(segments, detect_talk(waveforms(), store=store), strict=True)
    }
    return Screening(talk, silence)


def _read(segment_id: str, part: Slice) -> np.ndarray:
    try:
        return read_slice(part)
    except (OSError, ValueError) as error:
        raise ValueError(f"segment {segment_id}: {error}") from error


def _quality_scores(frames: dict[str, np.ndarray], checkpoints: Sequence[str | Path]) -> dict[str, np.ndarray]:
    from .head import extract_quality_scores

    return extract_quality_scores(frames, checkpoints)


def _shift(intervals: Sequence[Interval], by: float) -> list[Interval]:
    return [(start + by, end + by) for start, end in intervals]
