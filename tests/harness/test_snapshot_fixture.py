"""Snapshots of the suite: written whole, rewritten sparingly, and never by continuous integration."""

import pytest

from tests.paths import ROOT

CONFTEST = """
import pytest
from priosig._core.atomic import write_text
from validation.harness.snapshot_fixture import FIRST, KNOWN, Snapshot

def pytest_configure(config):
    config.stash[FIRST] = {}
    config.stash[KNOWN] = frozenset(config.getini("known"))

def pytest_addoption(parser):
    parser.addini("known", "experiments that have snapshots", type="args")

def pytest_sessionfinish(session, exitstatus):
    for path, text in session.config.stash[FIRST].items():
        write_text(path, text)

@pytest.fixture
def snapshot(request):
    return Snapshot(request, "trial")
"""
TEST = """
def test_values(snapshot):
    with snapshot:
        snapshot.table("rates", {values}, kind="rate")
        snapshot.facts("facts", {facts})
"""
TABLE, FACTS = "test_it/trial/rates.csv", "test_it/trial/facts.yml"


@pytest.fixture
def suite(pytester, monkeypatch):
    """A suite of one test that holds values and facts; gives its directory and a function that runs it."""
    monkeypatch.delenv("CI", raising=False)
    pytester.makeconftest(CONFTEST)

    def run(values: dict, facts: dict, *options: str, known: bool = True) -> tuple[int, str]:
        pytester.makeini(f"[pytest]\npythonpath = {ROOT}\nknown = {'trial' if known else ''}\n")
        pytester.makepyfile(test_it=TEST.format(values=values, facts=facts))
        done = pytester.runpytest_inprocess("-q", "-p", "no:cacheprovider", *options)
        return done.ret, done.stdout.str()

    return pytester.path, run


def test_a_first_run_writes_what_the_second_holds(suite):
    directory, run = suite
    assert run({"auc": 0.7}, {"n": 3}, known=False)[0] == 0
    assert (directory / TABLE).read_text() == "name,value\nauc,0.7\n"
    assert (directory / FACTS).read_text() == "n: 3\n"
    assert run({"auc": 0.71}, {"n": 3})[0] == 0  # within the tolerance of a rate
    code, said = run({"auc": 0.8}, {"n": 4})
    assert code == 1
    assert "auc: 0.8, snapshot 0.7 (off by 0.1, tolerance 0.02)" in said
    assert "n: 4, snapshot 3" in said
    assert "If this is meant: --force-regen" in said
    assert "Traceback" not in said
    assert "def test_values" not in said  # no source: the lines above say all


def test_a_table_written_anew_keeps_what_is_within_its_tolerance(suite):
    directory, run = suite
    run({"auc": 0.7, "recall": 0.5}, {"n": 3}, known=False)
    code, said = run({"auc": 0.71, "recall": 0.9}, {"n": 3}, "--force-regen")
    assert code == 1
    assert "Written anew: read the diff." in said
    assert "If this is meant" not in said
    assert (directory / TABLE).read_text() == "name,value\nauc,0.7\nrecall,0.9\n"
    assert run({"auc": 0.71, "recall": 0.9}, {"n": 3})[0] == 0


def test_continuous_integration_writes_nothing(suite, monkeypatch):
    directory, run = suite
    monkeypatch.setenv("CI", "true")
    code, said = run({"auc": 0.7}, {"n": 3}, known=False)
    assert code == 1
    assert "rates.csv: no such snapshot" in said
    assert "facts.yml: no such snapshot" in said
    assert not (directory / TABLE).exists()
    assert not (directory / FACTS).exists()


def test_one_that_is_missing_among_others_is_a_failure_and_written_only_if_asked(suite):
    directory, run = suite
    run({"auc": 0.7}, {"n": 3}, known=False)
    (directory / TABLE).unlink()
    code, said = run({"auc": 0.7}, {"n": 3})
    assert (code, "no such snapshot" in said, (directory / TABLE).exists()) == (1, True, False)
    assert run({"auc": 0.7}, {"n": 3}, "--force-regen")[0] == 1
    assert run({"auc": 0.7}, {"n": 3})[0] == 0
