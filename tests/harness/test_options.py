"""Settings: command line, then environment, then ini file, then default."""

import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from validation.harness.options import (
    CORPUS,
    OPTIONS,
    check_settings,
    corpus_of,
    setting,
)
from validation.harness.runs import Case, described_cases, experiment_cases, wants_gpu


@pytest.fixture(autouse=True)
def no_environment(monkeypatch):
    for option in OPTIONS.values():
        monkeypatch.delenv(option.variable, raising=False)


def config(*, line: dict | None = None, ini: dict | None = None, inipath: Path | None = None, mark: str = ""):
    stash = {CORPUS: None}
    return SimpleNamespace(
        getoption=lambda name: (line or {}).get(name.removeprefix("--")),
        getini=lambda name: (ini or {}).get(name.removeprefix("priosig_")),
        inipath=inipath,
        option=SimpleNamespace(markexpr=mark),
        stash=stash,
    )


def test_the_line_wins_over_the_environment_and_that_over_the_ini_file(monkeypatch):
    assert setting(config(), "device") == "auto"
    assert setting(config(ini={"device": "mps"}), "device") == "mps"
    monkeypatch.setenv("PRIOSIG_DEVICE", "cuda")
    assert setting(config(ini={"device": "mps"}), "device") == "cuda"
    assert setting(config(line={"device": "cpu"}, ini={"device": "mps"}), "device") == "cpu"


def test_several_checkpoints_in_the_environment_are_split_like_a_path(monkeypatch):
    monkeypatch.setenv("PRIOSIG_CHECKPOINT", os.pathsep.join(["a.ckpt", "b.ckpt"]))
    assert setting(config(), "checkpoint") == ["a.ckpt", "b.ckpt"]
    monkeypatch.delenv("PRIOSIG_CHECKPOINT")
    assert setting(config(), "checkpoint") == []


def test_a_path_in_the_ini_file_is_meant_from_where_that_file_lies(tmp_path):
    (tmp_path / "corpus").mkdir()
    value = setting(config(ini={"corpus": "corpus"}, inipath=tmp_path / "pytest.ini"), "corpus")
    assert value == str(tmp_path / "corpus")


def test_audio_without_annotations_is_a_usage_error():
    with pytest.raises(pytest.UsageError, match="--audio was given without annotations; add --corpus DIR"):
        corpus_of(config(line={"audio": "somewhere"}))
    assert corpus_of(config()) is None


def test_a_corpus_that_is_not_there_is_a_usage_error():
    with pytest.raises(pytest.UsageError, match="nowhere: no such directory"):
        corpus_of(config(line={"corpus": "nowhere"}))


@pytest.mark.parametrize(
    ("mark", "wanted"), [("", False), ("gpu", True), ("not slow and gpu", True), ("gpus", False)]
)
def test_the_mark_gpu_is_seen_in_an_expression(mark, wanted):
    assert wants_gpu(config(mark=mark)) is wanted


def test_worlds_run_without_a_corpus_and_the_corpus_alone_with_one():
    without, having = config(), config()
    having.stash[CORPUS] = object()
    assert {case.world is None for case in experiment_cases(without, None)} == {False}
    assert not any(case.gpu for case in experiment_cases(without, None))
    assert experiment_cases(having, None) == [Case(None)] == described_cases(having)


def test_on_an_accelerator_the_corpus_runs_on_it_and_the_worlds_vouch_for_it():
    having = config(mark="gpu")
    having.stash[CORPUS] = object()
    first, *worlds = experiment_cases(having, "cuda")
    assert first == Case(None, gpu=True)
    assert worlds
    assert all(case.gpu and case.world is not None for case in worlds)
    both = experiment_cases(config(), "cuda")
    assert {case.gpu for case in both} == {True, False}


@pytest.mark.parametrize("device", ["auto", "cpu", "mps", "cuda", "cuda:1"])
def test_devices_that_there_could_be_are_taken(device):
    check_settings(config(line={"device": device}))


@pytest.mark.parametrize("device", ["quantum", "gpu", "cuda:", "cuda:x"])
def test_a_device_that_there_is_not_is_a_usage_error(device):
    with pytest.raises(pytest.UsageError, match=f"--device {device}: expected auto, cpu, cuda"):
        check_settings(config(line={"device": device}))


def test_a_corpus_may_not_take_the_name_of_an_embedded_world(tmp_path):
    (tmp_path / "moments.jsonl").touch()
    (tmp_path / "experiment.toml").write_text('name = "signal"\n')
    with pytest.raises(pytest.UsageError, match=r"'signal', is that of an embedded world.*name = "):
        corpus_of(config(line={"corpus": str(tmp_path)}))


@pytest.mark.parametrize("name", ["cache", "report"])
def test_a_cache_or_report_that_is_no_directory_is_a_usage_error(tmp_path, name):
    (tmp_path / "file").touch()
    (tmp_path / "gone").symlink_to("/nowhere/disk")
    for given, words in (
        ("file", "file: not a directory"),
        ("file/below", "file: not a directory"),
        ("gone", "gone: a link to '/nowhere/disk', which leads to nothing"),
        (os.fsdecode(b"\xff"), "not UTF-8"),
    ):
        with pytest.raises(pytest.UsageError, match=rf"--{name} .*{words}"):
            check_settings(config(line={name: str(tmp_path / given)}))
    check_settings(config(line={name: str(tmp_path / "new" / "one")}))


@pytest.mark.parametrize("epoch", ["yesterday", "1.5", "-1", "9" * 40, "١"])
def test_a_time_of_the_run_that_is_none_is_a_usage_error(monkeypatch, epoch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", epoch)
    with pytest.raises(pytest.UsageError, match=r"SOURCE_DATE_EPOCH is '.*'; expected whole seconds since 1970"):
        check_settings(config())
    for fine in ("", "0", "1700000000"):
        monkeypatch.setenv("SOURCE_DATE_EPOCH", fine)
        check_settings(config())
