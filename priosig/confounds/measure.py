"""Confounds: what tells STOP from CONTINUE windows without a note of music.

Each is measured for every segment of a view, has a unit, and can be tried as a predictor of the label just as a
model can. The first three need annotations alone.

============== ======== =============================================================================
name           unit     definition
============== ======== =============================================================================
length         s        length of the window
place          share    middle of the window, as a share of the time from 0 to the end of the video's last segment
talk_captions  share    of the window that the transcripts mark as talk (`priosig.annotations.transcript`)
talk_heard     share    of the window in which the voice detector hears talk (`priosig.audio.voice_activity`)
level          dBFS     root mean square of the window's samples (`priosig.audio.levels`)
silence        share    of the window's 50 ms frames that are silent (`priosig.audio.levels`)
frames         count    number of MuQ frames that the window's mean and standard deviation are taken over
============== ======== =============================================================================

A confound that is equal for all segments was removed by design. One that has no value for some of them is not
measured: it can't be adjusted for, and the table says so. It is tried as a predictor all the same, on the segments
where it is known, since a leak that shows in four fifths of the windows is one.

Two things go with the label by the definition of the segments, and no view takes them away: a CONTINUE window
begins after feedback, so that it lies earlier in its stretch of playing than a STOP window does; and in views of one
length a STOP window is the end of its segment, a CONTINUE window the middle. What changes through a stretch of
playing, or at its end, can tell the label without being what the teacher judged.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from priosig.annotations.moments import Moment
from priosig.annotations.segments import Segment
from priosig.annotations.transcript import talk_share

UNITS = {
    "length": "s",
    "place": "share",
    "talk_captions": "share",
    "talk_heard": "share",
    "level": "dBFS",
    "silence": "share",
    "frames": "count",
}


@dataclass(frozen=True)
class Confounds:
    """Confounds of the segments of one view.

    Attributes
    ----------
    values : dict of str to np.ndarray, shape (n_segments,)
        Measured for every segment and not constant; in the order of the table above.
    constant : tuple of str
        Measured, and equal for all segments to a thousandth: removed by design.
    not_measured : dict of str to str
        Name and reason.
    partly_known : dict of str to np.ndarray, shape (n_segments,)
        Those of `not_measured` that are known for some segments and vary among them; NaN for the others.
    """

    values: dict[str, np.ndarray]
    constant: tuple[str, ...]
    not_measured: dict[str, str]
    partly_known: dict[str, np.ndarray]

    def matrix(self) -> np.ndarray:
        """The measured confounds as columns, shape (n_segments, n_confounds), in their units."""
        return np.column_stack(list(self.values.values())) if self.values else np.empty((0, 0))


def measure_confounds(
    segments: Sequence[Segment],
    moments: Sequence[Moment],
    *,
    heard: Mapping[str, Sequence[float] | np.ndarray] | None = None,
) -> Confounds:
    """Confounds of `segments`, from annotations and what was heard.

    Parameters
    ----------
    segments : sequence of Segment
        Of one view.
    moments : sequence of Moment
        For their transcripts.
    heard : mapping of str to array, shape (n_segments,), optional
        Any of talk_heard, level, silence, frames; what is missing is reported as not measured.

    Returns
    -------
    Confounds
    """
    last = {}
    for segment in segments:
        last[segment.video_id] = max(last.get(segment.video_id, 0.0), segment.end_time)
    columns = {
        "length": [segment.duration for segment in segments],
        "place": [(s.start_time + s.end_time) / 2 / last[s.video_id] for s in segments],
        "talk_captions": talk_share(segments, moments),
        **(heard or {}),
    }
    unknown = sorted(set(columns) - set(UNITS))
    if unknown:
        raise ValueError(f"confounds: {unknown[0]!r} is not one; expected {', '.join(UNITS)}")

    values, constant, not_measured, partly_known = {}, [], {}, {}
    for name in UNITS:
        if name not in columns:
            not_measured[name] = "no audio"
            continue
        column = np.asarray(columns[name], dtype=np.float64)
        if len(column) != len(segments):
            raise ValueError(f"confounds: {name} has {len(column)} values; expected {len(segments)}, one a segment")
        undefined = int((~np.isfinite(column)).sum())
        if undefined:
            not_measured[name] = f"unknown for {undefined} of {len(segments)} segments"
            if undefined < len(column) and not _is_constant(column[np.isfinite(column)]):
                partly_known[name] = np.where(np.isfinite(column), column, np.nan)
        elif len(column) and _is_constant(column):
            constant.append(name)
        else:
            values[name] = column
    return Confounds(values, tuple(constant), not_measured, partly_known)


def _is_constant(column: np.ndarray) -> bool:
    return bool(np.ptp(column) <= 1e-3 * max(abs(column).max(), 1e-3))
