"""The quality head, rebuilt from checkpoints."""

import math
import os
import random
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch

from priosig.extraction.percepiano.head import MuQStatsModel, load_head
from priosig.extraction.percepiano.scales import PERCEPIANO_DIMENSIONS
from priosig.extraction.percepiano.scores import extract_quality_scores
from priosig.extraction.pooling import stats_pool
from tests.small_heads import HIDDEN, KINDS, WIDTH, checkpoint, frames, scores_by_hand


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n_frames", [1, 2, 250])
def test_scores_equal_the_definition_computed_by_hand(save, kind, n_frames):
    content = checkpoint(kind)
    x = frames(n_frames)
    scores = extract_quality_scores({"a": x}, save(content))["a"]
    assert scores.shape == (len(PERCEPIANO_DIMENSIONS),)
    assert scores.dtype == torch.float32
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


def test_dropout_is_off_and_nothing_is_random(save):
    path = save(checkpoint(dropout=0.9))
    before = torch.get_rng_state()
    first, second = (extract_quality_scores({"a": frames()}, path)["a"] for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert torch.equal(torch.get_rng_state(), before)
    assert not load_head(path).training
    assert not any(parameter.requires_grad for parameter in load_head(path).parameters())


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
        (without(checkpoint(), "hyper_parameters"), "holds 'epoch', 'state_dict'; expected"),
        (without(checkpoint(), "state_dict"), "holds 'epoch', 'hyper_parameters'; expected"),
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
        (weight(checkpoint(), torch.full((HIDDEN, 2 * WIDTH), math.nan)), "clf.0.weight holds NaN or a number"),
        (weight(checkpoint(), torch.full((HIDDEN, 2 * WIDTH), 1e38)), r"clf.0.weight .* beyond 1e\+06"),
        (checkpoint(pooling_stats=[]), r"pooling_stats is \[\]; expected one of"),
        (checkpoint(dropout="\x1b" * 999), r"dropout is '(\\x1b)+.*\.\.\..*(\\x1b)+'; expected 0 to 1"),
        (weight(checkpoint(), torch.ones((HIDDEN, 2 * WIDTH), dtype=torch.int64)), "clf.0.weight is torch.int64"),
    ],
)
def test_checkpoint_of_another_shape_is_refused_by_file_and_entry(save, content, match):
    with pytest.raises(ValueError, match=rf"head\.ckpt: .*{match}"):
        load_head(save(content))


def test_tensor_that_the_head_has_no_place_for_is_refused(save):
    content = checkpoint()
    content["state_dict"]["attention.weight"] = torch.zeros(3)
    with pytest.raises(ValueError, match=r"unexpected 'attention\.weight'; expected clf\.0\.bias"):
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
    ("change", "match"),
    [
        (lambda state: state | {3: torch.zeros(1)}, "an unexpected 3; expected clf"),
        (lambda state: state | {"clf.0.bias": state["clf.0.bias"].to("meta")}, "'clf.0.bias' declares more numbers"),
        (lambda state: state | {"clf.0.bias": state["clf.0.bias"].to(torch.float8_e4m3fn)}, "float8_e4m3fn"),
    ],
)
def test_odd_tensors_and_names_are_refused_by_file(save, change, match):
    content = checkpoint()
    content["state_dict"] = change(content["state_dict"])
    with pytest.raises(ValueError, match=rf"head\.ckpt: .*{match}"):
        load_head(save(content))


# What a file declares is held against what it is.


def test_tensors_that_repeat_one_number_for_ever_are_refused_before_they_are_spread_out(save):
    size = 10**8  # 40 PB
    shapes = {"clf.0": (size, 2 * WIDTH), "clf.3": (size, size), "clf.6": (19, size)}
    state = {f"{name}.weight": torch.zeros(1).expand(shape) for name, shape in shapes.items()}
    state |= {f"{name}.bias": torch.zeros(1).expand(shape[0]) for name, shape in shapes.items()}
    path = save(checkpoint(hidden_dim=size) | {"state_dict": state})
    assert path.stat().st_size < 10_000
    with pytest.raises(
        ValueError, match=r"head\.ckpt: 'clf\.\d\.\w+' declares more numbers than the file holds; expected"
    ):
        load_head(path)


@pytest.mark.parametrize(
    "place",
    [
        lambda content, tensor: content | {"optimizer_states": [{"state": ({"exp_avg": tensor},)}]},
        lambda content, tensor: content | {tensor: "exp_avg"},
        lambda content, tensor: hyper_parameter(content, {"exp_avg": tensor}),
        lambda content, tensor: content["hyper_parameters"].update(dropout=tensor) or content,
        lambda content, tensor: tensor,
    ],
    ids=["optimizer", "key", "hyper", "dropout", "all"],
)
@pytest.mark.filterwarnings("ignore:Sparse invariant checks")
@pytest.mark.parametrize("kind", ["expanded", "sparse", "meta"])
def test_no_part_of_a_checkpoint_declares_more_than_it_holds_whether_it_is_used_or_not(save, place, kind):
    shape = (10,) * 16  # 40 PB; torch would show six to the sixteenth of its numbers
    tensor = {
        "expanded": lambda: torch.zeros(1).expand(shape),
        "sparse": lambda: torch.sparse_coo_tensor([[0]] * 16, [1.0], shape),
        "meta": lambda: torch.empty(shape, device="meta"),
    }[kind]()
    with pytest.raises(ValueError, match=r"head\.ckpt: .* declares more numbers than the file holds; expected each"):
        load_head(save(place(checkpoint(), tensor)))


def test_a_checkpoint_that_holds_itself_and_whole_tensors_beside_the_weights_is_read(save):
    content = checkpoint()
    content |= {"itself": content, "optimizer_states": [torch.ones(9)[::2]]}
    assert load_head(save(content)).input_dim == WIDTH


def rewritten(path, change, *, compression=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path) as before:
        entries = {name: before.read(name) for name in before.namelist()}
    with zipfile.ZipFile(path, "w", compression) as after:
        for name, content in entries.items():
            after.writestr(name, change(name, content))


def test_a_zip_that_unpacks_to_more_than_it_is_is_refused_unread(save):
    path = save(checkpoint())
    bomb = bytes(10**5)
    rewritten(path, lambda name, content: bomb if "data/" in name else content, compression=zipfile.ZIP_DEFLATED)
    with pytest.raises(ValueError, match=r"head\.ckpt: .*it would unpack to more than its own size"):
        load_head(path)


def test_a_storage_that_is_declared_larger_than_its_record_is_refused(save):
    def declare(name, content):
        at = content.find(b"K\x13t")  # the number of the last layer's biases, 19
        return content if at < 0 else content[:at] + b"J" + (10**9).to_bytes(4, "little") + content[at + 2 :]

    path = save(checkpoint())
    rewritten(path, declare)
    with pytest.raises(ValueError, match=r"head\.ckpt: cannot be read as a checkpoint"):
        load_head(path)


@pytest.mark.parametrize("place", [0, 50, 99])
def test_a_damaged_byte_of_a_weight_is_found_by_its_checksum(save, place):
    content = checkpoint()
    path = save(content)
    data = bytearray(path.read_bytes())
    at = data.index(content["state_dict"]["clf.0.weight"].numpy().tobytes())
    data[at + place] ^= 1
    path.write_bytes(data)
    with pytest.raises(ValueError, match=r"head\.ckpt: .*damaged: 'head/data/\d' does not match its checksum"):
        load_head(path)


def test_a_file_far_larger_than_any_head_is_refused_unread(tmp_path):
    with (tmp_path / "x.ckpt").open("wb") as file:
        file.truncate(20 << 30)
    with pytest.raises(ValueError, match=r"x\.ckpt: 21474836480 bytes; expected a head's checkpoint"):
        load_head(tmp_path / "x.ckpt")
