"""Time since the teacher's last feedback, and the length of the talk before a window, in seconds.

A student begins afresh after feedback, and tires or warms up from there; after a long correction the next stop may
come sooner. Either can tell a STOP without being what the teacher judged. Both are measured from annotations alone.
"""

from collections.abc import Sequence

from priosig.annotations.bouts import PASSED_OVER
from priosig.annotations.moments import Moment, by_video
from priosig.annotations.segments import Segment
from priosig.annotations.timespans import intersect, merge, total
from priosig.annotations.transcript import talk_intervals


def since_feedback(segments: Sequence[Segment], moments: Sequence[Moment]) -> list[float]:
    """Seconds of playing from the end of the last feedback to the middle of each segment.

    The last feedback is the last that ended by then; before the first, seconds count from the start of the video.
    What the transcripts mark as talk is no playing.
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
