"""README and docs: their examples run, their commands are the ones that are run, and their links lead somewhere."""

import json
import re
import tomllib
from dataclasses import MISSING, asdict, fields

import numpy as np
import pytest

import priosig
from priosig.annotations.moments import load_moments
from priosig.annotations.segments import identify_segments
from priosig.experiment.options import OPTIONS
from priosig.experiment.planted import EXPECTED
from priosig.experiment.settings import Settings, read_settings
from priosig.worlds.embedded import SEEDS
from priosig.worlds.worlds import WORLDS
from tests.paths import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def commands(text: str) -> list[str]:
    return [line.strip().replace("$(PYTHON)", "python3").replace("$(PYTEST)", ".venv/bin/pytest") for line in text]


def without_numbers(text: str) -> str:
    return re.sub(r"[0-9a-f]{16}|[\d.]+", "#", text)


def test_the_first_two_commands_are_make_validation_and_make_test():
    assert blocks(README, "sh") == ["make validation\n", "make test\n"]


def test_the_plain_commands_are_those_of_the_makefile():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    recipes = {
        target: re.findall(r"^\t(.+)$", body, re.MULTILINE)
        for target, body in re.findall(r"^([\w./]+):[^\n=]*\n((?:\t.*\n)+)", makefile, re.MULTILINE)
    }
    install = [line for line in recipes[".venv/installed"] if not line.startswith("touch")]
    plain = blocks(README, "text")[0].splitlines()
    assert plain == commands([*install, *recipes["validation"], *recipes["test"]])


def test_the_example_of_the_readme_runs_and_prints_what_is_shown(monkeypatch, tmp_path, capsys, few_replicates):
    rng = np.random.default_rng(0)
    applause = rng.permutation(np.tile([True, False], 36))
    columns = {
        "applause": np.where(applause, "yes", "no"),
        "concert": np.repeat([f"concert {k}" for k in range(6)], 12),
        "seconds": rng.normal(10, 1, 72).round(2),
        "loudness": rng.normal(-20, 3, 72).round(2),
        "device": np.array(["phone", "desk"])[rng.integers(0, 2, 72)],
        "start": np.tile(np.arange(12.0), 6),
    }
    lines = [",".join(map(str, row)) for row in (columns, *zip(*columns.values(), strict=True))]
    (tmp_path / "clips.csv").write_text("\n".join(lines), encoding="utf-8")
    np.save(tmp_path / "embeddings.npy", rng.normal(size=(72, 4)) + 1.5 * applause[:, None])
    monkeypatch.chdir(tmp_path)
    (example,) = blocks(README, "python")
    assert "n_permutations=999," in example
    given: dict = {}
    exec(compile(example.replace("n_permutations=999,", "n_permutations=39,"), "README.md", "exec"), given)
    assert given["result"].verdict.label == "signal"
    (shown,) = blocks(README, "console")
    printed = capsys.readouterr().out
    for line in shown.splitlines():
        assert line == "..." or without_numbers(line) in without_numbers(printed)


def test_the_layers_shown_are_those_of_the_import_contract():
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    (layers,) = (contract["layers"] for contract in contracts["contracts"] if contract["type"] == "layers")
    assert " < ".join(reversed(layers[1:])) in (ROOT / "docs" / "extending.md").read_text(encoding="utf-8")


def test_the_moment_shown_loads_and_every_field_is_named(tmp_path):
    page = (ROOT / "docs" / "corpus.md").read_text(encoding="utf-8")
    (example,) = blocks(page, "json")
    path = tmp_path / "moments.jsonl"
    path.write_text(" ".join(example.split()), encoding="utf-8")
    (moment,) = load_moments(path)
    assert identify_segments([moment])[0].label == "stop"
    assert set(json.loads(example)) == {field.name for field in fields(moment) if field.default is MISSING}
    assert [field.name for field in fields(moment) if f"`{field.name}`" not in page and field.default is None] == []


def test_the_settings_shown_are_all_there_are_with_their_defaults(tmp_path):
    (example,) = blocks((ROOT / "docs" / "corpus.md").read_text(encoding="utf-8"), "toml")
    path = tmp_path / "experiment.toml"
    path.write_text(example, encoding="utf-8")
    assert read_settings(path)[1] == Settings()
    assert set(re.findall(r"^(\w+) =", example, re.MULTILINE)) == {"name", *asdict(Settings())}


def test_the_options_listed_are_all_there_are():
    text = (ROOT / "docs" / "corpus.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| `--(\w+)` \|", text, re.MULTILINE) == list(OPTIONS)


def test_every_extra_and_every_public_name_is_listed():
    text = (ROOT / "docs" / "library.md").read_text(encoding="utf-8")
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    assert set(re.findall(r"^\| `'\.\[(\w+)\]'` \|", text, re.MULTILINE)) == set(extras)
    assert [name for name in priosig.__all__ if not re.search(rf"\b{name}\b", text)] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_links_lead_somewhere(page):
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    targets = [target for target in re.findall(r"\]\(([^)]+)\)", text) if "://" not in target]
    assert [target for target in targets if not (page.parent / target.partition("#")[0]).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_files_that_are_named_are_there(page):
    named = re.findall(r"`((?:priosig|tests|validation|benchmarks|fixtures|docs)/[\w./]+)`", page.read_text("utf-8"))
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_every_page_is_in_the_index():
    listed = re.findall(r"\]\((\w+\.md)\)", (ROOT / "docs" / "index.md").read_text(encoding="utf-8"))
    assert sorted(listed) == [path.name for path in PAGES[1:] if path.name != "index.md"]


def test_every_world_is_listed_with_its_right_verdicts_and_its_seed():
    text = (ROOT / "docs" / "worlds.md").read_text(encoding="utf-8")
    lines = [line.strip("| \n") for line in text.splitlines() if line.startswith("|")]
    rows = [tuple(cell.strip() for cell in line.split(" | ")) for line in lines]
    listed = {name: (set(verdicts.split(", ")), int(seed)) for name, _, verdicts, seed in rows[2 : 2 + len(WORLDS)]}
    assert listed == {name: (set(EXPECTED[name]), SEEDS.get(name, 0)) for name in WORLDS}
