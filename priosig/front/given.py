"""The arguments of `priosig.assess`, checked: arrays, data frames, texts and times of any kind.

Data frames are known by `.columns` and `.to_numpy`, so that pandas and Polars both serve and neither is needed.
Errors begin with the name of the function that was called, and say what to pass.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from priosig.inference.beyond_confounds import TIME
from priosig.inference.confounds_alone import TOGETHER
from priosig.verdict.evidence import Names

MOST_CATEGORIES = 20
LARGEST = 1e100  # squares of larger numbers overflow
_KEYS = tuple(field.name for field in fields(Names))
_TAKEN = (TIME, TOGETHER)  # names that mean something of their own to the tests


def features_of(where: str, X: ArrayLike) -> np.ndarray:
    """Features as float64 of shape (n_rows, n_features)."""
    try:
        values = np.asarray(_numpy(X), dtype=np.float64)
    except (TypeError, ValueError, RuntimeError) as error:
        expected = "an array of shape (n_rows, n_features)"
        raise ValueError(f"{where}: X cannot be read as numbers ({error}); expected {expected}") from None
    if values.ndim != 2 or not values.size:
        hints = {1: "; X[:, None] if it is one feature", 3: ": pool frames over time first, X.mean(axis=1) say"}
        hint = hints.get(values.ndim, "")
        raise ValueError(f"{where}: X has shape {values.shape}; expected (n_rows, n_features){hint}")
    if not np.isfinite(values).all():
        rows, columns = np.nonzero(~np.isfinite(values))
        raise ValueError(
            f"{where}: X[{rows[0]}, {columns[0]}] is {values[rows[0], columns[0]]}, and {len(set(rows.tolist()))} of "
            f"{len(values)} rows hold such values; expected finite numbers: fill these in or leave the rows out"
        )
    if np.abs(values).max() > LARGEST:
        raise ValueError(f"{where}: X holds numbers beyond {LARGEST:g}; expected smaller ones: change their unit")
    return values


def labels_of(
    where: str, y: Iterable[Any], n: int, names: Mapping[str, str] | None, *, either: bool = False
) -> tuple[np.ndarray, Names]:
    """Labels as 0 and 1, and the words of the verdict. With `either`, which text is positive makes no difference."""
    if not isinstance(names, Mapping | None):
        raise ValueError(f"{where}: names is {names!r:.60}; expected a mapping with some of {', '.join(_KEYS)}")
    words = dict(names or {})
    if unknown := [key for key in words if key not in _KEYS]:
        raise ValueError(f"{where}: names has the key {unknown[0]!r}; expected some of {', '.join(_KEYS)}")
    values = _listed(where, "y", y, n)
    distinct = list(dict.fromkeys(values))
    if len(distinct) != 2:
        shown = ", ".join(repr(value) for value in distinct[:4]) + (", ..." if len(distinct) > 4 else "")
        hint = "; for a rating, y >= some value" if len(distinct) > 2 else "; expected rows of both labels"
        raise ValueError(f"{where}: y holds {len(distinct)} different values ({shown}); expected two{hint}")
    positive = _positive(where, distinct, words.get("positive"), either)
    negative = distinct[1 - distinct.index(positive)]
    if isinstance(positive, str):
        words = {"positive": positive, "negative": str(negative)} | words
    neutral = {"positive": "positive", "negative": "negative", "group": "group", "item": "row", "subject": "features"}
    if "positive" in words:
        neutral["negative"] = f"non-{words['positive']}"
    return np.array([value == positive for value in values], dtype=np.int8), Names(**(neutral | words))


def _positive(where: str, distinct: list[Any], named: str | None, either: bool) -> Any:
    """The one of two values that counts as positive."""
    if named in distinct:
        return named
    try:
        return max(distinct, key=float)  # True, or the larger number
    except (TypeError, ValueError):
        pass
    if either:
        return max(distinct, key=str)
    first, second = (str(value) for value in distinct)
    expected = f'names={{"positive": {first!r}}}, or {second!r}'
    if named is None:
        said = f"y holds {first!r} and {second!r}, and names does not say which of them is positive"
        raise ValueError(f"{where}: {said}; expected {expected}, or y of True and False")
    raise ValueError(
        f"{where}: names says that {named!r} is positive, which is not a value of y (values are {first!r} and "
        f"{second!r}); expected {expected}; to keep the word {named!r}, pass y as True and False: "
        f"[value == {first!r} for value in y], say"
    )


def groups_of(where: str, groups: Iterable[Hashable], n: int) -> tuple[np.ndarray, list[Hashable]]:
    """Number of each row's group, and the groups, in the order in which they first appear."""
    values = _listed(where, "groups", groups, n)
    try:
        number = {group: place for place, group in enumerate(dict.fromkeys(values))}
    except TypeError as error:
        expected = "texts, numbers or tuples"
        raise ValueError(f"{where}: groups cannot be told apart ({error}); expected {expected}") from None
    if len(number) < 2:
        raise ValueError(
            f"{where}: all {n} rows are of the group {values[0]!r}; expected two groups or more, since each is "
            "scored by a probe that was trained on the others"
        )
    return np.array([number[group] for group in values]), list(number)


def times_of(where: str, order: ArrayLike | None, n: int) -> np.ndarray | None:
    """Times as numbers; None for none."""
    if order is None:
        return None
    times = np.asarray(_numpy(order))
    if times.dtype.kind in "mM":
        times = np.where(np.isnat(times), np.nan, times.astype(np.int64))
    if times.dtype.kind not in "biuf" or times.shape != (n,) or not np.isfinite(times).all():
        raise ValueError(
            f"{where}: order has shape {times.shape} and type {times.dtype}, or holds NaN; expected {n} numbers or "
            "dates, the time of each row within its group, or None where rows have no order"
        )
    return times.astype(np.float64)


def confounds_of(
    where: str, confounds: object, n: int, acoustic: Iterable[str] = ()
) -> tuple[dict[str, np.ndarray], tuple[str, ...]]:
    """Confounds by name as numbers, NaN where not known, and the names of those that are acoustic.

    A category becomes a column for each of its values.
    """
    named = _named_columns(where, confounds)
    heard = _checked_acoustic(where, acoustic, list(named))
    columns: dict[str, np.ndarray] = {}
    of_heard: list[str] = []
    for name, given in named.items():
        listed = _listed(where, f"confound {name!r}", given, n, missing=True)
        for column, values in _numbers(where, name, listed).items():
            if column in columns:
                raise ValueError(f"{where}: two confounds are called {column!r}; expected different names")
            columns[column] = values
            of_heard += [column] if name in heard else []
    if taken := [name for name in columns if name in _TAKEN]:
        raise ValueError(f"{where}: a confound is called {taken[0]!r}, which the tests use; expected another name")
    return columns, tuple(of_heard)


def _checked_acoustic(where: str, acoustic: Iterable[str], names: list[str]) -> list[str]:
    """Names of confounds that are acoustic, each of them known."""
    if isinstance(acoustic, str) or not isinstance(acoustic, Iterable):
        raise ValueError(f"{where}: acoustic is {acoustic!r:.60}; expected names of confounds: ('loudness',), say")
    listed = list(acoustic)
    if unknown := [name for name in listed if name not in names]:
        there = ", ".join(names) or "none, since no confounds were given"
        said = f"acoustic names {unknown[0]!r:.60}, which is no confound"
        raise ValueError(f"{where}: {said}; expected some of {there}")
    return listed


def _named_columns(where: str, confounds: object) -> dict[str, Iterable[Any]]:
    if confounds is None:
        return {}
    if isinstance(confounds, Mapping):
        return {str(name): values for name, values in confounds.items()}
    if hasattr(confounds, "columns") and hasattr(confounds, "to_numpy"):
        return {str(name): confounds[name] for name in confounds.columns}  # type: ignore[index]
    array = np.asarray(_numpy(confounds))
    if array.dtype.names:
        return {name: array[name] for name in array.dtype.names}
    if array.ndim == 1:
        array = array[:, None]
    if array.ndim != 2:
        raise ValueError(
            f"{where}: confounds of type {type(confounds).__name__} and shape {array.shape}; expected a mapping from "
            "name to one value a row, a data frame, or an array of shape (n_rows, n_confounds)"
        )
    return {f"x{place}": column for place, column in enumerate(array.T)}


def _numbers(where: str, name: str, values: list[Any]) -> dict[str, np.ndarray]:
    """A confound's columns of numbers: itself, or one for each category."""
    values = [None if _is_missing(value) else value for value in values]
    known = [value for value in values if value is not None]
    if not any(isinstance(value, str) for value in known):
        try:
            column = np.array([np.nan if value is None else float(value) for value in values])
        except (TypeError, ValueError):
            raise ValueError(f"{where}: confound {name!r} holds {known[0]!r}; expected numbers or texts") from None
        large = np.abs(column) > LARGEST
        if large.any():
            row = int(large.argmax())
            raise ValueError(f"{where}: confound {name!r} is {column[row]} at row {row}; expected smaller numbers")
        return {name: column}
    if all(_is_number(str(value)) for value in known):
        raise ValueError(
            f"{where}: confound {name!r} holds numbers as texts, {known[0]!r} say; expected numbers (float of "
            "each), or other texts if they are categories"
        )
    categories = sorted({str(value) for value in known})
    if len(categories) > MOST_CATEGORIES:
        raise ValueError(
            f"{where}: confound {name!r} holds {len(categories)} different texts; expected at most "
            f"{MOST_CATEGORIES}: leave it out if it names rows, or merge categories"
        )
    shown = categories[1:] if len(categories) == 2 else categories  # of two, one column says all
    return {
        f"{name} = {one}": np.array([np.nan if value is None else float(str(value) == one) for value in values])
        for one in shown
    }


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _listed(where: str, what: str, values: Iterable[Any], n: int, *, missing: bool = False) -> list[Any]:
    """One plain value a row."""
    array = _numpy(values)
    if isinstance(array, np.ndarray) and array.ndim != 1:
        raise ValueError(f"{where}: {what} has shape {array.shape}; expected ({n},), one value a row")
    try:
        listed = array.tolist() if isinstance(array, np.ndarray) else list(array)
    except TypeError:
        raise ValueError(f"{where}: {what} is {values!r:.60}; expected {n} values, one a row") from None
    if isinstance(values, str | bytes) or len(listed) != n:
        raise ValueError(f"{where}: {what} has {len(listed)} values; expected {n}, one a row")
    gone = [row for row, value in enumerate(listed) if _is_missing(value)]
    if gone and not missing:
        raise ValueError(f"{where}: {what} of row {gone[0]} is {listed[gone[0]]!r}; expected a value for every row")
    return [value.item() if isinstance(value, np.generic) else value for value in listed]


def _is_missing(value: object) -> bool:
    """None, NaN, and what pandas calls NA, NaT: all that is not equal to itself, or that cannot say so."""
    if value is None:
        return True
    try:
        return not isinstance(value, Sequence) and bool(value != value)
    except (TypeError, ValueError):
        return True


def _numpy(values: Any) -> Any:
    """The array of what has one (a series, a frame, a tensor on the CPU); all else as it is."""
    if isinstance(values, np.ndarray | list | tuple):
        return values
    if hasattr(values, "detach"):
        values = values.detach().cpu()
    if hasattr(values, "to_numpy"):
        return values.to_numpy()
    return np.asarray(values) if hasattr(values, "__array__") else values
