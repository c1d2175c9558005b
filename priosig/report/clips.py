"""Sound and picture of a segment and of the seconds around it, small enough to be part of a page.

Sound is MP3, mono at 16 kHz: every browser plays it, and the same samples give the same bytes (an Ogg stream has a
random serial number). The picture is a spectrogram as a PNG of 16 colours. Both are `data:` addresses.
"""

import base64
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from priosig.annotations.segments import Segment
from priosig.audio.decoding import MonoReader
from priosig.audio.levels import level
from priosig.audio.recordings import find_recording, probe_recording
from priosig.audio.slices import read_segment

RATE = 16_000  # samples a second of embedded sound
LONGEST = 15.0  # s of a window that are embedded: the end of a STOP window, the beginning of a CONTINUE window
AROUND = 5.0  # s of the recording before and after the window that are embedded too
SILENT = -70.0  # dBFS; what is below is called silent
TOP_HZ = 5000  # upper end of a spectrogram
FLOOR_DB = -70.0  # what is this far below the loudest point of a spectrogram, and below, is black
_COLUMNS, _ROWS, _FRAME = 320, 80, 512
# Five points of a scale that grows evenly in lightness (black, violet, red, orange, cream); 16 colours between them.
_SCALE = np.array([(0, 0, 4), (81, 18, 124), (183, 55, 121), (252, 137, 97), (252, 253, 191)], dtype=float)
_COLOURS = 16
_GLANCE = 0.05  # s of sound that stand for a point of the outline


@dataclass(frozen=True)
class Clip:
    """What can be heard and seen of a segment; times in seconds from the start of the video."""

    start_time: float
    end_time: float
    window: tuple[float, float]  # the segment, or the part of it that the clip holds
    sound: str  # `data:` address of an MP3
    picture: str  # `data:` address of a PNG
    is_silent: bool  # whether there is nothing to be heard

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return self.end_time - self.start_time

    @property
    def size(self) -> int:
        """Characters on the page."""
        return len(self.sound) + len(self.picture)


def make_clip(segment: Segment, audio_dir: str | Path) -> Clip:
    """Cut, encode and draw a segment with what lies around it.

    Raises
    ------
    FileNotFoundError, ValueError
        If the recording cannot be read.
    """
    recording = probe_recording(find_recording(audio_dir, segment.video_id))
    start, end = segment.start_time, min(segment.end_time, recording.duration)
    if end - start > LONGEST:
        start, end = (end - LONGEST, end) if segment.label == "stop" else (start, start + LONGEST)
    first, last = max(0.0, start - AROUND), min(recording.duration, end + AROUND)
    samples, _ = read_segment(recording.path, first, last, rate=RATE)
    sound, picture = (base64.b64encode(data).decode("ascii") for data in (mp3(samples), png(spectrogram(samples))))
    addresses = f"data:audio/mpeg;base64,{sound}", f"data:image/png;base64,{picture}"
    return Clip(first, last, (start, end), *addresses, level(samples) < SILENT)


def outline(video_id: str, audio_dir: str | Path, n_points: int) -> tuple[float, np.ndarray]:
    """Length of a recording in seconds, and its loudness at so many places, 0 (silent) to 1 (the loudest).

    At each place 50 ms are looked at: a picture of the whole, not a measurement. Raises as `make_clip` does.
    """
    recording = probe_recording(find_recording(audio_dir, video_id))
    n = max(1, min(round(_GLANCE * recording.samplerate), recording.n_frames // n_points))
    with MonoReader(recording) as reader:
        glances = [reader.read(k * recording.n_frames // n_points, n) for k in range(n_points)]
    levels = np.array([np.sqrt(np.mean(np.square(glance))) for glance in glances], dtype=float)
    return recording.duration, np.sqrt(levels / (levels.max() or 1.0))


def mp3(samples: np.ndarray) -> bytes:
    """MP3 of mono samples at `RATE`, about 3 kB a second."""
    import soundfile

    buffer = io.BytesIO()
    samples = np.clip(samples, -1, 1)  # float32 beyond full scale would wrap; recordings may hold it
    soundfile.write(buffer, samples, RATE, format="MP3", subtype="MPEG_LAYER_III", compression_level=0.95)
    return buffer.getvalue()


def spectrogram(samples: np.ndarray) -> np.ndarray:
    """Spectrogram of mono samples at `RATE`: Hann windows of 512 samples (32 ms), 0 to `TOP_HZ`.

    Returns
    -------
    np.ndarray of uint8, shape (80, 320)
        0 (`FLOOR_DB` or less beside the loudest point) to 15; the first row is the highest frequency. All 0 for
        silence.
    """
    padded = np.pad(samples.astype(np.float64), (_FRAME // 2, _FRAME // 2))
    starts = np.round(np.linspace(0, len(padded) - _FRAME, _COLUMNS)).astype(int)
    frames = padded[starts[:, None] + np.arange(_FRAME)] * np.hanning(_FRAME)
    power = np.abs(np.fft.rfft(frames, axis=1)) ** 2
    n_bins = round(TOP_HZ / RATE * _FRAME)
    edges = np.round(np.linspace(0, n_bins, _ROWS + 1)).astype(int)
    rows = np.maximum.reduceat(power[:, :n_bins], edges[:-1], axis=1).T
    if not rows.max() > 0:
        return np.zeros((_ROWS, _COLUMNS), dtype=np.uint8)
    decibels = 10 * np.log10(np.maximum(rows / rows.max(), 1e-12))
    share = np.clip(1 - decibels / FLOOR_DB, 0, 1)
    return np.round(share * (_COLOURS - 1)).astype(np.uint8)[::-1]


def png(levels: np.ndarray) -> bytes:
    """PNG of an image whose pixels are 0 to 15, in a scale from black to cream."""
    from PIL import Image

    at = np.linspace(0, len(_SCALE) - 1, _COLOURS)
    palette = np.column_stack([np.interp(at, np.arange(len(_SCALE)), _SCALE[:, c]) for c in range(3)])
    image = Image.fromarray(levels)
    image.putpalette(palette.round().astype(np.uint8).tobytes())
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()
