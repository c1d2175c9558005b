"""The number of windows in a batch: it changes memory and speed, never results.

On the CPU a batch only costs memory, so it is one window. On CUDA the first batch is one window too; its memory is
measured, and later batches are as large as fits in a share of what is free then. A batch that does not fit all the
same (others use the device, too) is halved, with a warning.
"""

import contextlib
import re
import warnings
from collections.abc import Iterator

MOST_WINDOWS = 32  # in a batch that is sized by measurement: 32 times 750 frames keep any device busy
SHARE = 0.6  # of the free memory that a batch may take; the rest is for other programs and for what was not foreseen
_UNMEASURED = {"cpu": 1, "mps": 8}  # windows in a batch where memory can't be measured; 1 GB each at full size


class BatchSizeWarning(UserWarning):
    """A batch did not fit in the device's memory; smaller ones are used, and results are not affected."""


class BatchSizes:
    """The batch size of an extractor: `asked`, or what the memory of a device, as torch names it, allows."""

    def __init__(self, device: str, asked: int | None = None):
        self.device = device
        self.most = asked or _UNMEASURED.get(device, MOST_WINDOWS)  # windows in a batch, whatever their length
        self._measures = asked is None and device not in _UNMEASURED
        self._measured = 0  # samples in the largest batch that was measured: the larger, the less does overhead count
        self._fitting = 0  # samples that fit, by that

    def of(self, n_samples: int) -> int:
        """Most windows of this length in a batch, for now."""
        return max(1, min(self.most, self._fitting // n_samples)) if self._measures else self.most

    @contextlib.contextmanager
    def measured(self, n_windows: int, n_samples: int) -> Iterator[None]:
        """Learn from a batch, computed inside, how much memory a sample takes.

        Only the first batch and larger ones are measured; that resets torch's peak statistics of the device.
        """
        if not self._measures or n_windows * n_samples <= self._measured:
            yield
            return
        import torch

        torch.cuda.reset_peak_memory_stats(self.device)
        before = torch.cuda.memory_allocated(self.device)
        yield
        taken = torch.cuda.max_memory_allocated(self.device) - before
        free, _ = torch.cuda.mem_get_info(self.device)  # what torch holds and does not use is not counted there
        free += torch.cuda.memory_reserved(self.device) - torch.cuda.memory_allocated(self.device)
        self._measured = n_windows * n_samples
        self._fitting = int(SHARE * free / max(taken, 1) * self._measured)

    def halve(self, n_windows: int, seconds: float, error: Exception) -> None:
        """Allow half of a batch of windows, of so many seconds each, that did not fit; a ValueError if it was one."""
        what = f"{n_windows} {'windows' if n_windows > 1 else 'window'} of {seconds:.1f} s"
        if n_windows == 1:
            raise ValueError(
                f"device {self.device}: {what} does not fit in its free memory ({str(error).partition('. ')[0]}); "
                "expected room for one: end what else uses the device, or choose device='cpu'"
            ) from error
        self.most = n_windows // 2
        warnings.warn(
            f"device {self.device}: a batch of {what} does not fit in its free memory; goes on with {self.most}, and "
            f"no result changes. batch_size={self.most} would begin there",
            BatchSizeWarning,
            stacklevel=2,
        )


def is_out_of_memory(error: Exception) -> bool:
    """Whether a device's memory was too small: torch has a type for its own allocations, libraries only words."""
    import torch

    said = isinstance(error, RuntimeError) and re.search(r"out of memory|STATUS_ALLOC_FAILED", str(error))
    return isinstance(error, torch.OutOfMemoryError) or bool(said)
