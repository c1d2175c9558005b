"""What the videos at hand could have shown, and how many more it would take."""

import math

from priosig.report.grid import Cell, Grid, grid, numeric
from priosig.report.material import Material
from priosig.report.words import NONE, hundred, share


def needed(material: Material) -> dict | None:
    """The table of each model's power; None where neither that nor a plan is there."""
    table = _table(material)
    return {"table": table} if table is not None or material.planned else None


def _table(material: Material) -> Grid | None:
    models = {name: a.evidence for name, a in material.claim.assessments.items()}
    if all(math.isnan(e.power) for e in models.values()):
        return None
    rule, of_models = material.claim.design.rule, models.values()
    worth, often = hundred(rule.spike_auc), share(rule.min_power)

    def takes(auc: float) -> list[str]:
        tried = [dict(e.videos_needed) for e in of_models]
        return [f"{of[auc] or 'more than tried'}" if auc in of else NONE for of in tried]

    hard = "hard to hear for the model; the rule goes by the smaller of both"
    left = [NONE if math.isnan(e.effective_sets) else f"{e.effective_sets:.0f} of {e.n_sets}" for e in of_models]
    asked = [
        (f"Chance to detect a signal worth {worth} in 100", "over all that these features hear (power)",
         [share(e.power) for e in of_models]),
        ("The same, where the features hardly vary", hard, [share(e.hard_power) for e in of_models]),
        ("How often in 100 the model ranks it right", f"an ideal listener: {worth}",
         [hundred(e.probe_auc) for e in of_models]),
        (f"Smallest signal detected {often} of the time", "in 100; what is weaker is missed more often",
         [hundred(e.detectable_auc) for e in of_models]),
        *((f"Videos like these for a signal worth {hundred(auc)}", f"to detect it {often} of the time", takes(auc))
          for auc in sorted({auc for e in of_models for auc, _ in e.videos_needed})),
        ("Sets that the confounds leave open", "where they fix the label nothing can be learned", left),
    ]  # fmt: skip
    rows = [(Cell(what, note=note), *cells) for what, note, cells in asked if set(cells) != {NONE}]
    caption = f"What {material.claim.design.evidence.n_videos} videos could show, {material.claim.view.name} view"
    return grid(caption, ("Asked", *numeric(*(f"Model\u00a0{name}" for name in models))), rows)
