"""What the videos at hand could have shown, and how many more it would take."""

import math
from collections.abc import Callable

from priosig.report.grid import Cell, Grid, grid
from priosig.report.material import Material
from priosig.report.words import hundred, share
from priosig.verdict.evidence import Evidence
from priosig.verdict.rule import Rule


def needed(material: Material) -> dict | None:
    """The table of each model's power; None where neither that nor a plan is there."""
    table = _table(material)
    return {"table": table} if table is not None or material.planned else None


def _table(material: Material) -> Grid | None:
    assessments = material.claim.assessments
    if all(math.isnan(a.evidence.power) for a in assessments.values()):
        return None
    design = material.claim.design
    rows = []
    for what, note, cell in _rows(design.rule):
        cells = [cell(a.evidence) for a in assessments.values()]
        if set(cells) != {"–"}:
            rows.append((Cell(what, note=note), *cells))
    caption = f"What {design.evidence.n_videos} videos could show, {material.claim.view.name} view"
    return grid(caption, ("Asked", *((f"Model\u00a0{name}", "number") for name in assessments)), rows)


def _rows(rule: Rule) -> list[tuple[str, str, Callable[[Evidence], str]]]:
    """What is asked, what it means, and the answer for a model."""
    worth, often = hundred(rule.spike_auc), share(rule.min_power)
    rarely = "for a signal that is hard to hear for the model"
    return [
        (f"Chance to detect a signal worth {worth} in 100", "over all that these features hear (power)", _power),
        ("The same, where the features hardly vary", rarely, lambda e: share(e.hard_power)),
        ("How often in 100 the model ranks it right", f"an ideal listener: {worth}", lambda e: hundred(e.probe_auc)),
        (f"Smallest signal detected {often} of the time", "in 100; what is weaker is missed more often", _smallest),
        ("Sets that the confounds leave open", "where they fix the label nothing can be learned", _open_sets),
    ]


def _power(e: Evidence) -> str:
    return share(e.power)


def _smallest(e: Evidence) -> str:
    return hundred(e.detectable_auc)


def _open_sets(e: Evidence) -> str:
    return "–" if math.isnan(e.effective_sets) else f"{e.effective_sets:.0f} of {e.n_sets}"
