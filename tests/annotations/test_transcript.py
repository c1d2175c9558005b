"""Talk by the annotations' transcripts."""

import math

import pytest

from priosig.annotations.segments import Segment
from priosig.annotations.transcript import Caption, parse_transcript, talk_intervals, talk_share


def test_lines_of_another_form_are_ignored():
    text = "[3.5s] ♪♪\nnoise\n[1s] Good.\n[x] no\n[7.25s] "
    assert parse_transcript(text) == [Caption(1.0, "Good."), Caption(3.5, "♪♪"), Caption(7.25, "")]
    assert parse_transcript(None) == []


@pytest.mark.parametrize(
    ("text", "talk"), [("♪♪", False), ("", False), (" ♪ ", False), ("♪ la la ♪", True), ("Да.", True)]
)
def test_a_caption_with_words_is_talk(text, talk):
    assert Caption(0, text).is_talk is talk


def test_talk_lasts_as_long_as_its_words_and_ends_with_the_next_caption(moment):
    # 4 words at 2 a second last 2 s; 6 words would last 3 s, but the music begins after 1 s.
    transcript = "[10s] one two three four\n[20s] one two three four five six\n[21s] ♪♪\n[40s] end"
    talk, covered = talk_intervals([moment((0, 5), (6, 7), transcript=transcript)], "videoAAAAAA")
    assert talk == [(10, 12), (20, 21)]
    assert covered == [(10, 40)]


def test_share_is_nan_where_transcripts_cover_less_than_half(moment):
    moments = [moment((0, 5), (6, 7), transcript="[10s] one two three four\n[20s] ♪♪")]
    inside = Segment("a", "videoAAAAAA", "stop", 10, 14)
    outside = Segment("b", "videoAAAAAA", "stop", 17, 27)
    elsewhere = Segment("c", "videoBBBBBB", "stop", 10, 14)
    shares = talk_share([inside, outside, elsewhere], moments)
    assert shares[0] == 0.5
    assert math.isnan(shares[1])
    assert math.isnan(shares[2])
