"""Panels: what matplotlib draws, as SVG to be put into a page.

A panel is at most 360 px wide; a page sets panels side by side where there is room and one below the other on a
phone, so that no text is ever scaled until it cannot be read. Titles and captions are the page's.

Text stays text: it takes the page's typeface, can be searched, and is escaped as XML. Colours are CSS variables of
the page (`--ink`, `--stop`, ...), so that a panel suits a light page, a dark one and paper alike. A colour has one
role: two for the labels, ink and greys for all else. STOP is a filled triangle, CONTINUE an open circle, Model A a
full line, Model B a dashed one: no plot is read by colour alone.

The same numbers give the same bytes: no dates, and ids made from content. matplotlib is imported when the first panel
is drawn.
"""

import hashlib
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDTH = 360
FONT = 12

# Stand-ins that matplotlib writes into the SVG, one colour a role; `_themed` turns them into the page's variables.
INK, MUTED, GRID, BAR, STOP, CONTINUE, PAPER = (f"#0f1e{i:02x}" for i in range(7))
_VARIABLES = {
    INK: "--ink",
    MUTED: "--muted",
    GRID: "--grid",
    BAR: "--bar",
    STOP: "--stop",
    CONTINUE: "--continue",
    PAPER: "--paper",
}
MODEL_LINES = {"A": (INK, "-"), "B": (MUTED, (0, (4, 1.5)))}
"""Colour and dashes of each model."""
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


def marks(axes: "Axes", x: np.ndarray, y: np.ndarray, stop: int) -> None:
    """Segments: of STOP where `stop` is 1, of CONTINUE where it is 0."""
    if stop:
        axes.plot(x, y, "^", color=STOP, markersize=6, markeredgewidth=0, alpha=0.9)
    else:
        axes.plot(x, y, "o", color=CONTINUE, markerfacecolor="none", markersize=5.5, markeredgewidth=1.4)


def only_x(axes: "Axes", most: int | None = 6, *, keep_y: bool = False) -> None:
    """Take the vertical axis away, and set at most so many round ticks on the other (None: leave it).

    Automatic ticks take matplotlib longer than all the rest of a panel.
    """
    if not keep_y:
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
