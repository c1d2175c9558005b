"""Plots of a report, as SVG to be put into a page.

Each function draws one panel, most of them 360 px wide, and returns its `<svg>` element; a page sets panels side by
side where there is room and one below the other on a phone, so that no text is ever scaled until it cannot be read.
Titles and captions are the page's.

Text stays text: it takes the page's typeface, can be searched, and is escaped as XML. Colours are CSS variables of
the page (`--ink`, `--stop`, ...), so that a panel suits a light page, a dark one and paper alike. STOP is a filled
triangle, CONTINUE an open circle: no plot is read by colour alone.

The same numbers give the same bytes: no dates, and ids made from content. matplotlib is imported when the first panel
is drawn.
"""

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDTH = 360
FONT = 12

# Stand-ins that matplotlib writes into the SVG, one colour a role; `_themed` turns them into the page's variables.
INK, MUTED, GRID, STOP, CONTINUE, FIRST, SECOND, PAPER = (f"#0f1e{i:02x}" for i in range(8))
_VARIABLES = {
    INK: "--ink",
    MUTED: "--muted",
    GRID: "--grid",
    STOP: "--stop",
    CONTINUE: "--continue",
    FIRST: "--first",
    SECOND: "--second",
    PAPER: "--paper",
}
MODEL_COLOURS = {"A": FIRST, "B": SECOND}
_STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "priosig",
    "font.family": "DejaVu Sans",
    "font.size": FONT,
    "text.color": INK,
    "text.parse_math": False,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.unicode_minus": True,
    "axes.formatter.use_mathtext": False,
    "axes.facecolor": "none",
    "figure.facecolor": "none",
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.major.size": 3,
    "ytick.major.size": 3,
    "lines.linewidth": 1.6,
    "patch.linewidth": 0.8,
}


def panel(
    draw: Callable[["Axes"], None],
    *,
    height: int = 220,
    width: int = WIDTH,
    margins: tuple[int, int, int, int] = (44, 14, 38, 10),
) -> str:
    """Draw one panel.

    Parameters
    ----------
    draw : callable
        Draws into the axes that it is given.
    height, width : int
        Size in CSS pixels.
    margins : tuple of int
        Pixels left, right, below and above the axes; labels have to fit in.

    Returns
    -------
    str
        One `<svg>` element with a `viewBox`.
    """
    import io
    import warnings

    from matplotlib import rc_context
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    left, right, below, above = margins
    with rc_context(_STYLE), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a letter that the typeface lacks is no matter: the page's own is used
        figure = Figure(figsize=(width / 72, height / 72))
        FigureCanvasSVG(figure)
        box = (left / width, below / height, 1 - (left + right) / width, 1 - (below + above) / height)
        draw(figure.add_axes(box))
        text = io.StringIO()
        figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    return _themed(text.getvalue(), width, height)


def _themed(svg: str, width: int, height: int) -> str:
    """The `<svg>` element alone, in the page's colours and typeface, with no ids but those that are referred to."""
    body = svg[svg.index(">", svg.index("<svg")) + 1 : svg.rindex("</svg>")]
    body = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->", "", body, flags=re.DOTALL)
    body = re.sub(r"<style type=\"text/css\">.*?</style>", "", body, flags=re.DOTALL)
    body = re.sub(r'(<(?:g|text|path|svg)) id="(?:figure|axes|patch|text|line2d|matplotlib|xtick|ytick|legend|Path|'
                  r'FillBetween|LineCollection|PolyCollection)[^"]*"', r"\1", body)  # fmt: skip
    body = re.sub(r"font: ([\d.]+)px [^;\"]*", r"font-size: \1px", body)
    for colour, variable in _VARIABLES.items():
        body = body.replace(colour, f"var({variable})")
    body = re.sub(r' transform="rotate\(-0 [^"]*"', "", body)
    # Markers have the same id in every panel that holds them; a page must have each id once.
    own = hashlib.blake2b(body.encode(), digest_size=4).hexdigest()
    body = re.sub(r'(\bid="|"#|url\(#)', rf"\g<1>p{own}", body)
    body = re.sub(r"\n\s*", "\n", body)
    return f'<svg viewBox="0 0 {width} {height}" width="{width}" height="{height}" aria-hidden="true">{body}</svg>'


def dot_plot(
    rows: Sequence[tuple[str, float, float, float]], *, threshold: float | None = None, models: int = 0
) -> str:
    """Models against confounds: AUC within video, a row each, with its interval where there is one.

    Parameters
    ----------
    rows : sequence of (label, auc, low, high)
        From top to bottom; NaN where there is none.
    threshold : float, optional
        The bar that was set, drawn as a line.
    models : int
        So many rows at the top are models, drawn full; what follows are confounds, drawn open.
    """

    def draw(axes: "Axes") -> None:
        axes.axvline(0.5, color=MUTED, linewidth=1)
        if threshold is not None:
            axes.axvline(threshold, color=MUTED, linewidth=1, linestyle=(0, (3, 3)))
        for place, (label, auc, low, high) in enumerate(rows):
            y = -place - (0.5 if place >= models > 0 else 0)
            axes.text(-0.03, y, label, ha="right", va="center", transform=axes.get_yaxis_transform())
            if np.isnan(auc):
                axes.text(0.52, y, "not defined", va="center", color=MUTED)
                continue
            colour = INK if place < models else MUTED
            spread = "" if np.isnan(low) else f" [{low:.2f}, {high:.2f}]"
            if spread:
                axes.plot([low, high], [y, y], color=colour, linewidth=2, solid_capstyle="butt")
            axes.plot(auc, y, "o", color=colour, markerfacecolor=INK if place < models else PAPER, markersize=6.5)
            axes.text(1.03, y, f"{auc:.2f}{spread}", va="center", transform=axes.get_yaxis_transform())
        axes.set(xlim=(0, 1), ylim=(-len(rows) - (0.0 if models else -0.5), 0.6))
        axes.set_xticks([0, 0.5, 1], ["0", "0.5", "1"])
        axes.set_xlabel("AUC within video (0.5 is guessing)")
        _only_x(axes, most=None)

    return panel(draw, height=62 + 21 * len(rows), margins=(92, 108, 40, 6))


def roc(curves: Mapping[str, tuple[np.ndarray, np.ndarray, float]]) -> str:
    """ROC curves of one video: by model, false positive rate, true positive rate and AUC."""

    def draw(axes: "Axes") -> None:
        axes.plot([0, 1], [0, 1], color=GRID, linewidth=1)
        for place, (model, (fpr, tpr, auc)) in enumerate(curves.items()):
            colour = MODEL_COLOURS.get(model, INK)
            style = {"A": "-", "B": (0, (4, 1.5))}.get(model, "-")
            axes.plot(fpr, tpr, color=colour, linestyle=style, clip_on=False)
            y = 0.08 + 0.14 * (len(curves) - 1 - place)
            axes.plot([0.6, 0.73], [y] * 2, color=colour, linestyle=style)
            axes.text(0.77, y, f"{model} {auc:.2f}", va="center", color=colour, fontweight="bold")
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
                _marks(axes, minutes[y == stop], base + scores[y == stop] / limit, stop)
            axes.text(-0.02, base, f"Model {model}", ha="right", va="center", transform=axes.get_yaxis_transform())
            for side, word in ((0.55, "STOP ↑"), (-0.55, "CONT. ↓")):
                style = {"color": MUTED, "fontsize": 9.5, "transform": axes.get_yaxis_transform()}
                axes.text(-0.02, base + side, word, ha="right", va="center", **style)
        axes.set(ylim=(-2.5 * (len(strips) - 1) - 1.25, 1.25), xlim=(0, 1.04 * minutes.max() or 1))
        axes.set_xlabel("minutes from the start of the video")
        _only_x(axes)

    return panel(draw, height=50 + 80 * len(strips), margins=(62, 12, 40, 4))


def timeline(videos: Sequence[tuple[str, Sequence[tuple[float, float]], Sequence[tuple[float, float]]]]) -> str:
    """Where STOP and CONTINUE windows lie: a row a video, (label, stop windows, continue windows) in minutes."""

    def draw(axes: "Axes") -> None:
        for place, (label, stops, continues) in enumerate(videos):
            axes.text(-0.02, -place, label, ha="right", va="center", transform=axes.get_yaxis_transform())
            for windows, colour, offset in ((stops, STOP, 0.04), (continues, CONTINUE, -0.36)):
                bars = [(start, end - start) for start, end in windows]
                axes.broken_barh(bars, (-place + offset, 0.32), facecolor=colour, linewidth=0)
        last = max((end for _, stops, continues in videos for _, end in (*stops, *continues)), default=1.0)
        axes.set(ylim=(-len(videos) + 0.4, 0.6), xlim=(0, 1.01 * last))
        axes.set_xlabel("minutes from the start of the video (above STOP, below CONTINUE)")
        _only_x(axes, most=12)

    return panel(draw, width=720, height=50 + 30 * len(videos), margins=(110, 14, 40, 6))


def lengths(stop: np.ndarray, other: np.ndarray) -> str:
    """Lengths of STOP and CONTINUE windows on a logarithmic axis, a mark each, with the medians."""

    def draw(axes: "Axes") -> None:
        for row, (label, values) in enumerate((("STOP", stop), ("CONTINUE", other))):
            # The golden ratio spreads marks evenly without chance.
            jitter = 0.55 * ((np.arange(len(values)) * 0.618034) % 1 - 0.5)
            _marks(axes, values, -row + jitter, 1 - row)
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
        _only_x(axes, most=None)

    return panel(draw, height=200, margins=(78, 14, 40, 6))


def coefficients(rows: Sequence[tuple[str, str, np.ndarray, bool]]) -> str:
    """Coefficients of named scales: the poles at both sides, a mark a fold, a bar at the mean.

    Parameters
    ----------
    rows : sequence of (scale and low pole, high pole, values by fold, stable)
        From top to bottom. What is stable is drawn full.
    """
    limit = 1.08 * max((float(np.abs(values).max()) for *_, values, _ in rows if len(values)), default=1.0) or 1.0

    def draw(axes: "Axes") -> None:
        places = -np.arange(len(rows))
        axes.axvline(0, color=MUTED, linewidth=1)
        axes.hlines(places, -limit, limit, color=GRID, linewidth=0.6, zorder=0)
        for stable in (False, True):
            of = [(place, values) for place, (*_, values, is_so) in zip(places, rows, strict=True) if is_so == stable]
            colour, face = (INK, INK) if stable else (MUTED, PAPER)
            x = np.concatenate([values for _, values in of]) if of else np.empty(0)
            y = np.repeat([place for place, _ in of], [len(values) for _, values in of])
            means = [np.mean(values) if len(values) else np.nan for _, values in of]
            axes.plot(x, y, "o", color=colour, markersize=3, alpha=0.6)
            axes.plot(means, [place for place, _ in of], "D", color=colour, markerfacecolor=face, markersize=6)
        for place, (low, high, *_) in zip(places, rows, strict=True):
            for x, pole, side in ((-0.03, low, "right"), (1.03, high, "left")):
                axes.text(x, place, pole, ha=side, va="center", transform=axes.get_yaxis_transform())
        axes.set(xlim=(-limit, limit), ylim=(-len(rows) + 0.4, 0.6))
        axes.set_xlabel("← CONTINUE   coefficient   STOP →")
        _only_x(axes, most=4)

    return panel(draw, width=420, height=50 + 21 * len(rows), margins=(164, 88, 40, 6))


def correlations(names: Sequence[str], matrix: np.ndarray) -> str:
    """Rank correlations of scales: the lower triangle, a disc each, the larger the stronger; filled is positive."""
    n = len(names)

    def draw(axes: "Axes") -> None:
        rows, columns = np.tril_indices(n, -1)
        r = matrix[rows, columns]
        size = np.clip(np.round(np.sqrt(np.abs(np.nan_to_num(r))) * 5), 0, 5)
        for step in range(1, 6):
            for sign, colour, face in ((1, FIRST, FIRST), (-1, SECOND, PAPER)):
                of = (size == step) & (np.sign(r) == sign)
                axes.plot(columns[of], -rows[of], "o", color=colour, markerfacecolor=face, markersize=1.9 * step)
        for k, name in enumerate(names):
            axes.text(-1, -k, f"{name}  {k + 1}", ha="right", va="center", fontsize=10)
            axes.text(k, -k, str(k + 1), ha="center", va="center", fontsize=8.5, color=MUTED)
        axes.set(xlim=(-0.8, n - 0.4), ylim=(-n + 0.4, 0.6))
        axes.set_axis_off()

    return panel(draw, height=18 * n + 14, width=WIDTH + 60, margins=(150, 6, 4, 4))


def calibration(predicted: np.ndarray, observed: np.ndarray) -> str:
    """Share of STOP among segments that were given about the same probability, against that probability."""

    def draw(axes: "Axes") -> None:
        axes.plot([0, 1], [0, 1], color=GRID, linewidth=1)
        axes.plot(predicted, observed, "-o", color=INK, markersize=5, clip_on=False)
        axes.set(xlim=(0, 1), ylim=(0, 1), xticks=[0, 0.5, 1], yticks=[0, 0.5, 1])
        axes.set_xlabel("predicted probability of STOP")
        axes.set_ylabel("share that was STOP")

    return panel(draw, width=260, height=250, margins=(46, 20, 42, 12))


def null_distributions(tests: Sequence[tuple[str, np.ndarray, float, float]]) -> str:
    """Histograms of a statistic under relabelling: (name, null, observed value, p), a strip each."""
    finite = [null[np.isfinite(null)] for _, null, *_ in tests]
    everything = np.concatenate([*finite, [observed for _, _, observed, _ in tests]])
    low, high = np.floor(everything.min() / 0.02) * 0.02, np.ceil(everything.max() / 0.02) * 0.02 + 0.02
    bins = np.arange(low, high + 0.01, 0.02)

    def draw(axes: "Axes") -> None:
        for place, ((name, _, observed, pvalue), values) in enumerate(zip(tests, finite, strict=True)):
            base = -1.55 * place
            counts, _ = np.histogram(values, bins=bins)
            shape = base + counts / max(counts.max(), 1)
            axes.stairs(shape, bins, baseline=base, fill=True, facecolor=GRID, edgecolor=MUTED)
            axes.plot([observed] * 2, [base, base + 1.1], color=STOP, linewidth=2, solid_capstyle="butt")
            across = axes.get_yaxis_transform()
            axes.text(0, base + 1.36, name, va="top", transform=across, fontweight="bold")
            said = f"observed {observed:.2f}, p = {pvalue:.2g}"
            axes.text(1, base + 1.36, said, ha="right", va="top", transform=across, color=STOP)
        axes.set(xlim=(low, high), ylim=(-1.55 * (len(tests) - 1), 1.4))
        axes.set_xlabel("AUC within video")
        _only_x(axes)

    return panel(draw, height=50 + 100 * len(tests), margins=(12, 12, 40, 4))


def _marks(axes: "Axes", x: np.ndarray, y: np.ndarray, stop: int) -> None:
    if stop:
        axes.plot(x, y, "^", color=STOP, markersize=6, markeredgewidth=0, alpha=0.9)
    else:
        axes.plot(x, y, "o", color=CONTINUE, markerfacecolor="none", markersize=5.5, markeredgewidth=1.4)


def _only_x(axes: "Axes", most: int | None = 6) -> None:
    """Take the vertical axis away, and set at most so many round ticks on the other (None: leave it).

    Automatic ticks take matplotlib longer than all the rest of a panel.
    """
    axes.yaxis.set_visible(False)
    axes.spines["left"].set_visible(False)
    if most is not None:
        ticks = round_ticks(*axes.get_xlim(), most)
        axes.set_xticks(ticks, [f"{tick:g}".replace("-", "−") for tick in ticks])


def round_ticks(low: float, high: float, most: int = 6) -> list[float]:
    """At most `most` multiples of 1, 2 or 5 times a power of ten between two numbers.

    Examples
    --------
    >>> round_ticks(-0.3, 1.1)
    [0.0, 0.5, 1.0]
    """
    if not high > low:
        return [low]
    power = int(np.floor(np.log10((high - low) / most)))
    for step, exponent in ((1, power), (2, power), (5, power), (1, power + 1)):
        first, last = int(np.ceil(low / (step * 10.0**exponent))), int(np.floor(high / (step * 10.0**exponent)))
        if last - first + 1 <= most:
            break
    return [round(k * step * 10.0**exponent, max(0, -exponent)) for k in range(first, last + 1)]
