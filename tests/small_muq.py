"""A small MuQ with random weights for tests; its frames by hand; something to hear."""

import json
import random

import numpy as np
import torch

from priosig.audio.windows import MUQ_RATE, window_bounds
from priosig.extraction.muq.model import import_muq
from tests.paths import SMALL_MUQ

MuQ, MuQConfig = import_muq()
WIDTH = 64  # of the fixture's frames, and of these


def write_muq(directory):
    """The fixture's architecture with random weights and with dropout, as MuQ's own save_pretrained writes it."""
    config = json.loads((SMALL_MUQ / "config.json").read_text())
    config["conv_dim"] = 8  # half of the fixture's, and quicker
    config["w2v2_config"] |= {name: 0.1 for name in config["w2v2_config"] if "drop" in name}
    with torch.random.fork_rng(devices=()):
        model = MuQ(MuQConfig(**config))
        generator = torch.Generator().manual_seed(20)
        for name, parameter in model.named_parameters():
            if parameter.ndim > 1:  # biases and norms stay as they were made
                torch.nn.init.xavier_normal_(parameter.data, generator=generator)
            elif name == "model.cls_token":
                torch.nn.init.zeros_(parameter.data)
            elif "bias" in name:
                torch.nn.init.normal_(parameter.data, std=0.1, generator=generator)
    model.save_pretrained(directory)


def frames_by_hand(directory):
    """The package's own way: from_pretrained, eval, one window at a time, frames end to end."""
    state = random.getstate()
    model = MuQ.from_pretrained(str(directory)).eval()
    random.setstate(state)

    def frames(samples, bounds=None):
        with torch.no_grad():
            windows = [torch.from_numpy(samples[a:b]).unsqueeze(0) for a, b in bounds or window_bounds(len(samples))]
            return torch.cat([model(window).last_hidden_state[0] for window in windows]).numpy()

    return frames


def tone(seconds, seed=0):
    """Something like sound: a chord with noise."""
    time = np.arange(round(seconds * MUQ_RATE)) / MUQ_RATE
    rng = np.random.default_rng(seed)
    chord = sum(np.sin(2 * np.pi * f * time) for f in rng.uniform(100, 2000, 3))
    return (0.1 * chord + 0.02 * rng.standard_normal(len(time))).astype(np.float32)
