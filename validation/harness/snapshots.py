"""Regression snapshots that cannot pass in silence.

A snapshot holds what a run found, so that a pull request shows what a change did to the results. Two forms:

- **YAML** for what must be equal: counts, names, verdicts.
- **CSV** for what must be close: two columns, `name,value`, one row per quantity, sorted by name, values to four
  significant digits, so that a changed result is one changed line that names itself.

Comparison here is by name and in full: a row that vanished, was added, or turned into NaN is a difference, as is
a value outside its tolerance. A quantity that is rightly undefined (the AUC of a video with one class) is given
as None and stands as `undefined`; NaN itself is refused, since it is how mistakes look.

Tolerances
----------
How far a value may lie from its snapshot, absolutely. They come from the spread that was measured for the same
commit on the embedded worlds, and from what one segment that changes sides is worth there; see `docs/tolerances.md`
for both. Rounding to four digits comes on top of them.
"""

import math
from collections.abc import Mapping

#: Absolute tolerances by kind of quantity.
TOLERANCES = {
    "count": 0.0,  # whole numbers
    "seconds": 1e-3,  # durations: annotations have milliseconds
    "rate": 0.02,  # AUC, accuracy and the like: one segment, or one pair of a video, may change sides
    "pvalue": 0.02,  # two of 199 relabellings may change places, counted twice by the correction for two models
    "interval": 0.05,  # its ends are extrapolations from five videos
    "coefficient": 0.005,  # standardised weights
    "level": 0.05,  # dB
}
UNDEFINED = "undefined"


def format_table(values: Mapping[str, float | int | None]) -> str:
    """CSV text of named values: a header, then `name,value` sorted by name.

    Parameters
    ----------
    values : mapping of str to number or None
        None means: rightly undefined.

    Raises
    ------
    ValueError
        If a value is NaN or infinite, a name holds a comma, a quote or a line break, or the table is empty.

    Examples
    --------
    >>> print(format_table({"auc": 0.81449, "n": 98}), end="")
    name,value
    auc,0.8145
    n,98
    """
    if not values:
        raise ValueError("snapshot: no values; a table that is empty checks nothing")
    lines = ["name,value"]
    for name in sorted(values):
        if set(name) & set(',"\n\r') or not name:
            raise ValueError(f"snapshot: name {name!r}; expected no comma, quote or line break, and not nothing")
        lines.append(f"{name},{_format(name, values[name])}")
    return "\n".join(lines) + "\n"


def parse_table(text: str) -> dict[str, float | None]:
    """Read what `format_table` wrote.

    Raises
    ------
    ValueError
        If a line is not `name,value`, a name comes twice, or a value is no finite number.
    """
    header, *lines = text.splitlines() or [""]
    if header != "name,value":
        raise ValueError(f"snapshot: first line is {header!r}; expected 'name,value'")
    values: dict[str, float | None] = {}
    for number, line in enumerate(lines, start=2):
        name, comma, value = line.partition(",")
        if not comma or name in values:
            raise ValueError(f"snapshot: line {number} is {line!r}; expected name,value with every name once")
        values[name] = None if value == UNDEFINED else float(value)
        if values[name] is not None and not math.isfinite(values[name]):
            raise ValueError(f"snapshot: line {number} is {line!r}; expected a finite number or '{UNDEFINED}'")
    return values


def differences(
    obtained: Mapping[str, float | None], expected: Mapping[str, float | None], tolerance: float
) -> list[str]:
    """What differs between two tables, a line each; an empty list means that they agree.

    Values agree if they lie within `tolerance` of each other, plus half a unit in the fourth significant digit
    of the expected one, which is what writing it down may have cost it.

    Examples
    --------
    >>> differences({"auc": 0.9, "new": 1.0}, {"auc": 0.8, "gone": 1.0}, tolerance=0.02)
    ['auc: 0.9, snapshot 0.8 (off by 0.1, tolerance 0.02)', 'gone: vanished (snapshot 1)', 'new: added (1)']
    """
    lines = []
    for name in sorted({*obtained, *expected}):
        if name not in obtained:
            lines.append(f"{name}: vanished (snapshot {_show(expected[name])})")
        elif name not in expected:
            lines.append(f"{name}: added ({_show(obtained[name])})")
        else:
            lines += _difference(name, obtained[name], expected[name], tolerance)
    return lines


def _difference(name: str, new: float | None, old: float | None, tolerance: float) -> list[str]:
    if new is None and old is None:
        return []
    if new is None or old is None or math.isnan(new) or math.isnan(old):
        return [f"{name}: {_show(new)}, snapshot {_show(old)}"]
    if abs(new - old) <= tolerance + (_half_unit(old) if tolerance else 0.0):
        return []
    return [f"{name}: {_show(new)}, snapshot {_show(old)} (off by {abs(new - old):.3g}, tolerance {tolerance:g})"]


def _half_unit(value: float) -> float:
    return 0.0 if value == 0 else 0.5 * 10.0 ** (math.floor(math.log10(abs(value))) - 3) * (1 + 1e-9)


def _format(name: str, value: float | int | None) -> str:
    if value is None:
        return UNDEFINED
    if isinstance(value, bool) or not math.isfinite(value):
        raise ValueError(f"snapshot: {name} is {value!r}; expected a finite number (None if rightly undefined)")
    if float(value).is_integer() and abs(value) < 1e15:
        return str(int(value))
    return f"{value:.4g}"


def _show(value: float | None) -> str:
    return UNDEFINED if value is None else f"{value:.4g}"
