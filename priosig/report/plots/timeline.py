"""One video from its beginning to its end: what sounds, what was annotated, what each model makes of it."""

from collections.abc import Callable, Sequence

import numpy as np

from priosig.annotations.bouts import Bout
from priosig.annotations.segments import LABELS, Segment
from priosig.annotations.transcript import merge, talk_intervals
from priosig.report.clips import outline
from priosig.report.grid import Figure, figure
from priosig.report.links import sound_of, teachers
from priosig.report.listen import MOST_VIDEOS
from priosig.report.material import Material
from priosig.report.plots.svg import (
    BAR,
    CONTINUE,
    GRID,
    INK,
    MUTED,
    STOP,
    across,
    drawing,
    label_mark,
    line,
    pointed,
    rect,
    ring,
    strokes,
    text,
    x_axis,
)
from priosig.report.words import clock, hundred

ROOMY = 1120
_NARROW = 340
_POINTS = 360  # of the outline of the sound
_STEPS = (5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600)  # s between ticks
Spans = Sequence[tuple[float, float]]


def figures(material: Material) -> list[Figure]:
    """A figure for each of the first videos."""
    videos = sorted({m.video_id for m in material.experiment.annotations.moments})[:MOST_VIDEOS]
    return [_figure(material, video) for video in videos]


def _figure(material: Material, video: str) -> Figure:
    view, annotated = material.claim, _of(material.experiment.annotations.segments, video)
    duration, sound = _sound(material, video)
    talk = _talk(material, video)
    bouts = material.bouts.get(video, ())
    end = max([duration, *(s.end_time for s in annotated)])
    counts = ", ".join(f"{sum(s.label == label for s in annotated)} {label.upper()}" for label in LABELS)
    caption = f"{counts} windows as annotated"
    if sound is None and material.is_heard:
        caption += "; the recording cannot be read"

    def draw(width: int) -> str:
        left = 74
        at = across(0, end, left, width - 12)
        shapes, y = _tracks(material, annotated, bouts, talk, sound, at, left)
        for number, model in enumerate(view.models):
            shapes += _scores(material, model, video, at, y + 8 + 54 * number, left, width)
        y += 54 * len(view.models) + 8
        shapes += x_axis(at, _ticks(end, 10 if width > 500 else 4), y)
        alt = f"Timeline of {video}: {counts} windows."
        return drawing(width, y + 20, shapes, alt, links=True)

    title = f"{teachers(material.experiment)[video]}, {video}"
    return figure(title, f"{caption}.", draw, ROOMY, _NARROW)


def _tracks(
    material: Material, annotated: Sequence[Segment], bouts: Sequence[Bout], talk: Spans, sound: np.ndarray | None,
    at: Callable[[float], float], left: float,
) -> tuple[list[str], float]:  # fmt: skip
    """Sound, STOP, CONTINUE, bouts, talk; and how far down they reach."""
    shapes: list[str] = []
    y = 4.0
    if sound is not None:
        shapes += [_outline(sound, left, at(1e12), y + 20), text(left - 8, y + 20, "sound", "end", size=11)]
        y += 44
    heard = dict(zip(material.claim.view.source_ids, material.claim.view.segments, strict=True))
    for label, colour in zip(LABELS, (STOP, CONTINUE), strict=True):
        shapes.append(text(left - 8, y + 7, label.upper(), "end", size=11))
        shapes.append(line(left, y + 7, at(1e12), y + 7, colour=GRID))
        for s in (s for s in annotated if s.label == label):
            words = f"{label.upper()}, {clock(s.start_time)} to {clock(s.end_time)}"
            window = heard.get(s.segment_id)
            link = sound_of(material, window) if window is not None else ""
            words += "" if window is not None else f", not in the {material.claim.view.name} view"
            shapes.append(pointed(_bar(s.start_time, s.end_time, at, y, 14, colour), words, link, reached=True))
        y += 18
    if bouts:
        shapes.append(text(left - 8, y + 5, "bouts", "end", size=11))
        for bout in bouts:
            words = f"Bout of playing, {clock(bout.start)} to {clock(bout.end)}"
            words += "" if bout.start_heard else ", its beginning not heard"
            shapes.append(pointed(_bar(bout.start, bout.end, at, y + 1, 8, INK if bout.start_heard else BAR), words))
        y += 14
    if talk:
        shapes.append(text(left - 8, y + 5, "talk", "end", size=11))
        for start, end in talk:
            words = f"Talk, {clock(start)} to {clock(end)}"
            shapes.append(pointed(_bar(start, end, at, y + 1, 8, BAR), words))
        y += 14
    return shapes, y


def _scores(
    material: Material, model: str, video: str, at: Callable[[float], float], top: float, left: float, width: float
) -> list[str]:
    """The probability of STOP of each window, 0 to 100 in 40 px."""
    view, cv = material.claim, material.claim.models[model]
    shapes = [
        line(left, top + 20, width - 12, top + 20, dashes="3 3"),
        text(left - 8, top + 20, f"Model {model}", "end", size=11),
    ]
    for row, s in enumerate(view.view.segments):
        score = float(cv["scores"][row])
        if s.video_id != video or np.isnan(score):
            continue
        p = float(cv["y_pred_proba"][row])
        x, y = at((s.start_time + s.end_time) / 2), top + 40 * (1 - p)
        missed = (score > 0) != view.y[row] and material.speaks(model)
        words = f"{s.label.upper()} at {clock(s.start_time)}: Model {model} {hundred(p)}%"
        shape = label_mark(x, y, s.label) + (ring(x, y) if missed else "")
        shapes.append(pointed(shape, f"{words}, wrong side" if missed else words, sound_of(material, s)))
    return shapes


def _bar(start: float, end: float, at: Callable[[float], float], y: float, height: float, colour: str) -> str:
    # At least 2 px: a window of a second stays visible in a video of an hour.
    return rect(at(start), y, max(at(end) - at(start), 2.0), height, colour=colour)


def _outline(sound: np.ndarray, left: float, right: float, middle: float) -> str:
    """A stroke every 3 px, as long as the sound is loud."""
    n = int((right - left) / 3)
    heights = np.round(19 * sound[np.arange(n) * len(sound) // n]).astype(int)
    return strokes(left, middle, 3, [max(int(height), 1) for height in heights], colour=MUTED)


def _ticks(end: float, most: int) -> list[tuple[float, str]]:
    step = next((s for s in _STEPS if end / s <= most), end)
    return [(k * step, clock(k * step)) for k in range(int(end / step) + 1)]


def _sound(material: Material, video: str) -> tuple[float, np.ndarray | None]:
    audio = material.experiment.annotations.corpus.audio
    if audio is None:
        return 0.0, None
    try:
        return outline(video, audio, _POINTS)
    except (OSError, ValueError):
        return 0.0, None


def _talk(material: Material, video: str) -> Spans:
    """When there is talk in a video: as it is heard, else as the transcripts have it."""
    experiment = material.experiment
    if experiment.screening is None:
        return talk_intervals(experiment.annotations.moments, video)[0]
    return merge(experiment.screening.talk.get(video, ()))


def _of(segments: Sequence[Segment], video: str) -> list[Segment]:
    return [s for s in segments if s.video_id == video]
