"""Making the next items while the present one is used."""

import threading
import time
from itertools import chain, zip_longest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from priosig.audio.readahead import read_ahead, read_side_by_side


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


@pytest.mark.parametrize("n", [1, 2, 100])
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


@pytest.mark.parametrize("n", [1, 10])
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


def test_what_is_no_iterable_is_an_error():
    with pytest.raises(TypeError, match="not iterable"):
        next(read_ahead(5, 2))


def test_closing_early_stops_the_thread_and_closes_the_source():
    closed = []

    def endless():
        try:
            while True:
                yield threading.current_thread().name
        finally:
            closed.append(True)

    source = endless()
    ahead = read_ahead(source, 3)
    assert next(ahead) == "read_ahead"
    assert [thread.daemon for thread in threads()] == [True]
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


@given(st.lists(st.integers(0, 5), max_size=6), st.integers(1, 4))
def test_streams_take_turns_whichever_is_quicker(lengths, n_threads):
    streams = [[(stream, i) for i in range(length)] for stream, length in enumerate(lengths)]
    items = list(read_side_by_side(map(iter, streams), n_threads, 2))
    assert items == list(read_side_by_side(map(slowly, streams), n_threads, 2))
    assert sorted(items) == sorted(chain.from_iterable(streams))
    for stream in streams:
        assert [item for item in items if item in stream] == stream
    if len(lengths) <= n_threads:
        turns = chain.from_iterable(zip_longest(*streams))
        assert items == [item for item in turns if item is not None]


def slowly(stream):
    for item in stream:
        time.sleep(0.0005 * (item[0] % 2))
        yield item


def test_as_many_streams_as_allowed_are_read_at_once():
    together = threading.Barrier(3)

    def items():
        yield "first"
        together.wait(5)  # breaks, as an error, unless three threads are here at once
        yield "second"

    side_by_side = read_side_by_side((items() for _ in range(6)), 3, 2)
    assert len(threads()) == 0
    assert next(side_by_side) == "first"
    assert list(side_by_side) == ["first", "first", "second", "second", "second"] + ["first"] * 3 + ["second"] * 3
    assert threads() == []


def test_an_error_in_one_stream_closes_all():
    closed = []

    def items(number):
        try:
            yield number
            if number == 1:
                raise ValueError("second stream")
            yield number
        finally:
            closed.append(number)

    with pytest.raises(ValueError, match="second stream"):
        list(read_side_by_side(map(items, range(8)), 3, 1))
    assert sorted(closed) == [0, 1, 2]
