"""Bouts: maximal runs of playing without talk. One lesson, time to the right, `t` talk, `s` silence, `p` playing::

    pppttt tttt   ppppppppspppppppppttttttpppppppppppptpppppppppp
       [  talk  )[      bout       )[talk)[        bout         )

Everything under 3 s is ignored: a pause in talk counts as talk, a pause in playing (silence, or a word) as playing,
and a chord between two remarks is no bout. A bout whose beginning was not heard has no known length; it is marked.

Talk and silence come from the recording (`priosig.audio.screening`), or, where there is none, talk from the captions
(`captioned_bouts`). A caption has no written end, so its talk is never ignored as too short.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from priosig.annotations.moments import Moment, by_video
from priosig.annotations.segments import Segment
from priosig.annotations.timespans import Span, free, merge
from priosig.annotations.transcript import talk_intervals

PASSED_OVER = 3.0
"""Seconds; talk, playing and silence that are shorter do not count."""


@dataclass(frozen=True)
class Bout:
    """A run of playing without talk, `[start, end)` in seconds from the start of the video.

    Unless its beginning was heard, the playing may have begun before `start`.
    """

    start: float
    end: float
    start_heard: bool

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return self.end - self.start


def find_bouts(
    talk: Iterable[Span], silence: Iterable[Span], heard: Sequence[Span], *, shortest_talk: float = PASSED_OVER
) -> tuple[Bout, ...]:
    """Bouts of one video, in order of time, from spans of talk and silence in any order.

    `heard`, sorted and disjoint, is where these are known. Talk or silence under `shortest_talk` s ends no bout.

    Examples
    --------
    >>> find_bouts([(0, 5), (40, 41)], [(20, 22), (60, 70)], [(0, 80)])
    (Bout(start=5, end=60, start_heard=True), Bout(start=70, end=80, start_heard=True))
    """
    busy = [span for span in merge([*merge(talk, PASSED_OVER), *silence]) if span[1] - span[0] >= shortest_talk]
    return tuple(
        Bout(start, end, start_heard=start > whole[0])
        for whole in heard
        for start, end in free(whole, busy)
        if end - start >= PASSED_OVER
    )


def captioned_bouts(moments: Sequence[Moment]) -> dict[str, tuple[Bout, ...]]:
    """Bouts of each video between the captions of its moments; none where there are no transcripts."""
    bouts = {}
    for video_id, of_video in sorted(by_video(moments).items()):
        talk, covered = talk_intervals(of_video, video_id)
        bouts[video_id] = find_bouts(talk, (), covered, shortest_talk=0.0)
    return bouts


def lesson_of(segments: Sequence[Segment]) -> dict[str, Span]:
    """The part of each recording that is searched for bouts: from the video's first segment to its last."""
    videos = sorted(by_video(segments).items())
    return {video_id: (min(s.start_time for s in of), max(s.end_time for s in of)) for video_id, of in videos}
