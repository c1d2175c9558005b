"""Summaries of MuQ frames, window by window; the oracle is the muq package's own forward, and numpy."""

import itertools
import weakref

import numpy as np
import pytest
import torch

import priosig.extraction.muq.loaded
from priosig._core.cache import CacheWarning, content_key
from priosig._core.progress import Progress
from priosig.audio.windows import MUQ_RATE, WINDOW, Piece, window_bounds
from priosig.extraction.assembly import whole_summaries
from priosig.extraction.batch_size import BatchSizeWarning
from priosig.extraction.muq.extractor import MuQExtractor
from priosig.extraction.pooling import stats_pool, summarise
from priosig.extraction.window_store import summary_key
from tests.paths import SMALL_MUQ as SMALL
from tests.small_muq import frames_by_hand, tone

TWO_SECONDS = 2 * MUQ_RATE  # in samples


@pytest.fixture(scope="module")
def by_hand():
    """Frames of samples, a window at a time, end to end."""
    frames = frames_by_hand(SMALL)
    return lambda samples, window=WINDOW: frames(samples, window_bounds(len(samples), window))


def extractor_in(cache=None, **settings):
    return MuQExtractor(SMALL, device="cpu", cache_dir=cache, **settings)


def pieces_of(name, samples, window=WINDOW):
    bounds = window_bounds(len(samples), window)
    return [Piece(name, i, samples[a:b], b == len(samples)) for i, (a, b) in enumerate(bounds)]


def alternating(*waveforms):
    """One piece of each in turn, while they last."""
    rounds = itertools.zip_longest(*waveforms)
    return [piece for pieces in rounds for piece in pieces if piece is not None]


def assert_summarises(summary, frames):
    assert summary.n == len(frames)
    x = frames.astype(np.float64)
    np.testing.assert_allclose(summary.mean, x.mean(axis=0), rtol=0, atol=1e-5)
    np.testing.assert_allclose(summary.m2 / len(x), x.var(axis=0), rtol=0, atol=1e-5)
    np.testing.assert_allclose([summary.low, summary.high], [x.min(axis=0), x.max(axis=0)], rtol=0, atol=1e-5)


@pytest.fixture(scope="module")
def mixture(by_hand):
    """Waveforms of equal and other lengths, some of several windows, and their frames by hand."""
    waveforms = {f"{i}": tone(length, seed=i) for i, length in enumerate([1.5, 1, 3.5, 1.5, 4.3, 0.05])}
    return waveforms, {name: by_hand(samples, TWO_SECONDS) for name, samples in waveforms.items()}


@pytest.mark.parametrize("batch_size", [pytest.param(None, marks=pytest.mark.slow), 5])
def test_summary_is_that_of_the_frames_of_all_windows_whatever_the_batch(mixture, batch_size):
    waveforms, frames_by_hand = mixture
    extractor = extractor_in(batch_size=batch_size)
    pieces = alternating(*(pieces_of(name, samples, TWO_SECONDS) for name, samples in waveforms.items()))
    summaries = dict(extractor.summarise(iter(pieces)))
    assert sorted(summaries) == list(waveforms)
    for name, expected in frames_by_hand.items():
        assert_summarises(summaries[name], expected)
        if len(expected) > 1:
            np.testing.assert_allclose(summaries[name].embedding, stats_pool(expected), rtol=0, atol=1e-5)
    assert extractor.n_computed_windows == 9


def test_waveform_is_given_as_soon_as_its_last_window_is_known():
    long, short = (pieces_of(name, tone(6, seed), TWO_SECONDS) for seed, name in enumerate(["long", "short"]))
    came = []

    def watched():
        for piece in [*long[:2], *alternating(short, long[2:])]:
            came.append((piece.name, piece.index))
            yield piece

    names = []
    for name, _ in extractor_in().summarise(watched()):
        names.append((name, came[-1]))
    assert names == [("long", ("long", 2)), ("short", ("short", 2))]


def test_summaries_are_kept_and_frames_only_if_wished(tmp_path):
    pieces = pieces_of("a", tone(4), TWO_SECONDS)
    sizes = {}
    for keep in (False, True):
        cache = tmp_path / f"{keep}"
        extractor = extractor_in(cache, keep_frames=keep)
        ((_, first),) = extractor.summarise(pieces)
        again = extractor_in(cache, keep_frames=keep, batch_size=2)
        ((_, second),) = again.summarise([Piece("b", p.index, p.samples, p.last) for p in pieces])
        assert (again.n_computed_windows, again.n_cached_windows) == (0, 2)
        np.testing.assert_array_equal(second.to_array(), first.to_array())
        sizes[keep] = len(list(cache.rglob("*.safetensors")))
        frames = extractor_in(cache)
        list(frames.extract((f"{piece.index}", piece.samples) for piece in pieces))
        assert frames.n_computed_windows == (0 if keep else 2)
    assert sizes == {False: 2, True: 4}


def test_frames_that_are_kept_are_summarised_and_not_computed_again(tmp_path):
    ((_, frames),) = extractor_in(tmp_path).extract([("a", tone(2))])
    extractor = extractor_in(tmp_path)
    for _ in range(2):
        ((_, summary),) = extractor.summarise(pieces_of("a", tone(2)))
        assert_summarises(summary, frames)
        for entry in tmp_path.rglob("*.safetensors"):  # the second time from the summary alone
            if entry == extractor.cache.path(content_key(tone(2), **extractor.parameters())):
                entry.unlink()
    assert (extractor.n_computed_windows, extractor.n_cached_windows) == (0, 2)


def test_damaged_summary_is_reported_and_computed_again(tmp_path):
    extractor = extractor_in(tmp_path)
    ((_, first),) = extractor.summarise(pieces_of("a", tone(2)))
    path = extractor.cache.path(summary_key(content_key(tone(2), **extractor.parameters())))
    content = path.read_bytes()
    path.write_bytes(content[:-3] + bytes([content[-3] ^ 1]) + content[-2:])
    with pytest.warns(CacheWarning, match=f"{path.name}: damaged cache entry"):
        ((_, second),) = extractor.summarise(pieces_of("a", tone(2)))
    assert extractor.n_computed_windows == 2
    np.testing.assert_array_equal(second.to_array(), first.to_array())
    list(extractor.summarise(pieces_of("a", tone(2))))
    assert (extractor.n_computed_windows, extractor.n_cached_windows) == (2, 1)


def test_interrupted_summaries_go_on_where_they_were(by_hand, tmp_path):
    pieces = pieces_of("a", tone(8), TWO_SECONDS)

    def dies_at_3():
        yield from pieces[:3]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(extractor_in(tmp_path, batch_size=2).summarise(dies_at_3()))
    extractor = extractor_in(tmp_path, batch_size=2)
    ((_, summary),) = extractor.summarise(pieces)
    assert (extractor.n_computed_windows, extractor.n_cached_windows) == (2, 2)
    assert_summarises(summary, by_hand(tone(8), TWO_SECONDS))


@pytest.mark.parametrize("batch_size", [1, 3])
def test_windows_of_a_long_waveform_are_let_go(batch_size):
    n, alive, most = 24, weakref.WeakSet(), 0

    def many():
        nonlocal most
        for i in range(n):
            piece = Piece("long", i, tone(0.1 + 0.04 * (i % 3), seed=i), i == n - 1)
            alive.add(piece)
            most = max(most, len(alive))
            yield piece
            del piece

    ((_, summary),) = extractor_in(batch_size=batch_size).summarise(many())
    assert summary.n > 2 * n
    assert most <= 5 * batch_size + 3


def test_progress_of_summaries_counts_what_was_found_and_what_was_computed(tmp_path):
    pieces = [*pieces_of("a", tone(4), TWO_SECONDS), *pieces_of("b", tone(3))]
    extractor = extractor_in(tmp_path)
    list(extractor.summarise(pieces_of("x", pieces[1].samples)))
    seen = []
    list(extractor.summarise(pieces, total_seconds=7.0, progress=seen.append))
    assert seen == [Progress(2.0, 0.0, 7.0), Progress(4.0, 2.0, 7.0), Progress(7.0, 2.0, 7.0)]


def of_samples(pieces):
    """In an encoder's place: the summary of the samples themselves."""
    return ((piece, summarise(piece.samples[:, None])) for piece in pieces)


@pytest.mark.parametrize(
    ("order", "match"),
    [
        ([0, 2], "a: window 2 came; expected window 1"),
        ([1], "a: window 1 came; expected window 0"),
        ([0, 0], "a: window 0 came; expected window 1"),
        ([0, 1, 2, 0], "a: window 0 came after the last; expected each waveform once"),
        ([0, 1], "a: window 1 was not the last, and none followed; expected a last one"),
    ],
)
def test_windows_out_of_order_or_without_an_end_are_refused(order, match):
    pieces = pieces_of("a", tone(6), TWO_SECONDS)
    with pytest.raises(ValueError, match=match):
        list(whole_summaries((pieces[i] for i in order), of_samples))


def test_window_that_muq_cannot_take_is_refused_by_name_and_time_in_the_waveform():
    samples = tone(4)
    samples[3 * MUQ_RATE] = np.nan
    with pytest.raises(ValueError, match=r"segment 7: 1 samples are NaN or infinite, the first at 3\.000 s"):
        list(whole_summaries(pieces_of("segment 7", samples, TWO_SECONDS), of_samples))
    with pytest.raises(ValueError, match=r"segment 7: a window of 744000 samples, 31\.0 s; expected at most 720000"):
        list(extractor_in().summarise([Piece("segment 7", 0, tone(31), True)]))


# Memory of the device.


@pytest.fixture
def small_device(monkeypatch):
    """A device with room for two windows."""
    original = MuQExtractor._forward

    def limited(self, batch):
        if len(batch) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 3 GB.")
        return original(self, batch)

    monkeypatch.setattr(MuQExtractor, "_forward", limited)


def test_batch_that_does_not_fit_is_halved_with_a_warning_and_no_result_changes(by_hand, small_device):
    waveforms = [(f"{i}", tone(0.1, seed=i)) for i in range(9)]
    extractor = extractor_in(batch_size=8)
    with pytest.warns(BatchSizeWarning) as caught:
        extracted = dict(extractor.extract(waveforms))
    assert [warning.message.args[0].partition("goes on with ")[2][0] for warning in caught] == ["4", "2"]
    assert extractor._sizes.most == 2
    for name, samples in waveforms:
        np.testing.assert_allclose(extracted[name], by_hand(samples), rtol=0, atol=1e-5)
    # Later runs begin where this one ended.
    assert len(dict(extractor.summarise(p for name, x in waveforms for p in pieces_of(name, x)))) == 9


def test_batches_on_cuda_overlap_and_give_the_same(by_hand, monkeypatch):
    monkeypatch.setattr(priosig.extraction.muq.loaded, "resolve_device", lambda asked: "cuda:0")
    order = []

    def forward(self, batch):
        order.append("start")
        frames = np.stack([by_hand(samples) for samples in batch])
        return lambda: order.append("wait") or frames

    monkeypatch.setattr(MuQExtractor, "_forward", forward)
    waveforms = [(f"{i}", tone(0.5, seed=i)) for i in range(5)]
    extracted = dict(MuQExtractor(SMALL, device="cuda:0", batch_size=2).extract(waveforms))
    assert order == ["start", "start", "wait", "start", "wait", "wait"]
    for name, samples in waveforms:
        np.testing.assert_array_equal(extracted[name], by_hand(samples))
