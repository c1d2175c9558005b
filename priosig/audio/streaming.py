"""Streaming: all slices of a recording, window by window, from one pass over it.

A recording is opened once and decoded once, in blocks of about a second that all slices lying over them share. Each
slice is cut before it is resampled and has a resampler of its own, so its samples are exactly those of
`priosig.audio.slices.read_slice`, whatever else is read; a window is handed out when its last sample is there. What
is held is one window for each slice that is open at once, and one block: neither the length of a segment nor that of
a recording matters.
"""

from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import numpy as np

from priosig.audio.decoding import BLOCK, MonoReader
from priosig.audio.recordings import Recording
from priosig.audio.slices import Slice
from priosig.audio.windows import MUQ_RATE, Piece, window_bounds

PIECES_AHEAD = 8
"""Windows that may be decoded before they are asked for: 23 MB."""

READERS = 4
"""Recordings that are decoded at once where an encoder is quicker than one thread: four times as quick on a GPU."""


def stream_pieces(slices: Mapping[str, Slice], *, rate: int | None = MUQ_RATE) -> Iterator[Piece]:
    """Decode slices, average their channels, convert them to `rate`, and hand them out in windows.

    Recordings come in the order in which they first appear. Within one, pieces come as they are complete: those of
    a slice in order, those of slices that overlap between each other.

    Parameters
    ----------
    slices : mapping of str to Slice
        By name; a segment's id, say. They may overlap, and be equal under several names.
    rate : int or None
        Hz; None leaves each recording at its own.

    Yields
    ------
    Piece
        The windows of `window_bounds`; put end to end they equal `read_slice`. Each has memory of its own.

    Raises
    ------
    ValueError
        As `read_slice`, with the name of the first segment that needs what is wrong; before anything is decoded if
        a slice is too short to give a sample at `rate`.
    """
    for name, part in slices.items():
        own = part.recording.samplerate
        if resampled_length(part.n_frames, own, rate or own) < 1:
            raise ValueError(
                f"segment {name}: {part.recording.path}: {part.n_frames} samples at {own} Hz "
                f"are none at {rate} Hz; expected a longer segment"
            )
    for parts in by_recording(slices):
        recording = next(iter(parts.values())).recording
        in_order = sorted(parts.items(), key=lambda named: named[1].first)
        yield from _stream_recording(recording, in_order, rate or recording.samplerate)


def by_recording(slices: Mapping[str, Slice]) -> list[dict[str, Slice]]:
    """The slices of each recording, in the order in which recordings first appear."""
    recordings: dict[Recording, dict[str, Slice]] = {}
    for name, part in slices.items():
        recordings.setdefault(part.recording, {})[name] = part
    return list(recordings.values())


def resampled_length(n_samples: int, from_rate: int, to_rate: int) -> int:
    """Samples that soxr makes of `n_samples`: `n_samples * to_rate / from_rate`, halves rounded up.

    Examples
    --------
    >>> resampled_length(44_100, 44_100, 24_000), resampled_length(3, 48_000, 24_000)
    (24000, 2)
    """
    return (2 * n_samples * to_rate + from_rate) // (2 * from_rate)


def _stream_recording(recording: Recording, parts: list[tuple[str, Slice]], rate: int) -> Iterator[Piece]:
    #    one slice    |-------------------------)
    #    another                 |---------)
    #    blocks       |----|----||----|----||---)    end where a slice begins or ends: who needs a part of a block
    #                                                needs all of it
    waiting, cutters, stop = deque(parts), [], 0
    with _naming(parts[0][0]):
        reader = MonoReader(recording)
    with reader:
        while waiting or cutters:
            start = stop if cutters else waiting[0][1].first
            while waiting and waiting[0][1].first == start:
                cutters.append(_Cutter(*waiting.popleft(), rate))
            stop = min(start + BLOCK, *(cutter.stop for cutter in cutters))
            if waiting:
                stop = min(stop, waiting[0][1].first)
            with _naming(cutters[0].name):
                mono = reader.read(start, stop - start)
            for cutter in cutters:
                yield from cutter.pieces(mono, last=cutter.stop == stop)
            cutters = [cutter for cutter in cutters if cutter.stop > stop]


class _Cutter:
    """A slice that is being read: its resampler, and the window that is being filled."""

    def __init__(self, name: str, part: Slice, rate: int):
        self.name = name
        self.stop = part.first + part.n_frames
        self._resampler = None
        if rate != part.recording.samplerate:
            import soxr

            self._resampler = soxr.ResampleStream(
                part.recording.samplerate, rate, num_channels=1, dtype="float32", quality="HQ"
            )
        self._bounds = window_bounds(resampled_length(part.n_frames, part.recording.samplerate, rate))
        self._begin_window(0)

    def pieces(self, mono: np.ndarray, *, last: bool) -> Iterator[Piece]:
        """Windows that are complete with the next samples of the slice; `last` if it ends with them."""
        samples = mono if self._resampler is None else self._resampler.resample_chunk(mono, last=last)
        while len(samples) and self._window is not None:
            n = min(len(samples), len(self._window) - self._filled)
            self._window[self._filled : self._filled + n] = samples[:n]
            self._filled, samples = self._filled + n, samples[n:]
            if self._filled == len(self._window):
                yield Piece(self.name, self._index, self._window, self._index == len(self._bounds) - 1)
                self._begin_window(self._index + 1)
        if len(samples) or (last and self._window is not None):
            raise RuntimeError(
                f"segment {self.name}: resampled to {'more' if len(samples) else 'fewer'} samples than "
                f"{self._bounds[-1][1]}; expected that many"
            )

    def _begin_window(self, index: int) -> None:
        self._index, self._filled, self._window = index, 0, None
        if index < len(self._bounds):
            start, stop = self._bounds[index]
            self._window = np.empty(stop - start, dtype=np.float32)


@contextmanager
def _naming(segment: str) -> Iterator[None]:
    try:
        yield
    except ValueError as error:
        raise ValueError(f"segment {segment}: {error}") from error
