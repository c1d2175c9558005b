"""MuQ frames of waveforms, and their summaries, computed once.

MuQ (Zhu et al. 2025) maps 24 kHz mono audio to a vector for every 40 ms. Longer audio than the 30 s it was trained on
is cut into windows (`window_bounds`) whose frames are put end to end. Padding would change the frames even with an
attention mask, so only windows of equal length share a batch, and every window's frames equal those of the model
called on that window alone. It runs in float32 unless `precision` allows less, whatever the caller has switched on.

A window's frames are cached under its samples and everything else that determines them, neither batch size nor names
(`priosig.extraction.muq.loaded`). Finding everything in the cache imports neither torch nor muq. The frames of an
hour of audio take 369 MB at 1024 dimensions; their summary (`FrameSummary`) takes 4 and is all that the models need.

References
----------
Zhu et al. (2025). MuQ: Self-Supervised Music Representation Learning with Mel Residual Vector Quantization.
arXiv:2501.01108.
"""

import functools
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from priosig._core.cache import EmbeddingCache, content_key
from priosig._core.progress import Progress
from priosig.audio.slices import probe_recording, read_segment
from priosig.audio.windows import MUQ_RATE, Piece
from priosig.extraction.assembly import whole_frames, whole_summaries
from priosig.extraction.batch_size import BatchSizes
from priosig.extraction.batching import Store, WindowRun
from priosig.extraction.muq.layers import Layer, start_batch
from priosig.extraction.muq.loaded import LoadedMuQ
from priosig.extraction.muq.model import DEFAULT_MODEL, is_hub_id
from priosig.extraction.pooling import FrameSummary
from priosig.extraction.window_store import FrameStore, SummaryStore

if TYPE_CHECKING:
    import torch

T = TypeVar("T")


class MuQExtractor(LoadedMuQ):
    """Frames of a hidden layer of a MuQ model, or their summaries.

    Making one is cheap: the hub is asked, the weights are hashed and the model is built only when needed.

    Parameters
    ----------
    model : str or path-like
        Hub id (`owner/name`), or a directory that holds `config.json` and `model.safetensors`.
    revision : str, optional
        Branch, tag or commit of a hub id.
    device : str
        "cpu", "cuda", "cuda:1", "mps", or "auto": the first available of cuda, mps, cpu.
    cache_dir : path-like, optional
        Where frames and summaries are kept (`EmbeddingCache`); without it, nothing is.
    batch_size : int, optional
        Most windows in a batch; changes no result. By default 1 on the CPU, where more only costs memory; on CUDA
        what fits, up to 32 (`priosig.extraction.batch_size`). The full model needs about 1 GB for each 30 s window.
    layer : "last", int, or tuple of int
        Which hidden layer: 0 is what the conformer is given, i what its i-th layer gives, "last" the normalised
        output of the highest; of several the mean is taken (`priosig.extraction.muq.layers`). Those above are not
        computed.
    precision : {"float32", "tf32", "bfloat16"}
        "float32" is the reference; "tf32" (CUDA only) and "bfloat16" (CPU and CUDA) are quicker. bfloat16 moved the
        small model's frames by 1 % of their spread (rms), 5 % at most.
    keep_frames : bool
        Whether `summarise` keeps the frames, for `extract`, besides their summaries: a hundred times the space.

    Attributes
    ----------
    n_computed_windows, n_cached_windows : int
        Windows that went through the model, and windows that did not have to, since this was made.
    """

    def __init__(
        self,
        model: str | os.PathLike = DEFAULT_MODEL,
        *,
        revision: str | None = None,
        device: str = "auto",
        cache_dir: str | os.PathLike | None = None,
        batch_size: int | None = None,
        layer: Layer = "last",
        precision: str = "float32",
        keep_frames: bool = False,
    ):
        if batch_size is not None and batch_size < 1:
            raise ValueError(f"batch_size is {batch_size}; expected at least 1, or None")
        numbers = {"revision": revision, "device": device, "layer": layer, "precision": precision}
        super().__init__(model, **numbers)
        self._settings = {**numbers, "batch_size": batch_size}
        self.keep_frames = keep_frames
        self.cache = None if cache_dir is None else EmbeddingCache(cache_dir)
        self.n_computed_windows = self.n_cached_windows = 0

    def elsewhere(self) -> dict[str, object]:
        """Keywords that make this extractor in another process, in whatever directory that runs."""
        model = self.model if is_hub_id(self.model) else str(Path(self.model).absolute())
        cache_dir = None if self.cache is None else str(self.cache.directory.absolute())
        return {**self._settings, "model": model, "cache_dir": cache_dir, "keep_frames": self.keep_frames}

    def extract_from_file(self, path: str | os.PathLike) -> "torch.Tensor":
        """Frames of a whole audio file: float32, shape (T, D), 25 a second, on the CPU."""
        import torch

        samples, _ = read_segment(path, 0.0, probe_recording(path).duration)
        ((_, frames),) = self.extract([(str(path), samples)])
        return torch.from_numpy(frames)

    def extract(self, waveforms: Iterable[tuple[str, np.ndarray]]) -> Iterator[tuple[str, np.ndarray]]:
        """Frames of many waveforms, in their order.

        Waveforms are taken up as they are needed, some ahead, so that equally long windows can share a batch;
        memory does not grow with their number. Batches go to the cache one by one: an interrupted run loses one,
        or on CUDA two. Equal windows are computed once while they wait, and once in all where there is a cache.

        Parameters
        ----------
        waveforms : iterable of (str, np.ndarray)
            Name (for errors) and float32 samples, shape (n,), 24 kHz mono, n >= 1025.

        Yields
        ------
        (str, np.ndarray)
            Name, and float32 frames of shape (T, D), T about 25 a second.

        Raises
        ------
        ValueError
            If a waveform is not as described, or a sample or frame is NaN or infinite, by name; if a single
            window does not fit in the device's memory.
        """
        store = FrameStore(self.cache)
        return whole_frames(waveforms, lambda pieces: self._encode(pieces, store, None, None))

    def summarise(
        self,
        pieces: Iterable[Piece],
        *,
        total_seconds: float | None = None,
        progress: Callable[[Progress], None] | None = None,
    ) -> Iterator[tuple[str, FrameSummary]]:
        """Summaries of the frames of many waveforms, each as soon as its last window is known.

        As `extract`, of windows cut by `window_bounds` (see `Encoder.summarise`): neither waveforms nor frames are
        ever whole in memory. A window's summary is looked for first, then its frames, else it is computed. Also
        raises a ValueError if a waveform's windows are out of order, more than once there, or without a last.
        """
        store = SummaryStore(self.cache, self.keep_frames)
        return whole_summaries(pieces, lambda checked: self._encode(checked, store, total_seconds, progress))

    @functools.cached_property
    def _sizes(self) -> BatchSizes:
        return BatchSizes(self.device, self._settings["batch_size"])

    def _forward(self, batch: np.ndarray) -> Callable[[], np.ndarray]:
        """Start equally long windows, (B, n); what is returned waits for their frames, (B, T, D)."""
        model = self.module  # on the device before its memory is looked at
        with self._sizes.measured(*batch.shape):
            return start_batch(model, batch, device=self.device, layers=self._layers, precision=self.precision)

    def _encode(
        self, pieces: Iterable[Piece], store: Store[T], total_seconds: float | None, progress: Callable | None
    ) -> Iterator[tuple[Piece, T]]:
        done = cached = 0.0
        parameters = functools.cache(self.parameters)  # looked up once a run, and not at all in one without windows

        def key_of(samples: np.ndarray) -> str:
            return content_key(samples, **parameters())

        def known(computed: list[Piece], reused: list[Piece]) -> None:
            nonlocal done, cached
            self.n_computed_windows += len(computed)
            self.n_cached_windows += len(reused)
            spared = sum(len(piece.samples) for piece in reused) / MUQ_RATE
            done += sum(len(piece.samples) for piece in computed) / MUQ_RATE + spared
            cached += spared
            if progress is not None:
                progress(Progress(done, cached, total_seconds))

        ahead = 1 if self.device.startswith("cuda") else 0
        run = WindowRun(self._forward, key_of, store, self._sizes, ahead=ahead, known=known)
        yield from run.results(pieces)
