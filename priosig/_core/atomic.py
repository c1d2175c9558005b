"""Files that are either whole or absent.

A run may be killed at any moment, and two runs may write the same file. Data go to a temporary file in the same
directory, are flushed to the disk, and then take the final name in one step, so a reader never sees a part of them.
What a killed writer left is swept by the next process that writes to the directory, ten minutes later or more.
"""

import functools
import os
import secrets
import time
from pathlib import Path

_SUFFIX = ".priosig.tmp"
_ABANDONED = 600.0  # s since its last change; a file is written in less


def write_bytes(path: str | os.PathLike, data: bytes, *, by_way_of: Path | None = None, durable: bool = True) -> Path:
    """Write `data` to `path` atomically; missing parent directories are made.

    Parameters
    ----------
    by_way_of : Path, optional
        Directory of the temporary file, on the same file system; by default that of `path`.
    durable : bool
        Whether to wait until the disk has the data, some 10 ms. Without it a power failure may leave a part of them
        under the final name, which a reader has to recognise.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    directory = by_way_of or path.parent
    _sweep(directory.absolute())
    temporary = directory / f".{path.name[:40]}.{secrets.token_hex(8)}{_SUFFIX}"
    try:
        with open(temporary, "xb") as handle:
            handle.write(data)
            handle.flush()
            if durable:
                os.fsync(handle.fileno())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return path


def write_text(path: str | os.PathLike, text: str) -> Path:
    """Write `text` to `path` atomically as UTF-8 with the line ends given."""
    return write_bytes(path, text.encode("utf-8"))


def is_temporary(path: Path) -> bool:
    """Whether a file is one on its way to its final name."""
    return path.name.startswith(".") and path.name.endswith(_SUFFIX)


@functools.cache  # once a process and directory
def _sweep(directory: Path) -> None:
    """Remove what writers that were killed left in a directory."""
    for path in directory.glob(f".*{_SUFFIX}"):
        try:
            if time.time() - path.stat().st_mtime > _ABANDONED:
                path.unlink()
        except OSError:
            continue  # another process's, or gone
