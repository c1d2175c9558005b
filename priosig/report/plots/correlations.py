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
    names = [f"{scale.name} {scale.high}" for scale in POLES]
    pair = f"{names[i]} and {names[j]} ({number(matrix[i, j])})"
    caption = f"Spearman correlations over {len(quality)} segments; filled is positive. Strongest: {pair}."

    def draw(width: int) -> str:
        n, shapes = len(matrix), []
        for row in range(n):
            y = 10 + _ROW * row
            shapes.append(text(_LEFT - 8, y, f"{names[row]} {row + 1}", "end", size=11))
            for column in range(row):
                r = float(np.nan_to_num(matrix[row, column]))
                disc = dot(_LEFT + _STEP * column, y, max(4.2 * abs(r), 0.5), full=r >= 0)
                shapes.append(pointed(disc, f"{names[row]} and {names[column]}: {number(r)}"))
        return drawing(width, 10 + _ROW * n, shapes, f"Rank correlations of {n} scales; the strongest is {pair}.")

    return [figure("How the scales go together", caption, draw, NARROW)]
