"""Segments as files of their own, and the frames of these: stage by stage, as the first study did it.

The pipeline itself does not need them: it streams (`priosig.audio.streaming`, `priosig.extraction.features`).
"""

import os
import struct
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

from priosig._core.atomic import write_bytes
from priosig._core.progress import Progress
from priosig.annotations.segments import Segment
from priosig.audio.recordings import probe_recording
from priosig.audio.slices import plan_slices, read_segment
from priosig.audio.streaming import stream_pieces
from priosig.audio.windows import MUQ_RATE
from priosig.extraction.muq.extractor import MuQExtractor


def extract_audio_segments(
    segments: Iterable[Segment], wav_dir: str | os.PathLike, output_dir: str | os.PathLike
) -> dict[str, Path]:
    """Cut every segment into a file of its own: `<segment_id>.wav`, 24 kHz mono, 32-bit float.

    All segments are located before the first is written, and recordings are decoded in one pass each. Each file
    appears whole or not at all; one that is there is replaced, never trusted by its name. Equal audio gives equal
    bytes.

    Parameters
    ----------
    segments : iterable of Segment
    wav_dir : path-like
        Directory of the recordings, `<video_id>.<extension>`.
    output_dir : path-like
        Made if it is missing.

    Returns
    -------
    dict of str to Path
        The file of each segment id, in the order given.

    Raises
    ------
    FileNotFoundError, ValueError
        As `plan_slices` and `stream_pieces`.
    """
    slices = plan_slices(segments, wav_dir)
    paths = {segment_id: Path(output_dir) / f"{segment_id}.wav" for segment_id in slices}
    heard: dict[str, list[np.ndarray]] = {}  # windows of the segments that are being read
    for piece in stream_pieces(slices):
        heard.setdefault(piece.name, []).append(piece.samples)
        if piece.last:
            write_bytes(paths[piece.name], _float_wav(np.concatenate(heard.pop(piece.name)), MUQ_RATE))
    return paths


def extract_muq_features(
    segments: Iterable[Segment],
    segment_dir: str | os.PathLike,
    cache_dir: str | os.PathLike | None,
    *,
    extractor: MuQExtractor | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> dict[str, np.ndarray]:
    """MuQ frames of segments that `extract_audio_segments` wrote, all at once: 369 MB an hour at 1024 dimensions.

    Where that is too much, use `MuQExtractor.summarise`.

    Parameters
    ----------
    segments : iterable of Segment
    segment_dir : path-like
        Holds `<segment_id>.wav`.
    cache_dir : path-like or None
        Where frames are kept; the extractor's directory or None, if one is given.
    extractor : MuQExtractor, optional
        By default a new one with the released model.
    progress : callable, optional

    Returns
    -------
    dict of str to np.ndarray
        Float32 frames of shape (T, D) by segment id, in the order given.

    Raises
    ------
    FileNotFoundError, ValueError
        If a file is not there or can't be used, an id comes twice, or `cache_dir` is not the extractor's.
    """
    segments = list(segments)
    if extractor is None:
        extractor = MuQExtractor(cache_dir=cache_dir)
    elif cache_dir is not None and (extractor.cache is None or extractor.cache.directory != Path(cache_dir)):
        raise ValueError(f"cache_dir {cache_dir}: the extractor has {extractor.cache}; expected the same, or None")
    recordings = {}
    for segment in segments:
        if segment.segment_id in recordings:
            raise ValueError(f"segment {segment.segment_id}: given twice; expected each segment once")
        recordings[segment.segment_id] = probe_recording(Path(segment_dir) / f"{segment.segment_id}.wav")
    waveforms = (
        (segment_id, read_segment(recording.path, 0.0, recording.duration)[0])
        for segment_id, recording in recordings.items()
    )
    total = sum(recording.duration for recording in recordings.values())
    return dict(extractor.extract(waveforms, total_seconds=total, progress=progress))


def _float_wav(samples: np.ndarray, rate: int) -> bytes:
    # Written here and not by libsndfile, which puts the time of day into every float WAV (its PEAK chunk).
    data = samples.astype("<f4").tobytes()
    ieee_float, channels, width = 3, 1, 4
    form = struct.pack("<HHIIHHH", ieee_float, channels, rate, rate * width, width, 8 * width, 0)
    chunks = [(b"fmt ", form), (b"fact", struct.pack("<I", len(samples))), (b"data", data)]
    body = b"".join(name + struct.pack("<I", len(content)) + content for name, content in chunks)
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WAVE" + body
