"""The embedded worlds run whole: with the small MuQ and its quality heads that come with priosig, on a CPU."""

from pathlib import Path

from priosig._core.progress import Stages
from priosig.experiment.corpus import Corpus, open_corpus, read_annotations
from priosig.experiment.pipeline import Experiment, make_extractor, run_experiment
from priosig.experiment.sensitivity import Row, sensitivity_table
from priosig.extraction.muq.extractor import MuQExtractor
from priosig.worlds.worlds import make_world

_PACKAGE = Path(__file__).parents[1]
# A wheel holds them; in a checkout they lie beside the package, with the scripts that made them.
FIXTURES = next((path for path in (_PACKAGE / "fixtures", _PACKAGE.parent / "fixtures") if path.is_dir()), None)
"""Directory of the small MuQ (`muq_small`) and its quality heads (`checkpoints`)."""
# In the first draw of these the place in the video happens to tell STOP from CONTINUE, or to hide what was planted.
SEEDS = {"signal_in_bouts": 2, "louder_stops": 4}


def open_world(world: str, directory: Path) -> Corpus:
    """Write an embedded world unless it is there already; open it with the small MuQ and its heads."""
    if FIXTURES is None:
        raise FileNotFoundError(f"{_PACKAGE / 'fixtures'}: no such directory; expected the small MuQ: install again")
    make_world(world, directory, seed=SEEDS.get(world, 0))
    return open_corpus(directory, muq=str(FIXTURES / "muq_small"), checkpoints=[FIXTURES / "checkpoints"])


def run_world(world: str, directory: Path, cache: str, progress: Stages | None = None) -> Experiment:
    """Run a world on the CPU."""
    corpus = open_world(world, directory)
    return run_experiment(read_annotations(corpus), small_extractor(corpus, cache), progress=progress)


def vary_world(world: str, directory: Path, cache: str, progress: Stages | None = None) -> list[Row]:
    """Make the sensitivity table of a world, with the fewest relabellings that can reach 0.05 for two models."""
    corpus = open_world(world, directory)
    extractor = small_extractor(corpus, cache)
    return sensitivity_table(read_annotations(corpus), extractor, n_permutations=39, progress=progress)


def small_extractor(corpus: Corpus, cache: str) -> MuQExtractor:
    """The encoder of an embedded world on the CPU."""
    # So small a model spends most of its time between its products: batches pay, also on a CPU.
    return make_extractor(corpus, device="cpu", cache_dir=cache, batch_size=4)
