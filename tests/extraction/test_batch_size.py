"""How many windows go through a model at a time; CUDA's memory is a fake."""

import warnings

import pytest
import torch

from priosig.audio.windows import WINDOW
from priosig.extraction.batch_size import MOST_WINDOWS, SHARE, BatchSizes, BatchSizeWarning, is_out_of_memory

GB = 10**9


@pytest.fixture
def cuda_memory(monkeypatch):
    """A device of which `free` bytes are free; a batch is said to take what the test adds to `peak`."""

    class Memory:
        free, peak, allocated, reserved, resets = 40 * GB, 0, 2 * GB, 2 * GB, 0

    def reset(device):
        Memory.resets += 1
        Memory.peak = Memory.allocated

    monkeypatch.setattr(torch.cuda, "reset_peak_memory_stats", reset)
    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda device: Memory.allocated)
    monkeypatch.setattr(torch.cuda, "memory_reserved", lambda device: Memory.reserved)
    monkeypatch.setattr(torch.cuda, "max_memory_allocated", lambda device: Memory.peak)
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (Memory.free, 80 * GB))
    return Memory


def run(sizes, memory, n_windows, gigabytes, n_samples=WINDOW):
    with sizes.measured(n_windows, n_samples):
        memory.peak += round(gigabytes * GB)


@pytest.mark.parametrize(("device", "size"), [("cpu", 1), ("mps", 8)])
def test_where_memory_is_not_measured_the_size_is_fixed(device, size):
    sizes = BatchSizes(device)
    with sizes.measured(1, WINDOW):
        pass
    assert (sizes.of(WINDOW), sizes.of(2000)) == (size, size)


def test_size_that_was_asked_for_is_used_and_nothing_measured(cuda_memory):
    sizes = BatchSizes("cuda", 5)
    run(sizes, cuda_memory, 5, 100)
    assert (sizes.of(WINDOW), cuda_memory.resets) == (5, 0)


def test_first_batch_is_one_window_and_later_ones_what_fits_in_a_share_of_the_free_memory(cuda_memory):
    sizes = BatchSizes("cuda")
    assert sizes.of(WINDOW) == 1
    run(sizes, cuda_memory, 1, 2.0)
    assert sizes.of(WINDOW) == int(SHARE * 40 / 2) == 12
    assert sizes.of(WINDOW // 2) == 24
    assert sizes.of(WINDOW // 10) == MOST_WINDOWS


def test_memory_that_torch_holds_and_does_not_use_counts_as_free(cuda_memory):
    cuda_memory.reserved += 20 * GB
    sizes = BatchSizes("cuda")
    run(sizes, cuda_memory, 1, 2.0)
    assert sizes.of(WINDOW) == int(SHARE * 60 / 2) == 18


def test_short_window_is_soon_outvoted_by_longer_ones(cuda_memory):
    sizes = BatchSizes("cuda")
    run(sizes, cuda_memory, 1, 0.5, n_samples=2000)  # mostly workspace
    assert sizes.of(WINDOW) == 1
    run(sizes, cuda_memory, 1, 1.0)
    assert sizes.of(WINDOW) == 24
    run(sizes, cuda_memory, 1, 30, n_samples=2000)  # smaller: not measured
    assert (sizes.of(WINDOW), cuda_memory.resets) == (24, 2)


def test_window_that_takes_more_than_its_share_is_a_batch_alone(cuda_memory):
    sizes = BatchSizes("cuda")
    run(sizes, cuda_memory, 1, 39.0)
    assert sizes.of(WINDOW) == 1


def test_batch_that_failed_teaches_nothing(cuda_memory):
    sizes = BatchSizes("cuda")
    with pytest.raises(torch.OutOfMemoryError), sizes.measured(1, WINDOW):
        raise torch.OutOfMemoryError("full")
    run(sizes, cuda_memory, 1, 2.0)
    assert sizes.of(WINDOW) == 12


def test_size_is_halved_loudly_down_to_an_error_and_never_grows_beyond(cuda_memory):
    sizes = BatchSizes("cuda:1")
    run(sizes, cuda_memory, 1, 2.0)
    full = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 3 GB. Process 7 has 2 GB.")
    with pytest.warns(BatchSizeWarning, match=r"device cuda:1: a batch of 12 windows of 30\.0 s .*batch_size=6"):
        sizes.halve(12, 30.0, full)
    run(sizes, cuda_memory, 6, 1.0)
    assert sizes.of(WINDOW) == 6
    with pytest.warns(BatchSizeWarning, match="batch_size=3"):
        sizes.halve(6, 30.0, full)
    with pytest.warns(BatchSizeWarning, match="batch_size=1"):
        sizes.halve(3, 30.0, full)
    with warnings.catch_warnings(), pytest.raises(ValueError, match=r"1 window of 30\.0 s does not fit") as caught:
        sizes.halve(1, 30.0, full)
    assert "(CUDA out of memory)" in str(caught.value)
    assert caught.value.__cause__ is full


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("x"),
        RuntimeError("MPS backend out of memory (MPS allocated: 8.00 GB)"),
        RuntimeError("CUDA error: out of memory"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
    ],
)
def test_want_of_memory_is_known_by_its_type_or_its_words(error):
    assert is_out_of_memory(error)


@pytest.mark.parametrize("error", [RuntimeError("CUDA error: an illegal memory access"), ValueError("out of memory")])
def test_other_errors_are_not_taken_for_want_of_memory(error):
    assert not is_out_of_memory(error)
    assert not is_out_of_memory(MemoryError())
