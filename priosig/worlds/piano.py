"""Piano-like playing in a noisy room, made from known numbers.

Every cue that may carry a label is a parameter with a name, and the sound has no other. Each note is a sum of
inharmonic, decaying partials. A `Performance` says how it is played. The level does not depend
on it, because each note is given the energy of the time that it fills. Melody and phrasing are stationary, so that no
part of a passage is special, however long it lasts.

Samples are float64, mono, full scale is 1; times are seconds, `rate` is in Hz; each function draws only from the
generator that it is given, so equal generators give equal samples.

References
----------
.. [1] H. Fletcher, E. D. Blackham & R. Stratton, "Quality of piano tones", J. Acoust. Soc. Am. 34, 1962 (inharmonic
   partials: f_k = k f_0 sqrt(1 + B k^2)).
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import lru_cache

import numpy as np

INHARMONICITY = 4e-4
MAX_PARTIALS = 14
MAJOR_SCALE = np.array([0, 2, 4, 5, 7, 9, 11])
BLOCK = 256  # samples that a row of a note's table covers
WIDTH = 48  # samples of the moving average in the noise
RELEASE = 0.03  # s, time constant of the damper
LONGEST_NOTE = 0.4  # s
KNOT = 2.5  # s, pace at which level and pitch wander
LOWEST, HIGHEST = -4, 8  # degrees of the melody, 0 is C5
CHORD = ((0, 1.0), (2, 0.6), (7, 0.7))  # degrees below the melody note, amplitude


@dataclass(frozen=True)
class Performance:
    """How a passage is played; each value lies in [0, 1]."""

    articulation: float = 0.5  # from staccato (a note sounds for 0.15 of the time to the next) to legato (1.05)
    brightness: float = 0.5  # from dark (partial k has amplitude k**-3) to bright (k**-0.6)
    tempo: float = 0.5  # from 3.5 notes a second to 7.5
    dynamic_range: float = 0.5  # of the notes' levels, to 4 dB (one standard deviation)
    unsteadiness: float = 0.5  # of onsets, to 0.18 of an inter-onset interval (one standard deviation)
    texture: float = 0.5  # share of melody notes that get a chord below them


PARAMETERS = tuple(field.name for field in fields(Performance))
CHANGING = ("articulation", "brightness", "texture")
"""Parameters that can change within a passage."""


@dataclass(frozen=True, eq=False)
class Phrasing:
    """Slow wandering of level, pitch and way of playing through a whole video, whatever is played.

    It is stationary, but a long window sees more of it than a short one: so a window's length reaches its features
    although nobody plays differently. And it is not periodic: a wave with about the period of a lesson would reach
    all STOP windows of a video at the same phase, and so tell the labels apart there.

    Attributes
    ----------
    knots : np.ndarray, shape (5, n)
        Level, pitch, articulation, brightness and texture every `KNOT` seconds, each in [-1, 1].
    """

    knots: np.ndarray

    @classmethod
    def draw(cls, duration: float, rng: np.random.Generator) -> "Phrasing":
        """Independent knots over `duration` seconds, uniform."""
        return cls(rng.uniform(-1, 1, (5, int(duration / KNOT) + 2)))

    def at(self, times: np.ndarray) -> np.ndarray:
        """The five at `times` (s), by linear interpolation, shape (5, n_times); variance 2/9 each."""
        places = np.asarray(times) / KNOT
        return np.stack([np.interp(places, np.arange(row.size), row) for row in self.knots])


def piano_note(frequency: float, duration: float, rate: int, *, brightness: float) -> np.ndarray:
    """One note, its key held for `duration` seconds, damped after.

    The sum over partials of exp(s_k t) splits at t = 256 a + b into a product of two small tables, so a note costs
    one matrix product; a pitch's tables are kept. Partials are inharmonic [1]_ and decay faster the higher they are.
    The squares of their initial amplitudes add up to 1.

    Raises
    ------
    ValueError
        If `duration` is not above 0 and at most `LONGEST_NOTE`.
    """
    if not 0 < duration <= LONGEST_NOTE:
        raise ValueError(f"piano_note: duration is {duration} s; expected more than 0, at most {LONGEST_NOTE}")
    coarse, fine = _partials(frequency, rate)
    k = np.arange(1, len(fine) // 2 + 1)
    # A hammer at 1/7.5 of the string hardly excites every seventh partial or so.
    amplitude = k ** -(3.0 - 2.4 * brightness) * (0.3 + np.abs(np.sin(np.pi * k / 7.5)))
    amplitude /= np.sqrt(np.sum(amplitude**2))
    n = int((duration + 4 * RELEASE) * rate)
    both = np.concatenate([amplitude, amplitude]).astype(np.float32)
    note = ((coarse[: -(-n // BLOCK)] * both) @ fine).ravel()[:n].astype(np.float64)
    attack, held = int(0.004 * rate), int(duration * rate)
    note[:attack] *= np.linspace(0, 1, attack, endpoint=False)
    note[held:] *= np.exp(-np.arange(n - held) / (RELEASE * rate))
    tail = min(int(0.01 * rate), n)
    note[-tail:] *= np.linspace(1, 0, tail)
    return note


def playing(
    performance: Performance,
    duration: float,
    rate: int,
    rng: np.random.Generator,
    *,
    start: float = 0.0,
    phrasing: Phrasing | None = None,
    wander: float = 0.0,
    drift: Mapping[str, float] | None = None,
    elapsed: float = 0.0,
    level: float = -20.0,
) -> np.ndarray:
    """A passage for piano, `duration` seconds of onsets and what rings on after the last.

    Parameters
    ----------
    start : float
        Time in the video (s) at which it starts; only `phrasing` depends on it.
    phrasing : Phrasing, optional
        Of the video; drawn when not given.
    wander : float
        How far articulation, brightness and texture wander with `phrasing`, one standard deviation.
    drift : mapping of parameter to float, optional
        By how much some of these three change in a second.
    elapsed : float
        Seconds of drift at the start of the passage; below 0 where the parameters' values are yet to come.
    level : float
        Expected RMS, dB re full scale.

    Returns
    -------
    np.ndarray, shape (n,)
        Samples, n >= duration * rate.
    """
    phrasing = Phrasing.draw(start + duration, rng) if phrasing is None else phrasing
    interval = 1 / (3.5 + 4.0 * performance.tempo)
    onsets = np.arange(rng.uniform(0, interval), duration, interval)
    onsets = onsets + rng.normal(0, 0.18 * performance.unsteadiness * interval, len(onsets))
    onsets = np.clip(onsets, 0, duration)
    loud, high, *ways = phrasing.at(start + onsets)
    drifted = elapsed + onsets
    articulation, brightness, texture = (
        np.clip(
            getattr(performance, name) + wander / np.sqrt(2 / 9) * way + (drift or {}).get(name, 0.0) * drifted, 0, 1
        )
        for name, way in zip(CHANGING, ways, strict=True)
    )
    # The last term makes up for the power that varied levels add: ln(10) / 20 times their variance.
    dynamics = performance.dynamic_range
    decibels = level + 7 * dynamics * (0.75 * loud + 0.5 * rng.standard_normal(len(onsets))) - 2.1 * dynamics**2
    degrees = melody(len(onsets), rng) + np.rint(4 * high).astype(int)
    is_chord = rng.random(len(onsets)) < texture
    samples = np.zeros(int((duration + 1.05 * interval + 4 * RELEASE) * rate) + 2)
    for i, onset in enumerate(onsets):
        length = interval * (0.15 + 0.9 * articulation[i])
        struck = sum(
            gain * piano_note(_pitch(degrees[i] - below), length, rate, brightness=brightness[i])
            for below, gain in (CHORD if is_chord[i] else CHORD[:1])
        )
        energy = 10 ** (decibels[i] / 10) * interval * rate
        first = int(onset * rate)
        samples[first : first + len(struck)] += np.sqrt(energy / np.sum(struck**2)) * struck
    return samples


def melody(count: int, rng: np.random.Generator) -> np.ndarray:
    """A random walk of `count` degrees in steps of one or two, from LOWEST to HIGHEST.

    It stays where a step would leave the range, and begins anywhere: every degree is equally likely at any time
    (the steps are symmetric), so pitch does not tell how long the melody has been going on.
    """
    degrees = np.empty(count, int)
    degree = int(rng.integers(LOWEST, HIGHEST + 1))
    for i, step in enumerate(rng.choice((-2, -1, 1, 2), count)):
        degree = degree + step if LOWEST <= degree + step <= HIGHEST else degree
        degrees[i] = degree
    return degrees


def room_noise(n: int, rate: int, rng: np.random.Generator, *, level: float = -60.0) -> np.ndarray:
    """Steady noise of a room and its microphone, `level` dB RMS re full scale: stronger below some 250 Hz."""
    white = rng.standard_normal(n + WIDTH, dtype=np.float32).astype(float)
    # A moving average by differences of a running sum: a low-pass at about rate / (2 WIDTH), mixed with the rest.
    running = np.cumsum(white)
    noise = 0.3 * white[WIDTH:] + (running[WIDTH:] - running[:-WIDTH]) / np.sqrt(WIDTH)
    return noise * (10 ** (level / 20) / np.sqrt(1.09 + 0.6 / np.sqrt(WIDTH)))


def _pitch(degree: int) -> float:
    """Frequency (Hz) of a step of C major, degree 0 = C5."""
    octave, step = divmod(degree, 7)
    return 523.25 * 2 ** (octave + MAJOR_SCALE[step] / 12)


@lru_cache(maxsize=512)
def _partials(frequency: float, rate: int) -> tuple[np.ndarray, np.ndarray]:
    """Tables of one pitch: exp(s_k 256 a), shape (blocks, 2 partials), and exp(s_k b), shape (2 partials, 256).

    Real and imaginary parts stand beside each other, so that the rows of their real product are the imaginary parts
    of the complex one: im(a b) = re(a) im(b) + im(a) re(b). Single precision is far finer than the 16 bits of a
    recording.
    """
    k = np.arange(1, MAX_PARTIALS + 1)
    partials = k * frequency * np.sqrt(1 + INHARMONICITY * k**2)
    k, partials = k[partials < 0.45 * rate], partials[partials < 0.45 * rate]
    exponent = (2j * np.pi * partials - (1.2 + 0.5 * k)) / rate
    blocks = int((LONGEST_NOTE + 4 * RELEASE) * rate) // BLOCK + 1
    coarse = np.exp(np.outer(np.arange(blocks) * BLOCK, exponent))
    fine = np.exp(np.outer(exponent, np.arange(BLOCK)))
    return (
        np.concatenate([coarse.real, coarse.imag], axis=1).astype(np.float32),
        np.concatenate([fine.imag, fine.real], axis=0).astype(np.float32),
    )
