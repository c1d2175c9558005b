"""One video from its beginning to its end: what sounds, what was annotated, what each model makes of it."""

import math
from collections.abc import Callable, Sequence

import numpy as np

from priosig.annotations.segments import LABELS, Segment
from priosig.annotations.transcript import merge, talk_intervals
from priosig.report.clips import outline
from priosig.report.grid import Figure, figure
from priosig.report.listen import MOST_VIDEOS
from priosig.report.material import Material
from priosig.report.plots import svg
from priosig.report.plots.svg import BAR, CONTINUE, GRID, INK, MUTED, STOP, across, line, pointed, rect, text
from priosig.report.words import clock, hundred

ROOMY = 1120
_LEFT = 74
_POINTS = 360  # of the outline of the sound
_STEPS = (5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600)  # s between ticks
Spans = Sequence[tuple[float, float]]


def figures(material: Material) -> list[Figure]:
    """A figure for each of the first videos."""
    return [_figure(material, video) for video in list(material.teachers)[:MOST_VIDEOS]]


def _figure(material: Material, video: str) -> Figure:
    annotated = [s for s in material.experiment.annotations.segments if s.video_id == video]
    duration, sound = _sound(material, video)
    end = max([duration, *(s.end_time for s in annotated)])
    counts = ", ".join(f"{sum(s.label == label for s in annotated)} {label.upper()}" for label in LABELS)
    caption = f"{counts} windows as annotated"
    if sound is None and material.is_heard:
        caption += "; the recording cannot be read"

    def draw(width: int) -> str:
        at = across(0, end, _LEFT, width - 12)
        shapes, y = _tracks(material, video, annotated, sound, at)
        y += 8
        for model in material.claim.models:
            shapes += _scores(material, model, video, at, y)
            y += 54
        shapes += svg.x_axis(at, _ticks(end, 10 if width > 500 else 4), y)
        return svg.drawing(width, y + 20, shapes, f"Timeline of {video}: {counts} windows.", links=True)

    return figure(f"{material.teachers[video]}, {video}", f"{caption}.", draw, ROOMY, svg.NARROW)


def _tracks(
    material: Material, video: str, annotated: Sequence[Segment], sound: np.ndarray | None,
    at: Callable[[float], float],
) -> tuple[list[str], float]:  # fmt: skip
    """Sound, STOP, CONTINUE, bouts, talk; and how far down they reach."""
    shapes: list[str] = []
    y, right = 4.0, at(math.inf)
    if sound is not None:
        shapes += [_outline(sound, right, y + 20), _name("sound", y + 20)]
        y += 44
    view = material.claim.view
    heard = dict(zip(view.source_ids, view.segments, strict=True))
    for label, colour in zip(LABELS, (STOP, CONTINUE), strict=True):
        shapes += [_name(label.upper(), y + 7), line(_LEFT, y + 7, right, y + 7, colour=GRID)]
        for s in (s for s in annotated if s.label == label):
            words, link = f"{label.upper()}, {_span(s.start_time, s.end_time)}", ""
            if s.segment_id in heard:
                link = material.sound_of(heard[s.segment_id])
            else:
                words += f", not in the {view.name} view"
            shapes.append(pointed(_bar(s.start_time, s.end_time, at, y, 14, colour), words, link, reached=True))
        y += 18
    bouts = [("Bout of playing", b.start, b.end, b.start_heard) for b in material.bouts.get(video, ())]
    talk = [("Talk", start, end, True) for start, end in _talk(material, video)]
    for name, spans, colour in (("bouts", bouts, INK), ("talk", talk, BAR)):
        shapes += [_name(name, y + 5)] if spans else []
        for what, start, end, is_heard in spans:
            words = f"{what}, {_span(start, end)}{'' if is_heard else ', its beginning not heard'}"
            shapes.append(pointed(_bar(start, end, at, y + 1, 8, colour if is_heard else BAR), words))
        y += 14 if spans else 0
    return shapes, y


def _scores(material: Material, model: str, video: str, at: Callable[[float], float], top: float) -> list[str]:
    """The probability of STOP of each window, 0 to 100 in 40 px."""
    cv = material.claim.models[model]
    shapes = [line(_LEFT, top + 20, at(math.inf), top + 20, dashes="3 3"), _name(f"Model {model}", top + 20)]
    for row, s in enumerate(material.claim.view.segments):
        if s.video_id != video or np.isnan(cv["scores"][row]):
            continue
        p = float(cv["y_pred_proba"][row])
        x, y = at((s.start_time + s.end_time) / 2), top + 40 * (1 - p)
        words = f"{s.label.upper()} at {clock(s.start_time)}: Model {model} {hundred(p)}%"
        shape = svg.label_mark(x, y, s.label)
        if material.errs(model, row):
            shape, words = shape + svg.ring(x, y), f"{words}, wrong side"
        shapes.append(pointed(shape, words, material.sound_of(s)))
    return shapes


def _name(words: str, y: float) -> str:
    """The name of a track, to its left."""
    return text(_LEFT - 8, y, words, "end", size=11)


def _span(start: float, end: float) -> str:
    return f"{clock(start)} to {clock(end)}"


def _bar(start: float, end: float, at: Callable[[float], float], y: float, height: float, colour: str) -> str:
    # At least 2 px: a window of a second stays visible in a video of an hour.
    return rect(at(start), y, max(at(end) - at(start), 2.0), height, colour=colour)


def _outline(sound: np.ndarray, right: float, middle: float) -> str:
    """A stroke every 3 px, as long as the sound is loud."""
    n = int((right - _LEFT) / 3)
    heights = np.round(19 * sound[np.arange(n) * len(sound) // n]).astype(int)
    return svg.strokes(_LEFT, middle, 3, [max(int(height), 1) for height in heights], colour=MUTED)


def _ticks(end: float, most: int) -> list[tuple[float, str]]:
    step = next((s for s in _STEPS if end / s <= most), end)
    return [(k * step, clock(k * step)) for k in range(int(end / step) + 1)]


def _sound(material: Material, video: str) -> tuple[float, np.ndarray | None]:
    audio = material.experiment.annotations.corpus.audio
    try:
        return (0.0, None) if audio is None else outline(video, audio, _POINTS)
    except (OSError, ValueError):
        return 0.0, None


def _talk(material: Material, video: str) -> Spans:
    """When there is talk in a video: as it is heard, else as the transcripts have it."""
    experiment = material.experiment
    if experiment.screening is None:
        return talk_intervals(experiment.annotations.moments, video)[0]
    return merge(experiment.screening.talk.get(video, ()))
