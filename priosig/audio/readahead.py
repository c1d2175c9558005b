"""Reading ahead: the next items are made while the present one is used.

Decoding and resampling happen in C, outside Python's global lock, so threads are enough for them to go on beside
the encoder.
"""

import threading
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from itertools import islice
from queue import SimpleQueue
from typing import TypeVar

T = TypeVar("T")


def read_ahead(items: Iterable[T], n: int) -> Generator[T, None, None]:
    """The same items in the same order, made by a background thread, at most `n` ahead.

    The thread starts with the first item that is asked for. An error in `items` is raised where its item would have
    come. When the generator is closed or dropped, the thread ends with the item that it is making, `items` is closed
    if it is a generator, and only then does closing return.

    Parameters
    ----------
    items : iterable
        Used by the thread alone.
    n : int
        Most items that are made, or being made, and not taken yet; at least 1.
    """
    free, made, stopped = threading.Semaphore(n), SimpleQueue(), threading.Event()

    def make() -> None:
        iterator = iter(())
        try:
            iterator = iter(items)
            while True:
                free.acquire()
                if stopped.is_set():
                    break
                made.put((True, next(iterator)))
        except StopIteration:
            made.put((False, None))
        except BaseException as error:
            made.put((False, error))
        finally:
            if isinstance(iterator, Generator):
                iterator.close()

    thread = threading.Thread(target=make, name="read_ahead", daemon=True)
    thread.start()
    try:
        while True:
            there, value = made.get()
            if not there:
                if value is not None:
                    raise value
                return
            free.release()
            yield value
    finally:
        stopped.set()
        free.release()
        if thread is not threading.current_thread():  # a garbage collection there may drop this
            thread.join()


def read_side_by_side(streams: Iterable[Iterable[T]], n_threads: int, n: int) -> Iterator[T]:
    """The items of several streams: one of each in turn, made by a background thread each.

    The order depends on the streams alone, not on which thread is quicker. At most `n_threads` streams are open at
    once; the next is opened when one ends. Errors and closing are as for `read_ahead`.

    Parameters
    ----------
    streams : iterable of iterable
    n_threads : int
        Most streams that are open at once, at least 1.
    n : int
        Most items of a stream that are made, or being made, and not taken yet.
    """
    waiting, readers = iter(streams), deque[Generator[T, None, None]]()
    try:
        while True:
            readers.extend(read_ahead(stream, n) for stream in islice(waiting, n_threads - len(readers)))
            if not readers:
                return
            try:
                yield next(readers[0])
                readers.rotate(-1)
            except StopIteration:
                readers.popleft()
    finally:
        for reader in readers:
            reader.close()
