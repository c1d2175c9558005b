"""An encoder that is no model, written to the protocol alone, goes through the pipeline: at once, and in workers."""

import joblib
import numpy as np
import pytest

from priosig._core.cache import EmbeddingCache
from priosig._core.progress import Progress
from priosig.audio.slices import plan_slices, read_slice
from priosig.audio.windows import HOP, MUQ_RATE
from priosig.extraction.encoder import Encoder
from priosig.extraction.features import measure_features
from priosig.extraction.muq.extractor import MuQExtractor
from priosig.extraction.pooling import merge, stats_pool, summarise
from tests.paths import SMALL_MUQ
from tests.short_recordings import SEGMENTS, write_growing_noise


class LogBands:
    """Log energy in equal bands of the spectrum, for every 40 ms."""

    def __init__(self, n_bands: int, cache_dir: str | None = None):
        self.width = n_bands
        self.cache = None if cache_dir is None else EmbeddingCache(cache_dir)
        self.digests = {}

    def load(self):
        pass

    def parameters(self):
        return {"encoder": "log bands", "n_bands": self.width}

    def elsewhere(self):
        return {"n_bands": self.width}

    def frames(self, samples):
        power = np.abs(np.fft.rfft(samples[: len(samples) // HOP * HOP].reshape(-1, HOP))) ** 2
        return np.log(
            np.stack([band.sum(axis=1) for band in np.array_split(power, self.width, axis=1)], axis=1) + 1e-6
        )

    def summarise(self, pieces, *, total_seconds=None, progress=None):
        seconds, parts = 0.0, {}
        for piece in pieces:
            parts.setdefault(piece.name, []).append(summarise(self.frames(piece.samples)))
            seconds += len(piece.samples) / MUQ_RATE
            if progress is not None:
                progress(Progress(seconds, 0.0, total_seconds))
            if piece.last:
                yield piece.name, merge(parts.pop(piece.name))


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_any_encoder_can_be_measured_with(tmp_path, n_jobs):
    write_growing_noise(tmp_path)
    encoder: Encoder = LogBands(6)
    told = []
    with joblib.parallel_config(backend="threading", n_jobs=n_jobs):
        features = measure_features(SEGMENTS, tmp_path, encoder, progress=told.append)
    expected = [stats_pool(encoder.frames(read_slice(part))) for part in plan_slices(SEGMENTS, tmp_path).values()]
    np.testing.assert_allclose(features.embeddings, expected, rtol=1e-5)
    assert told[-1].done == pytest.approx(9.0)  # "b" ends with its recording


@pytest.mark.parametrize(
    "encoder", [LogBands(6), MuQExtractor(SMALL_MUQ, device="cpu")], ids=lambda e: type(e).__name__
)
def test_encoder_has_the_members_of_the_protocol_and_makes_its_equal(encoder):
    members = {name for name in vars(Encoder) if not name.startswith("_")}
    assert members == {"cache", "width", "digests", "load", "parameters", "elsewhere", "summarise"}
    assert all(hasattr(encoder, name) for name in members)
    assert type(encoder)(**encoder.elsewhere()).parameters() == encoder.parameters()
