"""Ctrl-C that ends a process soon, also in the middle of long calls.

Python raises KeyboardInterrupt between two of its own instructions, and a call into torch or BLAS is one: with a
large model it takes half a minute. So a thread watches for the signal too: what was interrupted gets a moment to end
by itself, then the process is ended. No file is half written then (`priosig._core.atomic`).
"""

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

PATIENCE = 1.5  # s


@contextmanager
def ends_soon(message: str, code: int) -> Iterator[None]:
    """Within, Ctrl-C and SIGTERM raise KeyboardInterrupt, and end the process a moment later in any case.

    It then ends with this message on standard error and this exit code. Outside of the main thread, and where signals
    wake no pipe (Windows), this does nothing.
    """
    if threading.current_thread() is not threading.main_thread() or os.name == "nt":
        yield
        return
    reader, writer = os.pipe()
    os.set_blocking(writer, False)  # of a wakeup descriptor
    wakeup = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    terminate = signal.signal(signal.SIGTERM, _interrupt)
    threading.Thread(target=_watch, args=(reader, message, code), name="watch for Ctrl-C", daemon=True).start()
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, terminate)
        signal.set_wakeup_fd(wakeup)
        os.close(writer)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _watch(reader: int, message: str, code: int) -> None:
    while came := os.read(reader, 1):
        if came[0] in (signal.SIGINT, signal.SIGTERM):
            time.sleep(PATIENCE)
            sys.stderr.write(f"{message}\n")
            sys.stderr.flush()
            os._exit(code)
    os.close(reader)
