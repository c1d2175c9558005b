"""How the named scales go together: a disc a pair, as wide as the correlation is strong, filled where positive."""

import numpy as np

from priosig.experiment.feature_sets import SCALES
from priosig.extraction.percepiano.scales import POLES
from priosig.inference.coefficients import rank_correlation
from priosig.report.grid import Figure, figure
from priosig.report.material import Material
from priosig.report.plots.svg import NARROW, dot, drawing, pointed, text
from priosig.report.words import number

_LEFT, _STEP = 184, 8.4
_ROW = 17


def figures(material: Material) -> list[Figure]:
    """One figure; none where there are no scores of scales, or too few."""
    features = material.claim.features
    quality = features.quality if features is not None else None
    if quality is None or len(quality) < 3 or SCALES not in material.claim.models:
        return []
    matrix = rank_correlation(quality)
    i, j = np.unravel_index(np.argmax(np.abs(np.tril(matrix, -1))), matrix.shape)
    pair = f"{_named(int(i))} and {_named(int(j))} ({number(matrix[i, j])})"
    caption = f"Spearman correlations over {len(quality)} segments; filled is positive. Strongest: {pair}."
    return [figure("How the scales go together", caption, lambda width: _draw(matrix, width, pair), NARROW)]


def _draw(matrix: np.ndarray, width: int, pair: str) -> str:
    n, shapes = len(matrix), []
    for row in range(n):
        y = 10 + _ROW * row
        shapes.append(text(_LEFT - 8, y, f"{_named(row)} {row + 1}", "end", size=11))
        for column in range(row):
            r = float(np.nan_to_num(matrix[row, column]))
            words = f"{_named(row)} and {_named(column)}: {number(r)}"
            shapes.append(pointed(dot(_LEFT + _STEP * column, y, max(4.2 * abs(r), 0.5), full=r >= 0), words))
    return drawing(width, 10 + _ROW * n, shapes, f"Rank correlations of {n} scales; the strongest is {pair}.")


def _named(k: int) -> str:
    return f"{POLES[k].name} {POLES[k].high}"
