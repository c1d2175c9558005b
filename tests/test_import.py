"""`import priosig` is quick because it loads nothing."""

import subprocess
import sys

import pytest

import priosig

HEAVY = ("torch", "transformers", "matplotlib", "muq", "scipy", "sklearn", "soundfile")


def test_importing_priosig_loads_nothing_heavy():
    code = f"import sys, priosig; print([m for m in {HEAVY} if m in sys.modules])"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.strip() == "[]"


def test_the_statistics_load_without_torch():
    modules = "priosig.experiment.pipeline, priosig.worlds.worlds"
    code = f"import sys, {modules}; print([m for m in ('torch', 'muq') if m in sys.modules])"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.strip() == "[]"


def test_every_public_name_is_listed_and_an_unknown_one_is_refused():
    assert set(priosig.__all__) <= set(dir(priosig))
    with pytest.raises(AttributeError, match="no attribute 'load_moment'; it has"):
        _ = priosig.load_moment
