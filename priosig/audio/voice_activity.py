"""Talk in a recording, by the silero voice detector.

`silero-vad` (MIT) carries its weights and runs offline. It reads 16 kHz in chunks of 512 samples (32 ms) and
gives each a probability of speech; its own rule turns these into intervals.

One part of the network sees a chunk and the 64 samples before it, the other is recurrent. So a waveform is taken in
stretches: all chunks of a stretch go through the first part side by side, and the state goes on from stretch to
stretch. Only one stretch is held, and a probability for each chunk.

Reference: Silero Team (2024). Silero VAD. https://github.com/snakers4/silero-vad
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.metadata import version
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np

from priosig._core.cache import EmbeddingCache, content_key
from priosig._core.extras import need
from priosig.annotations.timespans import Span

if TYPE_CHECKING:
    import torch

TALK_VERSION = 1  # raise it with any change to the probabilities
RATE = 16_000  # Hz, what the detector was trained on
CHUNK = 512  # samples
_STRETCH = 1024 * CHUNK  # samples heard at a time: 33 s
_CONTEXT = 64  # samples before a chunk that are seen with it
_STATE = 128  # numbers in each of the two parts of the recurrent state


class TalkMeter:
    """Talk in a waveform that comes in pieces; the result is the same however it is cut.

    `store` keeps probabilities, by the content of each stretch and of all before it.
    """

    def __init__(self, rate: int, *, store: EmbeddingCache | None = None):
        need("silero_vad", "finding talk")
        self._resampler = None
        if rate != RATE:
            import soxr

            self._resampler = soxr.ResampleStream(rate, RATE, num_channels=1, dtype="float32", quality="HQ")
        self._store = store
        self._rest = np.empty(0, np.float32)  # at 16 kHz, not heard yet
        self._before = np.zeros(_CONTEXT, np.float32)
        self._state = np.zeros((2, _STATE), np.float32)
        self._key = ""
        self._probabilities: list[np.ndarray] = []
        self._n_samples = 0

    def finish(self) -> list[Span]:
        """End the waveform: talk in all of it, seconds from its start, sorted and disjoint."""
        self.add(np.empty(0, np.float32), last=True)
        spans = _silero().get_speech_timestamps_from_probs(
            np.concatenate([[], *self._probabilities]).tolist(),
            audio_length_samples=self._n_samples,
            sampling_rate=RATE,
        )
        return [(span["start"] / RATE, span["end"] / RATE) for span in spans]

    def add(self, samples: np.ndarray, *, last: bool = False) -> None:
        """Go on with samples: mono float32, shape (n,), any n."""
        if self._resampler is not None:
            samples = self._resampler.resample_chunk(np.ascontiguousarray(samples, np.float32), last=last)
        self._n_samples += len(samples)
        self._rest = np.concatenate([self._rest, samples], dtype=np.float32)
        while len(self._rest) >= _STRETCH or (last and len(self._rest)):
            self._hear(self._rest[:_STRETCH])
            self._rest = self._rest[_STRETCH:].copy()

    def _hear(self, stretch: np.ndarray) -> None:
        chunks = np.zeros((-(-len(stretch) // CHUNK), CHUNK), np.float32)
        chunks.ravel()[: len(stretch)] = stretch
        self._key = content_key(stretch, step="talk", before=self._key, **_detector())
        heard = self._store and self._store.get(self._key)
        if heard is None:
            heard = np.concatenate(_forward(chunks, self._before, self._state), axis=None)
            if self._store:
                self._store.put(self._key, heard)
        self._probabilities.append(heard[: len(chunks)])
        self._state = heard[len(chunks) :].reshape(2, _STATE)
        self._before = chunks[-1, -_CONTEXT:]


def _forward(chunks: np.ndarray, before: np.ndarray, state: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities (n,) of chunks (n, 512), and the state (2, 128) after them; `before` (64,) comes first."""
    import torch

    network, recurrent = _network()
    seen = np.concatenate([np.vstack([before, chunks[:-1, -_CONTEXT:]]), chunks], axis=1)
    with torch.inference_mode(), _one_thread():
        features = network.encoder(network.run_extractors(torch.from_numpy(seen)))
        hidden, cell = torch.from_numpy(state)[:, None]
        outputs, (hidden, cell) = recurrent(features.squeeze(-1), (hidden, cell))
        probabilities = network.decoder.decoder(outputs[..., None])
    return probabilities.numpy().reshape(-1), torch.cat([hidden, cell]).numpy()


@cache
def _network() -> tuple["torch.nn.Module", "torch.nn.LSTM"]:
    """silero's network for 16 kHz, and its recurrent cell as a layer that takes many steps at once."""
    import torch

    network = _silero().load_silero_vad()._model
    recurrent = torch.nn.LSTM(_STATE, _STATE)
    recurrent.load_state_dict({f"{name}_l0": value for name, value in network.decoder.rnn.named_parameters()})
    return network, recurrent


@cache
def _silero() -> ModuleType:
    with _one_thread():  # the import sets torch to one thread, for the whole program
        import silero_vad
    return silero_vad


@contextmanager
def _one_thread() -> Iterator[None]:
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@cache
def _detector() -> dict[str, str | int]:
    """All but the samples that determines a probability."""
    return {"silero-vad": version("silero-vad"), "torch": version("torch"), "version": TALK_VERSION}
