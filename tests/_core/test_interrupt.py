"""Ctrl-C ends a process soon, whatever it is doing."""

import os
import signal
import subprocess
import sys
import time

import pytest

from tests.paths import ROOT

# A sum of many numbers is one long call that lets other threads run, as one into torch does.
LONG_CALL = "np.broadcast_to(1.0, 10**12).sum()"
STUCK = """
import sys
import numpy as np
from priosig._core import interrupt
from priosig._core.interrupt import ends_soon
interrupt.PATIENCE = 0.3
with ends_soon("ended", 2):
    print("began", flush=True)
    %s
"""


def interrupted(work: str, number: int) -> tuple[int, str, float]:
    """Exit code, standard error, and how long it took."""
    command = [sys.executable, "-c", STUCK % work]
    process = subprocess.Popen(
        command, env=os.environ | {"PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "began\n"
    time.sleep(0.2)
    process.send_signal(number)
    began = time.monotonic()
    _, errors = process.communicate(timeout=30)
    return process.returncode, errors, time.monotonic() - began


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_long_call_is_ended_with_one_line_and_the_exit_code(number):
    code, errors, seconds = interrupted(LONG_CALL, number)
    assert (code, errors) == (2, "ended\n")
    assert seconds < 5  # 0.3 s, and what a busy machine takes


def test_what_ends_by_itself_is_not_ended():
    work = """
    try:
        while True: sum(range(1000))
    except KeyboardInterrupt:
        sys.exit(7)"""
    code, errors, _ = interrupted(work.strip(), signal.SIGTERM)
    assert (code, errors) == (7, "")
