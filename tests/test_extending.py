"""Adding a thing touches one place: the tables, the verdict's text and the page follow (docs/extending.md)."""

import dataclasses
from pathlib import Path

import pytest

from priosig.annotations.views import equal_length_view
from priosig.confounds.registry import CONFOUNDS, Confound
from priosig.experiment.evaluation import evaluate_view
from priosig.experiment.feature_sets import FEATURE_SETS, FeatureSet
from priosig.experiment.pipeline import Experiment
from priosig.experiment.sensitivity import choices
from priosig.experiment.views import VIEW_KINDS, ViewKind, cut_views, view_kind
from priosig.report import page
from priosig.report.grid import figure
from priosig.report.page import Plot, write_report
from priosig.report.plots.svg import drawing, text
from tests.small_experiment import read, write_experiment


def minute(windows):
    return [segment.start_time // 60 for segment in windows.segments]


def again(cut):
    return dataclasses.replace(equal_length_view(cut.segments, cut.length), name="again")


def counts(material):
    text_of_all = f"{len(material.claim.y)} windows"
    return [
        figure("Counts", "How many.", lambda width: drawing(width, 20, [text(0, 9, text_of_all)], text_of_all), 200)
    ]


@pytest.fixture(scope="module")
def extended(tmp_path_factory) -> tuple[Experiment, Path]:
    """An experiment with a confound, a model, a view and a plot more, each added by one row, and its page."""
    directory = tmp_path_factory.mktemp("extended")
    means = FeatureSet("M", "means of MuQ's frames", lambda features: features.embeddings[:, :4])
    with pytest.MonkeyPatch.context() as patch:
        confound = Confound("minute", "min", "the minute of the lesson", "minute", "artefact", measure=minute)
        patch.setitem(CONFOUNDS, "minute", confound)
        patch.setitem(FEATURE_SETS, "M", means)
        patch.setitem(VIEW_KINDS, "again", ViewKind("again", "the same windows again", again))
        patch.setattr(page, "PLOTS", (*page.PLOTS, Plot("counts", "study", counts)))
        experiment = write_experiment(directory, n_permutations=59)  # for three models
        annotations = experiment.annotations
        views = {view.name: view for view in cut_views(annotations.cut())}
        result = evaluate_view(views["again"], annotations.moments, annotations.corpus.settings)
        experiment = dataclasses.replace(experiment, views=experiment.views | {"again": result})
        yield experiment, write_report(experiment, directory / "report")


def test_a_confound_is_one_row(extended):
    experiment, path = extended
    by_name = {row["confound"]: row for row in read(path.parent, "confounds") if row["view"] == "clean"}
    assert by_name["minute"]["unit"] == "min"
    assert 0 <= float(by_name["minute"]["auc_within_video"]) <= 1
    assert "minute" in experiment.views["clean"].design.verdict.sentence
    assert "minute, min" in path.read_text(encoding="utf-8")


def test_a_model_is_one_row(extended):
    experiment, path = extended
    models = [row["model"] for row in read(path.parent, "verdicts") if row["view"] == "clean"]
    assert models == ["design", "A", "B", "M"]
    assert "p corrected for 3 models" in experiment.views["clean"].assessments["M"].verdict.sentence
    assert "means of MuQ&#39;s frames" in path.read_text(encoding="utf-8")


def test_a_view_is_one_row(extended):
    experiment, path = extended
    assert "again" in {row["view"] for row in read(path.parent, "confounds")}
    assert "the same windows again" in path.read_text(encoding="utf-8")
    assert "again" in {choice.view for choice in choices(experiment.annotations, "clean")}
    assert experiment.claim.view.name == "clean"


def test_a_plot_is_one_row(extended):
    experiment, path = extended
    html = path.read_text(encoding="utf-8")
    study = html[html.index('<section id="study"') :]
    assert study.index('id="plot-counts"') < study.index(f"{len(experiment.claim.y)} windows</text>")


def test_an_unknown_view_is_an_error():
    with pytest.raises(
        ValueError, match="view 'dirty': there is none of that name; expected one of annotated, equal"
    ):
        view_kind("dirty")
