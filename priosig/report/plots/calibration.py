"""Share of STOP among segments that were given about the same probability, against that probability."""

import numpy as np

from priosig.report.grid import Figure, figure
from priosig.report.material import Material
from priosig.report.plots.svg import MUTED, across, dot, drawing, line, path, pointed, text, x_axis
from priosig.report.words import number, share

_MOST_GROUPS = 5


def figures(material: Material) -> list[Figure]:
    """A figure a model that found something."""
    return [_figure(material, model) for model in material.claim.models if material.speaks(model)]


def _figure(material: Material, model: str) -> Figure:
    cv = material.claim.models[model]
    scored = ~np.isnan(cv["scores"])
    p, y = cv["y_pred_proba"][scored], material.claim.y[scored]
    groups = np.array_split(np.argsort(p, kind="stable"), min(_MOST_GROUPS, len(p)))
    points = [(float(p[group].mean()), float(y[group].mean()), len(group)) for group in groups]

    def draw(width: int) -> str:
        at, up = across(0, 1, 52, width - 16), across(0, 1, 196, 14)
        places = [(at(predicted), up(seen)) for predicted, seen, _ in points]
        shapes = [line(at(0), up(0), at(1), up(1), colour=MUTED, dashes="4 3"), line(at(0), up(0), at(0), up(1))]
        shapes += [text(46, up(value), share(value), "end", size=11) for value in (0, 0.5, 1)]
        shapes.append(path(places))
        for (predicted, seen, n), (x, y) in zip(points, places, strict=True):
            shapes.append(pointed(dot(x, y), f"{n} segments: {share(predicted)} predicted, {share(seen)} were STOP"))
        shapes += x_axis(at, [(t, share(t)) for t in (0, 0.5, 1)], up(0), "predicted probability of STOP")
        shapes.append(text(at(0) + 6, 8, "share that was STOP"))
        return drawing(width, 236, shapes, f"Calibration of Model {model}: slope {slope}, Brier score {brier}.")

    s = cv["summary"]
    slope, intercept = number(s.calibration_slope), number(s.calibration_intercept)
    brier, reference = number(s.brier, 3), number(s.brier_reference, 3)
    caption = (
        f"{len(p)} segments in {len(groups)} groups of like probability. Slope {slope}, intercept {intercept} (1 and "
        f"0 are right). Brier score {brier} (always giving the share of STOP: {reference})."
    )
    return figure(f"Calibration of Model {model}", caption, draw, 300)
