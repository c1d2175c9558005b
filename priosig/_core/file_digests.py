"""Hashes of files, each read once unless it changed.

Recordings, weights and checkpoints are known by their content; a corpus of thousands is gone through several times.
"""

import functools
import hashlib
from pathlib import Path


def file_digest(path: Path) -> str:
    """Hash of a file's bytes, 64 hexadecimal digits; read again only if its size or time changed."""
    status = path.stat()
    return _file_digest(path, status.st_size, status.st_mtime_ns)


@functools.cache  # all of them: a corpus of thousands is gone through more than once, in the same order
def _file_digest(path: Path, size: int, mtime_ns: int) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, lambda: hashlib.blake2b(digest_size=32)).hexdigest()
