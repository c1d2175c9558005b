"""From frames over time to statistics of a segment, in one pass and in bounded memory.

MuQ gives a vector for every 40 ms; the probe needs one row per segment. Both models need only the frames' number,
mean, spread and extremes: a `FrameSummary`, taken window by window and merged, so that frames need not be kept. It
takes 33 kB at 1024 dimensions; 30 s of frames take 3 MB.

Model A's row is the mean of each dimension over time followed by its unbiased standard deviation (division by
n - 1), as in the study; the quality head pools with the population one.

References
----------
Chan, Golub & LeVeque (1979). Updating formulae and a pairwise algorithm for computing sample variances. Stanford
University, STAN-CS-79-773.
"""

import functools
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch

_HEAD_FLOOR = 1e-8  # added to the variance by the quality head, so that its gradient exists at 0


@dataclass(frozen=True, eq=False)
class FrameSummary:
    """What the models need to know of frames; made by `summarise` and `merge`. Arrays are float64, shape (D,)."""

    n: int  # frames, at least 1
    mean: np.ndarray  # over time
    m2: np.ndarray  # sum of squared deviations from the mean
    low: np.ndarray  # smallest and largest value over time
    high: np.ndarray

    @property
    def width(self) -> int:
        """D, the frames' dimensions."""
        return len(self.mean)

    @property
    def embedding(self) -> np.ndarray:
        """Model A's features, `mean_and_std` in float32."""
        return self.mean_and_std().astype(np.float32)

    def mean_and_std(self) -> np.ndarray:
        """The D means, then the D unbiased standard deviations; float64, shape (2 D,). A ValueError for one frame."""
        if self.n < 2:
            raise ValueError(f"frames: {self.n} over time; expected at least 2 frames, one has no standard deviation")
        return np.concatenate([self.mean, np.sqrt(self.m2 / (self.n - 1))])

    def head_input(self, *, extremes: bool = False) -> np.ndarray:
        """What the quality head pools frames to: float32, shape (2 D,), or (4 D,) with `extremes`.

        Means and population standard deviations, `sqrt(m2 / n + 1e-8)`, then minimum and maximum.
        """
        parts = [self.mean, np.sqrt(self.m2 / self.n + _HEAD_FLOOR)]
        return np.concatenate(parts + [self.low, self.high] * extremes).astype(np.float32)

    def to_array(self) -> np.ndarray:
        """One float64 array of shape (1 + 4 D,): n, mean, m2, low, high."""
        return np.concatenate([[self.n], self.mean, self.m2, self.low, self.high])

    @classmethod
    def from_array(cls, array: np.ndarray) -> "FrameSummary":
        """The summary that `to_array` gave."""
        return cls(int(array[0]), *array[1:].reshape(4, -1))


def summarise(frames: "np.ndarray | torch.Tensor") -> FrameSummary:
    """Number, mean, spread and extremes of frames over time.

    Sums are taken in float64 whatever the input's type, so that neither the number of frames nor a large
    offset costs digits.

    Raises
    ------
    ValueError
        If the shape is not (T, D) with T >= 1 and D >= 1, or an entry is NaN or infinite.
    """
    if hasattr(frames, "detach"):  # a tensor, perhaps on another device, and in bfloat16, which numpy does not have
        frames = frames.detach().cpu().double().numpy()
    frames = np.asarray(frames, dtype=np.float64)
    if frames.ndim != 2 or frames.shape[0] < 1 or frames.shape[1] < 1:
        raise ValueError(f"frames: shape {frames.shape}; expected (T, D), at least 1 frame over time")
    if n_bad := np.count_nonzero(~np.isfinite(frames)):
        raise ValueError(f"frames: {n_bad} entries are NaN or infinite; expected numbers")
    mean = frames.mean(axis=0)
    m2 = np.square(frames - mean).sum(axis=0)
    return FrameSummary(len(frames), mean, m2, frames.min(axis=0), frames.max(axis=0))


def merge(summaries: Iterable[FrameSummary]) -> FrameSummary:
    """Summary of the frames of all, as if they had been summarised at once (Chan et al. 1979).

    Equal summaries in equal order give equal bits. A ValueError if there is none, or their widths differ.
    """
    summaries = list(summaries)
    widths = sorted({summary.width for summary in summaries})
    if len(widths) != 1:
        raise ValueError(
            f"merge: {len(summaries)} summaries of widths {widths}; expected at least 1, all of one width"
        )
    return functools.reduce(_merge_two, summaries)


def stats_pool(frames: "np.ndarray | torch.Tensor") -> "np.ndarray | torch.Tensor":
    """Means, then unbiased standard deviations of frames over time: (T, D) to (2 D,), T >= 2.

    Returns a tensor for a tensor, on its device and without gradient, and an array for an array; of the frames'
    precision, float32 at least. A ValueError as for `summarise`, and for one frame, which has no standard deviation.

    Examples
    --------
    >>> stats_pool(np.array([[1.0, 5.0], [3.0, 7.0], [5.0, 9.0]])).tolist()
    [3.0, 7.0, 2.0, 2.0]
    """
    pooled = summarise(frames).mean_and_std()
    if not hasattr(frames, "detach"):
        return pooled.astype(np.promote_types(np.asarray(frames).dtype, np.float32))
    import torch

    return torch.from_numpy(pooled).to(torch.promote_types(frames.dtype, torch.float32)).to(frames.device)


def _merge_two(a: FrameSummary, b: FrameSummary) -> FrameSummary:
    n = a.n + b.n
    step = b.mean - a.mean
    return FrameSummary(
        n,
        a.mean + step * (b.n / n),
        a.m2 + b.m2 + step**2 * (a.n * b.n / n),
        np.minimum(a.low, b.low),
        np.maximum(a.high, b.high),
    )
