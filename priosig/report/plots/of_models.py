"""Plots of what a model is made of and of what its tests gave.

Each function draws one panel and returns its `<svg>` element (`priosig.report.plots.panel`).
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from priosig.report.plots.panel import BAR, GRID, INK, MUTED, PAPER, only_x, panel

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_STEPS = 20  # sizes of discs


def coefficients(rows: Sequence[tuple[str, str, np.ndarray, bool]]) -> str:
    """Coefficients of named scales: the poles at both sides, a bar from the least to the greatest fold, a dot a fold.

    Parameters
    ----------
    rows : sequence of (scale and low pole, high pole, values by fold, stable)
        From top to bottom. What is stable is bold.
    """
    limit = 1.08 * max((float(np.abs(values).max()) for *_, values, _ in rows if len(values)), default=1.0) or 1.0

    def draw(axes: "Axes") -> None:
        axes.axvline(0, color=MUTED, linewidth=1)
        axes.hlines(-np.arange(len(rows)), -limit, limit, color=GRID, linewidth=0.6, zorder=0)
        for place, (low, high, values, stable) in enumerate(rows):
            weight = "bold" if stable else "normal"
            for x, pole, side in ((-0.03, low, "right"), (1.03, high, "left")):
                style = {"fontsize": 11, "fontweight": weight, "transform": axes.get_yaxis_transform()}
                axes.text(x, -place, pole, ha=side, va="center", **style)
            if len(values):
                ends = [values.min(), values.max()]
                axes.plot(ends, [-place] * 2, color=BAR, linewidth=7, solid_capstyle="round", zorder=2)
        x = np.concatenate([values for *_, values, _ in rows]) if rows else np.empty(0)
        y = -np.repeat(np.arange(len(rows)), [len(values) for *_, values, _ in rows])
        axes.plot(x, y, "o", color=INK, markersize=3.4, markeredgecolor=PAPER, markeredgewidth=0.5, zorder=3)
        axes.set(xlim=(-limit, limit), ylim=(-len(rows) + 0.4, 0.6))
        axes.set_xlabel("← CONTINUE   coefficient   STOP →")
        only_x(axes, most=4)

    return panel(draw, height=50 + 21 * len(rows), margins=(156, 82, 40, 6))


def correlations(names: Sequence[str], matrix: np.ndarray) -> str:
    """Rank correlations of scales: the lower triangle, a disc each as wide as it is strong; filled is positive.

    Below it stands a key of sizes. A correlation near 0 is a point.
    """
    n = len(names)

    def discs(axes: "Axes", x: np.ndarray, y: np.ndarray, r: np.ndarray) -> None:
        size = np.maximum(np.round(np.abs(np.nan_to_num(r)) * _STEPS), 2)
        for step in range(2, _STEPS + 1):
            for of, face in (((size == step) & (r >= 0), INK), ((size == step) & (r < 0), PAPER)):
                style = {"color": INK, "markerfacecolor": face, "markeredgewidth": 0.9, "clip_on": False}
                axes.plot(x[of], y[of], "o", markersize=8.6 * step / _STEPS, **style)

    def draw(axes: "Axes") -> None:
        rows, columns = np.tril_indices(n, -1)
        discs(axes, columns, -rows, matrix[rows, columns])
        for k, name in enumerate(names):
            axes.text(-1, -k, f"{name}  {k + 1}", ha="right", va="center", fontsize=11)
            axes.text(k - 0.3, -k, str(k + 1), va="center", fontsize=11, color=MUTED)
        key = np.array([-1, -0.6, -0.2, 0.2, 0.6, 1])
        at = np.linspace(0, n - 1, len(key))
        discs(axes, at, np.full(len(key), -n - 0.6), key)
        for x, r in zip(at, key, strict=True):
            axes.text(x, -n - 1.6, f"{r:g}".replace("-", "−"), ha="center", va="center", fontsize=11)
        axes.text(-1, -n - 0.6, "size and filling", ha="right", va="center", fontsize=11)
        axes.text(-1, -n - 1.6, "correlation", ha="right", va="center", fontsize=11)
        axes.set(xlim=(-0.8, n - 0.4), ylim=(-n - 2, 0.6))
        axes.set_axis_off()

    return panel(draw, height=18 * n + 62, margins=(166, 16, 4, 4))


def calibration(predicted: np.ndarray, observed: np.ndarray) -> str:
    """Share of STOP among segments that were given about the same probability, against that probability."""

    def draw(axes: "Axes") -> None:
        axes.plot([0, 1], [0, 1], color=GRID, linewidth=1)
        axes.plot(predicted, observed, "-o", color=INK, markersize=5, clip_on=False)
        axes.set(xlim=(0, 1), ylim=(0, 1), xticks=[0, 0.5, 1], yticks=[0, 0.5, 1])
        axes.set_xlabel("predicted probability of STOP")
        axes.set_ylabel("share that was STOP")

    return panel(draw, width=260, height=250, margins=(46, 20, 42, 12))


def null_distributions(tests: Sequence[tuple[str, np.ndarray, float, str]]) -> str:
    """Histograms of a statistic under relabelling: (name, null, observed value, its p in words), a strip each."""
    finite = [null[np.isfinite(null)] for _, null, *_ in tests]
    everything = np.concatenate([*finite, [observed for _, _, observed, _ in tests]])
    low, high = np.floor(everything.min() / 0.02) * 0.02, np.ceil(everything.max() / 0.02) * 0.02 + 0.02
    bins = np.arange(low, high + 0.01, 0.02)
    step = 1.75

    def draw(axes: "Axes") -> None:
        ticks, labels = [], []
        for place, ((name, _, observed, said), values) in enumerate(zip(tests, finite, strict=True)):
            base = -step * place
            counts, _ = np.histogram(values, bins=bins)
            most = max(counts.max(), 1)
            bars = {"facecolor": BAR, "edgecolor": PAPER, "linewidth": 0.5, "align": "edge"}
            axes.bar(bins[:-1], counts / most, width=0.02, bottom=base, **bars)
            axes.plot([low, high], [base] * 2, color=MUTED, linewidth=0.8)
            axes.plot([observed] * 2, [base, base + 1.08], color=INK, linewidth=2.4, solid_capstyle="butt")
            across = axes.get_yaxis_transform()
            axes.text(0, base + 1.5, name, va="top", transform=across, fontweight="bold")
            axes.text(1, base + 1.27, f"observed {observed:.2f}, {said}", ha="right", va="top", transform=across)
            ticks += [base, base + 1]
            labels += ["0", str(most)]
        axes.set(xlim=(low, high), ylim=(-step * (len(tests) - 1), 1.55))
        axes.set_yticks(ticks, labels)
        axes.set_ylabel("relabellings")
        axes.set_xlabel("AUC within video")
        only_x(axes, keep_y=True)

    return panel(draw, height=50 + 116 * len(tests), margins=(50, 14, 40, 4))
