"""A world in its directory: whole, made again, or refused where something else lies."""

import json
import shutil
import wave

import pytest

from priosig.annotations.moments import load_moments
from priosig.annotations.segments import identify_segments
from priosig.experiment.corpus import open_corpus
from priosig.worlds import worlds
from priosig.worlds.lessons import Recipe, Recording
from priosig.worlds.piano import Performance
from priosig.worlds.worlds import make_world

TINY = Recipe(
    (Recording(16_000, -20, -50, stops=2, continues=1), Recording(8000, -26, -56, stops=2, continues=1, channels=2)),
    stop=(0.5, 0.6),
    continues=(0.5, 0.6),
    shift={"articulation": -0.4},
    shifted=(0, 1),
    parameters={"min_continue_duration": 0.4, "equal_length": 0.4},
)


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> str:
    """A world of two videos that is made in a moment."""
    monkeypatch.setitem(worlds.RECIPES, "tiny", TINY)
    return "tiny"


def files_of(directory) -> dict[str, bytes]:
    return {str(p.relative_to(directory)): p.read_bytes() for p in sorted(directory.rglob("*")) if p.is_file()}


def test_a_world_is_a_corpus_with_its_truth_beside_it(tiny, tmp_path):
    make_world(tiny, tmp_path)
    corpus = open_corpus(tmp_path)
    assert corpus.name == tiny
    assert corpus.settings.min_continue_duration == 0.4
    segments = identify_segments(load_moments(corpus.moments), corpus.settings.min_continue_duration)
    truth = json.loads((tmp_path / "truth.json").read_text())["segments"]
    assert {s.segment_id: s.label for s in segments} == {s["segment_id"]: s["label"] for s in truth}
    assert all(0 < Performance(**s["performance"]).brightness < 1 for s in truth)
    formats = set()
    for video in {s.video_id for s in segments}:
        with wave.open(str(corpus.audio / f"{video}.wav")) as file:
            formats.add((file.getframerate(), file.getnchannels(), file.getsampwidth()))
            assert file.getnframes() / file.getframerate() > max(s.end_time for s in segments if s.video_id == video)
    assert formats == {(16_000, 1, 2), (8000, 2, 2)}


def test_equal_seeds_give_equal_bytes_and_others_do_not(tiny, tmp_path):
    for directory, seed in (("a", 3), ("b", 3), ("c", 4)):
        make_world(tiny, tmp_path / directory, seed=seed)
    assert files_of(tmp_path / "a") == files_of(tmp_path / "b")
    assert not set(files_of(tmp_path / "a").values()) & set(files_of(tmp_path / "c").values()) - {
        (tmp_path / "a" / "experiment.toml").read_bytes()
    }


def test_a_whole_world_is_found_again_and_not_written(tiny, tmp_path):
    make_world(tiny, tmp_path)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    make_world(tiny, tmp_path)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


@pytest.mark.parametrize("missing", ["a recording", "all but the truth", "other code"])
def test_a_world_that_is_not_whole_is_made_again(tiny, tmp_path, missing):
    make_world(tiny, tmp_path)
    whole = files_of(tmp_path)
    truth = tmp_path / "truth.json"
    if missing == "a recording":
        next((tmp_path / "audio").glob("*.wav")).unlink()
    elif missing == "all but the truth":  # what the first moment of an interrupted run leaves
        for path in whole.keys() - {"truth.json"}:
            (tmp_path / path).unlink()
    else:
        truth.write_text(truth.read_text().replace(worlds._generator(), "older"), encoding="utf-8")
    make_world(tiny, tmp_path)
    assert files_of(tmp_path) == whole


def other_corpus(directory, whole):
    for path in whole:
        (directory / path).unlink()
    (directory / "moments.jsonl").write_text("{}")


def edited(directory, whole):
    (directory / "experiment.toml").write_text('name = "mine"')


def another_recording(directory, whole):
    (directory / "audio" / "mine.wav").touch()


def no_truth(directory, whole):
    (directory / "truth.json").unlink()


def broken_truth(directory, whole):
    (directory / "truth.json").write_text('{"world": "tiny", "files": 3}')


def link(directory, whole):
    shutil.move(directory / "audio", directory.parent / "elsewhere")
    (directory / "audio").symlink_to(directory.parent / "elsewhere")


@pytest.mark.parametrize("change", [other_corpus, edited, another_recording, no_truth, broken_truth, link])
def test_a_directory_that_holds_anything_else_is_refused_and_left_as_it_is(tiny, tmp_path, change):
    directory = tmp_path / "corpus"
    make_world(tiny, directory)
    change(directory, files_of(directory))
    before = files_of(tmp_path)
    with pytest.raises(ValueError, match=r"/corpus/.*: not a file that make_world wrote.*expected a new directory"):
        make_world(tiny, directory, seed=1)
    assert files_of(tmp_path) == before


def test_another_seed_leaves_no_recording_of_the_first(tiny, tmp_path):
    make_world(tiny, tmp_path, seed=0)
    make_world(tiny, tmp_path, seed=1)
    truth = json.loads((tmp_path / "truth.json").read_text())
    videos = {path.stem for path in (tmp_path / "audio").iterdir()}
    assert videos == {s["video_id"] for s in truth["segments"]}


@pytest.mark.parametrize(
    ("name", "seed", "message"),
    [("nowhere", 0, "no world is called 'nowhere'; expected one of signal, no_signal"), ("signal", -1, "seed is -1")],
    ids=["unknown name", "negative seed"],
)
def test_impossible_worlds_are_refused(tmp_path, name, seed, message):
    with pytest.raises(ValueError, match=message):
        make_world(name, tmp_path, seed=seed)
