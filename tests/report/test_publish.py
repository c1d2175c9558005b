"""A report replaces what an earlier report of the same name wrote, and nothing else."""

import json
from pathlib import Path

import pytest

from priosig._core import atomic
from priosig.report import publish as publishing
from priosig.report.page import write_failure
from priosig.report.publish import EARLIER, MANIFEST, publish


def contents(directory: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in directory.iterdir() if path.name != MANIFEST}


def test_a_later_report_takes_the_place_of_an_earlier_one(tmp_path):
    publish(tmp_path / "r", "r", {"index.html": "1", "a.csv": "1", "b.csv": "1"})
    publish(tmp_path / "r", "r", {"index.html": "2", "a.csv": "2"})
    assert contents(tmp_path / "r") == {"index.html": "2", "a.csv": "2"}


def test_a_failure_takes_away_tables_of_an_earlier_report_and_nothing_of_the_users(tmp_path):
    publish(tmp_path / "r", "r", {"index.html": "1", "audit.csv": "1", "edited.csv": "1"})
    (tmp_path / "r" / "mine.csv").write_text("years of work")
    (tmp_path / "r" / "edited.csv").write_text("notes of the user")
    (tmp_path / "r" / "folder").mkdir()
    write_failure("r", tmp_path, "no audio")
    left = {path.name for path in (tmp_path / "r").iterdir()}
    assert left == {"index.html", "mine.csv", "edited.csv", "folder", MANIFEST}
    assert (tmp_path / "r" / "edited.csv").read_text() == "notes of the user"


def test_a_report_of_an_older_version_is_set_aside_once_and_whole(tmp_path):
    write_failure("r", tmp_path, "before")
    directory = tmp_path / "r"
    (directory / MANIFEST).unlink()  # older versions wrote none
    (directory / "a.csv").write_text("notes of the user")
    (directory / "mine.csv").write_text("years of work")
    page = (directory / "index.html").read_text()
    publish(directory, "r", {"index.html": "2", "a.csv": "2"})
    assert contents(directory / EARLIER) == {"index.html": page, "a.csv": "notes of the user"}
    (directory / EARLIER / "a.csv").unlink()
    assert (directory / "mine.csv").read_text() == "years of work"
    assert (directory / "index.html").read_text() == "2"
    (directory / MANIFEST).unlink()
    (directory / "index.html").write_text(page)
    with pytest.raises(ValueError, match="move it away"):
        publish(directory, "r", {"index.html": "3"})


@pytest.mark.parametrize("kind", ["file", "directory", "link", "dangling link", "edited", "other report"])
def test_what_is_in_the_way_stays_and_nothing_is_written(tmp_path, kind):
    directory, file = tmp_path / "r", tmp_path / "r" / "a.csv"
    publish(directory, "other" if kind == "other report" else "r", {"a.csv": "1", "b.csv": "1"})
    elsewhere = tmp_path / "elsewhere.csv"
    if kind == "file":
        (directory / MANIFEST).unlink()
    elif kind == "directory":
        file.unlink()
        file.mkdir()
    elif kind == "link":
        elsewhere.write_text("1")  # even with the very same content
        file.unlink()
        file.symlink_to(elsewhere)
    elif kind == "dangling link":
        file.unlink()
        file.symlink_to(elsewhere)
    elif kind == "edited":
        file.write_text("notes")
    before = sorted((p.name, p.is_symlink(), p.read_bytes() if p.is_file() else b"") for p in directory.iterdir())
    with pytest.raises(ValueError, match="move it away"):
        publish(directory, "r", {"a.csv": "2", "b.csv": "2", "c.csv": "2"})
    after = sorted((p.name, p.is_symlink(), p.read_bytes() if p.is_file() else b"") for p in directory.iterdir())
    assert after == before
    assert not elsewhere.exists() or elsewhere.read_text() == "1"


def test_a_link_in_the_place_of_the_directory_or_the_manifest_is_not_followed(tmp_path):
    (tmp_path / "home").mkdir()
    (tmp_path / "r").symlink_to(tmp_path / "home")
    with pytest.raises(ValueError, match="symbolic link"):
        publish(tmp_path / "r", "r", {"a.csv": "1"})
    (tmp_path / "home" / MANIFEST).symlink_to(tmp_path / "manifest")
    with pytest.raises(ValueError, match="not the manifest"):
        publish(tmp_path / "home", "home", {"a.csv": "1"})
    assert not (tmp_path / "manifest").exists()
    assert [path.name for path in (tmp_path / "home").iterdir()] == [MANIFEST]


@pytest.mark.parametrize("text", ["", "[]", "null", '{"report": "r"}', '{"report": "r", "files": ["a"]}'])
def test_a_manifest_that_cannot_be_read_is_the_users(tmp_path, text):
    (tmp_path / MANIFEST).write_text(text)
    with pytest.raises(ValueError, match="not the manifest of a report of r"):
        publish(tmp_path, "r", {"a.csv": "1"})
    assert contents(tmp_path) == {}


def test_a_manifest_reaches_no_file_outside_of_its_directory(tmp_path):
    (tmp_path / "victim").write_text("1")
    publish(tmp_path / "r", "r", {"victim": "1"})
    manifest = json.loads((tmp_path / "r" / MANIFEST).read_text())
    manifest["files"]["../victim"] = manifest["files"]["victim"]
    (tmp_path / "r" / MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(ValueError, match="not the manifest"):
        publish(tmp_path / "r", "r", {"a.csv": "1"})
    assert (tmp_path / "victim").exists()


def test_a_run_that_was_killed_between_two_files_is_gone_on_from(tmp_path, monkeypatch):
    publish(tmp_path, "r", {"a.csv": "1", "b.csv": "1", "old.csv": "1"})

    def killed_at_b(path, data):
        if Path(path).name == "b.csv":
            raise KeyboardInterrupt
        return atomic.write_bytes(path, data)

    monkeypatch.setattr(publishing, "write_bytes", killed_at_b)
    with pytest.raises(KeyboardInterrupt):
        publish(tmp_path, "r", {"a.csv": "2", "b.csv": "2"})
    monkeypatch.undo()
    assert contents(tmp_path) == {"a.csv": "2", "b.csv": "1", "old.csv": "1"}
    publish(tmp_path, "r", {"a.csv": "3", "b.csv": "3"})
    assert contents(tmp_path) == {"a.csv": "3", "b.csv": "3"}


def test_the_same_files_have_the_same_manifest(tmp_path):
    for name in ("one", "two"):
        publish(tmp_path / name, "r", {"b": "1", "a": "2"})
    assert (tmp_path / "one" / MANIFEST).read_bytes() == (tmp_path / "two" / MANIFEST).read_bytes()
