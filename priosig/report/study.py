"""The study at a glance: its videos, its windows, and what each view holds and leaves out."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from priosig.annotations.audit.checks import Finding
from priosig.annotations.segments import LABELS
from priosig.annotations.transcript import talk_share
from priosig.experiment.evaluation import ViewResult
from priosig.experiment.views import VIEW_KINDS
from priosig.report.grid import Cell, Grid, grid
from priosig.report.links import link_of, teachers, titles
from priosig.report.material import Material
from priosig.report.words import counted, number, seconds, share


def study(material: Material) -> dict:
    """Videos, segments, lengths, talk; what was dropped and why."""
    annotations = material.experiment.annotations
    return {
        "n_moments": counted(len(annotations.moments), "annotated moment"),
        "n_videos": counted(len({m.video_id for m in annotations.moments}), "video"),
        "n_segments": counted(len(annotations.segments), "segment"),
        "shortest": seconds(annotations.corpus.settings.min_continue_duration),
        "clipped": _clipped(annotations.clipped),
        "videos": _videos(material),
        "views": _views(material),
    }


def _clipped(clipped: dict[str, float]) -> str:
    """How many windows overrun their recording, and by how much; nothing where none does."""
    if not clipped:
        return ""
    n, most = len(clipped), max(clipped.values())
    verb = "overruns its recording" if n == 1 else "overrun their recordings"
    return (
        f"{counted(n, 'segment')} {verb}, by {most:.2f} s at most, and {'was' if n == 1 else 'were'} clipped there."
    )


def _videos(material: Material) -> Grid:
    experiment, annotations = material.experiment, material.experiment.annotations
    names, titled = teachers(experiment), titles(experiment)
    n_moments = Counter(m.video_id for m in annotations.moments)
    shares = talk_share(annotations.segments, annotations.moments)
    rows = []
    for video, teacher in names.items():
        link = link_of(experiment, video, 0)
        row: list[Cell | str] = [
            Cell(teacher, id=video, link=link, note=titled.get(video, "")),
            str(n_moments[video]),
        ]
        for label in LABELS:
            pairs = zip(annotations.segments, shares, strict=True)
            of = [(s.duration, talk) for s, talk in pairs if (s.video_id, s.label) == (video, label)]
            known = [talk for _, talk in of if talk == talk]
            median = float(np.median([duration for duration, _ in of])) if of else None
            row += [str(len(of)), number(median, 1), share(float(np.mean(known)) if known else None)]
        rows.append(row)
    columns = ["moments", *(f"{k.upper()}{what}" for k in LABELS for what in ("", ": length,\u00a0s", ": talk"))]
    caption = "Videos: how many moments and segments each holds, their median length, their mean share of talk"
    return grid(caption, ("Teacher, video", *((name, "number") for name in columns)), rows)


def _views(material: Material) -> Grid:
    rows = []
    for name, v in material.experiment.views.items():
        length = seconds(v.view.duration) if v.view.duration else "as annotated"
        counts = int(v.y.sum()), int((1 - v.y).sum()), len(set(v.video_ids))
        left_out = "; ".join(_annotated_losses(material.findings) if name == "annotated" else _losses(v)) or "none"
        rows.append((Cell(name, note=VIEW_KINDS[name].words), *map(str, counts), length, left_out))
    numbers = (("STOP", "number"), ("CONTINUE", "number"), ("videos", "number"), ("length", "number"))
    columns = ("View", *numbers, ("Left out, and why", "long"))
    return grid("Views: the same segments, cut in different ways", columns, rows)


def _annotated_losses(findings: Sequence[Finding]) -> list[str]:
    """What annotations hold and segments do not: equal windows count once, short pauses give no CONTINUE."""
    n = {f.name: f.count for f in findings}
    repeated, lost = n.get("repeated_windows", 0), n.get("lost_continues", 0)
    said = [f"{counted(repeated, 'moment')} with the playing window of another: it counts once"] if repeated else []
    return said + ([f"{counted(lost, 'pause')} between two stops, too short for a CONTINUE"] if lost else [])


def _losses(v: ViewResult) -> list[str]:
    reasons = Counter(_reason(d.reason) for d in v.view.dropped)
    return [f"{n}: {reason}" for reason, n in sorted(reasons.items(), key=lambda item: -item[1])]


def _reason(reason: str) -> str:
    if reason.startswith("lasts "):
        return "too short"
    return "the same window as another once cut" if reason.startswith("cut to the same") else reason
