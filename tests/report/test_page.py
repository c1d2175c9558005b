"""The report says what was found, escapes what it was given, needs nothing else, and is the same every time."""

import dataclasses
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from priosig.experiment.pipeline import Experiment
from priosig.experiment.planted import PLANTED
from priosig.experiment.sensitivity import Choice, Row
from priosig.extraction.percepiano.scales import PERCEPIANO_DIMENSIONS
from priosig.report import clips
from priosig.report import models as models_section
from priosig.report import page as report
from priosig.report.audit import audit_of, by_effect
from priosig.report.listen import listen
from priosig.report.material import Material
from priosig.report.numbers import numbers
from priosig.report.plots import calibration, timeline
from priosig.report.publish import MANIFEST
from priosig.report.sensitivity import with_own
from priosig.report.study import study
from priosig.report.words import free, number
from tests.small_experiment import HOSTILE, read, with_label, with_plan

VOID = {"meta", "link", "img", "br"}
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
def speaking(experiment) -> Experiment:
    """Both models have a signal."""
    return with_label(experiment, "signal", low=0.4)


@pytest.fixture(scope="module")
def directory(speaking, tmp_path_factory) -> Path:
    path = report.write_report(
        with_plan(speaking),
        tmp_path_factory.mktemp("reports"),
        run_time="2026-01-01 12:00 UTC",
        environment={"device": HOSTILE},
        sensitivity=[Row(Choice("C", "clean", 2.0, 5.0, 0.1), "A", 12, 10, 0.51, 0.4, 0.5, "no signal")],
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
    assert len(page.all("figure")) > 8
    drawn = page.all("svg")
    assert len(drawn) >= len(page.all("figure"))  # some are drawn once more, for a phone
    assert all(a["role"] in ("img", "group") and len(a["aria-label"]) > 20 for a in drawn)
    assert len(page.all("caption")) == len(page.all("table"))
    assert all(a.get("scope") in ("col", "row", "rowgroup") for a in page.all("th"))
    assert all(a["alt"] for a in page.all("img"))
    assert all(a["aria-label"] for a in page.all("audio"))
    reached = [a for a in page.all("a") if "tabindex" not in a]
    assert all("aria-hidden" not in a for a in reached)
    assert all(a["tabindex"] == "-1" and a["aria-hidden"] == "true" for a in page.all("a") if "tabindex" in a)


def test_ids_are_unique_and_what_is_referred_to_is_there(page, html):
    ids = [a["id"] for _, a in page.elements if "id" in a]
    assert len(ids) == len(set(ids))
    references = re.findall(r'(?:href="#|url\(#|aria-labelledby=")([^")]+)', html)
    assert set(references) <= set(ids)
    for kind in ("clip-", "row-", "audit-", "plot-"):
        assert [one for one in ids if one.startswith(kind)]


def test_every_mark_of_a_timeline_leads_to_its_sound_or_its_row(speaking, html):
    timelines = re.findall(r'<figure id="plot-timeline.*?</figure>', html, flags=re.DOTALL)
    assert len(timelines) == 2
    linked = set(re.findall(r'href="#(?:clip|row)-([^"]+)"', "".join(timelines)))
    assert linked == {s.segment_id for s in speaking.claim.view.segments}
    marks = re.findall(r"<title>(?:STOP|CONTINUE) at [^<]*Model A [^<]*</title>", "".join(timelines))
    assert len(marks) == 2 * len(speaking.claim.y)  # for a desk, and for a phone
    cv, y = speaking.claim.models["A"], speaking.claim.y
    missed = sum("wrong side" in mark for mark in marks)
    assert missed == 2 * int(((cv["scores"] > 0) != y).sum())


def test_plots_take_the_colours_of_the_page(html):
    drawn = "".join(re.findall(r"<svg.*?</svg>", html, flags=re.DOTALL))
    assert "var(--stop)" in drawn
    assert not re.findall(r"#[0-9a-f]{6}\b", re.sub(r'"#[^"]*"|url\(#[^)]*\)', "", drawn))


def test_sections_are_in_the_order_of_reading_and_in_the_contents(html):
    order = [
        "rule",
        "audit",
        "listen",
        "needed",
        "choices",
        "models",
        "numbers",
        "study",
        "methods",
        "words",
        "inputs",
    ]
    assert re.findall(r'<section id="(\w+)"', html) == order
    contents = html[html.index("<nav") : html.index("</nav>")]
    assert re.findall(r'href="#(\w+)"', contents) == 2 * order
    assert contents.count('href="../index.html"') == 2


def test_the_answer_comes_first_then_what_to_do_then_the_rule_then_what_to_quote(speaking, html):
    assert html.index("Yes in these two videos") < html.index("What to do") < html.index('<section id="rule"')
    for assessment in speaking.views["clean"].assessments.values():
        sentence = report._pages().from_string("{{ s }}").render(s=assessment.verdict.sentence)
        assert html.index('<section id="rule"') < html.index(sentence)


@pytest.mark.parametrize("label", ["underpowered", "no signal", "confounded", "weak", "invalid design"])
def test_what_a_model_without_a_signal_goes_by_has_a_reason_not_to_be_read(experiment, label):
    material = Material(with_label(experiment, label))
    told = models_section.models(material)
    assert told["folded"] == [models_section.WHY_FOLDED[label].format(model) for model in "AB"]
    assert not told["open"]
    assert calibration.figures(material) == []
    notes = [cell.note for video in listen(material)["videos"] for row in video["table"].rows for cell in row]
    assert notes
    assert not any(notes)
    assert not any("wrong side" in plot.roomy for plot in timeline.figures(material))


def test_what_a_model_without_a_signal_goes_by_is_folded_under_the_reason(experiment, tmp_path):
    folded = report.write_report(with_label(experiment, "underpowered"), tmp_path).read_text(encoding="utf-8")
    models = folded[folded.index('<section id="models"') : folded.index('<section id="numbers"')]
    reason = models_section.WHY_FOLDED["underpowered"].format("A")
    assert models.index(reason) < models.index("<details") < models.index("<figure")
    assert "wrong side" not in folded
    assert "Calibration" not in folded


def test_a_finding_is_named_and_the_other_scales_are_not(html, directory):
    assert "</strong> pedal nearer to blurred before a STOP (70 times in 100, p\u00a0=\u00a00.010); p over" in html
    assert "Not interpretable" not in html
    rows = [row for row in read(directory, "coefficients") if row["view"] == "clean"]
    assert [row["scale"] for row in rows if row["finding"] == "true"] == [PERCEPIANO_DIMENSIONS[4]]
    assert {row["finding"] for row in rows} == {"true", "false"}
    assert {row["own_auc"] for row in rows} == {"0.7"}


def test_without_a_signal_of_its_model_no_scale_is_a_finding(experiment, tmp_path):
    path = report.write_report(with_label(experiment, "heterogeneous"), tmp_path)
    html = path.read_text(encoding="utf-8")
    assert "Not interpretable:</strong> without a signal of Model B no scale is a finding" in html
    assert "nearer to blurred before a STOP" not in html
    rows = [row for row in read(path.parent, "coefficients") if row["view"] == "clean"]
    assert {row["finding"] for row in rows} == {"not interpretable"}


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
    linked = {a["href"] for a in page.all("a") if a["href"].endswith((".csv", ".md"))}
    assert linked == {path.name for path in directory.iterdir()} - {"index.html", MANIFEST}


@pytest.fixture(scope="module")
def described(description, tmp_path_factory) -> Path:
    return report.write_report(description, tmp_path_factory.mktemp("described"))


def test_the_time_of_the_run_is_the_only_time(experiment, description, described, tmp_path, html):
    assert html.count("2026-01-01 12:00 UTC") == 1
    first, second = described.parent, report.write_report(description, tmp_path).parent
    names = sorted(path.name for path in first.iterdir())
    assert names == sorted(path.name for path in second.iterdir())
    assert all((first / name).read_bytes() == (second / name).read_bytes() for name in names)
    segment = experiment.annotations.segments[0]
    audio = experiment.annotations.corpus.audio
    assert clips.make_clip(segment, audio) == clips.make_clip(segment, audio)


def test_without_audio_the_page_says_so_and_leaves_out_what_needs_it(description, described):
    page = described.read_text(encoding="utf-8")
    Page(page)
    assert "Annotations only: no audio was heard" in page
    order = ["audit", "rule", "listen", "numbers", "study", "methods", "words", "inputs"]
    assert re.findall(r'<section id="(\w+)"', page) == order
    assert "--audio" in page
    assert description.claim.view.name == "equal"


def test_a_failure_has_a_page_with_its_reason(tmp_path):
    path = report.write_failure("broken", tmp_path, f"moments.jsonl:3: {HOSTILE}")
    page = Page(path.read_text(encoding="utf-8"))
    assert path == tmp_path / "broken" / "index.html"
    assert f"moments.jsonl:3: {HOSTILE}" in page.text
    assert "../index.html" in [a["href"] for a in page.all("a")]
    assert not page.all("script")


def test_the_index_leads_to_each_report(experiment, tmp_path):
    page = Page(report.write_index([experiment], tmp_path).read_text(encoding="utf-8"))
    assert "hostile/index.html" in [a["href"] for a in page.all("a")]
    assert experiment.views["clean"].assessments["B"].verdict.label in page.text


@pytest.fixture(scope="module")
def odd(experiment, tmp_path_factory) -> str:
    """The page of a study whose teachers' names turn letters round, and whose first windows overran."""
    moments = tuple(dataclasses.replace(m, teacher=REVERSED) for m in experiment.annotations.moments)
    ids = [s.segment_id for s in experiment.annotations.segments[:2]]
    clipped = dict(zip(ids, (0.1, 0.4), strict=True))
    annotations = dataclasses.replace(experiment.annotations, moments=moments, clipped=clipped)
    changed = dataclasses.replace(experiment, annotations=annotations)
    return report.write_report(changed, tmp_path_factory.mktemp("odd")).read_text(encoding="utf-8")


def test_a_text_that_would_turn_the_page_round_is_held_in_its_place(odd):
    assert "<bdi>Jan</bdi>" in odd
    assert "\u202e" not in odd
    assert "\x07" not in odd


def test_windows_that_overran_their_recording_are_counted(odd):
    assert "2 segments overrun their recordings, by 0.40 s at most" in odd


def test_only_a_word_too_long_for_any_column_is_broken():
    assert free("Benjamin Zander, Vartan Arakelian") == "<bdi>Benjamin Zander, Vartan Arakelian</bdi>"
    assert free("W" * 17) == f'<bdi class="endless">{"W" * 17}</bdi>'


def renamed(experiment: Experiment, name: str) -> Experiment:
    corpus = dataclasses.replace(experiment.annotations.corpus, name=name)
    return dataclasses.replace(experiment, annotations=dataclasses.replace(experiment.annotations, corpus=corpus))


def test_a_world_is_said_to_be_synthetic_and_leads_to_no_video(experiment, html, tmp_path):
    world = report.write_report(renamed(experiment, "signal"), tmp_path).read_text(encoding="utf-8")
    assert "<h1>The world “signal”" in world
    assert "Expected:</strong> signal." in world
    assert PLANTED["signal"] in world
    assert "youtube" not in world
    assert "youtube" not in (tmp_path / "signal" / "mistakes.csv").read_text(encoding="utf-8")
    assert "Planted" not in html
    assert "www.youtube.com/watch?v=-videoAAAAA" in html


def test_the_index_says_what_is_expected_and_what_could_not_be_run(experiment, tmp_path):
    world = renamed(experiment, "length_leak")
    path = report.write_index([world, experiment], tmp_path, {"broken": f"moments.jsonl:3: {HOSTILE}"})
    page = Page(path.read_text(encoding="utf-8"))
    text = "".join(page.text)
    assert text.count("Planted: ") == 1
    marks = [a["class"] for tag, a in page.elements if tag == "span" and a.get("class", "").startswith("mark ")]
    assert marks == ["mark failed"]  # its verdicts are "invalid design"
    right = report.write_index([with_label(world, "underpowered")], tmp_path / "right").read_text(encoding="utf-8")
    assert 'class="mark passed"' in right
    assert PLANTED["length_leak"] in text
    assert "no signal or underpowered" in text
    best = max(b.auc_within_video for b in experiment.views["annotated"].design.baselines)
    assert number(best) in text
    assert "broken/index.html" in [a["href"] for a in page.all("a")]
    assert HOSTILE in text


def test_the_annotated_view_counts_what_gives_no_segment(experiment, html):
    lost = next(f for f in audit_of(experiment) if f.name == "lost_continues")
    many = dataclasses.replace(lost, count=3)
    left_out = study(Material(experiment, (many,)))["views"].rows[0][-1].text
    assert left_out == "3 pauses between two stops, too short for a CONTINUE"
    assert "if it lasts at least" in html


def test_methods_to_copy_hold_the_numbers_of_the_study(speaking, directory, page):
    text = (directory / "methods.md").read_text(encoding="utf-8")
    paragraph = next(line for line in text.splitlines() if line.startswith("The annotations hold"))
    assert paragraph in "".join(page.text)
    rule = speaking.claim.assessments["A"].design.rule
    for words in (
        "12 moments in 2 videos",
        f"hash {rule.hash}",
        "39 relabellings",
        "clean view",
        "priosig 0",
        "Holm",
    ):
        assert words in text


def test_a_text_without_end_is_cut_and_unfolds(experiment, tmp_path):
    endless = "W" * 5000
    moments = tuple(
        dataclasses.replace(m, video_title=endless, teacher=endless, piece=endless, feedback_summary=endless)
        for m in experiment.annotations.moments
    )
    annotations = dataclasses.replace(experiment.annotations, moments=moments)
    path = report.write_report(dataclasses.replace(experiment, annotations=annotations), tmp_path)
    html = path.read_text(encoding="utf-8")
    Page(html)
    shown = re.sub(r"<details.*?</details>", "", html, flags=re.DOTALL)
    assert max(map(len, re.findall(r"W+", shown))) < 300
    assert endless in html


def test_the_list_of_what_to_mend_shows_the_worst_rows_of_each_finding_and_leads_to_the_rest(speaking, html):
    audit = html[html.index('<section id="audit"') : html.index('<section id="listen"')]
    first = audit[: audit.index("</table>")]
    ranked = by_effect(audit_of(speaking), speaking.views["annotated"].design)
    assert re.findall(r'href="#audit-(\w+)"', first) == [f.name for f in ranked if f.count]
    for f in audit_of(speaking):
        if f.count:
            assert f'href="#audit-{f.name}"' in first
            assert f'<details id="audit-{f.name}"' in audit
    assert first.count("youtube") == sum(min(3, len(f.problems)) for f in audit_of(speaking))
    assert not re.findall(r"[\w-]+-stop-\d+-\d+", audit)  # ids are for the table beside the page


def test_the_row_as_chosen_is_the_experiments_own(experiment, tmp_path):
    chosen = Choice("none", "clean", 2.0, 5.0, 1.0)
    other = dataclasses.replace(chosen, view="bouts"), dataclasses.replace(chosen, varied="C", C=0.1)
    rows = [Row(c, m, 12, 10, 0.9, 0.1, 0.1, "weak", n_permutations=19) for c in (chosen, *other) for m in "AB"]
    own, _, *others = with_own(rows, experiment)
    a = experiment.claim.assessments["A"]
    assert (own.any_signal_pvalue, own.beyond_confounds_pvalue) == (a.any_signal_pvalue, a.beyond_confounds_pvalue)
    assert (own.auc_within_video, own.verdict, own.n_permutations) == (a.evidence.auc, a.verdict.label, 39)
    assert others == rows[2:]
    path = report.write_report(experiment, tmp_path, sensitivity=[*rows[:2], *rows[4:]])
    html = path.read_text(encoding="utf-8")
    assert "The first row is the experiment's own, with 39 relabellings." in html
    assert "no row of two models can be called a signal" in html  # too few relabellings for any verdict
    assert "p is not corrected" not in html
    assert [row["n_permutations"] for row in read(path.parent, "sensitivity")] == ["39", "39", "19", "19"]


def test_an_interval_that_is_wide_though_the_auc_is_near_1_is_explained(experiment):
    def wide(**evidence: float) -> str:
        return numbers(Material(with_label(experiment, "signal", **evidence), ()))["wide"]

    assert "(0.48 for five)" in wide(auc=1.0, low=0.48)
    assert wide(auc=1.0, low=0.7) == wide(auc=0.8, low=0.4) == wide(auc=1.0, low=float("nan")) == ""
