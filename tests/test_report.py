"""The report says what was found, escapes what it was given, needs nothing else, and is the same every time."""

import csv
import dataclasses
import json
import re
import wave
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from priosig import plots, plots_models, report, report_clips, report_mistakes
from priosig.annotations import read_annotations
from priosig.coefficients import Cluster, CoefficientTable, Weight
from priosig.corpus import open_corpus
from priosig.dimensions import PERCEPIANO_DIMENSIONS
from priosig.evaluation import evaluate_view
from priosig.experiment import Experiment, describe
from priosig.features import Features
from priosig.planted import PLANTED
from priosig.report_answer import ANSWERS, answer, strongest
from priosig.report_comparison import comparison
from priosig.report_mistakes import worst_mistakes
from priosig.report_page import audit_of, study
from priosig.report_tables import experiment_tables
from priosig.report_words import number
from priosig.screening import Screening
from priosig.segments import labels_of
from priosig.sensitivity import Choice, Row
from priosig.views import annotated_view, clean_view

HOSTILE = "<script>alert(1)</script>\"><img src=x onerror=alert(2)> $\\frac{a}{b}$ {{ 7*7 }} & ' ]]> 日本"
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


def write_corpus(directory: Path, texts: str) -> Path:
    """Two videos of six moments, a stop every 12 s, with recordings of noise.

    ::

        0    2       5   6     8        12   14      17 ...
        CONT.[playing )  [fb   )  CONT.      [playing )
    """
    rng = np.random.default_rng(0)
    rows = []
    for video in ("-videoAAAAA", "videoBBBBBB"):
        for k in range(6):
            t = 12.0 * k
            rows.append(
                {
                    "moment_id": f"{video}-{k}", "video_id": video, "teacher": texts, "piece": texts,
                    "feedback_summary": texts, "video_title": texts, "musical_dimension": texts, "severity": texts,
                    "playing_before_start": t + 2, "playing_before_end": t + 5, "stop_timestamp": t + 6,
                    "feedback_start": t + 6, "feedback_end": t + 8, "confidence": None, "demonstrated": k == 0,
                    "transcript_text": f"[{t:.1f}s] {texts}\n[{t + 6:.1f}s] {texts}\n[{t + 11.5:.1f}s] ♪",
                }
            )  # fmt: skip
        path = directory / "audio" / f"{video}.wav"
        path.parent.mkdir(exist_ok=True)
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(8000)
            file.writeframes(rng.integers(-3000, 3000, 70 * 8000).astype("<i2").tobytes())
    (directory / "moments.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    (directory / "experiment.toml").write_text(
        'name = "hostile"\n[parameters]\nn_permutations = 39\nequal_length = 2.0\n', encoding="utf-8"
    )
    return directory


def noise(view) -> tuple[Features, np.ndarray]:
    """Features of a view with a little signal, and its share of talk."""
    rng = np.random.default_rng(1)
    y = np.array(labels_of(view.segments))
    values = rng.normal(size=(len(y), 27))
    embeddings = (values[:, :8] + 0.5 * y[:, None]).astype(np.float32)
    return Features(embeddings, values[:, 8:], {"level": rng.normal(-30, 3, len(y))}), np.zeros(len(y))


@pytest.fixture(scope="module")
def experiment(tmp_path_factory: pytest.TempPathFactory) -> Experiment:
    """What `run_experiment` would find in noise; the annotated view was not heard, one scale is called stable."""
    corpus = open_corpus(write_corpus(tmp_path_factory.mktemp("corpus"), HOSTILE))
    annotations = read_annotations(corpus)
    clean = clean_view(annotations.segments, {s.segment_id: [] for s in annotations.segments}, 2.0, 0.5)
    weights = tuple(
        Weight(name, 0.1, 0.1, 1.0, 0.01 if k == 4 else 0.9, 0.2, k == 4, 0)
        for k, name in enumerate(PERCEPIANO_DIMENSIONS)
    )
    table = CoefficientTable(weights, (Cluster(PERCEPIANO_DIMENSIONS, 0.05, 0.01),), 19)
    annotated = evaluate_view(annotated_view(annotations.segments), annotations.moments, corpus.settings)
    heard = evaluate_view(clean, annotations.moments, corpus.settings, *noise(clean))
    views = {"annotated": annotated, "clean": dataclasses.replace(heard, coefficients=table)}
    return Experiment(annotations, views, Screening({}, {}))


@pytest.fixture(scope="module")
def description(experiment: Experiment) -> Experiment:
    return describe(experiment.annotations)


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


def read(directory: Path, name: str) -> list[dict[str, str]]:
    with (directory / f"{name}.csv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


@pytest.fixture
def unplotted(monkeypatch):
    """Plots are left blank: they take most of the time, and a text beside them does not ask for them."""
    for module in (plots, plots_models):
        monkeypatch.setattr(module, "panel", lambda draw, **size: '<svg width="360" aria-hidden="true"></svg>')


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
    assert report_clips.make_clip(segment, audio) == report_clips.make_clip(segment, audio)


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


def test_markdown_has_the_verdicts_and_columns_that_line_up(experiment, description):
    text = report.markdown_summary(experiment)
    for model, assessment in experiment.views["clean"].assessments.items():
        assert f"- Model {model}, clean view: **{assessment.verdict.label}**" in text
    table = [line for line in text.splitlines() if line.startswith("|")]
    assert len({len(line) for line in table}) == 1
    assert "Moments in which the teacher plays: 2 of 12" in text
    assert "Annotations only" in report.markdown_summary(description)


def test_the_worst_mistakes_are_on_the_wrong_side_and_in_order(experiment):
    view = experiment.views["clean"]
    found = worst_mistakes(experiment, view, n=3)
    assert found
    for mistake in found:
        assert (mistake.score > 0) != (mistake.segment.label == "stop")
        assert mistake.moment.video_id == mistake.segment.video_id
    for model in ("A", "B"):
        scores = view.models[model]["scores"]
        ours = [m for m in found if m.model == model and m.segment.label == "stop"]
        wrong = sorted(scores[(view.y == 1) & (scores <= 0)])
        assert [m.score for m in ours] == pytest.approx(wrong[:3])
        assert [m.rank for m in ours] == list(range(1, len(ours) + 1))


def test_a_recording_that_is_gone_leaves_its_reason_in_place_of_the_sound(experiment, tmp_path, unplotted):
    corpus = dataclasses.replace(experiment.annotations.corpus, audio=tmp_path)
    moved = dataclasses.replace(experiment, annotations=dataclasses.replace(experiment.annotations, corpus=corpus))
    clips = [
        row["clip"] for group in report_mistakes.mistakes(moved, moved.views["clean"], 1) for row in group["rows"]
    ]
    assert all(clip is None or "no recording of video" in clip for clip in clips)
    assert any(clips)


def test_all_mistakes_are_in_their_table(experiment):
    table = experiment_tables(experiment, ())["mistakes"]
    view = experiment.views["clean"]
    wrong = sum(int(((cv["scores"] > 0) != (view.y == 1)).sum()) for cv in view.models.values())
    assert len(table.rows) == wrong > 0


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


def leaking(experiment: Experiment, label: str) -> Experiment:
    """Both models have the verdict `label`, and as annotated the length alone ranks 96 pairs of 100 right."""
    annotated, clean = experiment.views["annotated"], experiment.views["clean"]
    length = dataclasses.replace(annotated.design.baselines[0], name="length", auc_within_video=0.96)
    evidence = dataclasses.replace(annotated.design.evidence, confound_auc=0.96, confound_pvalue=0.01)
    design = dataclasses.replace(annotated.design, baselines=(length,), evidence=evidence)
    assessments = {
        model: dataclasses.replace(a, verdict=dataclasses.replace(a.verdict, label=label))
        for model, a in clean.assessments.items()
    }
    views = {
        "annotated": dataclasses.replace(annotated, design=design, models=clean.models),
        "clean": dataclasses.replace(clean, assessments=assessments),
    }
    return dataclasses.replace(experiment, views=views)


def test_the_answer_names_the_leak_that_a_result_lives_on(experiment):
    head = answer(leaking(experiment, "underpowered"))
    assert head["short"] == "Not shown."
    assert "the length of the window gives away" in head["sentence"]
    assert "the length of the window alone does so 96 times in 100, without a note of music" in head["why"][0]


def test_an_answer_is_as_strong_as_its_strongest_model_and_names_the_other(experiment):
    assert strongest(["no signal", "confounded"]) == "confounded"
    signal = leaking(experiment, "signal")
    assert answer(signal)["sentence"].startswith("Models A and B tell a STOP from the playing")
    clean = signal.views["clean"]
    other = dataclasses.replace(clean.assessments["B"].verdict, label="underpowered")
    assessments = clean.assessments | {"B": dataclasses.replace(clean.assessments["B"], verdict=other)}
    views = signal.views | {"clean": dataclasses.replace(clean, assessments=assessments)}
    head = answer(dataclasses.replace(signal, views=views))
    assert head["short"] == "Yes."
    assert head["sentence"].startswith("Model A tells a STOP from the playing")
    assert head["sentence"].endswith("(Model B: underpowered.)")


def test_what_became_of_a_confound_is_said_once_and_outside_of_the_verdicts(experiment):
    head = answer(experiment)
    assert not any("[" in model["text"] for model in head["models"])
    told = [name for _, names in head["fates"] for name in names.split(", ")]
    assert len(told) == len(set(told))
    assert {"place", "level"} <= set(told)


def test_confounds_have_the_same_rows_in_every_view(experiment):
    panels = [str(panel["svg"]) for panel in comparison(experiment)["panels"]]
    names = [[w for w in re.findall(r">([^<>]+)</text>", svg) if w in ("length", "place", "level")] for svg in panels]
    assert len(names) == 2
    assert names[0] == names[1] == ["length", "place", "level"]


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


def test_an_empty_view_that_claims_rest_on_is_an_answer(experiment, tmp_path, unplotted):
    annotations = experiment.annotations
    busy = {s.segment_id: [(s.start_time, s.end_time)] for s in annotations.segments}
    settings = annotations.corpus.settings
    empty = evaluate_view(clean_view(annotations.segments, busy, 2.0), annotations.moments, settings)
    heard = dataclasses.replace(experiment.views["clean"], view=annotated_view(annotations.segments))
    talked = dataclasses.replace(experiment, views={"annotated": heard, "clean": empty})
    head = answer(talked)
    assert head["short"] == "These windows cannot answer it."
    assert any("no segment holds 2 s of playing without talk" in text for text in head["why"])
    assert "– invalid design" in report.markdown_overview([talked])
    page = report.write_report(talked, tmp_path).read_text(encoding="utf-8")
    assert "no segment holds 2 s of playing without talk" in page
    [row] = [r for r in read(tmp_path / "hostile", "verdicts") if r["view"] == "clean"]
    assert (row["verdict"], row["auc_within_video"]) == ("invalid design", "nan")


def test_windows_that_overran_their_recording_are_counted(experiment, tmp_path, unplotted):
    ids = [s.segment_id for s in experiment.annotations.segments[:2]]
    annotations = dataclasses.replace(experiment.annotations, clipped=dict(zip(ids, (0.1, 0.4), strict=True)))
    page = report.write_report(dataclasses.replace(experiment, annotations=annotations), tmp_path)
    assert "2 segments overrun their recordings, by 0.40 s at most" in page.read_text(encoding="utf-8")
