"""Waveforms from their windows: cut and checked on the way in, put together on the way out.

An encoder takes windows (`Piece`) and gives each one's result, in whatever order suits its batches.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator

import numpy as np

from priosig.audio.windows import MUQ_RATE, SHORTEST, WINDOW, Piece, window_bounds
from priosig.extraction.pooling import FrameSummary, merge


def whole_frames(
    waveforms: Iterable[tuple[str, np.ndarray]],
    encode: Callable[[Iterator[Piece]], Iterator[tuple[Piece, np.ndarray]]],
) -> Iterator[tuple[str, np.ndarray]]:
    """Cut waveforms into windows, encode these, and put their frames end to end; see `MuQExtractor.extract`."""
    order: deque[tuple[str, list[np.ndarray | None]]] = deque()  # waveforms taken up and not handed out
    parts_of: dict[Piece, list[np.ndarray | None]] = {}

    def pieces() -> Iterator[Piece]:
        for name, samples in waveforms:
            check_samples(name, samples)
            bounds = window_bounds(len(samples))
            parts: list[np.ndarray | None] = [None] * len(bounds)
            order.append((name, parts))
            for index, (start, stop) in enumerate(bounds):
                piece = Piece(name, index, samples[start:stop], stop == len(samples))
                parts_of[piece] = parts
                yield piece

    for piece, frames in encode(pieces()):
        parts_of.pop(piece)[piece.index] = frames
        while order and all(part is not None for part in order[0][1]):
            name, parts = order.popleft()
            yield name, np.concatenate(parts)


def whole_summaries(
    pieces: Iterable[Piece], encode: Callable[[Iterator[Piece]], Iterator[tuple[Piece, FrameSummary]]]
) -> Iterator[tuple[str, FrameSummary]]:
    """Encode windows, and merge those of each waveform once all are there; see `MuQExtractor.summarise`."""
    open_: dict[str, list[FrameSummary | None]] = {}  # waveforms with windows to come or to be computed
    lengths: dict[str, int] = {}  # samples of each that were taken up
    ended: set[str] = set()  # waveforms whose last window was taken up

    def checked() -> Iterator[Piece]:
        for piece in pieces:
            if piece.name in ended:
                raise ValueError(
                    f"{piece.name}: window {piece.index} came after the last; expected each waveform once"
                )
            parts = open_.setdefault(piece.name, [])
            if piece.index != len(parts):
                raise ValueError(f"{piece.name}: window {piece.index} came; expected window {len(parts)}")
            check_samples(piece.name, piece.samples, offset=lengths.get(piece.name, 0), most=WINDOW)
            parts.append(None)
            lengths[piece.name] = lengths.get(piece.name, 0) + len(piece.samples)
            if piece.last:
                ended.add(piece.name)
            yield piece

    for piece, summary in encode(checked()):
        parts = open_[piece.name]
        parts[piece.index] = summary
        if piece.name in ended and all(part is not None for part in parts):
            del open_[piece.name], lengths[piece.name]
            yield piece.name, merge(parts)
    for name, parts in open_.items():
        raise ValueError(f"{name}: window {len(parts) - 1} was not the last, and none followed; expected a last one")


def check_samples(name: str, samples: np.ndarray, *, offset: int = 0, most: int | None = None) -> None:
    """Refuse a waveform, or its window from sample `offset` on, of `most` samples at most, that MuQ cannot take."""
    if not isinstance(samples, np.ndarray) or samples.dtype != np.float32 or samples.ndim != 1:
        got = f"{getattr(samples, 'dtype', type(samples).__name__)}, shape {np.shape(samples)}"
        raise ValueError(f"{name}: samples are {got}; expected a float32 array of shape (n,)")
    n = len(samples)
    if n < SHORTEST:
        raise ValueError(
            f"{name}: {n} samples, {n / MUQ_RATE:.4f} s, are too few for MuQ; "
            f"expected at least {SHORTEST} at {MUQ_RATE} Hz"
        )
    if most is not None and n > most:
        raise ValueError(f"{name}: a window of {n} samples, {n / MUQ_RATE:.1f} s; expected at most {most}")
    bad = ~np.isfinite(samples)
    if bad.any():
        first = (offset + int(bad.argmax())) / MUQ_RATE
        raise ValueError(
            f"{name}: {bad.sum()} samples are NaN or infinite, the first at {first:.3f} s; expected numbers"
        )
