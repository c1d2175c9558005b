"""A wheel holds the whole package, and its core runs outside the checkout without what hears recordings."""

import email
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.paths import ROOT
from tests.test_import import EXTRA

pytestmark = pytest.mark.slow

CORE = f"""
import sys


class Absent:
    def find_spec(name, path=None, target=None):
        if name.partition(".")[0] in {EXTRA}:
            raise ModuleNotFoundError(name)


sys.meta_path.insert(0, Absent)
import numpy as np
import priosig
from priosig import assess
from priosig.command.main import main

y, videos = np.tile([1, 0], 30), np.repeat(list("abcdef"), 10)
X = np.random.default_rng(0).normal(size=(60, 4)) + y[:, None]
length = np.random.default_rng(1).uniform(5, 15, 60)
verdict = assess(X, y, videos, {{"length": length}}, order=np.tile(np.arange(10.0), 6), n_permutations=99).verdict
codes = [main(words.split()) for words in ("audit corpus/moments.jsonl", "plan corpus/moments.jsonl", "run corpus")]
print(priosig.__file__, verdict.label, codes, sep="\\n")
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """The wheel, built from a copy so that the checkout stays as it is."""
    source, built = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("built")
    for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    for name in ("priosig", "fixtures"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    pip("wheel", "--no-build-isolation", "--wheel-dir", built, source)
    return next(built.glob("priosig-*.whl"))


def pip(command: str, *arguments: object) -> None:
    """Run pip without an index, so that nothing is downloaded."""
    settings = ["--quiet", "--no-deps", "--no-index", "--disable-pip-version-check"]
    subprocess.run([sys.executable, "-m", "pip", command, *settings, *map(str, arguments)], check=True)


def test_a_wheel_holds_every_file_of_the_package_and_nothing_else(wheel):
    package = (path for path in (ROOT / "priosig").rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    expected = {path.relative_to(ROOT).as_posix() for path in package}
    for path in (*ROOT.glob("fixtures/muq_small/*"), *ROOT.glob("fixtures/checkpoints/*")):
        expected.add(f"priosig/{path.relative_to(ROOT).as_posix()}")
    assert {"priosig/py.typed", "priosig/report/templates/report.css", "priosig/_core/cache.py"} <= expected
    with zipfile.ZipFile(wheel) as archive:
        assert {name for name in archive.namelist() if ".dist-info/" not in name} == expected


def test_the_core_asks_for_nothing_that_hears_recordings(wheel):
    with zipfile.ZipFile(wheel) as archive:
        path = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        metadata = email.message_from_bytes(archive.read(path))
    needed = metadata.get_all("Requires-Dist")
    core = [line for line in needed if "extra ==" not in line]
    assert any(line.startswith("numpy") for line in core)
    assert not [line for line in core if line.startswith((*EXTRA, "silero-vad", "huggingface-hub"))]
    assert {"muq", "plot", "test", "cluster", "dev"} <= set(metadata.get_all("Provides-Extra"))


def test_the_core_runs_outside_the_checkout(wheel, tmp_path, moment_row):
    installed = tmp_path / "installed"
    pip("install", "--target", installed, wheel)
    (tmp_path / "corpus").mkdir()
    rows = [
        moment_row(
            moment_id=f"{video}-{t}", video_id=video, playing_before_start=t + 12.0, playing_before_end=t + 19.0,
            stop_timestamp=t + 20.0, feedback_start=t + 20.0, feedback_end=t + 25.0,
        )
        for video in ("videoAAAAAA", "videoBBBBBB", "videoCCCCCC")
        for t in range(0, 120, 30)
    ]  # fmt: skip
    (tmp_path / "corpus" / "moments.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "corpus" / "experiment.toml").write_text("[parameters]\nn_permutations = 39\nequal_length = 5.0\n")
    run = subprocess.run(
        [sys.executable, "-c", CORE],
        cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(installed)}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    where, label, codes = run.stdout.splitlines()[-3:]
    assert Path(where).is_relative_to(installed)
    assert (label, codes) == ("signal", "[1, 0, 0]")
    assert "<html" in (tmp_path / ".priosig" / "report" / "corpus" / "index.html").read_text(encoding="utf-8")
