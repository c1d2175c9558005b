"""Reports of a session: whatever goes wrong with one is told, and keeps nothing else from being written."""

from concurrent.futures import Future
from pathlib import Path
from types import SimpleNamespace

import pytest

from validation import reporting
from validation.options import CORPUS
from validation.runs import Case

ONE, OTHER = Case("signal"), Case("no_signal")


@pytest.fixture
def config(tmp_path, monkeypatch):
    monkeypatch.setattr(reporting, "setting", lambda config, name: str(tmp_path / "report"))
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    return SimpleNamespace(stash={CORPUS: None, reporting.RUN_TIME: "now"})


def session(outcomes: dict, *, failures: dict | None = None, environment=lambda case: {}) -> SimpleNamespace:
    """Runs whose reports were drawn, or could not be; what could not be run."""

    def start(key, function, *arguments) -> Future:
        future, outcome = Future(), outcomes[key[1]]
        future.set_exception(outcome) if isinstance(outcome, Exception) else future.set_result(outcome)
        return future

    experiments = {case: SimpleNamespace(name=case.world) for case in outcomes}
    return SimpleNamespace(
        experiments=experiments,
        described={},
        sensitivities={},
        failures=failures or {},
        environment=environment,
        background=SimpleNamespace(start=start),
    )


def test_a_report_that_cannot_be_drawn_is_told_and_the_others_are_listed(config):
    lines = reporting.write_reports(
        config, session({ONE: RuntimeError("no ink"), OTHER: (Path("there/index.html"), "### other\n")})
    )
    assert any("report of signal could not be written" in line and "no ink" in line for line in lines)
    assert "report of no_signal: there/index.html" in lines


def test_what_goes_wrong_before_a_report_is_drawn_is_told_too(config):
    def environment(case: Case) -> dict:
        raise RuntimeError("weights gone")

    lines = reporting.write_reports(config, session({ONE: (Path("x"), "")}, environment=environment))
    assert any("report of signal could not be written" in line and "weights gone" in line for line in lines)


def test_a_summary_that_cannot_be_written_is_told(config, monkeypatch, tmp_path):
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "no such directory" / "summary.md"))
    lines = reporting.write_reports(config, session({ONE: (Path("x"), "### one\n")}))
    assert any(line.startswith("GITHUB_STEP_SUMMARY could not be written: ") for line in lines)


def test_what_could_not_be_run_has_a_page_and_stands_in_the_summary(config, monkeypatch, tmp_path):
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    lines = reporting.write_reports(config, session({}, failures={ONE: "audio/v.wav: empty file"}))
    assert "could not be run; its report says why" in lines[0]
    assert "audio/v.wav: empty file" in (tmp_path / "report" / "signal" / "index.html").read_text(encoding="utf-8")
    assert "### signal\n\nCould not be run: audio/v.wav: empty file" in (tmp_path / "summary.md").read_text()


def test_a_page_of_a_failure_that_cannot_be_written_is_told(config, tmp_path):
    (tmp_path / "report").touch()  # a file where the directory should be
    (line, *_) = reporting.write_reports(config, session({}, failures={ONE: "empty file"}))
    assert line.startswith("report of signal could not be written: ")
