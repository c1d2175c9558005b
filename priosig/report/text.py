"""How a text of a corpus stands on a page: escaped, its direction kept to itself, and never so long that it hides the
rest."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from priosig.report.words import clock, number, plain, seconds, share, visible

if TYPE_CHECKING:
    from markupsafe import Markup

NAME = 120
"""Letters of a name, a title, a label: more are cut off."""
SHOWN = 280
"""Letters of a longer text that are shown; the whole unfolds."""

WORD = 16
"""Letters of the longest word that is not broken."""


def filters() -> dict[str, Callable]:
    """The filters of the templates."""
    return {
        "num": number, "share": share, "clock": clock, "plain": plain, "seconds": seconds, "free": free, "long": long,
    }  # fmt: skip


def free(text: object) -> "Markup":
    """A short text of a corpus; of a long one the beginning."""
    shown = visible(str(text))
    return _apart(shown if len(shown) <= NAME else f"{shown[:NAME]}…")


def long(text: object) -> "Markup":
    """A text of a corpus; a long one unfolds from its beginning. Not within a paragraph or a heading."""
    from markupsafe import Markup

    shown = visible(str(text))
    if len(shown) <= SHOWN:
        return _apart(shown)
    whole = "<details><summary>{}</summary>{}</details>"
    return Markup(whole).format(_apart(f"{shown[:SHOWN]}…"), _apart(shown))


def _apart(text: str) -> "Markup":
    """A text in a direction of its own; only one with a word that no column holds is broken within words."""
    from markupsafe import Markup

    kind = ' class="endless"' if max(map(len, text.split()), default=0) > WORD else ""
    return Markup("<bdi" + kind + ">{}</bdi>").format(text)
