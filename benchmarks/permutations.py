"""Time of 1,000 relabellings with refit: priosig's engine beside scikit-learn's fits, in one process.

The design is that of the first study: 98 segments in 5 videos of 25, 14, 16, 25 and 18, 61 of them STOP,
leave-one-video-out, so that 1,000 relabellings are 5,000 fits. Features are Gaussian, with 6 common factors and an
offset for each video that holds a quarter of the variance.

    OMP_NUM_THREADS=2 python benchmarks/permutations.py            # about a minute; scikit-learn's time is scaled up
    OMP_NUM_THREADS=2 python benchmarks/permutations.py --full     # all 5,000 scikit-learn fits
    OMP_NUM_THREADS=2 python benchmarks/permutations.py --videos 500   # 2,000 fits of 500 videos, ours alone

Ours is the whole of a permutation test: reduction of the folds, fits, out-of-fold scores, AUC within video.
scikit-learn's is a pipeline of `StandardScaler` and `LogisticRegression`, fitted and asked for its scores, at its
default solver (lbfgs, which stops early) for the ratio, and converged (newton-cholesky, tol=1e-12) for the
differences.
"""

from __future__ import annotations

import argparse
import os
import platform
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import sklearn
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from priosig.crossval.folds import Fold, oof_scores, split_by_video
from priosig.crossval.probe import fit_logistic
from priosig.metrics.auc import auc_within_video

SIZES = (25, 14, 16, 25, 18)
N_STOP = 61
FACTORS = 6
VIDEO_SHARE = 0.25


def features(sizes: tuple[int, ...], n_features: int, rng: np.random.Generator) -> tuple[np.ndarray, list[str]]:
    """Features with common factors and video offsets, shape (n, n_features), and the video of each row."""
    which = np.repeat(np.arange(len(sizes)), sizes)
    n = len(which)
    factors = rng.normal(size=(n, FACTORS)) @ rng.normal(size=(FACTORS, n_features)) / np.sqrt(FACTORS)
    own = (factors + rng.normal(size=(n, n_features))) / np.sqrt(2)
    offsets = rng.normal(size=(len(sizes), n_features))[which]
    return np.sqrt(1 - VIDEO_SHARE) * own + np.sqrt(VIDEO_SHARE) * offsets, [f"video{v:03d}" for v in which]


def relabel(y: np.ndarray, videos: list[str], m: int, rng: np.random.Generator) -> np.ndarray:
    """m shuffles of the labels within each video, shape (m, n)."""
    names = np.asarray(videos)
    Y = np.repeat(y[None, :], m, axis=0)
    for name in np.unique(names):
        columns = np.flatnonzero(names == name)
        Y[:, columns] = rng.permuted(Y[:, columns], axis=1)
    return Y


def fastest(work: Callable[[], object], repeats: int) -> tuple[float, float]:
    """Least wall-clock time and least processor time of `work`, in seconds."""
    wall, processor = [], []
    for _ in range(repeats):
        start = time.perf_counter(), time.process_time()
        work()
        wall.append(time.perf_counter() - start[0])
        processor.append(time.process_time() - start[1])
    return min(wall), min(processor)


def scikit_learn_fits(
    X: np.ndarray, Y: np.ndarray, folds: tuple[Fold, ...], **settings: object
) -> tuple[np.ndarray, np.ndarray]:
    """Out-of-fold scores (m, n) and coefficients (m, G, D), one fit at a time."""
    scores, coefficients = np.empty(Y.shape), np.empty((len(Y), len(folds), X.shape[1]))
    for k, y in enumerate(Y):
        for g, fold in enumerate(folds):
            model = make_pipeline(StandardScaler(), LogisticRegression(**settings))
            model.fit(X[fold.train], y[fold.train])
            scores[k, fold.test] = model.decision_function(X[fold.test])
            coefficients[k, g] = model[-1].coef_[0]
    return scores, coefficients


def compare(n_features: int, arguments: argparse.Namespace) -> None:
    rng = np.random.default_rng(arguments.seed)
    X, videos = features(SIZES, n_features, rng)
    y = rng.permutation(np.repeat([1, 0], [N_STOP, len(X) - N_STOP]))
    Y = relabel(y, videos, arguments.relabellings, rng)

    def ours() -> np.ndarray:
        return auc_within_video(oof_scores(tuple(split_by_video(X, videos)), Y), Y, videos)

    ours()
    wall, processor = fastest(ours, arguments.repeats)
    folds = tuple(split_by_video(X, videos))
    m = len(Y) if arguments.full else min(len(Y), arguments.scikit_learn)
    scikit_learn_fits(X, Y[:1], folds)
    theirs_wall, theirs_processor = (
        seconds * len(Y) / m
        for seconds in fastest(lambda: scikit_learn_fits(X, Y[:m], folds), 1 if arguments.full else arguments.repeats)
    )
    scaled = "" if m == len(Y) else f"  (scaled from {m})"
    print(f"\n{n_features} features, {len(Y)} relabellings x {len(folds)} folds; seconds (of processor)")
    print(f"  priosig                 {wall:9.3f} ({processor:.3f})")
    print(f"  scikit-learn, lbfgs     {theirs_wall:9.3f} ({theirs_processor:.3f}){scaled}")
    print(f"  ratio                   {theirs_wall / wall:9.0f} ({theirs_processor / processor:.0f})")

    few = Y[: arguments.converged]
    start = time.perf_counter()
    scores, coefficients = scikit_learn_fits(X, few, folds, solver="newton-cholesky", tol=1e-12, max_iter=1000)
    converged_wall = (time.perf_counter() - start) * len(Y) / len(few)
    fits = [fit_logistic(fold.reduction.Z_train, Y[:, fold.train]) for fold in folds]
    weights = [fit.coef[: len(few)] @ fold.reduction.V.T for fit, fold in zip(fits, folds, strict=True)]
    weight_error = np.abs(np.stack(weights, axis=1) - coefficients).max()
    score_error = np.abs(oof_scores(folds, Y)[: len(few)] - scores).max()
    lbfgs_error = np.abs(scikit_learn_fits(X, few, folds)[0] - scores).max()
    n_fits, gradient = sum(len(fit.gradient) for fit in fits), max(fit.gradient.max() for fit in fits)
    print(f"  scikit-learn, converged {converged_wall:9.1f}  (scaled from {len(few)})")
    print(f"  largest gradient entry of {n_fits} fits: {gradient:.1e}")
    print(
        f"  largest difference from converged: scores {score_error:.1e}, coefficients {weight_error:.1e}; "
        f"lbfgs's scores {lbfgs_error:.1e}"
    )


def many_videos(arguments: argparse.Namespace) -> None:
    for n_features in arguments.features:
        rng = np.random.default_rng(arguments.seed)
        X, videos = features((4,) * arguments.videos, n_features, rng)
        y = (rng.random(len(X)) < N_STOP / sum(SIZES)).astype(int)
        Y = relabel(y, videos, 200, rng)
        wall, processor = fastest(
            lambda X=X, Y=Y, videos=videos: oof_scores(split_by_video(X, videos, max_folds=10), Y), 1
        )
        print(
            f"\n{n_features} features, {len(X)} segments of {arguments.videos} videos, 200 relabellings x 10 folds: "
            f"{wall:.2f} s ({processor:.2f} s of processor)"
        )


def machine() -> str:
    """Processor, cores, threads and versions."""
    model = platform.processor()
    if Path("/proc/cpuinfo").exists():
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), model)
    load = f"; load before the run {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    return (
        f"{model}, {os.cpu_count()} cores, OMP_NUM_THREADS={os.environ.get('OMP_NUM_THREADS', 'not set')}{load}\n"
        f"Python {platform.python_version()}, NumPy {np.__version__}, scikit-learn {sklearn.__version__}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--features", type=int, nargs="+", default=[19, 2048])
    parser.add_argument("--relabellings", type=int, default=1000)
    parser.add_argument("--repeats", type=int, default=7, help="the fastest run counts")
    parser.add_argument("--scikit-learn", type=int, default=20, help="relabellings that scikit-learn is timed on")
    parser.add_argument("--converged", type=int, default=2, help="relabellings compared with the converged solution")
    parser.add_argument("--full", action="store_true", help="time scikit-learn on all relabellings, once")
    parser.add_argument("--videos", type=int, help="time ours alone on so many videos of 4 segments, in 10 folds")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    print(machine())
    if arguments.videos:
        many_videos(arguments)
        return
    for n_features in arguments.features:
        compare(n_features, arguments)


if __name__ == "__main__":
    main()
