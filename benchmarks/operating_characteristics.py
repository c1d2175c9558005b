"""How often the verdict is wrong: the full table of operating characteristics.

    python benchmarks/operating_characteristics.py

simulates every world of `priosig.worlds.simulation` with 19 features, and the most telling ones with 2048, runs the
tests on each data set, and writes `operating_characteristics.md` and `.csv` to `docs/`. It takes about half
an hour on one core; `--datasets` and `--permutations` make it shorter. The same seed gives the same table,
however many workers there are.
"""

import argparse
import datetime
import shlex
import sys
import time
from pathlib import Path

from priosig._core.atomic import write_text
from priosig.worlds.operating_characteristics import csv_table, markdown_table, operating_characteristics
from priosig.worlds.simulation import WORLDS

WIDE = (
    "null",
    "length leaks (log)",
    "length leak and drift",
    "talk leaks, measured exactly",
    "signal 2.0",
    "length leak and signal 2.0",
    "null, equal windows",
    "signal 1.0, equal windows",
    "signal 1.5, equal windows",
)
NUMBERS = ("datasets", "wide_datasets", "permutations", "seed")  # the settings that change the table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--datasets", type=int, default=600, help="data sets of each world at 19 features")
    parser.add_argument("--wide-datasets", type=int, default=200, help="the same at 2048 features; 0 for none")
    parser.add_argument("--permutations", type=int, default=199, help="relabellings of each test")
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--output", type=Path, default=Path(__file__).parents[1] / "docs")
    given = parser.parse_args()

    results = {}
    for n_features, n_datasets, worlds in ((19, given.datasets, WORLDS), (2048, given.wide_datasets, WIDE)):
        for name in worlds if n_datasets else ():
            began = time.perf_counter()
            result = operating_characteristics(
                name, n_datasets, given.permutations, n_features=n_features, seed=given.seed, workers=given.workers
            )
            results.setdefault(n_features, []).append(result)
            sys.stdout.write(f"{n_features:5d} {name:32s} {time.perf_counter() - began:6.1f} s\n")
            sys.stdout.flush()

    changed = {name: value for name, value in vars(given).items() if value != parser.get_default(name)}
    options = [f"--{name.replace('_', '-')}={value}" for name, value in changed.items() if name in NUMBERS]
    command = shlex.join(["python", "benchmarks/operating_characteristics.py", *options])
    text = INTRODUCTION.format(command=command, date=datetime.date.today().isoformat())
    for n_features, rows in results.items():
        error = (0.05 * 0.95 / rows[0].n_datasets) ** 0.5
        text += (
            f"\n## {n_features} features\n\n{rows[0].n_datasets} data sets a world, "
            f"{given.permutations} relabellings a test; Monte-Carlo standard error of a rate of 0.05: "
            f"{error:.3f}.\n\n{markdown_table(rows)}"
        )
    given.output.mkdir(parents=True, exist_ok=True)
    write_text(given.output / "operating_characteristics.md", text)
    write_text(
        given.output / "operating_characteristics.csv", csv_table([r for rows in results.values() for r in rows])
    )


INTRODUCTION = """# Operating characteristics

How often each test says "yes" in simulated studies whose answer is known. Made on {date} by

    {command}

The design is the first study's (98 segments in 5 videos, 61 STOP, 37 neighbouring pairs);
`priosig/worlds/simulation.py` defines every world.

- **AUC > 0.6** is the rule of the first study, on the pooled AUC; **study's test** shuffles labels freely, refits,
  and compares the pooled AUC.
- **T1** asks for any signal, **T2** for one beyond the measured confounds (on residualised features; **raw**: as
  they are), both at 0.05.
- **`signal`, gate 0 off** is the share of data sets that T1, T2, the bar of 0.60 and the share of videos alone
  would call `signal`. Gate 0 then takes away those whose confounds tell the labels apart by themselves (**`invalid
  design`**); what is left are the verdicts. Where windows are not of equal length gate 0 nearly always fires, and
  should.
- **coverage** of the 95 % interval, for the world's mean AUC within video.
- All worlds share their random numbers, so that a difference between rows is due to the worlds, and an error that
  chance made in one row is in its neighbours too. (Residualised features of "null, drift" and of "length leak and
  drift" are even the same, and so is T2. A second look at the latter with other numbers,
  `operating_characteristics("length leak and drift", 600, 99, seed=7)`, gave T2 0.048 (standard error 0.009).)
- With drift and 2048 features T2 by itself is too eager ("length leak and drift", gate 0 off: 0.16 at 100 data sets):
  neighbours that drift together are not all that drift does to so wide a probe. Gate 0 refuses that design; where
  windows drift and confounds do not show it, be slow to believe a T2 just under its level.
- In a world of *nothing* or of a *measured leak*, `signal` is an error. An *unmeasured leak* is the known limit: a
  confound that is not measured, or measured badly, is not controlled, and the table shows by how much. In the
  world *not shared* one video has a signal that no other has: there is something to find, and yet `signal` would
  promise too much.
"""


if __name__ == "__main__":
    main()
