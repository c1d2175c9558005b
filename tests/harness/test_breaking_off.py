"""Ctrl-C ends the suite in one line, whatever its workers do."""

import os
import signal
import subprocess
import sys
import time

import pytest

from tests.paths import ROOT


@pytest.mark.slow
def test_ctrl_c_ends_the_suite_with_one_line_and_leaves_nothing_half_written(tmp_path):
    places = ("--cache", tmp_path / "cache", "--report", tmp_path / "report", "-p", "no:cacheprovider")
    suite = subprocess.Popen(
        [sys.executable, "-m", "pytest", "validation", "-k", "no_signal", *places], cwd=ROOT, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    while not suite.stdout.readline().startswith("collected"):
        assert suite.poll() is None
    time.sleep(3)  # until the workers compute
    began = time.monotonic()
    os.killpg(suite.pid, signal.SIGINT)
    printed, errors = suite.communicate(timeout=30)  # the workers hold the pipes too
    assert time.monotonic() - began < 5  # 0.5 s, and what a busy machine takes
    assert suite.returncode == pytest.ExitCode.INTERRUPTED
    assert errors.startswith("priosig: broken off")
    assert errors.count("\n") == 1
    assert "KeyboardInterrupt" not in printed
    assert not list(tmp_path.rglob("*.tmp"))
