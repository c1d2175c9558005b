"""Waveforms: finding a video's recording, cutting a segment out of it, bringing it to 24 kHz mono.

Conventions. A time is seconds from the start of the recording; a segment is `[start, end)`. At a recording's
own rate it becomes the `round((end - start) * rate)` samples from sample `round(start * rate)` on: segments
of equal length get equally many samples wherever they begin, which is what lets the encoder batch them.
Samples are float32 with full scale at 1; channels are averaged; the rate is converted by soxr at quality "HQ"
after cutting, so nothing outside the segment can reach it.

Only the segment is decoded (the reader seeks), and what is wrong with a recording is an error that names it:
missing, empty, not audio, shorter than its own header says, or with samples that are not numbers. A segment
that overruns the end by up to half a second, which rounded annotations do, is clipped, and the caller is told
by how much; more than that is an error.
"""

import os
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .atomic import write_bytes
from .moments import check_video_id
from .segments import Segment
from .windows import MUQ_RATE

EXTENSIONS = (".wav", ".flac", ".ogg", ".mp3")
"""Extensions a recording may have, all read by libsndfile."""

TOLERANCE = 0.5
"""Longest overrun of a recording's end that is clipped, in seconds."""

_BLOCK = 1 << 20  # frames decoded at a time, so that a long stereo segment is never held in full


@dataclass(frozen=True)
class Recording:
    """What the header of an audio file says.

    Attributes
    ----------
    path : Path
    samplerate : int
        Hz.
    n_frames : int
        Samples per channel; at least 1.
    channels : int
    """

    path: Path
    samplerate: int
    n_frames: int
    channels: int

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return self.n_frames / self.samplerate


@dataclass(frozen=True)
class Slice:
    """A segment as samples of a recording.

    Attributes
    ----------
    recording : Recording
    first, n_frames : int
        First sample and number of samples, at the recording's own rate; never beyond its end.
    clipped_seconds : float
        By how much the segment was shortened to end with the recording; 0 if it was not.
    """

    recording: Recording
    first: int
    n_frames: int
    clipped_seconds: float


def find_recording(audio_dir: str | os.PathLike, video_id: str) -> Path:
    """Find `<video_id>.wav`, `.flac`, `.ogg` or `.mp3` in `audio_dir`.

    Raises
    ------
    FileNotFoundError
        If there is none; names what was looked for.
    ValueError
        If there are several, or the id could name a file elsewhere.
    """
    check_video_id(video_id, f"{audio_dir}")
    candidates = [Path(audio_dir) / f"{video_id}{extension}" for extension in EXTENSIONS]
    found = [path for path in candidates if path.is_file()]
    if not found:
        tried = ", ".join(path.name for path in candidates)
        missing = "" if Path(audio_dir).is_dir() else " (there is no such directory)"
        raise FileNotFoundError(f"{audio_dir}: no recording of video {video_id}{missing}; looked for {tried}")
    if len(found) > 1:
        names = ", ".join(path.name for path in found)
        raise ValueError(f"{audio_dir}: several recordings of video {video_id}: {names}; expected one")
    return found[0]


def probe_recording(path: str | os.PathLike) -> Recording:
    """Read an audio file's header, and check that the file holds what the header promises.

    No audio is decoded but the last sample of a compressed file.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is empty, not audio that libsndfile reads, has no samples, or is truncated.
    """
    import soundfile

    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such file; expected an audio file")
    if path.stat().st_size == 0:
        raise ValueError(f"{path}: empty file (0 bytes); expected audio")
    try:
        with soundfile.SoundFile(path) as file:
            recording = Recording(path, file.samplerate, file.frames, file.channels)
            promised = _frames_promised(path, file)
            # A compressed file cut short opens well and ends early: ask it for its last sample.
            if file.format not in ("WAV", "WAVEX") and recording.n_frames > 0:
                file.seek(recording.n_frames - 1)
                if len(file.read(1)) != 1:
                    raise _truncated(path, "audio ends before its last sample")
    except soundfile.LibsndfileError as error:
        raise ValueError(
            f"{path}: cannot be read as audio ({error}); expected a whole WAV, FLAC, OGG or MP3 file"
        ) from error
    if promised > recording.n_frames:
        raise _truncated(path, f"its header promises {promised} samples, only {recording.n_frames} are there")
    if recording.n_frames < 1:
        raise ValueError(f"{path}: holds no samples; expected audio")
    return recording


def slice_recording(
    recording: Recording, start_time: float, end_time: float, *, tolerance: float = TOLERANCE
) -> Slice:
    """Turn `[start_time, end_time)` into samples of the recording.

    Parameters
    ----------
    recording : Recording
    start_time, end_time : float
        Seconds.
    tolerance : float
        Largest overrun of the recording's end that is clipped, in seconds.

    Raises
    ------
    ValueError
        If the times are not finite, negative, reversed or closer than one sample, start beyond the end, or
        overrun it by more than `tolerance`.
    """
    where = f"{recording.path}: segment {start_time} to {end_time} s"
    if not (np.isfinite(start_time) and np.isfinite(end_time) and 0 <= start_time < end_time):
        raise ValueError(f"{where}: expected finite times with 0 <= start < end")
    first = round(start_time * recording.samplerate)
    n_frames = round((end_time - start_time) * recording.samplerate)
    overrun = max(0, first + n_frames - recording.n_frames)
    if first >= recording.n_frames or overrun > round(tolerance * recording.samplerate):
        raise ValueError(
            f"{where} ends {end_time - recording.duration:.3f} s after the recording does, at "
            f"{recording.duration:.3f} s; expected at most {tolerance} s"
        )
    if n_frames - overrun < 1:
        raise ValueError(f"{where}: holds no sample at {recording.samplerate} Hz; expected a longer segment")
    return Slice(recording, first, n_frames - overrun, overrun / recording.samplerate)


def read_slice(part: Slice, *, rate: int = MUQ_RATE) -> np.ndarray:
    """Decode a slice, average its channels, and convert it to `rate`.

    Memory grows with the slice, never with the recording.

    Returns
    -------
    np.ndarray, float32, shape (n,)
        Mono samples at `rate` Hz.

    Raises
    ------
    ValueError
        If the file ends early or a sample is NaN or infinite; names the file and the second.
    """
    import soundfile

    path, samplerate = part.recording.path, part.recording.samplerate
    mono = np.empty(part.n_frames, dtype=np.float32)
    done = 0
    try:
        with soundfile.SoundFile(path) as file:
            file.seek(part.first)
            while done < part.n_frames:
                block = file.read(min(_BLOCK, part.n_frames - done), dtype="float32", always_2d=True)
                if len(block) == 0:
                    at = (part.first + done) / samplerate
                    raise _truncated(path, f"{part.n_frames - done} samples missing from second {at:.3f} on")
                bad = ~np.isfinite(block).all(axis=1)
                if bad.any():
                    at = (part.first + done + int(bad.argmax())) / samplerate
                    raise ValueError(f"{path}: NaN or infinite sample at second {at:.3f}; expected numbers")
                mono[done : done + len(block)] = block.mean(axis=1, dtype=np.float64)
                done += len(block)
    except soundfile.LibsndfileError as error:
        at = (part.first + done) / samplerate
        raise ValueError(f"{path}: cannot be decoded at second {at:.3f} ({error}); expected whole audio") from error
    if samplerate == rate:
        return mono
    import soxr

    return soxr.resample(mono, samplerate, rate, quality="HQ")


def read_segment(
    path: str | os.PathLike,
    start_time: float,
    end_time: float,
    *,
    rate: int = MUQ_RATE,
    tolerance: float = TOLERANCE,
) -> tuple[np.ndarray, float]:
    """Read `[start_time, end_time)` of an audio file as mono at `rate` Hz.

    Returns
    -------
    samples : np.ndarray, float32, shape (n,)
    clipped_seconds : float
        By how much the segment overran the recording and was clipped; at most `tolerance`.

    Raises
    ------
    FileNotFoundError, ValueError
        As `probe_recording`, `slice_recording` and `read_slice`.
    """
    part = slice_recording(probe_recording(path), start_time, end_time, tolerance=tolerance)
    return read_slice(part, rate=rate), part.clipped_seconds


def plan_slices(
    segments: Iterable[Segment], audio_dir: str | os.PathLike, *, tolerance: float = TOLERANCE
) -> dict[str, Slice]:
    """Locate every segment in its video's recording, reading headers only.

    Returns
    -------
    dict of str to Slice
        By segment id, in the order given.

    Raises
    ------
    FileNotFoundError, ValueError
        For the first segment that cannot be cut, by its id; also if an id comes twice.
    """
    recordings: dict[str, Recording] = {}
    slices: dict[str, Slice] = {}
    for segment in segments:
        if segment.segment_id in slices:
            raise ValueError(f"segment {segment.segment_id}: given twice; expected each segment once")
        try:
            if segment.video_id not in recordings:
                recordings[segment.video_id] = probe_recording(find_recording(audio_dir, segment.video_id))
            recording = recordings[segment.video_id]
            part = slice_recording(recording, segment.start_time, segment.end_time, tolerance=tolerance)
        except (FileNotFoundError, ValueError) as error:
            raise type(error)(f"segment {segment.segment_id}: {error}") from error
        slices[segment.segment_id] = part
    return slices


def extract_audio_segments(
    segments: Iterable[Segment], wav_dir: str | os.PathLike, output_dir: str | os.PathLike
) -> dict[str, Path]:
    """Cut every segment into a file of its own: `<segment_id>.wav`, 24 kHz mono, 32-bit float.

    All segments are located before the first is written. Each file appears whole or not at all; one that is
    there is replaced, never trusted by its name. Equal audio gives equal bytes.

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
        As `plan_slices` and `read_slice`.
    """
    written = {}
    for segment_id, part in plan_slices(segments, wav_dir).items():
        path = Path(output_dir) / f"{segment_id}.wav"
        written[segment_id] = write_bytes(path, _float_wav(read_slice(part), MUQ_RATE))
    return written


def _float_wav(samples: np.ndarray, rate: int) -> bytes:
    # Written here and not by libsndfile, which puts the time of day into every float WAV (its PEAK chunk).
    data = samples.astype("<f4").tobytes()
    ieee_float, channels, width = 3, 1, 4
    form = struct.pack("<HHIIHHH", ieee_float, channels, rate, rate * width, width, 8 * width, 0)
    chunks = [(b"fmt ", form), (b"fact", struct.pack("<I", len(samples))), (b"data", data)]
    body = b"".join(name + struct.pack("<I", len(content)) + content for name, content in chunks)
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WAVE" + body


def _frames_promised(path: Path, file) -> int:
    """Samples per channel that a RIFF header claims, or 0 where it makes no claim.

    libsndfile quietly believes the file's length instead: to it, a truncated copy is a short recording.
    """
    with path.open("rb") as handle:
        head = handle.read(12)
        if head[:4] != b"RIFF" or head[8:] != b"WAVE":
            return 0
        bytes_per_frame = 0
        while len(chunk := handle.read(8)) == 8:
            name, size = struct.unpack("<4sI", chunk)
            if name == b"data":
                streamed = size == 0xFFFFFFFF  # written to a pipe: the length was not known
                return 0 if streamed or not bytes_per_frame else size // bytes_per_frame
            if name == b"fmt ":
                form = handle.read(size)
                bytes_per_frame = struct.unpack("<H", form[12:14])[0] if len(form) >= 14 else 0
                size = 0 if size % 2 == 0 else 1
            else:
                size += size % 2
            handle.seek(size, os.SEEK_CUR)
    return 0


def _truncated(path: Path, what: str) -> ValueError:
    return ValueError(f"{path}: truncated: {what}; expected the whole file: copy or download it again")
