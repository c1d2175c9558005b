"""How far results move between machines: the measurement behind the tolerances of `validation.harness.snapshots`.

    .venv/bin/python benchmarks/tolerances.py

Runs embedded worlds from scratch in fresh processes that differ in what differs between machines: the number of
threads and the vector instructions that torch and OpenBLAS may use. Prints, for each kind of quantity, the largest
distance of any value from the first variant's, beside its tolerance.
"""

import json
import math
import os
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

ROOT = Path(__file__).parent.parent
VARIANTS = {
    "two threads, best instructions": {"OMP_NUM_THREADS": "2"},
    "one thread": {"OMP_NUM_THREADS": "1"},
    "AVX2 only": {"OMP_NUM_THREADS": "2", "ATEN_CPU_CAPABILITY": "avx2", "OPENBLAS_CORETYPE": "Haswell",
                  "ONEDNN_MAX_CPU_ISA": "AVX2", "MKL_ENABLE_INSTRUCTIONS": "AVX2"},
    "no vectors in torch, SSE3 in BLAS": {"OMP_NUM_THREADS": "1", "ATEN_CPU_CAPABILITY": "default",
                                          "OPENBLAS_CORETYPE": "Prescott", "ONEDNN_MAX_CPU_ISA": "SSE41",
                                          "MKL_ENABLE_INSTRUCTIONS": "SSE4_2"},
}  # fmt: skip
WORLDS = ("signal", "no_signal", "signal_and_leak", "tiring_student", "signal_in_bouts", "louder_stops")


def quantities(world: str, directory: Path) -> dict[str, dict[str, float]]:
    """Every number that is held as a snapshot, by kind."""
    from priosig import PERCEPIANO_DIMENSIONS
    from priosig.worlds.embedded import run_world

    experiment = run_world(world, directory / world, str(directory / "cache"))
    values = {"rate": {}, "coefficient": {}, "pvalue": {}, "interval": {}}
    for name, view in experiment.views.items():
        for model, result in view.models.items():
            key = f"{world} {name} {model}"
            for metric, value in asdict(result["summary"]).items():
                if isinstance(value, float) and not metric.startswith("calibration"):
                    values["rate"][f"{key} {metric}"] = value
            for video in result["per_video"]:
                values["rate"][f"{key} {video['video_id']}"] = video["auc"]
            evidence = view.assessments[model].evidence
            values["pvalue"][f"{key} T1"] = evidence.any_signal_pvalue
            values["pvalue"][f"{key} T2"] = evidence.beyond_confounds_pvalue
            values["interval"][f"{key} low"] = evidence.low
            values["interval"][f"{key} high"] = evidence.high
        if "B" not in view.models:  # the view was refused
            continue
        means = view.models["B"]["coefficients"].mean(axis=0)
        values["coefficient"] |= dict(zip((f"{world} {name} {d}" for d in PERCEPIANO_DIMENSIONS), means, strict=True))
    return values


def distance(value: float, other: float) -> float:
    """Of two values; infinite where only one of them exists."""
    if math.isnan(value) or math.isnan(other):
        return 0.0 if math.isnan(value) == math.isnan(other) else math.inf
    return abs(value - other)


def main() -> None:
    """Run the variants and print the spreads."""
    from validation.harness.snapshots import TOLERANCES

    results = {}
    for variant, environment in VARIANTS.items():
        with tempfile.TemporaryDirectory() as directory:
            command = [sys.executable, __file__, "--one", directory]
            env = {**os.environ, **environment}
            done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
            results[variant] = json.loads(done.stdout)
    first = next(iter(results))
    print(f"largest distance from: {first}; worlds: {', '.join(WORLDS)}\n")
    print("| kind | values | " + " | ".join(list(VARIANTS)[1:]) + " | tolerance |")
    print("|---" * (len(VARIANTS) + 2) + "|")
    for kind, base in results[first].items():
        spreads = [max(distance(results[v][kind][n], base[n]) for n in base) for v in list(VARIANTS)[1:]]
        print(f"| {kind} | {len(base)} | " + " | ".join(f"{s:.2g}" for s in spreads) + f" | {TOLERANCES[kind]:g} |")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        merged: dict[str, dict[str, float]] = {}
        for world in WORLDS:
            for kind, values in quantities(world, Path(sys.argv[2])).items():
                merged.setdefault(kind, {}).update({n: float(v) for n, v in values.items()})
        json.dump(merged, sys.stdout)
    else:
        main()
