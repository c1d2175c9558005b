"""What the statistics of one model cost in time and memory as videos are added, at 20 segments a video.

    python benchmarks/scale.py                                   # all sizes; about half an hour
    python benchmarks/scale.py --features 19                     # a minute
    python benchmarks/scale.py --threads 2 --videos 500 --features 2048 --steps "assess, 19"

Each step runs in a process of its own, so that its peak memory (`ru_maxrss`, which counts the interpreter, libraries
and the simulated data) is its own. Steps are those of an experiment on one model, with 3 confounds:

- `leave-one-out`: `leave_one_video_out_cv`, a fold for every video, however many there are
- `T1, 19` and `T1, 99`: `permutation_test` with 19 and 99 relabellings
- `T2, 19`: `beyond_confounds` (two sets of fits: confounds removed, and raw)
- `interval`: `confidence_interval`
- `assess, 19` and `assess, 99`: `assess_models`, which is design, T1, T2, interval, power (200 refits) and verdict

Features are those of `benchmarks/permutations.py` (6 factors, an offset a video) and a weak shift between STOP and
CONTINUE; 12 of 20 segments are STOP, in random order. One BLAS thread by default, as in an experiment.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import pairwise

import numpy as np
from permutations import features, machine
from threadpoolctl import threadpool_limits

from priosig.crossval.leave_one_video_out import leave_one_video_out_cv
from priosig.inference.assessment import assess_models
from priosig.inference.beyond_confounds import beyond_confounds
from priosig.inference.confidence import confidence_interval
from priosig.inference.data import labelled_segments
from priosig.inference.design import assess_design
from priosig.inference.permutation import permutation_test
from priosig.verdict.rule import Rule

SEGMENTS, STOPS = 20, 12
SHIFT = 0.15
STEPS = ("leave-one-out", "T1, 19", "T1, 99", "T2, 19", "interval", "assess, 19", "assess, 99")


def study(n_videos: int, n_features: int, seed: int) -> tuple[np.ndarray, np.ndarray, list[str], np.ndarray, dict]:
    """Features, labels, videos, start times and confounds of a simulated study."""
    rng = np.random.default_rng([seed, n_videos, n_features])
    X, videos = features((SEGMENTS,) * n_videos, n_features, rng)
    y = np.concatenate([rng.permutation(np.repeat([1, 0], [STOPS, SEGMENTS - STOPS])) for _ in range(n_videos)])
    n = len(y)
    X += SHIFT * y[:, None] * rng.normal(size=n_features)
    confounds = {
        "length": np.exp(rng.normal(3 - 0.2 * y, 0.7, size=n)),
        "talk": rng.normal(size=n),
        "level": rng.normal(size=n),
    }
    return X, y.astype(np.int8), videos, np.tile(np.arange(SEGMENTS, dtype=np.float64), n_videos), confounds


def work_of(step: str, n_videos: int, n_features: int, seed: int) -> Callable[[], object]:
    X, y, videos, starts, confounds = study(n_videos, n_features, seed)
    name, _, number = step.partition(", ")
    rule = Rule(n_permutations=int(number or 19))
    data = labelled_segments(y, videos, starts, confounds, X=X)
    return {
        "leave-one-out": lambda: leave_one_video_out_cv(X, y, videos),
        "T1": lambda: permutation_test(data, rule, seed=seed),
        "T2": lambda: beyond_confounds(data, rule, seed=seed),
        "interval": lambda: confidence_interval(data, rule),
        "assess": lambda: assess_models({"model": X}, data, assess_design(data, rule, seed=seed), seed=seed),
    }[name]


def one(step: str, n_videos: int, n_features: int, seed: int, threads: int) -> dict[str, float]:
    """Wall-clock and processor seconds of one step, and the peak memory of this process in MB."""
    work = work_of(step, n_videos, n_features, seed)
    with threadpool_limits(threads, user_api="blas"):
        start = time.perf_counter(), time.process_time()
        work()
        wall, processor = time.perf_counter() - start[0], time.process_time() - start[1]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)
    return {"wall": wall, "processor": processor, "peak": peak}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--videos", type=int, nargs="+", default=[5, 50, 500])
    parser.add_argument("--features", type=int, nargs="+", default=[19, 2048])
    parser.add_argument("--steps", nargs="+", choices=STEPS, default=list(STEPS))
    parser.add_argument("--threads", type=int, default=1, help="BLAS threads")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--one", action="store_true", help="measure one step in this process; print JSON")
    given = parser.parse_args()
    if given.one:
        print(json.dumps(one(given.steps[0], given.videos[0], given.features[0], given.seed, given.threads)))
        return
    print(machine(), f"\n{given.threads} BLAS threads; seconds (of processor), peak MB, growth of processor time")
    for n_features in given.features:
        print(f"\n| {n_features} features | " + " | ".join(f"{v} videos" for v in given.videos) + " | growth |")
        print("|---" * (len(given.videos) + 2) + "|")
        for step in given.steps:
            cells = []
            for n_videos in given.videos:
                sizes = ["--videos", str(n_videos), "--features", str(n_features), "--seed", str(given.seed)]
                what = ["--one", "--steps", step, "--threads", str(given.threads)]
                done = subprocess.run(
                    [sys.executable, __file__, *what, *sizes], check=True, capture_output=True, text=True
                )
                cells.append(json.loads(done.stdout))
            shown = (f"{c['wall']:.2f} ({c['processor']:.2f}), {c['peak']:.0f}" for c in cells)
            growth = ", ".join(f"x{b['processor'] / a['processor']:.0f}" for a, b in pairwise(cells))
            print(f"| {step} | " + " | ".join(shown) + f" | {growth} |", flush=True)


if __name__ == "__main__":
    main()
