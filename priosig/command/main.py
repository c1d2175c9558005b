"""The command `priosig`: its parser and its exit codes.

Exit codes: 0 where a suite would be green, 1 for a verdict that is no signal or annotations with problems, 2 for what
was typed wrongly, could not be read, or was broken off.
"""

import os
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from functools import partial

from priosig import __version__
from priosig._core.interrupt import ends_soon
from priosig._core.memory import want_of_memory
from priosig._core.shown import printable

WRONG = 2
_BROKEN_OFF = "broken off; what was computed is in the cache, and the same command goes on from there"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the subcommand that the arguments name (by default those of the shell); return the exit code."""
    try:
        with ends_soon(f"priosig: {_BROKEN_OFF}", WRONG):
            given = parser().parse_args(arguments)
            return given.do(given)
    except KeyboardInterrupt:
        _say(_BROKEN_OFF)
        if arguments is None:
            # Nothing is left to do, and to tidy up after torch takes Python seconds.
            os._exit(WRONG)
        return WRONG
    except BrokenPipeError:
        # Nobody reads any more (`priosig audit ... | head`); Python would say so once again at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return WRONG
    except Exception as error:
        words = want_of_memory(error)
        if words is None and not isinstance(error, OSError | ValueError | ModuleNotFoundError):
            raise
        return _say(words or str(error))


def parser() -> ArgumentParser:
    """The parser of the whole command."""
    # Imported here, where Ctrl-C is watched for: what they import takes a second on a busy machine.
    from priosig.command import annotations, compare, run, train

    whole = ArgumentParser(
        allow_abbrev=False,
        prog="priosig",
        description="Does the audio of a masterclass say when the teacher stops the student, or does an artefact?",
    )
    whole.add_argument("--version", action="version", version=f"priosig {__version__}")
    commands = whole.add_subparsers(
        metavar="COMMAND", required=True, parser_class=partial(ArgumentParser, allow_abbrev=False)
    )
    for part in (run, annotations, compare, train):
        part.add_to(commands)
    return whole


def _say(text: str) -> int:
    sys.stderr.write(f"priosig: {' '.join(map(printable, text.splitlines()))}\n")
    return WRONG
