"""What the model whose features have names goes by: its coefficients, and groups of scales that go together."""

from priosig.experiment.feature_sets import SCALES
from priosig.extraction.percepiano.scales import PERCEPIANO_DIMENSIONS, POLES, Scale
from priosig.inference.coefficients import Cluster, Weight
from priosig.report.grid import Cell, Grid, grid, numeric
from priosig.report.material import Material
from priosig.report.words import hundred, number, p_words, pvalue, share

WHY_FOLDED = {
    "weak": "Model {} hears no more than a trace; what it goes by is uncertain, and its mistakes say little.",
    "confounded": "What Model {} goes by may be the confounds; its mistakes say little about the playing.",
    "no signal": "Model {} does no better than guessing; its mistakes mean nothing.",
    "underpowered": "Model {} is not shown to do better than guessing; its mistakes tell nothing yet.",
    "invalid design": "The labels can be told without the playing; what Model {} goes by means nothing.",
}
"""By verdict, why what a model goes by is folded away."""


def models(material: Material) -> dict | None:
    """Tables of coefficients and of groups of scales; why they are folded, if they are."""
    v = material.claim
    if not v.models:
        return None
    table, findings = v.coefficients, v.findings
    of_scales = list(zip(POLES, table.weights, strict=True)) if table is not None else []
    silent = [model for model in v.models if not material.speaks(model)]
    return {
        "folded": [WHY_FOLDED[material.verdicts[model].label].format(model) for model in silent],
        "open": any(map(material.speaks, v.models)),
        "scales": SCALES if of_scales else "",
        "findings": None if findings is None else [_finding(s, w) for s, w in of_scales if w.name in findings],
        "table": _scale_table(of_scales, findings is not None) if of_scales else None,
        "clusters": _clusters(table.clusters) if of_scales else None,
        "disputed": [f"{s.name} {s.low}–{s.high}" for s in POLES if s.poles_disputed],
    }


def _finding(scale: Scale, weight: Weight) -> str:
    """A scale that tells STOP from CONTINUE by itself, how far, and which way it goes where that can be said."""
    pole, auc = (scale.high, weight.own_auc) if weight.own_auc > 0.5 else (scale.low, 1 - weight.own_auc)
    way = f"{scale.low}–{scale.high}" if scale.poles_disputed else f"nearer to {pole} before a STOP"
    return f"{scale.name} {way} ({hundred(auc)} times in 100, {p_words(weight.pvalue)})"


def _scale_table(of_scales: list[tuple[Scale, Weight]], interpretable: bool) -> Grid:
    rows = []
    for scale, w in sorted(of_scales, key=lambda one: -abs(one[1].mean)):
        numbers = *map(number, (w.mean, w.spread)), share(w.sign_agreement), *map(number, (w.pattern, w.own_auc))
        rows.append((Cell(scale.name, note=f"{scale.low} to {scale.high}"), *numbers, pvalue(w.pvalue)))
    caption = "Coefficients, the largest first; with a positive one, nearer to the second pole is called STOP"
    caption += "" if interpretable else ". Not interpretable: no signal"
    columns = numeric("mean", "spread over folds", "folds of this sign", "pattern", "own AUC", "p of it (max-T)")
    return grid(caption, ("Scale", *columns), rows)


def _clusters(clusters: tuple[Cluster, ...]) -> Grid:
    rows = []
    for cluster in clusters:
        scales = (POLES[PERCEPIANO_DIMENSIONS.index(name)] for name in cluster.names)
        names = ", ".join(f"{scale.name} {scale.high}" for scale in scales)
        rows.append((Cell(names), number(cluster.importance, 3), number(cluster.spread, 3)))
    caption = "How far the AUC within video drops when the scores of a group are shuffled together within each video"
    return grid(caption, (("Group", "long"), *numeric("drop", "spread over shuffles")), rows)
