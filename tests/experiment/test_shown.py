"""An experiment shows itself on one screen."""

import csv

from matplotlib.figure import Figure

from priosig._core.shown import WIDTH
from priosig.report.material import Material
from priosig.report.tables import experiment_tables
from tests.small_experiment import HOSTILE


def test_an_experiment_is_one_screen_of_verdicts(experiment):
    lines = repr(experiment).splitlines()
    assert lines[0] == "Experiment hostile"
    assert len(lines) < 10
    assert max(map(len, lines)) <= WIDTH
    assert experiment.views["clean"].assessments["A"].verdict.label in repr(experiment)
    assert "none without audio" in repr(experiment) or "invalid design" in repr(experiment)
    assert HOSTILE not in experiment._repr_html_()


def test_its_rows_are_those_of_the_reports_table_of_verdicts(experiment):
    table = list(csv.DictReader(experiment_tables(Material(experiment))["verdicts"].to_csv().splitlines()))
    shown = [(row["view"], row["model"], row["verdict"]) for row in experiment.rows() if row["model"]]
    assert shown == [(row["view"], row["model"], row["verdict"]) for row in table if row["model"] in "AB"]


def test_its_plot_has_a_dot_for_each_model_of_each_view(experiment):
    axes = experiment.plot(Figure().add_subplot())
    assert [label.get_text() for label in axes.get_yticklabels()] == ["clean, Model A", "clean, Model B"]
