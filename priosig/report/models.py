"""What the model whose features have names goes by: its coefficients, and groups of scales that go together."""

import numpy as np

from priosig.experiment.evaluation import ViewResult
from priosig.experiment.feature_sets import SCALES
from priosig.extraction.percepiano.scales import PERCEPIANO_DIMENSIONS, POLES, Scale
from priosig.inference.coefficients import Cluster, Weight
from priosig.report.grid import Cell, Grid, grid
from priosig.report.material import Material, findings_of
from priosig.report.words import hundred, number, p_words, pvalue

WHY_FOLDED = {
    "weak": "Model {} hears no more than a trace; what it goes by is uncertain, and its mistakes say little.",
    "confounded": "What Model {} goes by may be the confounds; its mistakes say little about the playing.",
    "no signal": "Model {} guesses; its mistakes mean nothing.",
    "underpowered": "Model {} guesses; its mistakes mean nothing.",
    "invalid design": "The labels can be told without the playing; what Model {} goes by means nothing.",
}
"""By verdict, why what a model goes by is folded away."""


def models(material: Material) -> dict | None:
    """Tables of coefficients and of groups of scales; why they are folded, if they are."""
    v = material.claim
    if not v.models:
        return None
    weights = {weight.name: weight for weight in v.coefficients.weights} if v.coefficients is not None else {}
    findings = findings_of(v, SCALES)
    clusters = v.coefficients.clusters if v.coefficients is not None else ()
    return {
        "folded": [why_folded(material, model) for model in v.models if not material.speaks(model)],
        "open": any(map(material.speaks, v.models)),
        "scales": SCALES if SCALES in v.models else "",
        "tested": bool(weights),
        "findings": None if findings is None else [_finding(weights[s.id], s) for s in POLES if s.id in findings],
        "table": _scale_table(v, weights) if SCALES in v.models else None,
        "clusters": _clusters(clusters) if clusters else None,
        "disputed": [f"{s.name} {s.low}–{s.high}" for s in POLES if s.poles_disputed],
    }


def why_folded(material: Material, model: str) -> str:
    """Why nothing should be read from what a model goes by."""
    label = material.verdicts[model].label if model in material.verdicts else "no signal"
    return WHY_FOLDED[label].format(model)


def _finding(weight: Weight, scale: Scale) -> str:
    """A scale that tells STOP from CONTINUE by itself, how far, and which way it goes where that can be said."""
    pole, auc = (scale.high, weight.own_auc) if weight.own_auc > 0.5 else (scale.low, 1 - weight.own_auc)
    way = f"{scale.low}–{scale.high}" if scale.poles_disputed else f"nearer to {pole} before a STOP"
    return f"{scale.name} {way} ({hundred(auc)} times in 100, {p_words(weight.pvalue)})"


def by_size(v: ViewResult) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Order of the scales by their coefficient, the largest first; coefficients by scale and fold; their means."""
    by_fold = v.models[SCALES]["coefficients"]
    values = by_fold[~np.isnan(by_fold).any(axis=1)].T
    means = values.mean(axis=1) if values.shape[1] else np.zeros(len(POLES))
    return np.argsort(-np.abs(means), kind="stable"), values, means


def _scale_table(v: ViewResult, weights: dict[str, Weight]) -> Grid:
    order, values, means = by_size(v)
    n_folds, rows = values.shape[1], []
    for k in order:
        scale, weight = POLES[k], weights.get(POLES[k].id)
        agreement = int((np.sign(values[k]) == np.sign(means[k])).sum())
        spread = float(values[k].std(ddof=1)) if n_folds > 1 else None
        row = [Cell(scale.name, note=f"{scale.low} to {scale.high}"), number(float(means[k])), number(spread)]
        row.append(f"{agreement} of {n_folds}")
        if weights:
            tested = (weight.pattern, weight.own_auc) if weight else (None, None)
            row += [*map(number, tested), pvalue(weight.pvalue if weight else None)]
        rows.append(row)
    names = [
        "mean",
        "spread over folds",
        "folds of this sign",
        *(["pattern", "own AUC", "p of it (max-T)"] if weights else []),
    ]
    caption = "Coefficients, the largest first; with a positive one, nearer to the second pole is called STOP"
    caption += "" if findings_of(v, SCALES) is not None or not weights else ". Not interpretable: no signal"
    return grid(caption, ("Scale", *((name, "number") for name in names)), rows)


def _clusters(clusters: tuple[Cluster, ...]) -> Grid:
    rows = []
    for cluster in clusters:
        scales = (POLES[PERCEPIANO_DIMENSIONS.index(name)] for name in cluster.names)
        names = ", ".join(f"{scale.name} {scale.high}" for scale in scales)
        rows.append((Cell(names), number(cluster.importance, 3), number(cluster.spread, 3)))
    caption = "How far the AUC within video drops when the scores of a group are shuffled together within each video"
    return grid(caption, (("Group", "long"), ("drop", "number"), ("spread over shuffles", "number")), rows)
