"""Does the architecture of the released model load and run?

MuQ-large's weights cannot be had without a network, but its shape is known: 12 conformer layers, 1024 wide, about
329 million parameters. A model of that shape with random weights is written to a directory, loaded from there by
the extractor, and run on two seconds of sound; the frames must be those of the package's own model. Weights have no
say in whether loading is strict, shapes are right and hidden states come out.

It takes half a minute and 4 GB of memory, so it runs when asked for: `pytest validation -m slow`.
"""

import json

import numpy as np
import pytest

from priosig.encoder import MuQExtractor
from priosig.muq_model import import_muq

CONFIG = {
    "encoder_dim": 1024,
    "encoder_depth": 12,
    "conv_dim": 512,
    "stat": {"melspec_2048_mean": 6.768444971712967, "melspec_2048_std": 18.417922652295623},
}


@pytest.mark.slow
def test_the_full_size_architecture_loads_from_a_directory_and_runs(tmp_path):
    import torch
    from safetensors.torch import save_file
    from transformers import Wav2Vec2ConformerConfig

    MuQ, MuQConfig = import_muq()

    conformer = Wav2Vec2ConformerConfig(
        hidden_size=1024, num_hidden_layers=12, num_attention_heads=16, intermediate_size=4096,
        position_embeddings_type="rotary", hidden_act="swish", conv_depthwise_kernel_size=31,
    )  # fmt: skip
    config = {**CONFIG, "w2v2_config": json.loads(conformer.to_json_string(use_diff=False))}
    torch.manual_seed(0)
    model = MuQ(MuQConfig(**config)).eval()
    n_parameters = sum(p.numel() for p in model.parameters())
    assert 300e6 < n_parameters < 360e6
    (tmp_path / "config.json").write_text(json.dumps(config))
    save_file(model.state_dict(), tmp_path / "model.safetensors")

    samples = np.random.default_rng(0).normal(0, 0.1, 48_000).astype(np.float32)
    ((_, frames),) = MuQExtractor(tmp_path, device="cpu").extract([("noise", samples)])
    assert frames.shape == (50, 1024)
    with torch.inference_mode():
        by_hand = model(torch.from_numpy(samples)[None]).last_hidden_state[0].numpy()
    assert np.abs(frames - by_hand).max() <= 1e-5
