"""The embeddings are MuQ's own.

The pipeline cuts, batches and caches. None of that may change a frame: on the CPU, frames equal those of the muq
package called by hand on each window, to 1e-5, whatever the batch. On an accelerator they are as exact as the
CPU's.
"""

import contextlib
import copy

import numpy as np
import pytest

from priosig.audio.slices import plan_slices, read_slice
from priosig.audio.windows import MUQ_RATE
from priosig.experiment.corpus import read_annotations
from priosig.experiment.pipeline import Experiment
from priosig.extraction.muq.extractor import MuQExtractor
from priosig.extraction.muq.model import import_muq
from validation.harness.runs import SMALL_MUQ, Case, Runs, open_world

BATCH_SIZES = (1, 4)


def some_waveforms(world: str) -> dict[str, np.ndarray]:
    """Windows of several lengths, and some of one."""
    annotations = read_annotations(open_world(world))
    segments = [*annotations.segments[:6], *annotations.segments[-2:]]
    slices = plan_slices(segments, annotations.corpus.audio)
    return {segment_id: read_slice(part) for segment_id, part in slices.items()}


def differences_by_hand(world: str) -> dict[int, dict[str, float]]:
    """Largest difference of each segment's frames to those of the package's own model, for each batch size."""
    import torch

    MuQ, _ = import_muq()
    with contextlib.redirect_stdout(None):  # it says where it loads from
        model = MuQ.from_pretrained(str(SMALL_MUQ)).eval()
    waveforms = some_waveforms(world)
    with torch.inference_mode():
        by_hand = {
            segment_id: model(torch.from_numpy(samples)[None]).last_hidden_state[0].numpy()
            for segment_id, samples in waveforms.items()
        }
    largest = {}
    for batch_size in BATCH_SIZES:
        extractor = MuQExtractor(SMALL_MUQ, device="cpu", batch_size=batch_size)
        frames = dict(extractor.extract(waveforms.items()))
        assert list(frames) == list(by_hand)
        largest[batch_size] = {
            segment_id: np.abs(frames[segment_id] - expected).max()
            if frames[segment_id].shape == expected.shape
            else np.inf
            for segment_id, expected in by_hand.items()
        }
    return largest


def ahead(runs: Runs, items: list[pytest.Item]) -> None:
    if any(item.originalname == "test_frames_equal_the_muq_package_called_by_hand" for item in items):
        runs.background.start(differences_by_hand, differences_by_hand, "signal")


@pytest.mark.parametrize("batch_size", BATCH_SIZES)
def test_frames_equal_the_muq_package_called_by_hand(runs: Runs, batch_size: int):
    largest = runs.background.start(differences_by_hand, differences_by_hand, "signal").result()[batch_size]
    assert len(largest) == 8
    assert max(largest.values()) <= 1e-5


def in_double(spectrogram, samples):
    """The package's spectrogram, computed in double precision."""
    power = copy.deepcopy(spectrogram.mel_stft).double()(samples.double()).float()
    return spectrogram.amplitude_to_db(power)


@pytest.mark.gpu
@pytest.mark.worlds("signal")
def test_the_accelerator_agrees_with_the_cpu(runs: Runs, case: Case, monkeypatch: pytest.MonkeyPatch):
    """Both are as near to frames from a spectrogram in double precision.

    In bins that hold next to no energy float32 rounds at random, and decibels make it heard: frames of one quiet
    window differ by a tenth of their spread, and no device is right.
    """
    from muq.muq.modules.features import MelSTFT

    waveforms = some_waveforms(case.world)

    def frames_on(device: str) -> dict[str, np.ndarray]:
        return dict(MuQExtractor(SMALL_MUQ, device=device).extract(waveforms.items()))

    on_cpu, on_gpu = frames_on("cpu"), frames_on(runs.accelerator)
    monkeypatch.setattr(MelSTFT, "__call__", in_double)
    exact = frames_on("cpu")
    spread = np.concatenate(list(on_cpu.values())).std()
    for segment_id in waveforms:
        rounding = np.abs(on_cpu[segment_id] - exact[segment_id]).max()
        assert np.abs(on_gpu[segment_id] - exact[segment_id]).max() <= 1e-3 * spread + 2 * rounding


@pytest.mark.gpu
@pytest.mark.worlds("signal")
def test_the_accelerator_takes_a_window_as_long_as_the_one_that_loading_tried_on_the_cpu(runs: Runs, case: Case):
    extractor = MuQExtractor(SMALL_MUQ, device=runs.accelerator)
    frames = dict(extractor.extract([("a second", np.zeros(MUQ_RATE, np.float32))]))
    assert np.isfinite(frames["a second"]).all()


def test_every_embedding_is_finite_and_no_two_segments_share_one(experiment: Experiment):
    for result in experiment.views.values():
        if result.features is None:  # a view without segments
            continue
        embeddings = result.features.embeddings
        assert embeddings.shape[0] == len(result.view.segments)
        assert np.isfinite(embeddings).all()
        _, first, counts = np.unique(embeddings, axis=0, return_index=True, return_counts=True)
        shared = [result.view.segments[row].segment_id for row in first[counts > 1]]
        assert not shared, f"{result.view.name} view: equal to another segment's embedding (silence?): {shared}"
