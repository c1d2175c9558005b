"""Links to a second of a video, a segment or a clip; teacher and title of a video."""

from collections import Counter

from priosig.annotations.segments import Segment
from priosig.experiment.pipeline import Experiment
from priosig.experiment.planted import PLANTED
from priosig.report.material import Material


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


def sound_of(material: Material, segment: Segment) -> str:
    """Where a segment is heard on the page: its clip, or else its row in the table of windows."""
    kind = "row" if isinstance(material.clips.get(segment.segment_id, ""), str) else "clip"
    return f"#{kind}-{segment.segment_id}"


def teachers(experiment: Experiment) -> dict[str, str]:
    """The teacher of each video."""
    named: dict[str, Counter] = {}
    for moment in experiment.annotations.moments:
        named.setdefault(moment.video_id, Counter()).update([moment.teacher] if moment.teacher else [])
    return {video: of.most_common(1)[0][0] if of else "Teacher unknown" for video, of in sorted(named.items())}


def titles(experiment: Experiment) -> dict[str, str]:
    """The title of each video, where it has one."""
    named: dict[str, str] = {}
    for moment in experiment.annotations.moments:
        if moment.video_title:
            named.setdefault(moment.video_id, moment.video_title)
    return named
