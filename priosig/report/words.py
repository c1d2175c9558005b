"""Numbers, times, names and texts as a report writes them: one way for each, on every page and in every caption.

Numbers have a true minus and a dash where there is none, percentages no space, p-values those decimals that the
verdicts' sentences have, and what belongs together is held by no-break spaces. A text of a corpus is escaped, its
direction is kept to itself, and it is never so long that it hides the rest.
"""

import math
import re
from collections.abc import Sequence

from markupsafe import Markup

from priosig.confounds.registry import CONFOUNDS
from priosig.verdict.wording import pvalue_words

NONE = "–"
AUC_WORDS = "AUC within video: how often a STOP outranks a CONTINUE of the same video (1 is always, 0.5 is guessing)"
NAME = 120  # letters of a name, a title, a label: more are cut off
SHOWN = 280  # letters of a longer text that are shown; the whole unfolds
WORD = 16  # letters of the longest word that is not broken
# Control characters but line ends and tabs, what turns round the letters beside it, and the mark of a byte order.
_SHAPELESS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_LINE_END = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
# What a terminal obeys: colours and moves (CSI), titles and links (OSC and its like), sequences of two letters.
_TERMINAL = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"
    r"|(?:\x1b[\]P^_X]|[\x9d\x90\x9e\x9f\x98])[^\x07\x1b\x9c\n]*(?:\x07|\x1b\\|\x9c)"
    r"|\x1b[ -/]*[0-~]"
)


def number(value: float | None, digits: int = 2) -> str:
    """A number with so many decimals; -0.001 is 0.00."""
    if value is None or math.isnan(value):
        return NONE
    return f"{round(value, digits) + 0.0:.{digits}f}".replace("-", "−")


def share(value: float | None) -> str:
    """A share of 1 as a percentage."""
    return NONE if value is None or math.isnan(value) else f"{100 * value:.0f}%"


def pvalue(value: float | None) -> str:
    """A p-value as the verdicts' sentences have it: `0.010`, `0.0001`, `< 0.0001`."""
    return NONE if value is None or math.isnan(value) else pvalue_words(value).removeprefix("= ")


def p_words(value: float) -> str:
    """`p = 0.010`, never broken over two lines."""
    return ("p not computed" if math.isnan(value) else f"p {pvalue_words(value)}").replace(" ", "\u00a0")


def smallest_p(n_permutations: int, n_models: int) -> str:
    """The smallest p that so many relabellings can give, and what the correction for models (Holm) makes of it."""
    floor = 1 / (n_permutations + 1)
    said = f"{pvalue(floor)} is the smallest p that {n_permutations:,} relabellings can give"
    if n_models > 1:
        said += f" ({pvalue(min(1, n_models * floor))} once corrected for {n_models} models, Holm)"
    return said


def hundred(auc: float) -> str:
    """An AUC as a musician can read it: so many times in 100."""
    return NONE if math.isnan(auc) else f"{100 * auc:.0f}"


def number_word(n: int) -> str:
    """A number up to twelve as a word."""
    words = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
    return words[n] if n < len(words) else f"{n:,}"


def interval(low: float, high: float) -> str:
    """Both ends, or a dash."""
    return NONE if math.isnan(low) or math.isnan(high) else f"{number(low)} to {number(high)}"


def seconds(value: float) -> str:
    """A length without needless zeros: `10 s`, `1.5 s`."""
    return f"{value:g}\u00a0s"


def clock(value: float) -> str:
    """Minutes and seconds, as players show them; hours where there are some: `1:01`, `1:01:01`."""
    minutes, second = divmod(int(value), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{second:02d}" if hours else f"{minutes}:{second:02d}"


def plain(name: str) -> str:
    """A name of the code as words."""
    return name.replace("_", " ")


def confound(name: str) -> str:
    """Short name of a confound, for tables and plots."""
    return CONFOUNDS[name].short if name in CONFOUNDS else plain(name)


def unit(name: str) -> str:
    """Unit of a confound; none for all together."""
    return CONFOUNDS[name].unit if name in CONFOUNDS else ""


def joined(words: Sequence[str], last: str = "and") -> str:
    """`a, b and c`, or with another last word."""
    return f" {last} ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def counted(n: int, noun: str) -> str:
    """`1 video`, `2 videos`."""
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def capital(text: str) -> str:
    """The same text with a capital letter."""
    return text[:1].upper() + text[1:]


def visible(text: str) -> str:
    """Text without control characters, terminal sequences and marks of direction; line ends and tabs stay."""
    text = _LINE_END.sub("\n", _TERMINAL.sub("", text))
    return _SURROGATE.sub("\ufffd", _SHAPELESS.sub("", text))


def free(text: object) -> Markup:
    """A short text of a corpus; of a long one the beginning."""
    shown = visible(str(text))
    return _apart(shown if len(shown) <= NAME else f"{shown[:NAME]}…")


def long(text: object) -> Markup:
    """A text of a corpus; a long one unfolds from its beginning. Not within a paragraph or a heading."""
    shown = visible(str(text))
    if len(shown) <= SHOWN:
        return _apart(shown)
    whole = "<details><summary>{}</summary>{}</details>"
    return Markup(whole).format(_apart(f"{shown[:SHOWN]}…"), _apart(shown))


def _apart(text: str) -> Markup:
    """A text in a direction of its own; only one with a word that no column holds is broken within words."""
    kind = ' class="endless"' if max(map(len, text.split()), default=0) > WORD else ""
    return Markup("<bdi" + kind + ">{}</bdi>").format(text)
