"""How far results move between machines: the measurement behind the tolerances of `validation.harness.snapshots`.

    .venv/bin/python -m benchmarks.tolerances

Runs embedded worlds from scratch in fresh processes that differ in what differs between machines: the number of
threads and the vector instructions that torch and OpenBLAS may use. Prints, for each kind of number that is held, the
largest distance of any value from the first variant's, beside its tolerance; ten minutes.
"""

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
from pathlib import Path

VARIANTS = {
    "two threads, best instructions": {"OMP_NUM_THREADS": "2"},
    "one thread": {"OMP_NUM_THREADS": "1"},
    "AVX2 only": {"OMP_NUM_THREADS": "2", "ATEN_CPU_CAPABILITY": "avx2", "OPENBLAS_CORETYPE": "Haswell",
                  "ONEDNN_MAX_CPU_ISA": "AVX2", "MKL_ENABLE_INSTRUCTIONS": "AVX2"},
    "no vectors in torch, SSE3 in BLAS": {"OMP_NUM_THREADS": "1", "ATEN_CPU_CAPABILITY": "default",
                                          "OPENBLAS_CORETYPE": "Prescott", "ONEDNN_MAX_CPU_ISA": "SSE41",
                                          "MKL_ENABLE_INSTRUCTIONS": "SSE4_2"},
}  # fmt: skip


def quantities(world: str, directory: Path) -> list[tuple[str, float, str, float]]:
    """Every number that is held as a snapshot: name, value, kind, least tolerance."""
    from priosig.worlds.embedded import run_world
    from validation.harness.findings import HEARD
    from validation.harness.snapshots import Number, Table

    experiment = run_world(world, directory / world, str(directory / "cache"))
    tables = [table for held in HEARD.values() if isinstance(table := held(experiment), Table)]
    rows = ((" ".join((world, *key)), Number(*row)) for table in tables for key, row in table.rows.items())
    return [(name, float(number.value), number.kind, number.least) for name, number in rows]


def distance(value: float, other: float) -> float:
    """Of two values; infinite where only one of them exists."""
    if math.isnan(value) or math.isnan(other):
        return 0.0 if math.isnan(value) == math.isnan(other) else math.inf
    return abs(value - other)


def main() -> None:
    """Run the variants and print the spreads: absolutely, and the largest in its tolerance."""
    from validation.harness.snapshots import TOLERANCES, Number, Table

    results = {}
    for variant, environment in VARIANTS.items():
        with tempfile.TemporaryDirectory() as directory:
            command = [sys.executable, "-m", "benchmarks.tolerances", "--one", directory]
            env = {**os.environ, **environment}
            done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
            results[variant] = {name: Number(*number) for name, *number in json.loads(done.stdout)}
    base, *others = results.values()
    table = Table(("name",), {})
    print("largest distance from two threads with the best instructions, and the largest share of a tolerance\n")
    print("| kind | values | " + " | ".join(list(VARIANTS)[1:]) + " | tolerance |")
    print("|---" * (len(VARIANTS) + 2) + "|")
    for kind in TOLERANCES:
        names = [name for name, number in base.items() if number.kind == kind]
        cells = []
        for other in others:
            far = {n: distance(other[n].value, base[n].value) for n in names}
            shares = (d / (table.tolerance(base[n], base[n].value) or math.nan) for n, d in far.items() if d)
            cells.append(f"{max(far.values()):.2g} ({max(shares, default=0):.0%})")
        print(f"| {kind} | {len(names)} | " + " | ".join(cells) + f" | {TOLERANCES[kind]:g} |")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--one", type=Path, help="print the numbers of one run, made in this directory")
    directory = parser.parse_args().one
    if directory is None:
        main()
    else:
        from priosig.worlds.worlds import WORLDS

        json.dump([number for world in WORLDS for number in quantities(world, directory)], sys.stdout)
