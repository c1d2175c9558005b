"""What worker processes need: imported by the server that they are forked from (`validation.harness.background`).

The small model is loaded once as well, since the muq package imports half of transformers only then.
"""
# ruff: noqa: E402  (NumPy and torch read the environment as they are imported)

import ctypes
import os
import signal
from contextlib import suppress

signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the session's to answer
ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # Linux's PR_SET_PDEATHSIG: end with the session, also amid an import
os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"  # a process with threads must not be forked

import scipy.stats  # noqa: F401

import priosig.report.page
import priosig.worlds.operating_characteristics  # noqa: F401
from priosig.extraction.muq.extractor import MuQExtractor
from validation.harness.runs import SMALL_MUQ

with suppress(Exception):  # what is wrong with it is told by the run that needs it
    MuQExtractor(SMALL_MUQ, device="cpu").load()
