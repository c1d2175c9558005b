"""Which accelerator there is."""

import sys
from pathlib import Path


def find_accelerator(device: str) -> str | None:
    """The accelerator that a device's name allows and this machine has: "cuda", "cuda:1", "mps", or None."""
    if device == "cpu" or (device == "auto" and not _has_device_files()):
        return None
    import torch

    numbers = {"cuda": torch.cuda.device_count(), "mps": int(torch.backends.mps.is_available())}
    if device == "auto":
        return next((name for name in numbers if numbers[name]), None)
    kind, _, index = device.partition(":")
    return device if int(index or 0) < numbers[kind] else None


def _has_device_files() -> bool:
    """Whether there can be an accelerator at all: torch takes seconds to be asked, and on most machines in vain."""
    drivers = ("/dev/nvidiactl", "/dev/kfd", "/dev/dxg", "/dev/nvmap")  # NVIDIA, AMD, Windows' Linux, Jetson
    return not sys.platform.startswith("linux") or any(Path(driver).exists() for driver in drivers)
