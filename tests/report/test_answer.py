"""What a report answers, and how it says it."""

import dataclasses
import re

from priosig.annotations.views import annotated_view, clean_view
from priosig.experiment.evaluation import evaluate_view
from priosig.experiment.pipeline import Experiment
from priosig.report import page as report
from priosig.report.answer import answer, strongest
from priosig.report.comparison import comparison
from tests.small_experiment import read


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


def test_an_empty_view_that_claims_rest_on_is_an_answer(experiment, tmp_path, unplotted):
    annotations = experiment.annotations
    busy = {s.segment_id: [(s.start_time, s.end_time)] for s in annotations.segments}
    settings = dataclasses.replace(annotations.corpus.settings, exploratory=True)
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
    assert (row["verdict"], row["auc_within_video"], row["exploratory"]) == ("invalid design", "nan", "true")
    assert row["sentence"].startswith("Exploratory, invalid design: this design cannot answer the question: no seg")


def test_markdown_has_the_verdicts_and_columns_that_line_up(experiment, description):
    text = report.markdown_summary(experiment)
    for model, assessment in experiment.views["clean"].assessments.items():
        assert f"- Model {model}, clean view: **{assessment.verdict.label}**" in text
    table = [line for line in text.splitlines() if line.startswith("|")]
    assert len({len(line) for line in table}) == 1
    assert "Moments in which the teacher plays: 2 of 12" in text
    assert "Annotations only" in report.markdown_summary(description)


def test_confounds_have_the_same_rows_in_every_view(experiment):
    panels = [str(panel["svg"]) for panel in comparison(experiment)["panels"]]
    names = [[w for w in re.findall(r">([^<>]+)</text>", svg) if w in ("length", "place", "level")] for svg in panels]
    assert len(names) == 2
    assert names[0] == names[1] == ["length", "place", "level"]
