"""Level and silence of a window.

Levels are in dB relative to full scale (dBFS): 20 log10 of the root mean square, floored at -120. A frame of
50 ms is *silent* if it lies 40 dB or more under the loud frames of its own window (their 95th percentile), or
under -70 dBFS whatever the rest does; the first bound follows the recording's gain, the second catches windows
that hold nothing at all.

All of it follows from the mean power of each frame, 20 numbers a second, so a waveform can come in pieces.
"""

import math
from array import array

import numpy as np

from priosig.annotations.timespans import Span

FRAME = 0.05  # s
FLOOR = -120.0  # dBFS
_BELOW_LOUD = 40.0  # dB
_ABSOLUTE = -70.0  # dBFS


class LevelMeter:
    """Level and silence of a waveform that comes in pieces.

    Results are the same, to the last bit, however the waveform is cut. `rate` is in Hz.

    Examples
    --------
    >>> meter = LevelMeter(24_000)
    >>> meter.add(np.full(30_000, 0.5, np.float32))
    >>> meter.add(np.zeros(30_000, np.float32))
    >>> round(meter.level, 2), meter.silence_share, meter.silent_intervals()
    (-9.03, 0.5, [(1.25, 2.5)])
    """

    def __init__(self, rate: int):
        self._size = max(round(FRAME * rate), 1)
        self._powers = array("d")  # of whole frames
        self._rest = np.empty(0)  # squares of the frame that is not whole yet

    def add(self, samples: np.ndarray) -> None:
        """Go on with samples, shape (n,), any n."""
        squares = np.concatenate([self._rest, np.square(samples, dtype=np.float64)])
        whole = len(squares) // self._size * self._size
        self._powers.frombytes(squares[:whole].reshape(-1, self._size).mean(axis=1).tobytes())
        self._rest = squares[whole:].copy()

    @property
    def level(self) -> float:
        """Level of all samples in dBFS; -120 for digital silence, NaN for no samples."""
        n_samples = len(self._powers) * self._size + len(self._rest)
        if n_samples == 0:
            return math.nan
        power = math.fsum(self._powers) * self._size + float(self._rest.sum())
        return float(_decibels(math.sqrt(power / n_samples)))

    @property
    def silent_frames(self) -> np.ndarray:
        """Which 50 ms frames are silent: bool, shape (n_frames,), n_frames >= 1; a last part of a frame counts."""
        powers = [*self._powers]
        if len(self._rest) or not powers:
            powers.append(self._rest.mean() if len(self._rest) else 0.0)
        levels = _decibels(np.sqrt(np.array(powers)))
        return levels < max(np.percentile(levels, 95) - _BELOW_LOUD, _ABSOLUTE)

    @property
    def silence_share(self) -> float:
        """Share of the 50 ms frames that are silent, 0 to 1."""
        return float(self.silent_frames.mean())

    def silent_intervals(self, shortest: float = 1.0) -> list[Span]:
        """Stretches of silence of `shortest` seconds or more, in seconds from the start."""
        silent = self.silent_frames
        edges = np.flatnonzero(np.diff(np.concatenate([[0], silent.astype(np.int8), [0]])))
        return [
            (start * FRAME, end * FRAME)
            for start, end in edges.reshape(-1, 2).tolist()
            if (end - start) * FRAME >= shortest - 1e-9
        ]


def level(samples: np.ndarray) -> float:
    """Level in dBFS of samples of shape (n,), full scale 1."""
    meter = LevelMeter(24_000)  # any rate: the length of a frame makes no difference here
    meter.add(samples)
    return meter.level


def _decibels(rms: np.ndarray | float) -> np.ndarray:
    return 20 * np.log10(np.maximum(rms, 10 ** (FLOOR / 20)))
