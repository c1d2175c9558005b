"""A cache of results, keyed by their inputs, so that a run computes only what no earlier run has computed.

`kept` asks the cache (`priosig._core.cache`) before it computes. The key covers everything that a result depends on:
the inputs by their values, every module of this package, and the versions of the packages that compute. A result is a
dataclass of priosig, or plain values and arrays, nested as they come; it is stored as JSON beside its arrays in one
safetensors file. Nothing is unpickled: what is read back is plain values, arrays, and dataclasses of this package.
"""

import functools
import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from importlib import import_module
from pathlib import Path
from typing import TypeVar

import numpy as np

from priosig._core.cache import EmbeddingCache, content_key
from priosig._core.extras import installed_versions

T = TypeVar("T")
_SOFTWARE = ("numpy", "scipy", "scikit-learn", "soundfile", "soxr", "silero-vad")
_OWN_CLASS = re.compile(r"(priosig(?:\.\w+)+):(\w+)\Z")


def kept(store: EmbeddingCache | None, step: str, compute: Callable[[], T], *inputs: object) -> T:
    """Return what `compute` returns, from the cache if an earlier run had the same inputs.

    Parameters
    ----------
    step : str
        Names the computation.
    compute : callable
        Takes nothing; its result depends on `inputs`, on this package and on the packages named above alone.
    *inputs : object
        What `pack` takes. Files are given by their content (`file_digest`), never by their name.
    """
    if store is None:
        return compute()
    key = content_key(np.frombuffer(pack(inputs), np.uint8), step=step, source=package_hash(), **_versions())
    stored = store.get(key)
    if stored is not None:
        return unpack(stored.tobytes())
    result = compute()
    store.put(key, np.frombuffer(pack(result), np.uint8))
    return result


def pack(value: object) -> bytes:
    """The bytes of a value: equal values, equal bytes.

    Raises
    ------
    TypeError
        If something in it is neither a plain value (None, bool, int, float, str), an array of numbers or texts, a
        list, tuple or dict, nor a dataclass or dictionary of priosig.
    """
    from safetensors.numpy import save

    arrays: dict[str, np.ndarray] = {}
    text = json.dumps(_describe(value, arrays), sort_keys=True)
    return save(arrays or {"": np.empty(0)}, metadata={"value": text})


def unpack(data: bytes) -> object:
    """What `pack` was given.

    Raises
    ------
    ValueError
        If the bytes name a class that is no dataclass of priosig.
    """
    from safetensors.numpy import load

    arrays = load(data)
    length = int.from_bytes(data[:8], "little")  # of a safetensors file's header, which is JSON
    header = json.loads(data[8 : 8 + length])
    return _restore(json.loads(header["__metadata__"]["value"]), arrays)


def _describe(value: object, arrays: dict[str, np.ndarray]) -> object:
    """A value as JSON, its arrays laid aside: plain values as they are, all else as a list that begins with a tag."""
    if value is None or type(value) in (bool, int, float, str):
        return value
    if isinstance(value, np.ndarray | np.generic):
        array = np.asarray(value)
        if array.dtype.kind == "U":
            return ["texts", array.tolist(), str(array.dtype)]
        if array.dtype.kind not in "bifu":
            raise TypeError(f"cannot keep an array of {array.dtype}; expected numbers or texts")
        arrays[name := str(len(arrays))] = np.ascontiguousarray(array).reshape(array.shape)
        return ["array" if isinstance(value, np.ndarray) else "number", name]
    if type(value) in (list, tuple):
        return [type(value).__name__, *(_describe(item, arrays) for item in value)]
    cls = type(value)
    name = f"{cls.__module__}:{cls.__qualname__}"
    if cls is dict or (isinstance(value, dict) and _OWN_CLASS.match(name)):
        items = ([_describe(key, arrays), _describe(item, arrays)] for key, item in value.items())
        return ["dict" if cls is dict else name, *items]
    if is_dataclass(value) and _OWN_CLASS.match(name):
        return [name, {f.name: _describe(getattr(value, f.name), arrays) for f in fields(value)}]
    raise TypeError(f"cannot keep a {name}; expected plain values, arrays and dataclasses of priosig")


def _restore(described: object, arrays: dict[str, np.ndarray]) -> object:
    if not isinstance(described, list):
        return described
    tag, *rest = described
    if tag in ("list", "tuple"):
        items = [_restore(item, arrays) for item in rest]
        return items if tag == "list" else tuple(items)
    if tag == "dict":
        return {_restore(key, arrays): _restore(item, arrays) for key, item in rest}
    if tag == "array":
        return arrays[rest[0]]
    if tag == "number":
        return arrays[rest[0]][()]
    if tag == "texts":
        return np.array(rest[0], dtype=rest[1])
    own = _OWN_CLASS.match(tag)
    cls = getattr(import_module(own[1]), own[2], None) if own else None
    if isinstance(cls, type) and issubclass(cls, dict):
        return cls((_restore(key, arrays), _restore(item, arrays)) for key, item in rest)
    if not (isinstance(cls, type) and is_dataclass(cls)):
        raise ValueError(f"kept result: names {tag!r}; expected a dataclass of priosig")
    return cls(**{name: _restore(item, arrays) for name, item in rest[0].items()})


@functools.cache
def package_hash() -> str:
    """Hash of every module of this package: 64 hexadecimal digits."""
    root = Path(__file__).parents[1]
    digest = hashlib.blake2b(digest_size=32)
    for path in sorted(root.rglob("*.py")):
        source = path.read_bytes()
        digest.update(f"{path.relative_to(root).as_posix()} {len(source)} ".encode() + source)
    return digest.hexdigest()


@functools.cache
def _versions() -> dict[str, str]:
    return installed_versions(_SOFTWARE)
