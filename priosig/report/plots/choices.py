"""What other choices would have given: a row a choice, a mark a model."""

import math

from priosig.report.grid import Figure, figure
from priosig.report.material import Material
from priosig.report.plots.svg import MUTED, NARROW, across, drawing, line, model_mark, pointed, text, x_axis
from priosig.report.sensitivity import by_choice, models_of, name_of
from priosig.report.words import hundred

_STEP = 16


def figures(material: Material) -> list[Figure]:
    """One figure; none where nothing else was tried."""
    if not material.sensitivity:
        return []
    choices, models = by_choice(material.sensitivity), models_of(material.sensitivity)
    bar = material.settings.auc

    def draw(width: int) -> str:
        left, bottom = 150, 8 + _STEP * len(choices)
        at = across(0, 1, left, width - 14)
        shapes = [line(at(0.5), 2, at(0.5), bottom), line(at(bar), 2, at(bar), bottom, dashes="4 3")]
        for place, (choice, of) in enumerate(choices.items()):
            y = 8 + _STEP * (place + 0.5) - 4
            shapes.append(text(left - 10, y, name_of(choice), "end", size=11, bold=place == 0))
            known = [model for model in models if model in of and not math.isnan(of[model].auc_within_video)]
            if not known:
                reason = next(iter(of.values())).problem
                shapes.append(pointed(text(left, y, "could not be run", colour=MUTED, size=11), reason))
            for model in known:
                auc = of[model].auc_within_video
                words = f"{name_of(choice)}: Model {model} {hundred(auc)}, {of[model].verdict}"
                shapes.append(pointed(model_mark(at(auc), y, models.index(model)), words))
        shapes += x_axis(at, [(k / 4, f"{25 * k}") for k in range(5)], bottom)
        return drawing(width, bottom + 20, shapes, f"AUC within video, times 100, of {len(choices)} choices.")

    marks = ("●", "◇", "■", "△")
    named = ", ".join(f"{marks[k % 4]} Model {model}" for k, model in enumerate(models))
    caption = f"{named}. Line: guessing. Dashed: the bar. The first row is what was chosen beforehand."
    return [figure("Times in 100 that a STOP is ranked above a CONTINUE", caption, draw, 560, NARROW)]
