"""Quality scores of segments, averaged over the heads of a corpus, each of which is loaded once."""

import functools
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from priosig._core.cache import file_state
from priosig.extraction.percepiano.head import POOLED_PARTS, MuQStatsModel, load_head
from priosig.extraction.pooling import FrameSummary, summarise

if TYPE_CHECKING:
    import torch


def check_heads(paths: Sequence[str | os.PathLike], width: int) -> None:
    """Load every head; raises as `load_head`, also for one that takes frames of another width."""
    for path in map(Path, paths):
        _check_width(path, _loaded_head(path, "cpu"), width, "the encoder's frames")


def _check_width(path: Path, head: MuQStatsModel, width: int, whose: str) -> None:
    if width != head.input_dim:
        raise ValueError(
            f"{path}: the head expects frames {head.input_dim} wide, and {whose} are {width}: it was trained on "
            "another encoder"
        )


def extract_quality_scores(
    raw_embeddings: Mapping[str, "np.ndarray | torch.Tensor | FrameSummary"],
    checkpoint_path: str | os.PathLike | Sequence[str | os.PathLike],
    *,
    device: str = "cpu",
) -> "dict[str, torch.Tensor]":
    """Quality scores of segments from their frames, averaged over the heads given.

    Frames are pooled in float64, the heads run in float32. A checkpoint that did not change is not read again.

    Parameters
    ----------
    raw_embeddings : mapping of str to np.ndarray or torch.Tensor, shape (T, D), or FrameSummary
        Frames by segment id, T >= 1; or their summary, which gives the same scores.
    checkpoint_path : path-like, or sequence of them
    device : str
        Where the heads run.

    Returns
    -------
    dict of str to torch.Tensor, float32, shape (19,), on the CPU
        Scores between 0 and 1 in the order of `PERCEPIANO_DIMENSIONS`, by segment id, in the order given.

    Raises
    ------
    FileNotFoundError, ValueError
        As `load_head`; also if no checkpoint is given, or frames don't fit the head, are not (T, D), or have
        NaN or infinite entries, by segment id.
    """
    import torch

    one = isinstance(checkpoint_path, str | os.PathLike)
    paths = [Path(path) for path in ([checkpoint_path] if one else checkpoint_path)]
    if not paths:
        raise ValueError("checkpoint_path: empty; expected one checkpoint or several")
    summaries = {segment_id: _summary(segment_id, given) for segment_id, given in raw_embeddings.items()}
    for path in paths:
        head = _loaded_head(path, device)
        for segment_id, summary in summaries.items():
            _check_width(path, head, summary.width, f"those of segment {segment_id}")
    if not summaries:
        return {}
    extremes = need_extremes(paths)
    pooled = np.stack([summary.head_input(extremes=extremes) for summary in summaries.values()])
    scores = torch.from_numpy(scores_of_pooled(pooled, paths, device=device)).float()
    return dict(zip(summaries, scores, strict=True))


def need_extremes(paths: Sequence[str | os.PathLike]) -> bool:
    """Whether any of the heads pools minimum and maximum too."""
    return any(_loaded_head(Path(path), "cpu").pooling_stats == "mean_std_min_max" for path in paths)


def scores_of_pooled(pooled: np.ndarray, paths: Sequence[str | os.PathLike], *, device: str = "cpu") -> np.ndarray:
    """Quality scores of rows of `FrameSummary.head_input`, averaged over the heads: float64, shape (n, 19).

    All rows go through each head at once; the last bits of a row depend on how many there are.
    """
    import torch

    by_head = []
    for path in paths:
        head = _loaded_head(Path(path), device)
        rows = np.ascontiguousarray(pooled[:, : POOLED_PARTS[head.pooling_stats] * head.input_dim])
        with torch.inference_mode():
            by_head.append(head.clf(torch.from_numpy(rows).to(device)).cpu().double().numpy())
    return np.mean(by_head, axis=0)


def _summary(segment_id: str, given: "np.ndarray | torch.Tensor | FrameSummary") -> FrameSummary:
    if isinstance(given, FrameSummary):
        return given
    import torch

    frames = torch.as_tensor(given)
    if not frames.is_floating_point():
        raise ValueError(f"segment {segment_id}: frames are {frames.dtype}; expected floating point")
    try:
        return summarise(frames)
    except ValueError as error:
        raise ValueError(f"segment {segment_id}: {error}") from None


def _loaded_head(path: Path, device: str) -> MuQStatsModel:
    """The head of a checkpoint on a device; read again only if the file changed."""
    return _remembered_head(path, file_state(path) if path.is_file() else (), device)


@functools.lru_cache(maxsize=32)  # 5 MB each
def _remembered_head(path: Path, state: tuple[int, ...], device: str) -> MuQStatsModel:
    return load_head(path).to(device)
