"""Decoding: a recording's samples, mono, read forward.

*A slice's samples are those of the recording decoded from its first sample to its last*, however the reader got
there. That does not come by itself:

- WAV and FLAC can be entered at any sample, so what no slice needs is jumped over.
- MP3 and OGG cannot. An MP3 frame borrows bits from earlier ones, so after a jump the first hundreds of samples can
  be wrong (by up to a third of full scale at 22 kHz mono), and all differ in the last bit; libsndfile's jumps in
  Vorbis are not always exact (its issue 885). These are decoded from the start: 5 to 10 s for an hour of stereo.
- python-soundfile seeks after every read in a file that it takes for seekable; in an MP3 that alone is such a jump.
"""

from typing import TYPE_CHECKING

import numpy as np

from priosig.audio.recordings import Recording, truncated

if TYPE_CHECKING:
    import soundfile

BLOCK = 1 << 16  # frames decoded at a time: 1.5 s at 44.1 kHz, half a megabyte in stereo
_ENTERED_ANYWHERE = ("WAV", "WAVEX", "FLAC")


class MonoReader:
    """An open recording whose samples are read forward, channels averaged: float32, at its own rate.

    A context manager. Raises a ValueError if the file cannot be opened as audio any more.
    """

    def __init__(self, recording: Recording):
        import soundfile

        self.recording = recording
        self._at = 0
        try:
            self._file = soundfile.SoundFile(recording.path)
        except soundfile.LibsndfileError as error:
            raise self._undecodable(error) from error
        rate, channels = self._file.samplerate, self._file.channels
        if (rate, channels) != (recording.samplerate, recording.channels):
            self._file.close()
            raise ValueError(
                f"{recording.path}: changed since its header was read ({rate} Hz, {channels} channels; expected "
                f"{recording.samplerate} Hz, {recording.channels}); start the run again"
            )
        self._file.seekable = lambda: False  # no seek after every read

    def __enter__(self) -> "MonoReader":
        return self

    def __exit__(self, *exception: object) -> None:
        self._file.close()

    def read(self, first: int, n_frames: int) -> np.ndarray:
        """Decode samples `[first, first + n_frames)`; memory grows with `n_frames`, not with what is passed over.

        Raises
        ------
        ValueError
            If `first` lies before the end of what was read last, the file ends early, or a sample is NaN or infinite;
            names the file and the second.
        """
        import soundfile

        if first < self._at:
            raise ValueError(
                f"{self.recording.path}: asked for sample {first} after {self._at}; expected a later one"
            )
        try:
            if first > self._at and self._file.format in _ENTERED_ANYWHERE:
                self._file.seek(first)
                self._at = first
            while self._at < first:
                self._decode(min(BLOCK, first - self._at))
            block = self._decode(n_frames)
        except soundfile.LibsndfileError as error:
            raise self._undecodable(error) from error
        if not np.isfinite(block).all():
            at = (first + int((~np.isfinite(block).all(axis=1)).argmax())) / self.recording.samplerate
            raise ValueError(f"{self.recording.path}: NaN or infinite sample at second {at:.3f}; expected numbers")
        return _mono(block)

    def _decode(self, n_frames: int) -> np.ndarray:
        block = self._file.read(n_frames, dtype="float32", always_2d=True)
        self._at += len(block)
        if len(block) < n_frames:
            missing, at = self.recording.n_frames - self._at, self._at / self.recording.samplerate
            raise truncated(self.recording.path, f"{missing} samples missing from second {at:.3f} on")
        return block

    def _undecodable(self, error: "soundfile.LibsndfileError") -> ValueError:
        at = self._at / self.recording.samplerate
        return ValueError(
            f"{self.recording.path}: cannot be decoded at second {at:.3f} ({error}); expected whole audio"
        )


def _mono(block: np.ndarray) -> np.ndarray:
    """Mean over the channels of (n, channels), in double precision; column by column, as rows are too short."""
    if block.shape[1] == 1:
        return block[:, 0]
    total = block[:, 0].astype(np.float64)
    for channel in range(1, block.shape[1]):
        total += block[:, channel]
    return (total / block.shape[1]).astype(np.float32)
