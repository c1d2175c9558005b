"""What there is to hear: the windows of each model that are worth it, and every window by its time.

A model that found something is heard by its worst mistakes and by typical hits. Where no model did, mistakes mean
nothing, and windows spread over the videos are heard instead.
"""

from dataclasses import dataclass

import numpy as np

from priosig.annotations.moments import Moment
from priosig.annotations.segments import LABELS, Segment
from priosig.annotations.transcript import Caption, parse_transcript
from priosig.audio.recordings import find_recording
from priosig.experiment.evaluation import ViewResult
from priosig.report.clips import AROUND, Clip, make_clip
from priosig.report.grid import Cell, grid, numeric
from priosig.report.material import Material
from priosig.report.words import clock, seconds, share

MOST_VIDEOS = 12  # whose time is drawn; the tables hold all
ROOM = 560_000  # characters of the page for sounds and pictures
_N_SPREAD = 2  # windows of a label that are heard where no model found anything
_MOST_LINES = 6
_NO_ROOM = "There is no room on this page for more sound"


@dataclass(frozen=True)
class Heard:
    """A window to be heard, and why."""

    segment: Segment
    model: str = ""  # empty where no model found anything
    kind: str = ""  # such as "Typical hit"
    y_pred_proba: float = np.nan


def worst_misses(result: ViewResult, model: str, label: str) -> list[int]:
    """Rows of the segments of a label that a model put on the wrong side of 0, the furthest first."""
    scores, wrong = _sides(result, model, label, right=False)
    return sorted(wrong, key=lambda row: -abs(scores[row]))


def typical_hits(result: ViewResult, model: str, label: str) -> list[int]:
    """Rows of the segments of a label that a model put on their side, those in the middle of their scores first."""
    scores, right = _sides(result, model, label, right=True)
    middle = np.median(scores[right]) if right else 0.0
    return sorted(right, key=lambda row: abs(scores[row] - middle))


def _sides(result: ViewResult, model: str, label: str, *, right: bool) -> tuple[np.ndarray, list[int]]:
    scores = np.asarray(result.models[model]["scores"], dtype=float)
    is_stop = label == "stop"
    chosen = (result.y == is_stop) & ~np.isnan(scores) & (((scores > 0) == is_stop) == right)
    return scores, np.flatnonzero(chosen).tolist()


def worth_hearing(material: Material) -> list[Heard]:
    """The windows to be heard: of each model and label a typical hit and the worst miss."""
    v = material.claim
    segments = v.view.segments
    chosen = []
    for model in filter(material.speaks, v.models):
        probabilities = v.models[model]["y_pred_proba"]
        for label, other in zip(LABELS, LABELS[::-1], strict=True):
            for kind, rows in (
                ("Typical hit", typical_hits(v, model, label)),
                (f"Worst miss, called {other.upper()}", worst_misses(v, model, label)),
            ):
                chosen += [Heard(segments[row], model, kind, float(probabilities[row])) for row in rows[:1]]
    if chosen:
        return chosen
    for label in LABELS:
        of_label = [s for s in segments if s.label == label]
        step = max(1, len(of_label) // _N_SPREAD)
        chosen += map(Heard, of_label[step // 2 :: step][:_N_SPREAD])
    return chosen


def make_clips(material: Material) -> dict[str, Clip | str]:
    """The clips that have room on a page, by id of the segment, or why there is none."""
    annotations = material.experiment.annotations
    audio_dir = annotations.corpus.audio
    clips: dict[str, Clip | str] = {}
    if audio_dir is None:
        return clips
    room = ROOM
    for segment in {one.segment.segment_id: one.segment for one in worth_hearing(material)}.values():
        try:
            # What was heard, and not what lies there by now.
            annotations.digest(find_recording(audio_dir, segment.video_id))
            clip = make_clip(segment, audio_dir)
        except (OSError, ValueError) as error:
            clips[segment.segment_id] = f"Not to be heard: {error}"
            continue
        clips[segment.segment_id] = clip if clip.size <= room else _NO_ROOM
        room -= clip.size if clip.size <= room else 0
    return clips


def listen(material: Material) -> dict | None:
    """Windows to be heard by model, what models guess, and the table of windows of each video."""
    v = material.claim
    if not v.view.segments:
        return None
    shown: set[str] = set()
    groups: dict[str, list[dict]] = {}
    for one in worth_hearing(material) if material.is_heard else ():
        groups.setdefault(one.model, []).append(_clip_row(material, one, shown))
    videos = sorted(set(v.video_ids))
    return {
        "view": v.view.name,
        "heard": material.experiment.screening is not None,
        "models": list(v.models),
        "speaking": any(map(material.speaks, v.models)),
        "groups": groups,
        "videos": [_windows(material, video) for video in videos[:MOST_VIDEOS]],
        "left_out": max(0, len(videos) - MOST_VIDEOS),
    }


def _clip_row(material: Material, one: Heard, shown: set[str]) -> dict:
    """A window as it stands on the page; sound that was there before is not repeated."""
    segment = one.segment
    clip = material.clips.get(segment.segment_id, "There is no recording")
    again = segment.segment_id in shown
    shown.add(segment.segment_id)
    moment = material.moments.get(segment.moment_id)
    return {
        "one": one,
        "clip": clip,
        "again": again,
        "teacher": material.teachers.get(segment.video_id, ""),
        "moment": moment,
        "said": _feedback(segment, moment),
        "lines": [] if again else _lines(material, segment, clip),
        "link": material.link(segment.video_id, segment.start_time),
    }


def _feedback(segment: Segment, moment: Moment | None) -> str:
    """When the feedback that belongs to the window was given."""
    if moment is None or not moment.feedback_summary:
        return ""
    if segment.label == "stop":
        return f"{seconds(round(moment.stop_timestamp - segment.end_time, 1))} after it the teacher stopped:"
    return f"The feedback that ended {seconds(round(segment.start_time - moment.feedback_end, 1))} before it:"


def _lines(material: Material, segment: Segment, clip: Clip | str) -> list[Caption]:
    """What the transcript says during the clip, or would say."""
    start, end = segment.start_time - AROUND, segment.end_time + AROUND
    if isinstance(clip, Clip):
        start, end = clip.start_time, clip.end_time
    captions = {
        c.start_time: c
        for m in material.experiment.annotations.moments
        if m.video_id == segment.video_id
        for c in parse_transcript(m.transcript_text)
        if c.is_talk and start <= c.start_time <= end
    }
    return [captions[time] for time in sorted(captions)][:_MOST_LINES]


def _windows(material: Material, video: str) -> dict:
    """The table of a video's windows, each with an id that a mark of its timeline leads to."""
    v, rows = material.claim, []
    for k, segment in enumerate(v.view.segments):
        if segment.video_id != video:
            continue
        link = material.sound_of(segment)
        if link.startswith("#row-"):
            link = material.link(video, segment.start_time)
        time = f"{clock(segment.start_time)} to {clock(segment.end_time)}"
        cells = [Cell(time, link=link, anchor=f"row-{segment.segment_id}"), segment.label.upper()]
        for model, cv in v.models.items():
            wrong = "wrong side" if material.errs(model, k) else ""
            cells.append(Cell(share(float(cv["y_pred_proba"][k])), note=wrong))
        rows.append(cells)
    columns = ("Time", "Annotated as", *numeric(*(f"Model {model}" for model in v.models)))
    caption = f"Windows of {video}, {v.view.name} view; the probability of STOP that each model gives"
    return {"id": video, "who": material.teachers[video], "n": len(rows), "table": grid(caption, columns, rows)}
