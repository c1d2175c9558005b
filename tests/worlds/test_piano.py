"""The sounds: each parameter moves what it says, and nothing else does."""

import dataclasses

import numpy as np
import pytest

from priosig.worlds.piano import (
    HIGHEST,
    INHARMONICITY,
    LOWEST,
    MAX_PARTIALS,
    PARAMETERS,
    Performance,
    Phrasing,
    melody,
    piano_note,
    playing,
    room_noise,
)
from priosig.worlds.voice import talk

RATE = 16_000


def rms_db(samples: np.ndarray) -> float:
    return 20 * np.log10(np.sqrt(np.mean(samples**2)))


def centroid(samples: np.ndarray) -> float:
    power = np.abs(np.fft.rfft(samples)) ** 2
    return float(np.sum(np.fft.rfftfreq(len(samples), 1 / RATE) * power) / power.sum())


def share_sounding(samples: np.ndarray) -> float:
    """Share of 10 ms frames within 25 dB of the loudest."""
    frames = samples[: len(samples) // 160 * 160].reshape(-1, 160)
    levels = 10 * np.log10(np.mean(frames**2, axis=1) + 1e-12)
    return float(np.mean(levels > levels.max() - 25))


def passage(seed: int = 0, **performance: float) -> np.ndarray:
    return playing(Performance(**performance), 4.0, RATE, np.random.default_rng(seed))[: 4 * RATE]


def test_a_note_is_the_sum_of_its_decaying_inharmonic_partials():
    brightness, frequency = 0.3, 440.0
    t = np.arange(round(0.2 * RATE)) / RATE
    k = np.arange(1, MAX_PARTIALS + 1)[:, None]
    partials = k * frequency * np.sqrt(1 + INHARMONICITY * k**2)
    amplitude = k ** -(3.0 - 2.4 * brightness) * (0.3 + np.abs(np.sin(np.pi * k / 7.5)))
    amplitude = np.where(partials < 0.45 * RATE, amplitude, 0)
    amplitude /= np.sqrt(np.sum(amplitude**2))
    expected = np.sum(amplitude * np.exp(-(1.2 + 0.5 * k) * t) * np.sin(2 * np.pi * partials * t), axis=0)
    note = piano_note(frequency, 0.2, RATE, brightness=brightness)
    attack = round(0.004 * RATE)
    np.testing.assert_allclose(note[attack : len(t)], expected[attack:], atol=1e-5)  # single precision


def test_a_note_begins_and_ends_in_silence():
    note = piano_note(440.0, 0.2, RATE, brightness=1.0)
    assert note[0] == 0
    assert abs(note[-1]) < 1e-6


@pytest.mark.parametrize("duration", [0.0, -1.0, 0.5, float("nan")])
def test_a_note_of_impossible_length_is_refused(duration):
    with pytest.raises(ValueError, match=r"duration is .* s; expected more than 0, at most 0.4"):
        piano_note(440.0, duration, RATE, brightness=0.5)


@pytest.mark.parametrize("name", PARAMETERS)
@pytest.mark.parametrize("value", [0.0, 1.0], ids=["low", "high"])
def test_level_does_not_depend_on_the_performance(name, value):
    power = [10 ** (rms_db(passage(seed, **{name: value})) / 10) for seed in range(3)]
    assert 10 * np.log10(np.mean(power)) == pytest.approx(-20, abs=1.0)


def test_level_does_not_depend_on_how_long_a_passage_lasts():
    def level(duration: float, count: int) -> float:
        rng = np.random.default_rng(0)
        passages = [playing(Performance(), duration, RATE, rng)[: round(duration * RATE)] for _ in range(count)]
        return rms_db(np.concatenate(passages))

    assert level(1.5, 20) == pytest.approx(level(15.0, 2), abs=1.0)


def test_wandering_changes_the_playing_within_a_long_passage_only():
    def spread(duration: float, wander: float) -> float:
        rng = np.random.default_rng(0)
        sound = playing(Performance(), duration, RATE, rng, wander=wander)
        pieces = sound[: round(duration * RATE)].reshape(-1, RATE)
        return float(np.std([centroid(piece) for piece in pieces]))

    assert spread(20.0, 0.3) > 1.3 * spread(20.0, 0.0)


def test_drift_changes_the_playing_by_the_time_that_has_passed():
    def drifted(elapsed: float, **drift: float) -> np.ndarray:
        return playing(Performance(), 4.0, RATE, np.random.default_rng(0), drift=drift, elapsed=elapsed)

    centroids = [centroid(drifted(elapsed, brightness=-0.1)) for elapsed in (-6.0, -2.0, 2.0)]
    assert centroids == sorted(centroids, reverse=True)
    assert centroids[0] > 1.2 * centroids[2]
    assert np.array_equal(drifted(9.0), drifted(0.0, brightness=0.0))


def test_brightness_raises_the_spectral_centroid():
    centroids = [centroid(passage(brightness=value)) for value in (0.0, 0.5, 1.0)]
    assert centroids == sorted(centroids)
    assert centroids[2] > 1.5 * centroids[0]


def test_articulation_lengthens_the_notes():
    shares = [share_sounding(passage(articulation=value)) for value in (0.0, 0.5, 1.0)]
    assert shares == sorted(shares)
    assert shares[2] > shares[0] + 0.2


def test_equal_generators_give_equal_samples():
    for make in (
        lambda rng: playing(Performance(), 1.0, RATE, rng),
        lambda rng: talk(1.0, RATE, rng),
        lambda rng: room_noise(RATE, RATE, rng),
    ):
        first, again, other = (make(np.random.default_rng(seed)) for seed in (1, 1, 2))
        np.testing.assert_array_equal(first, again)
        assert len(first) != len(other) or not np.array_equal(first, other)


def test_every_pitch_is_equally_likely_early_and_late_in_a_melody():
    # A walk that drifts from where it began tells how long a passage has lasted, and so which label it has.
    rng = np.random.default_rng(0)
    walks = np.array([melody(12, rng) for _ in range(1500)])
    assert walks.min() == LOWEST
    assert walks.max() == HIGHEST
    expected = 1500 / (HIGHEST - LOWEST + 1)
    for column in (0, 5, 11):
        counts = np.bincount(walks[:, column] - LOWEST)
        assert np.abs(counts - expected).max() < 5 * np.sqrt(expected)


def test_phrasing_wanders_within_bounds_and_favours_no_place_or_period():
    times = np.arange(0, 60, 0.5)
    waves = np.array([Phrasing.draw(60.0, np.random.default_rng(seed)).at(times)[0] for seed in range(1000)])
    assert np.abs(waves).max() <= 1
    assert np.abs(waves.mean(axis=0)).max() < 0.06
    products = waves[:, :1] * waves  # a period would show as a correlation that comes back
    assert np.abs(products[:, times >= 5].mean(axis=0)).max() < 0.04


@pytest.mark.parametrize("rate", [16_000, 22_050, 44_100])
def test_talk_lasts_as_long_as_asked_at_the_level_asked_with_pauses(rate):
    speech = talk(3.0, rate, np.random.default_rng(0), level=-25)
    assert len(speech) == 3 * rate
    assert rms_db(speech) == pytest.approx(-25, abs=1e-6)
    frames = np.sqrt(np.mean(speech[: rate // 100 * 300].reshape(300, -1) ** 2, axis=1))
    assert np.mean(frames < 1e-9) > 0.01
    assert np.abs(speech).max() < 1


def test_noise_has_its_level_and_no_steps():
    noise = room_noise(10 * RATE, RATE, np.random.default_rng(0), level=-50)
    assert rms_db(noise) == pytest.approx(-50, abs=0.3)
    assert np.abs(noise).max() < 10 ** (-50 / 20) * 7


def test_a_performance_has_a_value_for_each_parameter():
    assert set(dataclasses.asdict(Performance())) == set(PARAMETERS)
