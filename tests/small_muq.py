"""A small MuQ with random weights, for the tests of loading and of extraction: fixtures, and something to hear."""

import json
import random

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from priosig.muq_model import import_muq
from priosig.windows import MUQ_RATE, window_bounds

WIDTH = 64
MuQ, MuQConfig = import_muq()

CONFIG = {
    "conv_dim": 8,
    "encoder_dim": WIDTH,
    "encoder_depth": 2,
    "codebook_size": 32,
    "stat": {"melspec_2048_mean": 6.768444971712967, "melspec_2048_std": 18.417922652295623},
    "w2v2_config": {
        "activation_dropout": 0.1,
        "attention_dropout": 0.1,
        "conformer_conv_dropout": 0.1,
        "conv_depthwise_kernel_size": 31,
        "feat_extract_activation": "gelu",
        "hidden_act": "swish",
        "hidden_dropout": 0.1,
        "intermediate_size": 128,
        "layer_norm_eps": 1e-5,
        "layerdrop": 0.1,
        "max_source_positions": 5000,
        "num_attention_heads": 4,
        "num_conv_pos_embedding_groups": 16,
        "num_conv_pos_embeddings": 16,
        "position_embeddings_type": "rotary",
        "rotary_embedding_base": 10000,
    },
}


@pytest.fixture(scope="session")
def muq_dir(tmp_path_factory):
    """A small MuQ with random weights, as its own save_pretrained writes it."""
    directory = tmp_path_factory.mktemp("muq")
    with torch.random.fork_rng(devices=()):
        model = MuQ(MuQConfig(**CONFIG))
        generator = torch.Generator().manual_seed(20)
        for name, parameter in model.named_parameters():
            if parameter.ndim > 1:  # biases and norms stay as they were made
                torch.nn.init.xavier_normal_(parameter.data, generator=generator)
            elif name == "model.cls_token":
                torch.nn.init.zeros_(parameter.data)
            elif "bias" in name:
                torch.nn.init.normal_(parameter.data, std=0.1, generator=generator)
    model.save_pretrained(directory)
    return directory


@pytest.fixture(scope="session")
def by_hand(muq_dir):
    """The package's own way: from_pretrained, eval, one window at a time, frames end to end."""
    state = random.getstate()
    model = MuQ.from_pretrained(str(muq_dir)).eval()
    random.setstate(state)

    def frames(samples, bounds=None):
        with torch.no_grad():
            windows = [torch.from_numpy(samples[a:b]).unsqueeze(0) for a, b in bounds or window_bounds(len(samples))]
            return torch.cat([model(window).last_hidden_state[0] for window in windows]).numpy()

    return frames


@pytest.fixture
def broken(muq_dir, tmp_path):
    """Copy the model's directory and spoil it: `change(config, weights)` edits both in place."""

    def build(change):
        directory = tmp_path / "broken_muq"
        directory.mkdir()
        config = json.loads((muq_dir / "config.json").read_text())
        weights = load_file(muq_dir / "model.safetensors")
        change(config, weights)
        (directory / "config.json").write_text(json.dumps(config))
        save_file(weights, directory / "model.safetensors")
        return directory

    return build


def tone(seconds, seed=0):
    """Something like sound: a chord with noise."""
    time = np.arange(round(seconds * MUQ_RATE)) / MUQ_RATE
    rng = np.random.default_rng(seed)
    chord = sum(np.sin(2 * np.pi * f * time) for f in rng.uniform(100, 2000, 3))
    return (0.1 * chord + 0.02 * rng.standard_normal(len(time))).astype(np.float32)
