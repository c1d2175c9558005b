"""The architecture of the released model loads and runs; half a minute, 4 GB of memory.

A model of its shape with random weights (`tests.full_size_muq`) is written to a directory, loaded from there
by the extractor, and run on two seconds of sound; the frames must be those of the package's own model. Weights have
no say in whether loading is strict, shapes are right and hidden states come out.
"""

import numpy as np
import pytest

from priosig.extraction.muq.extractor import MuQExtractor
from tests.full_size_muq import write_full_size


@pytest.mark.slow
def test_the_full_size_architecture_loads_from_a_directory_and_runs(tmp_path):
    import torch

    model = write_full_size(tmp_path)
    assert 300e6 < sum(p.numel() for p in model.parameters()) < 360e6
    samples = np.random.default_rng(0).normal(0, 0.1, 48_000).astype(np.float32)
    ((_, frames),) = MuQExtractor(tmp_path, device="cpu").extract([("noise", samples)])
    assert frames.shape == (50, 1024)
    with torch.inference_mode():
        by_hand = model(torch.from_numpy(samples)[None]).last_hidden_state[0].numpy()
    assert np.abs(frames - by_hand).max() <= 1e-5
