"""Time to cut the segments of a study out of its recordings: one pass, one by one, and librosa.

    OMP_NUM_THREADS=1 python benchmarks/slicing.py                 # one to two minutes
    OMP_NUM_THREADS=1 python benchmarks/slicing.py --minutes 5     # shorter recordings, shorter segments

Five recordings of noise, 20 minutes each at 44.1 kHz mono, are written to a temporary directory, and segments like
those of the first study laid over them: 61 windows of 3.5 to 67 s and 37 of 7 to 706 s, lengths drawn evenly on a
logarithmic scale, some overlapping. In one process, in turn, all of them are brought to 24 kHz mono by

- `priosig.audio.streaming.stream_pieces`: one pass over each recording, windows of 30 s;
- `priosig.audio.slices.read_slice`, segment by segment;
- `librosa.load(offset=..., duration=..., sr=24_000)`, segment by segment, which resamples by soxr HQ too.

Printed for each: seconds, CPU seconds and their ratio to the first, frames decoded, the longest array handed out, and
what differs from the first: the largest difference of a sample (every hundredth is compared), and how many segments
have another length; librosa rounds lengths up, soxr to the nearest. Ratios carry over to another machine better than
seconds.
"""

import argparse
import platform
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import soundfile
import soxr

from priosig.audio.slices import Slice, probe_recording, read_slice, slice_recording
from priosig.audio.streaming import stream_pieces
from priosig.audio.windows import MUQ_RATE

RATE = 44_100
N_RECORDINGS = 5
STOPS, CONTINUES = (61, 3.5, 67.0), (37, 7.0, 706.0)  # number, shortest and longest in seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=20.0, help="length of each recording")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    print(f"{platform.machine()}, Python {platform.python_version()}, soundfile {soundfile.__version__}", end=", ")
    print(f"libsndfile {soundfile.__libsndfile_version__}, soxr {soxr.__version__}, seed {given.seed}")
    for extension in (".wav", ".flac"):
        with tempfile.TemporaryDirectory() as directory:
            slices = make_slices(Path(directory), extension, given.minutes, given.seed)
            compare(extension, slices)


def make_slices(directory: Path, extension: str, minutes: float, seed: int) -> dict[str, Slice]:
    """Recordings of noise, and segments of them, in random order of length."""
    rng = np.random.default_rng(seed)
    recordings = []
    for number in range(N_RECORDINGS):
        path = directory / f"{number}{extension}"
        with soundfile.SoundFile(path, "w", RATE, 1, subtype="PCM_16") as file:
            for _ in range(round(minutes * 60)):
                file.write(rng.normal(0, 0.1, RATE).clip(-1, 1))
        recordings.append(probe_recording(path))
    slices = {}
    for kind, (n, shortest, longest) in (("stop", STOPS), ("continue", CONTINUES)):
        for number in range(n):
            recording = recordings[number % N_RECORDINGS]
            seconds = min(np.exp(rng.uniform(np.log(shortest), np.log(longest))), recording.duration)
            start = rng.uniform(0, recording.duration - seconds)
            slices[f"{kind}-{number}"] = slice_recording(recording, round(start, 3), round(start + seconds, 3))
    return slices


def compare(extension: str, slices: dict[str, Slice]) -> None:
    """One table: a line for each way of reading."""
    hours = sum(recording.duration for recording in {part.recording for part in slices.values()}) / 3600
    cut = sum(part.n_frames for part in slices.values()) / RATE / 3600
    print(f"\n{extension}: {len(slices)} segments, {cut:.2f} h, of {hours:.2f} h of recordings")
    print(
        f"{'':15s}{'seconds':>8s}{'CPU':>7s}{'ratio':>7s}{'decoded':>13s}{'longest':>10s}{'differs':>9s}{'lengths':>9s}"
    )
    list(by_librosa(dict(list(slices.items())[:1])))  # its imports
    reference, first = None, None
    for name, read in (("stream_pieces", by_stream), ("read_slice", by_slice), ("librosa.load", by_librosa)):
        with decoded() as frames:
            began, cpu_began = time.perf_counter(), time.process_time()
            thinned, lengths, longest = thin(read(slices))
            seconds, cpu = time.perf_counter() - began, time.process_time() - cpu_began
        reference, first = reference or (thinned, lengths), first or cpu
        difference = max(largest_difference(thinned[name], reference[0][name]) for name in slices)
        others = sum(lengths[name] != reference[1][name] for name in slices)
        print(
            f"{name:15s}{seconds:8.2f}{cpu:7.2f}{cpu / first:7.2f}{frames[0]:13,d}{longest / MUQ_RATE:8.1f} s"
            f"{difference:9.1e}{others:9d}"
        )
        sys.stdout.flush()


def thin(arrays: Iterator[tuple[str, np.ndarray]]) -> tuple[dict[str, np.ndarray], dict[str, int], int]:
    """Every hundredth sample of each segment, its number of samples, and the length of the longest array."""
    kept, lengths, longest = {}, {}, 0
    for name, samples in arrays:
        before = lengths.get(name, 0)
        kept.setdefault(name, []).append(samples[-before % 100 :: 100].copy())
        lengths[name], longest = before + len(samples), max(longest, len(samples))
    return {name: np.concatenate(parts) for name, parts in kept.items()}, lengths, longest


def largest_difference(one: np.ndarray, two: np.ndarray) -> float:
    """Over the samples that both have."""
    n = min(len(one), len(two))
    return float(np.abs(one[:n] - two[:n]).max())


def by_stream(slices: dict[str, Slice]) -> Iterator[tuple[str, np.ndarray]]:
    for piece in stream_pieces(slices):
        yield piece.name, piece.samples


def by_slice(slices: dict[str, Slice]) -> Iterator[tuple[str, np.ndarray]]:
    for name, part in slices.items():
        yield name, read_slice(part)


def by_librosa(slices: dict[str, Slice]) -> Iterator[tuple[str, np.ndarray]]:
    import librosa

    for name, part in slices.items():
        offset, duration = (part.first + 0.5) / RATE, (part.n_frames + 0.5) / RATE  # it rounds down
        yield name, librosa.load(part.recording.path, sr=MUQ_RATE, offset=offset, duration=duration)[0]


@contextmanager
def decoded() -> Iterator[list[int]]:
    """Counts the frames that soundfile decodes in the meantime."""
    frames, read = [0], soundfile.SoundFile.read

    def counting(self: soundfile.SoundFile, *args: object, **kwargs: object) -> np.ndarray:
        block = read(self, *args, **kwargs)
        frames[0] += len(block)
        return block

    soundfile.SoundFile.read = counting
    try:
        yield frames
    finally:
        soundfile.SoundFile.read = read


if __name__ == "__main__":
    main()
