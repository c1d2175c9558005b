"""What is planted in each embedded world (`priosig.worlds.worlds` plants it), and which verdicts are right there."""

_NOTHING = ("no signal", "underpowered")
_ROWS: tuple[tuple[str, tuple[str, ...], str], ...] = (
    ("signal", ("signal",),
     "Before a STOP the notes are shorter and the sound is darker. There is something to hear, and nothing else "
     "tells a STOP from a CONTINUE."),
    ("no_signal", _NOTHING,
     "Nothing: the playing before a STOP and in a CONTINUE is drawn alike. Whatever seems to tell them apart is "
     "chance."),
    ("length_leak", _NOTHING,
     "Only length: STOP windows last about 1.5 s and CONTINUE windows about 12.6 s, while the playing is drawn "
     "alike. There is nothing to hear, but a stopwatch can tell."),
    ("talk_leak", _NOTHING,
     "Only talk: the teacher talks on into the CONTINUE windows, while the playing is drawn alike. There is "
     "nothing to hear in the playing, but a voice gives the label away."),
    ("two_kinds_of_videos", (*_NOTHING, "heterogeneous"),
     "Nothing within a video. Three videos are recorded well and hold mostly STOPs, two are recorded badly and "
     "are balanced: comparing windows across videos looks like success and is none."),
    ("signal_and_leak", ("signal",),
     "Before a STOP the notes are shorter and the sound is darker; and CONTINUE windows last longer, so that a "
     "stopwatch can tell too. The signal is there once the length is taken away."),
    ("signal_in_one_video", (*_NOTHING, "heterogeneous"),
     "Before a STOP the notes are shorter and the sound is darker, but in one video of the five only. What holds "
     "for one video says nothing about the next."),
    ("tiring_student", _NOTHING,
     "Only drift: from the beginning of every bout on the notes grow shorter and the sound darker, whether the "
     "teacher stops or not. A STOP comes late in its bout, so the clock tells it from a CONTINUE; at the same "
     "time into the playing there is nothing to hear."),
    ("signal_in_bouts", ("signal",),
     "Before a STOP the notes are shorter and the sound is darker than in other bouts that had gone on as long. "
     "There is something to hear, and no drift that could explain it."),
    ("louder_stops", ("signal",),
     "Only level: what is played before a STOP is louder, and no other way. A model that finds it has found no "
     "more than loudness."),
)  # fmt: skip
EXPECTED = {name: verdicts for name, verdicts, _ in _ROWS}
"""By name of the world the verdicts that are right for it, in the view that conclusions are drawn from."""
PLANTED = {name: words for name, _, words in _ROWS}
"""By name of the world. A corpus is refused these names, so that an experiment of such a name is synthetic."""
