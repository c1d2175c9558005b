"""The floating-point precision of the encoder, independent of what the caller has set.

float32 is the reference. torch allows less by itself: TF32 in CUDA's convolutions by default, in matrix products
where a caller wished so. Each arithmetic is therefore switched on around a computation, whole.

- `float32`: TF32 and other reduced-precision products off.
- `tf32`, CUDA only: products of float32 numbers rounded to 10 bits of mantissa, summed in float32.
- `bfloat16`, autocast, on the CPU and CUDA: products of numbers rounded to 7 bits, summed in float32. Winograd's
  convolutions (`priosig.extraction.muq.blocks`) stay float32, in which they are quicker still.
"""

import contextlib
from collections.abc import Iterator

from priosig._core.checks import shown

# Names, and the kinds of device that have them.
PRECISIONS = {"float32": ("cpu", "cuda", "mps"), "tf32": ("cuda",), "bfloat16": ("cpu", "cuda")}


def check_precision(precision: str, device: str) -> None:
    """Refuse an arithmetic that does not exist, or not on this device ("auto" may turn out to be any)."""
    if not isinstance(precision, str) or precision not in PRECISIONS:
        raise ValueError(f"precision {shown(precision)}: expected one of {', '.join(PRECISIONS)}")
    kind = device.partition(":")[0]
    if kind != "auto" and kind not in PRECISIONS[precision]:
        there = ", ".join(name for name in PRECISIONS if kind in PRECISIONS[name])
        raise ValueError(
            f"precision {precision!r}: not on device {device!r}, only on {' and '.join(PRECISIONS[precision])}; "
            f"expected one of {there}"
        )


@contextlib.contextmanager
def arithmetic(precision: str, device: str) -> Iterator[None]:
    """One of `PRECISIONS` on a device; the caller's settings come back afterwards."""
    import torch

    # torch keeps an old setting and newer ones by operation, and complains where they disagree: set both.
    backends = torch.backends
    on_cuda = (backends.cuda.matmul, backends.cudnn.conv, backends.cudnn.rnn)
    on_cpu = (backends.mkldnn.matmul, backends.mkldnn.conv, backends.mkldnn.rnn)
    try:
        overall = torch.get_float32_matmul_precision()
    except RuntimeError:  # the caller uses the newer ones, and the old one can't be asked; it has its default
        overall = "highest"
    settings = [(operation, operation.fp32_precision) for operation in on_cuda + on_cpu]
    short_sums = backends.cuda.matmul.allow_bf16_reduced_precision_reduction
    kind, short = device.partition(":")[0], precision == "bfloat16"
    cast = torch.autocast(kind, dtype=torch.bfloat16 if short else None, enabled=short)
    try:
        torch.set_float32_matmul_precision("high" if precision == "tf32" else "highest")
        for operation in on_cuda:
            operation.fp32_precision = "tf32" if precision == "tf32" else "ieee"
        for operation in on_cpu:
            operation.fp32_precision = "ieee"
        backends.cuda.matmul.allow_bf16_reduced_precision_reduction = False
        with cast:
            yield
    finally:
        backends.cuda.matmul.allow_bf16_reduced_precision_reduction = short_sums
        torch.set_float32_matmul_precision(overall)
        for operation, setting in settings:
            operation.fp32_precision = setting


def reference_precision(device: str) -> contextlib.AbstractContextManager[None]:
    """float32, whatever the caller allowed elsewhere."""
    return arithmetic("float32", device)
