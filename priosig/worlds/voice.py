"""Talk like a teacher's, made from known numbers.

A glottal pulse train goes through three formants that glide from vowel to vowel, with a noise burst at the start of
each syllable, a pitch that falls through a phrase, and short pauses between phrases. Nobody would take it for a
person, but `silero-vad` takes it for speech, which is what the clean view needs. Conventions as in
`priosig.worlds.piano`.

References
----------
.. [1] D. H. Klatt, "Software for a cascade/parallel formant synthesizer", J. Acoust. Soc. Am. 67, 1980 (resonators).
"""

from functools import lru_cache

import numpy as np

# First three formants (Hz) of the vowels a, e, i, o, u, for a low voice.
VOWELS = np.array(
    [(730, 1090, 2440), (530, 1840, 2480), (300, 2250, 2950), (570, 860, 2410), (320, 900, 2240)], dtype=float
)
FORMANT_BANDWIDTHS = np.array([80.0, 110.0, 160.0])
LONGEST_SYLLABLE = 0.24  # s


def talk(duration: float, rate: int, rng: np.random.Generator, *, level: float = -20.0) -> np.ndarray:
    """Teacher-like talk: four to six syllables a second in phrases of about 1.5 s, with short pauses.

    It fills `duration` s but for its pauses; `level` is its RMS over them, dB re full scale.
    """
    total = round(duration * rate)
    samples = np.zeros(total)
    base, time, phrase_end = rng.uniform(105, 145), 0.0, rng.uniform(1.2, 2.2)
    vowel = int(rng.integers(len(VOWELS)))
    while time < duration - 0.1:
        if time > phrase_end:
            time += rng.uniform(0.08, 0.16)
            phrase_end = time + rng.uniform(1.2, 2.2)
            continue
        length = min(rng.uniform(0.15, LONGEST_SYLLABLE), duration - time)
        following = int(rng.integers(len(VOWELS)))
        # Pitch falls through a phrase, as a statement's does.
        pitch = base * (1 + 0.12 * (phrase_end - time)) * rng.uniform(0.95, 1.05)
        syllable = _syllable(length, pitch, vowel, following, rate, rng)
        first = int(time * rate)
        syllable = syllable[: total - first]
        samples[first : first + len(syllable)] += syllable
        time, vowel = time + length, following
    rms = np.sqrt(np.mean(samples**2)) if total else 0.0
    return samples * (10 ** (level / 20) / rms) if rms > 0 else samples


def _syllable(
    duration: float, pitch: float, first: int, last: int, rate: int, rng: np.random.Generator
) -> np.ndarray:
    """A consonant-like burst and a vowel that glides from vowel `first` to `last`, in `duration` s."""
    n = int(duration * rate)
    t = np.arange(n) / rate
    phase = np.cumsum(pitch * (1 + 0.06 * np.sin(np.pi * t / duration) + 0.01 * np.sin(2 * np.pi * 5.5 * t))) / rate
    pulses = np.diff(np.floor(phase), prepend=0.0)
    source = pulses * np.sqrt(rate / pitch) + 0.03 * rng.standard_normal(n, dtype=np.float32)
    spectrum = np.fft.rfft(source, _fft_size(rate))
    glide = np.clip(t / duration * 1.6 - 0.3, 0, 1)
    vowel = sum(
        weight * np.fft.irfft(spectrum * _vowel_response(vowel, rate))[:n]
        for weight, vowel in ((1 - glide, first), (glide, last))
    )
    envelope = np.minimum(1, np.minimum(t / 0.03, (duration - t) / 0.05)).clip(0)
    burst = np.diff(rng.standard_normal(n, dtype=np.float32), prepend=0.0) * np.exp(-(((t - 0.012) / 0.01) ** 2))
    return vowel / np.sqrt(np.mean(vowel**2)) * envelope + rng.uniform(0.05, 0.3) * burst


def _fft_size(rate: int) -> int:
    """Power of two that holds a syllable, and 10 ms in which its formants ring on."""
    return 1 << int(np.ceil(np.log2((LONGEST_SYLLABLE + 0.01) * rate)))


@lru_cache(maxsize=64)
def _vowel_response(vowel: int, rate: int) -> np.ndarray:
    """Glottis and lips (-6 dB an octave), then resonators in cascade with unit gain at 0 Hz [1]_, on the FFT grid."""
    frequency = np.fft.rfftfreq(_fft_size(rate), 1 / rate)
    pole = -FORMANT_BANDWIDTHS / 2 + 1j * VOWELS[vowel]
    s = 1j * frequency[:, None]
    resonators = np.prod(np.abs(pole) ** 2 / ((s - pole) * (s - pole.conj())), axis=1)
    return resonators / np.sqrt(1 + (frequency / 300) ** 2)
