"""Each model and each confound, from the windows as annotated to those that conclusions are drawn from."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from priosig.experiment.feature_sets import FEATURE_SETS
from priosig.inference.confounds_alone import TOGETHER
from priosig.report.confounds import held_together, in_words, reached, tied
from priosig.report.grid import Figure, figure
from priosig.report.material import Material
from priosig.report.plots.svg import BAR, MUTED, NARROW, across, dot, drawing, line, pointed, polygon, text, x_axis
from priosig.report.words import capital, confound, hundred, joined

IDENTICAL = "made identical by the cut"
TIED = "†"
_NOT_RUN = {"auc_within_video": math.nan, "auc": math.nan}
_STEP, _TOP = 23, 24


@dataclass(frozen=True)
class Line:
    """A row of the plot: an AUC before and after, and the interval of the second; NaN where there is none."""

    name: str
    words: str
    before: float
    after: float
    low: float = math.nan
    high: float = math.nan
    is_model: bool = False
    missing: str = ""


def figures(material: Material) -> list[Figure]:
    """One figure; none where nothing was tried as a predictor."""
    lines = _lines(material)
    if not lines:
        return []
    view, bar = material.claim.view.name, material.settings.auc
    two = material.claim is not material.annotated
    said = "; ".join(f"{one.name} {_numbers(one, two)}" for one in lines)
    parts = [f"○ windows as annotated, ● {view} windows, from which we draw conclusions" if two else "● as annotated"]
    if any(not math.isnan(one.low) for one in lines):
        parts.append("grey bar: 95% interval")
    if material.claim.models:
        parts.append("across videos: all pairs of windows, also of different videos")
    if any(one.missing for one in lines):
        parts.append(f"–: {IDENTICAL}, or not measured")
    if tied(material.claim.design):
        parts.append(f"{TIED} goes with the label by the definition of these windows, so that it is no finding")
    elif tied(material.annotated.design):
        parts.append(f"{TIED} goes with the label by the definition of the windows as annotated")
    parts += _together(material)
    title, alt = "How often a STOP is ranked above a CONTINUE, in 100", f"AUC within video, times 100: {said}."
    caption = f"{'; '.join(parts)}. Point at a mark for its value."
    return [figure(title, caption, lambda width: _draw(lines, bar, width, two, alt), 560, NARROW)]


def _lines(material: Material) -> list[Line]:
    annotated, claim = material.annotated, material.claim
    lines = []
    for name, model in FEATURE_SETS.items():
        if name not in annotated.models and name not in claim.models:
            continue
        before, after = (v.models.get(name, _NOT_RUN) for v in (annotated, claim))
        e = claim.assessments[name].evidence if name in claim.assessments else None
        ends = (e.low, e.high) if e is not None else (math.nan, math.nan)
        values = before["auc_within_video"], after["auc_within_video"]
        lines.append(Line(f"Model {name}", model.words, *values, *ends, is_model=True))
        pooled = f"Model {name} over all pairs of windows, also of different videos"
        lines.append(Line(f"{name} across videos", pooled, before["auc"], after["auc"]))
    for name in (*claim.confounds.roles, TOGETHER):
        before, after = reached(annotated.design, name), reached(claim.design, name)
        if math.isnan(before) and math.isnan(after):
            continue
        words, missing = capital(in_words(name, claim.design)), ""
        if math.isnan(after):
            words = capital(in_words(name, annotated.design))
            missing = IDENTICAL if name in claim.confounds.constant else "not measured"
        mark = f"\u00a0{TIED}" if name in {**tied(annotated.design), **tied(claim.design)} else ""
        lines.append(Line(f"{confound(name)}{mark}", words, before, after, missing=missing))
    return lines


def _together(material: Material) -> list[str]:
    """What all together holds in each view."""
    views = {"windows as annotated": material.annotated}
    if material.claim is not material.annotated:
        views[f"{material.claim.view.name} view"] = material.claim
    held = [
        f"{joined([confound(one) for one in held_together(v.design)])} ({name})"
        for name, v in views.items()
        if not math.isnan(reached(v.design, TOGETHER))
    ]
    return [f"all together: {', '.join(held)}"] if held else []


def _numbers(one: Line, two: bool) -> str:
    return f"{hundred(one.before)} → {hundred(one.after)}" if two else hundred(one.after)


def _draw(lines: Sequence[Line], bar: float, width: int, two: bool, alt: str) -> str:
    left, right = 112, width - 74
    at = across(0, 1, left, right)
    bottom = _TOP + _STEP * len(lines) + 2
    shapes = [
        line(at(0.5), _TOP - 6, at(0.5), bottom),
        line(at(bar), _TOP - 6, at(bar), bottom, dashes="4 3"),
        text(at(0.5) - 3, 9, "guessing", "end", size=11),
        text(at(bar) + 3, 9, f"bar {hundred(bar)}", size=11),
    ]
    for place, one in enumerate(lines):
        y = _TOP + _STEP * (place + 0.5)
        shapes.append(text(left - 10, y, one.name, "end", bold=one.is_model))
        shapes.append(text(right + 10, y, _numbers(one, two)))
        if not math.isnan(one.low) and not math.isnan(one.high):
            words = f"{one.name}: 95% interval {hundred(one.low)} to {hundred(one.high)}"
            shapes.append(pointed(line(at(one.low), y, at(one.high), y, colour=BAR, width=6), words))
        if two:
            shapes += _change(one, at, y)
        if not math.isnan(one.after):
            shapes.append(pointed(dot(at(one.after), y), f"{one.words}: {hundred(one.after)} times in 100"))
    shapes += x_axis(at, [(k / 4, f"{25 * k}") for k in range(5)], bottom)
    return drawing(width, bottom + 20, shapes, alt)


def _change(one: Line, at: Callable[[float], float], y: float) -> list[str]:
    """The value as annotated, and an arrow from it to the other."""
    if math.isnan(one.before):
        return []
    shapes = []
    start, end = at(one.before), at(one.before if math.isnan(one.after) else one.after)
    if abs(end - start) > 16:
        back = 1 if end < start else -1
        tip = end + 7 * back
        shapes.append(line(start, y, tip, y, colour=MUTED, width=1.5))
        shapes.append(polygon(((tip, y), (tip + 6 * back, y - 4), (tip + 6 * back, y + 4)), colour=MUTED))
    words = f"{one.words}, windows as annotated: {hundred(one.before)} times in 100"
    words += f"; then {one.missing}" if one.missing else ""
    return [*shapes, pointed(dot(start, y, full=False), words)]
