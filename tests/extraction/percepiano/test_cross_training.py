"""Quality heads that are trained on ratings with a known answer."""

import random

import numpy as np
import pytest
import torch
from sklearn.metrics import r2_score

from priosig.extraction.percepiano import cross_training
from priosig.extraction.percepiano.cross_training import cross_train, folds_of_pieces

NOISE = 0.3  # share of the ratings' variance that frames cannot tell
PIECES = np.repeat([f"piece {k}" for k in range(12)], 20)
SMALL = {"n_folds": 3, "hidden_dim": 128}


def study():
    """Pooled frames of 4 dimensions, some large and some small, and ratings that are linear in them, with noise."""
    rng = np.random.default_rng(0)
    z = rng.normal(size=(len(PIECES), 8))
    told = z @ rng.normal(size=(8, 19))
    told /= told.std(axis=0)
    ratings = 0.5 + 0.1 * (np.sqrt(1 - NOISE) * told + np.sqrt(NOISE) * rng.normal(size=told.shape))
    pooled = z * rng.uniform(0.01, 10, 8) + rng.normal(0, 20, 8)
    return pooled.astype(np.float32), np.clip(ratings, 0, 1)


def r2(ratings, predictions):
    return r2_score(ratings, predictions, multioutput="raw_values")


@pytest.fixture(autouse=True, scope="module")
def fewer_steps():
    """This small study is learnt in 30 larger steps: fewer than most, so that what says when to stop can be wrong."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cross_training, "MOST_STEPS", 35)
        patch.setattr(cross_training, "LEARNING_RATE", 2e-3)
        yield


@pytest.fixture(scope="module")
def trained(fewer_steps):
    return cross_train(*study(), PIECES, **SMALL)


@pytest.fixture
def few_steps(monkeypatch):
    """Training is broken off early: what it reaches does not matter."""
    monkeypatch.setattr(cross_training, "MOST_STEPS", 5)


def test_what_frames_tell_is_learnt_up_to_the_noise(trained):
    _, ratings = study()
    of_heads, of_means = r2(ratings, trained.predictions), r2(ratings, trained.means)
    assert 1 - NOISE - 0.1 < of_heads.mean() < 1 - NOISE
    assert of_heads.min() > 0.5
    assert of_means.max() < 0


def test_ratings_that_frames_do_not_tell_are_predicted_no_better_than_by_their_mean():
    pooled, ratings = study()
    shuffled = ratings[np.random.default_rng(1).permutation(len(ratings))]
    of_heads = r2(shuffled, cross_train(pooled, shuffled, PIECES, **SMALL).predictions)
    assert of_heads.mean() < 0
    assert of_heads.max() < 0.03


def test_a_head_says_of_plain_pooled_frames_what_was_reported_of_it(trained):
    pooled, _ = study()
    fold = folds_of_pieces(PIECES, 3)
    for k, head in enumerate(trained.heads):
        with torch.inference_mode():
            said = head.clf(torch.from_numpy(pooled)).numpy()
        np.testing.assert_allclose(trained.predictions[fold == k], said[fold == k], rtol=0, atol=1e-6)


def test_nothing_of_a_fold_reaches_its_own_predictions(trained):
    pooled, ratings = study()
    own = folds_of_pieces(PIECES, 3) == 1
    ratings[own] = 1 - ratings[own][::-1]
    changed = cross_train(pooled, ratings, PIECES, **SMALL)
    np.testing.assert_array_equal(changed.predictions[own], trained.predictions[own])
    np.testing.assert_array_equal(changed.means[own], trained.means[own])
    assert not np.array_equal(changed.predictions[~own], trained.predictions[~own])


def test_equal_seeds_give_equal_heads_and_leave_random_states_alone(few_steps):
    before = random.getstate(), torch.get_rng_state()
    one, other = (cross_train(*study(), PIECES, **SMALL) for _ in range(2))
    assert random.getstate() == before[0]
    assert torch.equal(torch.get_rng_state(), before[1])
    assert one.steps == other.steps
    for head, again in zip(one.heads, other.heads, strict=True):
        assert all(torch.equal(tensor, again.state_dict()[name]) for name, tensor in head.state_dict().items())
    assert not np.array_equal(one.predictions, cross_train(*study(), PIECES, **SMALL, seed=1).predictions)


def test_a_feature_that_changes_by_rounding_alone_does_no_harm(few_steps):
    pooled, ratings = study()
    pooled[:, 2] = 7.123
    pooled[::2, 2] = np.nextafter(pooled[::2, 2], np.float32(8))
    head = cross_train(pooled, ratings, PIECES, **SMALL).heads[0]
    moved = torch.from_numpy(pooled + np.eye(8, dtype=np.float32)[2] * 0.1)
    with torch.inference_mode():
        assert (head.clf(moved) - head.clf(torch.from_numpy(pooled))).abs().max() < 0.05


def test_progress_counts_every_head(few_steps):
    told = []

    def stages(stage):
        return lambda now: told.append((stage, now.done, now.total))

    cross_train(*study(), PIECES, **SMALL, progress=stages)
    assert told == [("quality heads", k, 6) for k in range(1, 7)]


def test_a_piece_is_in_one_fold():
    pieces = np.repeat(list("abcdefg"), [30, 1, 2, 9, 9, 4, 5])
    fold = folds_of_pieces(pieces, 3)
    assert sorted(set(fold)) == [0, 1, 2]
    assert all(len(set(fold[pieces == piece])) == 1 for piece in set(pieces))


@pytest.mark.parametrize(("pieces", "n_folds"), [("aabb", 3), ("abcd", 2)])
def test_too_few_pieces_or_folds_are_refused(pieces, n_folds):
    with pytest.raises(ValueError, match=rf"{n_folds} folds of {len(set(pieces))} pieces; expected 3 folds or more"):
        folds_of_pieces(list(pieces), n_folds)
