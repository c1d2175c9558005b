"""The members that the pipeline needs of an encoder: windows in, summaries of their frames out.

Any class with these members is an encoder, and inherits nothing (docs/extending.md). `priosig.extraction.muq` is the
encoder of the study; another is another folder beside it, which `priosig.experiment.pipeline.make_extractor` makes.
"""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Protocol

from priosig._core.cache import EmbeddingCache
from priosig._core.progress import Progress
from priosig.audio.windows import Piece
from priosig.extraction.pooling import FrameSummary


class Encoder(Protocol):
    """Frames over time of 24 kHz mono audio, in windows of at most 30 s (`priosig.audio.windows`)."""

    @property
    def cache(self) -> EmbeddingCache | None:
        """Where the encoder keeps what it computes, and the pipeline what it makes of that; None keeps nothing."""

    @property
    def width(self) -> int:
        """D, the frames' dimensions; told without computing any."""

    @property
    def digests(self) -> dict[Path, str]:
        """SHA-256 of each file that the encoder is made from, as it was when first needed."""

    def load(self) -> None:
        """Be ready, or raise a ValueError or FileNotFoundError that says why not, before any audio is read."""

    def parameters(self) -> dict[str, str | int]:
        """Everything but the samples that determines frames: their cache key, equal wherever work is done."""

    def elsewhere(self) -> dict[str, object]:
        """Keywords, hashable, with which its class makes the same encoder in another process and directory."""

    def summarise(
        self,
        pieces: Iterable[Piece],
        *,
        total_seconds: float | None = None,
        progress: Callable[[Progress], None] | None = None,
    ) -> Iterator[tuple[str, FrameSummary]]:
        """Name and summary of each waveform, once its last window is known, in whatever order.

        The windows of each waveform come in order; those of several may alternate. `progress` is called with a
        `Progress` whenever more is done; the total is handed on to it.
        """
