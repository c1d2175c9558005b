"""Reports of a session: whatever goes wrong with one is told, and keeps nothing else from being written."""

from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from priosig.experiment.corpus import Corpus
from priosig.experiment.settings import Settings
from priosig.report.publish import publish
from validation.harness import reporting
from validation.harness.options import CORPUS
from validation.harness.runs import Case

pytestmark = pytest.mark.usefixtures("few_replicates")

UNREADABLE = Corpus("signal", Path("nowhere/moments.jsonl"), None, (), "muq", Settings())
ONE, OTHER = Case("signal"), Case("no_signal")


@pytest.fixture
def config(tmp_path, monkeypatch):
    monkeypatch.setattr(reporting, "setting", lambda config, name: str(tmp_path / "report"))
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    return SimpleNamespace(stash={CORPUS: None, reporting.RUN_TIME: "now"})


def session(
    outcomes: dict, *, failures: dict | None = None, environment=lambda case: {}, corpus: Corpus = UNREADABLE
) -> SimpleNamespace:
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
        varied=frozenset(),
        failures=failures or {},
        environment=environment,
        background=SimpleNamespace(start=start),
        corpus=lambda case: corpus,
        cache="unused",
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
    assert (
        "### signal\n\nCould not be run:\n\n```text\naudio/v.wav: empty file\n```\n"
        in (tmp_path / "summary.md").read_text()
    )


def test_a_page_of_a_failure_that_cannot_be_written_is_told(config, tmp_path):
    (tmp_path / "report").touch()  # a file where the directory should be
    (line, *_) = reporting.write_reports(config, session({}, failures={ONE: "empty file"}))
    assert line.startswith("report of signal could not be written: ")


def test_what_could_not_be_run_is_told_with_what_its_annotations_say(config, tmp_path, moment_row, moments_file):
    rows = [
        moment_row(
            moment_id=f"{video}{start}", video_id=video, playing_before_start=start, playing_before_end=start + 10,
            stop_timestamp=start + 11, feedback_start=start + 11, feedback_end=start + 15,
        )
        for video in ("videoAAAAAA", "videoBBBBBB")
        for start in (10.0, 50.0)
    ]  # fmt: skip
    corpus = replace(UNREADABLE, name="trial", moments=moments_file(*rows), settings=Settings(n_permutations=19))
    runs = session({}, failures={Case(None): "audio/v.wav: empty file"}, corpus=corpus)
    runs.cache = str(tmp_path / "cache")
    config.stash[CORPUS] = corpus
    publish(tmp_path / "report" / "trial", "trial", {"verdicts.csv": "of an earlier run"})
    reporting.write_reports(config, runs)
    page = (tmp_path / "report" / "trial" / "index.html").read_text(encoding="utf-8")
    assert page.index("The experiment could not be run") < page.index("audio/v.wav: empty file")
    assert "What to mend in the annotations" in page
    assert "earlier" not in (tmp_path / "report" / "trial" / "verdicts.csv").read_text()
    assert (
        '"could not be run","audio/v.wav: empty file"' in (tmp_path / "report" / "trial" / "inputs.csv").read_text()
    )


def test_a_report_is_not_written_over_files_of_the_users_and_that_is_told(config, tmp_path):
    (tmp_path / "report" / "signal").mkdir(parents=True)
    (tmp_path / "report" / "signal" / "index.html").write_text("a page of the user's")
    (line, *_) = reporting.write_reports(config, session({}, failures={ONE: "moments.jsonl:1: not JSON"}))
    assert "holds index.html, not as an earlier report of signal wrote it" in line
    assert (tmp_path / "report" / "signal" / "index.html").read_text() == "a page of the user's"


def test_no_control_character_of_a_message_reaches_the_terminal_or_the_summary(config, monkeypatch, tmp_path):
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    failures = {ONE: "a\x1b[2J\x07 ![x](http://x) <img src=x>\n```\nend"}
    outcomes = {OTHER: RuntimeError("no\x1b]0;ink\x07")}
    lines = reporting.write_reports(config, session(outcomes, failures=failures))
    assert any("no" in line for line in lines)
    summary = (tmp_path / "summary.md").read_text()
    assert not [c for c in "".join(lines) + summary if ord(c) < 32 and c not in "\n\t"]
    assert "````text\na ![x](http://x) <img src=x>\n```\nend\n````" in summary
