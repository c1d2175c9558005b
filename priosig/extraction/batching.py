"""Windows on their way through the encoder: looked up, batched, computed, kept.

The one place where windows wait. Only windows of equal length share a batch (padding would change the frames), and
windows with equal samples are computed once while they wait together. Memory is bounded: none waits for longer than
a few batches' worth of later windows, so however many there are, and in whatever lengths, few are held.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

import numpy as np

from priosig.audio.windows import MUQ_RATE, Piece
from priosig.extraction.batch_size import BatchSizes, is_out_of_memory

BATCHES_HELD = 4
"""How many batches' worth of later windows one may wait; more would batch better and hold more memory."""

THREADS = 8
"""Most windows of a batch that are summed up and kept at a time."""

T = TypeVar("T")


class Store(Protocol[T]):
    """What a run needs of `priosig.extraction.window_store`."""

    def find(self, key: str) -> T | None: ...
    def keep(self, key: str, frames: np.ndarray) -> T: ...


@dataclass(eq=False)
class _Window:
    key: str
    number: int  # of windows taken up before it
    pieces: list[Piece] = field(default_factory=list)  # with these samples: the first, and those that came meanwhile
    started: bool = False

    @property
    def samples(self) -> np.ndarray:
        return self.pieces[0].samples


class WindowRun(Generic[T]):
    """One pass of windows through an encoder.

    Parameters
    ----------
    forward : callable
        Starts a batch of samples, float32 (B, n), and gives a function that waits for its frames (B, T, D).
    key_of : callable
        Content key of samples.
    store : FrameStore or SummaryStore
    sizes : BatchSizes
    ahead : int
        Batches that may be under way while others are prepared: 0 where `forward` computes at once, else 1.
    known : callable
        Told which pieces have been computed, and which were found or are equal to a computed one.
    """

    def __init__(
        self,
        forward: Callable[[np.ndarray], Callable[[], np.ndarray]],
        key_of: Callable[[np.ndarray], str],
        store: Store[T],
        sizes: BatchSizes,
        *,
        ahead: int,
        known: Callable[[list[Piece], list[Piece]], None],
    ):
        self._forward = forward
        self._key_of = key_of
        self._store = store
        self._sizes = sizes
        self._ahead = ahead
        self._known = known
        self._taken = 0
        self._open: dict[str, _Window] = {}  # by key, oldest first; not known yet
        self._under_way: deque[tuple[list[_Window], Callable[[], np.ndarray]]] = deque()

    def results(self, pieces: Iterable[Piece]) -> Iterator[tuple[Piece, T]]:
        """What the store gives for each piece, as it becomes known; every batch is kept before it is given.

        Raises
        ------
        ValueError
            If the model gives NaN or infinite frames, or a single window does not fit in the device's memory.
        """
        for piece in pieces:
            yield from self._take_up(piece)
            while batch := self._full_batch():
                yield from self._start(batch)
            while self._open and self._taken - self._oldest.number > BATCHES_HELD * self._size(self._oldest):
                yield from self._land() if self._oldest.started else self._start(self._batch_of(self._oldest))
        while waiting := self._waiting():
            yield from self._start(self._batch_of(waiting[0]))
        while self._under_way:
            yield from self._land()

    @property
    def _oldest(self) -> _Window:
        return next(iter(self._open.values()))

    def _waiting(self) -> list[_Window]:
        return [window for window in self._open.values() if not window.started]

    def _size(self, window: _Window) -> int:
        return self._sizes.of(len(window.samples))

    def _take_up(self, piece: Piece) -> Iterator[tuple[Piece, T]]:
        number, self._taken = self._taken, self._taken + 1
        key = self._key_of(piece.samples)
        if key not in self._open:
            stored = self._store.find(key)
            if stored is not None:
                self._known([], [piece])
                yield piece, stored
                return
            self._open[key] = _Window(key, number)
        self._open[key].pieces.append(piece)

    def _full_batch(self) -> list[_Window]:
        """As many waiting windows of one length as make a batch, or none."""
        by_length: dict[int, list[_Window]] = {}
        for window in self._waiting():
            alike = by_length.setdefault(len(window.samples), [])
            alike.append(window)
            if len(alike) == self._size(window):
                return alike
        return []

    def _batch_of(self, first: _Window) -> list[_Window]:
        """A waiting window, and others of its length."""
        others = (window for window in self._waiting() if window is not first)
        alike = [window for window in others if len(window.samples) == len(first.samples)]
        return [first, *alike][: self._size(first)]

    def _start(self, batch: list[_Window]) -> Iterator[tuple[Piece, T]]:
        """Start a batch, and finish those before it; one that doesn't fit is left waiting, and the size is halved."""
        samples = np.stack([window.samples for window in batch])
        try:
            wait = self._forward(samples)
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            self._sizes.halve(len(batch), samples.shape[1] / MUQ_RATE, error)
            return
        for window in batch:
            window.started = True
        self._under_way.append((batch, wait))
        while len(self._under_way) > self._ahead:
            yield from self._land()

    def _land(self) -> Iterator[tuple[Piece, T]]:
        """Finish the batch that was started first: keep all of it, then give it."""
        batch, wait = self._under_way.popleft()
        # 12 ms a window, which is longer than an accelerator takes; NumPy and the disk let threads run side by side.
        with ThreadPoolExecutor(min(len(batch), THREADS)) as threads:
            values = list(threads.map(self._keep, batch, wait()))
        first = [window.pieces[0] for window in batch]
        for window in batch:
            del self._open[window.key]
        self._known(first, [piece for window in batch for piece in window.pieces[1:]])
        for window, value in zip(batch, values, strict=True):
            for piece in window.pieces:
                yield piece, value

    def _keep(self, window: _Window, frames: np.ndarray) -> T:
        if not np.isfinite(frames).all():
            piece = window.pieces[0]
            raise ValueError(
                f"{piece.name}: window {piece.index}, {len(piece.samples) / MUQ_RATE:.3f} s: the model gives NaN "
                "or infinite frames; expected numbers"
            )
        return self._store.keep(window.key, frames)
