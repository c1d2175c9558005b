"""How far the confounds alone reach, and what became of each."""

import math
from collections.abc import Sequence

import numpy as np

from priosig.confounds.registry import CONFOUNDS
from priosig.experiment.evaluation import ViewResult
from priosig.inference.confounds_alone import TOGETHER, Baseline
from priosig.inference.design import DesignAssessment
from priosig.report.words import confound, hundred, joined, number, plain, share, unit


def reach(baseline: Baseline) -> float:
    """AUC within video as a line or as a curve, whichever the rule goes by: the one with the smaller p."""
    return baseline.curve if baseline.curve_pvalue < baseline.pvalue else baseline.auc_within_video


def reached(design: DesignAssessment | None, name: str) -> float:
    """What a confound reaches in a view, also one that is tied to the label; NaN where it was not tried."""
    tried = {b.name: reach(b) for b in design.baselines} if design else {}
    return {**tied(design), **tried}.get(name, math.nan)


def tied(design: DesignAssessment | None) -> dict[str, float]:
    """The confounds that the definition of the windows ties to the label, and how far each reaches."""
    return dict(design.evidence.tied) if design else {}


def best_artefact(design: DesignAssessment | None) -> Baseline | None:
    """The artefact, or all together, that tells the label best."""
    tried = [b for b in (design.baselines if design else ()) if b.role == "artefact" and not math.isnan(reach(b))]
    return max(tried, key=reach, default=None)


def telling(design: DesignAssessment | None) -> list[Baseline]:
    """The artefacts that by themselves tell the label, at the level of the rule; the strongest first."""
    told = [b for b in _alone(design) if np.fmin(b.pvalue, b.curve_pvalue) <= design.rule.alpha]
    return sorted(told, key=reach, reverse=True)


def strongest_alone(design: DesignAssessment | None) -> Baseline | None:
    """The strongest that tells the label by itself; where none does, the best of all that were tried."""
    return next(iter(telling(design)), best_artefact(design))


def held_together(design: DesignAssessment | None) -> list[str]:
    """The artefacts that `TOGETHER` holds."""
    return [b.name for b in _alone(design)]


def _alone(design: DesignAssessment | None) -> list[Baseline]:
    baselines = design.baselines if design else ()
    return [b for b in baselines if b.role == "artefact" and b.name != TOGETHER]


def leaks(design: DesignAssessment | None) -> bool:
    """Whether the confounds alone tell the label, where the design was judged."""
    return design is not None and design.verdict is not None and design.verdict.failed("confounds")


def on_average(v: ViewResult, name: str) -> str:
    """What a confound is in a CONTINUE and in a STOP, in plain words; empty where one of them has no value."""
    column = {**v.confounds.tied, **v.confounds.partly_known, **v.confounds.values}.get(name)
    if column is None:
        return ""
    known = [column[(v.y == label) & ~np.isnan(column)] for label in (0, 1)]
    if not all(len(values) for values in known):
        return ""
    other, stop = (_quantity(float(values.mean()), unit(name)) for values in known)
    if name in CONFOUNDS and CONFOUNDS[name].plainly:
        return f"{CONFOUNDS[name].plainly.format(other, stop)} on average"
    return f"{plain(name)} is {other} in a CONTINUE and {stop} in a STOP on average"


def _quantity(value: float, kind: str) -> str:
    if kind == "share":
        return share(value)
    return number(value, 1) + (f"\u00a0{kind}" if kind in ("s", "dBFS") else "")


def in_words(name: str, design: DesignAssessment | None) -> str:
    """A confound as the subject of a sentence; all together are named one by one."""
    if name == TOGETHER:
        return f"all confounds together ({joined([in_words(one, design) for one in held_together(design)])})"
    return CONFOUNDS[name].words if name in CONFOUNDS else plain(name)


def treatments(design: DesignAssessment | None) -> list[tuple[str, str]]:
    """What became of each confound in a view."""
    if design is None:
        return []
    e, valid = design.evidence, design.verdict is None
    kinds: dict[str, Sequence[str]] = {
        "Made identical by the cut": e.removed,
        "Adjusted for" if valid else "Measured": e.adjusted,
        "Adjusted for apart, since it may be music" if valid else "Measured, may be music": e.acoustic,
        "Of these known for some windows only": e.partly_known,
        "Not measured, so not ruled out": e.not_measured,
    }
    told = [(kind, ", ".join(map(confound, names))) for kind, names in kinds.items() if names]
    if e.tied:
        names = ", ".join(f"{confound(name)} (alone {hundred(auc)} in 100)" for name, auc in e.tied)
        told.append(("Tied to the label by the definition of these windows, so not ruled out", names))
    return told
