"""Features of segments: measured piece by piece, returned in the order of the segments."""

import numpy as np
import pytest
import torch

from priosig.annotations.segments import Segment
from priosig.audio.levels import LevelMeter
from priosig.audio.slices import plan_slices, read_slice
from priosig.audio.windows import SHORTEST_POOLED
from priosig.confounds.registry import meters
from priosig.extraction import features
from priosig.extraction.features import measure_features
from priosig.extraction.muq import loaded
from priosig.extraction.muq.extractor import MuQExtractor
from priosig.extraction.percepiano.head import MuQStatsModel
from priosig.extraction.percepiano.scores import extract_quality_scores
from priosig.extraction.pooling import merge, stats_pool, summarise
from tests.paths import SMALL_MUQ as SMALL
from tests.short_recordings import SEGMENTS, write_growing_noise


@pytest.fixture
def audio(tmp_path):
    write_growing_noise(tmp_path)
    return tmp_path


def frames_of(samples):
    """Frames that an encoder might give: 960 samples each, folded to 4 numbers."""
    return samples[: len(samples) // 960 * 960].reshape(-1, 4, 240).mean(axis=2)


class Encoder:
    """Gives each waveform's summary as soon as it has ended."""

    def summarise(self, pieces, *, total_seconds, progress):
        parts = {}
        for piece in pieces:
            parts.setdefault(piece.name, []).append(summarise(frames_of(piece.samples)))
            if piece.last:
                yield piece.name, merge(parts.pop(piece.name))


def test_rows_are_those_of_the_segments_in_the_order_given(audio):
    features = measure_features(SEGMENTS, audio, Encoder(), meters=meters())
    for row, (segment_id, part) in enumerate(plan_slices(SEGMENTS, audio).items()):
        samples = read_slice(part)
        assert segment_id == SEGMENTS[row].segment_id
        np.testing.assert_allclose(features.embeddings[row], stats_pool(frames_of(samples)), rtol=1e-6)
        meter = LevelMeter(24_000)
        meter.add(samples)
        assert features.heard["level"][row] == meter.level
        assert features.heard["silence"][row] == meter.silence_share
        assert features.heard["frames"][row] == len(frames_of(samples))
    assert features.quality is None


class Backwards(Encoder):
    """Gives the summaries in another order."""

    def summarise(self, pieces, *, total_seconds, progress):
        yield from reversed(list(super().summarise(pieces, total_seconds=total_seconds, progress=progress)))


def test_rows_and_scores_are_the_same_to_the_last_bit_in_whatever_order_they_come(audio, tmp_path):
    heads = []
    for kind, parts in (("mean_std", 2), ("mean_std_min_max", 4)):
        model = MuQStatsModel(input_dim=4, hidden_dim=8, pooling_stats=kind)
        settings = {"input_dim": 4, "hidden_dim": 8, "num_labels": 19, "pooling_stats": kind}
        assert model.clf[0].in_features == parts * 4
        torch.save({"state_dict": model.state_dict(), "hyper_parameters": settings}, tmp_path / f"{kind}.ckpt")
        heads.append(tmp_path / f"{kind}.ckpt")
    features, other = (measure_features(SEGMENTS, audio, encoder(), heads) for encoder in (Encoder, Backwards))
    np.testing.assert_array_equal(features.embeddings, other.embeddings)
    np.testing.assert_array_equal(features.quality, other.quality)
    frames = {s: frames_of(read_slice(part)) for s, part in plan_slices(SEGMENTS, audio).items()}
    scores = extract_quality_scores(frames, heads)
    np.testing.assert_allclose(features.quality, [scores[s.segment_id] for s in SEGMENTS], atol=1e-6)


def test_heads_for_frames_of_another_width_are_refused(audio, tmp_path):
    model = MuQStatsModel(input_dim=2, hidden_dim=8, pooling_stats="mean_std")
    settings = {"input_dim": 2, "hidden_dim": 8, "num_labels": 19, "pooling_stats": "mean_std"}
    torch.save({"state_dict": model.state_dict(), "hyper_parameters": settings}, tmp_path / "head.ckpt")
    with pytest.raises(ValueError, match=r"head\.ckpt: .* expects frames 2 wide, and the encoder's frames are 4"):
        measure_features(SEGMENTS, audio, Encoder(), [tmp_path / "head.ckpt"])


def test_segments_too_short_for_muq_are_named_before_anything_is_encoded(audio):
    short = [Segment(name, "videoAAAAAA", "stop", 1.0, 1.04) for name in ("short", "other")]
    pattern = r"segment short: .*videoAAAAAA\.wav: 960 samples .* 0\.0400 s, .*\(1 more like it\); .* at least 1200"
    with pytest.raises(ValueError, match=pattern):
        measure_features([SEGMENTS[0], *short], audio, None)


@pytest.mark.parametrize("n", [1200, 1199])
def test_the_shortest_that_is_pooled_gives_two_frames(n):
    samples = np.random.default_rng(0).normal(size=n).astype(np.float32)
    extractor = MuQExtractor(SMALL, device="cpu")
    ((_, frames),) = extractor.extract([("x", samples)])
    assert (len(frames) >= 2) == (n >= SHORTEST_POOLED)


def test_rows_can_be_taken_out():
    whole = features.Features(np.eye(3, dtype=np.float32), np.ones((3, 19)), {"level": np.arange(3.0)})
    part = whole.of([2, 0])
    assert part.embeddings.tolist() == [[0, 0, 1], [1, 0, 0]]
    assert part.heard["level"].tolist() == [2, 0]


def shard_arguments() -> tuple[type, dict, dict]:
    extractor = MuQExtractor(SMALL, device="cpu")
    return MuQExtractor, extractor.elsewhere(), extractor.parameters()


def test_a_worker_with_other_software_refuses_its_shard(audio):
    kind, arguments, parameters = shard_arguments()
    with pytest.raises(ValueError, match=r"worker: .*torch: 0 there, .* here.*expected the same software"):
        features._hear_shard(SEGMENTS[:1], audio, kind, arguments, parameters | {"torch": "0"}, {})


def test_a_worker_loads_its_model_once_and_again_for_other_weights(audio, monkeypatch):
    features._extractor_of.cache_clear()
    loads = []
    load = loaded.load_muq
    monkeypatch.setattr(loaded, "load_muq", lambda *files: loads.append(1) or load(*files))
    kind, arguments, parameters = shard_arguments()
    for shard in (SEGMENTS[:1], SEGMENTS[1:2], SEGMENTS[2:]):
        features._hear_shard(shard, audio, kind, arguments, parameters, {})
    assert len(loads) == 1
    with pytest.raises(ValueError, match="weights: other there"):
        features._hear_shard(SEGMENTS[:1], audio, kind, arguments, parameters | {"weights": "other"}, {})
    assert features._extractor_of.cache_info().misses == 2  # another was made, to look at the files anew
