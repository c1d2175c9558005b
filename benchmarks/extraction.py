"""Time to encode the segments of a study: priosig, and the plain loop over the muq package.

    python -m benchmarks.extraction                                  # small model, the study's mixture, some minutes
    python -m benchmarks.extraction --full --every 24 --precision float32 bfloat16      # the released architecture
    python -m benchmarks.extraction --full --every 3 --device cuda --precision float32 tf32 bfloat16

Segments have the study's mixture of lengths (61 windows of 3.5 to 67 s, 37 of 7 to 706 s, log-uniform), in five
recordings of noise. `--every` takes a sample of them, uncut. `--minutes` keeps so much audio of all of them: every
length is shortened in proportion, to no less than 1 s. In one process, in turn, `--repeats` times:

- *plain loop*: for each segment, soundfile reads it, soxr resamples, the muq package's model is called on windows of
  30 s and numpy pools the frames; one at a time, float32, TF32 off;
- *priosig, cold*: `measure_features` with an empty cache, in each precision;
- *priosig, warm*: the same again, in the first of these.

Printed: the median seconds, by the clock and of the processor (all threads; what other work on the machine leaves
unmoved), seconds of audio a second, both ratios to the plain loop, the largest difference of an embedding, and the
share of the device's measured rate of float32 matrix products that extraction reaches, operations counted by torch
for the plain loop. Model loading is not counted in any.
"""

import argparse
import platform
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

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
T = TypeVar("T")


def study(directory: Path, minutes: float | None, every: int, seed: int) -> list[Segment]:
    """Recordings, and every so manieth of segments with the study's mixture of lengths, one after the other."""
    rng = np.random.default_rng(seed)
    lengths = [
        (label, float(np.exp(rng.uniform(np.log(low), np.log(high)))))
        for label, (n, low, high) in (("stop", STOPS), ("continue", CONTINUES))
        for _ in range(n)
    ]
    share = 1.0 if minutes is None else minutes * 60 / sum(length for _, length in lengths)
    segments, ends = [], dict.fromkeys("ABCDE", 0.0)
    for number, (label, length) in enumerate(lengths[::every]):
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
            seconds, _, _ = timed(device, lambda: a @ a)
            best = max(best, 2 * n**3 / seconds)
    return best


def timed(device: str, function: Callable[[], T]) -> tuple[float, float, T]:
    """Seconds by the clock, of the processor, and what the function gives."""
    synchronise(device)
    began, used = time.perf_counter(), time.process_time()
    result = function()
    synchronise(device)
    return time.perf_counter() - began, time.process_time() - used, result


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


def table(runs: dict[str, list[tuple[float, float, np.ndarray]]], seconds: float, least: float) -> list[tuple]:
    """Rows of text: medians, beside the plain loop's; `least` is what its operations take at the product rate."""
    (plain, plain_used), expected = medians(runs["plain loop"]), runs["plain loop"][0][2]
    rows = [("", "s", "processor s", "s of audio / s", "ratio", "processor ratio", "largest difference", "share")]
    for what, repeats in sorted(runs.items()):
        took, used = medians(repeats)
        difference = max(np.abs(embeddings - expected).max() for _, _, embeddings in repeats)
        ratios = f"{plain / took:.2f}", f"{plain_used / used:.2f}"
        share = "" if what == "priosig, warm" else f"{least / took:.0%}"
        rows.append(
            (what, f"{took:.2f}", f"{used:.2f}", f"{seconds / took:.1f}", *ratios, f"{difference:.1e}", share)
        )
    return rows


def medians(repeats: list[tuple[float, float, np.ndarray]]) -> tuple[float, float]:
    return statistics.median(took for took, _, _ in repeats), statistics.median(used for _, used, _ in repeats)


def peak() -> float:
    """The process's peak memory, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--full", action="store_true", help="the released architecture in place of the small model")
    parser.add_argument("--every", type=int, default=1, help="take every so manieth segment, uncut")
    parser.add_argument("--minutes", type=float, help="audio before that; by default the study's own, about 3 hours")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--precision", nargs="+", default=["float32"])
    parser.add_argument("--batch-size", type=int)
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    device = given.device
    name = torch.cuda.get_device_name(device) if device.startswith("cuda") else platform.processor()
    print(f"{device} {name}, {torch.get_num_threads()} threads, torch {torch.__version__}", flush=True)
    with tempfile.TemporaryDirectory() as temporary:
        directory = Path(temporary)
        segments = study(directory, given.minutes, given.every, given.seed)
        model_dir = SMALL_MUQ
        if given.full:
            model_dir = directory / "muq"
            model_dir.mkdir()
            write_full_size(model_dir)
        model = load_muq(model_dir / "config.json", model_dir / "model.safetensors").to(device)
        plain_loop(segments[:1], directory, model, device)
        operations = count_operations(model, segments, directory, device)
        rate = product_rate(device)

        runs: dict[str, list[tuple[float, float, np.ndarray]]] = {}
        grown = 0.0

        def run(what: str, function: Callable[[], np.ndarray]) -> None:
            runs.setdefault(what, []).append(timed(device, function))
            print(f"{what}: {runs[what][-1][0]:.2f} s", flush=True)

        for _ in range(given.repeats):
            run("plain loop", lambda: plain_loop(segments, directory, model, device))
            for precision in given.precision:
                cache = Path(tempfile.mkdtemp(dir=directory))
                options = {"device": device, "precision": precision, "batch_size": given.batch_size}
                extractor = MuQExtractor(model_dir, cache_dir=cache, **options)
                list(extractor.extract([("warm up", np.zeros(MUQ_RATE, np.float32))]))
                before = peak()

                def measure(extractor: MuQExtractor = extractor) -> np.ndarray:
                    return measure_features(segments, directory, extractor, meters=meters()).embeddings

                run(f"priosig, cold, {precision}", measure)
                if precision == given.precision[0]:
                    run("priosig, warm", measure)
                grown = max(grown, peak() - before)
                del extractor
    seconds = sum(segment.duration for segment in segments)
    print(f"{len(segments)} segments, {seconds / 60:.1f} min, {operations / 1e12:.2f} TFLOP in all; ", end="")
    print(f"products of float32 matrices: {rate / 1e9:.0f} GFLOP/s")
    print("\n".join(aligned(table(runs, seconds, operations / rate))))
    print(f"priosig added {grown:.0f} MB to the process's peak memory")


if __name__ == "__main__":
    main()
