"""Talk in a video, by the transcripts of its annotations.

A moment may hold the transcript of the time around it, a line for each caption::

    [549.9s] ♪♪
    [575.6s] Thank you, bravo.

A caption has a beginning and no end. It is taken to last as long as its words need at a slow 2 words a second,
at most until the next caption of the video: captioning software falls silent during music, so the time to the
next caption is mostly not talk. A caption with words is talk; one with nothing but `♪` or blanks is not. The
transcripts of a video's moments overlap and are merged; what lies in none of them is unknown.

This is coarse next to a voice detector (`priosig.audio.voice_activity`), and needs no audio.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from priosig.annotations.moments import Moment, by_video
from priosig.annotations.segments import Segment
from priosig.annotations.timespans import Span, intersect, merge, total

_WORDS_PER_SECOND = 2.0  # slow speech; teachers' captions in the first study ran at about 2.5
_LINE = re.compile(r"\[(\d+(?:\.\d+)?)s\]\s*(.*)\Z")


@dataclass(frozen=True)
class Caption:
    """One line of a transcript: when it begins (seconds from the start of the video), and its words."""

    start_time: float
    text: str

    @property
    def is_talk(self) -> bool:
        """Whether there are words: anything but blanks and musical notes."""
        return any(character.isalnum() for character in self.text)

    @property
    def spoken_until(self) -> float:
        """Time at which its last word ends, in seconds; at least 1 s after the start."""
        return self.start_time + max(1.0, len(self.text.split()) / _WORDS_PER_SECOND)


def parse_transcript(text: str | None) -> list[Caption]:
    """Captions of one transcript, in order; lines of another form are ignored."""
    lines = (_LINE.match(line.strip()) for line in (text or "").split("\n"))
    return sorted((Caption(float(m[1]), m[2].strip()) for m in lines if m), key=lambda c: c.start_time)


def talk_intervals(moments: Iterable[Moment], video_id: str) -> tuple[list[Span], list[Span]]:
    """Spans of talk, and spans that any transcript covers, for one video."""
    captions: dict[float, Caption] = {}
    spans = []
    for moment in moments:
        of_moment = parse_transcript(moment.transcript_text) if moment.video_id == video_id else []
        if not of_moment:
            continue
        spans.append((of_moment[0].start_time, of_moment[-1].start_time))
        for caption in of_moment:
            # The same caption stands in the transcripts of several moments; words win over a blank at the same time.
            if caption.start_time not in captions or caption.is_talk:
                captions[caption.start_time] = caption
    covered = merge(spans)
    ordered = sorted(captions.values(), key=lambda c: c.start_time)
    lines = [(a.start_time, min(a.spoken_until, b.start_time)) for a, b in pairwise(ordered) if a.is_talk]
    return intersect(merge(lines), covered), covered


def talk_share(segments: Sequence[Segment], moments: Sequence[Moment]) -> list[float]:
    """Share of each segment that the transcripts mark as talk, 0 to 1.

    NaN where the transcripts cover less than half of the segment.
    """
    of_video = by_video(moments)
    spoken = {video: talk_intervals(of_video.get(video, ()), video) for video in {s.video_id for s in segments}}
    shares = []
    for segment in segments:
        window = [(segment.start_time, segment.end_time)]
        talk, covered = (_beside(spans, segment) for spans in spoken[segment.video_id])
        known = total(intersect(window, covered))
        shares.append(total(intersect(window, talk)) / known if known >= segment.duration / 2 else float("nan"))
    return shares


def _beside(spans: Sequence[Span], segment: Segment) -> Sequence[Span]:
    """Those of sorted, disjoint spans that touch a segment."""
    start = bisect_left(spans, segment.start_time, key=lambda span: span[1])
    return spans[start : bisect_right(spans, segment.end_time, key=lambda span: span[0])]
