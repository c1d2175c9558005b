"""How often the verdict is wrong, measured on simulated studies whose answer is known (`priosig.worlds.simulation`).

On each data set of a world the tests are run as they would be on real features, and
`operating_characteristics` counts how often each of them says "yes". In a world without a signal that is its
false-alarm rate, in one with a signal its power.

`benchmarks/operating_characteristics.py` makes the full table in `docs/operating_characteristics.md`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import get_args

import numpy as np

from priosig.crossval.folds import oof_scores
from priosig.crossval.jackknife import jackknife_scores
from priosig.inference.conditional import adjustment_basis, conditional_labellings
from priosig.inference.confidence import interval_from_leave_out
from priosig.inference.data import labelled_segments
from priosig.inference.design import assess_design
from priosig.inference.permutation import permutation_pvalue, refitted_aucs
from priosig.inference.relabelling import draw_relabellings
from priosig.metrics.auc import auc, auc_by_video
from priosig.verdict.decide import Label, decide
from priosig.verdict.evidence import Evidence
from priosig.verdict.rule import Rule
from priosig.worlds.simulation import WORLDS, World, simulate_study


@dataclass(frozen=True)
class Rate:
    """A quantity over simulated data sets: `value`, and the Monte-Carlo standard error of it."""

    value: float
    error: float


@dataclass(frozen=True)
class OperatingCharacteristics:
    """What the tests said in one world.

    Attributes
    ----------
    world : World
    n_datasets, n_permutations, n_features : int
    rates : dict from str to Rate
        Means: `auc` (pooled), `auc_within_video`, `effective_pairs`. Shares of data sets: `study rule`
        (pooled AUC > 0.6), `study test` (labels shuffled freely, pooled AUC), `T1`, `T2`, `T2 raw`, `signal
        on tests` (steps 1 to 3 of the rule), `coverage` (of the interval, for the world's mean AUC within
        video), and of each verdict by its name (power is not computed here, so that finding nothing counts as
        `underpowered`).
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
    rule: Rule | None = None,
) -> OperatingCharacteristics:
    """Run every test on many data sets of a world.

    Data set i has a generator of its own, made from `seed` and i, so that neither their number nor that of the
    workers changes any. Worlds share their random numbers: they can be compared data set by data set, and their
    rates are not independent.

    Parameters
    ----------
    world : World or name of one of `WORLDS`
    n_datasets : int
    n_permutations : int
        Of each test; 19 is exact at the level 0.05, though less powerful than many.
    n_features : int
    seed : int
    workers : int
        Processes; 1 for none but this one.
    intervals : bool
        Compute intervals, for `coverage`; half as many fits without.
    rule : Rule, optional
        Its number of permutations is replaced by `n_permutations`.

    Returns
    -------
    OperatingCharacteristics
    """
    if isinstance(world, str):
        if world not in WORLDS:
            raise ValueError(f"operating_characteristics: no world {world!r}; expected one of {', '.join(WORLDS)}")
        world = WORLDS[world]
    base = rule or Rule()
    rule = Rule(**{**base.__dict__, "n_permutations": n_permutations})
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
    data = labelled_segments(study.y, study.videos, study.start_times, study.confounds, X=study.X)
    X, y, videos, m = data.X, data.y, data.videos, rule.n_permutations
    draw_seed = seed * 1_000_003 + index
    design = assess_design(data, rule, seed=draw_seed)

    free = np.random.default_rng([draw_seed, 4]).permuted(np.tile(y, (m, 1)), axis=1)
    # The draws of the tests in `priosig.inference`, whose fits are made together here.
    neighbours = draw_relabellings(data, rule, draw_seed)
    basis = adjustment_basis(data, rule)
    columns = basis.columns if basis.df else np.empty((len(y), 0))
    given = conditional_labellings(columns, data, rule, draw_seed)

    labellings = np.vstack([y[None, :], free, neighbours, given.labellings])
    scores = oof_scores(data.folds, labellings, rule.C)
    pooled = auc(scores[: 1 + m], labellings[: 1 + m], allow_unscored=True)
    by_video = auc_by_video(scores, labellings, videos, allow_unscored=True)
    within = by_video.within
    residual = refitted_aucs(data.folds_without(columns), np.vstack([y[None, :], given.labellings]), videos, C=rule.C)
    observed = float(within[0])
    p1 = permutation_pvalue(observed, within[1 + m : 1 + 2 * m])
    p2 = permutation_pvalue(float(residual[0]), residual[1:])
    p2_raw = permutation_pvalue(observed, within[1 + 2 * m :])

    tests = {
        "auc": observed,
        "n_videos_above_half": int(by_video.n_above_half[0]),
        "any_signal_pvalue": p1,
        "beyond_confounds_pvalue": p2,
        "effective_pairs": given.effective_pairs,
    }
    on_tests = decide(Evidence(n_videos=len(by_video.video_ids), n_pairs=rule.min_pairs, **tests), rule).label
    label = design.verdict.label if design.verdict else on_tests
    row = {
        "auc": float(pooled[0]),
        "auc_within_video": observed,
        "effective_pairs": given.effective_pairs,
        "study rule": float(pooled[0] > 0.6),
        "study test": float(permutation_pvalue(float(pooled[0]), pooled[1:]) <= rule.alpha),
        "T1": float(p1 <= rule.alpha),
        "T2": float(p2 <= rule.alpha),
        "T2 raw": float(p2_raw <= rule.alpha),
        "signal on tests": float(on_tests == "signal"),
    }
    if intervals:
        without = auc_by_video(jackknife_scores(X, y, videos, rule.C), y, videos, allow_unscored=True).within
        interval = interval_from_leave_out(observed, without, len(by_video.video_ids), level=rule.level)
        row |= {"low": interval.low, "high": interval.high}
    for verdict in get_args(Label):
        row[verdict] = float(label == verdict)
    return row


COLUMNS = {
    "auc": "AUC pooled",
    "auc_within_video": "within",
    "effective_pairs": "effective pairs",
    "study rule": "AUC > 0.6",
    "study test": "study's test",
    "T1": "T1",
    "T2": "T2",
    "T2 raw": "T2 raw",
    "signal on tests": "`signal`, gate 0 off",
    "invalid design": "`invalid design`",
    "confounded": "`confounded`",
    "heterogeneous": "`heterogeneous`",
    "signal": "`signal`",
    "coverage": "coverage",
}


def markdown_table(results: Sequence[OperatingCharacteristics]) -> str:
    """One row a world, in the order given."""
    lines = ["| world | truth | " + " | ".join(COLUMNS.values()) + " |", "|---" * (len(COLUMNS) + 2) + "|"]
    for result in results:
        digits = {"effective_pairs": 1, "auc": 2, "auc_within_video": 2}
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
