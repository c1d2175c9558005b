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
    """One row that a finding is about.

    Attributes
    ----------
    id : str
        `moment_id`, `segment_id` or `video_id`, as `Finding.unit` says.
    video_id : str
    time : float or None
        Second of the video to look at; None where the whole video is meant.
    detail : str
        What was seen, with its numbers.
    size : float
        How bad it is beside other rows of the same finding; NaN where all are alike.
    """

    id: str
    video_id: str
    time: float | None
    detail: str
    size: float = math.nan


@dataclass(frozen=True)
class Finding:
    """The outcome of one check.

    Attributes
    ----------
    name, title : str
        Of the check: in snake_case, and for readers.
    unit : {"moment", "segment", "video", "pause", "feature"}
        What is counted.
    count, total : int
        How many rows have a problem, of how many that could be checked.
    summary : str
        What was seen, in one sentence.
    harm, effect : str
        What it does to the result, in a few words and in a sentence.
    problems : tuple of Problem
        In the order of the annotations; a row can have several, and is counted once.
    """

    name: str
    title: str
    unit: str
    count: int
    total: int
    summary: str
    harm: Harm
    effect: str
    problems: tuple[Problem, ...]


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
