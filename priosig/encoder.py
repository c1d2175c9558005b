"""MuQ frames of waveforms, computed once.

MuQ (Zhu et al. 2025) maps 24 kHz mono audio to a vector for every 40 ms. Three things decide whether the
numbers are the model's, and each is settled here.

*Windows.* MuQ was trained on 30 s. Longer audio is cut into windows of at most 30 s (`window_bounds`) whose
frames are put end to end. Padding would change the frames even with an attention mask, so only windows of
equal length share a batch, and every window's frames equal those of the model called on that window alone.

*Weights and precision.* `priosig.muq_model` loads the model strictly; it runs in float32, with TF32 and
other reduced-precision products off, also when the caller had switched them on.

*Identity.* A window's frames are cached under its samples, the bytes of `config.json` and
`model.safetensors`, the kind of device, the layer and precision, and the versions of the packages that
compute them, since each of those changes at least the last digits. The batch size is left out, because it
doesn't matter, and so are all names. Finding everything in the cache imports neither torch nor muq (with
`device="cpu"`: only torch knows what "auto" is).

References
----------
Zhu et al. (2025). MuQ: Self-Supervised Music Representation Learning with Mel Residual Vector Quantization.
arXiv:2501.01108.
"""

import functools
import hashlib
import importlib.metadata
import os
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .audio import probe_recording, read_segment
from .cache import EmbeddingCache, content_key
from .muq_model import (
    DEFAULT_MODEL,
    is_hub_id,
    load_muq,
    model_files,
    random_states_kept,
    reference_precision,
    resolve_device,
)
from .segments import Segment
from .windows import MUQ_RATE, SHORTEST, window_bounds

if TYPE_CHECKING:
    import torch

_SOFTWARE = ("muq", "transformers", "torch", "torchaudio")
_BATCHES_HELD = 4  # of windows waiting or not yet handed out; more would batch better and hold more memory


@dataclass(frozen=True)
class Progress:
    """How far an extraction is, in seconds of audio.

    Attributes
    ----------
    done_seconds : float
        Audio whose frames are known, found or computed.
    cached_seconds : float
        The part of it that was found in the cache and so took no time.
    total_seconds : float or None
        All there is to do; None if the caller did not say.
    """

    done_seconds: float
    cached_seconds: float
    total_seconds: float | None


class MuQExtractor:
    """Frames of the last hidden layer of a MuQ model.

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
        Where frames are kept (`EmbeddingCache`); without it, nothing is.
    batch_size : int, optional
        Most windows in a batch. By default 8 on an accelerator and 1 on the CPU, where more only costs
        memory: the full model needs about 1 GB for each 30 s window.

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
    ):
        if not re.fullmatch(r"auto|cpu|mps|cuda(:\d+)?", device):
            raise ValueError(f"device {device!r}: expected 'auto', 'cpu', 'cuda', 'cuda:<number>' or 'mps'")
        if batch_size is not None and batch_size < 1:
            raise ValueError(f"batch_size is {batch_size}; expected at least 1, or None")
        self.model = model
        self.revision = revision
        self.cache = None if cache_dir is None else EmbeddingCache(cache_dir)
        self.n_computed_windows = 0
        self.n_cached_windows = 0
        self._asked_device = device
        self._batch_size = batch_size
        if not is_hub_id(model):
            self.files  # noqa: B018  (a directory is looked at now, the hub only when it has to be)

    @functools.cached_property
    def files(self) -> tuple[Path, Path]:
        """`config.json` and `model.safetensors`; fetched from the hub, if need be."""
        return model_files(self.model, self.revision)

    @functools.cached_property
    def fingerprint(self) -> str:
        """Hash of the model's configuration and weights: 64 hexadecimal digits."""
        return _fingerprint(self.files)

    @functools.cached_property
    def device(self) -> str:
        """The device in use, checked to be there; only "cpu" is known without importing torch."""
        return resolve_device(self._asked_device)

    @property
    def batch_size(self) -> int:
        """Most windows in a batch."""
        return self._batch_size or (1 if self.device == "cpu" else 8)

    def extract_from_file(self, path: str | os.PathLike) -> "torch.Tensor":
        """Frames of a whole audio file.

        Returns
        -------
        torch.Tensor, float32, shape (T, D)
            25 frames a second, on the CPU.
        """
        import torch

        samples, _ = read_segment(path, 0.0, probe_recording(path).duration)
        ((_, frames),) = self.extract([(str(path), samples)])
        return torch.from_numpy(frames)

    def extract(
        self,
        waveforms: Iterable[tuple[str, np.ndarray]],
        *,
        total_seconds: float | None = None,
        progress: Callable[[Progress], None] | None = None,
    ) -> Iterator[tuple[str, np.ndarray]]:
        """Frames of many waveforms, in their order.

        Waveforms are taken up as they are needed, some ahead, so that windows of equal length can share a
        batch; memory does not grow with their number. Every batch goes to the cache before the next begins:
        an interrupted run loses one batch at most. Windows with equal samples are computed once while they
        wait together, and once in all where there is a cache.

        Parameters
        ----------
        waveforms : iterable of (str, np.ndarray)
            Name (for errors) and float32 samples, shape (n,), 24 kHz mono, n >= 1025.
        total_seconds : float, optional
            Handed on to `progress`.
        progress : callable, optional
            Called with a `Progress` whenever more is done.

        Yields
        ------
        (str, np.ndarray)
            Name, and float32 frames of shape (T, D), T about 25 a second.

        Raises
        ------
        ValueError
            If a waveform is not as described, has a NaN or infinite sample, or the model gives one; by name.
        """
        run = _Run(self, total_seconds, progress)
        for name, samples in waveforms:
            run.take_up(name, samples)
            while full := run.full_batch():
                run.compute(full)
            yield from run.finished()
            while run.n_held > _BATCHES_HELD * self.batch_size:
                run.compute(run.next_batch())
                yield from run.finished()
        while run.n_held:
            run.compute(run.next_batch())
            yield from run.finished()

    def parameters(self) -> dict[str, str | int]:
        """Everything but the samples that determines a window's frames: the rest of its cache key."""
        versions = {package: importlib.metadata.version(package) for package in _SOFTWARE}
        return {
            "encoder": "muq",
            "weights": self.fingerprint,
            "rate": MUQ_RATE,
            "layer": "last",
            "precision": "float32",
            "device": self.device.partition(":")[0],
            **versions,
        }

    @functools.cached_property
    def _muq(self) -> "torch.nn.Module":
        model = load_muq(*self.files)
        if _fingerprint(self.files) != self.fingerprint:
            raise ValueError(f"{self.files[0].parent}: the model's files changed during the run; start it again")
        return model.to(self.device)

    def _forward(self, batch: np.ndarray) -> np.ndarray:
        """Frames of equally long windows: (B, n) to (B, T, D)."""
        import torch

        # Also in eval mode the conformer draws a random number for each layer; they change nothing.
        with torch.inference_mode(), reference_precision(self.device), random_states_kept():
            hidden = self._muq(torch.from_numpy(batch).to(self.device)).last_hidden_state
        return hidden.to("cpu", torch.float32).numpy()


def extract_muq_features(
    segments: Iterable[Segment],
    segment_dir: str | os.PathLike,
    cache_dir: str | os.PathLike | None,
    *,
    extractor: MuQExtractor | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> dict[str, np.ndarray]:
    """MuQ frames of segments that `extract_audio_segments` wrote.

    Holds all frames at once, about 360 MB for an hour of audio at 1024 dimensions; where that is too much,
    use `MuQExtractor.extract` and pool as they come.

    Parameters
    ----------
    segments : iterable of Segment
    segment_dir : path-like
        Holds `<segment_id>.wav`.
    cache_dir : path-like or None
        Where frames are kept.
    extractor : MuQExtractor, optional
        By default a new one with the released model. If given, it has its own cache, and `cache_dir` is the
        same directory or None.
    progress : callable, optional
        See `MuQExtractor.extract`.

    Returns
    -------
    dict of str to np.ndarray
        Float32 frames of shape (T, D) by segment id, in the order given.

    Raises
    ------
    FileNotFoundError
        If a segment's file is not there.
    ValueError
        If a file can't be used, an id comes twice, or `cache_dir` is not the extractor's.
    """
    segments = list(segments)
    if extractor is None:
        extractor = MuQExtractor(cache_dir=cache_dir)
    elif cache_dir is not None and (extractor.cache is None or extractor.cache.directory != Path(cache_dir)):
        raise ValueError(f"cache_dir {cache_dir}: the extractor has {extractor.cache}; expected the same, or None")
    recordings = {}
    for segment in segments:
        if segment.segment_id in recordings:
            raise ValueError(f"segment {segment.segment_id}: given twice; expected each segment once")
        recordings[segment.segment_id] = probe_recording(Path(segment_dir) / f"{segment.segment_id}.wav")
    waveforms = (
        (segment_id, read_segment(recording.path, 0.0, recording.duration)[0])
        for segment_id, recording in recordings.items()
    )
    total = sum(recording.duration for recording in recordings.values())
    return dict(extractor.extract(waveforms, total_seconds=total, progress=progress))


@dataclass(eq=False)
class _Window:
    key: str
    samples: np.ndarray | None  # None once the frames are known
    where: str
    seconds: float
    frames: np.ndarray | None = None


class _Run:
    """One pass of `MuQExtractor.extract`: waveforms taken up and not handed out, windows that wait."""

    def __init__(self, extractor: MuQExtractor, total_seconds: float | None, progress):
        self.extractor = extractor
        self.progress = progress
        self.state = Progress(0.0, 0.0, total_seconds)
        self.waveforms: deque[tuple[str, list[_Window]]] = deque()
        self.waiting: dict[str, _Window] = {}

    @functools.cached_property
    def parameters(self) -> dict[str, str | int]:
        return self.extractor.parameters()  # once a run, and not at all in one without waveforms

    @property
    def n_held(self) -> int:
        return sum(len(windows) for _, windows in self.waveforms)

    def take_up(self, name: str, samples: np.ndarray) -> None:
        _check_waveform(name, samples)
        windows = []
        for start, stop in window_bounds(len(samples)):
            part, seconds = samples[start:stop], (stop - start) / MUQ_RATE
            key = content_key(part, **self.parameters)
            window = self.waiting.get(key)
            if window is None:
                where = f"{name}: window {start / MUQ_RATE:.3f} to {stop / MUQ_RATE:.3f} s"
                frames = self.extractor.cache.get(key) if self.extractor.cache else None
                window = _Window(key, part, where, seconds, frames)
                if frames is None:
                    self.waiting[key] = window
                    windows.append(window)
                    continue
                window.samples = None
            windows.append(window)
            self.extractor.n_cached_windows += 1
            self._report(seconds, seconds)
        self.waveforms.append((name, windows))

    def full_batch(self) -> list[_Window]:
        """As many waiting windows of one length as make a batch, or none."""
        by_length: dict[int, list[_Window]] = {}
        for window in self.waiting.values():
            alike = by_length.setdefault(len(window.samples), [])
            alike.append(window)
            if len(alike) == self.extractor.batch_size:
                return alike
        return []

    def next_batch(self) -> list[_Window]:
        """The window that the next result waits for, and others of its length."""
        first = next(window for window in self.waveforms[0][1] if window.frames is None)
        others = (window for window in self.waiting.values() if window is not first)
        alike = [window for window in others if len(window.samples) == len(first.samples)]
        return [first, *alike][: self.extractor.batch_size]

    def compute(self, batch: list[_Window]) -> None:
        frames_of = self.extractor._forward(np.stack([window.samples for window in batch]))
        for window, frames in zip(batch, frames_of, strict=True):
            if not np.isfinite(frames).all():
                raise ValueError(f"{window.where}: the model gives NaN or infinite frames; expected numbers")
            if self.extractor.cache is not None:
                self.extractor.cache.put(window.key, frames)
            window.frames, window.samples = frames, None
            del self.waiting[window.key]
            self.extractor.n_computed_windows += 1
        self._report(sum(window.seconds for window in batch), 0.0)

    def finished(self) -> Iterator[tuple[str, np.ndarray]]:
        while self.waveforms and all(window.frames is not None for window in self.waveforms[0][1]):
            name, windows = self.waveforms.popleft()
            yield name, np.concatenate([window.frames for window in windows])

    def _report(self, seconds: float, from_cache: float) -> None:
        done, cached = self.state.done_seconds + seconds, self.state.cached_seconds + from_cache
        self.state = replace(self.state, done_seconds=done, cached_seconds=cached)
        if self.progress is not None:
            self.progress(self.state)


def _check_waveform(name: str, samples: np.ndarray) -> None:
    if not isinstance(samples, np.ndarray) or samples.dtype != np.float32 or samples.ndim != 1:
        got = f"{getattr(samples, 'dtype', type(samples).__name__)}, shape {np.shape(samples)}"
        raise ValueError(f"{name}: samples are {got}; expected a float32 array of shape (n,)")
    if len(samples) < SHORTEST:
        raise ValueError(
            f"{name}: {len(samples)} samples, {len(samples) / MUQ_RATE:.4f} s, are too few for MuQ; "
            f"expected at least {SHORTEST} at {MUQ_RATE} Hz"
        )
    bad = ~np.isfinite(samples)
    if bad.any():
        raise ValueError(
            f"{name}: {bad.sum()} samples are NaN or infinite, the first at {bad.argmax() / MUQ_RATE:.3f} s; "
            "expected numbers"
        )


def _fingerprint(files: Iterable[Path]) -> str:
    digests = [_file_digest(path, path.stat().st_size, path.stat().st_mtime_ns) for path in files]
    return hashlib.blake2b("".join(digests).encode(), digest_size=32).hexdigest()


@functools.lru_cache(maxsize=64)
def _file_digest(path: Path, size: int, mtime_ns: int) -> str:
    # size and mtime_ns are read only as part of the memo's key: a file that changed is hashed again.
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=32)).hexdigest()
