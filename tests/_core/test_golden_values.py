"""Cached values change only with their version.

Embeddings take hours, so their keys hold a version instead of a hash of the source: a reworded message must cost
nobody a recomputation. These tests fail when a value changes and its version does not. To accept a change, raise the
version and replace its golden values here.
"""

import numpy as np
import pytest

from priosig.audio import voice_activity
from priosig.extraction import window_store
from priosig.extraction.muq import loaded
from priosig.extraction.muq.extractor import MuQExtractor
from priosig.extraction.muq.loaded import LoadedMuQ
from priosig.extraction.pooling import summarise
from tests.paths import SMALL_MUQ
from tests.small_muq import tone


def frames() -> np.ndarray:
    """Eight entries of a small model's frames: first, middle and last."""
    ((_, values),) = MuQExtractor(SMALL_MUQ, device="cpu").extract([("tone", tone(3))])
    return np.concatenate([values[0, :3], values[len(values) // 2, :3], values[-1, :2]])


def summary() -> np.ndarray:
    """Every second number of a summary of frames that are written by hand."""
    return summarise(np.array([[0.5, -1.0], [1.5, 2.0], [4.0, 0.0]], np.float32)).to_array().ravel()[::2]


def talk() -> np.ndarray:
    """Probabilities of talk in eight chunks of a tone."""
    chunks = tone(8 * voice_activity.CHUNK / 24_000)[: 8 * voice_activity.CHUNK].reshape(8, voice_activity.CHUNK)
    return voice_activity._forward(chunks, np.zeros(64, np.float32), np.zeros((2, 128), np.float32))[0]


# version of the golden values; the values; how far rounding moves them between machines
GOLDEN = {
    frames: (
        loaded,
        "FRAMES_VERSION",
        2,
        [-0.25415, -0.95726, 0.51504, -1.04519, -1.69273, -0.29172, -1.53278, -1.74759],
        1e-3,
    ),
    summary: (window_store, "SUMMARY_VERSION", 1, [3.0, 1 / 3, 14 / 3, -1.0, 2.0], 1e-6),
    talk: (
        voice_activity,
        "TALK_VERSION",
        1,
        [0.01051, 0.01395, 0.00769, 0.00689, 0.00709, 0.00643, 0.00485, 0.00522],
        1e-4,
    ),
}


@pytest.mark.parametrize("value", GOLDEN, ids=lambda value: value.__name__)
def test_a_cached_value_changes_with_its_version_only(value):
    module, name, version, golden, tolerance = GOLDEN[value]
    assert getattr(module, name) == version, f"{name} was raised: replace the golden values of version {version}"
    now = value()
    assert np.allclose(now, golden, rtol=0, atol=tolerance), (
        f"{value.__name__} changed and {name} did not; raise it, or undo the change. Now: {now.round(5).tolist()}"
    )


def test_the_versions_are_part_of_the_keys(monkeypatch):
    def keys() -> dict[str, str]:
        model = LoadedMuQ(SMALL_MUQ, revision=None, device="cpu", layer="last", precision="float32")
        return {
            "FRAMES_VERSION": str(model.parameters()),
            "SUMMARY_VERSION": window_store.summary_key("ab" * 32),
            "TALK_VERSION": str(voice_activity._detector.__wrapped__()),
        }

    before = keys()
    for module, name, version, _, _ in GOLDEN.values():
        monkeypatch.setattr(module, name, version + 1)
        after = keys()
        assert {key for key in before if before[key] != after[key]} == {name}
        monkeypatch.setattr(module, name, version)
