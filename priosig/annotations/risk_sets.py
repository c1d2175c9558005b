"""The view `bouts`: a STOP beside playing that had gone on just as long and was not stopped.

In the other views a CONTINUE window lies early in its stretch of playing, a STOP window at the end of one, so that
whatever changes through a stretch tells the label. Here each STOP is compared with other bouts
(`priosig.annotations.bouts`) at the same time into the playing: a change that all bouts share cancels. One set, t
seconds after each bout's beginning, `[ )` windows::

    stopped bout       |pppppp[ STOP  )ggg|             stopped at t
    another bout       |pppppp[CONTINUE)gggppppppppp|   went on: a control
    a third            |ppppppppp|                      over before t: not in the set
                       0                  t

**Event**: a bout that contains the end of a STOP segment, at t. A bout counts once, and lasts until its earliest
STOP. Playing that halts up to 3 s before the annotated end is stopped at its halt.
**Controls**: all other bouts of the video that lasted longer than t, also those that are stopped later: controls that
are never stopped would let the label's place in time back in (Lubin & Gail 1984). Bouts that are stopped at one t are
left out of each other's sets.
**Windows**: the `duration` seconds that end a guard before t, in events and controls alike. The halt before the
teacher's voice lies in the guard.
**Left out**: bouts whose beginning was not heard, among them the first performance of a video, which is usually a
whole piece and could not be stopped.

This is incidence-density sampling. The AUC within sets, weighted m / (m + 2) for m controls, is the incident/dynamic
AUC (Heagerty & Zheng 2005). Changes within one bout or one lesson alone stay, and so do stops that nobody labelled.

References
----------
D. C. Thomas (1977), in: F. D. K. Liddell et al., Methods of cohort analysis, J. R. Stat. Soc. A 140, 469-491.
R. L. Prentice & N. E. Breslow (1978), Retrospective studies and failure time models, Biometrika 65, 153-158.
J. H. Lubin & M. H. Gail (1984), Biased selection of controls for case-control analyses of cohort studies, Biometrics
40, 63-75.
P. J. Heagerty & Y. Zheng (2005), Survival model predictive accuracy and ROC curves, Biometrics 61, 92-105.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from priosig.annotations.bouts import PASSED_OVER, Bout
from priosig.annotations.moments import by_video
from priosig.annotations.segments import Segment, make_segment_id
from priosig.annotations.timespans import SLACK
from priosig.annotations.views import Dropped, View, check_lengths


@dataclass(frozen=True)
class _Event:
    stop: Segment
    bout: Bout
    t: float


def bouts_view(
    segments: Sequence[Segment],
    bouts: Mapping[str, Sequence[Bout]],
    duration: float = 10.0,
    guard: float = 1.0,
    *,
    nearest: int | None = None,
) -> View:
    """Match each STOP with the bouts of its video that were still going on.

    Parameters
    ----------
    segments : sequence of Segment
        As annotated. Only the ends of STOP segments matter.
    bouts : mapping of video_id to sequence of Bout
        In order of time; every video of `segments` needs an entry.
    duration, guard : float
        Seconds of a window, more than 0; seconds between it and t, 0 or more.
    nearest : int, optional
        At most so many controls before the event, and so many after it, the nearest in time; all by default.

    Returns
    -------
    View
        One row for each set and bout, sets in order of video and time, the event of a set before its controls.
        `dropped` holds the STOP segments without a set.
    """
    check_lengths(duration, guard)
    rows: list[tuple[_Event, Bout]] = []
    dropped: list[Dropped] = []
    for video_id, stops in sorted(by_video(s for s in segments if s.label == "stop").items()):
        if video_id not in bouts:
            raise ValueError(f"video {video_id!r}: no bouts given; expected an entry, an empty one if it has none")
        stops.sort(key=lambda s: (s.end_time, s.start_time))
        events, unmatched = _events(stops, bouts[video_id])
        dropped += unmatched
        lasted = {bout: bout.duration for bout in bouts[video_id] if bout.start_heard}
        lasted |= {event.bout: event.t for event in events}
        for event in events:
            if event.t < duration + guard - SLACK:
                needed = f"{duration:g} s beside a guard of {guard:g} s" if guard else f"{duration:g} s"
                dropped.append(Dropped(event.stop.segment_id, f"too early in its bout for {needed}"))
                continue
            controls = _controls(event, lasted, nearest)
            if controls:
                rows += [(event, bout) for bout in (event.bout, *controls)]
            else:
                dropped.append(Dropped(event.stop.segment_id, "no other bout of its video lasted as long"))
    windows = tuple(_window(event, bout, duration, guard) for event, bout in rows)
    sets = tuple(event.stop.segment_id for event, _ in rows)
    return View("bouts", duration, windows, sets, tuple(dropped), matched=True)


def _events(stops: Sequence[Segment], bouts: Sequence[Bout]) -> tuple[list[_Event], list[Dropped]]:
    """Bouts that are stopped, and the STOPs (in order of their ends) that stop none, with the reason."""
    first: dict[Bout, _Event] = {}
    dropped = []
    for stop in stops:
        end = stop.end_time
        bout = max((b for b in bouts if b.start < end < b.end + PASSED_OVER), key=lambda b: b.start, default=None)
        if bout is None:
            reason = "no playing is heard where it ends"
        elif not bout.start_heard:
            reason = "the beginning of its bout is not heard"
        elif bout in first:
            reason = "its bout was stopped before"
        else:
            first[bout] = _Event(stop, bout, min(end, bout.end) - bout.start)
            continue
        dropped.append(Dropped(stop.segment_id, reason))
    return list(first.values()), dropped


def _controls(event: _Event, lasted: Mapping[Bout, float], nearest: int | None) -> list[Bout]:
    """Bouts that were still going on at t, in order of time; `lasted` holds how long each did."""
    going_on = [bout for bout, seconds in lasted.items() if seconds > event.t + SLACK]
    if nearest is None:
        return going_on
    before = [bout for bout in going_on if bout.start < event.bout.start]
    after = [bout for bout in going_on if bout.start > event.bout.start]
    return before[len(before) - min(nearest, len(before)) :] + after[:nearest]


def _window(event: _Event, bout: Bout, duration: float, guard: float) -> Segment:
    start = round(bout.start + event.t - guard - duration, 6)
    end = round(start + duration, 6)
    video_id, is_event = event.stop.video_id, bout == event.bout
    if is_event:
        segment_id = make_segment_id(video_id, "stop", start, end)
        return Segment(segment_id, video_id, "stop", start, end, event.stop.moment_id)
    # A bout can be a control of several sets at one t; the set's time keeps the ids apart.
    of_set = round(1000 * (event.bout.start + event.t))
    segment_id = f"{make_segment_id(video_id, 'continue', start, end)}-beside-{of_set}"
    return Segment(segment_id, video_id, "continue", start, end)
