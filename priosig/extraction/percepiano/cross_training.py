"""Training quality heads on rated performances, scored out of fold.

*Folds* hold out whole pieces (`GroupKFold`), so that no head is scored on music that it saw. For each fold one head
is trained on all others; together they score every performance once, and used together they are averaged.

*A head* begins as the mean predictor (its last layer is zero, its bias the logit of the mean rating) and descends the
mean squared error, all performances at once, by Adam. Its inputs are standardised on what it is trained on, and that
is written into the first layer at the end, so that it takes plain pooled frames.

*When to stop* is found without the held-out fold: for each pair of folds, a head is trained on the rest and followed
on both. A fold's number of steps is the one with the smallest error, on the other folds, of the heads that saw
neither (nested cross-validation; a pair's head serves both its folds). Where frames do not tell the ratings, no step
is taken.

Equal inputs and an equal seed give equal heads, on one machine with one number of threads. Random states are left as
they were.
"""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from priosig._core.progress import Stages, counted_fits, fits_made
from priosig.extraction.muq.model import random_states_kept
from priosig.extraction.percepiano.head import MuQStatsModel

if TYPE_CHECKING:
    import torch

LEARNING_RATE = 1e-3
MOST_STEPS = 300
EVERY = 5
"""Steps between two looks at the held-out error."""


@dataclass(frozen=True)
class CrossTrained:
    """Heads, one a fold, and what they say of the fold that they did not see.

    Attributes
    ----------
    heads : tuple of MuQStatsModel
        In eval mode.
    steps : tuple of int
        Steps of descent that each took.
    predictions, means : np.ndarray, float64, shape (n, 19)
        Out of fold: of the heads, and of the mean predictor (the mean rating of the other folds).
    """

    heads: tuple[MuQStatsModel, ...]
    steps: tuple[int, ...]
    predictions: np.ndarray
    means: np.ndarray


def cross_train(
    pooled: np.ndarray,
    ratings: np.ndarray,
    pieces: Sequence[str],
    *,
    n_folds: int = 4,
    hidden_dim: int = 512,
    seed: int = 0,
    progress: Stages | None = None,
) -> CrossTrained:
    """Train a head for each fold of pieces.

    Parameters
    ----------
    pooled : np.ndarray, float32, shape (n, 2 D)
        Means and population standard deviations of frames (`FrameSummary.head_input`).
    ratings : np.ndarray, shape (n, 19)
        From 0 to 1.
    pieces : sequence of str, n
    n_folds : int
        3 to the number of pieces.
    hidden_dim, seed : int
    progress : callable, optional
        Told of the stage, and of each head that is trained.

    Raises
    ------
    ValueError
        If there are fewer pieces than folds, or fewer than 3 folds.
    """
    import torch

    fold = folds_of_pieces(pieces, n_folds)
    x, y = (torch.from_numpy(np.asarray(values, np.float32)) for values in (pooled, ratings))
    rows = [np.flatnonzero(fold == k) for k in range(n_folds)]
    pairs = list(itertools.combinations(range(n_folds), 2))

    def rest(*held: int) -> np.ndarray:
        return np.flatnonzero(~np.isin(fold, held))

    with random_states_kept(), counted_fits(progress, "quality heads", len(pairs) + n_folds):
        errors = np.zeros((n_folds, MOST_STEPS // EVERY + 1))
        for i, j in pairs:
            of_both = _followed(x, y, rest(i, j), (rows[i], rows[j]), hidden_dim, seed)
            errors[j] += of_both[0]  # on fold i, by a head that saw neither: says when to stop for fold j
            errors[i] += of_both[1]
        steps = tuple(int(best) * EVERY for best in errors.argmin(axis=1))
        heads = tuple(_train(x[rest(k)], y[rest(k)], hidden_dim, steps[k], seed) for k in range(n_folds))
    predictions, means = np.empty(y.shape), np.empty(y.shape)
    for k, head in enumerate(heads):
        with torch.inference_mode():
            predictions[rows[k]] = head.clf(x[rows[k]]).double().numpy()
        means[rows[k]] = np.asarray(ratings, np.float64)[rest(k)].mean(axis=0)
    return CrossTrained(heads, steps, predictions, means)


def folds_of_pieces(pieces: Sequence[str], n_folds: int) -> np.ndarray:
    """Fold of each performance, about equally large, shape (n,); a piece is in one fold.

    Raises
    ------
    ValueError
        If there are fewer pieces than folds, or fewer than 3 folds.
    """
    from sklearn.model_selection import GroupKFold

    n_pieces = len(set(pieces))
    if not 3 <= n_folds <= n_pieces:
        raise ValueError(
            f"quality heads: {n_folds} folds of {n_pieces} pieces; expected 3 folds or more, since the steps of each "
            "are chosen on the others, and a piece for each"
        )
    fold = np.empty(len(pieces), dtype=int)
    for k, (_, held_out) in enumerate(GroupKFold(n_folds).split(fold, groups=np.asarray(pieces))):
        fold[held_out] = k
    return fold


def _followed(
    x: "torch.Tensor", y: "torch.Tensor", train: np.ndarray, held: Sequence[np.ndarray], hidden_dim: int, seed: int
) -> np.ndarray:
    """Squared errors on held-out rows at every look, shape (len(held), looks), of a head trained on others."""
    errors = []

    def look(predict: "Callable[[torch.Tensor], torch.Tensor]") -> None:
        errors.append([float((predict(x[rows]) - y[rows]).square().sum()) for rows in held])

    _train(x[train], y[train], hidden_dim, MOST_STEPS, seed, look)
    return np.array(errors).T


def _train(
    x: "torch.Tensor", y: "torch.Tensor", hidden_dim: int, steps: int, seed: int, look: Callable | None = None
) -> MuQStatsModel:
    """A head after so many steps; `look` is given what predicts, before the first and after every `EVERY`."""
    import torch

    torch.manual_seed(seed)
    head = MuQStatsModel(x.shape[1] // 2, hidden_dim, y.shape[1])
    first, last = head.clf[0], head.clf[6]
    torch.nn.init.zeros_(last.weight)
    last.bias.data = torch.logit(y.mean(dim=0), eps=1e-3)
    mean, scale = x.mean(dim=0), x.std(dim=0, correction=0)
    scale[scale <= 1e-6 * mean.abs()] = 1.0  # constant but for rounding
    z = (x - mean) / scale

    @torch.no_grad()
    def predict(rows: torch.Tensor) -> torch.Tensor:
        return head.eval().clf((rows - mean) / scale)

    optimiser = torch.optim.Adam(head.parameters(), lr=LEARNING_RATE)
    for step in range(steps + 1):
        if look is not None and step % EVERY == 0:
            look(predict)
        if step < steps:
            optimiser.zero_grad()
            torch.nn.functional.mse_loss(head.train().clf(z), y).backward()
            optimiser.step()
    with torch.no_grad():  # the same on frames that are not standardised
        first.weight /= scale
        first.bias -= first.weight @ mean
    fits_made(1)
    return head.eval().requires_grad_(False)
