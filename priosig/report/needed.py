"""What the videos at hand could have shown, and how many more it would take."""

import math

from priosig.report.grid import Cell, Grid, grid
from priosig.report.material import Material
from priosig.report.words import NONE, hundred, share
from priosig.verdict.evidence import Evidence


def needed(material: Material) -> dict | None:
    """The table of each model's power; None where neither that nor a plan is there."""
    table = _table(material)
    return {"table": table} if table is not None or material.planned else None


def _table(material: Material) -> Grid | None:
    models = {name: a.evidence for name, a in material.claim.assessments.items()}
    if all(math.isnan(e.power) for e in models.values()):
        return None
    rule, aucs = material.claim.design.rule, sorted({auc for e in models.values() for auc, _ in e.videos_needed})
    worth, often = hundred(rule.spike_auc), share(rule.min_power)
    asked = [
        (f"Chance to detect a signal worth {worth} in 100", "over all that these features hear (power)"),
        (
            "The same, where the features hardly vary",
            "hard to hear for the model; the rule goes by the smaller of both",
        ),
        ("How often in 100 the model ranks it right", f"an ideal listener: {worth}"),
        (f"Smallest signal detected {often} of the time", "in 100; what is weaker is missed more often"),
        *(
            (f"Videos like these for a signal worth {hundred(auc)}", f"to detect it {often} of the time")
            for auc in aucs
        ),
        ("Sets that the confounds leave open", "where they fix the label nothing can be learned"),
    ]
    columns = zip(*(_answers(e, aucs) for e in models.values()), strict=True)
    rows = [
        (Cell(what, note=note), *cells)
        for (what, note), cells in zip(asked, columns, strict=True)
        if set(cells) != {NONE}
    ]
    caption = f"What {material.claim.design.evidence.n_videos} videos could show, {material.claim.view.name} view"
    return grid(caption, ("Asked", *((f"Model\u00a0{name}", "number") for name in models)), rows)


def _answers(e: Evidence, aucs: list[float]) -> list[str]:
    """The column of a model, in the order of the table."""
    needed = dict(e.videos_needed)
    takes = [f"{needed[auc] or 'more than tried'}" if auc in needed else NONE for auc in aucs]
    left = NONE if math.isnan(e.effective_sets) else f"{e.effective_sets:.0f} of {e.n_sets}"
    return [share(e.power), share(e.hard_power), hundred(e.probe_auc), hundred(e.detectable_auc), *takes, left]
