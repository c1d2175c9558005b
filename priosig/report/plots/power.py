"""The chance to detect a signal, and how sure its AUC is, by how many videos are recorded."""

import math

from priosig.experiment.views import view_kind
from priosig.inference.planning import WANTED, PowerTable
from priosig.report.grid import Figure, figure
from priosig.report.material import Material
from priosig.report.plots import svg
from priosig.report.plots.svg import GRID, MUTED, across, line, pointed, text
from priosig.report.words import capital, hundred, number, share

LEFT = 56
_DASHES = ("", "6 3", "2 3", "8 3 2 3")


def figures(material: Material) -> list[Figure]:
    """A figure for each view that was planned for."""
    return [_figure(name, table) for name, table in material.planned.items()]


def _figure(view: str, table: PowerTable) -> Figure:
    numbers = table.n_videos

    def draw(width: int) -> str:
        at, up = across(math.log(numbers[0]), math.log(numbers[-1]), LEFT, width - 44), across(0, 1, 150, 12)
        shapes = [line(LEFT, up(WANTED), width - 44, up(WANTED), colour=MUTED, dashes="4 3")]
        for value in (0, 0.5, 1):
            shapes.append(line(LEFT, up(value), width - 44, up(value), colour=GRID))
            shapes.append(text(width - 34, up(value), share(value)))
        places = _spread({auc: up(table.power[row, 0]) for row, auc in enumerate(table.aucs)})
        for row, auc in enumerate(table.aucs):
            points = [(at(math.log(n)), up(power)) for n, power in zip(numbers, table.power[row], strict=True)]
            shapes.append(svg.path(points, dashes=_DASHES[row % len(_DASHES)]))
            x, y = points[0]
            shapes.append(line(LEFT - 18, places[auc], x, y, colour=MUTED))
            shapes.append(text(LEFT - 22, places[auc], hundred(auc), "end"))
            for column, (x, y) in enumerate(points):
                words = (
                    f"{numbers[column]} videos detect a signal of {hundred(auc)} in 100 with a chance of "
                    f"{share(table.power[row, column])}; its interval is {number(table.width[row, column])} wide"
                )
                shapes.append(pointed(svg.model_mark(x, y, row), words))
        shapes += svg.x_axis(lambda n: at(math.log(n)), [(float(n), str(n)) for n in numbers], 154, "videos")
        return svg.drawing(width, 194, shapes, "Chance to detect a signal, by number of videos and strength.")

    takes = [f"{n or f'more than {numbers[-1]}'}" for n in table.needed]
    needed = ", ".join(f"{hundred(auc)} in 100: {n}" for auc, n in zip(table.aucs, takes, strict=True))
    caption = (
        f"{capital(view_kind(view).words)}. A line with marks of its own for each strength of the signal, its "
        f"times in 100 at the left end. Dashed: a chance of {share(WANTED)}. Videos that it takes: {needed}. "
        "Simulated with independent features and windows, so that real data may need more."
    )
    return figure(f"How many videos it takes, {view} view", caption, draw, 460, svg.NARROW)


def _spread(labels: dict[float, float]) -> dict[float, float]:
    """The same labels, from the strongest on moved down until none lies on another."""
    moved, free = {}, 0.0
    for auc in sorted(labels, reverse=True):
        moved[auc] = max(labels[auc], free)
        free = moved[auc] + 18
    return moved
