"""The confounds of a view's windows, measured (`priosig.confounds.registry` says which there are, and how).

What the definition of the windows ties to the label is kept apart. A CONTINUE window begins after feedback, so that
it lies earlier in its stretch of playing than a STOP window does; and in views of one length a STOP window is the end
of its segment, a CONTINUE window the middle. Only risk sets take that away (`priosig.annotations.risk_sets`).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from priosig.confounds.registry import CONFOUNDS, Confound, Role, Windows


@dataclass(frozen=True)
class Confounds:
    """Confounds of the segments of one view, in the order of the registry; arrays have shape (n_segments,)."""

    values: dict[str, np.ndarray]  # measured for every segment and not constant
    constant: tuple[str, ...]  # equal for all segments to a thousandth: removed by design
    not_measured: dict[str, str]  # and why
    partly_known: dict[str, np.ndarray]  # known for some segments; NaN for the others
    tied: dict[str, np.ndarray]  # those that windows are defined by
    roles: dict[str, Role]  # of every confound, the study's own at the end


def measure_confounds(windows: Windows, roles: Mapping[str, Role] | None = None) -> Confounds:
    """Measure every confound; `roles` holds those that the study set.

    Raises
    ------
    ValueError
        If something was heard that is no confound, or has not one value a window.
    """
    unknown = sorted(set(windows.heard) - set(CONFOUNDS))
    if unknown:
        raise ValueError(f"confounds: {unknown[0]!r} is not one; expected {', '.join(CONFOUNDS)}")
    own = {name: Confound(name, "", name, name, "artefact", lambda w, name=name: w.own[name]) for name in windows.own}
    rows = CONFOUNDS | own
    n = len(windows.segments)
    values, constant, not_measured, partly_known, tied = {}, [], {}, {}, {}
    for name, row in rows.items():
        if row.matched_only and not windows.matched:
            continue
        measured = windows.heard.get(name) if row.measure is None else row.measure(windows)
        if measured is None:
            not_measured[name] = "no audio" if row.measure is None else "not every window of this view has a row"
            continue
        column = np.asarray(measured, dtype=np.float64)
        if len(column) != n:
            raise ValueError(f"confounds: {name} has {len(column)} values; expected {n}, one a segment")
        known = np.isfinite(column)
        if not known.any() and n:
            not_measured[name] = f"unknown for all {n} segments"
        elif not known.all():
            partly_known[name] = np.where(known, column, np.nan)
        elif n and np.ptp(column) <= 1e-3 * max(abs(column).max(), 1e-3):
            constant.append(name)
        elif row.tied and not windows.matched:
            tied[name] = column
        else:
            values[name] = column
    of_all = {name: row.role for name, row in rows.items()} | dict(roles or {})
    return Confounds(values, tuple(constant), not_measured, partly_known, tied, of_all)
