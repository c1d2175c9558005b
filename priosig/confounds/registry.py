"""The confounds: what could tell STOP from CONTINUE without the music.

One row a confound says everything about it. To add one, add a row to `_ROWS`; tables, verdicts and the report follow.
A confound is measured from annotations, or it is *heard*: a meter takes the samples of each window in the same pass
over the recordings as the encoder (`priosig.extraction.features`).

Roles. What a tape measure or a clock can tell is an *artefact*: if it tells the labels, the design is invalid. What
is measured from the playing itself is *acoustic*: it may be music.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from priosig.annotations.bouts import PASSED_OVER
from priosig.annotations.moments import Moment, by_video
from priosig.annotations.segments import Segment
from priosig.annotations.timespans import intersect, merge, total
from priosig.annotations.transcript import talk_intervals, talk_share
from priosig.audio.levels import LevelMeter

Role = Literal["artefact", "acoustic"]


@dataclass(frozen=True)
class Windows:
    """What the confounds of a view's windows are measured from; arrays have shape (n_segments,)."""

    segments: Sequence[Segment]
    moments: Sequence[Moment]
    # Confounds that need the waveform, by name; empty without audio.
    heard: Mapping[str, Sequence[float] | np.ndarray] = field(default_factory=dict)
    # Each STOP is compared with playing that had gone on just as long (`priosig.annotations.risk_sets`).
    matched: bool = False
    # Confounds that the study added; None for one that these windows have no values of.
    own: Mapping[str, np.ndarray | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Confound:
    """One confound."""

    name: str
    unit: str
    words: str  # as the subject of a sentence
    short: str  # in a table
    role: Role
    # One number a window, NaN where it is not known; None if there are none. Without it the confound is heard, by its
    # `meter` or (talk, MuQ frames) by the pipeline.
    measure: Callable[[Windows], Sequence[float] | np.ndarray | None] | None = None
    # A class that takes a rate in Hz and has `add(samples)`, and its attribute that holds the value.
    meter: tuple[type, str] | None = None
    # In views that are not matched, windows are defined by it: no test can tell it from a signal there.
    tied: bool = False
    matched_only: bool = False
    plainly: str = ""  # a clause with a place for its mean in a CONTINUE, then in a STOP


def _place(windows: Windows) -> list[float]:
    last = {video: max(s.end_time for s in of_video) for video, of_video in by_video(windows.segments).items()}
    return [(s.start_time + s.end_time) / 2 / last[s.video_id] for s in windows.segments]


def since_feedback(segments: Sequence[Segment], moments: Sequence[Moment]) -> list[float]:
    """Seconds of playing from the end of the last feedback to the middle of each segment.

    A student begins afresh after feedback, and tires or warms up from there. The last feedback is the last that ended
    by then; before the first, seconds count from the start of the video. What the transcripts mark as talk is no
    playing.
    """
    ends = {v: [m.feedback_end for m in of_video] for v, of_video in by_video(moments).items()}
    talk = {v: talk_intervals(moments, v)[0] for v in {s.video_id for s in segments}}
    seconds = []
    for segment in segments:
        middle = (segment.start_time + segment.end_time) / 2
        last = max((end for end in ends.get(segment.video_id, ()) if end <= middle), default=0.0)
        seconds.append(middle - last - total(intersect([(last, middle)], talk[segment.video_id])))
    return seconds


def preceding_talk(segments: Sequence[Segment], moments: Sequence[Moment]) -> list[float]:
    """Seconds of the last talk before each segment, by the transcripts; pauses under 3 s are part of it.

    NaN where no talk is known before a segment.
    """
    talk = {v: merge(talk_intervals(moments, v)[0], PASSED_OVER) for v in {s.video_id for s in segments}}
    seconds = []
    for segment in segments:
        before = [span for span in talk[segment.video_id] if span[0] < segment.start_time]
        seconds.append(min(before[-1][1], segment.start_time) - before[-1][0] if before else float("nan"))
    return seconds


_ROWS = (
    Confound(
        "length", "s", "the length of the window", "length", "artefact",
        measure=lambda windows: [segment.duration for segment in windows.segments],
        plainly="a CONTINUE lasts {} and a STOP {}",
    ),
    # Middle of the window, as a share of the time from 0 to the end of the video's last segment.
    Confound(
        "place", "share", "the place in the video", "place", "artefact", measure=_place,
        plainly="a CONTINUE lies at {} of the video and a STOP at {}",
    ),
    Confound(
        "since_feedback", "s", "the time since the last feedback", "since feedback", "artefact",
        measure=lambda windows: since_feedback(windows.segments, windows.moments), tied=True,
        plainly="a CONTINUE lies {} after the last feedback and a STOP {}",
    ),
    Confound(
        "preceding_talk", "s", "the length of the talk before", "talk before", "artefact", matched_only=True,
        measure=lambda windows: preceding_talk(windows.segments, windows.moments),
        plainly="the talk before a CONTINUE lasts {} and the talk before a STOP {}",
    ),
    Confound(
        "talk_captions", "share", "the share of talk by the transcripts", "talk (captions)", "artefact",
        measure=lambda windows: talk_share(windows.segments, windows.moments),
        plainly="by the transcripts, talk fills {} of a CONTINUE and {} of a STOP",
    ),
    Confound(
        "talk_heard", "share", "the share of talk that is heard", "talk (heard)", "artefact",
        plainly="talk is heard in {} of a CONTINUE and {} of a STOP",
    ),
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
