"""Files that are either whole or absent.

A run may be killed at any moment, and two runs may write the same file. Data go to a temporary file in the
same directory, are flushed to the disk, and then take the final name in one step (`os.replace`), so a
reader sees the old content, the new content, or nothing, never a part of it.
"""

import os
import tempfile
from pathlib import Path


def write_bytes(path: str | os.PathLike, data: bytes) -> Path:
    """Write `data` to `path` atomically; missing parent directories are made.

    Parameters
    ----------
    path : path-like
        Final name. An existing file is replaced.
    data : bytes
        Whole content.

    Returns
    -------
    Path
        `path`, as a `Path`.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name[:40]}.", suffix=".tmp", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as handle:
            handle.write(data)
            handle.flush()
            os.fsync(handle.fileno())
        # mkstemp makes private files; what is shared (a cache, a report) follows the user's umask like any other.
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    return path


def write_text(path: str | os.PathLike, text: str) -> Path:
    """Write `text` to `path` atomically as UTF-8 with the line ends given (see `write_bytes`)."""
    return write_bytes(path, text.encode("utf-8"))


def _umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
