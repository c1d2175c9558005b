"""`priosig audit`: what is odd about annotations, found without listening."""

from argparse import Namespace, _SubParsersAction

from priosig._core.shown import printable, table, wrapped
from priosig.annotations.audit.checks import audit_annotations
from priosig.annotations.audit.finding import HARMS, Finding
from priosig.annotations.moments import load_moments
from priosig.annotations.segments import identify_segments
from priosig.command.settings import add_of_experiment, settings_beside

FIRST = 5  # problems of a finding that are shown


def add_to(commands: "_SubParsersAction") -> None:
    """Add the subcommand."""
    parser = commands.add_parser(
        "audit",
        help="look for what is odd about annotations, without audio",
        description="Look for what is odd about annotations: windows that stand there twice, times that contradict "
        "each other, windows whose length tells their label, and more. Needs no audio. Exits with 1 if there is "
        "something to mend, with 0 if not, with 2 if the file can't be read.",
    )
    parser.add_argument("moments", metavar="FILE", help="annotations (moments.jsonl)")
    parser.add_argument("--all", action="store_true", help=f"every problem of a finding, not the first {FIRST}")
    add_of_experiment(parser, ["min_continue_duration"])
    parser.set_defaults(do=_audit)


def _audit(given: Namespace) -> int:
    moments = load_moments(given.moments)
    settings, source = settings_beside(given.moments, given)
    segments = identify_segments(moments, settings.min_continue_duration)
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
