"""Talk in a whole waveform."""

import numpy as np

from priosig._core.cache import EmbeddingCache
from priosig.annotations.timespans import Span
from priosig.audio.voice_activity import TalkMeter


def talk_in(samples: np.ndarray, rate: int, *, store: EmbeddingCache | None = None) -> list[Span]:
    """Spans of talk in mono float32 samples, in seconds."""
    meter = TalkMeter(rate, store=store)
    meter.add(samples)
    return meter.finish()
