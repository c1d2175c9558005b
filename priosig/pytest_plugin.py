"""What to type where pytest does not know the suite's options, because it was started outside the checkout.

A plugin of pytest wherever priosig is installed; it adds no option and no test.
"""

import shlex
from collections.abc import Generator, Sequence
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[1]


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(parser: pytest.Parser, args: Sequence[str]) -> Generator[None, None, None]:
    """Explain the suite's own options, where its conftest was not found."""
    yield
    for place, word in enumerate(args):
        option, _, value = word.partition("=")
        if option in ("--corpus", "--moments") and not parser.getgroup("priosig").options:
            given = shlex.quote(str(Path(value or "".join(args[place + 1 : place + 2])).absolute()))
            there, run = "", f"priosig run {'--moments ' if option == '--moments' else ''}{given}"
            if (CHECKOUT / "validation").is_dir():
                there = f"cd {shlex.quote(str(CHECKOUT))} && pytest validation {option} {given}; or, "
            raise pytest.UsageError(f"{option} is an option of priosig's suite, which is not here; type {there}{run}")
