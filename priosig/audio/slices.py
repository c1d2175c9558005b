"""Waveforms: cutting a segment out of a recording, bringing it to 24 kHz mono.

A time is seconds from the start of the recording; a segment is `[start, end)`. At a recording's own rate it becomes
the `round((end - start) * rate)` samples from sample `round(start * rate)` on: segments of equal length get equally
many samples wherever they begin, which lets the encoder batch them. Samples are float32 with full scale at 1;
channels are averaged; soxr converts the rate at quality "HQ" after cutting, so nothing outside a segment reaches it.

Here one segment is read at a time, whole. Many segments are quicker, and held in less memory, in one pass over each
recording: `priosig.audio.streaming`.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from priosig.annotations.segments import Segment
from priosig.audio.decoding import BLOCK, MonoReader
from priosig.audio.recordings import Recording, find_recording, probe_recording
from priosig.audio.windows import MUQ_RATE

TOLERANCE = 0.5  # s; longest overrun of a recording's end, as of rounded annotations, that is clipped
_MOST_SHOWN = 20  # problems in one message


@dataclass(frozen=True)
class Slice:
    """A segment as samples of a recording, at its own rate; never beyond its end."""

    recording: Recording
    first: int
    n_frames: int
    clipped_seconds: float  # by how much the segment was shortened to end with the recording


def slice_recording(recording: Recording, start_time: float, end_time: float) -> Slice:
    """Turn `[start_time, end_time)`, in seconds, into samples of the recording.

    Raises
    ------
    ValueError
        If the times are not finite, negative, reversed or closer than one sample, start beyond the end, or
        overrun it by more than `TOLERANCE`.
    """
    where = f"{recording.path}: segment {start_time} to {end_time} s"
    if not (np.isfinite(start_time) and np.isfinite(end_time) and 0 <= start_time < end_time):
        raise ValueError(f"{where}: expected finite times with 0 <= start < end")
    first = round(start_time * recording.samplerate)
    n_frames = round((end_time - start_time) * recording.samplerate)
    overrun = max(0, first + n_frames - recording.n_frames)
    if first >= recording.n_frames:
        raise ValueError(f"{where} begins at or after the recording's end, {recording.duration:.3f} s")
    if overrun > round(TOLERANCE * recording.samplerate):
        raise ValueError(
            f"{where} ends {end_time - recording.duration:.3f} s after the recording does, at "
            f"{recording.duration:.3f} s; expected at most {TOLERANCE} s"
        )
    if n_frames - overrun < 1:
        raise ValueError(f"{where}: holds no sample at {recording.samplerate} Hz; expected a longer segment")
    return Slice(recording, first, n_frames - overrun, overrun / recording.samplerate)


def read_slice(part: Slice, *, rate: int = MUQ_RATE) -> np.ndarray:
    """Mono samples of a slice at `rate` Hz: float32, shape (n,). Memory grows with the slice, not with the recording.

    Raises as `MonoReader.read`.
    """
    samplerate = part.recording.samplerate
    mono = np.empty(part.n_frames, dtype=np.float32)
    with MonoReader(part.recording) as reader:
        for start in range(0, part.n_frames, BLOCK):
            stop = min(start + BLOCK, part.n_frames)
            mono[start:stop] = reader.read(part.first + start, stop - start)
    if samplerate == rate:
        return mono
    import soxr

    return soxr.resample(mono, samplerate, rate, quality="HQ")


def read_segment(
    path: str | os.PathLike, start_time: float, end_time: float, *, rate: int = MUQ_RATE
) -> tuple[np.ndarray, float]:
    """Samples of `[start_time, end_time)` of an audio file as `read_slice` gives them, and the seconds clipped.

    Raises as `probe_recording`, `slice_recording` and `read_slice`.
    """
    part = slice_recording(probe_recording(path), start_time, end_time)
    return read_slice(part, rate=rate), part.clipped_seconds


def plan_slices(segments: Iterable[Segment], audio_dir: str | os.PathLike) -> dict[str, Slice]:
    """Locate every segment in its video's recording, reading headers only; by segment id, in the order given.

    Raises
    ------
    FileNotFoundError, ValueError
        If any segment cannot be cut, or an id comes twice. The message lists the problems (20 at most), a recording's
        once, a segment's by its id. FileNotFoundError if nothing but recordings is missing.
    """
    recordings: dict[str, Recording | None] = {}
    slices: dict[str, Slice] = {}
    problems: list[Exception] = []
    for segment in segments:
        try:
            if segment.segment_id in slices:
                raise ValueError("given twice; expected each segment once")
            if segment.video_id not in recordings:
                recordings[segment.video_id] = None  # told once, if it can't be used
                recordings[segment.video_id] = probe_recording(find_recording(audio_dir, segment.video_id))
            if recording := recordings[segment.video_id]:
                slices[segment.segment_id] = slice_recording(recording, segment.start_time, segment.end_time)
        except (FileNotFoundError, ValueError) as error:
            problems.append(type(error)(f"segment {segment.segment_id}: {error}"))
    if problems:
        kind = FileNotFoundError if all(isinstance(p, FileNotFoundError) for p in problems) else ValueError
        more = [f"... and {len(problems) - _MOST_SHOWN} more"] if len(problems) > _MOST_SHOWN else []
        raise kind("\n".join([*map(str, problems[:_MOST_SHOWN]), *more]))
    return slices
