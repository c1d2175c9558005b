"""`priosig audit` and `priosig plan`: what annotations say without audio."""

from argparse import ArgumentParser, Namespace, _SubParsersAction
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from priosig._core.parts import find_part, refuse_misspelt
from priosig._core.progress_line import ProgressLine
from priosig._core.shown import printable, table, wrapped
from priosig.annotations.audit.checks import audit_annotations
from priosig.annotations.audit.finding import HARMS, Finding
from priosig.annotations.bouts import captioned_bouts
from priosig.annotations.moments import Moment, load_moments
from priosig.annotations.segments import Segment, identify_segments
from priosig.annotations.views import View
from priosig.experiment.evaluation import plan_view
from priosig.experiment.settings import Settings, read_settings
from priosig.experiment.views import MIN_SETS, MIN_VIDEOS, Cut, cut_views, view_kind, view_of_claims
from priosig.front.plan import power_lines

FIRST = 5  # problems of a finding that are shown
_SETTINGS = {
    "min_continue_duration": "shortest CONTINUE segment",
    "equal_length": "length of the windows",
    "guard": "kept away from the end of a window in bouts",
    "seed": "of random draws",
}
_HEAD = (
    "Chance to find a signal in videos like these, by their number. AUC: what an ideal listener would reach within "
    "what is compared; independent Gaussian features, a favourable study. Last column: videos for a chance of 80%."
)
_BY_CAPTIONS = (
    "Here bouts lie between captions; once the audio is heard, talk and silence that captions miss may leave shorter "
    "bouts and fewer sets."
)


def add_to(commands: "_SubParsersAction") -> None:
    parser = commands.add_parser(
        "audit",
        help="look for what is odd about annotations, without audio",
        description="Look for what is odd about annotations: windows that stand there twice, times that contradict "
        "each other, windows whose length tells their label, and more. Needs no audio. Exits with 1 if there is "
        "something to mend, with 0 if not, with 2 if the file can't be read.",
    )
    parser.add_argument("--all", action="store_true", help=f"every problem of a finding, not the first {FIRST}")
    _add_settings(parser, ["min_continue_duration"])
    parser.set_defaults(do=_audit)

    parser = commands.add_parser(
        "plan",
        help="say how many videos a study needs, from annotations alone",
        description="Say how likely a signal of a known strength is to be found, by number of videos like those that "
        "are annotated, in each view that conclusions could be drawn from: bouts of playing between the captions, "
        "and windows of one length. Needs no audio; takes seconds.",
    )
    parser.add_argument(
        "--features", type=int, default=19, metavar="N", help="of the probe, 1 to 100; default 19, Model B's"
    )
    _add_settings(parser, ["seed", "equal_length", "guard", "min_continue_duration"])
    parser.set_defaults(do=_plan)


def _add_settings(parser: ArgumentParser, names: Sequence[str]) -> None:
    """The file of annotations, and settings to be given in place of those of the experiment.toml beside it."""
    parser.add_argument("moments", metavar="FILE", help="annotations (moments.jsonl)")
    for name in names:
        default = getattr(Settings, name)
        parser.add_argument(
            f"--{name.replace('_', '-')}",
            type=type(default),
            metavar="SEED" if name == "seed" else "SECONDS",
            help=f"{_SETTINGS[name]}; default: that of the experiment.toml beside FILE, else {default:g}",
        )


def _read(given: Namespace) -> tuple[list[Moment], list[Segment], Settings, str]:
    """Annotations, the settings of the experiment.toml beside them or the options in their place, their source."""
    moments, directory = load_moments(given.moments), Path(given.moments).parent
    refuse_misspelt(directory, ["experiment.toml"])
    path = find_part(directory / "experiment.toml", "file", "the experiment's settings")
    settings = Settings() if path is None else read_settings(path)[1]
    chosen = {name: value for name in _SETTINGS if (value := getattr(given, name, None)) is not None}
    settings = replace(settings, **chosen)
    options = ", ".join(f"--{name.replace('_', '-')}" for name in chosen)
    source = "default settings, since no experiment.toml is beside it" if path is None else f"settings of {path}"
    source += f", except {options}" if options else ""
    return moments, identify_segments(moments, settings.min_continue_duration), settings, source


def _audit(given: Namespace) -> int:
    moments, segments, settings, source = _read(given)
    findings = audit_annotations(moments, segments, min_continue_duration=settings.min_continue_duration)
    odd = sorted((finding for finding in findings if finding.count), key=lambda one: HARMS.index(one.harm))
    stops = sum(segment.label == "stop" for segment in segments)
    videos = len({moment.video_id for moment in moments})
    print(f"{len(moments)} moments, {videos} videos, {stops} STOP and {len(segments) - stops} CONTINUE segments")
    print(*wrapped(f"CONTINUE segments of {settings.min_continue_duration:g} s or more ({source})"), sep="\n")
    for finding in odd:
        print("", *_lines(finding, len(finding.problems) if given.all else FIRST), sep="\n")
    if passed := [finding.title for finding in findings if not finding.count]:
        print("", *wrapped(f"Nothing odd: {'; '.join(passed)}."), sep="\n")
    return 1 if odd else 0


def _lines(finding: Finding, most: int) -> list[str]:
    lines = wrapped(f"{finding.title} ({finding.harm}): {finding.summary}")
    lines += wrapped(f"  {finding.effect}", indent="  ")
    shown = [
        (f"  {printable(one.id)}", "" if one.time is None else f"{one.time:.1f} s", one.detail)
        for one in finding.problems[:most]
    ]
    lines += table(shown, right=(1,)) if shown else []
    left = len(finding.problems) - len(shown)
    return [*lines, f"  ... and {left} more (--all shows them)"] if left else lines


def _plan(given: Namespace) -> int:
    moments, segments, settings, source = _read(given)
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
