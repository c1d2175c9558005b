"""The suite's options outside its checkout."""

import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

from priosig.pytest_plugin import pytest_load_initial_conftests
from tests.paths import ROOT

# Where priosig is installed pytest would load the plugin a second time. Hypothesis takes a second to be imported.
PLUGINS = ("-p", "no:priosig", "-p", "priosig.pytest_plugin", "-p", "no:hypothesispytest")
PYTEST = (sys.executable, "-m", "pytest", *PLUGINS)


def test_outside_the_checkout_the_suites_options_say_what_to_type(tmp_path):
    command = [*PYTEST, "validation", "--corpus", "my corpus"]
    ended = subprocess.run(
        command, cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True
    )
    assert ended.returncode == pytest.ExitCode.USAGE_ERROR
    assert f"cd {ROOT} && pytest validation --corpus '{tmp_path}/my corpus'" in ended.stderr
    assert f"priosig run '{tmp_path}/my corpus'" in ended.stderr


def test_a_value_may_stand_behind_an_equals_sign(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    parser = SimpleNamespace(getgroup=lambda name: SimpleNamespace(options=[]))
    with pytest.raises(pytest.UsageError, match=f"priosig run --moments '{tmp_path}/my corpus'"):
        list(pytest_load_initial_conftests(parser, ["validation", "--moments=my corpus"]))


def test_what_is_not_the_suites_is_left_alone(tmp_path):
    command = [*PYTEST, "--collect-only", "-q"]
    ended = subprocess.run(
        command, cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True
    )
    assert ended.returncode == pytest.ExitCode.NO_TESTS_COLLECTED
