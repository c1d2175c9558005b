"""What one session of the suite runs: the cases, each computed once, on the device that it names.

Worlds run in the background (`validation.harness.background`). A corpus, and whatever runs on an accelerator, has the
whole machine to itself.
"""

import os
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import pytest

from priosig._core.cache import EmbeddingCache
from priosig._core.memory import want_of_memory
from priosig.experiment.corpus import Annotations, Corpus, read_annotations
from priosig.experiment.pipeline import Experiment, describe, make_extractor, run_experiment
from priosig.experiment.sensitivity import Row, encode_ahead, sensitivity_table
from priosig.extraction.muq.extractor import MuQExtractor
from priosig.report.run import environment_of
from priosig.worlds import embedded
from priosig.worlds.worlds import WORLDS
from validation.harness.background import Background
from validation.harness.options import CORPUS, ROOT, setting
from validation.harness.progress import progress_line

T = TypeVar("T")
WORLDS_AT = ROOT / ".priosig" / "worlds"
SMALL_MUQ = embedded.FIXTURES / "muq_small"
SMALL_HEADS = embedded.FIXTURES / "checkpoints"


@dataclass(frozen=True)
class Case:
    """One experiment: an embedded world, or (None) the corpus; on the CPU or on the accelerator."""

    world: str | None
    gpu: bool = False

    @property
    def id(self) -> str:
        """How pytest shows it."""
        return f"{self.world or 'corpus'}{'@gpu' if self.gpu else ''}"


def wants_gpu(config: pytest.Config) -> bool:
    """Whether `-m` speaks of the mark `gpu`."""
    return re.search(r"(?<!\bnot )\bgpu\b", config.option.markexpr or "") is not None


def described_cases(config: pytest.Config) -> list[Case]:
    """Cases that need no audio: the corpus, or else the worlds."""
    return [Case(None)] if config.stash[CORPUS] is not None else [Case(world) for world in WORLDS]


def experiment_cases(config: pytest.Config, accelerator: str | None) -> list[Case]:
    """What is run: the corpus on the best device, or the worlds on the CPU; the worlds on any accelerator too."""
    on_gpu = accelerator is not None or wants_gpu(config)
    has_corpus = config.stash[CORPUS] is not None
    first = [Case(None, gpu=on_gpu)] if has_corpus else [Case(world) for world in WORLDS]
    return first + [Case(world, gpu=True) for world in WORLDS if on_gpu]


def worlds_at(cache: str | None) -> Path:
    """Where worlds are written: in the checkout, or in the cache if this user may not write there."""
    if cache is None:
        return WORLDS_AT
    there = next(path for path in (WORLDS_AT, *WORLDS_AT.parents) if path.exists())
    return WORLDS_AT if os.access(there, os.W_OK) else Path(cache) / "worlds"


def open_world(world: str, cache: str | None = None) -> Corpus:
    """Write an embedded world, or find it written, and open it with the small MuQ and its heads."""
    return embedded.open_world(world, worlds_at(cache) / world)


def run_world(world: str, cache: str) -> Experiment:
    """Run a world on the CPU."""
    return embedded.run_world(world, worlds_at(cache) / world, cache)


def vary_world(world: str, cache: str) -> list[Row]:
    """Make the sensitivity table of a world."""
    return embedded.vary_world(world, worlds_at(cache) / world, cache)


class Runs:
    """The results of this session, each computed when first asked for and only once, also if it failed.

    Attributes
    ----------
    accelerator : str or None
        What cases marked `gpu` run on.
    described, experiments : dict of Case to Experiment
        What was looked at without audio, and what was run.
    sensitivities : dict of Case to list of Row
        Their sensitivity tables, those that were asked for.
    varied : frozenset of Case
        Those whose sensitivity table was asked for.
    failures : dict of Case to str
        What could not be, and why.
    """

    def __init__(self, config: pytest.Config, accelerator: str | None):
        self.config = config
        self.accelerator = accelerator
        self.described: dict[Case, Experiment] = {}
        self.experiments: dict[Case, Experiment] = {}
        self.sensitivities: dict[Case, list[Row]] = {}
        self.failures: dict[Case, str] = {}
        self._corpora: dict[str | None, Corpus] = {None: config.stash[CORPUS]}
        self._annotations: dict[str | None, Annotations] = {}
        self._extractors: dict[Case, MuQExtractor] = {}
        self.varied: frozenset[Case] = frozenset()
        self.cache = setting(config, "cache")
        self.background = Background()

    def begin(self, cases: Iterable[Case], varied: Iterable[Case]) -> None:
        """Start the worlds among what will be asked for: experiments first, then sensitivity tables."""
        self.varied = frozenset(varied)
        for function, asked in ((run_world, cases), (vary_world, varied)):
            for case in asked:
                if case.world is not None and not case.gpu:
                    self.background.start((function, case.world), function, case.world, self.cache)

    def corpus(self, case: Case) -> Corpus:
        """The corpus of a case; a world is written first, by its run if there is one."""
        if case.world not in self._corpora:
            begun = self.background.begun((run_world, case.world))
            # What went wrong in the run is the run's to tell.
            ran = begun is not None and begun.exception() is None
            self._corpora[case.world] = (
                begun.result().annotations.corpus if ran else open_world(case.world, self.cache)
            )
        return self._corpora[case.world]

    def snapshots(self, case: Case) -> Path:
        """Directory of its snapshots: a world's in the suite, a corpus's beside its data."""
        directory, moments = setting(self.config, "corpus"), self.corpus(case).moments
        if case.world is not None:
            return ROOT / "validation" / "snapshots" / case.world
        return Path(directory) / "snapshots" if directory else moments.with_name(f"{moments.stem}-snapshots")

    def annotations(self, case: Case) -> Annotations:
        """Its moments and segments."""
        if case.world not in self._annotations:
            self._annotations[case.world] = read_annotations(self.corpus(case))
        return self._annotations[case.world]

    def description(self, case: Case) -> Experiment:
        """The experiment as far as it goes without audio."""
        return self._once(self.described, case, lambda: self._describe(case))

    def experiment(self, case: Case) -> Experiment:
        """The experiment; the test is skipped if there is no audio."""
        if self.corpus(case).audio is None:
            pytest.skip(f"corpus {self.corpus(case).name} has no audio (--audio DIR or --corpus DIR gives it some)")
        return self._once(self.experiments, case, lambda: self._run(case))

    def sensitivity(self, case: Case) -> list[Row]:
        """Its sensitivity table; the test is skipped if there is no audio."""
        self.experiment(case)
        return self._once(self.sensitivities, case, lambda: self._vary(case))

    def environment(self, case: Case) -> dict[str, str]:
        """What a case ran on, for its report."""
        return environment_of(self.device_of(case), self.extractor(case) if case in self.experiments else None)

    def device_of(self, case: Case) -> str:
        """What a case runs on."""
        return self.accelerator if case.gpu else "cpu"

    def extractor(self, case: Case) -> MuQExtractor:
        """The encoder of a case; one, so that its model is loaded once."""
        if case not in self._extractors:
            self._extractors[case] = make_extractor(
                self.corpus(case), device=self.device_of(case), cache_dir=self.cache
            )
        return self._extractors[case]

    def _describe(self, case: Case) -> Experiment:
        with progress_line(self.config, self.corpus(case).name) as line:
            return describe(self.annotations(case), EmbeddingCache(self.cache), progress=line.start)

    def _run(self, case: Case) -> Experiment:
        if case.world is not None and not case.gpu:
            return self.background.start((run_world, case.world), run_world, case.world, self.cache).result()
        with progress_line(self.config, self.corpus(case).name) as line:
            if case in self.varied:
                encode_ahead(self.annotations(case), self.extractor(case), progress=line.start)
            return run_experiment(self.annotations(case), self.extractor(case), progress=line.start)

    def _vary(self, case: Case) -> list[Row]:
        if case.world is not None and not case.gpu:
            return self.background.start((vary_world, case.world), vary_world, case.world, self.cache).result()
        with progress_line(self.config, self.corpus(case).name) as line:
            return sensitivity_table(self.annotations(case), self.extractor(case), progress=line.start)

    def _once(self, results: dict[Case, T], case: Case, compute: Callable[[], T]) -> T:
        if case in self.failures:
            pytest.skip(f"{case.id} could not be run, as the first failure says")
        if case not in results:
            try:
                results[case] = compute()
            except (OSError, ValueError) as error:
                self.failures[case] = str(error)
            except Exception as error:
                words = want_of_memory(error)
                self.failures[case] = words or f"{type(error).__name__}: {error}"
                if words is None:
                    raise
        if case in self.failures:
            # One clear sentence for the user; a traceback would only show our own innards.
            pytest.fail(self.failures[case], pytrace=False)
        return results[case]
