"""The quality head, rebuilt from checkpoints."""

import math
import os
import random
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import priosig.quality
from priosig.dimensions import PERCEPIANO_DIMENSIONS
from priosig.head import MuQStatsModel, load_head
from priosig.pooling import merge, stats_pool, summarise
from priosig.quality import check_heads, extract_quality_scores

WIDTH, HIDDEN = 6, 8
KINDS = ("mean_std", "mean_std_min_max")


def checkpoint(kind="mean_std", seed=0, **hyper_parameters):
    """Contents of a Lightning checkpoint of a head with random weights."""
    rng = torch.Generator().manual_seed(seed)
    pooled = len(kind.split("_")) * WIDTH
    shapes = {"clf.0": (HIDDEN, pooled), "clf.3": (HIDDEN, HIDDEN), "clf.6": (19, HIDDEN)}
    state = {f"{name}.weight": torch.randn(shape, generator=rng) for name, shape in shapes.items()}
    state |= {f"{name}.bias": torch.randn(shape[0], generator=rng) for name, shape in shapes.items()}
    given = {"input_dim": WIDTH, "hidden_dim": HIDDEN, "num_labels": 19, "dropout": 0.2, "pooling_stats": kind}
    given |= {"learning_rate": 1e-4, "max_epochs": 200} | hyper_parameters
    return {"epoch": 7, "state_dict": state, "hyper_parameters": given}


@pytest.fixture
def save(tmp_path):
    def to_file(content, name="head.ckpt"):
        torch.save(content, tmp_path / name)
        return tmp_path / name

    return to_file


def frames(n_frames=20, width=WIDTH, seed=0):
    return np.random.default_rng(seed).standard_normal((n_frames, width)).astype(np.float32)


def scores_by_hand(x, content):
    """The head as DESIGN states it, in numpy and float64."""
    x = x.astype(np.float64)
    std = np.sqrt(np.mean((x - x.mean(axis=0)) ** 2, axis=0) + 1e-8)
    parts = [x.mean(axis=0), std]
    if content["hyper_parameters"]["pooling_stats"] == "mean_std_min_max":
        parts += [x.min(axis=0), x.max(axis=0)]
    weights = {name: tensor.double().numpy() for name, tensor in content["state_dict"].items()}
    hidden = np.concatenate(parts)
    for layer in ("clf.0", "clf.3"):
        linear = weights[f"{layer}.weight"] @ hidden + weights[f"{layer}.bias"]
        hidden = linear * 0.5 * (1 + np.vectorize(math.erf)(linear / math.sqrt(2)))
    return 1 / (1 + np.exp(-(weights["clf.6.weight"] @ hidden + weights["clf.6.bias"])))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n_frames", [1, 2, 250])
def test_scores_equal_the_definition_computed_by_hand(save, kind, n_frames):
    content = checkpoint(kind)
    x = frames(n_frames)
    scores = extract_quality_scores({"a": x}, save(content))["a"]
    assert scores.shape == (len(PERCEPIANO_DIMENSIONS),)
    assert scores.dtype == np.float64
    np.testing.assert_allclose(scores, scores_by_hand(x, content), atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_plain_module_takes_the_checkpoints_names_and_settings(kind):
    content = checkpoint(kind)
    known = ("input_dim", "hidden_dim", "num_labels", "dropout", "pooling_stats")
    module = MuQStatsModel(**{name: content["hyper_parameters"][name] for name in known})
    module.load_state_dict(content["state_dict"], strict=True)
    out = module.eval()(torch.from_numpy(np.stack([frames(seed=0), frames(seed=1)])))
    np.testing.assert_allclose(out[1].detach().numpy(), scores_by_hand(frames(seed=1), content), atol=1e-5)


def test_defaults_are_those_of_the_study():
    layers = [(512, 2048), (512, 512), (19, 512)]
    shapes = [tuple(parameter.shape) for parameter in MuQStatsModel().parameters()]
    assert shapes == [shape for layer in layers for shape in (layer, layer[:1])]


def test_the_heads_own_pooling_is_the_population_one_with_its_floor():
    head = MuQStatsModel(input_dim=1, hidden_dim=1)
    pooled = head.pool(torch.tensor([[[1.0], [3.0]], [[5.0], [5.0]]]))
    torch.testing.assert_close(pooled, torch.tensor([[2.0, 1.0], [5.0, 1e-4]]))
    assert stats_pool(np.array([[1.0], [3.0]]))[1] == pytest.approx(math.sqrt(2))


@given(order=st.permutations(range(20)), kind=st.sampled_from(KINDS))
@settings(deadline=None, max_examples=20)
def test_order_of_frames_does_not_matter(tmp_path_factory, order, kind):
    path = tmp_path_factory.mktemp("heads") / "head.ckpt"
    torch.save(checkpoint(kind), path)
    both = extract_quality_scores({"in order": frames(), "shuffled": frames()[order]}, path)
    np.testing.assert_allclose(both["shuffled"], both["in order"], atol=1e-5)


def test_several_heads_are_averaged(save):
    paths = [save(checkpoint(kind, seed), f"{seed}.ckpt") for seed, kind in enumerate([*KINDS, "mean_std"])]
    x = {"a": frames(), "b": torch.from_numpy(frames(9, seed=1))}
    alone = [extract_quality_scores(x, str(path)) for path in paths]
    together = extract_quality_scores(x, paths)
    assert list(together) == ["a", "b"]
    for name in x:
        np.testing.assert_allclose(together[name], np.mean([scores[name] for scores in alone], axis=0), rtol=1e-12)


def test_dropout_is_off_and_nothing_is_random(save):
    path = save(checkpoint(dropout=0.9))
    before = torch.get_rng_state()
    first, second = (extract_quality_scores({"a": frames()}, path)["a"] for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert torch.equal(torch.get_rng_state(), before)
    assert not load_head(path).training
    assert not any(parameter.requires_grad for parameter in load_head(path).parameters())


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
    original = priosig.quality.load_head
    monkeypatch.setattr(priosig.quality, "load_head", lambda path: read.append(path.name) or original(path))
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


# No code in a checkpoint is ever run.


class Bomb:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.system, (f"touch {self.path}",)


def hyper_parameter(content, value):
    content["hyper_parameters"]["extra"] = value
    return content


def weight(content, value):
    content["state_dict"]["clf.0.weight"] = value
    return content


@pytest.mark.parametrize(
    "place", [hyper_parameter, weight, lambda content, bomb: bomb], ids=["hyper", "weight", "all"]
)
@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "legacy"])
def test_code_in_a_checkpoint_is_not_run_and_named(tmp_path, place, zipped):
    fuse = tmp_path / "exploded"
    path = tmp_path / "bomb.ckpt"
    torch.save(place(checkpoint(), Bomb(fuse)), path, _use_new_zipfile_serialization=zipped)
    with pytest.raises(ValueError, match=r"bomb\.ckpt: wants to use (posix|nt)\.system"):
        extract_quality_scores({"a": frames()}, path)
    assert not fuse.exists()


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (np.float64(0.1), "numpy._core.multiarray.scalar"),
        (Path("data"), "pathlib.PosixPath"),
        (random.Random(0), "random.Random"),
    ],
    ids=["numpy", "path", "object"],
)
def test_hyper_parameter_that_is_no_plain_value_is_refused_by_name(save, value, wanted):
    path = save(checkpoint(extra=value))
    with pytest.raises(ValueError, match=rf"head\.ckpt: wants to use .*{wanted}"):
        load_head(path)


def test_everything_that_a_checkpoint_wants_is_named_at_once(save):
    path = save(checkpoint(data=Path("data"), rng=random.Random(0)))
    with pytest.raises(ValueError, match=r"wants to use pathlib\.PosixPath, random\.Random when"):
        load_head(path)


# What is wrong with a checkpoint.


def without(content, *keys):
    inner = content
    for key in keys[:-1]:
        inner = inner[key]
    del inner[keys[-1]]
    return content


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (without(checkpoint(), "hyper_parameters"), "holds epoch, state_dict; expected"),
        (without(checkpoint(), "state_dict"), "holds epoch, hyper_parameters; expected"),
        ([1, 2], "holds list; expected"),
        ({}, "holds nothing; expected"),
        (without(checkpoint(), "hyper_parameters", "input_dim"), "input_dim is None; expected"),
        (without(checkpoint(), "hyper_parameters", "pooling_stats"), "pooling_stats is None; expected one of"),
        (checkpoint(pooling_stats="median"), "pooling_stats is 'median'; expected one of mean_std, mean_std_min_max"),
        (checkpoint(num_labels=20), "num_labels is 20; expected 19"),
        (checkpoint(hidden_dim=True), "hidden_dim is True; expected"),
        (checkpoint(hidden_dim=10**12), r"clf.0.bias has shape \(8,\); .*expected \(1000000000000,\)"),
        (checkpoint(input_dim=1024), r"clf.0.weight has shape \(8, 12\); .*expected \(8, 2048\)"),
        (checkpoint(dropout=3), "dropout is 3; expected 0 to 1"),
        (without(checkpoint(), "state_dict", "clf.3.bias"), "no tensor clf.3.bias"),
        (weight(checkpoint(), [1.0]), "no tensor clf.0.weight"),
        (weight(checkpoint(), torch.full((HIDDEN, 2 * WIDTH), math.nan)), "clf.0.weight .*not finite"),
        (weight(checkpoint(), torch.ones((HIDDEN, 2 * WIDTH), dtype=torch.int64)), "clf.0.weight is torch.int64"),
    ],
)
def test_checkpoint_of_another_shape_is_refused_by_file_and_entry(save, content, match):
    with pytest.raises(ValueError, match=rf"head\.ckpt: .*{match}"):
        load_head(save(content))


def test_tensor_that_the_head_has_no_place_for_is_refused(save):
    content = checkpoint()
    content["state_dict"]["attention.weight"] = torch.zeros(3)
    with pytest.raises(ValueError, match=r"unexpected attention\.weight; expected clf\.0\.weight"):
        load_head(save(content))


def test_checkpoint_in_the_format_before_torch_1_6_is_read(tmp_path):
    torch.save(checkpoint(), tmp_path / "old.ckpt", _use_new_zipfile_serialization=False)
    scores = extract_quality_scores({"a": frames()}, tmp_path / "old.ckpt")["a"]
    np.testing.assert_allclose(scores, scores_by_hand(frames(), checkpoint()), atol=1e-5)


@pytest.mark.parametrize("content", [b"", b"not a checkpoint", b"PK\x03\x04 cut short", b"\x80\x02."])
def test_file_that_is_no_checkpoint_is_refused(tmp_path, content):
    (tmp_path / "x.ckpt").write_bytes(content)
    with pytest.raises(ValueError, match=r"x\.ckpt: cannot be read as a checkpoint"):
        load_head(tmp_path / "x.ckpt")


def test_missing_checkpoint_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"x\.ckpt: no such file"):
        load_head(tmp_path / "x.ckpt")


@pytest.mark.parametrize(
    ("x", "match"),
    [
        (frames(width=7), r"head\.ckpt: the head expects frames 6 wide, and those of segment a are 7"),
        (frames()[0], r"segment a: .*shape \(6,\); expected .*\(T, D\)"),
        (frames()[:0], r"segment a: .*shape \(0, 6\)"),
        (frames().astype(int), "segment a: frames are torch.int64"),
        (np.where(frames() > 2, np.nan, frames()), "segment a: frames have NaN"),
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


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda state: state | {3: torch.zeros(1)}, "a name that is no text"),
        (lambda state: state | {"clf.0.bias": state["clf.0.bias"].to("meta")}, "expected plain real weights"),
        (lambda state: state | {"clf.0.bias": state["clf.0.bias"].to(torch.float8_e4m3fn)}, "float8_e4m3fn"),
    ],
)
def test_odd_tensors_and_names_are_refused_by_file(save, change, match):
    content = checkpoint()
    content["state_dict"] = change(content["state_dict"])
    with pytest.raises(ValueError, match=rf"head\.ckpt: .*{match}"):
        load_head(save(content))
