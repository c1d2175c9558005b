"""Plots of a study: where its windows lie, how long they are, and what a model makes of each video.

Each function draws one panel and returns its `<svg>` element (`priosig.report.plots.panel`).
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from priosig.report.plots.panel import (
    CONTINUE,
    GRID,
    INK,
    MODEL_LINES,
    MUTED,
    PAPER,
    STOP,
    WIDTH,
    marks,
    only_x,
    panel,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Windows = Sequence[tuple[float, float]]


def dot_plot(
    rows: Sequence[tuple[str, float, float, float, str]], *, threshold: float | None = None, models: int = 0
) -> str:
    """Models against confounds: AUC within video, a row each, with its interval where there is one.

    Parameters
    ----------
    rows : sequence of (label, auc, low, high, note)
        From top to bottom; NaN where there is none. The note stands beside the AUC, or in its place.
    threshold : float, optional
        The bar that was set, drawn as a line.
    models : int
        So many rows at the top are models, drawn full; what follows are confounds, drawn open.
    """

    def draw(axes: "Axes") -> None:
        axes.axvline(0.5, color=MUTED, linewidth=1, zorder=1)
        if threshold is not None:
            axes.axvline(threshold, color=MUTED, linewidth=1, linestyle=(0, (3, 3)), zorder=1)
        for place, (label, auc, low, high, note) in enumerate(rows):
            y = -place - (0.5 if place >= models > 0 else 0)
            across = axes.get_yaxis_transform()
            axes.text(-0.05, y, label, ha="right", va="center", transform=across)
            if np.isnan(auc):
                axes.text(1.07, y, note or "not defined", va="center", transform=across, color=MUTED)
                continue
            colour = INK if place < models else MUTED
            spread = "" if np.isnan(low) else f" [{low:.2f}, {high:.2f}]"
            # An AUC of 1 lies on the edge of the axes: nothing may be clipped there.
            if spread:
                axes.plot([low, high], [y, y], color=colour, linewidth=2, solid_capstyle="butt", clip_on=False)
            face = INK if place < models else PAPER
            axes.plot(auc, y, "o", color=colour, markerfacecolor=face, markersize=6.5, clip_on=False, zorder=3)
            said = f"{auc:.2f}{spread}{f' {note}' if note else ''}"
            axes.text(1.07, y, said, va="center", transform=across)
        axes.set(xlim=(0, 1), ylim=(-len(rows) - (0.0 if models else -0.5), 0.6))
        axes.set_xticks([0, 0.5, 1], ["0", "0.5", "1"])
        axes.set_xlabel("AUC within video (0.5 is guessing)")
        only_x(axes, most=None)

    return panel(draw, height=62 + 21 * len(rows), margins=(98, 118, 40, 6))


def roc(curves: Mapping[str, tuple[np.ndarray, np.ndarray, float]]) -> str:
    """ROC curves of one video: by model, false positive rate, true positive rate and AUC."""

    def draw(axes: "Axes") -> None:
        axes.plot([0, 1], [0, 1], color=GRID, linewidth=1)
        for place, (model, (fpr, tpr, auc)) in enumerate(curves.items()):
            colour, style = MODEL_LINES[model]
            axes.plot(fpr, tpr, color=colour, linestyle=style, clip_on=False)
            y = 0.08 + 0.14 * (len(curves) - 1 - place)
            axes.plot([0.55, 0.7], [y] * 2, color=colour, linestyle=style)
            axes.text(0.74, y, f"{model} {auc:.2f}", va="center")
        axes.set(xlim=(0, 1), ylim=(0, 1), xticks=[0, 0.5, 1], yticks=[0, 0.5, 1])
        axes.set_xlabel("CONTINUE called STOP")
        axes.set_ylabel("STOP called STOP")

    return panel(draw, width=212, height=206, margins=(44, 12, 40, 8))


def scores_over_time(minutes: np.ndarray, strips: Mapping[str, np.ndarray], y: np.ndarray) -> str:
    """Out-of-fold scores of one video's segments against time, a strip a model.

    Each strip has its own scale, symmetric about 0; above its line a segment is called STOP.
    """

    def draw(axes: "Axes") -> None:
        for place, (model, scores) in enumerate(strips.items()):
            limit = max(float(np.nanmax(np.abs(scores), initial=0.0)), 1e-9)
            base = -2.5 * place
            axes.axhline(base, color=MUTED, linewidth=1)
            for stop in (0, 1):
                marks(axes, minutes[y == stop], base + scores[y == stop] / limit, stop)
            axes.text(-0.02, base, f"Model {model}", ha="right", va="center", transform=axes.get_yaxis_transform())
            for side, word in ((0.6, "STOP ↑"), (-0.6, "CONT. ↓")):
                style = {"color": MUTED, "fontsize": 11, "transform": axes.get_yaxis_transform()}
                axes.text(-0.02, base + side, word, ha="right", va="center", **style)
        axes.set(ylim=(-2.5 * (len(strips) - 1) - 1.25, 1.25), xlim=(0, 1.04 * minutes.max() or 1))
        axes.set_xlabel("minutes from the start of the video")
        only_x(axes)

    return panel(draw, height=50 + 80 * len(strips), margins=(62, 12, 40, 4))


def timeline(videos: Sequence[tuple[str, Windows, Windows]], *, width: int = WIDTH) -> str:
    """Where STOP and CONTINUE windows lie: a row a video, (label, stop windows, continue windows) in minutes.

    The label stands above its row, so that the row has the whole width.
    """

    def draw(axes: "Axes") -> None:
        for place, (label, stops, continues) in enumerate(videos):
            axes.text(0, -place + 0.45, label, va="center", transform=axes.get_yaxis_transform())
            for windows, colour, offset in ((stops, STOP, 0.02), (continues, CONTINUE, -0.26)):
                bars = [(start, end - start) for start, end in windows]
                # A line of the same colour keeps a window of a second visible in a video of an hour.
                axes.broken_barh(bars, (-place + offset, 0.25), facecolor=colour, edgecolor=colour, linewidth=0.7)
        last = max((end for _, stops, continues in videos for _, end in (*stops, *continues)), default=1.0)
        axes.set(ylim=(-len(videos) + 0.6, 0.7), xlim=(0, 1.005 * last))
        axes.set_xlabel("minutes (above STOP, below CONTINUE)")
        only_x(axes, most=12 if width > WIDTH else 6)

    return panel(draw, width=width, height=54 + 50 * len(videos), margins=(8, 14, 40, 4))


def lengths(stop: np.ndarray, other: np.ndarray) -> str:
    """Lengths of STOP and CONTINUE windows on a logarithmic axis, a mark each, with the medians."""

    def draw(axes: "Axes") -> None:
        for row, (label, values) in enumerate((("STOP", stop), ("CONTINUE", other))):
            # The golden ratio spreads marks evenly without chance.
            jitter = 0.55 * ((np.arange(len(values)) * 0.618034) % 1 - 0.5)
            marks(axes, values, -row + jitter, 1 - row)
            axes.text(-0.03, -row, label, ha="right", va="center", transform=axes.get_yaxis_transform())
            if len(values):
                median = float(np.median(values))
                axes.plot([median] * 2, [-row - 0.36, -row + 0.36], color=INK, linewidth=2)
                axes.text(median, -row + 0.37, f"median {median:.1f} s", ha="center", va="bottom")
        axes.set_xscale("log")
        values = np.concatenate([stop, other])
        low, high = values.min() / 1.4, values.max() * 1.4
        axes.set(ylim=(-1.45, 0.75), xlim=(low, high))
        steps = (1, 2, 5) if high / low > 20 else (1, 1.5, 2, 3, 4, 5, 7)
        ticks = [step * 10.0**k for k in range(-3, 6) for step in steps if low <= step * 10.0**k <= high]
        axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
        axes.set_xticks([], minor=True)
        axes.set_xlabel("length of the window in seconds (logarithmic)")
        only_x(axes, most=None)

    return panel(draw, height=200, margins=(78, 14, 40, 6))
