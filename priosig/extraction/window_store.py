"""The cache of a window's frames, or of their summary, by the window's content key.

Raise `SUMMARY_VERSION` with any change to a summary.
"""

from dataclasses import dataclass

import numpy as np

from priosig._core.cache import EmbeddingCache, content_key
from priosig.extraction.pooling import FrameSummary, summarise

SUMMARY_VERSION = 1


def summary_key(frames_key: str) -> str:
    """Key of the summary of the frames with this key."""
    key = np.frombuffer(bytes.fromhex(frames_key), np.uint8)
    return content_key(key, entry="n, mean, m2, low, high", version=SUMMARY_VERSION)


@dataclass(frozen=True)
class FrameStore:
    """Frames of windows, as they are."""

    cache: EmbeddingCache | None

    def find(self, key: str) -> np.ndarray | None:
        return self.cache and self.cache.get(key)

    def keep(self, key: str, frames: np.ndarray) -> np.ndarray:
        if self.cache is not None:
            self.cache.put(key, frames)
        return frames


@dataclass(frozen=True)
class SummaryStore:
    """Summaries of windows: looked up as such or made from frames that are there; frames are kept if so wished."""

    cache: EmbeddingCache | None
    keep_frames: bool

    def find(self, key: str) -> FrameSummary | None:
        if self.cache is None:
            return None
        stored = self.cache.get(summary_key(key))
        if stored is not None:
            return FrameSummary.from_array(stored)
        frames = self.cache.get(key)
        return None if frames is None else self._keep_summary(key, frames)

    def keep(self, key: str, frames: np.ndarray) -> FrameSummary:
        if self.cache is not None and self.keep_frames:
            self.cache.put(key, frames)
        return self._keep_summary(key, frames)

    def _keep_summary(self, key: str, frames: np.ndarray) -> FrameSummary:
        summary = summarise(frames)
        if self.cache is not None:
            self.cache.put(summary_key(key), summary.to_array())
        return summary
