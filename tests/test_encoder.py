"""MuQ frames: the muq package's own, whatever the batching, computed once."""

import contextlib
import os
import random
import shutil
import subprocess
import sys
import weakref
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

import priosig.loaded_muq
from priosig.batch_size import BatchSizes
from priosig.encoder import MuQExtractor
from priosig.precision import reference_precision
from priosig.progress import Progress
from priosig.segment_files import extract_audio_segments, extract_muq_features
from priosig.segments import Segment
from priosig.windows import MUQ_RATE, SHORTEST, Piece
from tests.small_muq import WIDTH, broken, by_hand, muq_dir, tone

# Frames.


@pytest.fixture(scope="session")
def mixture(by_hand):
    """Waveforms of equal and other lengths, some of several windows, and their frames by hand."""
    lengths = [2, 3, 2, 31.5, 2, 3, 30.3, 0.05, 2]
    waveforms = [(f"segment {i}", tone(length, seed=i)) for i, length in enumerate(lengths)]
    return waveforms, [by_hand(samples) for _, samples in waveforms]


@pytest.mark.parametrize("batch_size", [None, 5])
def test_frames_equal_the_model_called_on_each_window_whatever_the_batch(muq_dir, mixture, batch_size):
    waveforms, frames_by_hand = mixture
    extractor = MuQExtractor(muq_dir, device="cpu", batch_size=batch_size)
    found = list(extractor.extract(iter(waveforms)))
    assert [name for name, _ in found] == [name for name, _ in waveforms]
    for (_, frames), expected in zip(found, frames_by_hand, strict=True):
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


# Nothing is computed twice.


@pytest.fixture
def count_forward(monkeypatch):
    """Number of windows that pass through the model."""
    passed = []
    original = MuQExtractor._forward

    def counted(self, batch):
        passed.extend(batch)
        return original(self, batch)

    monkeypatch.setattr(MuQExtractor, "_forward", counted)
    return passed


def test_second_run_computes_nothing_and_gives_the_same(muq_dir, tmp_path, count_forward):
    waveforms = [("a", tone(2)), ("b", tone(32, seed=1))]
    first = dict(MuQExtractor(muq_dir, device="cpu", cache_dir=tmp_path).extract(waveforms))
    assert len(count_forward) == 3
    extractor = MuQExtractor(muq_dir, device="cpu", cache_dir=tmp_path, batch_size=7)
    second = dict(extractor.extract([(name.upper(), samples) for name, samples in waveforms]))
    assert len(count_forward) == 3
    assert (extractor.n_computed_windows, extractor.n_cached_windows) == (0, 3)
    for name, frames in first.items():
        np.testing.assert_array_equal(second[name.upper()], frames)


def test_changed_audio_or_model_or_device_gets_no_old_frames(muq_dir, tmp_path, broken, monkeypatch):
    def computed(samples, directory=muq_dir):
        extractor = MuQExtractor(directory, device="cpu", cache_dir=tmp_path / "cache")
        list(extractor.extract([("x", samples)]))
        return extractor.n_computed_windows

    samples = tone(2)
    assert computed(samples) == 1
    assert computed(samples.copy()) == 0
    assert computed(samples[:-1]) == 1
    nudged = samples.copy()
    nudged[1000] = np.nextafter(nudged[1000], np.float32(1))
    assert computed(nudged) == 1
    shutil.copytree(muq_dir, tmp_path / "moved")
    assert computed(samples, tmp_path / "moved") == 0
    other = broken(lambda config, weights: weights["model.conformer.layer_norm.bias"].add_(0.01))
    assert computed(samples, other) == 1
    shutil.rmtree(other)
    assert computed(samples, broken(lambda config, weights: config["w2v2_config"].update(layer_norm_eps=1e-4))) == 1
    with monkeypatch.context() as patch:
        patch.setattr(priosig.loaded_muq, "resolve_device", lambda asked: "cuda:1")
        assert MuQExtractor(muq_dir).parameters()["device"] == "cuda"
    with monkeypatch.context() as patch:
        patch.setattr(priosig.loaded_muq.importlib.metadata, "version", lambda package: "99")
        assert computed(samples) == 1


def test_same_window_is_computed_once_in_a_run(muq_dir, tmp_path, count_forward):
    waveforms = [("a", tone(2)), ("b", tone(2)), ("c", tone(3)), ("d", tone(2))]
    extractor = MuQExtractor(muq_dir, device="cpu", cache_dir=tmp_path, batch_size=3)
    found = dict(extractor.extract(waveforms))
    assert len(count_forward) == 2
    assert (extractor.n_computed_windows, extractor.n_cached_windows) == (2, 2)
    np.testing.assert_array_equal(found["a"], found["d"])


def test_interrupted_run_goes_on_where_it_was(muq_dir, by_hand, tmp_path, count_forward):
    waveforms = [(f"{i}", tone(2, seed=i)) for i in range(7)]
    run = MuQExtractor(muq_dir, device="cpu", cache_dir=tmp_path, batch_size=2).extract(waveforms)
    next(run)
    run.close()
    assert len(count_forward) == 2

    def dies_at_5():
        yield from waveforms[:5]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(MuQExtractor(muq_dir, device="cpu", cache_dir=tmp_path, batch_size=2).extract(dies_at_5()))
    assert len(count_forward) == 4  # the fifth waited for a sixth: less than a batch is lost

    extractor = MuQExtractor(muq_dir, device="cpu", cache_dir=tmp_path, batch_size=2)
    found = dict(extractor.extract(waveforms))
    assert (extractor.n_computed_windows, extractor.n_cached_windows) == (3, 4)
    for name, samples in waveforms:
        np.testing.assert_allclose(found[name], by_hand(samples), rtol=0, atol=1e-5)


def test_cached_run_imports_neither_torch_nor_muq(muq_dir, tmp_path):
    np.save(tmp_path / "x.npy", tone(2))
    extractor = MuQExtractor(muq_dir, device="cpu", cache_dir=tmp_path / "cache")
    list(extractor.extract([("x", tone(2))]))
    list(extractor.summarise([Piece("y", 0, tone(3), True)]))
    np.save(tmp_path / "y.npy", tone(3))
    script = f"""
import sys
import numpy as np
from priosig.encoder import MuQExtractor
from priosig.windows import Piece
extractor = MuQExtractor({str(muq_dir)!r}, device="cpu", cache_dir={str(tmp_path / "cache")!r})
((name, frames),) = extractor.extract([("x", np.load({str(tmp_path / "x.npy")!r}))])
assert frames.shape == (50, {WIDTH})
for name in ("x", "y"):  # from frames, and from a summary
    piece = Piece(name, 0, np.load({str(tmp_path)!r} + f"/{{name}}.npy"), True)
    ((name, summary),) = extractor.summarise([piece])
    assert summary.width == {WIDTH}
assert extractor.n_computed_windows == 0
print(sorted({{"torch", "muq", "transformers"}} & set(sys.modules)))
"""
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parent.parent)}
    ran = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=False)
    assert (ran.stdout, ran.stderr) == ("[]\n", "")


def test_layer_and_precision_are_part_of_the_key_and_batch_size_and_what_is_kept_are_not(muq_dir):
    def parameters(**settings):
        return MuQExtractor(muq_dir, device="cpu", **settings).parameters()

    usual = parameters()
    assert (usual["layer"], usual["precision"]) == ("last", "float32")
    assert parameters(batch_size=7, keep_frames=True) == usual
    changed = [parameters(layer=1), parameters(layer=2), parameters(layer=(1, 2)), parameters(precision="bfloat16")]
    assert len({tuple(found.items()) for found in [usual, *changed]}) == 5
    assert parameters(layer=(2, 1)) == parameters(layer=(1, 2))


def test_other_layer_or_precision_gets_no_old_frames(muq_dir, by_hand, tmp_path):
    def frames(**settings):
        extractor = MuQExtractor(muq_dir, device="cpu", cache_dir=tmp_path, **settings)
        ((_, frames),) = extractor.extract([("x", tone(2))])
        assert extractor.n_computed_windows == 1
        assert (frames.shape, frames.dtype) == ((50, WIDTH), np.float32)
        return frames

    reference = frames()
    np.testing.assert_allclose(reference, by_hand(tone(2)), rtol=0, atol=1e-5)
    for settings in ({"layer": 0}, {"layer": (0, 1)}, {"precision": "bfloat16"}):
        assert np.abs(frames(**settings) - reference).max() > 1e-4


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


def test_progress_counts_what_was_found_and_what_was_computed(muq_dir, tmp_path):
    list(MuQExtractor(muq_dir, device="cpu", cache_dir=tmp_path).extract([("a", tone(2))]))
    seen = []
    waveforms = [("a", tone(2)), ("b", tone(3)), ("c", tone(3))]
    extractor = MuQExtractor(muq_dir, device="cpu", cache_dir=tmp_path)
    list(extractor.extract(waveforms, total_seconds=8.0, progress=seen.append))
    assert seen == [Progress(2.0, 2.0, 8.0), Progress(5.0, 2.0, 8.0), Progress(8.0, 5.0, 8.0)]


def test_extractor_made_elsewhere_is_the_same(muq_dir, tmp_path, monkeypatch):
    monkeypatch.chdir(muq_dir)
    settings = {"device": "cpu", "batch_size": 3, "layer": (0, 1), "precision": "bfloat16", "keep_frames": True}
    keywords = MuQExtractor(".", cache_dir="cache", **settings).elsewhere()
    monkeypatch.chdir(tmp_path)
    assert keywords == settings | {"model": str(muq_dir), "revision": None, "cache_dir": str(muq_dir / "cache")}
    assert MuQExtractor(**keywords).parameters() == MuQExtractor(muq_dir, **settings).parameters()
    hub = MuQExtractor("Someone/small-muq", revision="v2").elsewhere()
    assert (hub["model"], hub["revision"], hub["cache_dir"]) == ("Someone/small-muq", "v2", None)


# Segments on disk.


def test_features_of_segments_are_the_frames_of_their_files(muq_dir, by_hand, tmp_path):
    soundfile.write(tmp_path / "video1.wav", tone(6), MUQ_RATE, subtype="FLOAT")
    segments = [Segment(f"s{i}", "video1", "stop", float(i), float(i + 2)) for i in range(3)]
    extract_audio_segments(segments, tmp_path, tmp_path / "segments")
    extractor = MuQExtractor(muq_dir, device="cpu", cache_dir=tmp_path / "cache")
    found = extract_muq_features(segments, tmp_path / "segments", tmp_path / "cache", extractor=extractor)
    assert list(found) == ["s0", "s1", "s2"]
    for i, frames in enumerate(found.values()):
        samples = tone(6)[i * MUQ_RATE : (i + 2) * MUQ_RATE]
        np.testing.assert_allclose(frames, by_hand(samples), rtol=0, atol=1e-5)

    with pytest.raises(FileNotFoundError, match=r"s9\.wav: no such file"):
        extract_muq_features(
            [Segment("s9", "video1", "stop", 0, 1)], tmp_path / "segments", None, extractor=extractor
        )
    with pytest.raises(ValueError, match="segment s0: given twice"):
        extract_muq_features(segments[:1] * 2, tmp_path / "segments", None, extractor=extractor)
    with pytest.raises(ValueError, match="expected the same, or None"):
        extract_muq_features(segments, tmp_path / "segments", tmp_path / "elsewhere", extractor=extractor)


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


def test_model_that_gives_nan_is_refused_and_nothing_is_cached(broken, tmp_path):
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
