"""The command and the suite write the same report, byte for byte, each with a cache of its own."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from priosig.worlds.embedded import FIXTURES
from priosig.worlds.worlds import make_world
from tests.paths import ROOT

pytestmark = pytest.mark.slow

WORLD = "no_signal"
VARIED = "signal_and_leak"  # the suite makes its sensitivity table too, as the demo does
HERE = os.environ | {"SOURCE_DATE_EPOCH": "0", "PYTHONPATH": str(ROOT)}


def suite(directory: Path, *arguments: str, codes: tuple[int, ...] = (0,)) -> None:
    """`pytest validation`, with its cache and report in a directory."""
    places = ("--cache", directory / "cache", "--report", directory / "report", "-p", "no:cacheprovider")
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "validation", "-q", *arguments, *places], cwd=ROOT, env=HERE
    )
    assert ended.returncode in codes


def command(directory: Path, *arguments: str, code: int = 0) -> None:
    """`priosig`, in a directory."""
    directory.mkdir()
    ended = subprocess.run([sys.executable, "-m", "priosig", *arguments], cwd=directory, env=HERE)
    assert ended.returncode == code


def assert_equal(one: Path, other: Path) -> None:
    names = sorted(path.relative_to(one) for path in one.rglob("*") if path.is_file())
    assert names
    assert names == sorted(path.relative_to(other) for path in other.rglob("*") if path.is_file())
    for name in names:
        assert (one / name).read_bytes() == (other / name).read_bytes(), name


def test_demo_writes_the_suites_report_of_a_world(tmp_path):
    suite(tmp_path / "suite", "-k", VARIED)
    command(tmp_path / "command", "demo", VARIED)
    assert_equal(tmp_path / "suite" / "report" / VARIED, tmp_path / "command" / ".priosig" / "report" / VARIED)


def test_run_writes_the_suites_report_of_a_corpus(tmp_path):
    corpus = tmp_path / "corpus"
    make_world(WORLD, corpus, seed=1)
    settings = (corpus / "experiment.toml").read_text().replace(WORLD, "trial").replace("199", "39")
    (corpus / "experiment.toml").write_text(settings)
    models = ("--muq", str(FIXTURES / "muq_small"), "--checkpoint", str(FIXTURES / "checkpoints"))
    suite(tmp_path / "suite", "--corpus", str(corpus), *models, codes=(1,))  # no signal is no green
    shutil.rmtree(corpus / "snapshots", ignore_errors=True)
    command(tmp_path / "command", "run", str(corpus), *models, code=1)
    assert_equal(tmp_path / "suite" / "report", tmp_path / "command" / ".priosig" / "report")
