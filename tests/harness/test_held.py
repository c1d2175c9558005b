"""Snapshots are written whole, rewritten only where they differ, and never by continuous integration."""

import math

import pytest

from tests.paths import ROOT
from validation.harness import held as module
from validation.harness.held import Held, settle, summary
from validation.harness.snapshots import Difference

CONFTEST = """
import os
from functools import partial
from pathlib import Path
import pytest
from validation.harness.held import Held, hold_snapshot, settle, summary

HELD = []

def pytest_configure(config):
    read_only = "CI is set" if os.environ.get("CI") else ""
    wanted, anew = frozenset({"corpus.yml", "metrics.csv"}), config.getoption("force_regen")
    HELD.append(Held("trial", Path("trial"), wanted, anew=anew, read_only=read_only))

@pytest.fixture
def hold(request):
    return partial(hold_snapshot, request, HELD[0])

def pytest_sessionfinish(session, exitstatus):
    settle(HELD[0], broken="" if exitstatus in (0, 1) else "the run was broken off")

def pytest_terminal_summary(terminalreporter):
    for line in summary(HELD[0]):
        terminalreporter.line(line)
"""
TEST = """
from math import nan
from validation.harness.snapshots import Facts, Table

def test_facts(hold):
    hold("corpus.yml", Facts({facts}))

def test_numbers(hold):
    hold("metrics.csv", Table(("name",), {rows}))
"""
FACTS = {"segments": {"v m1 stop": "1 to 4 s"}}
RATES = {("auc",): (0.7, "rate"), ("recall",): (0.5, "rate")}
TABLE = "name,value\nauc,0.7\nrecall,0.5\n"
# Installed, priosig is a plugin too, and was imported before the inner run could rewrite its assertions.
QUIET = "filterwarnings = ignore::pytest.PytestAssertRewriteWarning\n"
YAML = "segments:\n  v m1 stop: 1 to 4 s\n"


@pytest.fixture
def suite(pytester, monkeypatch):
    """A suite that holds facts and numbers; gives their directory and a function that runs it."""
    monkeypatch.delenv("CI", raising=False)
    pytester.makeconftest(CONFTEST)
    pytester.makeini(f"[pytest]\npythonpath = {ROOT}\n" + QUIET)

    def run(facts: dict = FACTS, rows: dict = RATES, *options: str, code: str = "") -> tuple[dict, str]:
        pytester.makepyfile(test_it=TEST.format(facts=facts, rows=rows) + code)
        done = pytester.runpytest_inprocess("-q", "-p", "no:cacheprovider", *options)
        return done.parseoutcomes() if done.ret < 2 else {}, done.stdout.str()

    return pytester.path / "trial", run


@pytest.fixture
def known(suite):
    """The same with snapshots."""
    directory, _ = suite
    directory.mkdir()
    (directory / "corpus.yml").write_text(YAML)
    (directory / "metrics.csv").write_text(TABLE)
    return suite


def test_a_first_run_writes_what_the_second_holds(suite):
    directory, run = suite
    outcomes, said = run()
    assert outcomes == {"passed": 2}
    assert "trial: 2 snapshots written; look at them: git add trial" in said
    assert (directory / "metrics.csv").read_text() == TABLE
    assert (directory / "corpus.yml").read_text() == YAML
    outcomes, said = run(rows=RATES | {("auc",): (0.71, "rate")})  # within the tolerance of a rate
    assert outcomes == {"passed": 2}
    assert "trial: " not in said


def test_what_differs_is_told_by_name_and_summed_up(known):
    directory, run = known
    rates = {("auc",): (0.9, "rate"), ("recall",): (math.nan, "rate"), ("precision",): (0.5, "rate")}
    outcomes, said = run({"segments": {"v m1 stop": "1 to 2 s"}}, rates)
    assert outcomes == {"failed": 2}
    assert "v m1 stop: '1 to 2 s', snapshot '1 to 4 s'" in said
    assert "auc: 0.9, snapshot 0.7 (off by 0.2, tolerance 0.02)" in said
    assert "If this is meant: --force-regen" in said
    assert "def test_numbers" not in said  # no source: the lines above say all
    counts = "1 segment changed; 1 number came or went; 2 numbers moved, largest: recall: undefined, snapshot 0.5"
    assert f"trial: {counts}" in said
    assert (directory / "metrics.csv").read_text() == TABLE


def test_what_is_written_anew_keeps_what_is_within_its_tolerance_and_fails_once(known):
    directory, run = known
    rates = {("auc",): (0.71, "rate"), ("recall",): (0.9, "rate")}
    outcomes, said = run(FACTS, rates, "--force-regen")
    assert outcomes == {"passed": 1, "failed": 1}
    assert "Written anew when the run ends: read the diff." in said
    assert "If this is meant" not in said
    assert "trial: 1 file written anew: git diff trial" in said
    assert (directory / "metrics.csv").read_text() == "name,value\nauc,0.7\nrecall,0.9\n"
    assert run(FACTS, rates)[0] == {"passed": 2}


def test_continuous_integration_writes_nothing_and_misses_snapshots_once(suite, monkeypatch):
    directory, run = suite
    monkeypatch.setenv("CI", "true")
    outcomes, said = run(FACTS, RATES, "--force-regen")
    assert outcomes == {"failed": 1, "skipped": 1}
    assert "trial: no snapshots of trial, and none is written: CI is set" in said
    assert not directory.exists()


def test_continuous_integration_rewrites_nothing(known, monkeypatch):
    directory, run = known
    monkeypatch.setenv("CI", "true")
    outcomes, said = run(FACTS, RATES | {("auc",): (0.9, "rate")}, "--force-regen")
    assert outcomes == {"passed": 1, "failed": 1}
    assert "Nothing is written: CI is set" in said
    assert (directory / "metrics.csv").read_text() == TABLE


def test_one_that_is_missing_among_others_is_a_failure_and_written_only_if_asked(known):
    directory, run = known
    (directory / "metrics.csv").unlink()
    outcomes, said = run()
    assert outcomes == {"passed": 1, "failed": 1}
    assert "metrics.csv: no such snapshot. If this is meant: --force-regen" in said
    assert not (directory / "metrics.csv").exists()
    assert run(FACTS, RATES, "--force-regen")[0] == {"passed": 1, "failed": 1}
    assert run()[0] == {"passed": 2}


def test_an_empty_directory_holds_no_snapshots(suite):
    directory, run = suite
    directory.mkdir()
    assert run()[0] == {"passed": 2}
    assert len(list(directory.iterdir())) == 2


@pytest.mark.parametrize(
    "code",
    ["", '\ndef test_it_is_broken_off():\n    import pytest; pytest.exit("now")\n'],
    ids=["one file was not held", "interrupted"],
)
def test_of_a_run_that_did_not_get_through_nothing_appears(suite, code):
    directory, run = suite
    _, said = run(FACTS, RATES, *([] if code else ["-k", "facts"]), code=code)
    assert "trial: no snapshot was written: " in said
    assert not directory.exists()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "metrics.csv can't be read: line 1 is ''"),
        (b"name,value\nauc,\xff\n", "metrics.csv can't be read: 'utf-8' codec"),
    ],
    ids=["empty", "not UTF-8"],
)
def test_what_is_no_snapshot_is_a_failure_that_names_the_file_and_can_be_written_anew(known, content, words):
    directory, run = known
    (directory / "metrics.csv").write_bytes(content)
    outcomes, said = run()
    assert outcomes == {"passed": 1, "failed": 1}
    assert words in said
    assert "trial: 1 file can't be read" in said
    run(FACTS, RATES, "--force-regen")
    assert (directory / "metrics.csv").read_text() == TABLE


def test_snapshots_that_cannot_be_written_are_told(tmp_path, monkeypatch):
    def publish(directory, texts):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "publish", publish)
    held = Held("trial", tmp_path / "trial", frozenset({"a.csv"}), texts={"a.csv": "a"})
    assert not settle(held, broken="")
    assert summary(held) == ["trial: no snapshot was written: [Errno 28] No space left on device"]


def test_of_an_experiment_that_could_not_be_run_nothing_is_written(tmp_path):
    held = Held("trial", tmp_path, frozenset({"a.csv"}), anew=True, texts={"a.csv": "a"})
    held.differences.append(Difference("fact", "n: 3, snapshot 4"))
    assert settle(held, broken="the experiment could not be run")
    assert list(tmp_path.iterdir()) == []
    assert summary(held)[1:] == ["trial: no snapshot was written: the experiment could not be run"]


def test_many_differences_of_one_file_are_cut_short(known):
    _, run = known
    _, said = run(rows=RATES | {(f"n{k:02d}",): (k, "count") for k in range(30)})
    assert "n19: 19, snapshot none" in said
    assert "n20: 20" not in said
    assert "... and 10 more" in said
