"""One line that says how far a long run is."""

import time
from collections.abc import Callable

import pytest

from priosig._core.progress import Progress

_QUICK = 5.0  # s: what is over by then needs no progress
_EVERY = 0.5  # s between updates


class ProgressLine:
    """Progress of an experiment, redrawn in place on a terminal; a log gets none.

    Parameters
    ----------
    config : pytest.Config
    name : str
        Of the experiment.
    """

    def __init__(self, config: pytest.Config, name: str):
        self.reporter = config.pluginmanager.get_plugin("terminalreporter")
        self.capture = config.pluginmanager.get_plugin("capturemanager")
        self.name = name
        self.drawn = False
        self.began = time.monotonic()
        self.shown = self.began

    def __enter__(self) -> "ProgressLine":
        return self

    def __exit__(self, *_: object) -> None:
        if self.drawn:
            self._write("\r\x1b[K")

    @property
    def _on_terminal(self) -> bool:
        return self.reporter is not None and self.reporter.isatty

    def start(self, stage: str) -> Callable[[Progress], None]:
        """Begin a stage; give the function that takes its progress."""
        began = time.monotonic()
        self._show(f"{self.name}: {stage}")

        def report(progress: Progress) -> None:
            self._show(f"{self.name}: {stage}, {describe_progress(progress, time.monotonic() - began)}")

        return report

    def _show(self, text: str) -> None:
        now = time.monotonic()
        if self._on_terminal and now - self.began >= _QUICK and now - self.shown >= _EVERY:
            self.shown, self.drawn = now, True
            self._write(f"\r\x1b[K{text}")

    def _write(self, text: str) -> None:
        with self.capture.global_and_fixture_disabled():
            self.reporter.write(text, flush=True)


def describe_progress(progress: Progress, elapsed: float) -> str:
    """Words for a progress after `elapsed` seconds.

    Examples
    --------
    >>> describe_progress(Progress(done=600, cached=300, total=1200), elapsed=100)
    '600 of 1200 s of audio (300 from the cache), 3.0 s of audio a second, 3 min 20 s left'
    >>> describe_progress(Progress(done=2000, cached=0, total=50_000, unit="fits"), elapsed=10)
    '2000 of 50000 fits, 200 fits a second, 4 min 0 s left'
    """
    computed = progress.done - progress.cached
    rate = computed / elapsed if elapsed > 0 else 0.0
    of = f" of {progress.total:.0f}" if progress.total is not None else ""
    text = f"{progress.done:.0f}{of} {progress.unit}"
    if progress.cached:
        text += f" ({progress.cached:.0f} from the cache)"
    if rate > 0:
        text += f", {rate:.{0 if rate >= 100 else 1}f} {progress.unit} a second"
        if progress.total is not None:
            left = round(max(progress.total - progress.done, 0) / rate)
            text += f", {left // 60} min {left % 60} s left"
    return text
