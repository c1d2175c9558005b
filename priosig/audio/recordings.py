"""Recordings: finding a video's audio file, and what its header says, checked.

A recording is one file, `<video_id>.wav`, `.flac`, `.ogg` or `.mp3`. One that is missing, empty, not audio or shorter
than its own header says is an error that names it, before hours are spent on the others.
"""

import functools
import os
import shlex
import struct
from dataclasses import dataclass
from pathlib import Path

from priosig._core.cache import file_state
from priosig._core.extras import need
from priosig._core.parts import find_part, need_part
from priosig.annotations.moments import check_video_id

EXTENSIONS = (".wav", ".flac", ".ogg", ".mp3")  # that a recording may have, all read by libsndfile
_CONVERTIBLE = (".mp4", ".m4a", ".webm", ".mkv", ".mov", ".aac", ".opus")


@dataclass(frozen=True)
class Recording:
    """What the header of an audio file says."""

    path: Path
    samplerate: int  # Hz
    n_frames: int  # samples per channel, at least 1
    channels: int

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return self.n_frames / self.samplerate


def find_recording(audio_dir: str | os.PathLike, video_id: str) -> Path:
    """Find `<video_id>.wav`, `.flac`, `.ogg` or `.mp3` in `audio_dir`.

    Raises a FileNotFoundError if there is none, a ValueError if there are several or the id could name a file
    elsewhere.
    """
    check_video_id(video_id, f"{audio_dir}")
    return find_audio(audio_dir, video_id, f"video {video_id}")


def find_audio(audio_dir: str | os.PathLike, stem: str, what: str) -> Path:
    """As `find_recording`, for the file `<stem>.wav`, ... of whatever is recorded there (`what`, for messages)."""
    candidates = [Path(audio_dir) / f"{stem}{extension}" for extension in EXTENSIONS]
    present = [path for path in candidates if find_part(path, "file", f"a recording of {what}")]
    if not present:
        tried = ", ".join(path.name for path in candidates)
        missing = "" if Path(audio_dir).is_dir() else " (there is no such directory)"
        advice = ""
        others = (candidates[0].with_suffix(suffix) for suffix in _CONVERTIBLE)
        if other := next((path for path in others if path.is_file()), None):
            command = shlex.join(["ffmpeg", "-i", str(other), "-vn", str(candidates[0])])
            advice = f"; there is {other.name}, which is not read: {command}"
        raise FileNotFoundError(f"{audio_dir}: no recording of {what}{missing}; looked for {tried}{advice}")
    if len(present) > 1:
        names = ", ".join(path.name for path in present)
        raise ValueError(f"{audio_dir}: several recordings of {what}: {names}; expected one")
    return present[0]


def probe_recording(path: str | os.PathLike) -> Recording:
    """Read an audio file's header, and check that the file holds what the header promises.

    No audio is decoded but the last sample of a compressed file. A file that did not change is looked at once. Raises
    a ValueError if it is empty, not audio that libsndfile reads, has no samples, or is truncated.
    """
    path = Path(path)
    need_part(path, "file", "an audio file")
    return _probe(path, file_state(path))


@functools.lru_cache(maxsize=1 << 16)
def _probe(path: Path, state: tuple[int, ...]) -> Recording:
    # The state is part of the memo's key alone: a file that changed is looked at again.
    need("soundfile", "reading recordings")
    import soundfile

    if not path.stat().st_size:
        raise ValueError(f"{path}: empty file (0 bytes); expected audio")
    try:
        with soundfile.SoundFile(path) as file:
            recording = Recording(path, file.samplerate, file.frames, file.channels)
            # A compressed file cut short opens well and ends early: ask it for its last sample.
            if file.format not in ("WAV", "WAVEX") and recording.n_frames > 0:
                file.seek(recording.n_frames - 1)
                if len(file.read(1)) != 1:
                    raise truncated(path, "audio ends before its last sample")
    except soundfile.LibsndfileError as error:
        raise ValueError(
            f"{path}: cannot be read as audio ({error}); expected a whole WAV, FLAC, OGG or MP3 file"
        ) from error
    promised = _frames_promised(path)
    if promised > recording.n_frames:
        raise truncated(path, f"its header promises {promised} samples, only {recording.n_frames} are there")
    if recording.n_frames < 1:
        raise ValueError(f"{path}: holds no samples; expected audio")
    return recording


def _frames_promised(path: Path) -> int:
    """Samples per channel that a RIFF header claims, or 0; libsndfile believes the file's length instead."""
    with path.open("rb") as handle:
        head = handle.read(12)
        if head[:4] != b"RIFF" or head[8:] != b"WAVE":
            return 0
        bytes_per_frame = 0
        while len(chunk := handle.read(8)) == 8:
            name, size = struct.unpack("<4sI", chunk)
            if name == b"data":
                streamed = size >= 0x7FFFF000  # written to a pipe: the length was not known (sox, ffmpeg)
                return 0 if streamed or not bytes_per_frame else size // bytes_per_frame
            end = handle.tell() + size + size % 2
            if name == b"fmt ":
                form = handle.read(min(size, 14))
                bytes_per_frame = struct.unpack("<H", form[12:])[0] if len(form) == 14 else 0
            handle.seek(end)
    return 0


def truncated(path: Path, what: str) -> ValueError:
    """The error of a file that ends before it should."""
    return ValueError(f"{path}: truncated: {what}; expected the whole file: copy or download it again")
