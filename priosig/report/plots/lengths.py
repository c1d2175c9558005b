"""How long STOP and CONTINUE windows are, on a logarithmic axis."""

import math

import numpy as np

from priosig.annotations.segments import LABELS
from priosig.report.grid import Figure, figure
from priosig.report.material import Material
from priosig.report.plots.svg import NARROW, across, drawing, label_mark, line, pointed, text, x_axis
from priosig.report.words import clock


def figures(material: Material) -> list[Figure]:
    """One figure, of the windows as annotated."""
    by_label = {k: [s for s in material.experiment.annotations.segments if s.label == k] for k in LABELS}
    medians = {k: float(np.median([s.duration for s in of])) for k, of in by_label.items()}
    every = [s.duration for of in by_label.values() for s in of]
    low, high = math.log(min(every) / 1.2), math.log(max(every) * 1.2)

    def draw(width: int) -> str:
        at = across(low, high, 78, width - 14)
        shapes = []
        for place, (label, of) in enumerate(by_label.items()):
            y = 42 + 66 * place
            shapes.append(text(68, y, label.upper(), "end"))
            for k, s in enumerate(of):
                # The golden ratio spreads marks evenly without chance.
                where = y + 34 * ((k * 0.618034) % 1 - 0.5)
                words = f"{label.upper()} at {clock(s.start_time)} of {s.video_id}: {s.duration:.1f} s"
                shapes.append(pointed(label_mark(at(math.log(s.duration)), where, label), words))
            x = at(math.log(medians[label]))
            median = text(x, y - 30, f"median {medians[label]:.1f} s", "middle")
            shapes += [line(x, y - 22, x, y + 22, width=2), median]
        shapes += x_axis(lambda value: at(math.log(value)), _ticks(math.exp(low), math.exp(high)), 140, "seconds")
        alt = "; ".join(f"{label.upper()} median {medians[label]:.1f} s" for label in LABELS)
        return drawing(width, 178, shapes, f"Lengths of windows: {alt}.")

    caption = "As annotated, a mark a window; the axis is logarithmic."
    return [figure("How long the windows are", caption, draw, NARROW)]


def _ticks(low: float, high: float) -> list[tuple[float, str]]:
    steps = (1, 3) if high / low > 20 else (1, 2, 5) if high / low > 4 else (1, 1.5, 2, 3, 4, 5, 7)
    values = [step * 10.0**k for k in range(-3, 6) for step in steps]
    inside = [value for value in values if low <= value <= high] or [low, high]
    return [(value, f"{value:.3g}") for value in inside]
