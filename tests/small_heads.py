"""Small quality heads with random weights for tests: checkpoints, something to score, and the scores by hand."""

import math

import numpy as np
import torch

WIDTH, HIDDEN = 6, 8
KINDS = ("mean_std", "mean_std_min_max")


def checkpoint(kind="mean_std", seed=0, **hyper_parameters):
    """Contents of a Lightning checkpoint of a head with random weights."""
    rng = torch.Generator().manual_seed(seed)
    pooled = len(kind.split("_")) * WIDTH
    shapes = {"clf.0": (HIDDEN, pooled), "clf.3": (HIDDEN, HIDDEN), "clf.6": (19, HIDDEN)}
    state = {f"{name}.weight": torch.randn(shape, generator=rng) for name, shape in shapes.items()}
    state |= {f"{name}.bias": torch.randn(shape[0], generator=rng) for name, shape in shapes.items()}
    given = {"input_dim": WIDTH, "hidden_dim": HIDDEN, "num_labels": 19, "dropout": 0.2, "pooling_stats": kind}
    given |= {"learning_rate": 1e-4, "max_epochs": 200} | hyper_parameters
    return {"epoch": 7, "state_dict": state, "hyper_parameters": given}


def frames(n_frames=20, width=WIDTH, seed=0):
    return np.random.default_rng(seed).standard_normal((n_frames, width)).astype(np.float32)


def scores_by_hand(x, content):
    """The head as DESIGN states it, in numpy and float64."""
    x = x.astype(np.float64)
    std = np.sqrt(np.mean((x - x.mean(axis=0)) ** 2, axis=0) + 1e-8)
    parts = [x.mean(axis=0), std]
    if content["hyper_parameters"]["pooling_stats"] == "mean_std_min_max":
        parts += [x.min(axis=0), x.max(axis=0)]
    weights = {name: tensor.double().numpy() for name, tensor in content["state_dict"].items()}
    hidden = np.concatenate(parts)
    for layer in ("clf.0", "clf.3"):
        linear = weights[f"{layer}.weight"] @ hidden + weights[f"{layer}.bias"]
        hidden = linear * 0.5 * (1 + np.vectorize(math.erf)(linear / math.sqrt(2)))
    return 1 / (1 + np.exp(-(weights["clf.6.weight"] @ hidden + weights["clf.6.bias"])))
