"""Files of one directory, written so that an interruption leaves no part of them.

All are made in a directory beside it that git ignores. A new directory then appears in one step, with everything in
it; in an old one each file is replaced in one step, and a signal waits until all of them are. A run that is killed
leaves at most what git does not see.
"""

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from priosig._core.atomic import write_text


def publish(directory: Path, texts: Mapping[str, str]) -> None:
    """Write texts into `directory` by name; other files in it stay.

    Raises
    ------
    OSError
        If they can't be written (no space, no permission); then nothing has changed.
    """
    directory.parent.mkdir(parents=True, exist_ok=True)
    with _uninterrupted():
        stage = Path(tempfile.mkdtemp(prefix=f".{directory.name}.", suffix=".tmp", dir=directory.parent))
        try:
            (stage / ".gitignore").write_text("*\n")
            for name, text in texts.items():
                write_text(stage / "new" / name, text)
            if directory.is_dir() and any(directory.iterdir()):
                for name in texts:
                    os.replace(stage / "new" / name, directory / name)
            else:
                if directory.is_dir():
                    directory.rmdir()
                os.rename(stage / "new", directory)
        finally:
            shutil.rmtree(stage, ignore_errors=True)


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Let Ctrl-C and SIGTERM wait."""
    came: list[int] = []

    def wait(number: int, frame: FrameType | None) -> None:
        came.append(number)

    before = {number: signal.signal(number, wait) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for number in came:
            signal.raise_signal(number)
