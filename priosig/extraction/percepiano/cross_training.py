"""Training quality heads on rated performances, scored out of fold.

*Folds* hold out whole pieces (`GroupKFold`), so that no head is scored on music that it saw. For each fold one head
is trained on all others; together they score every performance once, and used together they are averaged.

*A head* begins as the mean predictor (its last layer is zero, its bias the logit of the mean rating) and descends the
mean squared error, all performances at once, by Adam. Its inputs are standardised on the training rows, and that is
written into the first layer at the end, so that it takes plain pooled frames.

*The number of steps* is chosen without the held-out fold, by nested cross-validation: for each pair of folds, a head
is trained on the rest and followed on both. A fold's steps are those with the smallest error, on the other folds, of
the heads that saw neither. Where frames do not tell the ratings, no step is taken.

Equal inputs and seeds give equal heads, on one machine with one number of threads.
"""

import itertools
from collections.abc import Sequence
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
EVERY = 5  # steps between two looks at the held-out error


@dataclass(frozen=True)
class CrossTrained:
    """Heads in eval mode, one a fold, and their predictions for the fold that they did not see."""

    heads: tuple[MuQStatsModel, ...]
    steps: tuple[int, ...]  # of descent that each took
    predictions: np.ndarray  # float64, shape (n, 19), out of fold
    means: np.ndarray  # the same of the mean predictor, the mean rating of the other folds


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
    """Train a head for each fold of pieces; a ValueError if there are fewer pieces than folds, or fewer than 3 folds.

    Parameters
    ----------
    pooled : np.ndarray, float32, shape (n, 2 D)
        Rows of `FrameSummary.head_input`.
    ratings : np.ndarray, shape (n, 19)
        From 0 to 1.
    pieces : sequence of str, n
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
            # The error on fold i of a head that saw neither says when to stop for fold j.
            _, of_both = _train(x, y, rest(i, j), hidden_dim, MOST_STEPS, seed, held=(rows[j], rows[i]))
            errors[[i, j]] += of_both.T
        steps = tuple(int(best) * EVERY for best in errors.argmin(axis=1))
        heads = tuple(_train(x, y, rest(k), hidden_dim, steps[k], seed)[0] for k in range(n_folds))
    predictions, means = np.empty(y.shape), np.empty(y.shape)
    for k, head in enumerate(heads):
        with torch.inference_mode():
            predictions[rows[k]] = head.clf(x[rows[k]]).double().numpy()
        means[rows[k]] = np.asarray(ratings, np.float64)[rest(k)].mean(axis=0)
    return CrossTrained(heads, steps, predictions, means)


def folds_of_pieces(pieces: Sequence[str], n_folds: int) -> np.ndarray:
    """Fold of each performance, about equally large, shape (n,); a piece is in one fold. Raises as `cross_train`."""
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


def _train(
    x: "torch.Tensor",
    y: "torch.Tensor",
    train: np.ndarray,
    hidden_dim: int,
    steps: int,
    seed: int,
    held: Sequence[np.ndarray] = (),
) -> tuple[MuQStatsModel, np.ndarray]:
    """A head trained on some rows, and its squared errors on held-out ones meanwhile, shape (looks, len(held))."""
    import torch

    torch.manual_seed(seed)
    head = MuQStatsModel(x.shape[1] // 2, hidden_dim, y.shape[1])
    first, last = head.clf[0], head.clf[6]
    torch.nn.init.zeros_(last.weight)
    last.bias.data = torch.logit(y[train].mean(dim=0), eps=1e-3)
    mean, scale = x[train].mean(dim=0), x[train].std(dim=0, correction=0)
    scale[scale <= 1e-6 * mean.abs()] = 1.0  # constant but for rounding
    z = (x - mean) / scale
    inputs, ratings, errors = z[train], y[train], []
    optimiser = torch.optim.Adam(head.parameters(), lr=LEARNING_RATE)
    for step in range(steps + 1):
        if held and step % EVERY == 0:
            head.eval()
            with torch.no_grad():
                errors.append([float((head.clf(z[rows]) - y[rows]).square().sum()) for rows in held])
        if step < steps:
            optimiser.zero_grad()
            torch.nn.functional.mse_loss(head.train().clf(inputs), ratings).backward()
            optimiser.step()
    with torch.no_grad():  # the same on frames that are not standardised
        first.weight /= scale
        first.bias -= first.weight @ mean
    fits_made(1)
    return head.eval().requires_grad_(False), np.array(errors)
