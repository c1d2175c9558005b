"""A cache of arrays that are expensive to compute, keyed by the content that they were computed from.

An entry's name is a hash of everything that determines its value: the input samples, their type and shape, and every
parameter of the computation, the model's weights among them. So a changed recording, a moved boundary or another
model cannot get an old result, and an unchanged one is not computed twice, whatever it is called now.

One entry is one safetensors file, `<2 hex digits>/<2 hex digits>/<key>.safetensors`. It appears whole or not at all
(`priosig._core.atomic`), so runs may be killed, and several may share a directory: at worst both compute the same
entry. A file that cannot be what was written (cut short, damaged, renamed) is reported by name, removed, and counts
as absent.
"""

import functools
import hashlib
import json
import os
import stat
import warnings
from pathlib import Path

import numpy as np

from priosig._core.atomic import write_bytes
from priosig._core.checks import shown


class CacheWarning(UserWarning):
    """A cache entry was unusable; it is computed again, and the result is not affected."""


def content_key(samples: np.ndarray, **parameters: str | int | float | bool | None) -> str:
    """Hash of an input array and of everything else that changes a computation on it: 64 hexadecimal digits.

    Two keys are equal if and only if the bytes, type and shape of the samples and all parameters are: the hashed
    text is unambiguous (JSON with sorted names, its length first). 1, 1.0, "1" and True are four different values.

    Raises
    ------
    TypeError
        If a parameter is of another type, since its text might not determine it.
    """
    for name, value in parameters.items():
        if not isinstance(value, str | int | float | bool | None):
            got = type(value).__name__
            raise TypeError(f"parameter {name!r} is a {got}; expected str, int, float, bool or None")
    samples = np.ascontiguousarray(samples) if samples.ndim else samples
    described = json.dumps([samples.dtype.str, samples.shape, parameters], sort_keys=True).encode()
    digest = hashlib.blake2b(digest_size=32)
    digest.update(len(described).to_bytes(8, "little") + described)
    digest.update(samples.tobytes() if samples.ndim == 0 else samples.data)
    return digest.hexdigest()


class EmbeddingCache:
    """Arrays by content key, in a directory that any number of runs may share; made with the first entry."""

    def __init__(self, directory: str | os.PathLike):
        self.directory = Path(directory)

    def path(self, key: str) -> Path:
        """Where the entry of `key` is, or would be."""
        if len(key) < 5 or not set(key) <= set("0123456789abcdef"):
            raise ValueError(f"cache key {key!r}: expected hexadecimal digits, as content_key gives")
        return self.directory / key[:2] / key[2:4] / f"{key}.safetensors"

    def get(self, key: str) -> np.ndarray | None:
        """The array stored under `key`, or None; a damaged entry is removed with a `CacheWarning` that names it."""
        from safetensors import SafetensorError, safe_open

        path = self.path(key)
        if not path.is_file():
            self._clear(path)
            return None
        try:
            with safe_open(path, framework="numpy") as file:
                written_as, digest = ((file.metadata() or {}).get(name) for name in ("key", "blake2b"))
                array = file.get_tensor("array")
            if written_as != key:
                problem = f"it was written for key {shown(written_as)}"
            elif digest != _digest(array):
                problem = "its content does not match its checksum"
            else:
                return array
        except FileNotFoundError:
            return None  # another run removed it between the two lines above
        except OSError as error:
            raise OSError(error.errno, f"cache entry cannot be read ({error.strerror})", str(path)) from error
        except (SafetensorError, TypeError, KeyError) as error:
            problem = f"it cannot be read ({shown(str(error))})"
        path.unlink(missing_ok=True)
        said = f"{path}: damaged cache entry, {problem}; removed, it will be computed again"
        warnings.warn(said, CacheWarning, stacklevel=2)
        return None

    def _clear(self, path: Path) -> None:
        """Remove a link, a pipe or an empty directory that stands in the place of an entry."""
        try:
            kind = path.lstat().st_mode
            if stat.S_ISREG(kind):
                return  # another run wrote the entry at this moment
            path.rmdir() if stat.S_ISDIR(kind) else path.unlink()
        except FileNotFoundError:
            return
        except OSError as error:
            said = f"in the place of a cache entry, and cannot be removed ({error.strerror})"
            raise OSError(error.errno, said, str(path)) from error
        warnings.warn(f"{path}: no file in the place of a cache entry; removed", CacheWarning, stacklevel=3)

    def put(self, key: str, array: np.ndarray) -> None:
        """Store `array` under `key`, whole or not at all; after an OSError (a full disk, say) the cache is sound."""
        from safetensors.numpy import save

        array = np.ascontiguousarray(array)
        path = self.path(key)
        try:
            data = save({"array": array}, metadata={"key": key, "blake2b": _digest(array)})
            # Not durable: entries are many, and after a power failure one is recognised by its checksum.
            write_bytes(path, _header_in_order(data), by_way_of=self.directory, durable=False)
        except OSError as error:
            said = (
                f"cache entry cannot be written ({error.strerror}); the entries there are sound: "
                "make room or choose another directory, and run again"
            )
            raise OSError(error.errno, said, str(path)) from error


def _header_in_order(data: bytes) -> bytes:
    """The same safetensors file with its header's names sorted: safetensors writes metadata in any order."""
    end = 8 + int.from_bytes(data[:8], "little")
    header = json.dumps(json.loads(data[8:end]), sort_keys=True, separators=(",", ":")).encode()
    return data[:8] + header.ljust(end - 8) + data[end:]


def _digest(array: np.ndarray) -> str:
    described = f"{array.dtype.str} {array.shape} ".encode()
    return hashlib.blake2b(described + np.ascontiguousarray(array).tobytes(), digest_size=16).hexdigest()


def file_digest(path: Path) -> str:
    """SHA-256 of a file's bytes, 64 hexadecimal digits; read again only if the file changed."""
    return _file_digest(path, file_state(path))


def file_state(path: Path) -> tuple[int, ...]:
    """What changes whenever a file does: which file it is, its size, the times of its content and of its status.

    A copy of equal size may be given the same time of its content; nobody can set the time of its status.
    """
    status = path.stat()
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


@functools.cache  # all of them: a corpus of thousands is gone through more than once, in the same order
def _file_digest(path: Path, state: tuple[int, ...]) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
