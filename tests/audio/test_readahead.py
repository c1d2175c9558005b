"""Making the next items while the present one is used."""

import threading
import time

import pytest

from priosig.audio.readahead import read_ahead


def threads():
    return [thread for thread in threading.enumerate() if thread.name == "read_ahead"]


@pytest.fixture(autouse=True)
def _no_thread_is_left():
    yield
    assert threads() == []


def eventually(condition, seconds=5.0):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.001)
    return condition()


@pytest.mark.parametrize("n", [0, 1, 2, 100])
def test_items_come_in_order(n):
    assert list(read_ahead(range(50), n)) == list(range(50))
    assert list(read_ahead([], n)) == []
    assert list(read_ahead(iter([None, False]), n)) == [None, False]


@pytest.mark.parametrize("n", [1, 3])
def test_at_most_n_are_made_ahead(n):
    made = []
    ahead = read_ahead((made.append(i) or i for i in range(20)), n)
    for taken in range(1, 15):
        next(ahead)
        assert eventually(lambda: len(made) == min(taken + n, 20))  # noqa: B023
        time.sleep(0.002)
        assert len(made) == taken + n
    ahead.close()


def test_without_a_thread_nothing_is_made_ahead():
    made = []
    ahead = read_ahead((made.append(i) or i for i in range(20)), 0)
    next(ahead)
    assert made == [0]
    assert threads() == []


@pytest.mark.parametrize("n", [0, 1, 10])
def test_an_error_comes_at_its_place(n):
    def items():
        yield 1
        yield 2
        raise ValueError("third")

    ahead = read_ahead(items(), n)
    assert [next(ahead), next(ahead)] == [1, 2]
    with pytest.raises(ValueError, match="third"):
        next(ahead)
    with pytest.raises(StopIteration):
        next(ahead)


@pytest.mark.parametrize("n", [0, 2])
def test_what_is_no_iterable_is_an_error(n):
    with pytest.raises(TypeError, match="not iterable"):
        next(read_ahead(5, n))


@pytest.mark.parametrize("n", [0, 3])
def test_closing_early_stops_the_thread_and_closes_the_source(n):
    closed = []

    def endless():
        try:
            while True:
                yield threading.current_thread().name
        finally:
            closed.append(True)

    source = endless()
    ahead = read_ahead(source, n)
    assert next(ahead) == ("read_ahead" if n else "MainThread")
    assert [thread.daemon for thread in threads()] == [True] * bool(n)
    ahead.close()
    assert threads() == []
    assert closed == [True]


def test_an_error_in_the_consumer_stops_the_thread():
    def consume():
        for item in read_ahead(iter(range(1000)), 2):
            if item == 5:
                raise KeyError("consumer")

    with pytest.raises(KeyError, match="consumer") as caught:
        consume()
    del caught  # its traceback held the loop's iterator
    assert eventually(lambda: threads() == [])


def test_dropping_it_stops_the_thread():
    ahead = read_ahead(iter(range(1000)), 2)
    next(ahead)
    del ahead
    assert threads() == []


def test_one_that_is_never_begun_has_no_thread():
    read_ahead(iter(range(1000)), 2)
    assert threads() == []


def test_making_and_using_overlap():
    using, made_meanwhile = threading.Event(), threading.Event()

    def items():
        yield 1
        assert using.wait(5)
        made_meanwhile.set()
        yield 2

    ahead = read_ahead(items(), 1)
    next(ahead)
    using.set()
    assert made_meanwhile.wait(5)
    assert list(ahead) == [2]


def test_a_negative_number_is_refused():
    with pytest.raises(ValueError, match="n is -1; expected 0 or more"):
        read_ahead([], -1)
