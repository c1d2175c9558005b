"""The sensitivity table of a report: a row a choice, both models beside each other."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from priosig.report.grid import Cell, Grid, grid
from priosig.report.words import number, pvalue, seconds, smallest_p

if TYPE_CHECKING:
    from priosig.experiment.sensitivity import Choice, Row


def sensitivity(rows: Sequence["Row"], alpha: float) -> dict | None:
    """The table, and what has to be known to read it; None without rows."""
    if not rows:
        return None
    choices = list(dict.fromkeys(row.choice for row in rows))
    found = {(row.choice, row.model): row for row in rows}
    n_permutations = max(row.n_permutations for row in rows)
    n_models = len({row.model for row in rows})
    floor = n_models / (n_permutations + 1)
    return {
        "table": _table(choices, found),
        "n_rows": len(choices),
        "floor": smallest_p(n_permutations, n_models) if n_permutations else "",
        "blind": n_permutations > 0 and floor > alpha,
        "alpha": alpha,
    }


def _table(choices: Sequence["Choice"], found: dict) -> Grid:
    lines = []
    for choice in choices:
        of = [found[choice, model] for model in "AB" if (choice, model) in found]
        windows = f"{of[0].n_stop} + {of[0].n_continue}"
        line = [_name(choice), windows]
        for model in "AB":
            line += _cells(found.get((choice, model)))
        lines.append(line)
    columns = ["Choice", ("STOP + CONTINUE", "number")]
    for model in "AB":
        columns += [(f"{model}: {what}", "number") for what in ("AUC", "T1\u00a0p", "T2\u00a0p")]
        columns.append(f"{model}: verdict")
    caption = (
        "AUC within video, tests and verdicts; the experiment's own choices first, then one of them changed a row"
    )
    return grid(caption, columns, lines, narrow="beside")


def _cells(row: "Row | None") -> list[Cell | str]:
    if row is None:
        return ["–"] * 4
    numbers = number(row.auc_within_video), pvalue(row.any_signal_pvalue), pvalue(row.beyond_confounds_pvalue)
    return [*numbers, Cell(verdict=row.verdict, note=row.problem)]


def _name(choice: "Choice") -> Cell:
    """Only what was varied; the experiment's own choices in full."""
    length = seconds(choice.length) if choice.length else "lengths as annotated"
    if choice.varied == "view, length":
        return Cell(f"{choice.view} view, {length}" if choice.length else "annotated view")
    shortest, penalty = f"shortest CONTINUE {seconds(choice.min_continue_duration)}", f"C\u00a0=\u00a0{choice.C:g}"
    said = {"shortest CONTINUE": shortest, "C": penalty, "pooling": f"pooling: {choice.pooling}"}
    if choice.varied in said:
        return Cell(said[choice.varied])
    return Cell("As chosen", note=f"{choice.view} view, {length}; {shortest}; {penalty}; {choice.pooling}")
