"""The mistakes of each model, the worst first, to be heard and seen."""

from dataclasses import dataclass

import numpy as np

from priosig.annotations.moments import Moment
from priosig.annotations.segments import Segment
from priosig.annotations.transcript import Caption, parse_transcript
from priosig.experiment.evaluation import ViewResult
from priosig.experiment.pipeline import Experiment
from priosig.experiment.planted import PLANTED
from priosig.report.clips import Clip, make_clip

KINDS = ("called STOP, was CONTINUE", "called CONTINUE, was STOP")
_BEFORE, _AFTER, _MOST_LINES = 5.0, 15.0, 6  # transcript lines shown around a mistake, in seconds and number


@dataclass(frozen=True)
class Mistake:
    """A segment on the wrong side, or nearly: the highest scores of CONTINUE, the lowest of STOP.

    Attributes
    ----------
    view, model : str
    kind : {"called STOP, was CONTINUE", "called CONTINUE, was STOP"}
    rank : int
        1 is the worst of its kind.
    segment : Segment
    score, y_pred_proba : float
    moment : Moment or None
        The one it comes from: the stop that was missed, or the one after whose feedback the playing went on.
    link : str
        The second of the video where the segment begins; empty for an embedded world.
    """

    view: str
    model: str
    kind: str
    rank: int
    segment: Segment
    score: float
    y_pred_proba: float
    moment: Moment | None
    link: str


def video_link(video_id: str, seconds: float) -> str:
    """Address of a second of a YouTube video.

    Examples
    --------
    >>> video_link("7FTdGbVCPyQ", 61.9)
    'https://www.youtube.com/watch?v=7FTdGbVCPyQ&t=61s'
    """
    return f"https://www.youtube.com/watch?v={video_id}&t={int(seconds)}s"


def link_of(experiment: Experiment, video_id: str, seconds: float) -> str:
    """`video_link`, or "" for an embedded world: its ids are invented, and could be a stranger's video."""
    return "" if experiment.name in PLANTED else video_link(video_id, seconds)


def worst_mistakes(experiment: Experiment, result: ViewResult, n: int | None = 5) -> list[Mistake]:
    """The `n` worst false positives and false negatives of each model in one view, by score; None: all.

    Only segments on the wrong side of 0: a model without mistakes has none.
    """
    moments = {moment.moment_id: moment for moment in experiment.annotations.moments}
    found = []
    for model, cv in result.models.items():
        scores = np.asarray(cv["scores"], dtype=float)
        for kind, wrong, badness in (
            (KINDS[0], (result.y == 0) & (scores > 0), -scores),
            (KINDS[1], (result.y == 1) & (scores <= 0), scores),
        ):
            order = [row for row in np.argsort(badness, kind="stable") if wrong[row]][:n]
            for rank, row in enumerate(order, start=1):
                segment = result.view.segments[row]
                link = link_of(experiment, segment.video_id, segment.start_time)
                score, y_pred_proba = float(scores[row]), float(cv["y_pred_proba"][row])
                moment = moments.get(segment.moment_id)
                found.append(Mistake(result.view.name, model, kind, rank, segment, score, y_pred_proba, moment, link))
    return found


def mistakes(experiment: Experiment, result: ViewResult, n_clips: int) -> list[dict]:
    """The worst mistakes of each model, the first `n_clips` of each kind to be heard and seen."""
    audio_dir = experiment.annotations.corpus.audio
    made: dict[str, Clip | str] = {}
    found = []
    for mistake in worst_mistakes(experiment, result, n=max(n_clips, 5)):
        segment_id, clip = mistake.segment.segment_id, None
        if mistake.rank <= n_clips and audio_dir is not None:
            if segment_id not in made:
                try:
                    made[segment_id] = make_clip(mistake.segment, audio_dir)
                except (OSError, ValueError) as error:
                    made[segment_id] = f"not embedded: {error}"
            clip = made[segment_id]
        found.append({"mistake": mistake, "clip": clip, "lines": _lines(experiment, mistake)})
    return [
        {"model": model, "kind": kind, "rows": rows}
        for model in result.models
        for kind in KINDS
        if (rows := [row for row in found if (row["mistake"].model, row["mistake"].kind) == (model, kind)])
    ]


def _lines(experiment: Experiment, mistake: Mistake) -> list[Caption]:
    segment = mistake.segment
    captions = {
        c.start_time: c
        for m in experiment.annotations.moments
        if m.video_id == segment.video_id
        for c in parse_transcript(m.transcript_text)
        if c.is_talk and segment.start_time - _BEFORE <= c.start_time <= segment.end_time + _AFTER
    }
    ordered = [captions[time] for time in sorted(captions)]
    # Of many lines, those around the end of the window say why the teacher stopped, or did not.
    ordered.sort(key=lambda c: abs(c.start_time - segment.end_time))
    return sorted(ordered[:_MOST_LINES], key=lambda c: c.start_time)
