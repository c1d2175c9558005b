"""Segments as files of their own: what the study listened to, for ears and for other programs.

The pipeline itself does not need them: it streams (`priosig.streaming`).
"""

import os
import struct
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from .atomic import write_bytes
from .audio import plan_slices
from .segments import Segment
from .streaming import stream_pieces
from .windows import MUQ_RATE


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


def _float_wav(samples: np.ndarray, rate: int) -> bytes:
    # Written here and not by libsndfile, which puts the time of day into every float WAV (its PEAK chunk).
    data = samples.astype("<f4").tobytes()
    ieee_float, channels, width = 3, 1, 4
    form = struct.pack("<HHIIHHH", ieee_float, channels, rate, rate * width, width, 8 * width, 0)
    chunks = [(b"fmt ", form), (b"fact", struct.pack("<I", len(samples))), (b"data", data)]
    body = b"".join(name + struct.pack("<I", len(content)) + content for name, content in chunks)
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WAVE" + body
