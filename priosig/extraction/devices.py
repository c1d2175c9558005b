"""Which device computes."""

import sys
from pathlib import Path


def find_accelerator(device: str) -> str | None:
    """The accelerator that a device's name allows and this machine has: "cuda", "cuda:1", "mps", or None."""
    if device == "cpu" or (device == "auto" and not _has_device_files()):
        return None
    there = _accelerators()
    if device == "auto":
        return there[0].partition(":")[0] if there else None
    return device if device in there or f"{device}:0" in there else None


def resolve_device(asked: str) -> str:
    """`asked`, or for "auto" the first of cuda, mps, cpu that is there; a ValueError if there is no such device."""
    device = find_accelerator(asked) or ("cpu" if asked in ("auto", "cpu") else None)
    if device is None:
        import torch

        there = ", ".join([*_accelerators(), "cpu"])
        raise ValueError(f"device {asked!r}: torch {torch.__version__} finds none; there is {there}")
    return device


def _accelerators() -> list[str]:
    import torch

    # The count comes from the driver alone, also from one that is too old for torch.
    n_cuda = torch.cuda.device_count() if torch.cuda.is_available() else 0
    return [f"cuda:{n}" for n in range(n_cuda)] + ["mps"] * torch.backends.mps.is_available()


def _has_device_files() -> bool:
    """Whether there can be an accelerator at all: torch takes seconds to be asked, and on most machines in vain."""
    drivers = ("/dev/nvidiactl", "/dev/kfd", "/dev/dxg", "/dev/nvmap")  # NVIDIA, AMD, Windows' Linux, Jetson
    return not sys.platform.startswith("linux") or any(Path(driver).exists() for driver in drivers)
