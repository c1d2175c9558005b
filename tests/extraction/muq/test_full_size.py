"""The architecture of the released model loads and runs; half a minute, 5 GB of memory.

A model of its shape with random weights (`tests.full_size_muq`) is written to a directory, loaded from there by the
extractor, and run on sound of two seconds and of six, which are enough for Winograd's algorithm in all large
convolutions. The frames must be those of the package's own model. Weights have no say in whether loading is strict,
shapes are right and hidden states come out.
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
    rng = np.random.default_rng(0)
    sounds = [(f"{seconds} s", rng.normal(0, 0.1, seconds * 24_000).astype(np.float32)) for seconds in (2, 6)]
    frames = dict(MuQExtractor(tmp_path, device="cpu").extract(sounds))
    for name, samples in sounds:
        assert frames[name].shape == (len(samples) // 960, 1024)
        with torch.inference_mode():
            by_hand = model(torch.from_numpy(samples)[None]).last_hidden_state[0].numpy()
        assert np.abs(frames[name] - by_hand).max() <= 1e-5
