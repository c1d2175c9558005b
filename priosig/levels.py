"""How loud a window is, and where in it nobody plays.

Levels are in dB relative to full scale (dBFS): 20 log10 of the root mean square, floored at -120. A frame of
50 ms is *silent* if it lies 40 dB or more under the loud frames of its own window (their 95th percentile), or
under -70 dBFS whatever the rest does; the first bound follows the recording's gain, the second catches windows
that hold nothing at all.
"""

import numpy as np

from .views import Interval

FRAME = 0.05  # s
FLOOR = -120.0  # dBFS
_BELOW_LOUD = 40.0  # dB
_ABSOLUTE = -70.0  # dBFS


def level(samples: np.ndarray) -> float:
    """Level of a window in dBFS; -120 for digital silence.

    Examples
    --------
    >>> round(level(np.array([0.5, -0.5])), 2)
    -6.02
    """
    return float(_decibels(np.sqrt(np.mean(np.square(samples, dtype=np.float64)))))


def silent_frames(samples: np.ndarray, rate: int) -> np.ndarray:
    """Which 50 ms frames are silent: bool, shape (n_frames,), at least one frame; a last part frame counts."""
    size = max(round(FRAME * rate), 1)
    whole = len(samples) // size * size
    power = np.square(samples, dtype=np.float64)
    frames = list(power[:whole].reshape(-1, size).mean(axis=1))
    if whole < len(samples) or not frames:
        frames.append(power[whole:].mean() if whole < len(samples) else 0.0)
    levels = _decibels(np.sqrt(np.array(frames)))
    return levels < max(np.percentile(levels, 95) - _BELOW_LOUD, _ABSOLUTE)


def silence_share(samples: np.ndarray, rate: int) -> float:
    """Share of a window's 50 ms frames that are silent, 0 to 1."""
    return float(silent_frames(samples, rate).mean())


def silent_intervals(samples: np.ndarray, rate: int, shortest: float = 1.0) -> list[Interval]:
    """Stretches of silence of `shortest` seconds or more, in seconds from the start of the window."""
    silent = silent_frames(samples, rate)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], silent.astype(np.int8), [0]])))
    return [
        (start * FRAME, end * FRAME)
        for start, end in edges.reshape(-1, 2).tolist()
        if (end - start) * FRAME >= shortest - 1e-9
    ]


def _decibels(rms: np.ndarray | float) -> np.ndarray:
    return 20 * np.log10(np.maximum(rms, 10 ** (FLOOR / 20)))
