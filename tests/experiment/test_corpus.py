"""Corpus directories: their parts and their annotations."""

import os

import pytest

from priosig.experiment.corpus import open_corpus, read_annotations
from priosig.experiment.settings import Settings
from priosig.extraction.muq.model import DEFAULT_MODEL
from tests.paths import SMALL_MUQ


@pytest.fixture
def directory(tmp_path, moments_file, moment_row):
    moments_file(moment_row())
    return tmp_path


def test_a_full_directory_is_found(directory):
    for name in ("audio", "checkpoints"):
        (directory / name).mkdir()
    (directory / "muq").symlink_to(SMALL_MUQ)
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
        ({"checkpoints": ["nowhere.ckpt"]}, r"nowhere\.ckpt: no such file; expected a quality head"),
        ({"checkpoints": ["."]}, r"no \*\.ckpt in it"),
        (
            {"muq": "nowhere"},
            "nowhere: no such directory; expected one with config.json and model.safetensors, or a hub",
        ),
        ({"muq": "."}, r"\.: no config\.json; expected config\.json and model\.safetensors"),
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


DIRECTORIES = ("audio", "checkpoints", "muq")


@pytest.mark.parametrize("name", [*DIRECTORIES, "experiment.toml", "moments.jsonl"])
def test_a_link_that_leads_to_nothing_or_in_a_circle_is_refused_by_name(directory, name):
    part = directory / name
    part.unlink(missing_ok=True)
    part.symlink_to("/nowhere/annex/objects/SHA256E-s1")
    with pytest.raises(ValueError, match=rf"/{name}: a link to '/nowhere/.*', which leads to nothing; expected"):
        open_corpus(directory)
    part.unlink()
    part.symlink_to(part)
    with pytest.raises(ValueError, match=rf"/{name}: a link to .*, which leads to nothing; expected"):
        open_corpus(directory)


@pytest.mark.parametrize("name", DIRECTORIES)
def test_a_file_in_the_place_of_a_directory_is_refused(directory, name):
    (directory / name).write_text("version https://git-lfs.github.com/spec/v1\n")
    with pytest.raises(ValueError, match=rf"/{name}: not a directory; expected"):
        open_corpus(directory)


def test_a_directory_or_a_pipe_in_the_place_of_a_file_is_refused(directory):
    (directory / "experiment.toml").mkdir()
    with pytest.raises(ValueError, match=r"/experiment\.toml: not a file; expected the experiment's settings"):
        open_corpus(directory)
    os.mkfifo(directory / "pipe.jsonl")
    with pytest.raises(ValueError, match=r"pipe\.jsonl: not a file; expected annotations"):
        open_corpus(moments=directory / "pipe.jsonl")


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("Audio", "audio"), ("audios", "audio"), ("audio.dvc", "audio"), ("audio.zip", "audio"),
        ("checkpoint", "checkpoints"), ("Checkpoints", "checkpoints"), ("MuQ", "muq"),
        ("experiments.toml", "experiment.toml"), ("experiment.tml", "experiment.toml"),
    ],
)  # fmt: skip
def test_a_name_that_is_nearly_that_of_a_part_is_refused(directory, name, meant):
    (directory / name).mkdir()
    with pytest.raises(ValueError, match=rf"/{name}: looks like {meant}, which is not there; expected that name"):
        open_corpus(directory)


def test_other_names_are_let_be_and_so_is_a_part_that_was_replaced(directory):
    for name in ("README.md", "truth.json", "notes", ".git", "moments.jsonl.bak", "audio"):
        (directory / name).mkdir()
    (directory / "checkpoints").symlink_to("nowhere")
    (directory / "head.ckpt").touch()
    corpus = open_corpus(directory, checkpoints=[directory / "head.ckpt"])
    assert (corpus.audio, corpus.checkpoints) == (directory / "audio", (directory / "head.ckpt",))


def test_a_link_that_leads_to_a_part_is_that_part(directory, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("disk")
    (directory / "audio").symlink_to(elsewhere)
    assert open_corpus(directory).audio == directory / "audio"


@pytest.mark.parametrize("other", ["b.CKPT", "b.ckpt.dvc"])
def test_a_quality_head_that_would_be_left_out_is_refused(directory, other):
    (directory / "checkpoints").mkdir()
    for name in ("a.ckpt", other):
        (directory / "checkpoints" / name).touch()
    with pytest.raises(FileNotFoundError, match=rf"checkpoints: holds '{other}'; expected quality heads"):
        open_corpus(directory)
    (directory / "checkpoints" / other).unlink()
    (directory / "checkpoints" / "c.ckpt").symlink_to("nowhere")
    with pytest.raises(ValueError, match=r"c\.ckpt: a link to 'nowhere', which leads to nothing"):
        open_corpus(directory)


def test_a_name_that_no_message_could_show_is_refused(tmp_path):
    for name in (os.fsdecode(b"corpus\xff"), "cor\x1bpus", "cor\npus"):
        with pytest.raises(ValueError, match=r"a name with bytes that are not UTF-8 text; rename it") as caught:
            open_corpus(tmp_path / name)
        assert str(caught.value).isprintable()


def test_an_encoder_that_exists_by_name_never_goes_to_the_hub(directory, monkeypatch):
    monkeypatch.chdir(directory)
    (directory / "owner").mkdir()
    (directory / "owner" / "muq").symlink_to("/nowhere")
    with pytest.raises(ValueError, match="owner/muq: a link to '/nowhere'"):
        open_corpus(directory, muq="owner/muq")
    assert open_corpus(directory, muq="owner/other").muq == "owner/other"


@pytest.mark.parametrize("part", ["moments.jsonl", "checkpoints/head.ckpt", "muq/model.safetensors"])
def test_a_sparse_file_is_refused_before_it_is_hashed(tmp_path, part):
    for name in ("moments.jsonl", "checkpoints/head.ckpt", "muq/model.safetensors", "muq/config.json"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "muq" / "config.json").write_bytes((SMALL_MUQ / "config.json").read_bytes())
    os.truncate(tmp_path / part, 20 << 30)
    with pytest.raises(ValueError, match=rf"{part}: 21474836480 bytes; expected .*, at most"):
        read_annotations(open_corpus(tmp_path))
