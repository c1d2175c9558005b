"""What it costs to begin: imports and pytest's collection, each in a fresh interpreter, the best of several.

    python benchmarks/startup.py

Ratios are to `import priosig`. Run it on an idle machine, twice: the first run warms the disk's cache.
"""

import argparse
import platform
import subprocess
import sys
import time

COMMANDS = {
    "python, nothing imported": ["-c", "pass"],
    "import priosig": ["-c", "import priosig"],
    "import priosig.experiment.pipeline": ["-c", "import priosig.experiment.pipeline"],
    "import numpy": ["-c", "import numpy"],
    "import sklearn.linear_model": ["-c", "import sklearn.linear_model"],
    "import torch": ["-W", "ignore", "-c", "import torch"],
    "MuQ by priosig.extraction.muq.model.import_muq": [
        "-W", "ignore", "-c", "from priosig.extraction.muq.model import import_muq; import_muq()",
    ],
    "import muq": ["-W", "ignore", "-c", "import muq"],
    "pytest tests --collect-only": ["-m", "pytest", "tests", "--collect-only", "-q"],
    "pytest validation --collect-only": ["-m", "pytest", "validation", "--collect-only", "-q"],
}  # fmt: skip


def seconds(command: list[str], repeats: int) -> float:
    """Wall clock of the quickest of several runs."""
    best = float("inf")
    for _ in range(repeats):
        began = time.perf_counter()
        subprocess.run([sys.executable, *command], check=True, capture_output=True)
        best = min(best, time.perf_counter() - began)
    return best


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--repeats", type=int, default=3)
    given = parser.parse_args()
    print(f"{platform.machine()}, Python {platform.python_version()}, best of {given.repeats}")
    times = {name: seconds(command, given.repeats) for name, command in COMMANDS.items()}
    for name, took in times.items():
        print(f"{name:<38} {took:7.2f} s   {took / times['import priosig']:6.1f}")


if __name__ == "__main__":
    main()
