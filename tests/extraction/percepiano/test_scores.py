"""Quality scores of segments: what heads say, averaged."""

import os

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import priosig.extraction.percepiano.scores
from priosig.extraction.percepiano.scores import check_heads, extract_quality_scores
from priosig.extraction.pooling import merge, summarise
from tests.small_heads import KINDS, WIDTH, checkpoint, frames, scores_by_hand


def test_several_heads_are_averaged(save):
    paths = [save(checkpoint(kind, seed), f"{seed}.ckpt") for seed, kind in enumerate([*KINDS, "mean_std"])]
    x = {"a": frames(), "b": torch.from_numpy(frames(9, seed=1))}
    alone = [extract_quality_scores(x, str(path)) for path in paths]
    together = extract_quality_scores(x, paths)
    assert list(together) == ["a", "b"]
    for name in x:
        expected = np.mean([scores[name].numpy() for scores in alone], axis=0)
        np.testing.assert_allclose(together[name], expected, rtol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n_frames", [1, 2, 250])
def test_summaries_give_the_scores_of_their_frames(save, kind, n_frames):
    path, x = save(checkpoint(kind)), frames(n_frames)
    summary = merge(map(summarise, np.array_split(x, min(n_frames, 3))))
    scores = extract_quality_scores({"frames": x, "summary": summary}, path)
    np.testing.assert_allclose(scores["summary"], scores["frames"], rtol=0, atol=1e-6)
    np.testing.assert_allclose(scores["summary"], scores_by_hand(x, checkpoint(kind)), rtol=0, atol=1e-5)


def test_scores_do_not_depend_on_the_segments_beside(save):
    paths = [save(checkpoint(kind), f"{kind}.ckpt") for kind in KINDS]
    many = {f"{i}": frames(5 + i, seed=i) for i in range(40)}
    together = extract_quality_scores(many, paths)
    assert list(together) == list(many)
    for name in ("0", "17", "39"):
        alone = extract_quality_scores({name: many[name]}, paths)[name]
        np.testing.assert_allclose(together[name], alone, rtol=0, atol=1e-6)


def test_no_segments_have_no_scores(save):
    assert extract_quality_scores({}, save(checkpoint())) == {}


def test_summary_of_another_width_is_refused_by_segment(save):
    with pytest.raises(ValueError, match=r"head\.ckpt: the head expects frames 6 wide, and those of segment a are 7"):
        extract_quality_scores({"a": summarise(frames(width=7))}, save(checkpoint()))


def test_heads_run_once_for_all_segments(save, monkeypatch):
    rows = []
    monkeypatch.setattr(torch.nn.Sigmoid, "forward", lambda self, x: rows.append(len(x)) or torch.sigmoid(x))
    paths = [save(checkpoint(seed=seed), f"{seed}.ckpt") for seed in range(2)]
    extract_quality_scores({f"{i}": frames(seed=i) for i in range(9)}, paths)
    assert rows == [9, 9]


def test_checkpoint_is_read_once_until_it_changes(save, monkeypatch):
    read = []
    original = priosig.extraction.percepiano.scores.load_head
    monkeypatch.setattr(
        priosig.extraction.percepiano.scores, "load_head", lambda path: read.append(path.name) or original(path)
    )
    x = {"a": frames()}
    path = save(checkpoint(seed=0))
    first, again = (extract_quality_scores(x, path)["a"] for _ in range(2))
    np.testing.assert_array_equal(first, again)
    assert read == ["head.ckpt"]
    before = path.stat().st_mtime_ns
    save(checkpoint(seed=1))
    os.utime(path, ns=(before + 1, before + 1))
    changed = extract_quality_scores(x, path)["a"]
    assert read == ["head.ckpt"] * 2
    np.testing.assert_allclose(changed, scores_by_hand(frames(), checkpoint(seed=1)), atol=1e-5)


@pytest.mark.parametrize(
    ("x", "match"),
    [
        (frames(width=7), r"head\.ckpt: the head expects frames 6 wide, and those of segment a are 7"),
        (frames()[0], r"segment a: .*shape \(6,\); expected .*\(T, D\)"),
        (frames()[:0], r"segment a: .*shape \(0, 6\)"),
        (frames().astype(int), "segment a: frames are torch.int64"),
        (np.where(frames() > 2, np.nan, frames()), r"segment a: frames: \d+ entries are NaN"),
    ],
)
def test_frames_that_do_not_fit_are_refused_by_segment(save, x, match):
    with pytest.raises(ValueError, match=match):
        extract_quality_scores({"a": x}, save(checkpoint()))


def test_no_checkpoint_at_all_is_refused():
    with pytest.raises(ValueError, match="checkpoint_path: empty"):
        extract_quality_scores({"a": frames()}, [])


def test_heads_are_checked_by_themselves_for_what_they_are_to_be_given(save):
    good = save(checkpoint(), "good.ckpt")
    check_heads([good], WIDTH)
    with pytest.raises(ValueError, match=r"good\.ckpt: the head expects frames 6 wide, and the encoder's .* are 7"):
        check_heads([good], 7)
    with pytest.raises(FileNotFoundError, match=r"gone\.ckpt: no such file"):
        check_heads([good, good.with_name("gone.ckpt")], WIDTH)


@given(order=st.permutations(range(20)), kind=st.sampled_from(KINDS))
def test_order_of_frames_does_not_matter(tmp_path_factory, order, kind):
    path = tmp_path_factory.mktemp("heads") / "head.ckpt"
    torch.save(checkpoint(kind), path)
    both = extract_quality_scores({"in order": frames(), "shuffled": frames()[order]}, path)
    np.testing.assert_allclose(both["shuffled"], both["in order"], atol=1e-5)
