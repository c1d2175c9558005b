"""Time to encode the segments of a study: priosig, and the plain loop over the muq package.

    python -m benchmarks.extraction                               # small model, the study's mixture, some minutes
    python -m benchmarks.extraction --full --minutes 2            # the released architecture, random weights
    python -m benchmarks.extraction --full --device cuda          # the study's whole mixture on an accelerator
    python -m benchmarks.extraction --full --minutes 2 --precision bfloat16

Segments have the study's mixture of lengths (61 windows of 3.5 to 67 s, 37 of 7 to 706 s, log-uniform), in five
recordings of noise. `--minutes` keeps so much audio of them: every length is shortened in proportion, to no less than
1 s. In one process, in turn:

- *plain loop*: for each segment, soundfile reads it, soxr resamples, the muq package's model is called on windows of
  30 s and numpy pools the frames; one at a time, float32, TF32 off;
- *priosig, cold*: `measure_features` with an empty cache;
- *priosig, warm*: the same again.

priosig's two come first, so that the memory that they add is seen. Printed: seconds, seconds of audio a second, the
ratio to the plain loop, the largest difference of an embedding, and the share of the device's measured rate of
float32 matrix products that extraction reaches, operations counted by torch. Model loading is not counted in any.
"""

import argparse
import contextlib
import platform
import resource
import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile
import soxr
import torch
from torch.utils.flop_counter import FlopCounterMode

from priosig.annotations.segments import Segment, make_segment_id
from priosig.audio.slices import plan_slices
from priosig.audio.windows import MUQ_RATE, window_bounds
from priosig.confounds.registry import meters
from priosig.extraction.features import measure_features
from priosig.extraction.muq.extractor import MuQExtractor
from priosig.extraction.muq.model import load_muq
from priosig.extraction.muq.precision import reference_precision
from priosig.extraction.pooling import stats_pool
from priosig.report.table_text import aligned
from tests.full_size_muq import write_full_size
from validation.harness.runs import SMALL_MUQ

STOPS, CONTINUES = (61, 3.5, 67.0), (37, 7.0, 706.0)
RATE = 44_100


def study(directory: Path, minutes: float | None, seed: int) -> list[Segment]:
    """Recordings and segments with the study's mixture of lengths, one after the other."""
    rng = np.random.default_rng(seed)
    lengths = [
        (label, float(np.exp(rng.uniform(np.log(low), np.log(high)))))
        for label, (n, low, high) in (("stop", STOPS), ("continue", CONTINUES))
        for _ in range(n)
    ]
    share = 1.0 if minutes is None else minutes * 60 / sum(length for _, length in lengths)
    segments, ends = [], dict.fromkeys("ABCDE", 0.0)
    for number, (label, length) in enumerate(lengths):
        video = f"noise-{'ABCDE'[number % 5]}----"
        start = ends["ABCDE"[number % 5]]
        end = start + round(max(1.0, length * share), 1)
        segments.append(Segment(make_segment_id(video, label, start, end), video, label, start, end))
        ends["ABCDE"[number % 5]] = end
    for name, end in ends.items():
        with soundfile.SoundFile(directory / f"noise-{name}----.wav", "w", RATE, 1) as file:
            for _ in range(int(end) + 1):
                file.write(rng.normal(0, 0.1, RATE))
    return segments


def plain_loop(segments: list[Segment], audio: Path, model: torch.nn.Module, device: str) -> np.ndarray:
    """What one would write by hand."""
    rows = []
    with torch.inference_mode(), reference_precision(device):
        for segment in segments:
            start, stop = (round(t * RATE) for t in (segment.start_time, segment.end_time))
            samples, _ = soundfile.read(audio / f"{segment.video_id}.wav", start=start, stop=stop, dtype="float32")
            samples = soxr.resample(samples, RATE, MUQ_RATE, quality="HQ")
            windows = [torch.from_numpy(samples[a:b])[None].to(device) for a, b in window_bounds(len(samples))]
            rows.append(stats_pool(np.concatenate([model(w).last_hidden_state[0].cpu().numpy() for w in windows])))
    return np.array(rows)


def product_rate(device: str) -> float:
    """Float32 operations a second in a large matrix product, the best of several."""
    n = 8192 if device != "cpu" else 2048
    a = torch.randn(n, n, device=device)
    best = 0.0
    with reference_precision(device):
        for _ in range(8):
            seconds, _ = timed(device, lambda: a @ a)
            best = max(best, 2 * n**3 / seconds)
    return best


def timed(device: str, function):
    synchronise(device)
    began = time.perf_counter()
    result = function()
    synchronise(device)
    return time.perf_counter() - began, result


def synchronise(device: str) -> None:
    if device.startswith("cuda"):
        torch.cuda.synchronize()


def count_operations(model: torch.nn.Module, segments: list[Segment], audio: Path, device: str) -> float:
    """Floating point operations for all windows: counted once for each length."""
    lengths: dict[int, int] = {}
    for part in plan_slices(segments, audio).values():
        n = round(part.n_frames * MUQ_RATE / RATE)
        for start, stop in window_bounds(n):
            lengths[stop - start] = lengths.get(stop - start, 0) + 1
    # Operations grow almost in proportion; a few lengths give the line and its bend.
    known = [*sorted(lengths)[:: max(1, len(lengths) // 6)], max(lengths)]
    counted = []
    with torch.inference_mode():
        for n in known:
            with FlopCounterMode(display=False) as counter:
                model(torch.zeros(1, n, device=device))
            counted.append(counter.get_total_flops())
    return float(sum(np.interp(n, known, counted) * count for n, count in lengths.items()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--full", action="store_true", help="the released architecture in place of the small model")
    parser.add_argument("--minutes", type=float, help="audio in all; by default the study's own, about 2 hours")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--precision", default="float32")
    parser.add_argument("--batch-size", type=int)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    name = torch.cuda.get_device_name(given.device) if given.device.startswith("cuda") else platform.processor()
    print(f"{given.device} {name}, {torch.get_num_threads()} threads, torch {torch.__version__}")
    with tempfile.TemporaryDirectory() as temporary, contextlib.ExitStack() as stack:
        directory = Path(temporary)
        segments = study(directory, given.minutes, given.seed)
        seconds = sum(segment.duration for segment in segments)
        model_dir = SMALL_MUQ
        if given.full:
            model_dir = directory / "muq"
            model_dir.mkdir()
            write_full_size(model_dir)
        model = load_muq(model_dir / "config.json", model_dir / "model.safetensors").to(given.device)
        cache = stack.enter_context(tempfile.TemporaryDirectory())
        options = {"device": given.device, "precision": given.precision, "batch_size": given.batch_size}
        extractor = MuQExtractor(model_dir, cache_dir=cache, **options)
        list(extractor.extract([("warm up", np.zeros(MUQ_RATE, np.float32))]))
        plain_loop(segments[:1], directory, model, given.device)

        operations = count_operations(model, segments, directory, given.device)
        rate = product_rate(given.device)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        cold, warm = (
            timed(given.device, lambda: measure_features(segments, directory, extractor, meters=meters()))
            for _ in range(2)
        )
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        plain = timed(given.device, lambda: plain_loop(segments, directory, model, given.device))
        rows = [("", "s", "s of audio / s", "ratio", "largest difference", "share of the product rate")]
        for what, (took, found) in {"plain loop": plain, "priosig, cold": cold, "priosig, warm": warm}.items():
            embeddings = getattr(found, "embeddings", found)
            difference = f"{np.abs(embeddings - plain[1]).max():.1e}"
            share = "" if what == "priosig, warm" else f"{operations / took / rate:.0%}"
            ratio = f"{plain[0] / took:.2f}"
            rows.append((what, f"{took:.2f}", f"{seconds / took:.1f}", ratio, difference, share))
    print(f"{len(segments)} segments, {seconds / 60:.1f} min, {operations / 1e12:.2f} TFLOP in all; ", end="")
    print(f"products of float32 matrices: {rate / 1e9:.0f} GFLOP/s; precision {given.precision}")
    print("\n".join(aligned(rows)))
    print(f"priosig, cold and warm, added {grown / 1024:.0f} MB to the process's peak memory")


if __name__ == "__main__":
    main()
