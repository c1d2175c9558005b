"""The result of `priosig.assess`: the verdict, its numbers, what to do next, and how they are shown."""

from __future__ import annotations

import math
from collections.abc import Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from priosig._core.shown import MOST_ROWS, Shown, cut, plot_dots, printable, table, wrapped
from priosig.inference.assessment import Assessment
from priosig.inference.confounds_alone import TOGETHER
from priosig.inference.design import DesignAssessment
from priosig.verdict.decide import Verdict
from priosig.verdict.evidence import Evidence
from priosig.verdict.rule import Rule
from priosig.verdict.wording import decimals, listed, p_words

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FEATURES = "X"
WIDEST = 28  # letters of a predictor's name that are shown
BACKWARDS = 0.40  # an AUC below needs a word
_MARKS = {"passed": "yes", "failed": "NO", "not reached": "-"}


@dataclass(frozen=True, eq=False, repr=False)
class AssessResult(Shown):
    """Whether an AUC is a signal or an artefact.

    Attributes
    ----------
    verdict : Verdict
        Its `label` (`signal`, `weak`, `heterogeneous`, `confounded`, `no signal`, `underpowered`, `invalid design`),
        the `sentence` to quote, its `reasons`, and the `steps` of the rule.
    auc : float
        How often the probe ranks a positive row above a negative one of the same group, every group scored by a probe
        that was trained on the others.
    auc_across : float
        The same for any positive and any negative row: the pooled AUC. It takes in how groups, and the probes of
        different folds, differ; no conclusion rests on it.
    low, high : float
        Of its interval over groups; NaN where there is none.
    pvalue, pvalue_beyond_confounds : float
        T1 tests for any signal, T2 for one beyond the confounds (those that are not acoustic). NaN where an invalid
        design ended it before.
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
    oddities : tuple of str
        What is odd about X: columns that one row decides, rows that repeat another one.
    """

    verdict: Verdict
    auc: float
    auc_across: float
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
        rows = self.rows()
        header = ("", f"within {names.group}", "across", f"{self.rule.level:.0%} interval", "p")
        numbers = [header]
        for row in rows[:MOST_ROWS]:
            interval = "" if math.isnan(row["low"]) else f"{row['low']:.2f} to {row['high']:.2f}"
            name, within, across = row["predictor"], _number(row["auc"]), _number(row["auc_across"])
            numbers.append((cut(printable(name), WIDEST), within, across, interval, _pvalues(row)))
        both = f", {d.n_two_class_videos} of them with both labels" if d.n_two_class_videos < d.n_videos else ""
        counts = (
            f"{d.n_segments} {names.item}s ({d.n_stop} {names.positive}, {d.n_continue} {names.negative}) in "
            f"{d.n_videos} {names.group}s{both}, {self.n_features} features, "
            f"{self.rule.n_permutations} relabellings, rule {self.rule.hash}"
        )
        said = [] if self.assessment else ["X was not tested; assess(..., full=True) tests it all the same."]
        said += [*_notes(rows, self.evidence), *self.oddities]
        more = [line for sentence in said for line in wrapped(sentence)]
        title = wrapped(f"AUC within {names.group}, on which conclusions rest, and across {names.group}s (pooled)")
        predictors = [*title, *table(numbers, right=(1, 2)), *more]
        to_do = f"What to do: {what_to_do(self.verdict, self.evidence, self.rule)}"
        parts = (wrapped(self.verdict.sentence), steps, predictors, wrapped(counts), wrapped(to_do))
        return "\n\n".join("\n".join(lines) for lines in parts)

    def rows(self) -> list[dict[str, Any]]:
        """What predicts the label: the features, then each confound and all together, best first."""
        e, nan = self.evidence, math.nan
        columns = ("predictor", "auc", "auc_across", "low", "high", "pvalue", "pvalue_beyond_confounds",
                   "n_groups_above_half", "n_groups", "n_rows")  # fmt: skip
        rows = [
            (FEATURES, self.auc, self.auc_across, self.low, self.high, self.pvalue, self.pvalue_beyond_confounds,
             e.n_videos_above_half, e.n_videos, len(self.scores)),
            *((one.name, one.auc_within_video, one.auc, nan, nan, one.pvalue, nan,
               one.n_videos_above_half, e.n_videos, one.n_known) for one in self.design.baselines),
        ]  # fmt: skip
        return [dict(zip(columns, row, strict=True)) for row in rows]

    def plot(self, ax: Axes | None = None) -> Axes:
        """Dots of AUC: the features with their interval, the confounds, 0.5, and the bar of the rule."""
        dots = [
            (row["predictor"], row["auc"], row["low"], row["high"], row["predictor"] == FEATURES)
            for row in self.rows()
        ]
        xlabel = f"AUC within {self.evidence.names.group}: {self.verdict.label}"
        return plot_dots(dots, xlabel=xlabel, bar=self.rule.threshold, ax=ax)


def _number(value: float) -> str:
    return "-" if math.isnan(value) else decimals(value)


def _notes(rows: list[dict[str, Any]], e: Evidence) -> list[str]:
    """What a reader of these AUCs may wonder at, in a sentence each."""
    aucs = {row["predictor"]: row["auc"] for row in rows}
    together = aucs.get(TOGETHER, math.nan)
    artefacts = [aucs[name] for name, _ in e.confound_ranking]
    notes = []
    if len(e.confound_names) == 1 and _number(aucs[e.confound_names[0]]) != _number(e.confound_auc):
        notes.append(
            f"Confounds are tried as a line, shown here, and as a curve; that of {e.confound_names[0]} reaches "
            f"{_number(e.confound_auc)}."
        )
    if not math.isnan(together) and e.acoustic:
        notes.append(f"{TOGETHER.capitalize()} is without {listed(e.acoustic)}, which may be music.")
    if together < max(artefacts, default=math.nan):
        notes.append(
            f"{TOGETHER.capitalize()} is one probe that learns from all of them; it has more to learn from the same "
            "rows, and may rank worse than one confound alone."
        )
    if any(value < BACKWARDS for value in aucs.values()):
        notes.append(
            f"An AUC far below 0.5: what was learnt from the other {e.names.group}s ranks the one left out the wrong "
            "way round; that counts as guessing."
        )
    if len(rows) == 1:
        notes.append(
            "No confound was given, so this tells whether the label can be predicted, and not from what: give "
            "lengths, levels, devices, whatever might tell it, as confounds={name: values}."
        )
    return notes


def _pvalues(row: dict[str, Any]) -> str:
    """p of a confound; T1 and T2 of the features."""
    tests = [("T1 ", row["pvalue"]), ("T2 ", row["pvalue_beyond_confounds"])]
    if row["predictor"] != FEATURES:
        tests = [("", row["pvalue"])]
    return ", ".join(
        test + p_words(value).removeprefix("p ").removeprefix("= ") for test, value in tests if not math.isnan(value)
    )


def what_to_do(verdict: Verdict, e: Evidence, rule: Rule) -> str:
    """The next step of whoever reads this verdict."""
    n = e.names
    if verdict.label == "invalid design":
        return _of_design(verdict, e)
    if verdict.label == "underpowered":
        needed = dict(e.videos_needed).get(rule.spike_auc)
        how_many = f"about {needed} {n.group}s in all" if needed else f"more {n.group}s"
        return f"record {how_many}, and do not conclude that there is nothing to find."
    if verdict.label == "confounded":
        worst = listed([name for name, _ in e.confound_ranking[:2]]) or "time"
        return f"record or choose {n.item}s whose labels do not differ in {worst}, and assess them again."
    if verdict.label == "signal":
        if e.low > 0.5:
            return f"freeze the probe, and try it on new {n.group}s before you rely on it."
        why = "the interval could not be computed" if math.isnan(e.low) else "the interval reaches guessing"
        return f"record more {n.group}s before you rely on it, since {why}."
    return {
        "no signal": "do not build on these features; try others, since more of the same rows will not help.",
        "weak": f"do not build on it; try other features, or confirm it on new {n.group}s.",
        "heterogeneous": f"find out what sets apart the {n.group}s in which it fails (result.auc_by_group).",
    }[verdict.label]


def _of_design(verdict: Verdict, e: Evidence) -> str:
    more = f"record more {e.names.group}s that hold both labels"
    if not verdict.failed("confounds"):
        return f"{more}; priosig.plan says how many."
    alike = f"alike in {listed(e.confound_names)}"
    if verdict.failed("videos") or verdict.failed("sets"):
        return f"{more}, both under the same conditions, {alike}."
    return f"record both labels under the same conditions, {alike}, or compare {e.names.item}s within one condition."
