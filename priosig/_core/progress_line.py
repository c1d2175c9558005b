"""A line that shows the progress of long work: redrawn in place on a terminal, a new line now and then in a log."""

import shutil
import sys
import time
from collections import deque
from collections.abc import Callable

from priosig._core.progress import Progress
from priosig._core.shown import cut

QUICK = 5.0  # s: what is over by then needs no progress
EVERY, EVERY_IN_A_LOG = 0.5, 30.0  # s between updates
_RECENT = 60.0  # s over which the pace is taken
_CLEAR = "\r\x1b[K"


class ProgressLine:
    """Progress of one piece of work, whose name begins the line; on standard error by default."""

    def __init__(self, name: str, write: Callable[[str], object] | None = None, on_terminal: bool | None = None):
        self.name = name
        self.write = _to_stderr if write is None else write
        self.on_terminal = sys.stderr.isatty() if on_terminal is None else on_terminal
        self.drawn = False
        self.began = self.shown = time.monotonic()

    def __enter__(self) -> "ProgressLine":
        return self

    def __exit__(self, *_: object) -> None:
        if self.drawn:
            self.write(_CLEAR)

    def start(self, stage: str) -> Callable[[Progress], None]:
        """Begin a stage; returns the function that takes its progress."""
        self._show(f"{self.name}: {stage}")
        pace = Pace()

        def report(progress: Progress) -> None:
            left = pace.seconds_left(progress, time.monotonic())
            self._show(f"{self.name}: {stage}, {describe_progress(progress, left)}")

        return report

    def _show(self, text: str) -> None:
        now = time.monotonic()
        if now - self.began < QUICK or now - self.shown < (EVERY if self.on_terminal else EVERY_IN_A_LOG):
            return
        self.shown = now
        if self.on_terminal:
            self.drawn = True
            text = cut(text, shutil.get_terminal_size().columns - 1)
        self.write(f"{_CLEAR}{text}" if self.on_terminal else f"{text}\n")


class Pace:
    """How quick a stage was of late. What comes from the cache takes no time and says nothing of the rest."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, float]] = deque()

    def seconds_left(self, progress: Progress, now: float) -> float | None:
        """Seconds that are left at the pace of the last minute; None until there is one.

        Examples
        --------
        >>> pace = Pace()
        >>> pace.seconds_left(Progress(done=300, cached=300, total=1200), now=10.0)
        >>> pace.seconds_left(Progress(done=450, cached=300, total=1200), now=20.0)
        50.0
        """
        computed = progress.done - progress.cached
        self._seen.append((now, computed))
        while len(self._seen) > 2 and now - self._seen[1][0] >= _RECENT:
            self._seen.popleft()
        then, before = self._seen[0]
        if progress.total is None or now - then < QUICK or computed <= before:
            return None
        return max(progress.total - progress.done, 0.0) * (now - then) / (computed - before)


def describe_progress(progress: Progress, left: float | None = None) -> str:
    """Words for a progress with so many seconds left; what matters most comes first.

    Examples
    --------
    >>> describe_progress(Progress(done=600, cached=300, total=1200), left=200.0)
    '600 of 1200 s of audio, about 3 min left, 300 from the cache'
    >>> describe_progress(Progress(done=2000, cached=0, total=50_000, unit="fits"))
    '2000 of 50000 fits'
    """
    of = f" of {progress.total:.0f}" if progress.total is not None else ""
    text = f"{progress.done:.0f}{of} {progress.unit}"
    if left is not None:
        text += f", {_rounded(left)} left"
    return text + (f", {progress.cached:.0f} from the cache" if progress.cached else "")


def _rounded(seconds: float) -> str:
    minutes = round(seconds / 60)
    if minutes < 1:
        return "less than a minute"
    return f"about {minutes} min" if minutes < 90 else f"about {minutes // 60} h {minutes % 60} min"


def _to_stderr(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()
