"""How often the verdict is wrong, measured on simulated studies whose answer is known (`priosig.worlds.simulation`).

In a world without a signal the share of data sets in which a test says "yes" is its false-alarm rate, in one with a
signal its power. `benchmarks/operating_characteristics.py` makes the table in `docs/operating_characteristics.md`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import get_args

import numpy as np

from priosig.crossval.folds import oof_scores
from priosig.inference.beyond_confounds import beyond_confounds
from priosig.inference.confidence import confidence_interval
from priosig.inference.data import labelled_segments
from priosig.inference.design import assess_design
from priosig.inference.permutation import permutation_pvalue, permutation_test
from priosig.metrics.auc import auc, auc_by_video
from priosig.verdict.decide import Label, decide
from priosig.verdict.rule import Rule
from priosig.worlds.simulation import WORLDS, World, simulate_study


@dataclass(frozen=True)
class Rate:
    """A mean over simulated data sets, and its Monte-Carlo standard error."""

    value: float
    error: float


@dataclass(frozen=True)
class OperatingCharacteristics:
    """Results of the tests in one world.

    Means are `auc` (pooled), `auc_within_video`, `effective_sets`. Shares of data sets are `study rule` (pooled AUC >
    0.6), `study test` (labels shuffled freely, pooled AUC), `T1`, `T2`, `T2 raw`, `signal on tests` (steps 1 to 3 of
    the rule), `coverage` (of the interval, for the world's mean AUC within video), and each verdict by its name.
    Power is not computed, so that no signal counts as `underpowered`.
    """

    world: World
    n_datasets: int
    n_permutations: int
    n_features: int
    rates: dict[str, Rate]


def operating_characteristics(
    world: World | str,
    n_datasets: int = 60,
    n_permutations: int = 19,
    *,
    n_features: int = 19,
    seed: int = 0,
    workers: int = 1,
    intervals: bool = True,
) -> OperatingCharacteristics:
    """Run every test on many data sets of a world.

    Data set i has a generator of its own, made from `seed` and i, so that neither their number nor that of the
    workers changes any. Worlds share their random numbers: they can be compared data set by data set, and their
    rates are not independent.

    Parameters
    ----------
    world : World or name of one of `WORLDS`
    n_permutations : int
        Of each test; 19 is exact at the level 0.05, though less powerful than many.
    workers : int
        Processes; 1 for none but this one.
    intervals : bool
        Compute intervals, for `coverage`; half as many fits without.
    """
    if isinstance(world, str):
        if world not in WORLDS:
            raise ValueError(f"operating_characteristics: no world {world!r}; expected one of {', '.join(WORLDS)}")
        world = WORLDS[world]
    rule = Rule(n_permutations=n_permutations)
    one = partial(_run_one, world=world, n_features=n_features, seed=seed, intervals=intervals, rule=rule)
    if workers > 1:
        with ProcessPoolExecutor(workers) as pool:
            rows = list(pool.map(one, range(n_datasets), chunksize=max(1, n_datasets // (8 * workers))))
    else:
        rows = [one(index) for index in range(n_datasets)]
    columns = {name: np.array([row[name] for row in rows]) for name in rows[0]}
    if intervals:
        low, high, target = columns.pop("low"), columns.pop("high"), columns["auc_within_video"].mean()
        columns["coverage"] = ((low <= target) & (target <= high)).astype(float)
    rates = {
        name: Rate(float(values.mean()), float(values.std() / math.sqrt(n_datasets)))
        for name, values in columns.items()
    }
    return OperatingCharacteristics(world, n_datasets, n_permutations, n_features, rates)


def _run_one(
    index: int, *, world: World, n_features: int, seed: int, intervals: bool, rule: Rule
) -> dict[str, float]:
    study = simulate_study(world, np.random.default_rng([seed, index]), n_features=n_features)
    data = labelled_segments(
        study.y, study.videos, study.start_times, study.confounds, X=study.X, set_ids=study.set_ids
    )
    y, m = data.y, rule.n_permutations
    draw_seed = seed * 1_000_003 + index
    design = assess_design(data, rule, seed=draw_seed)
    any_signal = permutation_test(data, rule, seed=draw_seed)
    beyond = beyond_confounds(data, rule, seed=draw_seed)

    # The study's own test: labels shuffled freely, pooled AUC.
    free = np.random.default_rng([draw_seed, 4]).permuted(np.tile(y, (m, 1)), axis=1)
    labellings = np.vstack([y[None, :], free])
    scores = oof_scores(data.folds, labellings, rule.C)
    pooled = np.asarray(auc(scores, labellings, allow_unscored=True))
    by_video = auc_by_video(scores[0], y, data.videos, strata=data.strata, allow_unscored=True)

    evidence = replace(
        design.evidence,
        auc=any_signal.statistic,
        n_videos_above_half=int(by_video.n_above_half),
        any_signal_pvalue=any_signal.pvalue,
        beyond_confounds_pvalue=beyond.pvalue,
        effective_sets=beyond.effective_sets,
    )
    on_tests = decide(replace(evidence, confound_auc=math.nan), rule).label
    label = (design.verdict or decide(evidence, rule)).label
    row = {
        "auc": float(pooled[0]),
        "auc_within_video": any_signal.statistic,
        "effective_sets": beyond.effective_sets,
        "study rule": float(pooled[0] > 0.6),
        "study test": float(permutation_pvalue(float(pooled[0]), pooled[1:]) <= rule.alpha),
        "T1": float(any_signal.pvalue <= rule.alpha),
        "T2": float(beyond.pvalue <= rule.alpha),
        "T2 raw": float(beyond.raw.pvalue <= rule.alpha),
        "signal on tests": float(on_tests == "signal"),
    }
    if intervals:
        interval = confidence_interval(data, rule)
        row |= {"low": interval.low, "high": interval.high}
    return row | {verdict: float(label == verdict) for verdict in get_args(Label)}


COLUMNS = {
    "auc": "AUC pooled",
    "auc_within_video": "within",
    "effective_sets": "effective sets",
    "study rule": "AUC > 0.6",
    "study test": "study's test",
    "T1": "T1",
    "T2": "T2",
    "T2 raw": "T2 raw",
    "signal on tests": "`signal`, design unchecked",
    "invalid design": "`invalid design`",
    "confounded": "`confounded`",
    "signal": "`signal`",
    "coverage": "coverage",
}


def markdown_table(results: Sequence[OperatingCharacteristics]) -> str:
    """One row a world, in the order given."""
    lines = ["| world | truth | " + " | ".join(COLUMNS.values()) + " |", "|---" * (len(COLUMNS) + 2) + "|"]
    digits = {"effective_sets": 1, "auc": 2, "auc_within_video": 2}
    for result in results:
        cells = [f"{result.rates[name].value:.{digits.get(name, 3)}f}" for name in COLUMNS]
        lines.append(" | ".join([f"| {result.world.name}", result.world.truth, *cells]) + " |")
    return "\n".join(lines) + "\n"


def csv_table(results: Sequence[OperatingCharacteristics]) -> str:
    """Long format: one row for each world, number of features and quantity, with its Monte-Carlo error."""
    lines = ["world,truth,n_features,n_datasets,n_permutations,quantity,value,error"]
    for r in results:
        head = f'"{r.world.name}",{r.world.truth},{r.n_features},{r.n_datasets},{r.n_permutations}'
        lines += [f"{head},{name},{rate.value:.4f},{rate.error:.4f}" for name, rate in r.rates.items()]
    return "\n".join(lines) + "\n"
