"""When somebody talks, by ear: the silero voice detector.

`silero-vad` (MIT) carries its weights and runs offline. It reads 16 kHz in chunks of 512 samples (32 ms) and
gives each a probability of speech; its own rule turns these into intervals. The network is causal and
recurrent, so windows of any lengths can run side by side, padded at their ends, with the same result as one by
one: that is done here, since it is several times quicker.

Reference: Silero Team (2024). Silero VAD. https://github.com/snakers4/silero-vad
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import cache

import numpy as np

from .cache import EmbeddingCache, content_key
from .views import Interval

RATE = 16_000  # Hz, what the detector was trained on
CHUNK = 512  # samples
_MOST_SAMPLES = 60 * 32 * RATE  # padded samples in one batch: 125 MB
_MOST_WINDOWS = 64


def detect_talk(
    windows: Iterable[tuple[np.ndarray, int]], *, store: EmbeddingCache | None = None
) -> Iterator[list[Interval]]:
    """Find talk in each window, in order.

    Parameters
    ----------
    windows : iterable of (samples, rate)
        Mono float32 samples and their rate in Hz. Taken a few at a time.
    store : EmbeddingCache, optional
        Where results are kept by the content of the window.

    Yields
    ------
    list of (start, end)
        Seconds from the start of the window, sorted and disjoint; empty where nobody talks.
    """
    batch: list[np.ndarray] = []
    for samples, rate in windows:
        batch.append(_resample(samples, rate))
        if len(batch) == _MOST_WINDOWS or max(map(len, batch)) * len(batch) > _MOST_SAMPLES:
            yield from _detect_batch(batch, store)
            batch = []
    if batch:
        yield from _detect_batch(batch, store)


def _detect_batch(batch: Sequence[np.ndarray], store: EmbeddingCache | None) -> list[list[Interval]]:
    keys = [content_key(samples, step="talk", detector=_version()) for samples in batch]
    known = [store.get(key) if store is not None else None for key in keys]
    todo = [i for i, found in enumerate(known) if found is None]
    if todo:
        for i, found in zip(todo, _run([batch[i] for i in todo]), strict=True):
            known[i] = found
            if store is not None:
                store.put(keys[i], found)
    return [[(float(start), float(end)) for start, end in found] for found in known]


def _run(batch: Sequence[np.ndarray]) -> list[np.ndarray]:
    import torch
    from silero_vad import get_speech_timestamps_from_probs

    model = _model()
    n_chunks = [-(-len(samples) // CHUNK) for samples in batch]
    padded = np.zeros((len(batch), max(n_chunks) * CHUNK), np.float32)
    for row, samples in zip(padded, batch, strict=True):
        row[: len(samples)] = samples
    with torch.inference_mode():
        model.reset_states()
        probabilities = model.audio_forward(torch.from_numpy(padded), RATE).numpy()
        model.reset_states()
    found = []
    for samples, row, n in zip(batch, probabilities, n_chunks, strict=True):
        spans = get_speech_timestamps_from_probs(
            row[:n].tolist(), audio_length_samples=len(samples), sampling_rate=RATE
        )
        times = [(span["start"] / RATE, span["end"] / RATE) for span in spans]
        found.append(np.array(times, np.float64).reshape(-1, 2))
    return found


@cache
def _model():
    from silero_vad import load_silero_vad

    return load_silero_vad()


@cache
def _version() -> str:
    from importlib.metadata import version

    return version("silero-vad")


def _resample(samples: np.ndarray, rate: int) -> np.ndarray:
    if rate == RATE:
        return np.ascontiguousarray(samples, dtype=np.float32)
    import soxr

    return soxr.resample(samples, rate, RATE, quality="HQ").astype(np.float32, copy=False)
