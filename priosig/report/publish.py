"""The files of a report, and what they may replace.

A manifest (`MANIFEST`) beside the files holds the name and the SHA-256 of each. A later report of the same name
replaces these files, and removes those that it does not need, as long as they are what was written. All else in the
directory is the user's and stays; if it has a name that the report needs, nothing is written at all. Links are never
followed and never replaced. The manifest is written before the files and again after them, so that the next run knows
every file of one that was killed.

A report of an older version of priosig has no manifest. It is known by its page, and what is in the way is moved into
`EARLIER` beside it, since its files may have been edited.
"""

import hashlib
import json
from collections.abc import Mapping
from os.path import lexists
from pathlib import Path

from priosig._core.atomic import write_bytes, write_text

MANIFEST = "priosig-report.json"
EARLIER = "earlier-report"  # directory for what an older version of priosig wrote
_TITLE = b": priosig report</title>"
Digests = dict[str, list[str]]


def publish(directory: str | Path, name: str, files: Mapping[str, str]) -> Path:
    """Write the files of a report (text by name) in place of an earlier report's of that name; give the directory.

    Raises
    ------
    ValueError
        If something is in the way that no earlier report of this name wrote. Then nothing was changed.
    OSError
        If a file cannot be written.
    """
    directory = Path(directory)
    if directory.is_symlink():
        raise ValueError(f"report: {directory} is a symbolic link; expected a directory of its own: move it away")
    data = {file: text.encode("utf-8") for file, text in files.items()}
    earlier = written(directory, name)
    taken = [file for file in data if lexists(directory / file) and not _is_ours(directory / file, earlier)]
    if taken and _is_of_an_older_version(directory):
        (directory / EARLIER).mkdir()
        for file in taken:
            (directory / file).rename(directory / EARLIER / file)
    elif taken:
        raise ValueError(
            f"report: {directory} holds {', '.join(sorted(taken))}, not as an earlier report of {name} wrote it; "
            "nothing was replaced: move it away, or choose another directory for reports"
        )
    digests = {file: [digest_of(content)] for file, content in data.items()}
    either = {file: [*earlier.get(file, []), *digests.get(file, [])] for file in {*earlier, *digests}}
    _write_manifest(directory / MANIFEST, name, either)
    for file, content in data.items():
        write_bytes(directory / file, content)
    for file in earlier:
        if file not in data and _is_ours(directory / file, earlier):
            (directory / file).unlink()
    _write_manifest(directory / MANIFEST, name, digests)
    return directory


def written(directory: Path, name: str = "") -> Digests:
    """By file, the SHA-256 that a report (of this name) wrote; empty without a manifest, two where it was broken off.

    Raises
    ------
    ValueError
        If what lies in the manifest's place is none; with a name also if it is another report's, or a link.
    """
    path = directory / MANIFEST
    if not lexists(path):
        return {}
    try:
        content = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
        digests = {str(file): [str(one) for one in known] for file, known in content["files"].items()}
        is_own = content["report"] == name and not path.is_symlink()
        if all(Path(file).name == file for file in digests) and (is_own or not name):
            return digests
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        pass
    raise ValueError(f"report: {path} is not the manifest of a report{f' of {name}' if name else ''}; move it away")


def _is_of_an_older_version(directory: Path) -> bool:
    """Whether a page of priosig lies there without a manifest, and none was set aside before."""
    page = directory / "index.html"
    if lexists(directory / MANIFEST) or lexists(directory / EARLIER) or page.is_symlink() or not page.is_file():
        return False
    with page.open("rb") as text:
        return _TITLE in text.read(2000)


def _write_manifest(path: Path, name: str, digests: Digests) -> None:
    content = {"report": name, "files": {file: sorted(set(known)) for file, known in sorted(digests.items())}}
    write_text(path, json.dumps(content, indent=1) + "\n")


def _is_ours(path: Path, digests: Digests) -> bool:
    """Whether a file is what an earlier report wrote."""
    known = digests.get(path.name, [])
    return bool(known) and path.is_file() and not path.is_symlink() and digest_of(path.read_bytes()) in known


def digest_of(data: bytes) -> str:
    """SHA-256, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()
