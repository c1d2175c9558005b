"""`priosig run` and `priosig demo`: an experiment from its corpus to its report, as `pytest validation` runs it."""

import os
import sys
from argparse import Namespace, _SubParsersAction
from pathlib import Path

from priosig._core.cache import EmbeddingCache
from priosig._core.memory import check_address_space
from priosig._core.progress_line import ProgressLine
from priosig.command.settings import add_settings, settings_of
from priosig.experiment.corpus import Corpus, read_annotations
from priosig.experiment.evaluation import foreseen_problems
from priosig.experiment.options import OPTIONS, Value, corpus_of
from priosig.experiment.pipeline import Experiment, describe, make_extractor, run_experiment
from priosig.experiment.planted import PLANTED
from priosig.experiment.sensitivity import Row, encode_ahead, sensitivity_table
from priosig.extraction.devices import find_accelerator
from priosig.report.page import write_index
from priosig.report.run import draw, draw_failure, environment_of, run_time, shortest
from priosig.report.words import visible

DEMO = "length_leak"


def add_to(commands: "_SubParsersAction") -> None:
    parser = commands.add_parser(
        "run",
        help="run the experiment on a corpus, and write its report",
        description="Run the experiment on a corpus and write its report: what pytest validation --corpus DIR runs, "
        "without its snapshots. Exits with 0 if every model's verdict is a signal in the view that claims rest on, "
        "or if there is no audio and nothing is claimed; with 1 if not; with 2 if it could not be run.",
    )
    corpus = OPTIONS["corpus"]
    parser.add_argument("corpus", nargs="?", metavar="DIR", help=f"{corpus.help} (or {corpus.variable})")
    add_settings(parser, [name for name in OPTIONS if name != "corpus"])
    parser.set_defaults(do=_run)

    parser = commands.add_parser(
        "demo",
        help="run an embedded world, whose answer is known, and write its report",
        description="Make a small synthetic masterclass whose answer is known, run it with the small MuQ that comes "
        "with priosig, and write its report. No corpus, no account and no download are needed.",
    )
    parser.add_argument(
        "world", nargs="?", default=DEMO, choices=sorted(PLANTED), metavar="WORLD",
        help=f"one of {', '.join(PLANTED)}; default {DEMO}",
    )  # fmt: skip
    add_settings(parser, ("cache", "report"))
    parser.set_defaults(do=_demo)


def _run(given: Namespace) -> int:
    values = settings_of(given)
    corpus = corpus_of(values)
    if corpus is None:
        raise ValueError("run: no corpus; give its directory, or --moments FILE, or try priosig demo")
    if corpus.audio is None:
        return _report_annotations(corpus, values)
    check_address_space()
    annotations = read_annotations(corpus)
    for problem in foreseen_problems(annotations):
        sys.stderr.write(f"priosig: whatever is heard, the verdict will be an invalid design: {problem}\n")
    accelerator = find_accelerator(values["device"])
    if accelerator is None and values["device"] not in ("auto", "cpu"):
        raise ValueError(f"--device {values['device']}: torch finds none; expected one that is there, auto, or cpu")
    device = accelerator or "cpu"
    extractor = make_extractor(corpus, device=device, cache_dir=values["cache"])
    try:
        with ProgressLine(corpus.name) as line:
            encode_ahead(annotations, extractor, progress=line.start)
            experiment = run_experiment(annotations, extractor, progress=line.start)
            rows = sensitivity_table(annotations, extractor, progress=line.start)
    except (OSError, ValueError) as error:
        directory = Path(values["report"])
        page = draw_failure(corpus, corpus.name, directory, values["cache"], str(error), run_time())
        write_index([], directory, {corpus.name: str(error)})
        raise ValueError(f"{error}; what could be said without: {shortest(page)}") from None
    _write(experiment, values, environment_of(device, extractor), rows)
    return 0 if claims_signal(experiment) else 1


def claims_signal(experiment: Experiment) -> bool:
    """Whether the suite would claim a signal: in the view that claims rest on, of every model that could be run."""
    claim = experiment.claim
    return claim.refusal is None and all(one.verdict.label == "signal" for one in claim.assessments.values())


def _report_annotations(corpus: Corpus, values: dict[str, Value]) -> int:
    """Report on annotations alone; nothing is claimed, so nothing fails."""
    with ProgressLine(corpus.name) as line:
        experiment = describe(read_annotations(corpus), EmbeddingCache(values["cache"]), progress=line.start)
    _write(experiment, values, environment_of("", None), ())
    return 0


def _demo(given: Namespace) -> int:
    from priosig.worlds.embedded import open_world, run_world, small_extractor, vary_world

    check_address_space()
    # So small a model is quicker with one thread, and its last bits are then those of the suite.
    os.environ["OMP_NUM_THREADS"] = "1"
    values, directory = settings_of(given), Path(".priosig") / "worlds" / given.world
    with ProgressLine(given.world) as line:
        experiment = run_world(given.world, directory, values["cache"], progress=line.start)
        rows = vary_world(given.world, directory, values["cache"], progress=line.start)
    extractor = small_extractor(open_world(given.world, directory), values["cache"])
    _write(experiment, values, environment_of("cpu", extractor), rows)
    return 0


def _write(
    experiment: Experiment, values: dict[str, Value], environment: dict[str, str], rows: "tuple | list[Row]"
) -> None:
    directory = Path(values["report"])
    page, summary = draw(experiment, directory, run_time(), environment, rows)
    write_index([experiment], directory)
    print(visible(f"report of {experiment.name}: {shortest(page)}\n\n{summary}"), end="")
