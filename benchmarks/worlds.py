"""How often each embedded world comes out as it was made to: `python -m benchmarks.worlds --seeds 5`.

The suite holds one draw of each world. A verdict of level 5 % errs in some draws, so a claim about one draw says
little of the next: this runs the whole pipeline, audio and all, on several draws of every world and prints the
verdicts by view, with how many draws gave each. Worlds lie in a temporary directory; embeddings are not kept.
"""

import argparse
import os
import tempfile
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from priosig.experiment.corpus import open_corpus, read_annotations
from priosig.experiment.pipeline import run_experiment
from priosig.extraction.muq.extractor import MuQExtractor
from priosig.report.table_text import aligned
from priosig.worlds.embedded import FIXTURES
from priosig.worlds.worlds import WORLDS, make_world


def verdicts(world: str, seed: int) -> dict[tuple[str, str], str]:
    """Verdict by view and model in one draw of a world."""
    with tempfile.TemporaryDirectory() as directory:
        make_world(world, directory, seed=seed)
        corpus = open_corpus(directory, muq=str(FIXTURES / "muq_small"), checkpoints=[FIXTURES / "checkpoints"])
        views = run_experiment(read_annotations(corpus), MuQExtractor(corpus.muq, device="cpu")).views
    return {
        (name, model): one.verdict.label for name, view in views.items() for model, one in view.assessments.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seeds", type=int, default=5, help="draws of each world, seeds 0 to this less one")
    parser.add_argument("--worlds", nargs="+", choices=WORLDS, default=WORLDS)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"  # of the workers
    spawn = get_context("spawn")
    rows = [("world", "view", "model", f"verdicts in {options.seeds} draws")]
    with ProcessPoolExecutor(options.workers, mp_context=spawn) as pool:
        calls = {world: [pool.submit(verdicts, world, s) for s in range(options.seeds)] for world in options.worlds}
        for world, futures in calls.items():
            draws = [future.result() for future in futures]
            for view, model in dict.fromkeys(key for draw in draws for key in draw):
                counts = Counter(draw.get((view, model), "not run") for draw in draws)
                rows.append((world, view, model, ", ".join(f"{n} {label}" for label, n in counts.most_common())))
            print(f"{world}: done", flush=True)
    print("\n".join(aligned(rows)))


if __name__ == "__main__":
    main()
