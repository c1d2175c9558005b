"""The confounds of a view's windows, measured (`priosig.confounds.registry` says which there are, and how).

A confound that is equal for all windows was removed by design. One that has no value for some of them is not
measured: it cannot be adjusted for, and the table says so. It is tried as a predictor all the same, on the windows
where it is known, since a leak that shows in four fifths of the windows is one.

Two things go with the label by the definition of the segments, and no view takes them away: a CONTINUE window begins
after feedback, so that it lies earlier in its stretch of playing than a STOP window does; and in views of one length
a STOP window is the end of its segment, a CONTINUE window the middle. What changes through a stretch of playing, or
at its end, can tell the label without being what the teacher judged."""

from dataclasses import dataclass

import numpy as np

from priosig.confounds.registry import CONFOUNDS, Windows


@dataclass(frozen=True)
class Confounds:
    """Confounds of the segments of one view.

    Attributes
    ----------
    values : dict of str to np.ndarray, shape (n_segments,)
        Measured for every segment and not constant; in the order of the registry.
    constant : tuple of str
        Measured, and equal for all segments to a thousandth: removed by design.
    not_measured : dict of str to str
        Name and reason.
    partly_known : dict of str to np.ndarray, shape (n_segments,)
        Those of `not_measured` that are known for some segments and vary among them; NaN for the others.
    """

    values: dict[str, np.ndarray]
    constant: tuple[str, ...]
    not_measured: dict[str, str]
    partly_known: dict[str, np.ndarray]


def measure_confounds(windows: Windows) -> Confounds:
    """Measure every confound.

    Raises
    ------
    ValueError
        If something was heard that is no confound, or has not one value a window.
    """
    unknown = sorted(set(windows.heard) - set(CONFOUNDS))
    if unknown:
        raise ValueError(f"confounds: {unknown[0]!r} is not one; expected {', '.join(CONFOUNDS)}")
    n = len(windows.segments)
    values, constant, not_measured, partly_known = {}, [], {}, {}
    for name, row in CONFOUNDS.items():
        measured = windows.heard.get(name) if row.measure is None else row.measure(windows)
        if measured is None:
            not_measured[name] = "no audio"
            continue
        column = np.asarray(measured, dtype=np.float64)
        if len(column) != n:
            raise ValueError(f"confounds: {name} has {len(column)} values; expected {n}, one a segment")
        undefined = int((~np.isfinite(column)).sum())
        if undefined:
            not_measured[name] = f"unknown for {undefined} of {n} segments"
            if undefined < len(column) and not _is_constant(column[np.isfinite(column)]):
                partly_known[name] = np.where(np.isfinite(column), column, np.nan)
        elif len(column) and _is_constant(column):
            constant.append(name)
        else:
            values[name] = column
    return Confounds(values, tuple(constant), not_measured, partly_known)


def _is_constant(column: np.ndarray) -> bool:
    return bool(np.ptp(column) <= 1e-3 * max(abs(column).max(), 1e-3))
