"""The line that says how far a long run is (`priosig._core.progress_line`), in pytest's own output."""

import pytest

from priosig._core.progress_line import ProgressLine


def progress_line(config: pytest.Config, name: str) -> ProgressLine:
    """A line that pytest's capture lets through; on no terminal, now and then a line of a log."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    capture = config.pluginmanager.get_plugin("capturemanager")
    if reporter is None:
        return ProgressLine(name, write=lambda text: None, on_terminal=False)

    def write(text: str) -> None:
        with capture.global_and_fixture_disabled():
            if not reporter.isatty:
                reporter.ensure_newline()
            reporter.write(text, flush=True)

    return ProgressLine(name, write, on_terminal=reporter.isatty)
