"""Corpus directories: their parts and their annotations."""

import pytest

from priosig.experiment.corpus import open_corpus, read_annotations
from priosig.experiment.settings import Settings
from priosig.extraction.muq.model import DEFAULT_MODEL


@pytest.fixture
def directory(tmp_path, moments_file, moment_row):
    moments_file(moment_row())
    return tmp_path


def test_a_full_directory_is_found(directory):
    for name in ("audio", "muq", "checkpoints"):
        (directory / name).mkdir()
    for name in ("b.ckpt", "a.ckpt"):
        (directory / "checkpoints" / name).touch()
    (directory / "experiment.toml").write_text(
        'name = "study"\n[thresholds]\nauc = 0.7\n[parameters]\nseed = 3\n'
        '[encoder]\nlayer = [3, 6]\nprecision = "bfloat16"\n'
    )
    corpus = open_corpus(directory)
    assert corpus.name == "study"
    assert corpus.audio == directory / "audio"
    assert [path.name for path in corpus.checkpoints] == ["a.ckpt", "b.ckpt"]
    assert corpus.muq == str(directory / "muq")
    assert corpus.settings == Settings(auc=0.7, seed=3, layer=(3, 6), precision="bfloat16")


def test_annotations_alone_are_a_corpus(directory):
    corpus = open_corpus(moments=directory / "moments.jsonl")
    assert (corpus.name, corpus.audio, corpus.checkpoints, corpus.muq) == ("moments", None, (), DEFAULT_MODEL)


def test_a_name_that_was_not_chosen_is_made_fit(tmp_path, moment_row, moments_file):
    strange = tmp_path / "my corpus (old)"
    strange.mkdir()
    moments_file(moment_row()).rename(strange / "moments.jsonl")
    assert open_corpus(strange).name == "my-corpus-old"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"directory": "nowhere"}, "nowhere: no such directory"),
        ({"moments": "nowhere.jsonl"}, r"nowhere\.jsonl: no such file"),
        ({"audio": "nowhere"}, "nowhere: no such directory; expected recordings"),
        ({"checkpoints": ["nowhere.ckpt"]}, r"nowhere\.ckpt: no such checkpoint"),
        ({"checkpoints": ["."]}, r"no \*\.ckpt in it"),
    ],
)
def test_a_part_that_was_named_must_be_there(directory, monkeypatch, arguments, words):
    monkeypatch.chdir(directory)
    with pytest.raises(FileNotFoundError, match=words):
        open_corpus(**{"directory": ".", **arguments})


def test_nothing_given_is_refused():
    with pytest.raises(ValueError, match="neither a directory nor"):
        open_corpus()


def test_a_corpus_with_one_video_is_refused(moments_file, moment_row):
    with pytest.raises(ValueError, match=r"one video only \(videoAAAAAA\); expected at least 2"):
        read_annotations(open_corpus(moments=moments_file(moment_row())))


def test_a_corpus_with_one_class_is_refused(moments_file, moment_row):
    path = moments_file(moment_row(), moment_row(moment_id="m2", video_id="videoBBBBBB"))
    with pytest.raises(ValueError, match="no CONTINUE segment among 2"):
        read_annotations(open_corpus(moments=path))
