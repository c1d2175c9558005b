"""Worker processes that compute while the tests run, each with one thread.

Embedded worlds and simulated studies are small and many, so they run beside each other: quicker than several
threads for one, and their last bits don't depend on how many there are. Whatever a test asks for was begun when the
session began, if the session knew that it would be asked for.

A process that dies (of want of memory, say) is started again once for its call, and takes no other call with it. That
is why this is no pool of `concurrent.futures`, which breaks whole.

On Linux the processes are forked from a server, a process without threads that imported what they need
(`validation.harness.imported`): torch and the muq package are imported once, not once a process (4 s each).
"""

import os
import queue
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from multiprocessing import forkserver, get_context, parent_process
from multiprocessing.connection import Connection, wait

FORKS = sys.platform == "linux"  # elsewhere a process that has loaded torch is not safely forked


class Background:
    """Calls by key, each made once; the processes start with the first."""

    def __init__(self) -> None:
        self._calls: dict[Hashable, Future] = {}
        self._waiting: queue.SimpleQueue = queue.SimpleQueue()
        self._workers: list[Worker] = []
        self._threads: list[threading.Thread] = []

    def prepare(self, module: str) -> None:
        """Let the server import a module while the tests are still collected."""
        if FORKS:
            forkserver.set_forkserver_preload([module])
            forkserver.ensure_running()

    def start(self, key: Hashable, function: Callable, *arguments: object) -> Future:
        """Begin ``function(*arguments)``, a module's own function, unless `key` was begun before."""
        if key not in self._calls:
            self._calls[key] = Future()
            self._waiting.put((self._calls[key], function, arguments))
            if not self._workers:
                self._workers = [Worker() for _ in range(n_processes())]
                self._threads = [
                    threading.Thread(target=self._serve, args=(one,), daemon=True) for one in self._workers
                ]
                for thread in self._threads:
                    thread.start()
        return self._calls[key]

    def _serve(self, worker: "Worker") -> None:
        """Give a worker one call after the other."""
        while (work := self._waiting.get()) is not None:
            call, function, arguments = work
            if call.set_running_or_notify_cancel():
                try:
                    call.set_result(worker.call(function, arguments))
                except BaseException as error:
                    call.set_exception(error)
        worker.end()

    def begun(self, key: Hashable) -> Future | None:
        """The call of a key, if there was one."""
        return self._calls.get(key)

    def drop(self, function: Callable | None) -> None:
        """Drop the calls that have not begun, but those of `function`."""
        for key, call in self._calls.items():
            if not (isinstance(key, tuple) and key[0] is function):
                call.cancel()

    def end(self, *, at_once: bool = False) -> None:
        """Wait for what is running, or end it at once, and drop what has not begun."""
        self.drop(None)
        if at_once:
            for worker in self._workers:
                worker.kill()
        for _ in self._threads:
            self._waiting.put(None)
        for thread in self._threads:
            thread.join()


class Worker:
    """A process that makes calls, one at a time; it starts with the first."""

    def __init__(self) -> None:
        self._process = None
        self._pipe: Connection | None = None
        self._killed = False

    def call(self, function: Callable, arguments: tuple) -> object:
        """What ``function(*arguments)`` gives in the process.

        Raises
        ------
        ChildProcessError
            If the process died of it twice, or was killed.
        """
        for _ in range(2):
            if self._killed:
                break
            if self._process is None:
                self._begin()
            try:
                self._pipe.send((function, arguments))
                done, value = self._pipe.recv()
            except (EOFError, OSError):
                self._process.join()
                code, self._process = self._process.exitcode, None
                continue
            if done:
                return value
            raise value
        if self._killed:
            raise ChildProcessError(f"{function.__name__}: the run was broken off")
        raise ChildProcessError(
            f"{function.__name__}{arguments[:1]}: its process died twice (exit code {code}); if it was out of "
            "memory, close other programs and start again: what was computed is in the cache"
        )

    def _begin(self) -> None:
        context = get_context("forkserver" if FORKS else "spawn")
        self._pipe, theirs = context.Pipe()
        process = context.Process(target=_work, args=(theirs,), daemon=True)
        process.start()
        self._process = process
        theirs.close()
        if self._killed:
            self._process.kill()

    def end(self) -> None:
        """Let the process end."""
        if self._process is not None:
            self._pipe.close()
            self._process.join()

    def kill(self) -> None:
        """End the process at once, in the middle of a call too."""
        self._killed = True
        if self._process is not None:
            self._process.kill()


def n_processes() -> int:
    """As many as cores, from 2 to 4."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(max(cores, 2), 4)


def _work(pipe: Connection) -> None:
    """Make the calls that come through a pipe until it is closed, with one thread.

    Torch has one, should it be imported; the statistics limit theirs themselves. Ctrl-C is the session's to answer.
    """
    os.environ["OMP_NUM_THREADS"] = "1"
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, name="end with parent", daemon=True).start()
    while True:
        try:
            function, arguments = pipe.recv()
        except EOFError:
            return
        try:
            answer = True, function(*arguments)
        except Exception as error:
            error.add_note(traceback.format_exc())
            answer = False, error
        pipe.send(answer)


def _end_with_parent() -> None:
    """End this process if its parent is killed; otherwise it would wait for work for ever."""
    parent = parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
