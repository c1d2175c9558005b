"""The command: its arguments, its output and its exit codes."""

import os
import subprocess
import sys

import pytest

from priosig.command.main import main, parser
from priosig.experiment.corpus import open_corpus, read_annotations
from priosig.experiment.evaluation import foreseen_problems
from priosig.experiment.options import OPTIONS
from priosig.experiment.pipeline import describe
from priosig.report.page import write_report
from priosig.report.run import run_time
from tests.paths import ROOT
from tests.small_experiment import HOSTILE, write_corpus

pytestmark = pytest.mark.usefixtures("few_replicates")


@pytest.fixture(autouse=True)
def nowhere_in_particular(tmp_path, monkeypatch):
    """A directory of one's own, and no settings in the environment."""
    for option in OPTIONS.values():
        monkeypatch.delenv(option.variable, raising=False)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def corpus(tmp_path):
    """Annotations and recordings."""
    (tmp_path / "corpus").mkdir()
    return write_corpus(tmp_path / "corpus", HOSTILE)


def commands() -> dict:
    """Parsers of the subcommands."""
    return next(action for action in parser()._actions if hasattr(action.choices, "values")).choices


def test_every_subcommand_has_help_and_the_words_of_the_settings(capsys):
    assert set(commands()) == {"run", "demo", "audit", "plan", "compare", "train-heads"}
    for name in commands():
        with pytest.raises(SystemExit) as ended:
            main([name, "--help"])
        assert ended.value.code == 0
        assert f"usage: priosig {name}" in capsys.readouterr().out


def test_run_takes_every_setting_of_the_suite():
    text = " ".join(commands()["run"].format_help().split())
    for name, option in OPTIONS.items():
        assert name == "corpus" or f"--{name} {name.upper()}" in text
        assert option.variable in text


def test_settings_come_from_the_line_then_the_environment(corpus, tmp_path, monkeypatch):
    looked = []
    instead = "priosig.command.run._report_annotations"
    monkeypatch.setattr(instead, lambda corpus, values: looked.append(values["report"]) or 0)
    monkeypatch.setenv("PRIOSIG_MOMENTS", str(corpus / "moments.jsonl"))
    monkeypatch.setenv("PRIOSIG_REPORT", str(tmp_path / "elsewhere"))
    assert main(["run"]) == 0
    assert main(["run", "--report", str(tmp_path / "here")]) == 0
    assert looked == [str(tmp_path / "elsewhere"), str(tmp_path / "here")]


def test_annotations_alone_give_the_report_that_the_library_writes(corpus, tmp_path, capsys):
    (corpus / "audio").rename(tmp_path / "audio")
    assert main(["run", str(corpus)]) == 0
    assert "report of hostile: .priosig/report/hostile/index.html" in capsys.readouterr().out
    experiment = describe(read_annotations(open_corpus(corpus)))
    write_report(experiment, tmp_path / "expected", run_time=run_time(), environment={"device": "none"})
    expected = tmp_path / "expected" / "hostile"
    assert {path.name for path in expected.iterdir()} <= {
        path.name for path in (tmp_path / ".priosig" / "report" / "hostile").iterdir()
    }
    for path in expected.iterdir():
        assert path.read_bytes() == (tmp_path / ".priosig" / "report" / "hostile" / path.name).read_bytes(), path.name


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("run nowhere", "nowhere: no such directory"),
        ("run", "run: no corpus"),
        ("run --device quantum", "--device quantum: expected auto"),
        ("run --audio here", "--audio was given without annotations"),
        ("run --report taken", "taken: not a directory"),
        ("audit nowhere.jsonl", "nowhere.jsonl: no such file"),
        ("plan nowhere.jsonl", "nowhere.jsonl: no such file"),
        ("compare nowhere there", "nowhere: no "),
        ("train-heads nowhere", "add --muq DIR"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_exit_code_2(words, said, tmp_path, capsys):
    (tmp_path / "taken").touch()
    assert main(words.split()) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("priosig: ")
    assert said in printed.err
    assert printed.err.count("\n") == 1


def test_what_is_mistyped_is_exit_code_2(capsys):
    for words in ("", "rum", "run --moment x", "demo nothing"):
        with pytest.raises(SystemExit) as ended:
            main(words.split())
        assert ended.value.code == 2


def test_audit_names_what_to_mend_and_shows_no_control_characters(corpus, capsys):
    assert main(["audit", str(corpus / "moments.jsonl")]) == 1
    printed = capsys.readouterr().out
    assert "12 moments, 2 videos, 12 STOP and 10 CONTINUE segments" in printed
    assert "more (--all shows them)" in printed
    assert main(["audit", "--all", "--min-continue-duration", "1", str(corpus / "moments.jsonl")]) == 1
    assert "(--all" not in capsys.readouterr().out


def test_audit_and_plan_go_by_the_settings_beside_the_annotations(corpus, capsys):
    annotations, settings = str(corpus / "moments.jsonl"), corpus / "experiment.toml"
    said = f"(settings of {settings}"
    settings.write_text("[parameters]\nequal_length = 2.0\nguard = 0\nmin_continue_duration = 7\n")
    assert main(["audit", annotations]) == 1
    printed = " ".join(capsys.readouterr().out.split())
    assert "2 videos, 12 STOP and 0 CONTINUE segments CONTINUE segments of 7 s or more" in printed
    assert said.replace(" ", "") in printed.replace(" ", "")
    assert main(["audit", annotations, "--min-continue-duration", "1"]) == 1
    printed = "".join(capsys.readouterr().out.split())
    assert "12STOPand10CONTINUEsegments" in printed
    assert f"{said},except--min-continue-duration)".replace(" ", "") in printed
    assert main(["plan", annotations, "--min-continue-duration", "1", "--features", "2"]) == 0
    printed = "".join(capsys.readouterr().out.split())
    assert "Windowsof2s,guard0s,CONTINUEsegmentsof1sormore,testsat0.05" in printed
    assert f"{said},except--min-continue-duration)".replace(" ", "") in printed
    settings.unlink()
    assert main(["plan", annotations, "--min-continue-duration", "1"]) == 2  # no window has the default's 10 s
    settings.with_suffix(".tml").touch()
    assert main(["audit", annotations]) == 2
    assert "looks like experiment.toml" in capsys.readouterr().err


def test_plan_says_how_many_videos_are_needed_in_each_view(corpus, capsys):
    words = ["plan", str(corpus / "moments.jsonl"), "--min-continue-duration", "1", "--features", "2"]
    assert main([*words, "--equal-length", "2", "--guard", "0"]) == 0
    printed = capsys.readouterr().out
    assert "for 80%" in printed
    assert "equal, windows cut to one length: 12 STOP and 10 CONTINUE windows, in 2 videos" in printed
    assert "AUC 0.65" in printed
    assert "\nbouts, a STOP beside playing" in printed
    assert "\nHere bouts lie between captions; once the audio is heard," in printed
    assert printed.endswith("else on the other\nview; here on equal.\n")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--features 0", "n_features is 0; expected 1 to 100"),
        ("--features 2049", "n_features is 2049; expected 1 to 100"),
        ("--seed -1", "seed is -1; expected a whole number of 0 or more"),
        ("--equal-length 60", "moments.jsonl: in no view can a STOP be compared with a CONTINUE of its video"),
    ],
)
def test_a_plan_that_cannot_be_made_says_why(words, said, corpus, capsys):
    length = ["--equal-length", "2", "--min-continue-duration", "1"]
    assert main(["plan", str(corpus / "moments.jsonl"), *length, *words.split()]) == 2
    assert said in capsys.readouterr().err


def test_a_pipe_that_nobody_reads_ends_in_silence(corpus):
    code = f"from priosig.command.main import main; main(['audit', '--all', {str(corpus / 'moments.jsonl')!r}])"
    command = f'{sys.executable} -c "{code}" | head -c 1'
    here = os.environ | {"PYTHONPATH": str(ROOT)}
    ended = subprocess.run(["bash", "-c", command], env=here, capture_output=True, text=True, check=True)
    assert ended.stderr == ""


def test_what_annotations_cannot_answer_is_said_before_the_run(corpus):
    videos, sets = foreseen_problems(read_annotations(open_corpus(corpus)))
    assert videos.startswith("only 2 videos with both STOP and CONTINUE windows")
    assert sets.startswith("only 12 ")


def test_ctrl_c_while_the_command_still_imports_is_one_line_and_ends_at_once():
    code = """
import atexit, os, signal, sys
from priosig.command import main
main.parser = lambda: os.kill(os.getpid(), signal.SIGINT)
atexit.register(print, "tidied up")
sys.argv = ["priosig"]
sys.exit(main.main())
"""
    here = os.environ | {"PYTHONPATH": str(ROOT)}
    ended = subprocess.run([sys.executable, "-c", code], env=here, capture_output=True, text=True)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith("priosig: broken off")
    assert ended.stderr.count("\n") == 1
