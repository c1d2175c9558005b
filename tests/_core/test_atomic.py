"""Files are whole or absent."""

import os
import stat
import time

import pytest

from priosig._core.atomic import write_bytes, write_text


def test_a_file_is_written_with_its_directories_and_replaced(tmp_path):
    path = write_text(tmp_path / "a" / "b.txt", "é\n")
    assert path.read_bytes() == b"\xc3\xa9\n"
    write_bytes(path, b"new")
    assert path.read_bytes() == b"new"
    assert [p.name for p in path.parent.iterdir()] == ["b.txt"]


def test_a_failure_leaves_the_old_content_and_no_litter(tmp_path, monkeypatch):
    path = write_bytes(tmp_path / "x", b"old")

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="No space left"):
        write_bytes(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_is_as_readable_as_the_user_s_other_files(tmp_path):
    other = tmp_path / "other"
    other.touch()
    written = write_bytes(tmp_path / "x", b"")
    assert stat.S_IMODE(written.stat().st_mode) == stat.S_IMODE(other.stat().st_mode)


def test_what_a_killed_writer_left_is_swept_and_nothing_else_is(tmp_path):
    left, recent, other = (tmp_path / name for name in (".x.a1.priosig.tmp", ".x.b2.priosig.tmp", ".x.c3.tmp"))
    for path in (left, recent, other):
        path.touch()
    for path in (left, other):
        os.utime(path, (0, time.time() - 3600))
    write_bytes(tmp_path / "x", b"")
    assert {path.name for path in tmp_path.iterdir()} == {"x", recent.name, other.name}
