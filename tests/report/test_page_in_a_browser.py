"""The page of a report in a browser, where it is safe to open and can be read, and not only by its source.

The pages are opened in headless Chromium, once for the module, as they are: frames of 390 and 1280 CSS pixels, light
and dark, that `page_probe.js` looks into from outside. A text of a corpus, whatever it holds, is shown and
never becomes an element; nothing is wider than the page, and nothing has to be scrolled sideways; no text or mark of
a plot is cut off, no text lies on another or is fainter than WCAG asks for; every sound can be played. The same
inputs give the same bytes, and few of them.

On paper nothing can be unfolded. So the page is also opened as it is printed, its style for paper applied to a frame
as wide as a sheet of A4 between its margins: all of it is there, dark on white, and none of it is cut off.

That the page forbids scripts could hide a text that is not escaped. So it is also opened without that policy, where
what got in would run, and write to the console.
"""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from priosig.experiment.corpus import Annotations, open_corpus, read_annotations
from priosig.experiment.pipeline import Experiment, describe
from priosig.experiment.sensitivity import Choice, Row
from priosig.report.page import write_failure, write_index, write_report
from tests.report.browser import SCHEMES, frame, look_at, without_policy
from validation.harness.options import setting
from validation.harness.runs import run_world

pytestmark = pytest.mark.slow

LEAK = "length_leak"  # the world with AUCs of 1, whose marks lie on the edge of a plot

RUN_TIME = "2026-01-01 12:00 UTC"
HOSTILE = (
    """<script>console.error("ran")</script>"><img src=x onerror=console.error("ran")> $\\frac{a}{b}$ {{7*7}} &"""
)
UNBROKEN = "W" * 300
HOSTILE_PAGES = ("models", "annotations", "failure")
FIELDS = ("title", "teacher", "piece", "feedback_summary", "transcript", "musical_dimension")
PROBE = Path(__file__).with_name("page_probe.js")
LOOKS = [
    f"{world}-{size}-{scheme}" for world in ("signal", LEAK) for size in ("desktop", "phone") for scheme in SCHEMES
]


@dataclasses.dataclass(frozen=True)
class Seen:
    """What the browser saw: by name of a look what the probe found, and every message on the console."""

    looks: dict[str, dict]
    console: list[str]


def hostile_annotations(annotations: Annotations, directory: Path) -> Annotations:
    """The same moments, without audio, read from a file in which each text is hostile and names its field."""
    rows = []
    for moment in annotations.moments:
        texts = {field: f"{field}: {HOSTILE}" for field in FIELDS}
        at = (moment.playing_before_start, moment.feedback_start)
        texts["transcript_text"] = "\n".join(f"[{t:.1f}s] {texts['transcript']}" for t in at)
        texts["video_title"] = f"{texts['title']} {UNBROKEN}"
        rows.append(dataclasses.asdict(moment) | texts)
    path = directory / "moments.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    corpus = dataclasses.replace(open_corpus(moments=path), settings=annotations.corpus.settings)
    return read_annotations(corpus)


def all_wrong(experiment: Experiment) -> Experiment:
    """The experiment with every score turned round, so that there are misses whose texts the page shows."""
    view = experiment.claim
    models = {model: cv | {"scores": -np.asarray(cv["scores"])} for model, cv in view.models.items()}
    changed = dataclasses.replace(view, models=models)
    return dataclasses.replace(experiment, views=experiment.views | {view.view.name: changed})


@pytest.fixture(scope="module")
def signal(pytestconfig: pytest.Config) -> Experiment:
    return run_world("signal", setting(pytestconfig, "cache"))


@pytest.fixture(scope="module")
def page(signal: Experiment, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of the world as it is, with sounds and models."""
    return write_report(signal, tmp_path_factory.mktemp("page"), run_time=RUN_TIME)


@pytest.fixture(scope="module")
def other_pages(
    pytestconfig: pytest.Config, signal: Experiment, page: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Path]:
    """The report of a leak, with its sensitivity table; the list of both; the first page as it is printed."""
    directory = tmp_path_factory.mktemp("others")
    leak = run_world(LEAK, setting(pytestconfig, "cache"))
    rows = rows_of_every_kind()
    style = page.read_text(encoding="utf-8").replace("@media print", "@media all")
    printed = directory / "printed.html"
    printed.write_text(style.replace("@media screen", "@media not all"), encoding="utf-8")
    return {
        LEAK: write_report(leak, directory, run_time=RUN_TIME, sensitivity=rows),
        "index": write_index([signal, leak], directory),
        "printed": printed,
    }


def rows_of_every_kind() -> list[Row]:
    """Rows of every kind and of the longest words; their numbers are of no matter here."""
    base = Choice("none", "clean", 12.5, 7.5, 1.0)
    varied = [
        base,
        dataclasses.replace(base, varied="view, length", view="annotated", length=None),
        dataclasses.replace(base, varied="shortest CONTINUE", min_continue_duration=18.75),
        dataclasses.replace(base, varied="pooling", pooling="mean only"),
    ]
    problem = "the view holds 5 video(s) and 1 class(es); expected 2 of each"
    rows = [
        Row(c, m, 1061, 1037, 0.5, 0.001, 0.9995, "invalid design", n_permutations=199) for c in varied for m in "AB"
    ]
    return [*rows[:-1], dataclasses.replace(rows[-1], verdict="", problem=problem)]


@pytest.fixture(scope="module")
def hostile_pages(signal: Experiment, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Reports of hostile texts: with models, without audio, of a run that failed; each without its policy too."""
    directory = tmp_path_factory.mktemp("hostile")
    annotations = hostile_annotations(signal.annotations, directory)
    heard = dataclasses.replace(all_wrong(signal), annotations=annotations)
    run = {"run_time": HOSTILE, "environment": {"device": HOSTILE}}
    pages = {
        "models": write_report(heard, directory / "models", **run),
        "annotations": write_report(describe(annotations), directory / "annotations", **run),
        "failure": write_failure("failure", directory, f"moments.jsonl:3: {HOSTILE}", run_time=HOSTILE),
    }
    for name, path in list(pages.items()):
        pages[f"{name}-unguarded"] = directory / f"{name}-unguarded.html"
        pages[f"{name}-unguarded"].write_text(without_policy(path), encoding="utf-8")
    return pages


@pytest.fixture(scope="module")
def seen(
    page: Path,
    other_pages: dict[str, Path],
    hostile_pages: dict[str, Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> Seen:
    """Every page, looked at in one start of the browser; skipped where there is none."""
    worlds = {"signal": page, LEAK: other_pages[LEAK]}
    frames = [frame(look, worlds[(parts := look.rsplit("-", 2))[0]], parts[1], parts[2]) for look in LOOKS]
    frames += [frame(name, path, "phone", "light") for name, path in hostile_pages.items()]
    frames += [frame(f"{name}-desktop", hostile_pages[name], "desktop", "light") for name in HOSTILE_PAGES]
    frames += [frame(f"index-{size}", other_pages["index"], size, "dark") for size in ("desktop", "phone")]
    frames += [frame(f"{LEAK}-tablet", other_pages[LEAK], "tablet", "light")]
    frames += [frame("printed", other_pages["printed"], "paper", "dark")]
    return Seen(*look_at(frames, PROBE, tmp_path_factory.mktemp("browser")))


@pytest.mark.parametrize("name", HOSTILE_PAGES)
@pytest.mark.parametrize("guard", ["", "-unguarded"], ids=["as written", "without policy"])
def test_a_text_of_a_corpus_is_shown_and_never_becomes_an_element(seen: Seen, name: str, guard: str):
    probed = seen.looks[f"{name}{guard}"]
    assert probed["injected"] == []
    assert HOSTILE in probed["text"]
    shown = {"models": FIELDS[:5], "annotations": FIELDS[:2], "failure": ()}[name]
    assert [field for field in shown if f"{field}: {HOSTILE}" not in probed["text"]] == []


def test_the_console_stays_silent(seen: Seen):
    assert seen.console == []


@pytest.mark.parametrize("look", [*LOOKS, f"{LEAK}-tablet", "index-desktop", "index-phone", "printed"])
def test_nothing_is_wider_than_the_page_or_scrolls_sideways(seen: Seen, look: str):
    assert seen.looks[look]["wide"] == []


@pytest.mark.parametrize("name", HOSTILE_PAGES)
@pytest.mark.parametrize("size", ["", "-desktop"], ids=["phone", "desktop"])
def test_long_texts_do_not_widen_the_page(seen: Seen, name: str, size: str):
    probed = seen.looks[f"{name}{size}"]
    assert (UNBROKEN in probed["text"]) == (name != "failure")
    assert probed["wide"] == []


def test_what_is_folded_is_printed_dark_on_white_but_for_long_tables(seen: Seen):
    probed = seen.looks["printed"]
    assert seen.looks["signal-desktop-light"]["folded"]  # a screen can unfold it
    assert probed["folded"] == []
    assert not probed["dark"]
    assert probed["faint"] == []
    assert probed["cut"] == []
    assert probed["clipped"] == []


@pytest.mark.parametrize("look", LOOKS)
def test_no_text_or_mark_of_a_plot_is_cut_off_and_no_text_lies_on_another(seen: Seen, look: str):
    probed = seen.looks[look]
    assert probed["drawn"] > 200
    assert probed["clipped"] == []
    assert probed["overlapping"] == []
    assert probed["cut"] == []


@pytest.mark.parametrize("look", LOOKS)
def test_every_text_stands_out_from_what_is_behind_it(seen: Seen, look: str):
    probed = seen.looks[look]
    assert f"-{probed['scheme']}" in look
    assert probed["dark"] == (probed["scheme"] == "dark")
    assert probed["faint"] == []


def test_every_sound_can_be_played(seen: Seen):
    for look in LOOKS:
        assert seen.looks[look]["sounds"] > 0
        assert seen.looks[look]["mute"] == []


def test_the_same_inputs_give_the_same_bytes(signal: Experiment, page: Path, tmp_path: Path):
    again = write_report(signal, tmp_path, run_time=RUN_TIME)
    assert again.read_bytes() == page.read_bytes()


def test_a_page_can_be_sent_by_mail(page: Path):
    assert page.stat().st_size < 1_000_000
