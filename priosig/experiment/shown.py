"""How an experiment shows itself: verdicts and AUCs of every view on one screen."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from priosig._core.shown import Shown, plot_dots, table, wrapped

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from priosig.experiment.evaluation import ViewResult


class ShownViews(Shown):
    """A result that has views."""

    name: str
    views: Mapping[str, ViewResult]

    def rows(self) -> list[dict[str, Any]]:
        """A row for each model of each view; one for a view without models."""
        return [row for name, view in self.views.items() for row in _rows_of(name, view)]

    def plot(self, ax: Axes | None = None) -> Axes:
        """AUC within video of each model in each view, with its interval."""
        dots = [
            (f"{row['view']}, Model {row['model']}", row["auc_within_video"], row["low"], row["high"], True)
            for row in self.rows()
            if row["model"]
        ]
        return plot_dots(dots, xlabel=f"AUC within video: {self.name}", ax=ax)

    def __repr__(self) -> str:
        lines = [("view", "model", "STOP", "CONTINUE", "AUC within video", "verdict")]
        for row in self.rows():
            auc = f"{row['auc_within_video']:.2f} ({row['low']:.2f} to {row['high']:.2f})" if row["model"] else ""
            lines.append((row["view"], row["model"], str(row["n_stop"]), str(row["n_continue"]), auc, row["verdict"]))
        return "\n".join([*wrapped(f"Experiment {self.name}"), "", *table(lines, right=(2, 3))])


def _rows_of(name: str, view: ViewResult) -> list[dict[str, Any]]:
    counts = Counter(segment.label for segment in view.view.segments)
    shared = {"view": name, "n_stop": counts["stop"], "n_continue": counts["continue"]}
    numbers = ("auc_within_video", "low", "high", "T1", "T2")
    rows = []
    for model, one in view.assessments.items():
        e = one.evidence
        values = (e.auc, e.low, e.high, one.any_signal_pvalue, one.beyond_confounds_pvalue)
        tested = dict(zip(numbers, values, strict=True))
        rows.append({**shared, "model": model, **tested, "verdict": one.verdict.label})
    verdict = view.refusal or (view.design.verdict if view.design else None)
    label = verdict.label if verdict else "none without audio"
    return rows or [{**shared, "model": "", **dict.fromkeys(numbers, math.nan), "verdict": label}]
