"""`priosig train-heads`: quality heads from public ratings (docs/quality_heads.md)."""

from argparse import Namespace, _SubParsersAction

from priosig._core.progress_line import ProgressLine
from priosig._core.shown import table
from priosig.command.settings import add_settings, settings_of
from priosig.extraction.muq.extractor import MuQExtractor


def add_to(commands: "_SubParsersAction") -> None:
    parser = commands.add_parser(
        "train-heads",
        help="train PercePiano quality heads for Model B",
        description="Train quality heads on PercePiano's ratings and recordings of its performances, folds by piece, "
        "and write checkpoints that --checkpoint takes, with R2 by scale beside them.",
    )
    parser.add_argument("percepiano", metavar="PERCEPIANO_DIR", help="copy of PercePiano's repository, or its labels")
    parser.add_argument("--output", default="heads", metavar="DIR", help="gets head_1.ckpt, ...; default heads")
    parser.add_argument("--audio", metavar="DIR", help="performances, <name>.wav; default PERCEPIANO_DIR/audio")
    parser.add_argument("--folds", type=int, default=4, help="folds of pieces, and so heads; default 4")
    parser.add_argument("--seed", type=int, default=0)
    add_settings(parser, ("muq", "device", "cache"))
    parser.set_defaults(do=_train)


def _train(given: Namespace) -> int:
    from priosig.extraction.train_heads import train_heads

    values = settings_of(given)
    if values["muq"] is None:
        raise ValueError("train-heads: no encoder was given; add --muq DIR, the one that the corpus is encoded with")
    extractor = MuQExtractor(values["muq"], device=values["device"], cache_dir=values["cache"])
    with ProgressLine("train-heads") as line:
        trained = train_heads(
            given.percepiano, given.output, extractor,
            audio_dir=given.audio, n_folds=given.folds, seed=given.seed, progress=line.start,
        )  # fmt: skip
    print(f"{len(trained.checkpoints)} heads in {given.output}: {trained.n_performances} performances of "
          f"{trained.n_pieces} pieces")  # fmt: skip
    if trained.without_audio:
        print(f"left out, without a recording: {len(trained.without_audio)} performances")
    rows = [("scale", "R2", "95% interval", "of the mean predictor")]
    for fit in trained.fits:
        rows.append((fit.scale, f"{fit.r2:.2f}", f"{fit.low:.2f} to {fit.high:.2f}", f"{fit.r2_of_mean:.2f}"))
    print("", *table(rows, right=(1,)), sep="\n")
    return 0
