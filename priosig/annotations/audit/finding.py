"""The result of one check of the annotations: counts, a sentence, rows."""

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
    """One row of the annotations that a finding is about.

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
    name : str
        Of the check, snake_case.
    title : str
        What was looked for.
    unit : {"moment", "segment", "video", "pause", "feature"}
        What is counted.
    count, total : int
        How many show it, of how many that could be checked.
    summary : str
        What was seen, in one sentence.
    harm : Harm
        What it does to the result, in a few words.
    effect : str
        The same in a sentence.
    problems : tuple of Problem
        The `count` rows; in the order of the annotations.
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
    # A row can have several problems (a window that overlaps two others); it is counted once.
    count = len({problem.id for problem in problems})
    plural = "" if total == 1 else "s"
    seen = f"{count} of {total} {unit}{plural}" if count else f"None of {total} {unit}{plural}"
    return Finding(name, title, unit, count, total, f"{seen}.{note}", harm, effect, tuple(problems))


def milliseconds(seconds: float) -> int:
    """Whole milliseconds, in which times are compared."""
    return round(1000 * seconds)


def seconds_words(seconds: float | None) -> str:
    """A time or a length, to a tenth of a second."""
    return "unknown" if seconds is None else f"{seconds:.1f} s"


def window_words(moment: Moment) -> str:
    """A moment's playing window."""
    return f"{moment.playing_before_start:.1f} to {moment.playing_before_end:.1f} s"
