"""Reading ahead: the next items are made while the present one is used.

Decoding and resampling happen in C, outside Python's global lock, so a thread is enough for them to go on beside
the encoder.
"""

import threading
from collections.abc import Generator, Iterable, Iterator
from queue import SimpleQueue
from typing import TypeVar

T = TypeVar("T")


def read_ahead(items: Iterable[T], n: int) -> Iterator[T]:
    """The same items in the same order, made by a background thread, at most `n` ahead.

    The thread starts with the first item that is asked for. An error in `items` is raised where its item would have
    come. When the iterator is closed or dropped, the thread ends with the item that it is making, `items` is closed
    if it is a generator, and only then does closing return.

    Parameters
    ----------
    items : iterable
        Used by the thread alone.
    n : int
        Most items that are made, or being made, and not taken yet; with 0 there is no thread.

    Raises
    ------
    ValueError
        If `n` is negative.
    """
    if n < 0:
        raise ValueError(f"read_ahead: n is {n}; expected 0 or more")
    return _ahead(items, n) if n else _in_step(items)


def _in_step(items: Iterable[T]) -> Iterator[T]:
    yield from items


def _ahead(items: Iterable[T], n: int) -> Iterator[T]:
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
