"""The report says what was found, escapes what it was given, needs nothing else, and is the same every time."""

import dataclasses
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from priosig.experiment.pipeline import Experiment
from priosig.experiment.planted import PLANTED
from priosig.experiment.sensitivity import Choice, Row
from priosig.report import clips
from priosig.report import page as report
from priosig.report.answer import ANSWERS, answer
from priosig.report.corpus import audit_of, study
from priosig.report.words import number
from tests.small_experiment import HOSTILE, read

VOID = {"meta", "link", "img", "br", "path", "use", "rect", "input"}
REVERSED = "\u202eJan\x07"


class Page(HTMLParser):
    """The elements of a page, in order, with their attributes; checks that they are nested properly."""

    def __init__(self, html: str):
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.text: list[str] = []
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert not self._open, f"never closed: {self._open}"

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self._open.pop() == tag, f"</{tag}> closes something else"

    def handle_data(self, data):
        self.text.append(data)

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture(scope="module")
def directory(experiment, tmp_path_factory) -> Path:
    path = report.write_report(
        experiment,
        tmp_path_factory.mktemp("reports"),
        run_time="2026-01-01 12:00 UTC",
        environment={"device": HOSTILE},
        sensitivity=[Row(Choice("C", "clean", 2.0, 5.0, 0.1), "A", 12, 10, 0.51, 0.4, 0.5, "no signal")],
        n_clips=1,
    )
    assert path.name == "index.html"
    return path.parent


@pytest.fixture(scope="module")
def html(directory: Path) -> str:
    return (directory / "index.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page(html: str) -> Page:
    return Page(html)


def test_text_of_a_corpus_is_shown_and_never_becomes_an_element(page):
    assert not page.all("script")
    assert not [a for _, a in page.elements if any(name.startswith("on") for name in a)]
    assert all(image["src"].startswith("data:image/png;base64,") for image in page.all("img"))
    shown = "".join(page.text)
    assert shown.count(HOSTILE) > 20  # teachers, titles, pieces, summaries, transcript lines, environment
    assert "49" not in re.findall(r"\{\{ ?(\d+) ?\}\}", shown)


def test_the_page_needs_no_network_and_forbids_itself_scripts(page, html):
    policy = next(a["content"] for a in page.all("meta") if a.get("http-equiv") == "Content-Security-Policy")
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    fetched = [a.get("src") or a.get("href") for tag, a in page.elements if tag in ("img", "audio", "link", "source")]
    assert fetched
    assert all(address.startswith("data:") for address in fetched)
    assert "url(http" not in html
    assert "@import" not in html


def test_headings_tables_and_figures_can_be_read_without_eyes(page):
    assert len(page.all("h1")) == 1
    assert len(page.all("figure")) > 10
    drawn = page.all("svg")
    assert len(drawn) == len(page.all("figure")) + 1  # the timeline is drawn once more, for a phone
    assert all(a["role"] == "img" and len(a["aria-label"]) > 20 for a in drawn)
    assert len(page.all("title")) == 1 + len(drawn)
    assert len(page.all("caption")) == len(page.all("table"))
    assert not [a for _, a in page.elements if "tabindex" in a]  # nothing scrolls, so nothing needs to be stopped at
    assert all(a.get("scope") in ("col", "row", "colgroup") for a in page.all("th"))
    assert all(a["alt"] for a in page.all("img"))
    assert all(a["aria-label"] for a in page.all("audio"))


def test_ids_are_unique_and_what_is_referred_to_is_there(page, html):
    ids = [a["id"] for _, a in page.elements if "id" in a]
    assert len(ids) == len(set(ids))
    references = re.findall(r'(?:href="#|url\(#|aria-labelledby=")([^")]+)', html)
    assert set(references) <= set(ids)


def test_plots_take_the_colours_of_the_page(html):
    drawn = "".join(re.findall(r"<svg.*?</svg>", html, flags=re.DOTALL))
    assert "var(--stop)" in drawn
    assert not re.findall(r"#[0-9a-f]{6}\b", re.sub(r'"#[^"]*"|url\(#[^)]*\)', "", drawn))


def test_sections_are_in_the_order_of_reading(html):
    order = [
        "verdict", "words", "study", "confounds", "videos", "scales", "calibration", "nulls", "sensitivity",
        "mistakes", "audit", "inputs",
    ]  # fmt: skip
    assert re.findall(r'<section id="(\w+)"', html) == order


def test_the_answer_comes_first_then_the_verdicts_then_what_to_quote(experiment, html):
    head = answer(experiment)
    labels = [a.verdict.label for a in experiment.views["clean"].assessments.values()]
    assert head["short"] in {ANSWERS[label][0] for label in labels}
    for model, assessment in experiment.views["clean"].assessments.items():
        assert html.index(head["short"]) < html.index(f"Model {model}: <strong")
        assert report._pages().from_string("{{ s }}").render(s=assessment.verdict.sentence) in html


def test_a_stable_scale_is_named_and_the_others_are_not(html):
    assert "by max-T over all 19:\npedal clean–blurred." in html


def test_tables_hold_what_was_found(experiment, directory):
    for name, view in experiment.views.items():
        for model, cv in view.models.items():
            [row] = [r for r in read(directory, "metrics") if (r["view"], r["model"]) == (name, model)]
            assert float(row["auc_within_video"]) == pytest.approx(cv["auc_within_video"], abs=1e-5)
            scores = [r for r in read(directory, "scores") if (r["view"], r["model"]) == (name, model)]
            assert [float(r["score"]) for r in scores] == pytest.approx(list(cv["scores"]), rel=1e-5)
            assert {r["called"] for r in scores if float(r["score"]) > 0} == {"stop"}
    assert {r["input"]: r["value"] for r in read(directory, "inputs")}["device"] == HOSTILE
    assert len(read(directory, "coefficients_by_fold")) == 19 * 2
    assert {r["id"] for r in read(directory, "audit") if r["check"] == "teacher_plays"} == {
        "-videoAAAAA-0",
        "videoBBBBBB-0",
    }


def test_the_page_leads_to_every_table_beside_it(page, directory):
    linked = {a["href"] for a in page.all("a") if a["href"].endswith(".csv")}
    assert linked == {path.name for path in directory.glob("*.csv")}


def test_the_time_of_the_run_is_the_only_time(experiment, description, tmp_path, html):
    assert html.count("2026-01-01 12:00 UTC") == 1
    first = report.write_report(description, tmp_path / "first").parent
    second = report.write_report(description, tmp_path / "second").parent
    names = sorted(path.name for path in first.iterdir())
    assert names == sorted(path.name for path in second.iterdir())
    assert all((first / name).read_bytes() == (second / name).read_bytes() for name in names)
    segment = experiment.annotations.segments[0]
    audio = experiment.annotations.corpus.audio
    assert clips.make_clip(segment, audio) == clips.make_clip(segment, audio)


def test_without_audio_the_page_says_so_and_leaves_out_what_needs_it(description, tmp_path):
    page = report.write_report(description, tmp_path).read_text(encoding="utf-8")
    Page(page)
    assert "Annotations only: no audio was heard" in page
    assert re.findall(r'<section id="(\w+)"', page) == ["verdict", "words", "study", "confounds", "audit", "inputs"]
    assert description.claim.view.name == "equal"


def test_a_failure_has_a_page_with_its_reason(tmp_path):
    path = report.write_failure("broken", tmp_path, f"moments.jsonl:3: {HOSTILE}")
    page = Page(path.read_text(encoding="utf-8"))
    assert path == tmp_path / "broken" / "index.html"
    assert f"moments.jsonl:3: {HOSTILE}" in page.text
    assert not page.all("script")


def test_the_index_leads_to_each_report(experiment, tmp_path):
    page = Page(report.write_index([experiment], tmp_path).read_text(encoding="utf-8"))
    assert "hostile/index.html" in [a["href"] for a in page.all("a")]
    assert experiment.views["clean"].assessments["B"].verdict.label in page.text


def test_a_text_that_would_turn_the_page_round_is_held_in_its_place(experiment, tmp_path, unplotted):
    moments = tuple(dataclasses.replace(m, teacher=REVERSED) for m in experiment.annotations.moments)
    annotations = dataclasses.replace(experiment.annotations, moments=moments)
    path = report.write_report(dataclasses.replace(experiment, annotations=annotations), tmp_path)
    html = path.read_text(encoding="utf-8")
    assert "<bdi>Jan</bdi>" in html
    assert "\u202e" not in html
    assert "\x07" not in html


def renamed(experiment: Experiment, name: str) -> Experiment:
    corpus = dataclasses.replace(experiment.annotations.corpus, name=name)
    return dataclasses.replace(experiment, annotations=dataclasses.replace(experiment.annotations, corpus=corpus))


def test_a_world_is_said_to_be_synthetic_and_leads_to_no_video(experiment, html, tmp_path, unplotted):
    world = report.write_report(renamed(experiment, "signal"), tmp_path).read_text(encoding="utf-8")
    assert "<h1>The world “signal”</h1>" in world
    assert PLANTED["signal"] in world
    assert "youtube" not in world
    assert "youtube" not in (tmp_path / "signal" / "mistakes.csv").read_text(encoding="utf-8")
    assert "Planted" not in html
    assert "www.youtube.com/watch?v=-videoAAAAA" in html


def test_the_index_says_what_was_planted_and_what_confounds_reach(experiment, tmp_path):
    world = renamed(experiment, "length_leak")
    page = Page(report.write_index([world, experiment], tmp_path).read_text(encoding="utf-8"))
    text = "".join(page.text)
    assert text.count("Planted: ") == 1
    assert PLANTED["length_leak"] in text
    best = max(b.auc_within_video for b in experiment.views["annotated"].design.baselines)
    assert number(best) in text
    assert "Best confound, as annotated" in text


def test_the_annotated_view_counts_what_gives_no_segment(experiment, html):
    lost = next(f for f in audit_of(experiment) if f.name == "lost_continues")
    many = dataclasses.replace(lost, count=3)
    left_out = study(experiment, [many])["views"].rows[0][-1].text
    assert left_out == "3 pauses between two stops, too short for a CONTINUE"
    assert "if it lasts at least" in html
    assert "removed by design" not in html.partition("In full, to be quoted")[0]


def test_an_audit_heading_has_its_count_and_the_text_below_does_not_repeat_it(html):
    assert "<h3>Moments in which the teacher plays: 2 of 12 moments</h3>" in html
    assert "<p>2 of 12 moments" not in html


def test_too_few_relabellings_for_any_verdict_are_said(experiment, tmp_path, unplotted):
    rows = [Row(Choice("none", "clean", 2.0, 5.0, 1.0), m, 12, 10, 0.9, 0.1, 0.1, "no signal", n_permutations=19)
            for m in "AB"]  # fmt: skip
    html = report.write_report(experiment, tmp_path, sensitivity=rows).read_text(encoding="utf-8")
    assert "no row of two models can be called a signal" in html
    assert "p is not corrected" not in html


def test_windows_that_overran_their_recording_are_counted(experiment, tmp_path, unplotted):
    ids = [s.segment_id for s in experiment.annotations.segments[:2]]
    annotations = dataclasses.replace(experiment.annotations, clipped=dict(zip(ids, (0.1, 0.4), strict=True)))
    page = report.write_report(dataclasses.replace(experiment, annotations=annotations), tmp_path)
    assert "2 segments overrun their recordings, by 0.40 s at most" in page.read_text(encoding="utf-8")
