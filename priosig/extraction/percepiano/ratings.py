"""PercePiano's ratings: what listeners said of 1202 short piano performances, the mean over raters.

The labels file is a JSON object from a performance's name to 20 numbers: 19 scales, each the raters' mean on a
7-point scale divided by 7, then the player's number, which is dropped. A name is
`<piece>_<n>bars_<player>_<segment>`: `Schubert_D960_mv2_8bars_7_14` is segment 14, 8 bars of the second movement, by
player 7 (`Score`: a computer). Segments of 8 and of 16 bars share music, so folds go by *piece*, whatever the number
of bars. Each of Beethoven's variations WoO 80 counts as a piece.

Source: github.com/JonghoKimSNU/PercePiano, `labels/map_midi_to_label.py`. The order of the 19 is that of
`priosig.extraction.percepiano.scales`.
"""

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from priosig.extraction.percepiano.scales import PERCEPIANO_DIMENSIONS

LABELS = Path("labels") / "label_2round_mean_reg_19_with0_rm_highstd0.json"  # in PercePiano's repository
_NAME = re.compile(r"\s*(?P<piece>[^/\\\0]+)_\d+bars_[^/\\\0_]+_\d+")


@dataclass(frozen=True, eq=False)
class Ratings:
    """Ratings of performances, a row each, sorted by name."""

    names: tuple[str, ...]  # of the performances
    pieces: tuple[str, ...]  # that are played
    values: np.ndarray  # float64, shape (n, 19), between 0 and 1, in the order of `PERCEPIANO_DIMENSIONS`


def read_ratings(path: str | os.PathLike) -> Ratings:
    """Read PercePiano's labels from a copy of its repository, or from a labels file of its form.

    Raises
    ------
    FileNotFoundError, ValueError
        If there is no such file, it is not JSON of that form, or a name or a rating is not as described; names the
        performance.
    """
    path = Path(path)
    if path.is_dir():
        path = path / LABELS
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such file; expected PercePiano's labels, or a copy of its repository")
    try:
        labels = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path}: not JSON ({error}); expected PercePiano's labels") from None
    if not isinstance(labels, dict) or not labels:
        raise ValueError(f"{path}: holds no object with entries; expected ratings by the name of a performance")
    names = tuple(sorted(labels))
    matches = [_NAME.fullmatch(name) for name in names]
    for name, match in zip(names, matches, strict=True):
        if match is None:
            raise ValueError(f"{path}: {name!r} is no performance; expected <piece>_<n>bars_<player>_<segment>")
    values = np.array([_scales(path, name, labels[name]) for name in names])
    return Ratings(names, tuple(match["piece"] for match in matches), values)


def _scales(path: Path, name: str, row: object) -> list[float]:
    n = len(PERCEPIANO_DIMENSIONS)
    if not isinstance(row, list) or len(row) not in (n, n + 1):
        held = f"{len(row)} entries" if isinstance(row, list) else type(row).__name__
        raise ValueError(f"{path}: {name} has {held}; expected {n} ratings, and perhaps the player's number")
    for scale, rating in zip(PERCEPIANO_DIMENSIONS, row, strict=False):
        if type(rating) not in (int, float) or not 0 <= rating <= 1:
            raise ValueError(f"{path}: {name}: {scale} is {rating!r}; expected a number from 0 to 1")
    return [float(rating) for rating in row[:n]]
