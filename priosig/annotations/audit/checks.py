"""What is odd about a set of annotations, found without listening.

A study stands on its annotations, and most of what can go wrong with it can be seen in them: windows that stand
there twice, times that contradict each other, a value that a machine filled in, windows that one look at their
length would label. None of this is refused when annotations are loaded, because a study has to be able to look at
it; here it is named, counted, listed by id so that someone can mend it, and followed to what it does to the
experiment.

Every check is reported, also one that found nothing: what was looked for is part of the answer. Shares are of what
could be checked, `total`; a moment without a transcript, say, is not among the moments whose talk was looked at.
"""

from collections.abc import Sequence

from priosig.annotations.audit import interruptions, times, windows
from priosig.annotations.audit.finding import Finding, Problem
from priosig.annotations.moments import Moment
from priosig.annotations.segments import Segment

__all__ = ["Finding", "Problem", "audit_annotations"]


def audit_annotations(
    moments: Sequence[Moment],
    segments: Sequence[Segment],
    *,
    min_continue_duration: float = 5.0,
) -> tuple[Finding, ...]:
    """Look for everything this module knows of.

    Parameters
    ----------
    moments : sequence of Moment
    segments : sequence of Segment
        Derived from them, as annotated.
    min_continue_duration : float
        Seconds; with which the segments were derived.

    Returns
    -------
    tuple of Finding
        One a check, in a fixed order.
    """
    return (
        windows.lengths_by_class(segments),
        windows.repeated_windows(moments),
        windows.windows_of_other_videos(moments),
        windows.overlapping_windows(segments),
        windows.mostly_talk(moments, segments),
        interruptions.apparent_interruptions(moments, segments),
        times.contradicting_times(moments),
        times.contradicting_moments(moments),
        times.far_from_stop(moments),
        *times.default_values(moments),
        times.lost_continues(moments, segments, min_continue_duration),
        times.teacher_plays(moments),
        windows.one_class_videos(segments),
    )
