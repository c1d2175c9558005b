"""`priosig plan`: how many videos a study needs, from annotations alone."""

from argparse import Namespace, _SubParsersAction

from priosig._core.progress_line import ProgressLine
from priosig._core.shown import wrapped
from priosig.annotations.bouts import captioned_bouts
from priosig.annotations.moments import load_moments
from priosig.annotations.segments import identify_segments
from priosig.annotations.views import View
from priosig.command.settings import add_of_experiment, settings_beside
from priosig.experiment.evaluation import plan_view
from priosig.experiment.views import MIN_SETS, MIN_VIDEOS, Cut, cut_views, view_kind, view_of_claims
from priosig.front.plan import power_lines

_HEAD = (
    "Chance to find a signal in videos like these, by their number. AUC: what an ideal listener would reach within "
    "what is compared; independent Gaussian features, a favourable study. Last column: videos for a chance of 80%."
)

_BY_CAPTIONS = (
    "Here bouts lie between captions; once the audio is heard, talk and silence that captions miss may leave shorter "
    "bouts and fewer sets."
)


def add_to(commands: "_SubParsersAction") -> None:
    """Add the subcommand."""
    parser = commands.add_parser(
        "plan",
        help="say how many videos a study needs, from annotations alone",
        description="Say how likely a signal of a known strength is to be found, by number of videos like those that "
        "are annotated, in each view that conclusions could be drawn from: bouts of playing between the captions, "
        "and windows of one length. Needs no audio; takes seconds.",
    )
    parser.add_argument("moments", metavar="FILE", help="annotations (moments.jsonl)")
    parser.add_argument(
        "--features", type=int, default=19, metavar="N", help="of the probe, 1 to 100; default 19, Model B's"
    )
    add_of_experiment(parser, ["seed", "equal_length", "guard", "min_continue_duration"])
    parser.set_defaults(do=_plan)


def _plan(given: Namespace) -> int:
    moments = load_moments(given.moments)
    settings, source = settings_beside(given.moments, given)
    segments = identify_segments(moments, settings.min_continue_duration)
    cut = Cut(segments, settings.equal_length, settings.guard, captioned_bouts(moments))
    views = {view.name: view for view in cut_views(cut) if view_kind(view.name).claims}
    planned = {}
    with ProgressLine("plan") as line:
        for name, view in views.items():
            line.start(f"{name} view, how many videos it takes")
            planned[name] = plan_view(view, settings, n_features=given.features)
    if not any(planned.values()):
        raise ValueError(
            f"{given.moments}: in no view can a STOP be compared with a CONTINUE of its video; expected videos with "
            "both, and windows that are long enough (--equal-length)"
        )
    print(*wrapped(_HEAD), sep="\n")
    lengths = (
        f"Windows of {settings.equal_length:g} s, guard {settings.guard:g} s, CONTINUE segments of "
        f"{settings.min_continue_duration:g} s or more, tests at {settings.alpha:g} ({source})."
    )
    print(*wrapped(lengths), sep="\n")
    for name, view in sorted(views.items(), key=lambda item: -view_kind(item[0]).claims):
        power = planned[name]
        said = "nothing to compare" if power is None else _held(view)
        print("", *wrapped(f"{name}, {view_kind(name).words}: {said}", indent="  "), sep="\n")
        if power is not None:
            print(*power_lines(power, "video"), sep="\n")
    print("", *wrapped(_BY_CAPTIONS), sep="\n")
    enough = f"bouts where it holds {MIN_SETS:g} sets in {MIN_VIDEOS} videos, else on the other view"
    print("", *wrapped(f"Conclusions rest on {enough}; here on {view_of_claims(views)}."), sep="\n")
    return 0


def _held(view: View) -> str:
    """What a view compares with what, counted."""
    stops = sum(segment.label == "stop" for segment in view.segments)
    counts = f"{stops} STOP and {len(view.segments) - stops} CONTINUE windows"
    videos = len({segment.video_id for segment in view.segments})
    sets = "" if view.set_ids is None else f", in {len(set(view.set_ids))} sets"
    return f"{counts}{sets}, in {videos} video{'' if videos == 1 else 's'}"
