"""The chance to find a signal, by how many videos are recorded."""

import math

from priosig.report.grid import Figure, figure
from priosig.report.material import Material
from priosig.report.plots.svg import GRID, INK, MUTED, NARROW, across, drawing, line, path, pointed, text, x_axis
from priosig.report.plots.svg import dot as _dot
from priosig.report.words import hundred, share

_DASHES = ("", "6 3", "2 3", "8 3 2 3")


def figures(material: Material) -> list[Figure]:
    """One figure; none where nobody planned."""
    planned = material.planned
    if not planned:
        return []
    aucs = sorted({p.auc for p in planned})
    numbers = sorted({p.n_videos for p in planned})

    def draw(width: int) -> str:
        at, up = across(math.log(numbers[0]), math.log(numbers[-1]), 46, width - 44), across(0, 1, 150, 12)
        shapes = [line(46, up(0.8), width - 44, up(0.8), colour=MUTED, dashes="4 3")]
        for value in (0, 0.5, 1):
            shapes += [
                line(46, up(value), width - 44, up(value), colour=GRID),
                text(40, up(value), share(value), "end"),
            ]
        for number, auc in enumerate(aucs):
            of = sorted((p for p in planned if p.auc == auc), key=lambda p: p.n_videos)
            points = [(at(math.log(p.n_videos)), up(p.power)) for p in of]
            shapes.append(path(points, dashes=_DASHES[number % len(_DASHES)]))
            for p, (x, y) in zip(of, points, strict=True):
                words = (
                    f"{p.n_videos} videos find a signal of {hundred(auc)} in 100 with a chance of {share(p.power)}"
                )
                shapes.append(pointed(_dot(x, y, 3, colour=INK), words))
        for auc, y in _spread([(auc, up(max(p.power for p in planned if p.auc == auc))) for auc in aucs]):
            shapes.append(text(width - 38, y, hundred(auc)))
        ticks = [(float(n), str(n)) for n in numbers if n in (numbers[0], numbers[-1]) or n % 10 == 0]
        shapes += x_axis(lambda n: at(math.log(n)), ticks, 154, "videos")
        return drawing(width, 194, shapes, "Chance to find a signal, by number of videos and strength of the signal.")

    caption = "A line a strength of the signal, in times in 100, at its right end. Dashed across: a chance of 80%."
    return [figure("How many videos it takes", caption, draw, 460, NARROW)]


def _spread(labels: list[tuple[float, float]], least: float = 14) -> list[tuple[float, float]]:
    """The same labels from below upwards, moved up until none lies on another."""
    moved: list[tuple[float, float]] = []
    for auc, y in sorted(labels, key=lambda one: -one[1]):
        moved.append((auc, min(y, moved[-1][1] - least) if moved else y))
    return moved
