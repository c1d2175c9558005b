"""The study at a glance: its videos, its windows, and what each view holds and leaves out."""

from collections import Counter

import numpy as np

from priosig.annotations.segments import LABELS
from priosig.annotations.transcript import talk_share
from priosig.experiment.views import VIEW_KINDS
from priosig.report.grid import Cell, Grid, grid, numeric
from priosig.report.material import Material
from priosig.report.words import counted, number, seconds, share


def study(material: Material) -> dict:
    """Videos, segments, lengths, talk; what was dropped and why."""
    annotations = material.experiment.annotations
    return {
        "n_moments": counted(len(annotations.moments), "annotated moment"),
        "n_videos": counted(len(material.teachers), "video"),
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
    overrun, were = ("overruns its recording", "was") if len(clipped) == 1 else ("overrun their recordings", "were")
    most = f"by {max(clipped.values()):.2f} s at most"
    return f"{counted(len(clipped), 'segment')} {overrun}, {most}, and {were} clipped there."


def _videos(material: Material) -> Grid:
    annotations = material.experiment.annotations
    titles = {m.video_id: m.video_title for m in reversed(annotations.moments) if m.video_title}  # the first of each
    n_moments = Counter(m.video_id for m in annotations.moments)
    talks = list(zip(annotations.segments, talk_share(annotations.segments, annotations.moments), strict=True))
    rows = []
    for video, teacher in material.teachers.items():
        name = Cell(teacher, id=video, link=material.link(video, 0), note=titles.get(video, ""))
        row = [name, str(n_moments[video])]
        for label in LABELS:
            of = [(s.duration, talk) for s, talk in talks if (s.video_id, s.label) == (video, label)]
            known = [talk for _, talk in of if talk == talk]
            median = float(np.median([duration for duration, _ in of])) if of else None
            row += [str(len(of)), number(median, 1), share(float(np.mean(known)) if known else None)]
        rows.append(row)
    columns = ["moments", *(f"{k.upper()}{what}" for k in LABELS for what in ("", ": length,\u00a0s", ": talk"))]
    caption = "Videos: how many moments and segments each holds, their median length, their mean share of talk"
    return grid(caption, ("Teacher, video", *numeric(*columns)), rows)


def _views(material: Material) -> Grid:
    rows = []
    for name, v in material.experiment.views.items():
        length = seconds(v.view.duration) if v.view.duration else "as annotated"
        counts = int(v.y.sum()), int((1 - v.y).sum()), len(set(v.video_ids))
        reasons = Counter(_reason(d.reason) for d in v.view.dropped)
        losses = [f"{n}: {reason}" for reason, n in reasons.most_common()]
        left_out = "; ".join(_annotated_losses(material) if name == "annotated" else losses) or "none"
        rows.append((Cell(name, note=VIEW_KINDS[name].words), *map(str, counts), length, left_out))
    columns = ("View", *numeric("STOP", "CONTINUE", "videos", "length"), ("Left out, and why", "long"))
    return grid("Views: the same segments, cut in different ways", columns, rows)


def _annotated_losses(material: Material) -> list[str]:
    """What annotations hold and segments do not: equal windows count once, short pauses give no CONTINUE."""
    n = {f.name: f.count for f in material.findings}
    repeated, lost = n.get("repeated_windows", 0), n.get("lost_continues", 0)
    said = [f"{counted(repeated, 'moment')} with the playing window of another: it counts once"] if repeated else []
    return said + ([f"{counted(lost, 'pause')} between two stops, too short for a CONTINUE"] if lost else [])


def _reason(reason: str) -> str:
    if reason.startswith("lasts "):
        return "too short"
    return "the same window as another once cut" if reason.startswith("cut to the same") else reason
