"""Frames in the cache: nothing is computed twice, and changed inputs never get old frames."""

import os
import shutil
import subprocess
import sys

import numpy as np
import pytest

import priosig.extraction.muq.loaded
from priosig._core.progress import Progress
from priosig.audio.windows import MUQ_RATE, Piece, window_bounds
from priosig.extraction import assembly
from priosig.extraction.muq.extractor import MuQExtractor
from tests.paths import ROOT
from tests.small_muq import WIDTH, tone


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


def test_second_run_computes_nothing_and_gives_the_same(muq_dir, tmp_path, count_forward, monkeypatch):
    monkeypatch.setattr(assembly, "window_bounds", lambda n: window_bounds(n, 2 * MUQ_RATE))
    waveforms = [("a", tone(1)), ("b", tone(3, seed=1))]
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

    samples = tone(0.5)
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
        patch.setattr(priosig.extraction.muq.loaded, "resolve_device", lambda asked: "cuda:1")
        there = MuQExtractor(muq_dir).parameters()
        assert (there["device"], there["convolution"]) == ("cuda", "direct")
    with monkeypatch.context() as patch:
        patch.setattr(priosig.extraction.muq.loaded.importlib.metadata, "version", lambda package: "99")
        assert computed(samples) == 1


def test_same_window_is_computed_once_in_a_run(muq_dir, tmp_path, count_forward):
    waveforms = [("a", tone(2)), ("b", tone(2)), ("c", tone(3)), ("d", tone(2))]
    extractor = MuQExtractor(muq_dir, device="cpu", cache_dir=tmp_path, batch_size=3)
    extracted = dict(extractor.extract(waveforms))
    assert len(count_forward) == 2
    assert (extractor.n_computed_windows, extractor.n_cached_windows) == (2, 2)
    np.testing.assert_array_equal(extracted["a"], extracted["d"])


def test_interrupted_run_goes_on_where_it_was(muq_dir, by_hand, tmp_path, count_forward):
    waveforms = [(f"{i}", tone(0.5, seed=i)) for i in range(7)]
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
    extracted = dict(extractor.extract(waveforms))
    assert (extractor.n_computed_windows, extractor.n_cached_windows) == (3, 4)
    for name, samples in waveforms:
        np.testing.assert_allclose(extracted[name], by_hand(samples), rtol=0, atol=1e-5)


def test_cached_run_imports_neither_torch_nor_muq(muq_dir, tmp_path):
    np.save(tmp_path / "x.npy", tone(2))
    extractor = MuQExtractor(muq_dir, device="cpu", cache_dir=tmp_path / "cache")
    list(extractor.extract([("x", tone(2))]))
    list(extractor.summarise([Piece("y", 0, tone(3), True)]))
    np.save(tmp_path / "y.npy", tone(3))
    script = f"""
import sys
import numpy as np
from priosig.extraction.muq.extractor import MuQExtractor
from priosig.audio.windows import Piece
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
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    ran = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=False)
    assert (ran.stdout, ran.stderr) == ("[]\n", "")


def test_layer_and_precision_are_part_of_the_key_and_batch_size_and_what_is_kept_are_not(muq_dir):
    def parameters(**settings):
        return MuQExtractor(muq_dir, device="cpu", **settings).parameters()

    usual = parameters()
    assert (usual["layer"], usual["precision"], usual["convolution"]) == ("last", "float32", "winograd")
    assert parameters(batch_size=7, keep_frames=True) == usual
    changed = [parameters(layer=1), parameters(layer=2), parameters(layer=(1, 2)), parameters(precision="bfloat16")]
    assert len({tuple(one.items()) for one in [usual, *changed]}) == 5
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


def test_progress_counts_what_was_found_and_what_was_computed(muq_dir, tmp_path):
    list(MuQExtractor(muq_dir, device="cpu", cache_dir=tmp_path).extract([("a", tone(2))]))
    seen = []
    pieces = [Piece(name, 0, tone(seconds), True) for name, seconds in (("a", 2), ("b", 3), ("c", 3))]
    extractor = MuQExtractor(muq_dir, device="cpu", cache_dir=tmp_path)
    list(extractor.summarise(pieces, total_seconds=8.0, progress=seen.append))
    assert seen == [Progress(2.0, 2.0, 8.0), Progress(5.0, 2.0, 8.0), Progress(8.0, 5.0, 8.0)]
