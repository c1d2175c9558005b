"""Files and directories that a user names.

A part that is absent is a choice (a corpus without audio). One that cannot be used is a mistake, and never taken for
an absent one: a link of git-annex or DVC whose content was not fetched, a disk that is not mounted, a file in a
directory's place, a name that is nearly right.
"""

import difflib
import os
import re
from collections.abc import Collection
from pathlib import Path

_UNSHOWABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")  # control characters; bytes that are not UTF-8
_ALIKE = 0.8  # difflib's ratio from which on two names are taken for one, misspelt


def find_part(path: str | os.PathLike, kind: str, expected: str) -> Path | None:
    """A file or directory (`kind`) by its name; None only where nothing has that name.

    Raises
    ------
    ValueError
        If what has this name is a link that leads nowhere or in a circle, is of another kind, or may not be read; or
        if the name has control characters, or bytes that are not UTF-8, which no message and no report could show.
    """
    path = Path(path)
    if _UNSHOWABLE.search(str(path)):
        raise ValueError(f"{str(path)!r}: a name with bytes that are not UTF-8 text; rename it; expected {expected}")
    if not os.path.lexists(path):
        return None
    if not path.exists():
        link = f"a link to {os.readlink(path)!r}, which leads to nothing" if path.is_symlink() else "out of reach"
        raise ValueError(f"{path}: {link}; expected {expected}: fetch or mount what belongs there, or remove it")
    if not (path.is_dir() if kind == "directory" else path.is_file()):
        raise ValueError(f"{path}: not a {kind}; expected {expected}")
    if not os.access(path, os.R_OK | (os.X_OK if kind == "directory" else 0)):
        raise ValueError(f"{path}: may not be read by this user; expected {expected}")
    return path


def need_part(path: str | os.PathLike, kind: str, expected: str) -> Path:
    """As `find_part`, for what has to be there: a FileNotFoundError if nothing has the name."""
    part = find_part(path, kind, expected)
    if part is None:
        raise FileNotFoundError(f"{path}: no such {kind}; expected {expected}")
    return part


def refuse_misspelt(directory: Path, names: Collection[str]) -> None:
    """Raise a ValueError if something is nearly called one of `names`, and nothing is: `Audio`, `audio.dvc`."""
    there = os.listdir(directory)
    for name in (name for name in names if name not in there):
        for other in sorted(set(there) - set(names)):
            ratio = difflib.SequenceMatcher(None, other.lower(), name).ratio()
            if ratio >= _ALIKE or other.lower().startswith(f"{name}."):
                raise ValueError(
                    f"{directory / other}: looks like {name}, which is not there; expected that name: rename it, or "
                    "move it out of the corpus"
                )
