"""Shapes of a plot as SVG text, in the colours of the page.

Coordinates are CSS pixels from the upper left corner. A colour is the name of a CSS variable of the page (`--ink`,
`--stop`, ...), so that a plot suits a light page, a dark one and paper alike. A colour has one role: two for the
labels, ink and greys for all else. STOP is a filled triangle, CONTINUE an open circle, and each model has a shape: no
plot is read by colour alone. Every text is escaped here.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from html import escape

from priosig.report.words import visible

INK, MUTED, GRID, BAR, STOP, CONTINUE, PAPER, BAD = "ink", "muted", "grid", "bar", "stop", "continue", "paper", "bad"
NARROW = 340  # width for a phone


def drawing(width: float, height: float, shapes: Iterable[str], alt: str, *, links: bool = False) -> str:
    """An `<svg>` element; `alt` says what it shows. With `links` its parts can be reached one by one."""
    role = "group" if links else "img"
    size = f'viewBox="0 0 {_n(width)} {_n(height)}" width="{_n(width)}" height="{_n(height)}"'
    return f'<svg {size} role="{role}" aria-label="{_safe(alt)}">{"".join(shapes)}</svg>'


def text(
    x: float, y: float, words: str, at: str = "start", *, colour: str = INK, bold: bool = False, size: float = 12
) -> str:
    """A line of text, vertically centred on y; `at` is "start", "middle" or "end"."""
    anchor = "" if at == "start" else f' text-anchor="{at}"'
    weight = ' font-weight="600"' if bold else ""
    place = f'x="{_n(x)}" y="{_n(y + 0.35 * size)}"'
    return f'<text {place} font-size="{_n(size)}"{anchor}{weight} fill="var(--{colour})">{_safe(words)}</text>'


def line(
    x1: float, y1: float, x2: float, y2: float, *, colour: str = MUTED, width: float = 1, dashes: str = ""
) -> str:
    """A straight line; `dashes` as SVG has them."""
    return f'<line x1="{_n(x1)}" y1="{_n(y1)}" x2="{_n(x2)}" y2="{_n(y2)}"{_stroke(colour, width, dashes)}/>'


def path(points: Sequence[tuple[float, float]], *, dashes: str = "") -> str:
    """A line through points."""
    return f'<polyline points="{_points(points)}" fill="none"{_stroke(INK, 1.6, dashes)}/>'


def strokes(x: float, y: float, step: int, heights: Sequence[int], *, colour: str) -> str:
    """Upright strokes side by side, each so high to both sides of y."""
    steps, reached = [f"M{_n(x)} {_n(y)}"], 0
    for height in heights:
        steps.append(f"m{step} {-(height + reached)}v{2 * height}")
        reached = height
    return f'<path d="{"".join(steps)}" fill="none"{_stroke(colour, step - 0.5)}/>'


def rect(x: float, y: float, width: float, height: float, *, colour: str) -> str:
    """A filled rectangle."""
    return f'<rect x="{_n(x)}" y="{_n(y)}" width="{_n(width)}" height="{_n(height)}" fill="var(--{colour})"/>'


def polygon(points: Sequence[tuple[float, float]], *, colour: str, full: bool = True) -> str:
    """A closed shape, filled or open."""
    return f'<polygon points="{_points(points)}" fill="var(--{colour if full else PAPER})"{_stroke(colour, 1.5)}/>'


def dot(x: float, y: float, r: float = 4.5, *, colour: str = INK, full: bool = True) -> str:
    """A circle, filled or open."""
    place = f'cx="{_n(x)}" cy="{_n(y)}" r="{_n(r)}"'
    return f'<circle {place} fill="var(--{colour if full else PAPER})"{_stroke(colour, 1.5)}/>'


def ring(x: float, y: float) -> str:
    """A circle around a mark that is on the wrong side."""
    return f'<circle cx="{_n(x)}" cy="{_n(y)}" r="8" fill="none"{_stroke(BAD, 1.8)}/>'


def label_mark(x: float, y: float, label: str) -> str:
    """A segment: a triangle for STOP, an open circle for CONTINUE."""
    if label == "stop":
        return polygon(((x - 4.5, y + 4), (x + 4.5, y + 4), (x, y - 4.5)), colour=STOP)
    return dot(x, y, 4, colour=CONTINUE, full=False)


def model_mark(x: float, y: float, number: int) -> str:
    """A model by its number: filled dot, open diamond, filled square, open triangle, and again."""
    if number % 4 == 0:
        return dot(x, y)
    if number % 4 == 1:
        return polygon(((x - 5.5, y), (x, y - 5.5), (x + 5.5, y), (x, y + 5.5)), colour=INK, full=False)
    if number % 4 == 2:
        return polygon(((x - 4, y - 4), (x + 4, y - 4), (x + 4, y + 4), (x - 4, y + 4)), colour=INK)
    return polygon(((x - 4.5, y + 4), (x + 4.5, y + 4), (x, y - 4.5)), colour=INK, full=False)


def pointed(shape: str, words: str, link: str = "", *, reached: bool = False) -> str:
    """A shape that says something when pointed at, and may lead somewhere; `reached`: by the keyboard too."""
    titled = f"<title>{_safe(words)}</title>{shape}"
    if not link:
        return f"<g>{titled}</g>"
    tab = f'aria-label="{_safe(words)}"' if reached else 'tabindex="-1" aria-hidden="true"'
    return f'<a href="{_safe(link)}" {tab}>{titled}</a>'


def across(low: float, high: float, left: float, right: float) -> Callable[[float], float]:
    """The place of a value on an axis from `left` to `right`; what lies beyond is put on the edge."""
    width = (high - low) or 1.0
    return lambda value: left + (right - left) * min(max((value - low) / width, 0.0), 1.0)


def x_axis(at: Callable[[float], float], ticks: Sequence[tuple[float, str]], y: float, title: str = "") -> list[str]:
    """Ticks with their words below y, and a title below them, in the middle between the first and the last."""
    first, last = at(ticks[0][0]), at(ticks[-1][0])
    shapes = [line(first, y, last, y)]
    for value, words in ticks:
        shapes += [line(at(value), y, at(value), y + 3), text(at(value), y + 12, words, "middle", size=11)]
    return [*shapes, text((first + last) / 2, y + 30, title, "middle")] if title else shapes


def round_ticks(low: float, high: float, most: int = 6) -> list[float]:
    """At most `most` multiples of 1, 2 or 5 times a power of ten between two numbers: 0.0, 0.5, 1.0 for -0.3, 1.1."""
    if not high > low:
        return [low]
    power = math.floor(math.log10((high - low) / most))
    for step, exponent in ((1, power), (2, power), (5, power), (1, power + 1)):
        first, last = math.ceil(low / (step * 10.0**exponent)), math.floor(high / (step * 10.0**exponent))
        if last - first + 1 <= most:
            break
    return [round(k * step * 10.0**exponent, max(0, -exponent)) for k in range(first, last + 1)]


def _stroke(colour: str, width: float, dashes: str = "") -> str:
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    return f' stroke="var(--{colour})" stroke-width="{_n(width)}"{dashed}'


def _points(points: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{_n(x)},{_n(y)}" for x, y in points)


def _n(value: float) -> str:
    """A number with one decimal at most."""
    return f"{round(value, 1) + 0.0:g}"


def _safe(words: str) -> str:
    return escape(visible(words))
