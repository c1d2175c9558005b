"""The examples in docstrings run, and give what they show."""

import doctest
from importlib import import_module

import numpy as np
import pytest

from tests.paths import ROOT

MODULES = [
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for directory in ("priosig", "validation")
    for path in sorted((ROOT / directory).rglob("*.py"))
    if ">>> " in path.read_text(encoding="utf-8")
]


@pytest.mark.parametrize("name", MODULES)
def test_examples_hold(name):
    module = import_module(name)
    for examples in doctest.DocTestFinder(exclude_empty=True).find(module, extraglobs={"np": np}):
        assert doctest.DocTestRunner(verbose=False).run(examples).failed == 0


def test_examples_are_found():
    assert len(MODULES) > 15
