"""Do the scripts in fixtures/ still make the committed files, and are they heard as they are meant?

The small MuQ and its heads are made in closed form from seeded numbers, so making them again must give the same
weights, but for rounding that differs between machines. Tolerances, as a share of an array's largest entry: with
other kernels for convolutions the MuQ's weights moved by 1e-7 and the heads' by 1e-6; with a synthesis in single
instead of double precision, by 6e-7 and 8e-6, since ridge regression magnifies a little.
"""

import json
import random
from pathlib import Path

import numpy as np
import pytest

from priosig._core.cache import EmbeddingCache
from priosig._core.file_digests import file_digest
from priosig._core.memo import kept
from priosig.extraction.muq.extractor import MuQExtractor
from priosig.extraction.muq.model import load_muq
from priosig.extraction.percepiano.scales import PERCEPIANO_DIMENSIONS
from validation.harness.options import ROOT
from validation.harness.runs import SMALL_MUQ, Runs


@pytest.fixture(scope="module")
def remade_muq():
    from fixtures import make_muq

    before = random.getstate()
    made = make_muq.make()
    assert random.getstate() == before
    return made


def assert_close(new: np.ndarray, old: np.ndarray, name: str, share: float) -> None:
    assert new.shape == old.shape, name
    largest = float(np.abs(old).max(initial=0.0))
    np.testing.assert_allclose(new, old, rtol=0, atol=share * max(largest, 1e-6), err_msg=name)


@pytest.mark.slow
def test_the_script_still_makes_the_small_muq(remade_muq):
    from safetensors.numpy import load_file

    config, state = remade_muq
    committed = ROOT / "fixtures" / "muq_small"
    assert config == json.loads((committed / "config.json").read_text(encoding="utf-8"))
    weights = load_file(committed / "model.safetensors")
    assert set(state) == set(weights)
    for name, old in weights.items():
        assert_close(state[name].numpy(), old, name, share=1e-4)


@pytest.mark.slow
def test_the_script_still_makes_the_heads():
    from fixtures import make_heads
    from priosig.extraction.percepiano.head import load_head

    committed = make_heads.HERE / "checkpoints"
    made = make_heads.make()
    assert set(made) == {path.name for path in committed.glob("*.ckpt")}
    for file, checkpoint in made.items():
        head = load_head(committed / file)
        assert checkpoint["hyper_parameters"]["input_dim"] == 64
        for name, old in head.state_dict().items():
            assert_close(checkpoint["state_dict"][name].numpy(), old.numpy(), f"{file} {name}", share=1e-3)


def heard_in_new_clips() -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Parameters of clips that neither head was fitted on, by name, and the heads' scores of them, shape (96, 19)."""
    import torch

    from fixtures import make_heads, make_muq
    from priosig.extraction.percepiano.scores import extract_quality_scores

    model = load_muq(make_muq.HERE / "muq_small" / "config.json", make_muq.HERE / "muq_small" / "model.safetensors")
    samples, performances = make_muq.clips(96, seed=7, duration=2.0)
    with torch.inference_mode():
        frames = [model(batch).last_hidden_state for batch in torch.from_numpy(samples).split(32)]
    embeddings = {str(i): one for i, one in enumerate(torch.cat(frames).numpy())}
    checkpoints = sorted((make_heads.HERE / "checkpoints").glob("*.ckpt"))
    scores = np.array(list(extract_quality_scores(embeddings, checkpoints).values()))
    return dict(zip(make_muq.PARAMETERS, performances.T, strict=True)), scores


def listen(cache: str) -> tuple[dict[str, np.ndarray], np.ndarray]:
    files = [Path(__file__), *sorted(path for path in (ROOT / "fixtures").rglob("*") if path.is_file())]
    encoder = MuQExtractor(SMALL_MUQ, device="cpu").parameters()
    inputs = encoder, [file_digest(path) for path in files if path.suffix != ".pyc"]
    return kept(EmbeddingCache(cache), "heard in new clips", heard_in_new_clips, *inputs)


def ahead(runs: Runs, items: list[pytest.Item]) -> None:
    if any("the_heads_hear" in item.name for item in items):
        runs.background.start(listen, listen, runs.cache)


def test_the_heads_hear_articulation_and_brightness_and_name_them_right(runs: Runs):
    """Correlation of scale and parameter, and of no other scale as high."""
    parameters, scores = runs.background.start(listen, listen, runs.cache).result()
    assert scores.shape == (96, 19)
    for parameter, scale, sign in (("articulation", "articulation_length", 1), ("brightness", "timbre_dark", -1)):
        correlation = np.array([np.corrcoef(column, parameters[parameter])[0, 1] for column in scores.T])
        place = PERCEPIANO_DIMENSIONS.index(scale)
        assert sign * correlation[place] > 0.7
        assert np.abs(np.delete(correlation, place)).max() < 0.45
