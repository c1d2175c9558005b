"""A view with hardly any STOP is evaluated as far as it goes, and the report says so."""

import dataclasses

import pytest

from priosig.experiment.evaluation import evaluate_view
from priosig.report.page import write_report
from tests.small_experiment import noise, read


def with_stops(view, n):
    """The view with its first `n` STOPs and every CONTINUE."""
    stops = [k for k, segment in enumerate(view.segments) if segment.label == "stop"]
    rows = [k for k in range(len(view.segments)) if k not in stops[n:]]
    return dataclasses.replace(
        view, segments=tuple(view.segments[k] for k in rows), source_ids=tuple(view.source_ids[k] for k in rows)
    )


@pytest.mark.parametrize("n", [0, 1, 2])
def test_stops_in_one_video_or_none_make_a_design_invalid_and_not_a_run_fail(experiment, n, tmp_path):
    view = with_stops(experiment.views["clean"].view, n)
    annotations = experiment.annotations
    result = evaluate_view(view, annotations.moments, annotations.corpus.settings, noise(view))
    assert result.coefficients is None
    verdicts = [result.refusal] if n == 0 else [one.verdict for one in result.assessments.values()]
    assert {verdict.label for verdict in verdicts} == {"invalid design"}
    write_report(dataclasses.replace(experiment, views=experiment.views | {"clean": result}), tmp_path)
    rows = [row for row in read(tmp_path / "hostile", "verdicts") if row["view"] == "clean"]
    assert {row["verdict"] for row in rows} == {"invalid design"}
    assert not [row for row in read(tmp_path / "hostile", "coefficients") if row["view"] == "clean"]
