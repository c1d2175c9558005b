"""How often the verdict is wrong: the full table of operating characteristics.

    python benchmarks/operating_characteristics.py

simulates every world of `priosig.worlds.simulation` with 19 features, and the most telling ones with 2048, runs the
tests on each data set, plants scales that have to be told from others, and writes `operating_characteristics.md` and
`.csv` to `docs/`. It takes about an hour on one core; `--datasets` and `--permutations` make it shorter. Worlds of 20
videos and more get a third of the data sets. The same seed gives the same table, however many workers there are.
"""

import argparse
import datetime
import shlex
import sys
import time
from pathlib import Path

import numpy as np

from priosig._core.atomic import write_text
from priosig.inference.coefficients import coefficient_table
from priosig.inference.data import labelled_segments
from priosig.inference.permutation import permutation_test
from priosig.verdict.rule import Rule
from priosig.worlds.operating_characteristics import csv_table, markdown_table, operating_characteristics
from priosig.worlds.simulation import WORLDS, World, simulate_study

WIDE = (
    "null",
    "length leaks (log)",
    "length leak and drift",
    "talk leaks, measured exactly",
    "signal 2.0",
    "length leak and signal 2.0",
    "leak: interaction",
    "null, equal windows",
    "signal 1.0, equal windows",
    "tiring student, risk sets",
    "signal 1.0, risk sets",
)
PLANTED = {"none": 0, "one scale": 1, "a block of five": 5}
N_SCALES, SHIFT = 19, 0.75  # of a planted scale, in its standard deviations within video: an AUC of 0.70
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
            few = max(1, n_datasets // 3) if WORLDS[name].n_videos >= 20 else n_datasets
            result = operating_characteristics(
                name, few, given.permutations, n_features=n_features, seed=given.seed, workers=given.workers
            )
            results.setdefault(n_features, []).append(result)
            sys.stdout.write(f"{n_features:5d} {name:32s} {time.perf_counter() - began:6.1f} s\n")
            sys.stdout.flush()

    changed = {name: value for name, value in vars(given).items() if value != parser.get_default(name)}
    options = [f"--{name.replace('_', '-')}={value}" for name, value in changed.items() if name in NUMBERS]
    command = shlex.join(["python", "benchmarks/operating_characteristics.py", *options])
    every = [result for rows in results.values() for result in rows]
    worst = max(r.rates["signal"].value for r in every if r.world.truth in ("nothing", "measured leak"))
    text = INTRODUCTION.format(command=command, date=datetime.date.today().isoformat(), worst=worst)
    for n_features, rows in results.items():
        error = (0.05 * 0.95 / rows[0].n_datasets) ** 0.5
        text += (
            f"\n## {n_features} features\n\n{rows[0].n_datasets} data sets a world (a third of "
            "them where there are 20 videos and more), "
            f"{given.permutations} relabellings a test; Monte-Carlo standard error of a rate of 0.05: "
            f"{error:.3f}.\n\n{markdown_table(rows)}"
        )
    text += SCALES.format(n_datasets=given.wide_datasets, n_permutations=given.permutations)
    text += scales_table(given.wide_datasets, given.permutations, given.seed)
    given.output.mkdir(parents=True, exist_ok=True)
    write_text(given.output / "operating_characteristics.md", text)
    write_text(given.output / "operating_characteristics.csv", csv_table(every))


def scales_table(n_datasets: int, n_permutations: int, seed: int) -> str:
    """How often planted scales, and others, are told from chance."""
    rule = Rule(n_permutations=n_permutations)
    names = [f"scale {i}" for i in range(N_SCALES)]
    lines = ["| planted | videos | a planted scale is told | another is told | `signal` |", "|---|---|---|---|---|"]
    for planted, n_planted in PLANTED.items():
        for n_videos in (5, 10, 20):
            hits, false, signals = [], [], []
            for index in range(n_datasets):
                rng = np.random.default_rng([seed, n_videos, index])
                y, videos, X = scales(n_videos, n_planted, rng)
                data = labelled_segments(y, videos, np.arange(len(y), dtype=float), X=X)
                told = np.array([one.finding for one in coefficient_table(data, names, rule, seed=index).weights])
                hits.append(told[:n_planted].mean() if n_planted else np.nan)
                false.append(told[n_planted:].any())
                signals.append(permutation_test(data, rule, seed=index).pvalue <= rule.alpha)
            share = f"{np.mean(hits):.2f}" if n_planted else "–"
            lines.append(f"| {planted} | {n_videos} | {share} | {np.mean(false):.3f} | {np.mean(signals):.2f} |")
    return "\n".join(lines) + "\n"


def scales(n_videos: int, n_planted: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Labels, videos and scales; planted scales go together (correlation 0.7), the others are independent."""
    study = simulate_study(World("scales", equal_windows=True, n_videos=n_videos), rng, n_features=1)
    X = rng.standard_normal((len(study.y), N_SCALES))
    if n_planted > 1:
        shared = rng.standard_normal((len(X), 1))
        X[:, :n_planted] = np.sqrt(0.7) * shared + np.sqrt(0.3) * X[:, :n_planted]
    X[:, :n_planted] += SHIFT * study.y[:, None]
    return study.y, study.videos, X


INTRODUCTION = """# Operating characteristics

How often each test says "yes" in simulated studies whose answer is known. In worlds of *nothing* or of a *measured
leak* `signal` is an error: of each such world's data sets at most {worst:.1%} got it. Made on {date} by

    {command}

The design is the first study's (98 segments in 5 videos, 61 STOP, 37 neighbouring pairs), or 30 risk sets in five
videos; `priosig/worlds/simulation.py` and `priosig/worlds/leaks.py` define every world. The columns:

- **AUC > 0.6** is the rule of the first study, on the pooled AUC. **study's test** shuffles labels freely, refits,
  and compares the pooled AUC.
- **T1** tests for any signal, **T2** for one beyond the measured confounds, both at 0.05. T2 first
  removes from the features what the confounds predict; **T2 raw** leaves them as they are.
- **`signal`, design unchecked** is the share of data sets that T1, T2 and the bar of 0.60 alone would call
  `signal`. The check of the design then takes away those whose confounds alone tell the labels
  (**`invalid design`**); the columns after it are the verdicts. Where windows are not of equal length nearly every
  design is invalid, as it should be.
- **coverage** is that of the 95 % interval, for the world's mean AUC within strata. It says nothing where effects
  differ between data sets more than within them.

Power and heterogeneity, which part `no signal` from `underpowered` and `heterogeneous` from `signal`, are not
computed here. All worlds share their random numbers: a difference between rows is due to the worlds, and a chance
error in one row is in its neighbours too. The truths:

- An *unmeasured leak* is a known limit: a confound that is not measured, or measured badly, or that swings faster
  than the basis follows, or a drift through the bout in neighbouring pairs, which have no control that had gone on
  as long.
- In the world *not shared* one video has a signal that no other has: there is something to find, and yet `signal`
  would promise too much.
- The *signal in spread* has no direction, and a linear probe cannot find it.
"""

SCALES = """
## Scales told from chance

19 scales of which some have an own AUC of 0.70, {n_datasets} data sets, {n_permutations} relabellings, at 0.05 for
all scales together. **`signal`** here is T1 alone.

"""


if __name__ == "__main__":
    main()
