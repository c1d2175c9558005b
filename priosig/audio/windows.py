"""Windows: the pieces of a waveform that the encoder takes, one at a time.

MuQ hears 24 kHz mono and was trained on 30 s. Longer audio is cut into windows whose frames are put end to end.
"""

from dataclasses import dataclass

import numpy as np

MUQ_RATE = 24_000  # Hz; all that follows is in samples
WINDOW = 30 * MUQ_RATE  # longest window
HOP = 960  # from frame to frame
SHORTEST_TAIL = MUQ_RATE  # shortest last window that is left alone
SHORTEST = 1025  # fewest that MuQ accepts: its 2048-point spectrogram reflects half a window at each end
SHORTEST_POOLED = 1200  # fewest of which MuQ makes two frames: one has no standard deviation


@dataclass(frozen=True, eq=False)
class Piece:
    """One window of a waveform on its way from the recording to the encoder."""

    name: str  # of the waveform; a segment's id, say
    index: int  # of the window in its waveform, from 0
    samples: np.ndarray  # float32, shape (n,), 24 kHz mono
    last: bool  # whether the waveform ends with it


def window_bounds(
    n_samples: int, window: int = WINDOW, *, shortest_tail: int = SHORTEST_TAIL
) -> list[tuple[int, int]]:
    """Cut a waveform into windows `[start, stop)` for the encoder, in order, without gap or overlap.

    As many full windows as fit, then the rest. A rest shorter than `shortest_tail` would be frames without
    context (or too short for MuQ), so it and the last full window are shared out into two halves, cut at a
    whole frame. `window` is a multiple of `HOP`, at least twice `shortest_tail`.

    Examples
    --------
    >>> window_bounds(30 * 24_000 + 960)
    [(0, 360000), (360000, 720960)]
    """
    if n_samples < 1 or window % HOP or not 0 < 2 * shortest_tail <= window:
        raise ValueError(
            f"window_bounds: {n_samples} samples in windows of {window}, tail {shortest_tail}; expected at "
            f"least 1 sample and a window that is a multiple of {HOP} and at least twice the tail"
        )
    starts = list(range(0, n_samples, window))
    if len(starts) > 1 and n_samples - starts[-1] < shortest_tail:
        half = (n_samples - starts[-2]) // 2
        starts[-1] = starts[-2] + half - half % HOP
    return list(zip(starts, [*starts[1:], n_samples], strict=True))
