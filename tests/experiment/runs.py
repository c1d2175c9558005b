"""What tests of a run begin with."""

from dataclasses import replace

from priosig.annotations.bouts import lesson_of
from priosig.audio.screening import Screening


def another_run(annotations):
    """The same corpus, its files looked at anew."""
    return replace(annotations, digests={})


def nothing_heard(annotations) -> Screening:
    """Neither talk nor silence."""
    lessons = lesson_of(annotations.segments)
    return Screening(lessons, {video_id: [] for video_id in lessons}, {video_id: [] for video_id in lessons})
