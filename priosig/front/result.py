"""What `priosig.assess` gives: the verdict, its numbers, and how they are shown."""

from __future__ import annotations

import math
from collections.abc import Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from priosig._core.shown import MOST_ROWS, Shown, plot_dots, table, wrapped
from priosig.inference.assessment import Assessment
from priosig.inference.confidence import Interval
from priosig.inference.design import DesignAssessment
from priosig.verdict.decide import Verdict
from priosig.verdict.evidence import Evidence
from priosig.verdict.rule import Rule
from priosig.verdict.wording import decimals, p_words

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FEATURES = "X"
_MARKS = {"passed": "yes", "failed": "NO", "not reached": "-"}


@dataclass(frozen=True, eq=False, repr=False)
class AssessResult(Shown):
    """Whether an AUC is a signal or an artefact.

    Attributes
    ----------
    verdict : Verdict
        `label` (`signal`, `weak`, `heterogeneous`, `confounded`, `no signal`, `underpowered`, `invalid design`), the
        `sentence` to quote, its `reasons`, and the `steps` of the rule.
    auc : float
        How often the probe ranks a positive row above a negative one of the same group, every group scored by a probe
        that was trained on the others.
    low, high : float
        Of its interval over groups; NaN where there is none.
    pvalue, pvalue_beyond_confounds : float
        T1 tests for any signal, T2 for one beyond the confounds. NaN where an invalid design ended it before.
    power : float
        Chance of T1 to find a signal of the AUC `rule.spike_auc` in these features; NaN where it was not asked.
    scores : np.ndarray, shape (n_rows,)
        Out of fold, in the order of the rows given: larger is more like a positive one.
    auc_by_group : dict of group to float
        NaN for a group of one label.
    design : DesignAssessment
        What the confounds reach alone.
    assessment : Assessment or None
        Tests of the features in full; None where an invalid design ended it before.
    evidence : Evidence
        The numbers that the verdict was made of.
    rule : Rule
    n_features : int
    oddities : tuple of str
        What is odd about X: columns that one row decides, rows that repeat another one.
    """

    verdict: Verdict
    auc: float
    low: float
    high: float
    pvalue: float
    pvalue_beyond_confounds: float
    power: float
    scores: np.ndarray
    auc_by_group: dict[Hashable, float]
    design: DesignAssessment
    assessment: Assessment | None
    evidence: Evidence
    rule: Rule
    n_features: int
    oddities: tuple[str, ...] = ()

    def __repr__(self) -> str:
        names, d = self.evidence.names, self.design
        steps = table([(_MARKS[step.outcome], step.asked, step.observed) for step in self.verdict.steps])
        numbers = [
            (row["predictor"], _number(row["auc"]), _interval(row), _p(row["pvalue"]))
            for row in self.rows()[:MOST_ROWS]
        ]
        header = ("", f"AUC within {names.group}", f"{self.rule.level:.0%} interval", "p")
        counts = (
            f"{d.n_segments} {names.item}s ({d.n_stop} {names.positive}, {d.n_continue} {names.negative}) in "
            f"{d.n_videos} {names.group}s, {self.n_features} features, {self.rule.n_permutations} relabellings, rule "
            f"{self.rule.hash}"
        )
        more = [] if self.assessment else ["X was not tested; assess(..., full=True) tests it all the same."]
        if len(self.rows()) == 1:
            more += wrapped(
                "No confound was given, so this tells whether the label can be predicted, and not from what: give "
                "lengths, levels, devices, whatever might tell it, as confounds={name: values}."
            )
        more += [line for oddity in self.oddities for line in wrapped(oddity)]
        predictors = table([header, *numbers], right=(1,)) + more
        parts = (wrapped(self.verdict.sentence), steps, predictors, wrapped(counts))
        return "\n\n".join("\n".join(lines) for lines in parts)

    def rows(self) -> list[dict[str, Any]]:
        """What predicts the label: the features, then each confound and all together, best first."""
        columns = ("predictor", "auc", "low", "high", "pvalue", "n_groups_above_half", "n_groups", "n_rows")
        groups, nan = self.evidence.n_videos, math.nan
        first = (FEATURES, self.auc, self.low, self.high, self.pvalue, self.evidence.n_videos_above_half, groups)
        rows = [(*first, len(self.scores))]
        for one in self.design.baselines:
            above = one.n_videos_above_half
            rows.append((one.name, one.auc_within_video, nan, nan, one.pvalue, above, groups, one.n_known))
        return [dict(zip(columns, row, strict=True)) for row in rows]

    def plot(self, ax: Axes | None = None) -> Axes:
        """Dots of AUC: the features with their interval, the confounds, 0.5, and the bar of the rule.

        Parameters
        ----------
        ax : matplotlib axes, optional
            The current ones by default.
        """
        dots = [
            (row["predictor"], row["auc"], row["low"], row["high"], row["predictor"] == FEATURES)
            for row in self.rows()
        ]
        xlabel = f"AUC within {self.evidence.names.group}: {self.verdict.label}"
        return plot_dots(dots, xlabel=xlabel, bar=self.rule.threshold, ax=ax)


def auc_interval(interval: Interval | None) -> tuple[float, float]:
    """Ends of an interval; NaN for none."""
    return (math.nan, math.nan) if interval is None else (interval.low, interval.high)


def _number(value: float) -> str:
    return "-" if math.isnan(value) else decimals(value)


def _interval(row: dict[str, Any]) -> str:
    return "" if math.isnan(row["low"]) else f"{row['low']:.2f} to {row['high']:.2f}"


def _p(value: float) -> str:
    return "" if math.isnan(value) else p_words(value).removeprefix("p ").removeprefix("= ")
