"""The annotation audit as a list of what to mend, ranked by what it does to the result."""

import math
from collections.abc import Sequence

from priosig.annotations.audit.checks import Finding, Problem, audit_annotations
from priosig.annotations.audit.finding import HARMS
from priosig.experiment.heard_audit import audit_heard
from priosig.experiment.pipeline import Experiment
from priosig.inference.design import DesignAssessment
from priosig.report.confounds import reached, telling
from priosig.report.grid import Cell, Grid, grid
from priosig.report.material import Material
from priosig.report.words import NONE, capital, clock, counted, hundred

MOST_AT_ONCE = 3  # rows of each finding that are shown at first
MOST_ROWS = 100  # rows of each finding on the page; the table `audit.csv` holds all
MEASURED_BY: dict[str, tuple[str, ...]] = {
    "lengths_by_class": ("length", "frames"),
    "mostly_talk": ("talk_captions", "talk_heard"),
}
"""By finding, the confounds that measure how far it gives the label away."""
MEND: dict[str, str] = {
    "lengths_by_class": "No annotation is wrong for that; draw conclusions from windows of one length only.",
    "repeated_windows": "Give each moment its own playing, or delete the repetition.",
    "windows_of_other_videos": "See which video the times belong to, and delete the copy.",
    "overlapping_windows": "Move their ends until no second is in both.",
    "mostly_talk": "Move the ends of the window, or the end of the feedback before it, to where nobody talks.",
    "apparent_interruptions": "Listen, and annotate the stop where the teacher did stop the playing.",
    "contradicting_times": "Correct the times: playing, then stop, then feedback.",
    "contradicting_moments": "Listen, and choose the playing that this stop was for.",
    "far_from_stop": "Move the end of the window to the playing that was stopped.",
    "default_feedback_length": "Set the end of the feedback by ear.",
    "default_playing_length": "Set the beginning and the end of the playing by ear.",
    "lost_continues": "See whether the feedback ended earlier; where the next stop did come so soon, leave it.",
    "teacher_plays": "Let the feedback end after the teacher's playing.",
    "one_class_videos": "Annotate more of the video, or do without it.",
    "copied_recordings": "Put the right recording in its place, or leave the video out.",
    "copied_windows": "Listen to both, and leave out what is silent or shared.",
    "decided_features": "Listen to the window, and leave it out if it holds a noise or nothing.",
}
"""By finding, what to change."""
_COLUMNS = ("Teacher", ("Time", "number"), ("By how much", "long"))


def audit_of(experiment: Experiment) -> tuple[Finding, ...]:
    """The audit of an experiment: of its annotations, and of what was heard."""
    annotations = experiment.annotations
    shortest = annotations.corpus.settings.min_continue_duration
    of_annotations = audit_annotations(annotations.moments, annotations.segments, min_continue_duration=shortest)
    return of_annotations + audit_heard(annotations, experiment.claim)


def by_effect(findings: Sequence[Finding], design: DesignAssessment | None) -> list[Finding]:
    """First the findings whose confound tells the label, the strongest first; then others by harm; last idle ones."""
    told = [b.name for b in telling(design)]

    def rank(f: Finding) -> tuple[int, int]:
        places = [told.index(name) for name in MEASURED_BY.get(f.name, ()) if name in told]
        if places:
            return 0, min(places)
        return (2 if is_idle(f, design) else 1), HARMS.index(f.harm)

    return sorted(findings, key=rank)


def is_idle(f: Finding, design: DesignAssessment | None) -> bool:
    """Whether what a finding is measured by was tried, and tells nothing of the label."""
    told = {b.name for b in telling(design)}
    return bool(_tried(f, design)) and told.isdisjoint(MEASURED_BY[f.name])


def _tried(f: Finding, design: DesignAssessment | None) -> list[float]:
    """What the confounds that measure a finding reach, where they were tried."""
    return [value for name in MEASURED_BY.get(f.name, ()) if not math.isnan(value := reached(design, name))]


def audit(material: Material) -> dict:
    """The list of what to mend, each finding with its rows, and the checks that found nothing."""
    ranked = by_effect([f for f in material.findings if f.count], material.annotated.design)
    return {
        "first": _first(material, ranked) if ranked else None,
        "all": [_in_full(material, f) for f in ranked],
        "others": [f"{f.title}: {f.summary}" for f in material.findings if not f.count],
    }


def _first(material: Material, findings: Sequence[Finding]) -> Grid:
    """The worst rows of each finding; in the order of the annotations where all are alike."""
    rows: list[Sequence[Cell | str | None]] = []
    for f in findings:
        note = f"{f.count:,} of {counted(f.total, f.unit)}: {_harm(f, material.annotated.design)}. {MEND[f.name]}"
        rows.append((Cell(f.title, note=note, link=f"#audit-{f.name}", columns=len(_COLUMNS)), None, None))
        worst = sorted(f.problems, key=lambda p: 0.0 if math.isnan(p.size) else -p.size)
        rows += [_row(material, problem) for problem in worst[:MOST_AT_ONCE]]
    caption = "What to mend, first what does most to the result. Every finding leads to all of its rows."
    return grid(caption, _COLUMNS, rows)


def _harm(f: Finding, design: DesignAssessment | None) -> str:
    """What a finding does to the result, with how far it reaches where that was tried."""
    tried = _tried(f, design)
    if not tried:
        return f.harm
    alone = f"alone {hundred(max(tried))} in 100, guessing is 50"
    return f"tells next to nothing here ({alone})" if is_idle(f, design) else f"{f.harm} ({alone})"


def _in_full(material: Material, f: Finding) -> dict:
    rows = [_row(material, problem) for problem in f.problems[:MOST_ROWS]]
    summary = f.summary.removeprefix(f"{f.count} of {counted(f.total, f.unit)}.")
    return {
        "name": f.name,
        "title": f"{f.title}: {f.count:,} of {counted(f.total, f.unit)}",
        "text": f"{summary} {f.effect} {MEND[f.name]}".strip(),
        "table": grid(f"{f.title}: the {f.unit}s", _COLUMNS, rows),
        "more": len(f.problems) - len(rows),
    }


def _row(material: Material, problem: Problem) -> tuple[Cell, Cell, str]:
    teacher, at = Cell(material.teachers.get(problem.video_id, ""), id=problem.video_id), Cell(NONE)
    if problem.time is not None:
        at = Cell(clock(problem.time), link=material.link(problem.video_id, problem.time))
    return teacher, at, capital(problem.detail)
