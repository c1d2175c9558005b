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

from priosig.annotations.moments import Moment, by_video
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
    words, short : str
        As the subject of a sentence; in a table.
    plainly : str
        A clause with a place for what it is on average, first in a CONTINUE, then in a STOP; may be empty.
    measure : callable, optional
        From `Windows` to one number a window, NaN where it is not known; None if there are none. Without it the
        confound is heard, by its `meter` or (talk, MuQ frames) by the pipeline.
    meter : (class, str), optional
        What hears it: a class that takes a rate in Hz and has `add(samples)`, and the attribute that holds the value.
    tied : bool
        In views that are not matched, the definition of the windows ties it to the label: no test can tell it from a
        signal there.
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


def _place(windows: Windows) -> list[float]:
    last = {video: max(s.end_time for s in of_video) for video, of_video in by_video(windows.segments).items()}
    return [(s.start_time + s.end_time) / 2 / last[s.video_id] for s in windows.segments]


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
