"""Bouts of playing, from spans of talk and silence."""

from hypothesis import given
from hypothesis import strategies as st

from priosig.annotations.bouts import Bout, captioned_bouts, find_bouts, lesson_of
from priosig.annotations.segments import Segment


def between(talk, silence=(), heard=((0, 100),), **options) -> list[tuple[float, float]]:
    return [(bout.start, bout.end) for bout in find_bouts(talk, silence, heard, **options)]


#  0         10        20        30        40        50
#  tttttttttt pppppppppppppppppppppppp tttttttttt ppp...
def test_a_bout_lasts_from_talk_to_talk():
    assert between([(0, 10), (34, 45)]) == [(10, 34), (45, 100)]


#  tttttttttt ppppppppp s pppppppp t ppppppppp ssss ppp...
def test_a_pause_or_a_word_under_3_seconds_does_not_end_a_bout():
    assert between([(0, 10), (35, 37.9)], [(20, 22.9)]) == [(10, 100)]
    assert between([(0, 10), (35, 38)], [(20, 23)]) == [(10, 20), (23, 35), (38, 100)]


#  tttttt . tttttt . tttttt pppppppp      each talk lasts 2 s, each pause 2 s
def test_talk_with_pauses_is_one_talk_however_short_its_parts():
    assert between([(0, 2), (4, 6), (8, 10)]) == [(10, 100)]


#  tttttt ssssss pp ssssss ppppppppp
def test_playing_under_3_seconds_is_no_bout():
    assert between([(0, 6)], [(6, 12), (14, 20)]) == [(20, 100)]


#  talk that goes over into silence ends a bout if both together last 3 s
def test_talk_and_silence_end_a_bout_together():
    assert between([(0, 6), (30, 32)], [(32, 34)]) == [(6, 30), (34, 100)]


#  heard      [0 ...... 40)          [60 ....... 100)
#  talk                [30 .. 40)          [70 75)
def test_playing_at_the_start_of_what_is_heard_has_no_heard_beginning():
    bouts = find_bouts([(30, 40), (70, 75)], [], [(0, 40), (60, 100)])
    assert bouts == (Bout(0, 30, False), Bout(60, 70, False), Bout(75, 100, True))


def test_captions_end_a_bout_however_short_their_talk(moment):
    transcript = "[0s] Good. Now, once more.\n[5s] ♪♪\n[30s] No.\n[33s] ♪♪\n[60s] Thank you."
    bouts = captioned_bouts(
        [moment((5, 30), (31, 33), transcript=transcript), moment((5, 9), (9, 12), video="other")]
    )
    assert bouts == {"other": (), "videoAAAAAA": (Bout(2, 30, True), Bout(31, 60, True))}


def test_bouts_are_looked_for_from_the_first_segment_of_a_video_to_its_last():
    times = {"v": [(40, 50), (5, 30), (31, 44)], "u": [(1, 2)]}
    segments = [Segment(f"{v}{i}", v, "stop", *window) for v, of_v in times.items() for i, window in enumerate(of_v)]
    assert lesson_of(segments) == {"u": (1, 2), "v": (5, 50)}


spans = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=10)


@given(spans, spans)
def test_bouts_hold_no_talk_or_silence_of_3_seconds_and_reach_as_far_as_they_can(talk, silence):
    bouts = find_bouts(talk, silence, [(0, 60)])
    assert [b.start for b in bouts] == sorted(b.start for b in bouts)
    for bout in bouts:
        assert bout.duration >= 3
        assert bout.start_heard == (bout.start > 0)
        for start, end in (*talk, *silence):
            assert min(end, bout.end) - max(start, bout.start) < 3
    busy = {t for a, b in (*talk, *silence) for t in range(a, b)}
    for edge in {b.start for b in bouts} - {0} | {b.end - 1 for b in bouts} - {59}:
        assert edge not in busy
    assert all({b.start - 1 for b in bouts} - {-1} <= busy for _ in bouts)
