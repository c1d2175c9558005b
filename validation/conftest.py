"""Fixtures of the claims: experiments, each run once a session, and their snapshots.

`experiment` is one run of the pipeline, `description` the part of it that needs no audio. Both come once for every
case (`validation.harness.runs`): with a corpus only that corpus; without one, the embedded worlds. What runs on an
accelerator has `@gpu` in its id and the mark `gpu`.
"""

import os
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from priosig._core.interrupt import ends_soon
from priosig._core.memory import check_address_space
from priosig.experiment.evaluation import foreseen_problems
from priosig.experiment.pipeline import Experiment
from priosig.extraction.devices import find_accelerator
from priosig.report.run import draw
from priosig.worlds.worlds import WORLDS
from validation.harness.findings import HEARD, SILENT
from validation.harness.held import Held, hold_snapshot, settle, summary
from validation.harness.options import CORPUS, setting
from validation.harness.reporting import begin_report, write_reports
from validation.harness.runs import (
    Case,
    Runs,
    described_cases,
    experiment_cases,
    wants_gpu,
)
from validation.harness.snapshots import ON_ACCELERATOR, Facts, Table

HERE = Path(__file__).parent
BROKEN_OFF = "priosig: broken off, no report; what was computed is in the cache, and the next run goes on from there"
RUNS = pytest.StashKey[Runs]()
HELD = pytest.StashKey[dict[Case, Held]]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[HELD] = {}
    watch = ends_soon(BROKEN_OFF, pytest.ExitCode.INTERRUPTED)
    watch.__enter__()
    config.add_cleanup(lambda: watch.__exit__(None, None, None))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    config = metafunc.config
    if RUNS not in config.stash:
        corpus = config.stash[CORPUS]
        needs_device = corpus is None or corpus.audio is not None or wants_gpu(config)
        if needs_device:
            try:
                check_address_space()
            except ValueError as error:
                raise pytest.UsageError(str(error)) from None
        accelerator = find_accelerator(setting(config, "device")) if needs_device else None
        config.stash[RUNS] = Runs(config, accelerator)
        if corpus is None and not config.option.collectonly:
            config.stash[RUNS].background.prepare("validation.harness.imported")
    if "experiment" in metafunc.fixturenames:
        cases = experiment_cases(config, config.stash[RUNS].accelerator)
    elif metafunc.definition.get_closest_marker("gpu"):
        cases = [Case(world) for world in WORLDS]
    elif "case" in metafunc.fixturenames:
        cases = described_cases(config)
    else:
        return
    for mark in metafunc.definition.iter_markers("worlds"):
        cases = [case for case in cases if case.world in mark.args]
    params = [pytest.param(case, id=case.id, marks=pytest.mark.gpu if case.gpu else ()) for case in cases]
    if not params:
        params = [pytest.param(None, id="none", marks=pytest.mark.skip(reason="about a corpus (--corpus DIR)"))]
    metafunc.parametrize("case", params, scope="session")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what was not asked for.

    Beside a corpus, claims about embedded worlds and simulations; without `-m gpu`, those about an accelerator where
    there is none.
    """
    has_gpu = RUNS in config.stash and config.stash[RUNS].accelerator is not None
    no_gpu = not has_gpu and not wants_gpu(config)
    has_corpus = config.stash[CORPUS] is not None

    def is_asked_for(item: pytest.Item) -> bool:
        marks = {mark.name for mark in item.iter_markers()}
        embedded = HERE in item.path.parents and not is_about(item, None) and "gpu" not in marks
        return not (no_gpu and "gpu" in marks) and not (has_corpus and embedded)

    kept = [item for item in items if is_asked_for(item)]
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = kept


def is_about(item: pytest.Item, world: str | None) -> bool:
    """Whether a test is about an embedded world, or (None) a corpus."""
    case = _case_of(item)
    return case is not None and case.world == world


def _case_of(item: pytest.Item) -> Case | None:
    """The case that a test is about; None for one that is about none, or not of this suite."""
    params = item.callspec.params if hasattr(item, "callspec") else {}
    return params["case"] if isinstance(params.get("case"), Case) else None


def pytest_collection_finish(session: pytest.Session) -> None:
    """Refuse to run on another device than was asked for, and on a corpus that can't be read."""
    config = session.config
    if "hypothesis" not in sys.modules:  # no test of this session uses it, and its plugin imports it at the end
        config.pluginmanager.unregister(name="hypothesispytest")
    if config.stash[CORPUS] is not None and RUNS in config.stash and not config.option.collectonly:
        try:
            annotations = config.stash[RUNS].annotations(Case(None))  # finds every segment in its recording
        except (OSError, ValueError) as error:
            config.stash[RUNS].failures[Case(None)] = str(error)
            raise pytest.UsageError(str(error)) from None
        reporter = config.pluginmanager.get_plugin("terminalreporter")
        for problem in foreseen_problems(annotations) if reporter is not None else ():
            reporter.write_line(f"whatever is heard, the verdict will be an invalid design: {problem}", yellow=True)
    runs, device = config.stash.get(RUNS, None), setting(config, "device")
    if runs is None or runs.accelerator is not None:
        return
    if wants_gpu(config) and any(item.get_closest_marker("gpu") for item in session.items):
        raise pytest.UsageError(
            f"-m gpu: no accelerator for --device {device} (torch sees neither CUDA nor Apple MPS, or the device "
            "was named and is not there); run without -m gpu to use the CPU"
        )
    hears = config.stash[CORPUS] is None or config.stash[CORPUS].audio is not None
    asked = any("experiment" in item.fixturenames and _case_of(item) is not None for item in session.items)
    if device not in ("auto", "cpu") and hears and asked:
        raise pytest.UsageError(f"--device {device}: torch finds none; expected one that is there, auto, or cpu")


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> None:
    """Start in the background what the selected tests will ask for."""
    runs = session.config.stash.get(RUNS, None)
    if runs is None or session.config.option.collectonly:
        return
    asked = [item for item in session.items if "experiment" in item.fixturenames and _case_of(item) is not None]
    cases = dict.fromkeys(item.callspec.params["case"] for item in asked)
    varied = dict.fromkeys(item.callspec.params["case"] for item in asked if "rows" in item.fixturenames)
    runs.begin(list(cases), list(varied))
    # A module may say in `ahead` what its tests will ask of the background.
    modules: dict[object, list[pytest.Item]] = {}
    for item in session.items:
        if hasattr(getattr(item, "module", None), "ahead"):
            modules.setdefault(item.module, []).append(item)
    for module, items in modules.items():
        module.ahead(runs, items)


def pytest_keyboard_interrupt(excinfo: pytest.ExceptionInfo) -> None:
    """End in one line: to show the stack and to tidy up after torch takes seconds. The workers end by themselves."""
    if excinfo.type is KeyboardInterrupt:  # not pytest.exit
        print(flush=True)
        print(BROKEN_OFF, file=sys.stderr, flush=True)
        os._exit(pytest.ExitCode.INTERRUPTED)


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Write the snapshots that are to be written; the run fails if that can't be done.

    What no test will ask for any more (after `-x`, say) need not begin; the reports are still to come.
    """
    came_to_its_end = exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)
    for case, held in session.config.stash[HELD].items():
        failed = any(other.world == case.world for other in session.config.stash[RUNS].failures)
        broken = "the experiment could not be run" if failed else ""
        if not settle(held, broken=broken if came_to_its_end else "the run was broken off"):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
    if RUNS not in session.config.stash:
        return
    if came_to_its_end:
        session.config.stash[RUNS].background.drop(draw)
    else:
        session.config.stash[RUNS].background.end(at_once=True)


def pytest_unconfigure(config: pytest.Config) -> None:
    if RUNS in config.stash:
        config.stash[RUNS].background.end()


@pytest.fixture(scope="session")
def runs(pytestconfig: pytest.Config) -> Runs:
    """The session's results."""
    return pytestconfig.stash[RUNS]


@pytest.fixture
def description(runs: Runs, case: Case) -> Experiment:
    """What can be said of the case without audio."""
    return runs.description(case)


@pytest.fixture
def experiment(request: pytest.FixtureRequest, runs: Runs, case: Case) -> Experiment:
    """The case, run; its report is drawn while the tests go on."""
    result = runs.experiment(case)
    # A report is begun once, and after the sensitivity table where there is one.
    if case not in runs.varied and runs.background.begun((draw, case)) is None:
        begin_report(request.config, runs, case, result)
    return result


@pytest.fixture
def hold(request: pytest.FixtureRequest, runs: Runs, case: Case) -> Callable[[str, Facts | Table], None]:
    """Hold a file of the case's snapshots (`validation.harness.held`); on an accelerator, a world to the CPU's."""
    of = case if case.world else Case(None)
    known = request.config.stash[HELD]
    if of not in known:
        known[of] = Held(
            f"{runs.corpus(of).name}{' on the accelerator' if of.gpu else ''}",
            runs.snapshots(of),
            frozenset((*SILENT, *HEARD) if runs.corpus(of).audio else SILENT),
            anew=request.config.getoption("force_regen"),
            read_only="CI is set" if os.environ.get("CI") else "a run on the CPU writes them" if of.gpu else "",
        )

    def check(file: str, content: Facts | Table) -> None:
        if of.gpu and isinstance(content, Table):
            content = replace(content, tolerances=ON_ACCELERATOR)
        hold_snapshot(request, known[of], file, content)

    return check


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, exitstatus: int, config: pytest.Config
) -> None:
    lines = [line for held in config.stash[HELD].values() for line in summary(held)]
    if lines:
        terminalreporter.section("snapshots", yellow=True)
        for line in lines:
            terminalreporter.line(line)
    if RUNS in config.stash:
        lines = write_reports(config, config.stash[RUNS])
        if lines:
            terminalreporter.section("priosig")
            for line in lines:
                terminalreporter.line(line)
    if config.stash[CORPUS] is None and wants_gpu(config):
        terminalreporter.line("The real experiment was not run; pytest validation -m gpu --corpus DIR runs it.")
