"""Snapshots hold every view and model of the experiment."""

import dataclasses
import math

import pytest

from validation.harness.findings import HEARD, SILENT
from validation.harness.snapshots import Facts, Table


def about(content: Facts | Table, view: str) -> set:
    """Keys of facts or numbers that name a view."""
    if isinstance(content, Table):
        return {key[1:] for key in content.rows if key[0] == view}
    return {name.removeprefix(f"{view} ") for name in content.sections["views"] if name.startswith(f"{view} ")}


@pytest.mark.parametrize("file", [*SILENT, *HEARD])
def test_a_view_that_is_added_is_held_like_the_others(file, experiment):
    clean = experiment.views["clean"]
    twin = dataclasses.replace(clean, view=dataclasses.replace(clean.view, name="other"))
    more = dataclasses.replace(experiment, views=experiment.views | {"other": twin})
    content = (SILENT | HEARD)[file](more)
    assert about(content, "clean")
    assert about(content, "other") == about(content, "clean")


@pytest.mark.parametrize("file", ["verdicts.yml", "metrics.csv", "videos.csv"])
def test_a_model_that_is_added_is_held_like_the_others(file, experiment):
    clean = experiment.views["clean"]
    twin = dataclasses.replace(
        clean,
        models=clean.models | {"C": clean.models["A"]},
        assessments=clean.assessments | {"C": clean.assessments["A"]},
    )
    content = HEARD[file](dataclasses.replace(experiment, views={"clean": twin}))
    names = [" ".join(key) if isinstance(key, tuple) else key for key in about(content, "clean")]
    of = {model: {name.removeprefix(model) for name in names if name.startswith(f"{model} ")} for model in "AC"}
    assert of["A"]
    assert of["C"] == of["A"]


def test_every_segment_has_a_line_to_the_millisecond(description):
    segments = SILENT["corpus.yml"](description).sections["segments"]
    assert len(segments) == len(description.annotations.segments)
    assert segments["videoBBBBBB videoBBBBBB-1 stop"] == "14.000 to 17.000 s"
    assert segments["videoBBBBBB videoBBBBBB-1 continue"] == "20.000 to 26.000 s"


def test_a_metric_without_bound_is_held_where_it_does_not_exist(experiment):
    clean = experiment.views["clean"]
    rows = HEARD["metrics.csv"](experiment).rows
    assert ("clean", "A", "calibration_slope") not in rows
    summary = dataclasses.replace(clean.models["A"]["summary"], calibration_slope=math.nan)
    models = clean.models | {"A": clean.models["A"] | {"summary": summary}}
    changed = dataclasses.replace(experiment, views={"clean": dataclasses.replace(clean, models=models)})
    assert math.isnan(HEARD["metrics.csv"](changed).rows["clean", "A", "calibration_slope"][0])


def test_why_a_model_was_not_run_is_held(experiment):
    views = HEARD["verdicts.yml"](experiment).sections["views"]
    assert views["annotated A was not run"] == "no audio"


def test_two_pairs_of_a_video_may_change_sides(experiment):
    rows, result = HEARD["videos.csv"](experiment).rows, experiment.views["clean"]
    labels = {
        video: [y for y, v in zip(result.y, result.video_ids, strict=True) if v == video]
        for video in result.video_ids
    }
    for video, y in labels.items():
        assert rows["clean", "A", video, "auc"].least == 2 / (y.count(0) * y.count(1))
    sets = dataclasses.replace(result, view=dataclasses.replace(result.view, matched=True))
    rows = HEARD["videos.csv"](dataclasses.replace(experiment, views={"clean": sets})).rows
    for video in labels:
        held = [
            s for s, v in zip(zip(sets.view.set_ids, sets.y, strict=True), sets.video_ids, strict=True) if v == video
        ]
        pairs = [(a, b) for a in held for b in held if a[0] == b[0] and (a[1], b[1]) == (1, 0)]
        assert rows["clean", "A", video, "auc"].least == (2 / len(pairs) if pairs else 0.0)
