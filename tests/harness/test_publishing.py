"""Files of a directory appear together or not at all, and an interruption waits."""

import os
import shutil
import signal
import subprocess
import sys

import pytest

from tests.paths import ROOT
from validation.harness import publishing
from validation.harness.publishing import publish

TEXTS = {"a.csv": "new a\n", "b.yml": "new b\n"}


def contents(directory) -> dict[str, str]:
    return {path.name: path.read_text() for path in directory.iterdir()}


def interrupt_at_the_second_file(monkeypatch, interrupt) -> None:
    """Let `interrupt` happen just before the second file is written."""
    write_text, written = publishing.write_text, []

    def write(path, text):
        if len(written) == 1:
            interrupt()
        written.append(path)
        return write_text(path, text)

    monkeypatch.setattr(publishing, "write_text", write)


def no_space() -> None:
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize("empty", [False, True], ids=["absent", "empty"])
def test_a_new_directory_appears_whole(tmp_path, empty):
    directory = tmp_path / "there" / "snapshots"
    if empty:
        directory.mkdir(parents=True)
    publish(directory, TEXTS)
    assert contents(directory) == TEXTS
    assert list(directory.parent.iterdir()) == [directory]


def test_files_of_an_old_directory_are_replaced_and_the_others_stay(tmp_path):
    publish(tmp_path / "snapshots", {"a.csv": "old a\n", "c.csv": "old c\n"})
    publish(tmp_path / "snapshots", TEXTS)
    assert contents(tmp_path / "snapshots") == {**TEXTS, "c.csv": "old c\n"}


@pytest.mark.parametrize("old", [{}, {"a.csv": "old a\n", "b.yml": "old b\n"}], ids=["new", "old"])
def test_a_full_disk_changes_nothing_and_leaves_nothing(tmp_path, monkeypatch, old):
    if old:
        publish(tmp_path / "snapshots", old)
    interrupt_at_the_second_file(monkeypatch, no_space)
    with pytest.raises(OSError, match="No space left"):
        publish(tmp_path / "snapshots", TEXTS)
    assert [path.name for path in tmp_path.iterdir()] == (["snapshots"] if old else [])
    assert not old or contents(tmp_path / "snapshots") == old


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_waits_until_all_is_written(tmp_path, monkeypatch, number):
    came = []
    before = signal.signal(number, lambda number, frame: came.append((number, contents(tmp_path / "snapshots"))))
    try:
        interrupt_at_the_second_file(monkeypatch, lambda: os.kill(os.getpid(), number))
        publish(tmp_path / "snapshots", TEXTS)
    finally:
        signal.signal(number, before)
    assert came == [(number, TEXTS)]


@pytest.mark.skipif(shutil.which("git") is None, reason="there is no git")
def test_a_run_that_is_killed_leaves_nothing_that_git_sees(tmp_path):
    code = (
        "import os, signal, sys; from pathlib import Path; from validation.harness import publishing\n"
        "publishing.os.rename = lambda *_: os.kill(os.getpid(), signal.SIGKILL)\n"
        "publishing.publish(Path(sys.argv[1]) / 'snapshots', {'a.csv': 'a'})"
    )
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], cwd=ROOT)
    assert done.returncode == -signal.SIGKILL
    assert len(list(tmp_path.iterdir())) == 2  # .git, and what was being written
    status = subprocess.run(
        ["git", "status", "--porcelain"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert status.stdout == ""
