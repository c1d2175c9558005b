"""`priosig compare`: what changed between two reports."""

from argparse import Namespace, _SubParsersAction

from priosig.report.compare import compare_reports


def add_to(commands: "_SubParsersAction") -> None:
    parser = commands.add_parser(
        "compare",
        help="say what changed between two reports",
        description="Say what changed between two reports, or two directories of reports: inputs, verdicts, numbers, "
        "moments whose boundaries moved, segments that changed sides.",
    )
    parser.add_argument("before", metavar="BEFORE", help="directory of a report, or of several")
    parser.add_argument("after", metavar="AFTER", help="the same, later")
    parser.add_argument("--all", action="store_true", help="every row of a table, not the first 40")
    parser.set_defaults(do=_compare)


def _compare(given: Namespace) -> int:
    print(compare_reports(given.before, given.after, everything=given.all), end="")
    return 0
