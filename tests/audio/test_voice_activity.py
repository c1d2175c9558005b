"""The voice detector, against silero's own reading of a whole waveform."""

import tracemalloc
from itertools import pairwise

import numpy as np
import pytest
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st

from priosig._core.cache import EmbeddingCache
from priosig.audio import voice_activity
from priosig.audio.voice_activity import CHUNK, RATE, TalkMeter
from priosig.worlds.voice import talk
from tests.talk import talk_in

SLOW = pytest.mark.slow


def sound(seconds, rate=RATE, seed=0):
    """Room noise with talk from each third second to each fifth, of 7 seconds."""
    rng = np.random.default_rng(seed)
    samples = rng.normal(0, 1e-3, round(seconds * rate))
    for start in range(3 * rate, len(samples), 7 * rate):
        words = talk(2.0, rate, rng, level=-25)[: len(samples) - start]
        samples[start : start + len(words)] += words
    return samples.astype(np.float32)


def silero_alone(samples, rate):
    """Its probabilities, and the intervals that it makes of them."""
    torch = pytest.importorskip("torch")
    silero = voice_activity._silero()
    if rate != RATE:
        samples = soxr.resample(samples, rate, RATE, quality="HQ")
    padded = torch.from_numpy(np.pad(samples, (0, -len(samples) % CHUNK)))  # less than a chunk is refused
    with torch.inference_mode():
        probabilities = silero.load_silero_vad().audio_forward(padded[None], RATE)[0].tolist()
    spans = silero.get_speech_timestamps_from_probs(
        probabilities, audio_length_samples=len(samples), sampling_rate=RATE
    )
    return probabilities, [(span["start"] / RATE, span["end"] / RATE) for span in spans]


@pytest.mark.parametrize(
    ("seconds", "rate"),
    [
        (0.01, 24_000),
        (8.2, 16_000),
        *(pytest.param(s, r, marks=SLOW) for s, r in [(0.01, 16_000), (8.2, 24_000)]),
        *(pytest.param(s, r, marks=SLOW) for s in (5.0, 40.0) for r in (16_000, 24_000)),
    ],
)
def test_talk_is_where_silero_alone_finds_it(seconds, rate):
    samples = sound(seconds, rate)
    probabilities, expected = silero_alone(samples, rate)
    assert len(expected) == round(seconds / 7)
    meter = TalkMeter(rate)
    meter.add(samples)
    assert meter.finish() == expected
    np.testing.assert_allclose(np.concatenate(meter._probabilities), probabilities, atol=2e-5)


@pytest.mark.slow
@settings(max_examples=10, deadline=None)
@given(rate=st.sampled_from([16_000, 24_000]), at=st.lists(st.floats(0, 1), max_size=8), seed=st.integers(0, 9))
def test_how_a_waveform_is_cut_changes_nothing(rate, at, seed):
    samples = sound(12, rate, seed)
    edges = [0, *sorted(round(share * len(samples)) for share in at), len(samples)]
    meters = [TalkMeter(rate), TalkMeter(rate)]
    meters[0].add(samples)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(voice_activity, "_STRETCH", 7 * CHUNK)  # the state goes on
        for start, stop in pairwise(edges):
            meters[1].add(samples[start:stop])
        spans = meters[1].finish()
    assert spans == meters[0].finish() != []
    one, two = (np.concatenate(meter._probabilities) for meter in meters)
    np.testing.assert_allclose(one, two, atol=2e-5)


def test_other_waveforms_change_nothing():
    waveforms = [
        (sound(seconds, rate, seed), rate) for seed, (seconds, rate) in enumerate([(9, 16_000), (6, 24_000)])
    ]
    meters = [TalkMeter(rate) for _, rate in waveforms]
    for part in range(2):
        for meter, (samples, _) in zip(meters, waveforms, strict=True):
            meter.add(np.array_split(samples, 2)[part])
    assert [meter.finish() for meter in meters] == [talk_in(*waveform) for waveform in waveforms]


def test_an_empty_waveform_has_no_talk():
    assert [talk_in(np.zeros(0, np.float32), rate) for rate in (24_000, RATE)] == [[], []]


def test_results_are_kept_by_content_and_by_what_went_before(tmp_path, monkeypatch):
    monkeypatch.setattr(voice_activity, "_STRETCH", 100 * CHUNK)
    store, samples = EmbeddingCache(tmp_path), sound(8)
    expected = talk_in(samples, RATE)
    assert talk_in(samples, RATE, store=store) == expected
    n_kept = len(list(tmp_path.rglob("*.safetensors")))
    assert n_kept == -(-len(samples) // (100 * CHUNK))
    monkeypatch.setattr(voice_activity, "_forward", lambda *_: pytest.fail("computed again"))
    assert talk_in(samples, RATE, store=store) == expected
    with pytest.raises(pytest.fail.Exception):
        talk_in(samples[100 * CHUNK :], RATE, store=store)  # the same stretch after nothing


@pytest.mark.slow
def test_memory_does_not_grow_with_the_waveform():
    meter, piece = TalkMeter(24_000), np.zeros(24_000, np.float32)
    talk_in(piece, 24_000)  # loads the network
    tracemalloc.start()
    for _ in range(300):
        meter.add(piece)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 12_000_000  # the waveform is 29 MB, a stretch 2 MB


def test_torch_keeps_its_threads():
    torch = pytest.importorskip("torch")
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        talk_in(sound(1), RATE)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
