"""What other choices would have given: the table, and what has to be known to read it."""

from collections.abc import Sequence
from dataclasses import replace

from priosig.experiment.feature_sets import FEATURE_SETS
from priosig.experiment.pipeline import Experiment
from priosig.experiment.sensitivity import Choice, Row
from priosig.experiment.views import VIEW_KINDS
from priosig.report.grid import Cell, Grid, grid
from priosig.report.material import Material
from priosig.report.words import number, pvalue, seconds, smallest_p


def sensitivity(material: Material) -> dict | None:
    """The table, and what has to be known to read it; None without rows."""
    rows = material.sensitivity
    if not rows:
        return None
    own = {row.n_permutations for row in rows if row.choice.varied == "none"}
    varied = [row for row in rows if row.choice.varied != "none"] or rows
    n_permutations, n_models = max(row.n_permutations for row in varied), len({row.model for row in rows})
    alpha = material.experiment.annotations.corpus.settings.alpha
    return {
        "table": _table(rows),
        "own": f"{max(own):,}" if own - {n_permutations} else "",
        "n_rows": len({row.choice for row in rows}),
        "floor": smallest_p(n_permutations, n_models) if n_permutations else "",
        "blind": n_permutations > 0 and n_models / (n_permutations + 1) > alpha,
        "alpha": alpha,
    }


def with_own(rows: Sequence[Row], experiment: Experiment) -> list[Row]:
    """The rows, with what the experiment itself found where nothing was varied: it had more relabellings."""
    claim = experiment.claim

    def own(row: Row) -> Row:
        a = claim.assessments.get(row.model)
        if a is None or row.choice.varied != "none" or row.choice.view != claim.view.name:
            return row
        return replace(
            row,
            auc_within_video=a.evidence.auc,
            any_signal_pvalue=a.any_signal_pvalue,
            beyond_confounds_pvalue=a.beyond_confounds_pvalue,
            verdict=a.verdict.label,
            n_permutations=a.design.rule.n_permutations,
        )

    return list(map(own, rows))


def name_of(choice: Choice) -> str:
    """Only what was varied."""
    length = seconds(choice.length) if choice.length else ""
    said = {
        "none": "as chosen",
        "view, length": f"{choice.view}, {length}" if length else choice.view,
        "guard": f"{seconds(choice.guard)} of guard",
        "controls": f"{_controls(choice)} controls",
        "shortest CONTINUE": f"CONTINUE from {seconds(choice.min_continue_duration)}",
        "C": f"C\u00a0=\u00a0{choice.C:g}",
        "pooling": choice.pooling,
    }
    return said[choice.varied]


def _table(rows: "list[Row] | tuple[Row, ...]") -> Grid:
    by_choice = {(row.choice, row.model): row for row in rows}
    models = [model for model in FEATURE_SETS if any(row.model == model for row in rows)]
    lines = []
    for choice in dict.fromkeys(row.choice for row in rows):
        of = [by_choice.get((choice, model)) for model in models]
        counts = next(f"{row.n_stop} + {row.n_continue}" for row in of if row is not None)
        lines.append(
            [Cell(name_of(choice), note=_in_full(choice)), counts, *(cell for row in of for cell in _cells(row))]
        )
    columns = ["Choice", ("STOP + CONTINUE", "number")]
    for model in models:
        columns += [(f"{model}: {what}", "number") for what in ("AUC", "T1\u00a0p", "T2\u00a0p")]
        columns.append(f"{model}: verdict")
    return grid("The experiment's own choices first, then one of them changed a row", columns, lines)


def _cells(row: Row | None) -> list[Cell | str]:
    if row is None:
        return ["–"] * 4
    numbers = number(row.auc_within_video), pvalue(row.any_signal_pvalue), pvalue(row.beyond_confounds_pvalue)
    return [*numbers, Cell(verdict=row.verdict, note=row.problem)]


def _in_full(choice: Choice) -> str:
    if choice.varied != "none":
        return ""
    length = seconds(choice.length) if choice.length else "lengths as annotated"
    if VIEW_KINDS[choice.view].matched:
        compared = f"{_controls(choice)} controls"
    else:
        compared = f"CONTINUE from {seconds(choice.min_continue_duration)}"
    guard = f"{seconds(choice.guard)} of guard"
    return f"{choice.view}, {length}; {guard}; {compared}; C\u00a0=\u00a0{choice.C:g}; {choice.pooling}"


def _controls(choice: Choice) -> str:
    """Which bouts a STOP is compared with."""
    return "all" if choice.nearest is None else f"{choice.nearest} nearest"
