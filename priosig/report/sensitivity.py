"""What other choices would have given: the table, and what has to be known to read it."""

from collections.abc import Sequence
from dataclasses import replace

from priosig.experiment.feature_sets import FEATURE_SETS
from priosig.experiment.pipeline import Experiment
from priosig.experiment.sensitivity import Choice, Row
from priosig.experiment.views import VIEW_KINDS
from priosig.report.grid import Cell, Grid, grid, numeric
from priosig.report.material import Material
from priosig.report.words import NONE, number, pvalue, seconds, smallest_p


def sensitivity(material: Material) -> dict | None:
    """The table, and what has to be known to read it; None without rows."""
    rows = material.sensitivity
    if not rows:
        return None
    own = max((row.n_permutations for row in rows if row.choice.varied == "none"), default=None)
    varied = [row for row in rows if row.choice.varied != "none"] or rows
    n_permutations, n_models = max(row.n_permutations for row in varied), len({row.model for row in rows})
    alpha = material.settings.alpha
    return {
        "table": _table(rows),
        "own": f"{own:,}" if own not in (None, n_permutations) else "",
        "n_rows": len({row.choice for row in rows}),
        "floor": smallest_p(n_permutations, n_models) if n_permutations else "",
        "blind": n_permutations > 0 and n_models / (n_permutations + 1) > alpha,
        "alpha": alpha,
    }


def with_own(rows: Sequence[Row], experiment: Experiment) -> list[Row]:
    """The rows; where nothing was varied, with the numbers of the experiment itself, which had more relabellings."""
    claim = experiment.claim
    made = []
    for row in rows:
        a = claim.assessments.get(row.model)
        if a is not None and (row.choice.varied, row.choice.view) == ("none", claim.view.name):
            row = replace(
                row,
                auc_within_video=a.evidence.auc,
                any_signal_pvalue=a.any_signal_pvalue,
                beyond_confounds_pvalue=a.beyond_confounds_pvalue,
                verdict=a.verdict.label,
                n_permutations=a.design.rule.n_permutations,
            )
        made.append(row)
    return made


def name_of(choice: Choice) -> str:
    """Only what was varied."""
    said = {
        "none": "as chosen",
        "view, length": f"{choice.view}, {seconds(choice.length)}" if choice.length else choice.view,
        "guard": f"{seconds(choice.guard)} of guard",
        "controls": f"{_controls(choice)} controls",
        "shortest CONTINUE": f"CONTINUE from {seconds(choice.min_continue_duration)}",
        "C": f"C\u00a0=\u00a0{choice.C:g}",
        "pooling": choice.pooling,
    }
    return said[choice.varied]


def by_choice(rows: Sequence[Row]) -> dict[Choice, dict[str, Row]]:
    """The rows by choice and model."""
    made: dict[Choice, dict[str, Row]] = {}
    for row in rows:
        made.setdefault(row.choice, {})[row.model] = row
    return made


def models_of(rows: Sequence[Row]) -> list[str]:
    """The models of the rows, in their usual order."""
    return [model for model in FEATURE_SETS if any(row.model == model for row in rows)]


def _table(rows: Sequence[Row]) -> Grid:
    models, lines = models_of(rows), []
    for choice, of in by_choice(rows).items():
        first = next(iter(of.values()))
        line = [Cell(name_of(choice), note=_in_full(choice)), f"{first.n_stop} + {first.n_continue}"]
        for row in map(of.get, models):
            line += _cells(row)
        lines.append(line)
    columns = ["Choice", *numeric("STOP + CONTINUE")]
    for m in models:
        columns += [*numeric(f"{m}: AUC", f"{m}: T1\u00a0p", f"{m}: T2\u00a0p"), f"{m}: verdict"]
    return grid("The experiment's own choices first, then one of them changed a row", columns, lines)


def _cells(row: Row | None) -> list[Cell | str]:
    if row is None:
        return [NONE] * 4
    numbers = number(row.auc_within_video), pvalue(row.any_signal_pvalue), pvalue(row.beyond_confounds_pvalue)
    return [*numbers, Cell(verdict=row.verdict, note=row.problem)]


def _in_full(choice: Choice) -> str:
    if choice.varied != "none":
        return ""
    length = seconds(choice.length) if choice.length else "lengths as annotated"
    compared = f"CONTINUE from {seconds(choice.min_continue_duration)}"
    if VIEW_KINDS[choice.view].matched:
        compared = f"{_controls(choice)} controls"
    guard = f"{seconds(choice.guard)} of guard"
    return f"{choice.view}, {length}; {guard}; {compared}; C\u00a0=\u00a0{choice.C:g}; {choice.pooling}"


def _controls(choice: Choice) -> str:
    """Which bouts a STOP is compared with."""
    return "all" if choice.nearest is None else f"{choice.nearest} nearest"
