"""From PercePiano's ratings and recordings of its performances to quality heads for Model B.

Each performance is one audio file with its name, rendered from PercePiano's MIDI or recorded. Heads are trained on
pooled frames by folds of pieces (`percepiano.cross_training`), and written with a table of how well they predict the
ratings of pieces that they did not see (`percepiano.goodness`). A head is of use only to the encoder and layer that
it was trained on.
"""

import os
from collections.abc import Callable
from dataclasses import astuple, dataclass, fields
from pathlib import Path

import numpy as np

from priosig._core.atomic import write_text
from priosig._core.progress import Progress, Stages
from priosig.audio.readahead import read_ahead
from priosig.audio.recordings import find_audio, probe_recording
from priosig.audio.slices import Slice
from priosig.audio.streaming import PIECES_AHEAD, stream_pieces
from priosig.extraction.features import check_lengths
from priosig.extraction.muq.extractor import MuQExtractor
from priosig.extraction.percepiano.cross_training import cross_train, folds_of_pieces
from priosig.extraction.percepiano.goodness import ScaleFit, fit_by_scale
from priosig.extraction.percepiano.head import save_head
from priosig.extraction.percepiano.ratings import read_ratings

TABLE = "r2_by_scale.csv"


@dataclass(frozen=True)
class TrainedHeads:
    """Heads that were trained and written."""

    checkpoints: tuple[Path, ...]  # one a fold, for `extract_quality_scores`, which averages them
    fits: tuple[ScaleFit, ...]  # out of fold, in the order of `PERCEPIANO_DIMENSIONS`
    n_performances: int  # that were heard
    n_pieces: int
    steps: tuple[int, ...]  # of descent of each head; 0 is the mean predictor
    without_audio: tuple[str, ...]  # rated performances that were left out, as they have no file


def train_heads(
    percepiano_dir: str | os.PathLike,
    output_dir: str | os.PathLike,
    extractor: MuQExtractor,
    *,
    audio_dir: str | os.PathLike | None = None,
    n_folds: int = 4,
    seed: int = 0,
    progress: Stages | None = None,
) -> TrainedHeads:
    """Train quality heads on PercePiano's ratings, and write them.

    Parameters
    ----------
    percepiano_dir : path-like
        A copy of PercePiano's repository, or a labels file of its form.
    output_dir : path-like
        Gets `head_1.ckpt`, ... and `r2_by_scale.csv`; those of an earlier training are replaced.
    extractor : MuQExtractor
        Its cache makes a second training quick.
    audio_dir : path-like, optional
        Holds `<name of the performance>.wav`, `.flac`, `.ogg` or `.mp3`; by default `audio` in `percepiano_dir`.

    Raises
    ------
    FileNotFoundError, ValueError
        As `read_ratings`, `probe_recording` and `cross_train`; also if no performance has audio, or the directory
        holds other checkpoints, which would be averaged with these.
    """
    output_dir = Path(output_dir)
    audio_dir = Path(percepiano_dir) / "audio" if audio_dir is None else Path(audio_dir)
    paths = tuple(output_dir / f"head_{k}.ckpt" for k in range(1, n_folds + 1))
    others = sorted(path.name for path in output_dir.glob("*.ckpt") if path not in paths)
    if others:
        raise ValueError(f"{output_dir}: holds {', '.join(others)}; expected no checkpoints beside the new ones")
    rated = read_ratings(percepiano_dir)
    slices = _whole_files(rated.names, audio_dir)
    rows = [row for row, name in enumerate(rated.names) if name in slices]
    pieces, values = [rated.pieces[row] for row in rows], rated.values[rows]
    folds_of_pieces(pieces, n_folds)  # refuses too few before anything is heard
    pooled = _pooled(slices, extractor, None if progress is None else progress("MuQ frames"))
    trained = cross_train(pooled, values, pieces, n_folds=n_folds, seed=seed, progress=progress)
    fits = fit_by_scale(values, trained.predictions, trained.means, pieces)
    for path, head in zip(paths, trained.heads, strict=True):
        save_head(path, head)
    lines = [",".join(field.name for field in fields(ScaleFit))]
    lines += [",".join([fit.scale, *(f"{value:.4f}" for value in astuple(fit)[1:])]) for fit in fits]
    write_text(output_dir / TABLE, "\n".join(lines) + "\n")
    without = tuple(name for name in rated.names if name not in slices)
    return TrainedHeads(paths, fits, len(rows), len(set(pieces)), trained.steps, without)


def _whole_files(names: tuple[str, ...], audio_dir: Path) -> dict[str, Slice]:
    """The audio file of each performance that has one, whole, in their order."""
    slices = {}
    for name in names:
        try:
            recording = probe_recording(find_audio(audio_dir, name, f"performance {name}"))
        except FileNotFoundError as error:
            missing = error
            continue
        slices[name] = Slice(recording, 0, recording.n_frames, 0.0)
    if not slices:
        raise FileNotFoundError(f"none of {len(names)} rated performances has a recording: {missing}")
    check_lengths(slices)
    return slices


def _pooled(
    slices: dict[str, Slice], extractor: MuQExtractor, progress: Callable[[Progress], None] | None
) -> np.ndarray:
    """Means and population standard deviations of MuQ's frames, a row each, in the order of the slices."""
    ahead = read_ahead(stream_pieces(slices), PIECES_AHEAD)
    seconds = sum(part.recording.duration for part in slices.values())
    rows = {}
    for name, summary in extractor.summarise(ahead, total_seconds=seconds, progress=progress):
        rows[name] = summary.head_input()
    return np.stack([rows[name] for name in slices])
