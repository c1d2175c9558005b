"""What is odd about a set of annotations, without listening.

None of it is refused when annotations are loaded; here it is counted, listed by id so that someone can mend it, and
followed to what it does to the experiment. Every check is reported, also one without problems. Shares are of what
could be checked, `total`: a moment without a transcript is not among the moments whose talk was checked.
"""

from collections.abc import Sequence

from priosig.annotations.audit import times, windows
from priosig.annotations.audit.finding import Finding, Problem
from priosig.annotations.moments import Moment
from priosig.annotations.segments import Segment

__all__ = ["Finding", "Problem", "audit_annotations"]


def audit_annotations(
    moments: Sequence[Moment], segments: Sequence[Segment], *, min_continue_duration: float = 5.0
) -> tuple[Finding, ...]:
    """One finding a check, in a fixed order, of moments and of the segments that `identify_segments` derives."""
    return (
        windows.lengths_by_class(segments),
        windows.repeated_windows(moments),
        windows.windows_of_other_videos(moments),
        windows.overlapping_windows(segments),
        windows.mostly_talk(moments, segments),
        windows.apparent_interruptions(moments, segments),
        times.contradicting_times(moments),
        times.contradicting_moments(moments),
        times.far_from_stop(moments),
        *times.default_values(moments),
        times.lost_continues(moments, segments, min_continue_duration),
        times.teacher_plays(moments),
        windows.one_class_videos(segments),
    )
