"""The result of one check of the annotations."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from priosig.annotations.moments import Moment

Harm = Literal["the label is given away", "the label may be wrong", "data are lost"]
HARMS: tuple[Harm, ...] = ("the label is given away", "the label may be wrong", "data are lost")
"""What a finding does to the result, the worst first."""


@dataclass(frozen=True)
class Problem:
    """One row that a finding is about."""

    id: str  # `moment_id`, `segment_id` or `video_id`, as `Finding.unit` says
    video_id: str
    time: float | None  # second of the video to look at; None where the whole video is meant
    detail: str  # what was seen, with its numbers
    size: float = math.nan  # how bad it is beside other rows of the finding; NaN where all are alike


@dataclass(frozen=True)
class Finding:
    """The outcome of one check."""

    name: str
    title: str
    unit: str  # what is counted: "moment", "segment", "video", "pause" or "feature"
    count: int  # rows with a problem; a row with several is counted once
    total: int  # rows that could be checked
    summary: str  # what was seen, in one sentence
    harm: Harm  # what it does to the result
    effect: str  # the same in a sentence
    problems: tuple[Problem, ...]  # in the order of the annotations


def finding_of(
    name: str,
    title: str,
    unit: str,
    problems: Sequence[Problem],
    total: int,
    harm: Harm,
    effect: str,
    note: str = "",
) -> Finding:
    """A finding whose count and sentence follow from its rows; `note` goes on with the sentence."""
    count = len({problem.id for problem in problems})
    plural = "" if total == 1 else "s"
    seen = f"{count} of {total} {unit}{plural}" if count else f"None of {total} {unit}{plural}"
    return Finding(name, title, unit, count, total, f"{seen}.{note}", harm, effect, tuple(problems))


def window_words(moment: Moment) -> str:
    """A moment's playing window."""
    return f"{moment.playing_before_start:.1f} to {moment.playing_before_end:.1f} s"
