"""`priosig plan`: how many videos a study needs, from annotations alone."""

from argparse import Namespace, _SubParsersAction

from priosig.annotations.moments import load_moments
from priosig.annotations.segments import identify_segments, labels_of
from priosig.command.settings import add_shortest
from priosig.front.plan import plan


def add_to(commands: "_SubParsersAction") -> None:
    """Add the subcommand."""
    parser = commands.add_parser(
        "plan",
        help="say how many videos a study needs, from annotations alone",
        description="Say how likely a signal of a known strength is to be found, by number of videos like those that "
        "are annotated. Needs no audio; takes seconds.",
    )
    parser.add_argument("moments", metavar="FILE", help="annotations (moments.jsonl)")
    parser.add_argument("--features", type=int, default=19, metavar="N", help="of the probe; default 19, Model B's")
    parser.add_argument("--seed", type=int, default=0)
    add_shortest(parser)
    parser.set_defaults(do=_plan)


def _plan(given: Namespace) -> int:
    segments = identify_segments(load_moments(given.moments), given.min_continue_duration)
    videos = [segment.video_id for segment in segments]
    names = {"group": "video"}
    print(plan(labels_of(segments), videos, names=names, n_features=given.features, seed=given.seed))
    return 0
