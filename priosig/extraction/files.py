"""Features of segments that have files of their own: stage by stage, as the first study did it.

The pipeline itself does not need these files: it streams (`priosig.extraction.features`).
"""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from priosig.annotations.segments import Segment
from priosig.extraction.muq.extractor import MuQExtractor
from priosig.extraction.pooling import stats_pool

if TYPE_CHECKING:
    import torch


def extract_muq_features(
    segments: Iterable[Segment], segment_dir: str | os.PathLike, cache_dir: str | os.PathLike | None
) -> "dict[str, torch.Tensor]":
    """Pooled frames of the released MuQ for segments that `extract_audio_segments` wrote.

    For another model, layer or device make a `MuQExtractor`, and `stats_pool(extractor.extract_from_file(path))`.

    Parameters
    ----------
    segments : iterable of Segment
    segment_dir : path-like
        Holds `<segment_id>.wav`.
    cache_dir : path-like or None
        Where frames are kept, by the content of the audio; with None, nothing is.

    Returns
    -------
    dict of str to torch.Tensor, float32, shape (2 D,)
        Model A's features (`stats_pool`) by segment id, in the order given.

    Raises
    ------
    FileNotFoundError
        If files are missing; before the model is loaded.
    ValueError
        If a file can't be used, or gives one frame only; names the file.
    """
    paths = {segment.segment_id: Path(segment_dir) / f"{segment.segment_id}.wav" for segment in segments}
    missing = [path.name for path in paths.values() if not path.is_file()]
    if missing:
        raise FileNotFoundError(
            f"{segment_dir}: {len(missing)} of {len(paths)} segments have no file, {missing[0]} is the first; "
            "expected those that extract_audio_segments writes"
        )
    extractor = MuQExtractor(cache_dir=cache_dir)
    features = {}
    for segment_id, path in paths.items():
        frames = extractor.extract_from_file(path)
        try:
            features[segment_id] = stats_pool(frames)
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from error
    return features
