"""What stands on the page of a report about its study: videos, windows, the annotation audit.

Functions here, and in `priosig.report.answer`, `report_comparison`, `report_models`, `report_sensitivity` and
`report_mistakes`, turn an `Experiment` into plain values for `templates/report.html.j2`, which escapes every
text. A section whose data are missing is None or empty and is left out of the page.
"""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from priosig.annotations.audit.checks import Finding, audit_annotations, read_demonstrated
from priosig.annotations.moments import Moment
from priosig.annotations.transcript import talk_share
from priosig.experiment.evaluation import ViewResult
from priosig.experiment.pipeline import Experiment
from priosig.experiment.views import VIEW_KINDS
from priosig.report.grid import Cell, Grid, figure, grid
from priosig.report.mistakes import link_of
from priosig.report.plots import of_windows
from priosig.report.words import capital, clock, counted, number, seconds, share

MOST_VIDEOS = 12
"""Panels by video that are drawn; the tables hold all videos."""
WIDE = 720
"""Pixels of a timeline where there is room."""


def audit_of(experiment: Experiment) -> tuple[Finding, ...]:
    """The annotation audit of an experiment."""
    annotations = experiment.annotations
    corpus = annotations.corpus
    return audit_annotations(
        annotations.moments,
        annotations.segments,
        min_continue_duration=corpus.settings.min_continue_duration,
        demonstrated=read_demonstrated(corpus.moments) if corpus.moments.is_file() else None,
    )


def study(experiment: Experiment, findings: Sequence[Finding]) -> dict:
    """Videos, segments, lengths, talk; what was dropped and why."""
    annotations = experiment.annotations
    segments = annotations.segments
    videos = sorted({m.video_id for m in annotations.moments})
    stop, other = (np.array([s.duration for s in segments if s.label == k]) for k in ("stop", "continue"))
    windows = [
        (
            video,
            *(
                [(s.start_time / 60, s.end_time / 60) for s in segments if (s.video_id, s.label) == (video, k)]
                for k in ("stop", "continue")
            ),
        )
        for video in videos[:MOST_VIDEOS]
    ]
    counts = f"{len(stop)} STOP, {len(other)} CONTINUE"
    more = f" The first {len(windows)} of {len(videos)} videos." if len(videos) > len(windows) else ""
    return {
        "n_moments": counted(len(annotations.moments), "annotated moment"),
        "n_videos": counted(len(videos), "video"),
        "n_segments": counted(len(segments), "segment"),
        "shortest": seconds(annotations.corpus.settings.min_continue_duration),
        "clipped": _clipped(annotations.clipped),
        "videos": _videos(experiment, videos),
        "views": _views(experiment, findings),
        "timeline": figure(
            of_windows.timeline(windows, width=WIDE),
            "Where the windows lie",
            f"Timeline of {counted(len(windows), 'video')} with {counts} windows as annotated.",
            f"As annotated: {counts} windows.{more}",
            narrow=of_windows.timeline(windows),
        ),
        "lengths": figure(
            of_windows.lengths(stop, other),
            "How long the windows are",
            f"Lengths of windows: STOP median {np.median(stop):.1f} s, CONTINUE median {np.median(other):.1f} s.",
            f"As annotated, a mark a window: {counts}.",
        ),
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


def audit(experiment: Experiment, findings: Sequence[Finding], most: int = 100) -> dict:
    """Findings that count something, with at most so many of their rows; what was not found; what is not known."""
    found = []
    for f in findings:
        if not f.count:
            continue
        rows = []
        for p in f.problems[:most]:
            at = Cell("–")
            if p.time is not None:
                at = Cell(clock(p.time), link=link_of(experiment, p.video_id, p.time), note=f"{p.time:.1f} s")
            rows.append((Cell(id=p.id), at, p.detail))
        unit = counted(f.total, f.unit)
        found.append(
            {
                "title": f.title,
                "count": f"{f.count:,} of {unit}",
                "summary": f.summary.removeprefix(f"{f.count} of {unit}.").strip(),
                "effect": f.effect,
                "table": grid(f"{f.title}: the {f.unit}s", (capital(f.unit), "At", ("What", "long")), rows),
                "more": max(0, len(f.problems) - most),
            }
        )
    return {"found": found, "others": [(f.title, f.summary) for f in findings if not f.count]}


def who(moments: Sequence[Moment]) -> dict[str, str]:
    """Title and teacher of a video."""
    titles = [m.video_title for m in moments if m.video_title]
    teachers = Counter(m.teacher for m in moments if m.teacher)
    return {
        "title": titles[0] if titles else "",
        "teacher": teachers.most_common(1)[0][0] if teachers else "Teacher unknown",
    }


def _videos(experiment: Experiment, videos: Sequence[str]) -> Grid:
    annotations = experiment.annotations
    segments = annotations.segments
    talk = dict(zip((s.segment_id for s in segments), talk_share(segments, annotations.moments), strict=True))
    rows = []
    for video in videos:
        moments = [m for m in annotations.moments if m.video_id == video]
        person = who(moments)
        row = [
            Cell(person["teacher"], id=video, link=link_of(experiment, video, 0), note=person["title"]),
            str(len(moments)),
        ]
        for label in ("stop", "continue"):
            of_label = [s for s in segments if s.video_id == video and s.label == label]
            known = [talk[s.segment_id] for s in of_label if talk[s.segment_id] == talk[s.segment_id]]
            median = float(np.median([s.duration for s in of_label])) if of_label else None
            row += [str(len(of_label)), number(median, 1), share(float(np.mean(known)) if known else None)]
        rows.append(row)
    numbers = [
        "moments",
        *(f"{k}{what}" for k in ("STOP", "CONTINUE") for what in ("", ": length,\u00a0s", ": talk")),
    ]
    caption = "Videos: how many moments and segments each holds, their median length, their mean share of talk"
    return grid(caption, ("Teacher, video", *((name, "number") for name in numbers)), rows, narrow="paired")


def _views(experiment: Experiment, findings: Sequence[Finding]) -> Grid:
    rows = []
    for name, v in experiment.views.items():
        length = seconds(v.view.duration) if v.view.duration else "as annotated"
        counts = int(v.y.sum()), int((1 - v.y).sum()), len(set(v.video_ids))
        left_out = "; ".join(_annotated_losses(findings) if name == "annotated" else _losses(v)) or "none"
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
    return [f"{n} {reason}" for reason, n in sorted(reasons.items(), key=lambda item: -item[1])]


def _reason(reason: str) -> str:
    if reason.startswith("lasts "):
        return "too short"
    return "the same window as another once cut" if reason.startswith("cut to the same") else reason
