"""Are the embeddings MuQ's own?

The pipeline cuts, batches and caches. None of that may change a frame: on the CPU, frames equal those of the muq
package called by hand on each window, to 1e-5, whatever the batch. On an accelerator they equal the CPU's within a
share of their spread that cannot move a conclusion.
"""

import subprocess
import sys

import numpy as np
import pytest

from priosig.audio import plan_slices, read_slice
from priosig.encoder import MuQExtractor
from priosig.experiment import Experiment
from priosig.muq_model import import_muq
from validation.runs import SMALL_MUQ, Case, Runs


@pytest.fixture(scope="module")
def waveforms(runs: Runs, case: Case) -> dict[str, np.ndarray]:
    annotations = runs.annotations(case)
    segments = [*annotations.segments[:6], *annotations.segments[-2:]]
    slices = plan_slices(segments, annotations.corpus.audio)
    return {segment_id: read_slice(part) for segment_id, part in slices.items()}


@pytest.mark.worlds("signal")
@pytest.mark.parametrize("batch_size", [1, 4])
def test_frames_equal_the_muq_package_called_by_hand(waveforms: dict[str, np.ndarray], batch_size: int):
    import torch

    MuQ, _ = import_muq()
    model = MuQ.from_pretrained(str(SMALL_MUQ)).eval()
    found = dict(MuQExtractor(SMALL_MUQ, device="cpu", batch_size=batch_size).extract(waveforms.items()))
    assert list(found) == list(waveforms)
    for segment_id, samples in waveforms.items():
        with torch.inference_mode():
            by_hand = model(torch.from_numpy(samples)[None]).last_hidden_state[0].numpy()
        assert found[segment_id].shape == by_hand.shape
        assert np.abs(found[segment_id] - by_hand).max() <= 1e-5


@pytest.mark.gpu
@pytest.mark.worlds("signal")
def test_the_accelerator_agrees_with_the_cpu(runs: Runs, waveforms: dict[str, np.ndarray]):
    on_cpu = dict(MuQExtractor(SMALL_MUQ, device="cpu").extract(waveforms.items()))
    on_gpu = dict(MuQExtractor(SMALL_MUQ, device=runs.accelerator).extract(waveforms.items()))
    spread = np.concatenate(list(on_cpu.values())).std()
    for segment_id in waveforms:
        assert np.abs(on_gpu[segment_id] - on_cpu[segment_id]).max() <= 1e-3 * spread


def test_every_embedding_is_finite_and_no_two_segments_share_one(experiment: Experiment):
    for result in experiment.views.values():
        embeddings = result.features.embeddings
        assert embeddings.shape[0] == len(result.view.segments)
        assert np.isfinite(embeddings).all()
        assert len(np.unique(embeddings, axis=0)) == len(embeddings)

@pytest.mark.slow
def test_the_whole_muq_package_can_still_be_imported_afterwards():
    code = (
        "from priosig.muq_model import import_muq; import sys; MuQ, _ = import_muq(); "
        "assert 'muq' not in sys.modules; import muq; assert muq.MuQ is MuQ and muq.MuQMuLan; "
        "assert import_muq()[0] is MuQ"
    )
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True)
