"""Work that goes on beside the tests: a few processes of one thread each.

Embedded worlds and simulated studies are small and many, so they run beside each other: quicker than several
threads for one, and their last bits don't depend on how many there are. Whatever a test asks for was begun when the
session began, if the session knew that it would be asked for.
"""

import os
import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context, parent_process
from multiprocessing.connection import wait


class Background:
    """Calls by key, each made once; the processes start with the first."""

    def __init__(self) -> None:
        self._calls: dict[Hashable, Future] = {}
        self._pool: ProcessPoolExecutor | None = None

    def prepare(self, function: Callable) -> None:
        """Let the processes import what `function` needs while the tests are still collected."""
        for number in range(self._open()):
            self._calls[prepare, number] = self._pool.submit(prepare, function)

    def start(self, key: Hashable, function: Callable, *arguments: object) -> Future:
        """Begin ``function(*arguments)``, a module's own function, unless `key` was begun before."""
        if key not in self._calls:
            self._open()
            self._calls[key] = self._pool.submit(function, *arguments)
        return self._calls[key]

    def _open(self) -> int:
        """Have a pool; the number of its processes."""
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        n_processes = min(max(cores, 2), 4)
        if self._pool is None:
            spawn = get_context("spawn")  # a fork of a process with threads may hang
            self._pool = ProcessPoolExecutor(n_processes, mp_context=spawn, initializer=one_thread)
        return n_processes

    def begun(self, key: Hashable) -> Future | None:
        """The call of a key, if there was one."""
        return self._calls.get(key)

    def drop(self, function: Callable) -> None:
        """Drop the calls that have not begun, but those of `function`."""
        for key, call in self._calls.items():
            if not (isinstance(key, tuple) and key[0] is function):
                call.cancel()

    def end(self) -> None:
        """Wait for what is running, and drop what has not begun."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)


def prepare(function: Callable) -> None:
    """Nothing: to have been given `function`, a process has imported its module."""


def one_thread() -> None:
    """Give torch one thread, should it be imported; the statistics limit theirs themselves.

    And end with the session: a process whose parent was killed would wait for work for ever.
    """
    os.environ["OMP_NUM_THREADS"] = "1"
    threading.Thread(target=_end_with_parent, name="end with parent", daemon=True).start()


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
