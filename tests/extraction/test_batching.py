"""Windows on their way through an encoder that is a fake: its frames are the samples, two to a row."""

import numpy as np
import pytest
import torch

from priosig._core.cache import EmbeddingCache, content_key
from priosig.audio.windows import Piece
from priosig.extraction.batch_size import BatchSizes, BatchSizeWarning
from priosig.extraction.batching import BATCHES_HELD, WindowRun
from priosig.extraction.window_store import FrameStore, SummaryStore


class Encoder:
    """Batches it was given, by their first samples, and in `events` when each was started and waited for."""

    def __init__(self, fits=1000, error=torch.OutOfMemoryError):
        self.fits, self.error = fits, error
        self.batches, self.events = [], []

    def __call__(self, batch):
        firsts = batch[:, 0].astype(int).tolist()
        if len(batch) > self.fits:
            raise self.error("too much")
        self.batches.append(firsts)
        self.events.append(("start", *firsts))

        def wait():
            self.events.append(("wait", *firsts))
            return batch.reshape(len(batch), -1, 2).copy()

        return wait


def piece(first, n=4, name=None):
    return Piece(name or f"{first}", 0, np.arange(first, first + n, dtype=np.float32), True)


def run(encoder, batch_size=1, *, ahead=0, store=None, counts=None):
    def known(computed, reused):
        if counts is not None:
            counts.append((len(computed), len(reused)))

    sizes = BatchSizes("cpu", batch_size)
    return WindowRun(encoder, content_key, store or FrameStore(None), sizes, ahead=ahead, known=known)


def firsts_of(results):
    return [int(frames[0, 0]) for _, frames in results]


@pytest.mark.parametrize("ahead", [0, 1])
@pytest.mark.parametrize("batch_size", [1, 2, 5])
def test_every_piece_gets_the_frames_of_its_own_samples_once(batch_size, ahead):
    pieces = [piece(10 * i, n=[4, 6, 4, 8][i % 4]) for i in range(13)]
    results = list(run(Encoder(), batch_size, ahead=ahead).results(iter(pieces)))
    assert sorted(given.name for given, _ in results) == sorted(p.name for p in pieces)
    for given, frames in results:
        np.testing.assert_array_equal(frames.ravel(), given.samples)


def test_only_windows_of_one_length_share_a_batch():
    encoder = Encoder()
    list(run(encoder, 2).results([piece(10), piece(20, n=6), piece(30), piece(40, n=6), piece(50)]))
    assert encoder.batches == [[10, 30], [20, 40], [50]]


def test_equal_windows_are_computed_once_while_they_wait():
    encoder, counts = Encoder(), []
    pieces = [piece(10, name="a"), piece(20, name="b"), piece(10, name="c"), piece(30, name="d")]
    results = list(run(encoder, 3, counts=counts).results(pieces))
    assert encoder.batches == [[10, 20, 30]]
    assert {given.name: int(frames[0, 0]) for given, frames in results} == {"a": 10, "b": 20, "c": 10, "d": 30}
    assert counts == [(3, 1)]


def test_next_batch_is_started_before_the_last_is_waited_for_where_that_helps():
    encoder = Encoder()
    list(run(encoder, 1, ahead=1).results([piece(1), piece(2), piece(3)]))
    assert [*encoder.events] == [
        ("start", 1), ("start", 2), ("wait", 1), ("start", 3), ("wait", 2), ("wait", 3)
    ]  # fmt: skip
    encoder = Encoder()
    list(run(encoder, 1, ahead=0).results([piece(1), piece(2)]))
    assert encoder.events == [("start", 1), ("wait", 1), ("start", 2), ("wait", 2)]


def test_equal_of_a_window_that_is_under_way_shares_its_frames():
    encoder = Encoder()
    results = list(run(encoder, 1, ahead=1).results([piece(1, name="a"), piece(1, name="b"), piece(2)]))
    assert encoder.batches == [[1], [2]]
    assert [given.name for given, _ in results] == ["a", "b", "2"]


@pytest.mark.parametrize("ahead", [0, 1])
def test_no_window_waits_for_ever_and_few_are_held(ahead):
    taken = 0

    def many():
        nonlocal taken
        for taken in range(1, 10_000):
            yield piece(taken, n=6 if taken == 1 else 4)  # the first never finds another of its length

    waited = 0
    for given, _ in run(Encoder(), 3, ahead=ahead).results(many()):
        waited = taken
        if given.name == "1":
            break
    assert waited <= BATCHES_HELD * 3 + 2 + 3 * ahead


@pytest.mark.parametrize("ahead", [0, 1])
def test_window_that_waits_is_not_forgotten_where_all_others_are_found(tmp_path, ahead):
    store = FrameStore(EmbeddingCache(tmp_path))
    stored = piece(7)
    store.keep(content_key(stored.samples), stored.samples.reshape(-1, 2))
    taken = 0

    def many():
        nonlocal taken
        for taken in range(1000):
            yield piece(0) if taken == 0 else stored

    for given, _ in run(Encoder(), 2, ahead=ahead, store=store).results(many()):
        if given.name == "0":
            break
    assert taken <= BATCHES_HELD * 2 + 1


def test_batch_that_does_not_fit_is_halved_until_it_does_and_no_result_changes():
    encoder = Encoder(fits=2)
    pieces = [piece(10 * i) for i in range(9)]
    with pytest.warns(BatchSizeWarning) as caught:
        results = list(run(encoder, 8, ahead=1).results(pieces))
    assert [str(warning.message).split(";")[1] for warning in caught] == [
        " goes on with 4, and no result changes. batch_size=4 would begin there",
        " goes on with 2, and no result changes. batch_size=2 would begin there",
    ]
    assert encoder.batches == [[0, 10], [20, 30], [40, 50], [60, 70], [80]]
    assert firsts_of(results) == [10 * i for i in range(9)]


def test_single_window_that_does_not_fit_is_an_error():
    with pytest.raises(ValueError, match=r"device cpu: 1 window of 0\.0 s does not fit in its free memory"):
        list(run(Encoder(fits=0), 1).results([piece(1)]))


@pytest.mark.parametrize("error", [RuntimeError, MemoryError, torch.AcceleratorError])
def test_no_other_error_is_tried_again(error):
    if error is torch.AcceleratorError:
        error = lambda message: torch.AcceleratorError(message, 2)  # noqa: E731
    encoder = Encoder(fits=2, error=error)
    with pytest.raises((RuntimeError, MemoryError), match="too much"):
        list(run(encoder, 4).results([piece(10 * i) for i in range(4)]))
    assert encoder.batches == []


def test_batch_is_kept_whole_before_any_of_it_is_given(tmp_path):
    cache = EmbeddingCache(tmp_path)
    next(run(Encoder(), 3, store=FrameStore(cache)).results([piece(10), piece(20), piece(30)]))
    assert all(cache.get(content_key(piece(first).samples)) is not None for first in (10, 20, 30))


def test_frames_that_are_not_numbers_are_refused_by_waveform_and_window(tmp_path):
    bad = Piece("segment 7", 3, np.array([0, np.nan], np.float32), True)
    store = SummaryStore(EmbeddingCache(tmp_path), keep_frames=True)
    with pytest.raises(ValueError, match=r"segment 7: window 3, 0\.000 s: the model gives NaN or infinite frames"):
        list(run(Encoder(), store=store).results([bad]))
    assert not any(tmp_path.iterdir())
