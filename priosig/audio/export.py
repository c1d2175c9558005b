"""Segments as files of their own, as the first study did it.

The pipeline itself does not need them: it streams (`priosig.audio.streaming`, `priosig.extraction.features`).
"""

import io
import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from priosig._core.atomic import write_bytes
from priosig.annotations.segments import Segment
from priosig.audio.slices import plan_slices
from priosig.audio.streaming import stream_pieces


def extract_audio_segments(
    segments: Iterable[Segment], wav_dir: str | os.PathLike, output_dir: str | os.PathLike
) -> dict[str, Path]:
    """Cut every segment into a file of its own: `<segment_id>.wav`, mono 32-bit float at the recording's own rate.

    A file holds exactly the samples that the pipeline cuts from the recording, before they are resampled, so that
    the encoder's frames of both are equal bit for bit. Equal audio gives equal bytes.

    All segments are located before the first is written. A file appears whole or not at all, and replaces one of its
    name.

    Parameters
    ----------
    segments : iterable of Segment
    wav_dir, output_dir : path-like
        Hold the recordings, `<video_id>.<extension>`, and the files.

    Returns
    -------
    dict of str to Path
        The file of each segment id, in the order given.
    """
    from scipy.io import wavfile

    slices = plan_slices(segments, wav_dir)
    paths = {segment_id: Path(output_dir) / f"{segment_id}.wav" for segment_id in slices}
    heard: dict[str, list[np.ndarray]] = {}  # windows of the segments that are being read
    for piece in stream_pieces(slices, rate=None):
        heard.setdefault(piece.name, []).append(piece.samples)
        if piece.last:
            # Not by libsndfile, which puts the time of day into every float WAV (its PEAK chunk).
            content = io.BytesIO()
            rate = slices[piece.name].recording.samplerate
            wavfile.write(content, rate, np.concatenate(heard.pop(piece.name)))
            write_bytes(paths[piece.name], content.getvalue())
    return paths
