"""Coefficients of the model whose features have names: a dot a fold, a bar from the least to the greatest."""

import numpy as np

from priosig.experiment.feature_sets import SCALES
from priosig.extraction.percepiano.scales import POLES
from priosig.report.grid import Figure, figure
from priosig.report.material import Material
from priosig.report.plots.svg import BAR, GRID, NARROW, across, dot, drawing, line, pointed, round_ticks, text, x_axis
from priosig.report.words import number

_STEP = 20
_LEFT, _RIGHT = 150, 84


def figures(material: Material) -> list[Figure]:
    """One figure; none where that model was not run."""
    if SCALES not in material.claim.models:
        return []
    by_fold = material.claim.models[SCALES]["coefficients"]
    values = by_fold[~np.isnan(by_fold).any(axis=1)].T  # by scale and fold
    means = values.mean(axis=1) if values.shape[1] else np.zeros(len(POLES))
    order = np.argsort(-np.abs(means), kind="stable")
    findings = material.claim.findings
    limit = float(np.abs(values).max(initial=0.0)) or 1.0

    def draw(width: int) -> str:
        at = across(-limit, limit, _LEFT + 6, width - _RIGHT - 6)
        bottom = 4 + _STEP * len(order)
        shapes = [line(at(0), 2, at(0), bottom)]
        for place, k in enumerate(order):
            y, scale, bold = 4 + _STEP * (place + 0.5), POLES[k], POLES[k].id in (findings or ())
            shapes += [
                text(_LEFT, y, f"{scale.name}: {scale.low}", "end", size=10.5, bold=bold),
                text(width - _RIGHT, y, scale.high, size=10.5, bold=bold),
                line(_LEFT + 6, y, width - _RIGHT - 6, y, colour=GRID),
            ]
            if values.shape[1]:
                low, high = float(values[k].min()), float(values[k].max())
                words = f"{scale.name}, {scale.low} to {scale.high}: mean {number(means[k])}"
                folds = line(at(low), y, at(high), y, colour=BAR, width=6)
                folds += "".join(dot(at(float(value)), y, 2) for value in values[k])
                shapes.append(pointed(folds, words))
        ticks = [(t, f"{t:g}".replace("-", "−")) for t in round_ticks(-limit, limit, 3)]
        shapes += x_axis(at, ticks, bottom, "← CONTINUE   coefficient   STOP →")
        strongest = ", ".join(f"{POLES[k].low} to {POLES[k].high} {number(means[k])}" for k in order[:3])
        return drawing(width, bottom + 40, shapes, f"Coefficients; the largest are {strongest}.")

    n = values.shape[1]
    caption = f"{len(material.claim.y)} segments, standardised scores. Dots: the {n} folds; grey: their range."
    caption += " Bold: a finding." if findings else " Not interpretable." if findings is None else ""
    return [figure(f"Coefficients of Model {SCALES}", caption, draw, NARROW)]
