"""Whatever a user's files hold: what is read is usable, and what is not is refused in a sentence that names the file.

Files are made by changing good ones where their structure is: a value, a key, a size, a byte of the container. And
writers that are killed, and a disk that fills up.
"""

import copy
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from priosig._core.cache import CacheWarning, EmbeddingCache, content_key
from priosig.annotations.moments import load_moments
from priosig.annotations.segments import identify_segments
from priosig.experiment.settings import read_settings
from priosig.extraction.muq.model import load_muq
from priosig.extraction.percepiano.head import load_head
from priosig.verdict.rule import Rule
from tests.paths import ROOT, SMALL_MUQ
from tests.small_heads import WIDTH, checkpoint

pytestmark = pytest.mark.slow
_UNTROUBLED = (HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large)


def often(n: int) -> settings:
    """Tried so often; none may take ten seconds, most take milliseconds."""
    return settings(max_examples=n, deadline=10_000, suppress_health_check=_UNTROUBLED)


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([0, -1, 1, 10**9, 2**63, 10**400, 16**5000, 1e308, -1e308, 5e-324]),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(["\x1b[2J", "\n", "\u202e", "x" * 100_000, "../../etc/passwd", "\ud800"]),
    st.recursive(
        st.integers(), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=2)
    ),
    st.integers(1, 3000).map(lambda depth: json.loads("[" * min(depth, 300) + "]" * min(depth, 300))),
)  # fmt: skip


def places(value: object) -> list[tuple]:
    """Where something can be changed: container and key."""
    keys = value.keys() if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    here = [(value, key) for key in keys]
    return here + [place for container, key in here for place in places(container[key])]


@st.composite
def changed(draw, good: object) -> object:
    """A good value with one to three things in it replaced, removed or added."""
    value = copy.deepcopy(good)
    for _ in range(draw(st.integers(1, 3))):
        container, key = draw(st.sampled_from(places(value) or [([0], 0)]))
        how = draw(st.sampled_from(["replace", "replace", "remove", "add"]))
        if how == "replace":
            container[key] = draw(VALUES)
        elif how == "remove":
            del container[key]
        elif isinstance(container, dict):
            container[draw(st.text(max_size=5) | st.just("\x1b"))] = draw(VALUES)
        else:
            container.append(draw(VALUES))
    return value


@st.composite
def bytes_changed(draw, good: bytes) -> bytes:
    """Good bytes with some flipped, cut out, doubled or replaced."""
    data = bytearray(good)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, max(len(data) - 1, 0)))
        n = draw(st.integers(1, 40))
        how = draw(st.sampled_from(["flip", "cut", "double", "replace", "end"]))
        if how == "flip" and data:
            data[at] ^= 1 << draw(st.integers(0, 7))
        elif how == "cut":
            del data[at : at + n]
        elif how == "double":
            data[at:at] = data[at : at + n]
        elif how == "replace":
            data[at : at + n] = draw(st.binary(max_size=40))
        else:
            del data[at:]
    return bytes(data)


def text_of(value: object) -> str:
    sys.set_int_max_str_digits(0)  # to write what no reader will take
    try:
        return json.dumps(value)
    finally:
        sys.set_int_max_str_digits(4300)


def refused(path: Path, read) -> bool:
    """Whether a file is refused as it should be; any other error comes through."""
    try:
        read()
    except (ValueError, FileNotFoundError) as error:
        message = str(error)
        assert str(path.parent) in message
        assert len(message) < 20_000
        assert all(line.isprintable() for line in message.split("\n"))
        return True
    return False


@pytest.fixture(scope="module")
def good_moments(tmp_path_factory) -> list[dict]:
    from tests.small_experiment import write_corpus

    directory = write_corpus(tmp_path_factory.mktemp("good"), "text")
    return [json.loads(line) for line in (directory / "moments.jsonl").read_text().splitlines()][:4]


@often(400)
@given(data=st.data())
def test_moments(tmp_path, good_moments, data):
    path = tmp_path / "moments.jsonl"
    rows = data.draw(changed(good_moments))
    lines = "\n".join(map(text_of, rows)).encode()
    if data.draw(st.booleans()):
        lines = data.draw(bytes_changed(lines))
    path.write_bytes(lines)
    moments = []
    if not refused(path, lambda: moments.extend(load_moments(path))):
        assert moments
        assert all(m.playing_before_start < m.playing_before_end for m in moments)
        for segment in identify_segments(moments):
            assert 0 <= segment.start_time < segment.end_time


def toml_of(document: dict) -> str:
    """Top-level values and tables as TOML, JSON's way of writing values being TOML's but for null."""

    def value(given: object) -> str:
        if isinstance(given, dict):
            return "{" + ", ".join(f"{text_of(k)} = {value(v)}" for k, v in given.items()) + "}"
        if isinstance(given, list):
            return "[" + ", ".join(map(value, given)) + "]"
        if isinstance(given, float) and not np.isfinite(given):
            return "nan" if np.isnan(given) else "inf"
        return text_of(given)

    return "\n".join(f"{text_of(key)} = {value(given)}" for key, given in document.items())


SETTINGS = {
    "name": "study", "exploratory": False, "thresholds": {"auc": 0.6},
    "parameters": {"min_continue_duration": 5.0, "equal_length": 10.0, "guard": 1.0, "C": 1.0, "alpha": 0.05,
                   "n_permutations": 99, "seed": 0},
    "encoder": {"layer": [3, 6], "precision": "float32", "revision": "", "keep_frames": False},
}  # fmt: skip


@often(400)
@given(data=st.data())
def test_settings(tmp_path, data):
    path = tmp_path / "experiment.toml"
    text = toml_of(data.draw(changed(SETTINGS))).encode("utf-8", "surrogatepass")
    if data.draw(st.booleans()):
        text = data.draw(bytes_changed(text))
    path.write_bytes(text)
    read = []
    if not refused(path, lambda: read.extend(read_settings(path))):
        _, settings = read
        Rule(alpha=settings.alpha, threshold=settings.auc, n_permutations=settings.n_permutations, C=settings.C)


@pytest.fixture(scope="module")
def imported():
    """The first model takes seconds to import what it stands on."""
    load_muq(SMALL_MUQ / "config.json", SMALL_MUQ / "model.safetensors")


@often(150)
@given(data=st.data())
def test_configuration_of_the_encoder(imported, tmp_path, data):
    path = tmp_path / "config.json"
    shutil.copy(SMALL_MUQ / "model.safetensors", tmp_path)
    text = text_of(data.draw(changed(json.loads((SMALL_MUQ / "config.json").read_text())))).encode()
    if data.draw(st.booleans()):
        text = data.draw(bytes_changed(text))
    path.write_bytes(text)
    models = []
    if not refused(path, lambda: models.append(load_muq(path, tmp_path / "model.safetensors"))):
        with torch.inference_mode():
            frames = models[0](torch.zeros(1, 24_000)).last_hidden_state
        assert frames.shape == (1, 25, 64)


@often(150)
@given(data=st.data())
def test_weights_of_the_encoder(imported, tmp_path, data):
    path = tmp_path / "model.safetensors"
    good = (SMALL_MUQ / "model.safetensors").read_bytes()
    end = 8 + int.from_bytes(good[:8], "little")
    header = text_of(data.draw(changed(json.loads(good[8:end])))).encode()
    path.write_bytes(len(header).to_bytes(8, "little") + header + good[end:])
    refused(path, lambda: load_muq(SMALL_MUQ / "config.json", path))


@often(250)
@given(data=st.data())
def test_checkpoint_of_a_head(tmp_path, data):
    path = tmp_path / "head.ckpt"
    content = checkpoint()
    inner = data.draw(st.sampled_from(["values", "tensors", "entries", "bytes"]))
    if inner == "values":
        content = data.draw(changed(content))
    elif inner == "tensors":
        name = data.draw(st.sampled_from(sorted(content["state_dict"])))
        tensor = content["state_dict"][name]
        change = data.draw(st.sampled_from([
            lambda t: t.expand(10**6, *t.shape), lambda t: t * 1e38, lambda t: t * float("nan"), lambda t: t.t(),
            lambda t: t.double(), lambda t: t.to_sparse(), lambda t: t[:1].expand_as(t), lambda t: t.to("meta"),
            lambda t: t.bool(), lambda t: t.to(torch.complex64), lambda t: t[..., None],
        ]))  # fmt: skip
        content["state_dict"][name] = change(tensor)
    buffer = io.BytesIO()
    try:
        torch.save(content, buffer, _use_new_zipfile_serialization=data.draw(st.booleans()))
    except Exception:
        return  # torch itself can't write it
    written = buffer.getvalue()
    if inner == "bytes":
        written = data.draw(bytes_changed(written))
    path.write_bytes(written)
    if inner == "entries" and zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as before:
            entries = {name: before.read(name) for name in before.namelist()}
        victim = data.draw(st.sampled_from(sorted(entries)))
        with zipfile.ZipFile(
            path, "w", data.draw(st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]))
        ) as after:
            for name, entry in entries.items():
                after.writestr(name, data.draw(bytes_changed(entry)) if name == victim else entry)
    heads = []
    if not refused(path, lambda: heads.append(load_head(path))):
        pooled = torch.full((2, heads[0].clf[0].in_features), 10.0)
        assert heads[0].input_dim == WIDTH
        assert torch.isfinite(heads[0].clf(pooled)).all()


KEY = content_key(np.zeros(3, np.float32))
FRAMES = np.arange(12, dtype=np.float32).reshape(4, 3)


@often(300)
@given(data=st.data())
def test_cache_entry(tmp_path, data):
    cache = EmbeddingCache(tmp_path)
    cache.put(KEY, FRAMES)
    path = cache.path(KEY)
    good = path.read_bytes()
    if data.draw(st.booleans()):
        end = 8 + int.from_bytes(good[:8], "little")
        header = text_of(data.draw(changed(json.loads(good[8:end])))).encode()
        path.write_bytes(len(header).to_bytes(8, "little") + header + good[end:])
    else:
        path.write_bytes(data.draw(bytes_changed(good)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CacheWarning)
        value = cache.get(KEY)
    if value is None:
        assert not path.exists()
        cache.put(KEY, FRAMES)
        value = cache.get(KEY)
    np.testing.assert_array_equal(value, FRAMES)
    assert value.dtype == FRAMES.dtype


WRITER = """
import sys
import numpy as np
from priosig._core.cache import EmbeddingCache, content_key
cache = EmbeddingCache(sys.argv[1])
print("ready", flush=True)
for number in range(10**6):
    array = np.full(200_000, number % 50, np.float32)
    cache.put(content_key(array), array)
"""


def test_writers_that_are_killed_leave_nothing_but_whole_entries_and_what_is_swept(tmp_path):
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    for number in range(8):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path)], env=environment, stdout=subprocess.PIPE, text=True
        )
        assert writer.stdout.readline() == "ready\n"
        time.sleep(0.02 + 0.013 * number)
        writer.send_signal(signal.SIGKILL)
        writer.wait(timeout=30)
        writer.stdout.close()
    cache = EmbeddingCache(tmp_path)
    for number in range(50):
        array = np.full(200_000, number, np.float32)
        value = cache.get(content_key(array))  # a warning is an error here
        assert value is None or np.array_equal(value, array)
    left = list(tmp_path.rglob(".*.tmp"))
    assert all(path.parent == tmp_path for path in left)
    for path in left:
        os.utime(path, (0, 0))
    cache.put(KEY, FRAMES)
    assert list(tmp_path.rglob(".*.tmp")) == []


@pytest.fixture
def small_disk(tmp_path):
    """A file system of one megabyte, where this machine allows one."""
    directory = tmp_path / "disk"
    directory.mkdir()
    mount = shutil.which("mount")
    made = mount and subprocess.run(
        [mount, "-t", "tmpfs", "-o", "size=1m", "tmpfs", directory], capture_output=True, check=False
    )
    if not made or made.returncode:
        pytest.skip("this machine allows no file system of one megabyte")
    yield directory
    subprocess.run([shutil.which("umount"), directory], check=True)


def test_a_disk_that_is_full_is_said_and_leaves_what_was_there(small_disk):
    cache = EmbeddingCache(small_disk)
    arrays = [np.full(30_000, number, np.float32) for number in range(20)]
    with pytest.raises(OSError, match=r"cache entry cannot be written \(No space left on device\).*make room"):
        [cache.put(content_key(array), array) for array in arrays]
    kept = [cache.get(content_key(array)) for array in arrays]
    assert kept[0] is not None
    assert kept[-1] is None
    assert all(np.array_equal(value, array) for value, array in zip(kept, arrays, strict=True) if value is not None)
    assert list(small_disk.rglob(".*.tmp")) == []
