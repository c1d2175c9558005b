"""Results are kept under what the code that made them does, and under the versions of what computes."""

import shutil
from pathlib import Path

import numpy as np
import pytest

import priosig
from priosig import kept, loaded_muq, own_source, speech, window_store
from priosig.own_source import own_modules

PACKAGE = Path(priosig.__file__).parent
SHOWING = ("report", "plots", "planted", "compare", "snapshots", "progress", "audit", "findings")
COMPUTING = [name for name in own_modules() if not name.startswith(SHOWING)]


@pytest.fixture(scope="module")
def copy(tmp_path_factory) -> Path:
    """A copy of the package."""
    directory = tmp_path_factory.mktemp("copy") / "priosig"
    shutil.copytree(PACKAGE, directory, ignore=shutil.ignore_patterns("__pycache__", "templates"))
    return directory


@pytest.fixture
def package(copy, monkeypatch):
    """The copy, whose source may be changed: `package(module, text)` adds text to a module."""
    monkeypatch.setattr(own_source, "_HERE", copy)
    clear()
    before = {}

    def add(module: str, text: str) -> None:
        path = copy / f"{module}.py"
        before[path] = path.read_text(encoding="utf-8")
        path.write_text(before[path] + text, encoding="utf-8")
        clear()

    yield add
    for path, source in before.items():
        path.write_text(source, encoding="utf-8")
    clear()


def clear() -> None:
    own_source.source_hash.cache_clear()
    own_source.code_hash.cache_clear()


def test_a_change_of_what_any_computing_module_does_finds_no_old_result(package):
    seen = {kept.computing_source()}
    for module in COMPUTING:  # one change more each time
        package(module, "\n\nEXTRA = 1\n")
        seen.add(kept.computing_source())
    assert len(seen) == 1 + len(COMPUTING) > 50


@pytest.mark.parametrize("module", ["report_page", "plots", "compare", "audit_times"])
def test_a_change_of_what_only_shows_results_changes_no_key(package, module):
    before = kept.computing_source()
    package(module, "\n\nEXTRA = 1\n")
    assert kept.computing_source() == before


def key_of_frames() -> str:
    muq = loaded_muq.LoadedMuQ(
        PACKAGE.parent / "fixtures" / "muq_small", revision=None, device="cpu", layer="last", precision="float32"
    )
    return str(muq.parameters())


KEYS = {
    "frames": (key_of_frames, ("layers", "precision", "muq_model", "loaded_muq")),
    "summary": (lambda: window_store.summary_key("ab" * 32), ("pooling",)),
    "talk": (lambda: str(speech._detector.__wrapped__()), ("speech",)),
}


@pytest.mark.parametrize(("entry", "module"), [(entry, m) for entry, (_, modules) in KEYS.items() for m in modules])
def test_what_is_kept_of_a_window_is_found_under_the_code_that_made_it_alone(package, entry, module):
    before = {name: key() for name, (key, _) in KEYS.items()}
    package(module, "\n\nEXTRA = 1\n")
    after = {name: key() for name, (key, _) in KEYS.items()}
    assert {name for name in KEYS if before[name] != after[name]} == {entry}


def test_a_word_of_explanation_loses_no_embedding(package):
    before = [key() for key, _ in KEYS.values()]
    for module in ("layers", "pooling", "speech"):
        package(module, "\n\n# A word more.\n")
    assert [key() for key, _ in KEYS.values()] == before


def test_each_version_of_what_computes_is_part_of_the_key(monkeypatch, tmp_path):
    store = kept.EmbeddingCache(tmp_path)
    calls = []

    def run() -> None:
        kept.kept(store, "step", lambda: calls.append(1) or np.zeros(1), 1)

    run()
    for number, package in enumerate(kept._SOFTWARE, start=2):
        versions = {name: "1" if name != package else "2" for name in kept._SOFTWARE}
        monkeypatch.setattr(kept, "_versions", lambda versions=versions: versions)
        run()
        assert len(calls) == number
