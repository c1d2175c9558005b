"""The content-addressed store."""

import errno
import json
import os
import subprocess
import sys
import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from priosig._core import atomic
from priosig._core.cache import CacheWarning, EmbeddingCache, content_key
from tests.paths import ROOT

KEY = content_key(np.zeros(3, np.float32), layer=1)
FRAMES = np.arange(12, dtype=np.float32).reshape(4, 3)

samples = arrays.arrays(
    st.sampled_from([np.float32, np.float64, np.int16]),
    arrays.array_shapes(max_dims=2, max_side=4),
    elements=st.integers(-3, 3),
)
parameters = st.dictionaries(
    st.sampled_from(["rate", "layer", "weights", "a"]),
    st.one_of(st.integers(0, 3), st.sampled_from([0.0, 1.0, "1", "0", "", True, False, None, '","a":"1'])),
)


@given(samples, samples, parameters, parameters)
def test_key_changes_if_and_only_if_bytes_or_parameters_do(a, b, given_a, given_b):
    def exact(values, parameters):
        typed = {name: (type(value), value) for name, value in parameters.items()}
        return values.dtype, values.shape, values.tobytes(), typed

    equal = exact(a, given_a) == exact(b, given_b)
    assert (content_key(a, **given_a) == content_key(b, **given_b)) is equal


@given(samples, parameters)
def test_key_ignores_the_order_of_parameters_and_the_layout_in_memory(a, given_a):
    backwards = dict(reversed(given_a.items()))
    assert content_key(np.asfortranarray(a), **given_a) == content_key(a.copy(), **backwards)


def test_one_flipped_bit_in_a_long_signal_changes_the_key():
    a = np.random.default_rng(0).standard_normal(10_000).astype(np.float32)
    b = a.copy()
    b.view(np.uint32)[7777] ^= 1
    assert content_key(a) != content_key(b)


@pytest.mark.parametrize("value", [(1, 2), [1], np.float32(1.0), b"x"])
def test_parameter_whose_text_might_not_determine_it_is_refused(value):
    with pytest.raises(TypeError, match="parameter 'layer' is a "):
        content_key(FRAMES, layer=value)


def test_what_was_put_is_got(tmp_path):
    cache = EmbeddingCache(tmp_path / "cache")
    assert cache.get(KEY) is None
    assert not (tmp_path / "cache").exists()  # looking makes nothing
    cache.put(KEY, FRAMES[:, ::2])
    stored = EmbeddingCache(tmp_path / "cache").get(KEY)
    np.testing.assert_array_equal(stored, FRAMES[:, ::2])
    assert stored.dtype == np.float32
    assert [p.relative_to(tmp_path / "cache").parts for p in (tmp_path / "cache").rglob("*.*")] == [
        (KEY[:2], KEY[2:4], f"{KEY}.safetensors")
    ]


@pytest.mark.parametrize("key", ["", "../x", "ABCDEF", "abc/def"])
def test_key_that_is_no_hash_is_refused(tmp_path, key):
    with pytest.raises(ValueError, match="expected hexadecimal"):
        EmbeddingCache(tmp_path).get(key)


def cut_short(content):
    return content[:-5]


def cut_to_nothing(content):
    return b""


def flip_a_bit_of_the_data(content):
    return content[:-3] + bytes([content[-3] ^ 1]) + content[-2:]


def overwrite_with_text(content):
    return b"not safetensors at all, but long enough to be"


@pytest.mark.parametrize("damage", [cut_short, cut_to_nothing, flip_a_bit_of_the_data, overwrite_with_text])
def test_damaged_entry_is_named_removed_and_absent(tmp_path, damage):
    cache = EmbeddingCache(tmp_path)
    cache.put(KEY, FRAMES)
    path = cache.path(KEY)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.warns(CacheWarning, match=f"{KEY}.safetensors: damaged cache entry"):
        assert cache.get(KEY) is None
    assert not path.exists()
    cache.put(KEY, FRAMES)
    np.testing.assert_array_equal(cache.get(KEY), FRAMES)


def test_entry_under_another_entrys_name_is_not_believed(tmp_path):
    cache = EmbeddingCache(tmp_path)
    other = content_key(FRAMES)
    cache.put(KEY, FRAMES)
    cache.path(other).parent.mkdir(parents=True)
    cache.path(KEY).rename(cache.path(other))
    with pytest.warns(CacheWarning, match=f"written for key '{KEY}'"):
        assert cache.get(other) is None


def test_writer_that_is_killed_leaves_no_entry(tmp_path, monkeypatch):
    def killed(source, target):
        raise KeyboardInterrupt

    cache = EmbeddingCache(tmp_path)
    monkeypatch.setattr(atomic.os, "replace", killed)
    with pytest.raises(KeyboardInterrupt):
        cache.put(KEY, FRAMES)
    monkeypatch.undo()
    assert cache.get(KEY) is None
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_full_disk_is_an_error_that_says_what_to_do(tmp_path, monkeypatch):
    def full(source, target):
        raise OSError(28, "No space left on device")

    cache = EmbeddingCache(tmp_path)
    cache.put(KEY, FRAMES)
    monkeypatch.setattr(atomic.os, "replace", full)
    with pytest.raises(OSError, match=r"No space left on device.*make room or choose another directory"):
        cache.put(content_key(FRAMES), FRAMES)
    np.testing.assert_array_equal(cache.get(KEY), FRAMES)


def test_disk_that_fills_in_the_middle_of_a_write_leaves_nothing_of_it(tmp_path, monkeypatch):
    class FillsUp:
        def __init__(self, *arguments):
            self.file = open(*arguments)  # noqa: SIM115

        def __enter__(self):
            return self

        def __exit__(self, *_):
            self.file.close()

        def write(self, data):
            self.file.write(data[: len(data) // 2])
            self.file.flush()
            raise OSError(errno.ENOSPC, "No space left on device")

    cache = EmbeddingCache(tmp_path)
    cache.put(KEY, FRAMES)
    monkeypatch.setattr(atomic, "open", FillsUp, raising=False)
    with pytest.raises(OSError, match=r"No space left on device.*make room or choose another directory") as caught:
        cache.put(content_key(FRAMES), FRAMES)
    monkeypatch.undo()
    assert caught.value.errno == errno.ENOSPC
    assert caught.value.filename == str(cache.path(content_key(FRAMES)))
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [cache.path(KEY)]
    assert cache.get(content_key(FRAMES)) is None
    np.testing.assert_array_equal(cache.get(KEY), FRAMES)


def put_and_get_many(directory, seed, wrong):
    cache = EmbeddingCache(directory)
    for i in np.random.default_rng(seed).permutation(20):
        array = np.full((50, 50), i, np.float32)
        key = content_key(array)
        stored = cache.get(key)
        if stored is not None and not np.array_equal(stored, array):
            wrong.append(int(i))
        cache.put(key, array)
        if not np.array_equal(cache.get(key), array):
            wrong.append(int(i))


def test_threads_sharing_a_cache_do_not_harm_each_other(tmp_path):
    wrong = []
    threads = [threading.Thread(target=put_and_get_many, args=(tmp_path, seed, wrong)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert len(list(tmp_path.rglob("*.safetensors"))) == 20
    assert list(tmp_path.rglob("*.tmp")) == []


@pytest.mark.slow
def test_processes_sharing_a_cache_do_not_harm_each_other(tmp_path):
    call = f"put_and_get_many({str(tmp_path)!r}, SEED, wrong := [])"
    script = f"from tests._core.test_cache import *; {call}; assert not wrong"
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    workers = [
        subprocess.Popen([sys.executable, "-c", script.replace("SEED", str(seed))], env=environment)
        for seed in range(2)
    ]
    assert [worker.wait(timeout=60) for worker in workers] == [0, 0]
    assert len(list(tmp_path.rglob("*.safetensors"))) == 20


@pytest.mark.parametrize("change", [{"shape": [3, 4]}, {"dtype": "I32"}])
def test_an_entry_whose_header_was_changed_is_not_believed(tmp_path, change):
    cache = EmbeddingCache(tmp_path)
    key = content_key(np.zeros(1))
    cache.put(key, np.arange(12, dtype=np.float32).reshape(4, 3))
    path = cache.path(key)
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    header["array"] |= change
    text = json.dumps(header).encode().ljust(length)
    path.write_bytes(len(text).to_bytes(8, "little") + text + data[8 + length :])
    with pytest.warns(CacheWarning, match="checksum"):
        assert cache.get(key) is None


def test_the_shape_of_samples_is_part_of_the_key():
    samples = np.arange(6, dtype=np.float32)
    assert content_key(samples) != content_key(samples.reshape(2, 3)) != content_key(samples.reshape(3, 2))


def directory(path):
    path.mkdir()


def link_in_a_circle(path):
    path.symlink_to(path)


def link_to_nothing(path):
    path.symlink_to("nowhere")


@pytest.mark.parametrize("put_there", [directory, os.mkfifo, link_in_a_circle, link_to_nothing])
def test_what_is_no_file_in_an_entrys_place_makes_way(tmp_path, put_there):
    cache = EmbeddingCache(tmp_path)
    path = cache.path(KEY)
    path.parent.mkdir(parents=True)
    put_there(path)
    with pytest.warns(CacheWarning, match=f"{KEY}.safetensors: no file in the place of a cache entry; removed"):
        assert cache.get(KEY) is None
    cache.put(KEY, FRAMES)
    np.testing.assert_array_equal(cache.get(KEY), FRAMES)


def test_a_directory_that_holds_something_in_an_entrys_place_is_an_error_by_name(tmp_path):
    cache = EmbeddingCache(tmp_path)
    (cache.path(KEY) / "something").mkdir(parents=True)
    with pytest.raises(OSError, match=f"cannot be removed .*{KEY}.safetensors"):
        cache.get(KEY)
    assert (cache.path(KEY) / "something").is_dir()


def test_equal_entries_are_equal_bytes(tmp_path):
    written = set()
    for number in range(20):  # safetensors orders two names at random
        cache = EmbeddingCache(tmp_path / str(number))
        cache.put(KEY, FRAMES)
        written.add(cache.path(KEY).read_bytes())
    assert len(written) == 1
