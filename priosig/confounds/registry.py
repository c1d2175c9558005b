"""The confounds: what could tell STOP from CONTINUE without the music.

One row a confound says everything about it: its name and unit, how the report calls it, its role, and how it is
measured. To add one, add a row to `_ROWS`; tables, verdicts and the report follow.

A confound is measured from annotations (`measure`), or it is *heard*: a meter takes the samples of each window as
the encoder does, in the same pass over the recordings (`priosig.extraction.features`).

Roles. What a tape measure or a clock can tell is an *artefact*: if it tells the labels, the design is invalid. What
is measured from the playing itself is *acoustic*: it may be music.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from priosig.annotations.moments import Moment
from priosig.annotations.segments import Segment
from priosig.annotations.transcript import talk_share
from priosig.audio.levels import LevelMeter
from priosig.confounds.elapsed import preceding_talk, since_feedback

Role = Literal["artefact", "acoustic"]


@dataclass(frozen=True)
class Windows:
    """What the confounds of a view's windows are measured from.

    Attributes
    ----------
    segments : sequence of Segment
        The windows.
    moments : sequence of Moment
        For their times and transcripts.
    heard : mapping of str to array, shape (n_segments,)
        Confounds that need the waveform, by name; empty without audio.
    matched : bool
        Each STOP is compared with playing that had gone on just as long (`priosig.annotations.risk_sets`).
    own : mapping of str to array, shape (n_segments,), or None
        Confounds that the study added, by name; None for one that these windows have no values of.
    """

    segments: Sequence[Segment]
    moments: Sequence[Moment]
    heard: Mapping[str, Sequence[float] | np.ndarray] = field(default_factory=dict)
    matched: bool = False
    own: Mapping[str, np.ndarray | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Confound:
    """One confound.

    Attributes
    ----------
    name, unit : str
    words : str
        As the subject of a sentence.
    plainly : str
        A clause with a place for what it is on average, first in a CONTINUE, then in a STOP; may be empty.
    short : str
        In a table.
    role : {"artefact", "acoustic"}
    measure : callable, optional
        From `Windows` to one number a window, NaN where it is not known; None if there are none. Without it the
        confound is heard, by its `meter` or (talk, MuQ frames) by the pipeline.
    meter : (class, str), optional
        What hears it: a class that takes a rate in Hz and has `add(samples)`, and the attribute that holds the value.
    tied : bool
        In views that are not matched, the definition of the windows ties it to the label: no test can tell it from a
        signal there.
    matched_only : bool
        It is measured in matched views only.
    """

    name: str
    unit: str
    words: str
    short: str
    role: Role
    measure: Callable[[Windows], Sequence[float] | np.ndarray | None] | None = None
    meter: tuple[type, str] | None = None
    tied: bool = False
    matched_only: bool = False
    plainly: str = ""


def _length(windows: Windows) -> list[float]:
    return [segment.duration for segment in windows.segments]


def _place(windows: Windows) -> list[float]:
    last: dict[str, float] = {}
    for segment in windows.segments:
        last[segment.video_id] = max(last.get(segment.video_id, 0.0), segment.end_time)
    return [(s.start_time + s.end_time) / 2 / last[s.video_id] for s in windows.segments]


def _talk_captions(windows: Windows) -> np.ndarray:
    return talk_share(windows.segments, windows.moments)


def _since_feedback(windows: Windows) -> list[float]:
    return since_feedback(windows.segments, windows.moments)


def _preceding_talk(windows: Windows) -> list[float]:
    return preceding_talk(windows.segments, windows.moments)


_ROWS = (
    Confound(
        "length", "s", "the length of the window", "length", "artefact", measure=_length,
        plainly="a CONTINUE lasts {} and a STOP {}",
    ),
    # Middle of the window, as a share of the time from 0 to the end of the video's last segment.
    Confound(
        "place", "share", "the place in the video", "place", "artefact", measure=_place,
        plainly="a CONTINUE lies at {} of the video and a STOP at {}",
    ),
    # Seconds of playing since the end of the last feedback.
    Confound(
        "since_feedback", "s", "the time since the last feedback", "since feedback", "artefact",
        measure=_since_feedback, tied=True,
        plainly="a CONTINUE lies {} after the last feedback and a STOP {}",
    ),
    # Length of the talk before the bout.
    Confound(
        "preceding_talk", "s", "the length of the talk before", "talk before", "artefact", measure=_preceding_talk,
        matched_only=True, plainly="the talk before a CONTINUE lasts {} and the talk before a STOP {}",
    ),
    # Share of the window that the transcripts mark as talk.
    Confound(
        "talk_captions", "share", "the share of talk by the transcripts", "talk (captions)", "artefact",
        measure=_talk_captions, plainly="by the transcripts, talk fills {} of a CONTINUE and {} of a STOP",
    ),
    # Share of the window in which the voice detector hears talk.
    Confound(
        "talk_heard", "share", "the share of talk that is heard", "talk (heard)", "artefact",
        plainly="talk is heard in {} of a CONTINUE and {} of a STOP",
    ),
    # Root mean square of the window's samples.
    Confound(
        "level", "dBFS", "the loudness (level)", "level", "acoustic", meter=(LevelMeter, "level"),
        plainly="the level of a CONTINUE is {} and that of a STOP {}",
    ),
    # Share of the window's 50 ms frames that are silent.
    Confound(
        "silence", "share", "the share of silence", "silence", "acoustic", meter=(LevelMeter, "silence_share"),
        plainly="{} of a CONTINUE and {} of a STOP is silent",
    ),
    # Frames that the window's mean and standard deviation are taken over.
    Confound(
        "frames", "count", "the number of MuQ frames", "frames", "artefact",
        plainly="a CONTINUE holds {} frames of 40 ms and a STOP {}",
    ),
)  # fmt: skip
CONFOUNDS: dict[str, Confound] = {row.name: row for row in _ROWS}
"""Every confound, by name, in the order of tables."""


def meters() -> dict[str, tuple[type, str]]:
    """What has to hear each window: name of the confound, meter, and the attribute that holds its value."""
    return {row.name: row.meter for row in CONFOUNDS.values() if row.meter is not None}
