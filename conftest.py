"""The suite's options and header; `validation.harness.options` says what they mean."""

import re

import pytest

from validation.harness.options import (
    CORPUS,
    add_options,
    check_settings,
    corpus_of,
    setting,
)

collect_ignore = ["benchmarks"]  # programs, each with a command of its own


def pytest_addoption(parser: pytest.Parser) -> None:
    add_options(parser)


def pytest_configure(config: pytest.Config) -> None:
    check_settings(config)
    config.stash[CORPUS] = corpus_of(config)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What is `slow` runs when `-m` speaks of it."""
    if re.search(r"\bslow\b", config.option.markexpr or ""):
        return
    slow = [item for item in items if item.get_closest_marker("slow")]
    if slow:
        config.hook.pytest_deselected(items=slow)
        items[:] = [item for item in items if not item.get_closest_marker("slow")]


def pytest_report_header(config: pytest.Config) -> list[str]:
    corpus = config.stash[CORPUS]
    if corpus is None:
        lines = ["priosig corpus: none, the embedded worlds only (--corpus DIR runs the real experiment)"]
    else:
        audio = corpus.audio or "none, what needs it is skipped"
        heads = len(corpus.checkpoints)
        lines = [
            f"priosig corpus: {corpus.name} ({corpus.moments}; audio: {audio}; quality heads: {heads})",
            "priosig worlds: not run beside a corpus (pytest validation without one runs them)",
        ]
    model = "the embedded worlds' small MuQ"
    if corpus is not None:
        model = corpus.muq if corpus.audio is not None else "none"
    lines.append(f"priosig device: {setting(config, 'device')}, model: {model}")
    lines.append(f"priosig cache: {setting(config, 'cache')}, report: {setting(config, 'report')}")
    return lines
