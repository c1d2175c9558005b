"""Corpus directories and their settings."""

import pytest

from priosig.experiment.annotations import read_annotations
from priosig.experiment.corpus import Settings, open_corpus, read_settings
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
    ("text", "words"),
    [
        ("nam = 'x'", "nam is not known; expected encoder, exploratory, name, parameters, thresholds"),
        ("[thresholds]\nAUC = 0.6", r"\[thresholds\] AUC is not known; expected auc"),
        ("[parameters]\nauc = 0.6", r"\[parameters\] auc is not known"),
        ("[thresholds]\nauc = 1.6", "auc is 1.6; expected a number from 0 to 1"),
        ("[thresholds]\nauc = true", "auc is True; expected a number"),
        ("[parameters]\nequal_length = 0", "equal_length is 0; expected a number above 0"),
        ("[parameters]\nseed = 1.5", "seed is 1.5; expected a whole number"),
        ("[parameters]\nguard = -1", "guard is -1; expected a number of 0 or more"),
        ("[parameters]\nn_permutations = 100", r"\* alpha is 5\.05 \(100 and 0\.05\); expected a whole number"),
        ("[parameters]\nC = nan", "C is nan; expected a number"),
        ("[encoder]\nlayer = -1", r"\[encoder\] layer is -1; expected 'last', an integer"),
        ("[encoder]\nlayer = [1, 1]", r"\[encoder\] layer is \(1, 1\); expected"),
        ("[encoder]\nprecision = 'half'", r"\[encoder\] precision 'half': expected one of float32"),
        ("[encoder]\nprecision = 16", r"\[encoder\] precision 16: expected one of"),
        ("thresholds = 3", "thresholds is 3; expected a table"),
        ("name = '../x'", r"name is '\.\./x'; expected 1 to 64 letters"),
        ("name = ", "not TOML"),
    ],
)
def test_a_setting_that_is_not_understood_is_refused(tmp_path, text, words):
    (tmp_path / "experiment.toml").write_text(text)
    with pytest.raises(ValueError, match=rf"experiment\.toml: .*{words}"):
        read_settings(tmp_path / "experiment.toml")


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


def test_what_the_encoder_is_told_beside_its_layer(tmp_path):
    path = tmp_path / "experiment.toml"
    path.write_text('\ufeff[encoder]\nrevision = "abc123"\nkeep_frames = true\n', encoding="utf-8")
    _, settings = read_settings(path)
    assert (settings.revision, settings.keep_frames) == ("abc123", True)
    path.write_text("[encoder]\nkeep_frames = 1\n")
    with pytest.raises(ValueError, match=r"\[encoder\] keep_frames is 1; expected true or false"):
        read_settings(path)
    path.write_text("[encoder]\nrevision = 7\n")
    with pytest.raises(ValueError, match=r"\[encoder\] revision is 7; expected a text"):
        read_settings(path)


def test_data_that_had_been_looked_at_are_said_so(tmp_path):
    path = tmp_path / "experiment.toml"
    path.write_text("exploratory = true\n")
    assert read_settings(path)[1].exploratory is True
    path.write_text('exploratory = "yes"\n')
    with pytest.raises(ValueError, match="exploratory is 'yes'; expected true or false"):
        read_settings(path)
