"""What is kept by content comes back as it was, and only where nothing that matters has changed."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import priosig._core.memo
from priosig._core.cache import EmbeddingCache, file_digest
from priosig._core.memo import kept, pack, unpack
from priosig.annotations.segments import Segment
from priosig.crossval.leave_one_video_out import CrossValidation

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: (
        st.lists(inner) | st.lists(inner).map(tuple) | st.dictionaries(st.text() | st.integers(), inner, max_size=4)
    ),
    max_leaves=12,
)


@pytest.fixture
def count():
    """A computation, and how often it ran."""
    calls = []

    def compute():
        calls.append(1)
        return {"scores": np.array([1.0, np.nan])}

    return compute, calls


@given(PLAIN)
def test_plain_values_come_back_equal_and_of_the_same_type(value):
    restored = unpack(pack(value))
    assert restored == value
    assert repr(restored) == repr(value)  # 1 is not 1.0 or True, a tuple is no list


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6.0).reshape(2, 3).T,
        np.float32([[1, np.nan], [-np.inf, 0]]),
        np.array(3),
        np.empty((0, 4)),
        np.array([True, False]),
        np.array([["a", "bcd"]]),
        np.int8([1, -1]),
    ],
)
def test_arrays_come_back_with_their_type_and_shape(array):
    restored = unpack(pack(array))
    np.testing.assert_array_equal(restored, array)
    assert (restored.dtype, restored.shape) == (array.dtype, array.shape)


def test_dataclasses_and_numpy_numbers_come_back_as_what_they_were():
    value = {"segments": [Segment("id", "video", "stop", 0.0, 10.5)], "share": np.float64(0.5), "nan": float("nan")}
    restored = unpack(pack(value))
    assert restored["segments"] == value["segments"]
    assert type(restored["share"]) is np.float64
    assert np.isnan(restored["nan"])


@dataclass
class Stranger:
    x: int = 0


@pytest.mark.parametrize("value", [Stranger(), object(), {1, 2}, np.array([None]), 1j, b"bytes"])
def test_what_would_not_come_back_the_same_is_not_kept(value):
    with pytest.raises(TypeError, match="cannot keep"):
        pack([value])


@pytest.mark.parametrize(
    "name", ["os:system", "priosig._core.memo:kept", "priosig.annotations.segments:re", "priosigx.a:B"]
)
def test_bytes_that_name_anything_but_a_dataclass_of_priosig_are_refused(name):
    data = pack(Segment("id", "video", "stop", 0.0, 1.0))
    own = b"priosig.annotations.segments:Segment"
    # safetensors' header holds its own length, so the forged name is padded to the same.
    forged = data.replace(own, name.encode().ljust(len(own)))
    assert forged != data
    with pytest.raises(ValueError, match=r"expected a dataclass of priosig"):
        unpack(forged)


def test_second_call_computes_nothing_and_gives_the_same(count, tmp_path):
    compute, calls = count
    first, second = (kept(EmbeddingCache(tmp_path), "step", compute, 1, "a") for _ in range(2))
    np.testing.assert_array_equal(first["scores"], second["scores"])
    assert len(calls) == 1


def test_other_inputs_another_step_or_changed_source_compute_anew(count, tmp_path, monkeypatch):
    compute, calls = count
    store = EmbeddingCache(tmp_path)
    kept(store, "step", compute, np.zeros(2))
    kept(store, "step", compute, np.zeros(3))
    kept(store, "other", compute, np.zeros(2))
    monkeypatch.setattr(priosig._core.memo, "package_hash", lambda: "changed")
    kept(store, "step", compute, np.zeros(2))
    assert len(calls) == 4


def test_without_a_store_nothing_is_kept(count):
    compute, calls = count
    for _ in range(2):
        kept(None, "step", compute)
    assert len(calls) == 2


def test_digest_of_a_file_is_of_its_content(tmp_path):
    one, other = tmp_path / "one", tmp_path / "other"
    one.write_bytes(b"same")
    other.write_bytes(b"same")
    assert file_digest(one) == file_digest(other)
    other.write_bytes(b"changed")
    assert file_digest(one) != file_digest(other)


def test_a_result_depends_on_every_module_of_the_package(monkeypatch):
    read = []
    read_bytes = Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda path: read.append(path) or read_bytes(path))
    priosig._core.memo.package_hash.__wrapped__()
    assert set(read) == set(Path(priosig.__file__).parent.rglob("*.py"))


def test_a_dictionary_of_a_class_of_this_package_comes_back_as_one():
    result = CrossValidation(auc=0.5, scores=np.arange(3.0))
    again = unpack(pack(result))
    assert type(again) is CrossValidation
    assert again["auc"] == 0.5
    np.testing.assert_array_equal(again["scores"], result["scores"])
