"""The line that says how far long work is."""

import pytest

from priosig._core import progress_line
from priosig._core.progress import Progress
from priosig._core.progress_line import Pace, ProgressLine


@pytest.fixture
def clock(monkeypatch):
    """A clock that a test sets."""
    times = {"now": 0.0}
    monkeypatch.setattr(progress_line.time, "monotonic", lambda: times["now"])
    return times


def shown(clock, on_terminal: bool, seconds: list[float], name: str = "study") -> list[str]:
    texts: list[str] = []
    with ProgressLine(name, texts.append, on_terminal) as line:
        report = line.start("embeddings")
        for second in seconds:
            clock["now"] = second
            report(Progress(done=second, cached=0.0, total=1000.0))
    return texts


def test_a_line_is_never_wider_than_the_terminal(clock, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    texts = shown(clock, True, [20.0, 60.0], name="a study with a very long name")
    assert len(texts) == 3
    assert all(len(text.removeprefix("\r\x1b[K")) <= 39 for text in texts)


def test_the_line_is_cleared_at_the_end(clock):
    assert shown(clock, True, [20.0])[-1] == "\r\x1b[K"


def test_what_is_quick_shows_nothing(clock):
    assert shown(clock, True, [1.0, 2.0]) == []


def test_a_log_gets_plain_lines_now_and_then(clock):
    texts = shown(clock, False, [float(second) for second in range(100)])
    assert texts[0] == "study: embeddings, 30 of 1000 s of audio, about 16 min left\n"
    assert len(texts) == 3
    assert not any("\x1b" in text or "\r" in text for text in texts)


def test_time_before_the_first_result_is_not_taken_for_the_pace():
    pace = Pace()
    assert pace.seconds_left(Progress(1.0, 0.0, 100.0), now=300.0) is None  # a model was loaded before
    assert pace.seconds_left(Progress(11.0, 0.0, 100.0), now=310.0) == pytest.approx(89.0)


def test_what_comes_from_the_cache_is_not_taken_for_the_pace():
    pace = Pace()
    pace.seconds_left(Progress(500.0, 500.0, 1000.0), now=0.0)
    assert pace.seconds_left(Progress(510.0, 500.0, 1000.0), now=10.0) == pytest.approx(490.0)


def test_the_pace_is_that_of_the_last_minute():
    pace = Pace()
    for second in range(1000):  # slow at first, then ten times as quick
        done = second * 0.1 if second < 500 else 50 + (second - 500) * 1.0
        left = pace.seconds_left(Progress(done, 0.0, 2000.0), now=float(second))
    assert left == pytest.approx(2000 - done, rel=0.05)
