"""MuQ frames: the muq package's own, whatever the batching."""

import contextlib
import random
import weakref

import numpy as np
import pytest
import soundfile
import torch

import priosig.extraction.muq.model
from priosig.audio.windows import MUQ_RATE, SHORTEST, window_bounds
from priosig.extraction import assembly
from priosig.extraction.batch_size import BatchSizes
from priosig.extraction.muq.extractor import MuQExtractor
from priosig.extraction.muq.precision import reference_precision
from tests.small_muq import WIDTH, tone

# Frames.


@pytest.fixture(scope="session")
def mixture(by_hand):
    """Waveforms of equal and other lengths, some of several windows of 2 s, and their frames by hand."""
    lengths = [1, 1.5, 1, 3.5, 1, 1.5, 2.3, 0.05, 1]
    waveforms = [(f"segment {i}", tone(length, seed=i)) for i, length in enumerate(lengths)]
    return waveforms, [by_hand(samples, short_windows(len(samples))) for _, samples in waveforms]


def short_windows(n_samples):
    return window_bounds(n_samples, 2 * MUQ_RATE)


@pytest.mark.parametrize("batch_size", [pytest.param(None, marks=pytest.mark.slow), 5])
def test_frames_equal_the_model_called_on_each_window_whatever_the_batch(muq_dir, mixture, batch_size, monkeypatch):
    monkeypatch.setattr(assembly, "window_bounds", short_windows)
    waveforms, frames_by_hand = mixture
    extractor = MuQExtractor(muq_dir, device="cpu", batch_size=batch_size)
    extracted = list(extractor.extract(iter(waveforms)))
    assert [name for name, _ in extracted] == [name for name, _ in waveforms]
    for (_, frames), expected in zip(extracted, frames_by_hand, strict=True):
        assert frames.dtype == np.float32
        assert frames.shape == expected.shape
        assert np.abs(expected).max() > 1  # so that 1e-5 means something
        np.testing.assert_allclose(frames, expected, rtol=0, atol=1e-5)
    assert extractor.n_computed_windows == 11


def test_whole_file_is_a_tensor_of_frames_25_a_second(muq_dir, by_hand, tmp_path):
    soundfile.write(tmp_path / "x.wav", tone(2), MUQ_RATE, subtype="FLOAT")
    frames = MuQExtractor(muq_dir, device="cpu").extract_from_file(tmp_path / "x.wav")
    assert isinstance(frames, torch.Tensor)
    assert frames.dtype == torch.float32
    assert frames.shape == (50, WIDTH)
    np.testing.assert_allclose(frames.numpy(), by_hand(tone(2)), rtol=0, atol=1e-5)


def test_extraction_changes_no_setting_and_no_random_state_and_heeds_none(muq_dir, by_hand):
    random.seed(5)
    before = random.getstate(), torch.get_rng_state()
    torch.set_float32_matmul_precision("medium")
    operations = [torch.backends.cuda.matmul, torch.backends.cudnn.conv, torch.backends.mkldnn.matmul]
    settings = [operation.fp32_precision for operation in operations]
    try:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            ((_, frames),) = MuQExtractor(muq_dir, device="cpu").extract([("x", tone(2))])
            assert torch.is_autocast_enabled("cpu")
        assert torch.get_float32_matmul_precision() == "medium"
        assert [operation.fp32_precision for operation in operations] == settings
        with reference_precision("cpu"):
            assert {operation.fp32_precision for operation in operations} == {"ieee"}
    finally:
        torch.set_float32_matmul_precision("highest")
    assert random.getstate() == before[0]
    assert torch.equal(torch.get_rng_state(), before[1])
    np.testing.assert_allclose(frames, by_hand(tone(2)), rtol=0, atol=1e-5)


def test_waveforms_are_taken_up_only_as_needed(muq_dir):
    taken = 0

    def many():
        nonlocal taken
        for taken in range(1, 1000):
            # The first of a kind waits for a batch that does not fill; the others could go on for ever.
            yield str(taken), tone(2 if taken == 1 else 0.1, seed=taken)

    run = MuQExtractor(muq_dir, device="cpu", batch_size=2).extract(many())
    assert next(run)[0] == "1"
    assert taken <= 10


def test_waveforms_that_were_handed_out_are_let_go(muq_dir):
    taken, most = [], 0

    def many():
        nonlocal most
        for i in range(40):
            samples = tone(0.1 + 0.04 * (i % 3), seed=i)
            taken.append(weakref.ref(samples))
            most = max(most, sum(reference() is not None for reference in taken))
            yield str(i), samples

    for _ in MuQExtractor(muq_dir, device="cpu").extract(many()):
        pass
    assert most <= 8


def test_extractor_made_elsewhere_is_the_same(muq_dir, tmp_path, monkeypatch):
    monkeypatch.chdir(muq_dir)
    settings = {"device": "cpu", "batch_size": 3, "layer": (0, 1), "precision": "bfloat16", "keep_frames": True}
    keywords = MuQExtractor(".", cache_dir="cache", **settings).elsewhere()
    monkeypatch.chdir(tmp_path)
    assert keywords == settings | {"model": str(muq_dir), "revision": None, "cache_dir": str(muq_dir / "cache")}
    assert MuQExtractor(**keywords).parameters() == MuQExtractor(muq_dir, **settings).parameters()
    hub = MuQExtractor("Someone/small-muq", revision="v2").elsewhere()
    assert (hub["model"], hub["revision"], hub["cache_dir"]) == ("Someone/small-muq", "v2", None)


# What is wrong with audio.


@pytest.mark.parametrize(
    ("samples", "match"),
    [
        (tone(1)[: SHORTEST - 1], "1024 samples, 0.0427 s, are too few for MuQ; expected at least 1025"),
        (np.zeros(0, np.float32), "0 samples"),
        (
            np.where(np.arange(48_000) == 36_000, np.nan, tone(2)),
            "1 samples are NaN or infinite, the first at 1.500 s",
        ),
        (np.full(48_000, np.inf, np.float32), "48000 samples are NaN or infinite"),
        (tone(2).astype(np.float64), r"samples are float64, shape \(48000,\); expected a float32 array"),
        (np.zeros((2, 48_000), np.float32), r"samples are float32, shape \(2, 48000\)"),
        ([0.0] * 48_000, "samples are list"),
    ],
)
def test_waveform_that_muq_cannot_take_is_refused_by_name(muq_dir, samples, match):
    if isinstance(samples, np.ndarray) and np.isnan(samples).any():
        samples = samples.astype(np.float32)
    with pytest.raises(ValueError, match=f"segment 7: {match}"):
        list(MuQExtractor(muq_dir, device="cpu").extract([("segment 7", samples)]))


def test_shortest_audio_gives_a_frame(muq_dir, by_hand):
    samples = tone(1)[:SHORTEST]
    ((_, frames),) = MuQExtractor(muq_dir, device="cpu").extract([("x", samples)])
    assert frames.shape == (1, WIDTH)
    np.testing.assert_allclose(frames, by_hand(samples), rtol=0, atol=1e-5)


def test_model_that_gives_nan_is_refused_and_nothing_is_cached(broken, tmp_path, monkeypatch):
    monkeypatch.setattr(priosig.extraction.muq.model, "_refuse_other_frames", lambda *_: None)  # as if not on silence
    directory = broken(lambda config, weights: weights["model.conformer.layer_norm.bias"].fill_(torch.nan))
    extractor = MuQExtractor(directory, device="cpu", cache_dir=tmp_path / "cache")
    with pytest.raises(ValueError, match=r"segment 7: window 0, 2\.000 s: the model gives NaN"):
        list(extractor.extract([("segment 7", tone(2))]))
    assert not (tmp_path / "cache").exists()


def test_later_batches_are_as_large_as_the_first_one_said(muq_dir, monkeypatch):
    """As on CUDA: the first batch is one window, and what it took says how many fit."""
    told = []

    class Sizes(BatchSizes):
        @contextlib.contextmanager
        def measured(self, n_windows, n_samples):
            told.append((n_windows, n_samples))
            yield
            self._fitting = 3 * n_samples

    sizes = Sizes("cuda")
    extractor = MuQExtractor(muq_dir, device="cpu")
    monkeypatch.setitem(extractor.__dict__, "_sizes", sizes)
    list(extractor.extract((f"{i}", tone(1, seed=i)) for i in range(7)))
    assert told == [(1, MUQ_RATE), (3, MUQ_RATE), (3, MUQ_RATE)]
