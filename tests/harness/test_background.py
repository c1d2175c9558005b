"""Work beside the tests: a process that dies takes no other call with it, and none outlives the session."""

import os
import time
from pathlib import Path

import pytest

from validation.harness import background
from validation.harness.background import Background


def answer(value: int) -> int:
    return value + 1


def die(directory: Path) -> None:
    """Leave a trace, and die as a process does that the kernel ends for want of memory."""
    (directory / str(os.getpid())).touch()
    os.kill(os.getpid(), 9)


def die_once(directory: Path) -> str:
    if not any(directory.iterdir()):
        die(directory)
    return "came through"


def fail() -> None:
    raise ValueError("a sentence")


def sleep(directory: Path) -> None:
    (directory / str(os.getpid())).touch()
    time.sleep(60)


@pytest.fixture
def beside(monkeypatch):
    monkeypatch.setattr(background, "n_processes", lambda: 1)
    calls = Background()
    yield calls
    calls.end(at_once=True)


def test_a_process_that_dies_is_started_again_once_and_then_fails_its_own_call_alone(beside, tmp_path):
    dead, alive = beside.start("dead", die, tmp_path), beside.start("alive", answer, 1)
    with pytest.raises(ChildProcessError, match=r"die.*died twice \(exit code -9\)"):
        dead.result()
    assert len(list(tmp_path.iterdir())) == 2
    assert alive.result() == 2


def test_what_a_process_died_of_once_may_come_through_the_second_time(beside, tmp_path):
    assert beside.start("once", die_once, tmp_path).result() == "came through"


def test_a_call_is_made_once_and_its_error_says_where_it_came_from(beside):
    assert beside.start("key", answer, 1) is beside.start("key", answer, 2)
    with pytest.raises(ValueError, match="a sentence") as error:
        beside.start("wrong", fail).result()
    assert "in fail" in error.value.__notes__[0]


def test_ending_at_once_leaves_no_process(beside, tmp_path):
    call = beside.start("long", sleep, tmp_path)
    waiting = beside.start("later", answer, 1)
    while not any(tmp_path.iterdir()):
        time.sleep(0.01)
    began = time.monotonic()
    beside.end(at_once=True)
    assert time.monotonic() - began < 2
    assert waiting.cancelled()
    with pytest.raises(ChildProcessError, match="broken off"):
        call.result()
    (process,) = tmp_path.iterdir()
    with pytest.raises(ProcessLookupError):
        os.kill(int(process.name), 0)
