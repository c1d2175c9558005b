"""What other choices would have given: a row a choice, a mark a model."""

from priosig.experiment.feature_sets import FEATURE_SETS
from priosig.report.grid import Figure, figure
from priosig.report.material import Material
from priosig.report.plots.svg import MUTED, NARROW, across, drawing, line, model_mark, pointed, text, x_axis
from priosig.report.sensitivity import name_of
from priosig.report.words import hundred

_STEP = 16


def figures(material: Material) -> list[Figure]:
    """One figure; none where nothing else was tried."""
    rows = material.sensitivity
    if not rows:
        return []
    choices = list(dict.fromkeys(row.choice for row in rows))
    by_choice = {(row.choice, row.model): row for row in rows}
    models = [model for model in FEATURE_SETS if any(row.model == model for row in rows)]
    bar = material.experiment.annotations.corpus.settings.auc

    def draw(width: int) -> str:
        left = 150
        at = across(0, 1, left, width - 14)
        bottom = 8 + _STEP * len(choices)
        shapes = [line(at(0.5), 2, at(0.5), bottom), line(at(bar), 2, at(bar), bottom, dashes="4 3")]
        for place, choice in enumerate(choices):
            y = 8 + _STEP * (place + 0.5) - 4
            shapes.append(text(left - 10, y, name_of(choice), "end", size=11, bold=place == 0))
            tried = {model: by_choice[choice, model] for model in models if (choice, model) in by_choice}
            if all(row.auc_within_video != row.auc_within_video for row in tried.values()):
                reason = next(iter(tried.values())).problem
                shapes.append(pointed(text(left, y, "could not be run", colour=MUTED, size=11), reason))
            for model, row in tried.items():
                number = models.index(model)
                if row.auc_within_video == row.auc_within_video:
                    words = f"{name_of(choice)}: Model {model} {hundred(row.auc_within_video)}, {row.verdict}"
                    shapes.append(pointed(model_mark(at(row.auc_within_video), y, number), words))
        shapes += x_axis(at, [(k / 4, f"{25 * k}") for k in range(5)], bottom)
        return drawing(width, bottom + 20, shapes, f"AUC within video, times 100, of {len(choices)} choices.")

    marks = ("●", "◇", "■", "△")
    named = ", ".join(f"{marks[k % 4]} Model {model}" for k, model in enumerate(models))
    caption = f"{named}. Line: guessing. Dashed: the bar. The first row is what was chosen beforehand."
    return [figure("Times in 100 that a STOP is ranked above a CONTINUE", caption, draw, 560, NARROW)]
