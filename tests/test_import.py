"""`import priosig` is quick because it loads nothing."""

import subprocess
import sys

import pytest

import priosig

HEAVY = ("torch", "transformers", "matplotlib", "muq", "scipy", "sklearn", "soundfile")
EXTRA = (
    "torch",
    "torchaudio",
    "transformers",
    "muq",
    "huggingface_hub",
    "soundfile",
    "soxr",
    "silero_vad",
    "matplotlib",
    "pandas",  # with statsmodels, for tests; `to_frame` alone wants it
)


def test_importing_priosig_loads_nothing_heavy():
    code = f"import sys, priosig; print([m for m in {HEAVY} if m in sys.modules])"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.strip() == "[]"


def test_modules_that_need_the_extra_packages_say_so_and_all_others_load_without():
    code = f"""
import importlib, pkgutil, sys
sys.modules |= dict.fromkeys({EXTRA})  # None: as if it were not installed
import priosig
for module in pkgutil.walk_packages(priosig.__path__, "priosig."):
    try:
        importlib.import_module(module.name)
    except ModuleNotFoundError as error:
        print(module.name, error)
"""
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    heads = ("percepiano.cross_training", "percepiano.head", "percepiano.scores", "train_heads")
    needed = {"muq.blocks": "MuQ", **dict.fromkeys(heads, "a quality head")}
    assert out.splitlines() == [
        f"priosig.extraction.{module} {purpose} needs torch: pip install 'priosig[muq]'"
        for module, purpose in needed.items()
    ]


def test_every_public_name_is_listed_and_an_unknown_one_is_refused():
    assert set(priosig.__all__) <= set(dir(priosig))
    with pytest.raises(AttributeError, match="no attribute 'load_moment'; it has"):
        _ = priosig.load_moment
