"""What the first screen of a report says: no surer than the interval, rendered from the verdict, with what to do."""

import dataclasses
import math

import numpy as np
import pytest

from priosig.annotations.views import annotated_view, clean_view
from priosig.experiment.evaluation import evaluate_view
from priosig.experiment.pipeline import Experiment
from priosig.inference.confounds_alone import TOGETHER
from priosig.inference.planning import PowerTable
from priosig.report import page as report
from priosig.report.answer import ANSWERS, STRENGTH, answer, because, rule_table
from priosig.report.audit import MEND, audit, audit_of, by_effect
from priosig.report.confounds import on_average, reach, telling, treatments
from priosig.report.glossary import PLAINLY
from priosig.report.material import Material
from tests.small_experiment import read, with_label, with_plan


def leaking(experiment: Experiment, label: str) -> Experiment:
    """Both models have the verdict `label`, and as annotated the length alone ranks 96 pairs of 100 right."""
    labelled = with_label(experiment, label)
    annotated, clean = labelled.views["annotated"], labelled.views["clean"]
    length = dataclasses.replace(annotated.design.baselines[0], name="length", auc_within_video=0.96, n_known=22)
    steps = tuple(
        dataclasses.replace(step, outcome="failed") if step.name == "confounds" else step
        for step in annotated.design.verdict.steps
    )
    verdict = dataclasses.replace(annotated.design.verdict, steps=steps)
    design = dataclasses.replace(annotated.design, baselines=(length,), verdict=verdict)
    annotated = dataclasses.replace(annotated, design=design, models=clean.models)
    return dataclasses.replace(labelled, views=labelled.views | {"annotated": annotated})


def head(experiment: Experiment, **more) -> dict:
    return answer(Material(experiment, audit_of(experiment), **more))


def test_the_answer_names_the_leak_that_a_result_lives_on(experiment):
    said = head(leaking(experiment, "underpowered"))
    assert said["short"] == "Not shown. With 2 videos a real difference could have been missed."
    assert "But the length of the window alone" in said["because"][0]
    assert "reaches 96 without a note of music" in said["because"][0]


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (0.27, 1.0, "Yes in these two videos; for other videos uncertain (Model A: 27 to 100 times in 100)."),
        (0.62, 0.95, "Yes, and probably in other videos too (Model A: 62 to 95 times in 100; guessing is 50)."),
        (math.nan, math.nan, "Yes in these two videos; how sure that is for others could not be computed."),
    ],
)
def test_a_yes_is_no_surer_than_its_interval(experiment, low, high, words):
    said = head(with_label(experiment, "signal", low=low, high=high))
    assert said["short"] == words
    assert said["todo"][0].what == ("Try it on new videos." if low > 0.5 else "Do not rely on these models yet.")


def test_a_sure_signal_in_data_looked_at_before_is_not_to_be_shipped(experiment):
    sure = with_label(experiment, "signal", low=0.6)
    clean = sure.views["clean"]
    evidence = dataclasses.replace(clean.design.evidence, exploratory=True)
    clean = dataclasses.replace(clean, design=dataclasses.replace(clean.design, evidence=evidence))
    said = head(dataclasses.replace(sure, views=sure.views | {"clean": clean}))
    assert said["todo"][0].what == "Do not rely on these models yet."
    assert "looked at before" in said["todo"][0].why


@pytest.mark.parametrize("label", STRENGTH)
def test_every_verdict_has_an_answer_and_something_to_do(experiment, label):
    said = head(with_label(experiment, label, low=0.4, high=0.8))
    assert said["label"] == label
    assert said["short"].endswith(".")
    assert said["short"] == ANSWERS.get(label, said["short"])
    assert said["todo"][0].what.startswith("Do not rely on these models")
    assert [words for _, words in said["verdicts"]] == [label, label]


def test_an_answer_is_as_strong_as_its_strongest_model(experiment):
    signal = with_label(experiment, "signal", low=0.4)
    clean = signal.views["clean"]
    other = dataclasses.replace(clean.assessments["B"].verdict, label="underpowered")
    assessments = clean.assessments | {"B": dataclasses.replace(clean.assessments["B"], verdict=other)}
    views = signal.views | {"clean": dataclasses.replace(clean, assessments=assessments)}
    said = head(dataclasses.replace(signal, views=views))
    assert said["short"].startswith("Yes in these")
    assert said["verdicts"] == [("Model A", "signal"), ("Model B", "underpowered")]


def test_how_many_more_videos_are_needed_is_what_the_planner_says(experiment):
    few = with_label(experiment, "underpowered", power=0.1, videos_needed=((0.7, 14), (0.65, None)))
    [todo] = [todo for todo in head(few)["todo"] if todo.link == "#needed"]
    assert todo.what == "Record about 12 more videos."
    both = few.views["clean"].assessments
    other = dataclasses.replace(both["B"].evidence, videos_needed=((0.7, 30),))
    both = both | {"B": dataclasses.replace(both["B"], evidence=other)}
    clean = dataclasses.replace(few.views["clean"], assessments=both)
    [todo] = [
        t for t in head(dataclasses.replace(few, views=few.views | {"clean": clean}))["todo"] if "Record" in t.what
    ]
    assert todo.what == "Record about 28 more videos."  # what the more demanding model needs
    assert (
        "detect a signal worth 70 in 100, over all that the features hear: 14 (Model A) and 30 (Model B)." in todo.why
    )
    beyond = dataclasses.replace(both["B"].evidence, videos_needed=((0.7, None),))
    both = both | {"B": dataclasses.replace(both["B"], evidence=beyond)}
    clean = dataclasses.replace(clean, assessments=both)
    [todo] = [
        t for t in head(dataclasses.replace(few, views=few.views | {"clean": clean}))["todo"] if "Record" in t.what
    ]
    assert todo.what == "Record more than 12 more videos."
    assert "14 (Model A) and more than were tried (Model B)." in todo.why
    unplanned = with_label(experiment, "underpowered", power=0.1)
    assert "Record more videos." in [todo.what for todo in head(unplanned)["todo"]]


@pytest.mark.parametrize(
    ("low", "words"),
    [(0.6, []), (0.4, ["The interval would be about 40 wide with 5 and 12 wide with 20 videos like these."])],
)
def test_more_videos_are_asked_for_where_the_interval_holds_guessing(experiment, low, words):
    said = head(with_plan(with_label(experiment, "signal", low=low, auc=0.7)))
    told = [todo.why for todo in said["todo"] if todo.what == "Record more videos."]
    assert told == words


def talking(experiment: Experiment) -> Experiment:
    """As annotated the talk of the transcripts tells the label and is 0.3 in a CONTINUE; length tells nothing."""
    annotated = experiment.views["annotated"]
    first = dataclasses.replace(annotated.design.baselines[0], role="artefact", curve=math.nan, curve_pvalue=math.nan)
    reached = {"length": (0.5, 1.0), "talk_heard": (0.8, 0.01), "talk_captions": (0.96, 0.01), TOGETHER: (0.99, 0.01)}
    baselines = tuple(
        dataclasses.replace(first, name=name, auc_within_video=auc, pvalue=p, n_known=len(annotated.y))
        for name, (auc, p) in reached.items()
    )
    values = annotated.confounds.values | {"talk_captions": np.where(annotated.y == 1, 0.0, 0.3)}
    confounds = dataclasses.replace(annotated.confounds, values=values)
    design = dataclasses.replace(annotated.design, baselines=baselines)
    annotated = dataclasses.replace(annotated, design=design, confounds=confounds)
    return dataclasses.replace(experiment, views=experiment.views | {"annotated": annotated})


def test_the_confounds_that_tell_the_label_are_named_the_strongest_first_with_its_means(experiment):
    talk = talking(experiment)
    assert [b.name for b in telling(talk.views["annotated"].design)] == ["talk_captions", "talk_heard"]
    said = because(Material(talk, ()))[0]
    assert "the share of talk by the transcripts alone reaches 96 without a note of music" in said
    assert "by the transcripts, talk fills 30% of a CONTINUE and 0% of a STOP on average." in said
    assert "The share of talk that is heard reaches 80 and all confounds together reach 99." in said
    assert "length" not in said


def test_a_mean_is_told_for_known_windows_and_for_both_labels_only(experiment):
    annotated = experiment.views["annotated"]
    half = np.where(np.arange(len(annotated.y)) % 2 == 0, 2.0, math.nan)
    for column, said in (
        (half, "{x} is 2.0 in a CONTINUE and 2.0 in a STOP on average"),
        (np.where(annotated.y == 1, math.nan, 2.0), ""),
    ):
        confounds = dataclasses.replace(annotated.confounds, partly_known={"{x}": column})
        assert on_average(dataclasses.replace(annotated, confounds=confounds), "{x}") == said
    assert on_average(annotated, "no such") == ""


def test_what_the_strongest_confound_comes_from_is_mended_first_and_what_tells_nothing_last(experiment):
    talk = talking(experiment)
    findings = audit_of(talk)
    ranked = [f.name for f in by_effect(findings, talk.views["annotated"].design)]
    assert (ranked[0], ranked[-1]) == ("mostly_talk", "lengths_by_class")
    assert next(f.name for f in by_effect(findings, None)) == "lengths_by_class"
    [todo] = [todo for todo in head(talk)["todo"] if todo.link == "#audit"]
    assert todo.why.startswith(
        "First: by the transcripts, talk fills 30% of a CONTINUE and 0% of a STOP on average. "
    )
    assert "gives the label away" not in todo.why
    assert todo.what == "Mend the annotations."
    lengths = tuple(f for f in findings if f.name == "lengths_by_class")
    assert not [todo for todo in answer(Material(talk, lengths))["todo"] if todo.link == "#audit"]
    table = audit(Material(talk, findings))["first"]
    notes = {row[0].text: row[0].note for row in table.rows if row[0].link}
    assert "next to nothing here (alone 50 in 100" in notes["Windows whose length gives the label away"]


def test_every_finding_says_what_to_change(experiment):
    assert set(MEND) == {f.name for f in audit_of(experiment)}


def test_the_words_of_the_first_screen_are_told_on_it(experiment):
    told = dict(head(with_label(experiment, "weak"))["words"])
    assert list(told) == ["STOP", "CONTINUE", "Model A", "Model B", "Weak", "Confound"]
    assert set(PLAINLY) == set(STRENGTH)
    assert dict(answer(Material(talking(experiment), ()))["words"])["Invalid design"] == PLAINLY["invalid design"]


def test_what_is_excluded_is_told_of_each_model_beside_the_ideal_listener(experiment):
    silent = with_label(experiment, "underpowered", high=0.85, power=0.68, hard_power=0.12)
    [said] = [text for text in because(Material(silent, ())) if "Excluded" in text]
    assert "Model A above 85 and Model B above 85 in 100" in said
    assert "an ideal listener ranks right 70 times in 100, the chance to detect it was 12% (Model A)" in said
    for other in (
        with_label(experiment, "signal", high=0.85, power=0.68),
        with_label(experiment, "underpowered", high=1.0, power=math.nan),
    ):
        assert not [text for text in because(Material(other, ())) if "Excluded" in text or "ideal" in text]


def test_the_windows_to_be_heard_are_a_link_away_from_the_first_screen(experiment, description):
    assert head(experiment)["hear"]
    assert not head(description)["hear"]


def test_the_worst_findings_of_the_audit_are_what_to_mend(experiment):
    [todo] = [todo for todo in head(experiment)["todo"] if todo.link == "#audit"]
    worst = [f for f in by_effect(audit_of(experiment), experiment.views["annotated"].design) if f.count]
    assert worst[0].name == "lengths_by_class"
    assert todo.what == "Compare windows of one length."
    assert MEND["lengths_by_class"] in todo.why
    assert f"Then: {worst[1].title[:1].lower()}{worst[1].title[1:]} (" in todo.why


def test_the_rule_is_rendered_step_by_step_as_the_verdict_has_it(experiment):
    material = Material(experiment, ())
    table = rule_table(material)
    steps = {model: a.verdict.steps for model, a in experiment.views["clean"].assessments.items()}
    assert [column.label for column in table.columns] == ["Asked", "Needed", "Model\u00a0A", "Model\u00a0B"]
    for k, row in enumerate(table.rows):
        of_all = [of[k] for of in steps.values()]
        assert row[0].text.lower() == of_all[0].asked.lower()
        assert row[1].text == of_all[0].needed
        shown = [row[2], row[3] or row[2]]
        assert row[2].note == ("" if row[3] else "both models")
        assert [cell.mark for cell in shown] == [step.outcome for step in of_all]
        assert [cell.text for cell in shown] == [step.observed or "not reached" for step in of_all]


def test_without_audio_the_rule_is_shown_as_far_as_the_design_goes(description):
    table = rule_table(Material(description, ()))
    assert [column.label for column in table.columns] == ["Asked", "Needed", "Observed"]
    marks = [row[2].mark for row in table.rows]
    assert "failed" in marks[:3]
    assert set(marks[3:]) == {"not reached"}
    design = dataclasses.replace(description.views["equal"].design, verdict=None, problems=())
    views = description.views | {"equal": dataclasses.replace(description.views["equal"], design=design)}
    valid = Material(dataclasses.replace(description, views=views), ())
    assert [row[2].mark for row in rule_table(valid).rows] == marks
    assert answer(valid)["short"] == "Not asked yet: no model was run."


def test_what_became_of_a_confound_is_said_once(experiment):
    told = [name for _, names in treatments(experiment.claim.design) for name in names.split(", ")]
    assert len(told) == len(set(told))
    assert {"place", "level"} <= set(told)


def test_all_confounds_together_are_named_one_by_one(experiment):
    clean = experiment.views["clean"]
    first = dataclasses.replace(clean.design.baselines[0], role="artefact", pvalue=0.5, curve_pvalue=0.5)
    length, place = (dataclasses.replace(first, name=name, auc_within_video=0.6) for name in ("length", "place"))
    level = dataclasses.replace(first, name="level", role="acoustic", auc_within_video=0.9)
    together = dataclasses.replace(first, name=TOGETHER, auc_within_video=0.8)
    design = dataclasses.replace(clean.design, baselines=(length, place, level, together), problems=(), verdict=None)
    views = experiment.views | {"clean": dataclasses.replace(clean, design=design)}
    said = because(Material(dataclasses.replace(experiment, views=views), ()))
    assert [
        text
        for text in said
        if "all confounds together (the length of the window and the place in the video) reach 80" in text
    ]


def test_a_confound_reaches_what_the_rule_goes_by(experiment):
    line = dataclasses.replace(experiment.claim.design.baselines[0], auc_within_video=0.5, curve=0.9, pvalue=0.8)
    assert reach(dataclasses.replace(line, curve_pvalue=0.01)) == 0.9
    assert reach(dataclasses.replace(line, curve_pvalue=0.9)) == 0.5
    assert reach(dataclasses.replace(line, curve=math.nan, curve_pvalue=math.nan)) == 0.5


def test_what_is_tied_to_the_label_is_said_with_how_far_it_alone_reaches(experiment):
    (_, auc), *_ = experiment.claim.design.evidence.tied
    [text] = [text for text in because(Material(experiment, ())) if "As these windows are defined" in text]
    assert f"the time since the last feedback (alone {100 * auc:.0f}) tells them apart too" in text
    assert (f"since feedback (alone {100 * auc:.0f} in 100)") in dict(treatments(experiment.claim.design)).values()


@pytest.mark.parametrize(("p", "said"), [(0.3, 1), (0.01, 0)])
def test_a_signal_that_may_be_no_more_than_loudness_says_so(experiment, p, said):
    signal = with_label(experiment, "signal")
    clean = signal.views["clean"]
    heard = {m: dataclasses.replace(a, beyond_acoustic_pvalue=p) for m, a in clean.assessments.items()}
    views = signal.views | {"clean": dataclasses.replace(clean, assessments=heard)}
    texts = because(Material(dataclasses.replace(signal, views=views), ()))
    assert sum("Model A and Model B may hear no more than level (alone" in text for text in texts) == said


def test_an_empty_view_that_conclusions_are_drawn_from_is_an_answer(experiment, tmp_path):
    annotations = experiment.annotations
    busy = {s.video_id: [(0.0, 1000.0)] for s in annotations.segments}
    settings = dataclasses.replace(annotations.corpus.settings, exploratory=True)
    empty = evaluate_view(clean_view(annotations.segments, busy, 2.0), annotations.moments, settings)
    heard = dataclasses.replace(experiment.views["clean"], view=annotated_view(annotations.segments))
    talked = dataclasses.replace(experiment, views={"annotated": heard, "clean": empty})
    said = head(talked)
    assert said["short"] == "These windows cannot answer it."
    assert any("no segment holds 2 s of playing without talk" in text for text in said["because"])
    assert "– invalid design" in report.markdown_overview([talked])
    page = report.write_report(talked, tmp_path).read_text(encoding="utf-8")
    assert "no segment holds 2 s of playing without talk" in page
    [row] = [r for r in read(tmp_path / "hostile", "verdicts") if r["view"] == "clean"]
    assert (row["verdict"], row["auc_within_video"], row["exploratory"]) == ("invalid design", "nan", "true")
    assert row["sentence"].startswith("Exploratory, invalid design: this design cannot answer the question: no seg")


def test_markdown_has_the_verdicts_the_rule_and_columns_that_line_up(experiment, description):
    text = report.markdown_summary(experiment)
    for model, assessment in experiment.views["clean"].assessments.items():
        assert f"- Model {model}, clean view: **{assessment.verdict.label}**" in text
    table = [line for line in text.splitlines() if line.startswith("|")]
    assert len({len(line) for line in table}) == 1
    assert len(table) == 2 + len(experiment.views["clean"].assessments["A"].verdict.steps)
    assert "Moments in which the teacher plays: 2 of 12" in text
    summary = report.markdown_summary(description)
    assert "Annotations only" in summary


def test_annotations_alone_say_how_many_videos_it_takes(description):
    unknown = np.full((2, 2), np.nan)
    plan = PowerTable((0.6, 0.7), (5, 10), unknown, (None, 7), unknown[0], unknown)
    views = {
        name: dataclasses.replace(view, planned=plan if name == "equal" else None)
        for name, view in description.views.items()
    }
    summary = report.markdown_summary(dataclasses.replace(description, views=views))
    [line] = [line for line in summary.splitlines() if "Videos like these" in line]
    assert line.endswith("80%, equal view: more than 10 for an AUC of 0.60, 7 for an AUC of 0.70.")
