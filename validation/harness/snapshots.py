"""Two forms of snapshot, and the differences between a snapshot and a run.

- `Facts` (YAML) must be equal: counts, names, verdicts. Sections of one fact a line.
- `Table` (CSV) must be close: one number a row, rows sorted by their key, four significant digits.

Every line names what it is about, so that the diff of a changed result can be read by itself. The comparison is by
name and in full: a line that vanished, was added, or became undefined is a difference, as is a number beyond its
tolerance. A number that does not exist (the AUC of a video with one class) stands as `undefined`.

Tolerances
----------
How far a number may lie from its snapshot, absolutely: what results were measured to move between processors, and
what pairs of segments that change sides are worth (`docs/tolerances.md`). Rounding to four digits comes on top.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import yaml

from priosig.report.words import visible

#: Absolute tolerances by kind of number.
TOLERANCES = {
    "count": 0.0,  # whole numbers
    "rate": 0.02,  # AUC, accuracy and the like: one segment may change sides
    "precision": 0.03,  # average precision: two neighbours near the top may change places
    "pvalue": 0.02,  # of a p near 0; see `Table.tolerance`
    "interval": 0.05,  # its ends are extrapolations from five videos
    "coefficient": 0.005,  # standardised weights
}
#: The same between an accelerator and the CPU: float32 decides in which order MuQ's spectrogram rounds bins that hold
#: next to no energy, and decibels make it heard.
ON_ACCELERATOR = TOLERANCES | {"rate": 0.05, "precision": 0.06, "pvalue": 0.05}
MIDDLE = 4  # the tolerance of a p of 1, beyond that of a p of 0, in the latter's units
UNDEFINED = "undefined"
SEGMENTS = "segments"  # section of the facts that say where each segment lies
_MERGE = re.compile(r"^(<{7}|={7}|>{7}|\|{7})", re.MULTILINE)


@dataclass(frozen=True)
class Difference:
    """One line that differs.

    Attributes
    ----------
    what : {"segment", "number", "row", "fact"}
        What changed: where a segment lies, a number's value, whether there is such a number, a fact.
    words : str
        Its name, what the run gives, what the snapshot has.
    size : float
        How far a number moved, in tolerances; infinite from or to `undefined`.
    """

    what: str
    words: str
    size: float = 0.0


@dataclass(frozen=True)
class Facts:
    """Texts and numbers that must be equal: section, name, value."""

    sections: Mapping[str, Mapping[str, str | int | float | bool]]

    def text(self, old: str | None = None) -> str:
        """The snapshot as YAML; `old` is not used, since facts are equal or not."""
        # libyaml where it is there: the segments of a large corpus are many lines. Lines are never folded.
        dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
        sections = {section: dict(facts) for section, facts in self.sections.items()}
        return yaml.dump(sections, Dumper=dumper, allow_unicode=True, width=1_000_000)

    def differences(self, text: str) -> list[Difference]:
        """What differs from a snapshot, in the order of its lines.

        Raises
        ------
        ValueError
            If `text` is no such snapshot.
        """
        old, new = _parse_facts(text), self.sections
        keys = {(section, name) for sections in (old, new) for section, facts in sections.items() for name in facts}
        differences = []
        for section, name in sorted(keys):
            now, was = (sections.get(section, {}).get(name) for sections in (new, old))
            if (type(now), now) != (type(was), was):
                words = visible(f"{name}: {_fact(now, 'vanished')}, snapshot {_fact(was, 'none')}")
                differences.append(Difference("segment" if section == SEGMENTS else "fact", words))
        return differences


class Number(NamedTuple):
    """A number of a table, one of the kinds of `TOLERANCES`; NaN if it does not exist."""

    value: float
    kind: str
    least: float = 0.0  # its tolerance, if larger than that of its kind


@dataclass(frozen=True)
class Table:
    """Numbers that must be close.

    Attributes
    ----------
    columns : tuple of str
        Of the key, the last one names the number.
    rows : mapping from key to Number, or to a tuple like one
    tolerances : mapping from kind to float
    """

    columns: tuple[str, ...]
    rows: Mapping[tuple[str, ...], Number | tuple]
    tolerances: Mapping[str, float] = field(default_factory=lambda: TOLERANCES)

    def text(self, old: str | None = None) -> str:
        """The snapshot as CSV; numbers that `old` has within half of their tolerance stay as they are there.

        The other half is left to other machines.

        Raises
        ------
        ValueError
            If a number is infinite, or part of a key is empty or holds a comma, a quote or a line break.

        Examples
        --------
        >>> print(Table(("view", "name"), {("clean", "auc"): (0.81449, "rate")}).text(), end="")
        view,name,value
        clean,auc,0.8145
        """
        try:
            before = _parse_table(old, self.columns) if old is not None else {}
        except ValueError:
            before = {}  # nothing in it can stay
        lines = [",".join((*self.columns, "value"))]
        for key in sorted(self.rows):
            number = Number(*self.rows[key])
            if not all(key) or set("".join(key)) & set(',"\n\r'):
                raise ValueError(f"snapshot: key {key}; expected texts without comma, quote or line break")
            stays = key in before and not _moved(number.value, before[key], self.tolerance(number, before[key]) / 2)
            lines.append(",".join((*key, _number(before[key] if stays else number.value))))
        return "\n".join(lines) + "\n"

    def differences(self, text: str) -> list[Difference]:
        """What differs from a snapshot, in the order of its lines.

        Raises
        ------
        ValueError
            If `text` is no such snapshot.

        Examples
        --------
        >>> table = Table(("name",), {("auc",): (0.9, "rate"), ("new",): (1.0, "rate")})
        >>> [one.words for one in table.differences("name,value\\nauc,0.8\\n")]
        ['auc: 0.9, snapshot 0.8 (off by 0.1, tolerance 0.02)', 'new: 1, snapshot none']
        """
        old, differences = _parse_table(text, self.columns), []
        for key in sorted({*old, *self.rows}):
            name = " ".join(key)
            if key not in self.rows:
                differences.append(Difference("row", f"{name}: vanished, snapshot {_number(old[key])}"))
                continue
            number = Number(*self.rows[key])
            if key not in old:
                differences.append(Difference("row", f"{name}: {_number(number.value)}, snapshot none"))
                continue
            tolerance = self.tolerance(number, old[key])
            if _moved(number.value, old[key], tolerance):
                differences.append(_difference(name, number.value, old[key], tolerance))
        return differences

    def tolerance(self, number: Number, old: float) -> float:
        """How far a number may lie from its snapshot.

        Relabellings lie densest about the middle: there an AUC that moves by one pair passes many of them.
        """
        tolerance = self.tolerances[number.kind]
        if number.kind == "pvalue" and not math.isnan(old):
            return tolerance * (1 + MIDDLE * old)
        return max(tolerance, number.least)


def _difference(name: str, value: float, old: float, tolerance: float) -> Difference:
    words, off = f"{name}: {_number(value)}, snapshot {_number(old)}", abs(value - old)
    if tolerance == 0:
        return Difference("fact", words)
    if math.isnan(off):
        return Difference("number", words, math.inf)
    return Difference("number", f"{words} (off by {off:.3g}, tolerance {tolerance:.3g})", off / tolerance)


def _moved(value: float, old: float, tolerance: float) -> bool:
    """Whether a number lies beyond its tolerance; half a unit in the fourth digit is what writing may have cost."""
    if math.isnan(value) or math.isnan(old):
        return math.isnan(value) != math.isnan(old)
    rounding = 0.5 * 10.0 ** (math.floor(math.log10(abs(old))) - 3) * (1 + 1e-9) if tolerance and old else 0.0
    return abs(value - old) > tolerance + rounding


def _number(value: float) -> str:
    if math.isnan(value):
        return UNDEFINED
    if math.isinf(value):
        raise ValueError(f"snapshot: {value!r}; expected a finite number")
    return str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else f"{value:.4g}"


def _fact(value: object, none: str) -> str:
    return none if value is None else repr(value)


def _parse_table(text: str, columns: tuple[str, ...]) -> dict[tuple[str, ...], float]:
    _refuse_merge(text)
    header, *lines = text.splitlines() or [""]
    expected = ",".join((*columns, "value"))
    if header != expected:
        raise ValueError(f"line 1 is {header!r}; expected {expected!r}")
    rows: dict[tuple[str, ...], float] = {}
    for number, line in enumerate(lines, start=2):
        *key, value = line.split(",")
        if len(key) != len(columns) or tuple(key) in rows:
            raise ValueError(f"line {number} is {line!r}; expected {expected}, every key once")
        try:
            rows[tuple(key)] = math.nan if value == UNDEFINED else float(value)
        except ValueError:
            raise ValueError(f"line {number} is {line!r}; expected a number or '{UNDEFINED}'") from None
        if value != UNDEFINED and not math.isfinite(rows[tuple(key)]):
            raise ValueError(f"line {number} is {line!r}; expected a finite number or '{UNDEFINED}'")
    return rows


def _parse_facts(text: str) -> dict[str, dict[str, object]]:
    _refuse_merge(text)
    try:
        sections = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.YAMLError as error:
        raise ValueError(f"not YAML ({' '.join(str(error).split())})") from None
    if not isinstance(sections, dict) or not all(isinstance(facts, dict) for facts in sections.values()):
        raise ValueError(f"holds {sections!r:.60}; expected sections of one fact a line")
    return sections


def _refuse_merge(text: str) -> None:
    marker = _MERGE.search(text)
    if marker:
        line = text.count("\n", 0, marker.start()) + 1
        raise ValueError(f"line {line} begins with {marker[0]!r}: a merge that was not resolved")
