"""Adding a thing touches one place: the tables, the verdict's text and the page follow (docs/extending.md)."""

from priosig.confounds.registry import CONFOUNDS, Confound
from priosig.report.page import write_report
from tests.small_experiment import read, write_experiment


def test_a_confound_is_one_row(monkeypatch, tmp_path, unplotted):
    def minute(windows):
        return [segment.start_time // 60 for segment in windows.segments]

    row = Confound("minute", "min", "the minute of the lesson", "minute", "artefact", measure=minute)
    monkeypatch.setitem(CONFOUNDS, "minute", row)
    (tmp_path / "corpus").mkdir()
    experiment = write_experiment(tmp_path / "corpus")
    page = write_report(experiment, tmp_path)
    by_name = {row["confound"]: row for row in read(page.parent, "confounds") if row["view"] == "clean"}
    assert by_name["minute"]["unit"] == "min"
    assert 0 <= float(by_name["minute"]["auc_within_video"]) <= 1
    assert "minute" in experiment.views["clean"].design.verdict.sentence
    assert "minute, min" in page.read_text(encoding="utf-8")
