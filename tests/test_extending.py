"""Adding a thing touches one place: the tables, the verdict's text and the page follow.

What is added is the code of docs/extending.md, run as it stands there.
"""

import ast
import dataclasses
import re
from collections import defaultdict
from pathlib import Path

import pytest

from priosig.annotations.views import annotated_view, equal_length_view
from priosig.audio.screening import Screening
from priosig.confounds.registry import CONFOUNDS, Confound
from priosig.experiment.corpus import open_corpus, read_annotations
from priosig.experiment.evaluation import evaluate_view
from priosig.experiment.feature_sets import FEATURE_SETS, FeatureSet
from priosig.experiment.pipeline import Experiment, measure_views
from priosig.experiment.sensitivity import choices
from priosig.experiment.views import VIEW_KINDS, ViewKind, cut_views, view_kind
from priosig.extraction.pooling import merge, summarise
from priosig.report import page
from priosig.report.confounds import on_average
from priosig.report.grid import figure
from priosig.report.page import Plot, write_report
from priosig.report.plots.svg import drawing, text
from priosig.report.run import environment_of
from tests.paths import ROOT
from tests.small_experiment import HOSTILE, read, write_corpus, write_experiment

SECTIONS = re.findall(r"^## (.+)\n((?:(?!## ).*\n)+)", (ROOT / "docs" / "extending.md").read_text("utf-8"), re.M)
NAMES = {
    one.__name__: one
    for one in (Confound, ViewKind, FeatureSet, Plot, equal_length_view, summarise, merge, figure, drawing, text)
}


def shown(title: str, which: int = 0):
    """The row or class that the code under a heading makes: its last statement."""
    code = re.findall(r"```python\n(.*?)```", dict(SECTIONS)[title], re.DOTALL)[which]
    body = ast.parse(code).body
    if isinstance(body[-1], ast.Expr):
        body[-1] = ast.parse(f"row = {ast.unparse(body[-1])}").body[0]
    names = {**NAMES, "dataclasses": dataclasses, "defaultdict": defaultdict}
    exec(compile(ast.Module(body, []), "extending.md", "exec"), names)
    return names["row"] if "row" in names else names[body[-1].name]


def test_an_encoder_is_one_class_and_a_heard_confound_one_row(monkeypatch, tmp_path, few_replicates):
    row = shown("A confound", 1)
    monkeypatch.setitem(CONFOUNDS, row.name, row)
    encoder = shown("An encoder")()
    (tmp_path / "corpus").mkdir()
    annotations = read_annotations(open_corpus(write_corpus(tmp_path / "corpus", HOSTILE)))
    view = annotated_view(annotations.segments)
    (features,) = measure_views(annotations, [view], encoder)
    result = evaluate_view(view, annotations.moments, annotations.corpus.settings, features)
    experiment = Experiment(annotations, {"annotated": result}, Screening({}, {}, {}))
    path = write_report(experiment, tmp_path, environment=environment_of("cpu", encoder))
    assert features.embeddings.shape == (len(annotations.segments), 48)
    assert {row["model"] for row in read(path.parent, "scores")} == {"A"}
    assert {"input": "encoder", "value": "encoder energy"} in read(path.parent, "inputs")
    assert "peak" in {row["confound"] for row in read(path.parent, "confounds")}
    assert "peak" in result.design.verdict.sentence
    html = path.read_text(encoding="utf-8")
    assert "encoder energy" in html
    assert "<em>peak</em>: the loudest sample (full scale), acoustic" in html


@pytest.fixture(scope="module")
def extended(tmp_path_factory, few_replicates) -> tuple[Experiment, Path]:
    """An experiment with one more confound, model, view and plot, and its page."""
    directory = tmp_path_factory.mktemp("extended")
    with pytest.MonkeyPatch.context() as patch:
        for table, title in ((CONFOUNDS, "A confound"), (FEATURE_SETS, "A feature set"), (VIEW_KINDS, "A view")):
            row = shown(title)
            patch.setitem(table, row.name, row)
        patch.setattr(page, "PLOTS", (*page.PLOTS, shown("A plot")))
        experiment = write_experiment(directory, n_permutations=59)  # for three models
        annotations = experiment.annotations
        half = next(view for view in cut_views(annotations.cut()) if view.name == "half")
        result = evaluate_view(half, annotations.moments, annotations.corpus.settings)
        experiment = dataclasses.replace(experiment, views=experiment.views | {"half": result})
        yield experiment, write_report(experiment, directory / "report")


@pytest.mark.parametrize("title", [title for title, _ in SECTIONS])
def test_each_is_shown_in_at_most_ten_lines(title):
    lines = [line for line in dict(SECTIONS)[title].splitlines() if line and not line.startswith("```")]
    assert 2 <= len(lines) <= 10


def test_a_confound_is_one_row(extended):
    experiment, path = extended
    by_name = {row["confound"]: row for row in read(path.parent, "confounds") if row["view"] == "clean"}
    assert by_name["minute"]["unit"] == "min"
    assert 0 <= float(by_name["minute"]["auc_within_video"]) <= 1
    assert "minute" in experiment.views["clean"].design.verdict.sentence
    assert "<em>minute</em>: the minute of the lesson (min), artefact" in path.read_text(encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:  # it has no plain words of its own
        patch.setitem(
            CONFOUNDS, "minute", Confound("minute", "min", "the minute of the lesson", "minute", "artefact")
        )
        assert re.match(r"minute is .* in a CONTINUE", on_average(experiment.views["clean"], "minute"))


def test_a_model_is_one_row(extended):
    experiment, path = extended
    models = [row["model"] for row in read(path.parent, "verdicts") if row["view"] == "clean"]
    assert models == ["design", "A", "B", "M"]
    assert "p corrected for 3 models" in experiment.views["clean"].assessments["M"].verdict.sentence
    assert "means of MuQ&#39;s frames" in path.read_text(encoding="utf-8")


def test_a_view_is_one_row(extended):
    experiment, path = extended
    assert "half" in {row["view"] for row in read(path.parent, "confounds")}
    assert "windows of half the length" in path.read_text(encoding="utf-8")
    assert "half" in {choice.view for choice in choices(experiment.annotations, "clean")}
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
