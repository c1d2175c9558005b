"""What is known of a corpus without listening: its moments, its segments, and where they lie in its recordings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from priosig.annotations.moments import Moment, load_moments
from priosig.annotations.segments import LABELS, Segment, identify_segments
from priosig.annotations.timespans import Span
from priosig.audio.slices import Slice, plan_slices
from priosig.experiment.corpus import Corpus
from priosig.experiment.views import Cut
from priosig.extraction.features import check_lengths


@dataclass(frozen=True)
class Annotations:
    """What is known of a corpus without listening.

    Attributes
    ----------
    corpus : Corpus
    moments : tuple of Moment
    segments : tuple of Segment
        As annotated.
    clipped : dict of str to float
        Seconds by which a segment overruns its recording, by at most half a second; only segments that do, and none
        without recordings.
    """

    corpus: Corpus
    moments: tuple[Moment, ...]
    segments: tuple[Segment, ...]
    clipped: dict[str, float] = field(default_factory=dict)

    def cut(self, busy: Mapping[str, Sequence[Span]] | None = None) -> Cut:
        """How windows are cut by the experiment's own settings; `busy`: talk and silence, where they were heard."""
        settings = self.corpus.settings
        return Cut(self.segments, settings.equal_length, settings.guard, self.clipped, busy)


def read_annotations(corpus: Corpus) -> Annotations:
    """Load a corpus's moments, derive its segments, and find them in its recordings, where it has some.

    Raises
    ------
    FileNotFoundError, ValueError
        If the annotations cannot be read (`load_moments`), or hold one video or one class only: then there is
        nothing to leave out, or nothing to tell apart; if a segment can't be cut (`plan_slices`), or is too short
        for MuQ.
    """
    moments = load_moments(corpus.moments)
    segments = identify_segments(moments, corpus.settings.min_continue_duration)
    videos = sorted({segment.video_id for segment in segments})
    if len(videos) < 2:
        raise ValueError(
            f"{corpus.moments}: one video only ({videos[0]}); expected at least 2, since each video is scored by a "
            "probe that was trained on the others"
        )
    for label in LABELS:
        if not any(segment.label == label for segment in segments):
            raise ValueError(
                f"{corpus.moments}: no {label.upper()} segment among {len(segments)} (CONTINUE needs "
                f"{corpus.settings.min_continue_duration:g} s between one feedback and the next playing window); "
                "expected both classes"
            )
    clipped = {}
    if corpus.audio is not None:
        slices = plan_slices(segments, corpus.audio)
        check_lengths(slices)
        clipped = clipped_seconds(slices)
    return Annotations(corpus, tuple(moments), tuple(segments), clipped)


def clipped_seconds(slices: Mapping[str, Slice]) -> dict[str, float]:
    """Seconds by which segments overrun their recordings; only those that do."""
    return {name: part.clipped_seconds for name, part in slices.items() if part.clipped_seconds}
