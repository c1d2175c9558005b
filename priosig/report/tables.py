"""The tables of a report: all results of an experiment, as rows.

One table, one CSV file. They are what a page shows a part of, and what two runs are compared by
(`priosig.report.compare`). Rows have a fixed order, so that the same experiment gives the same bytes.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, astuple

import numpy as np

from priosig.annotations.audit.checks import Finding
from priosig.experiment.evaluation import ViewResult
from priosig.experiment.feature_sets import SCALES
from priosig.experiment.pipeline import Experiment
from priosig.experiment.sensitivity import Choice, Row
from priosig.extraction.percepiano.scales import POLES
from priosig.inference.confounds_alone import TOGETHER
from priosig.metrics.summary import Summary
from priosig.report.links import link_of
from priosig.report.listen import worst_misses
from priosig.report.table_text import Table
from priosig.report.words import unit


def experiment_tables(experiment: Experiment, findings: Sequence[Finding]) -> dict[str, Table]:
    """All tables of an experiment, by the name of their file.

    Parameters
    ----------
    experiment : Experiment
    findings : sequence of Finding
        Of the annotation audit.

    Returns
    -------
    dict of str to Table
        Those that need audio are there without it too, and have no rows.
    """
    views = tuple(experiment.views.values())
    return {
        "verdicts": _verdicts(views),
        "metrics": _metrics(views),
        "videos": _videos(views),
        "scores": _scores(views),
        "confounds": _confounds(views),
        "coefficients": _coefficients(views),
        "coefficients_by_fold": _coefficients_by_fold(views),
        "segments": _segments(views),
        "dropped": _table(
            ("view", "segment_id", "reason"),
            ((v.view.name, d.segment_id, d.reason) for v in views for d in v.view.dropped),
        ),
        "problems": _table(
            ("view", "what", "reason"),
            (
                (v.view.name, *problem)
                for v in views
                for problem in (*v.problems.items(), *v.confounds.not_measured.items())
            ),
        ),
        "audit": _table(
            ("check", "unit", "id", "video_id", "time", "detail"),
            ((f.name, f.unit, p.id, p.video_id, p.time, p.detail) for f in findings for p in f.problems),
        ),
        "mistakes": _mistakes(experiment, views),
    }


def sensitivity_rows(rows: Sequence[Row]) -> Table:
    """What other choices would have given, a row a choice and model."""
    columns = (
        "model", "n_stop", "n_continue", "auc_within_video", "any_signal_pvalue", "beyond_confounds_pvalue",
        "verdict", "problem", "n_permutations",
    )  # fmt: skip
    chosen = Choice.__dataclass_fields__
    cells = ((*astuple(row.choice), *(getattr(row, name) for name in columns)) for row in rows)
    return _table((*chosen, *columns), cells)


def _verdicts(views: Sequence[ViewResult]) -> Table:
    columns = (
        "view", "model", "verdict", "auc_within_video", "low", "high", "any_signal_pvalue",
        "beyond_confounds_pvalue", "beyond_confounds_raw_pvalue", "beyond_acoustic_pvalue", "heterogeneity_pvalue",
        "effective_sets", "n_sets", "power", "hard_power", "probe_auc", "detectable_auc", "videos_needed", "n_videos",
        "n_videos_above_half", "exploratory", "rule", "sentence",
    )  # fmt: skip
    rows = []
    for v in views:
        name = v.view.name
        if v.refusal is not None:
            r = v.refusal
            unknown = *[math.nan] * 9, None, *[math.nan] * 4, "", None, None
            rows.append((name, "design", r.label, *unknown, r.exploratory, r.rule_hash, r.sentence))
        if v.design is not None:
            design, verdict = v.design, v.design.verdict
            rows.append(
                (
                    name, "design", verdict.label if verdict else "can be judged", design.evidence.confound_auc,
                    *[math.nan] * 8, design.n_sets, *[math.nan] * 4, "", design.n_two_class_videos, None,
                    design.evidence.exploratory, design.rule.hash, verdict.sentence if verdict else "",
                )
            )  # fmt: skip
        for model, a in v.assessments.items():
            e = a.evidence
            rows.append(
                (
                    name, model, a.verdict.label, e.auc, e.low, e.high, a.any_signal_pvalue,
                    a.beyond_confounds_pvalue, a.beyond_confounds_raw_pvalue, a.beyond_acoustic_pvalue,
                    e.heterogeneity_pvalue, e.effective_sets, e.n_sets, e.power, e.hard_power, e.probe_auc,
                    e.detectable_auc, "; ".join(f"{auc:g}: {n or 'more than tried'}" for auc, n in e.videos_needed),
                    e.n_videos, e.n_videos_above_half, e.exploratory, a.verdict.rule_hash, a.verdict.sentence,
                )
            )  # fmt: skip
    return _table(columns, rows)


def _metrics(views: Sequence[ViewResult]) -> Table:
    names = tuple(name for name in Summary.__dataclass_fields__ if name != "undefined")
    rows = (
        (v.view.name, model, *(asdict(cv["summary"])[name] for name in names))
        for v in views
        for model, cv in v.models.items()
    )
    return _table(("view", "model", *names), rows)


def _videos(views: Sequence[ViewResult]) -> Table:
    names = ("video_id", "n_samples", "n_stop", "n_continue", "n_unscored", "auc", "weight", "accuracy", "stop_rate")
    rows = (
        (v.view.name, model, *(row[name] for name in names))
        for v in views
        for model, cv in v.models.items()
        for row in cv["per_video"]
    )
    return _table(("view", "model", *names), rows)


def _scores(views: Sequence[ViewResult]) -> Table:
    columns = (
        "view", "model", "segment_id", "source_id", "video_id", "label", "start_time", "end_time", "score",
        "y_pred_proba", "called",
    )  # fmt: skip
    rows = []
    for v in views:
        for model, cv in v.models.items():
            for segment, source, row in zip(v.view.segments, v.view.source_ids, cv["per_segment"], strict=True):
                called = {1: "stop", 0: "continue", None: ""}[row["y_pred"]]
                rows.append(
                    (
                        v.view.name, model, segment.segment_id, source, segment.video_id, segment.label,
                        segment.start_time, segment.end_time, row["score"], row["y_pred_proba"], called,
                    )
                )  # fmt: skip
    return _table(columns, rows)


def _confounds(views: Sequence[ViewResult]) -> Table:
    columns = (
        "view", "confound", "unit", "status", "median_stop", "median_continue", "auc_within_video", "auc",
        "n_videos_above_half", "pvalue", "curve", "curve_pvalue",
    )  # fmt: skip
    rows = []
    for v in views:
        baselines = {b.name: b for b in v.design.baselines} if v.design is not None else {}
        tied = dict(v.design.evidence.tied) if v.design is not None else {}
        for name in (*v.confounds.roles, TOGETHER):
            b = baselines.get(name)
            if name == TOGETHER and b is None:
                continue
            tried: tuple = (tied.get(name), *[None] * 5)
            if b:
                tried = b.auc_within_video, b.auc, b.n_videos_above_half, b.pvalue, b.curve, b.curve_pvalue
            rows.append((v.view.name, name, unit(name), *_status(v, name), *tried))
    return _table(columns, rows)


def _status(v: ViewResult, name: str) -> tuple[str, float, float]:
    if name in v.confounds.values:
        values = v.confounds.values[name]
        medians = [float(np.median(values[v.y == k])) if (v.y == k).any() else math.nan for k in (1, 0)]
        return "varies", medians[0], medians[1]
    if name in v.confounds.constant:
        return "equal for all windows", math.nan, math.nan
    if name in v.confounds.partly_known:
        known = int(np.isfinite(v.confounds.partly_known[name]).sum())
        return f"known for {known} of {len(v.y)} windows", math.nan, math.nan
    if name in v.confounds.tied:
        return "tied to the label by definition", math.nan, math.nan
    if name in v.confounds.not_measured:
        return f"not measured: {v.confounds.not_measured[name]}", math.nan, math.nan
    return "", math.nan, math.nan


def _mistakes(experiment: Experiment, views: Sequence[ViewResult]) -> Table:
    columns = (
        "view", "model", "kind", "rank", "segment_id", "moment_id", "score", "y_pred_proba", "link", "teacher",
        "piece", "feedback_summary",
    )  # fmt: skip
    moments = {moment.moment_id: moment for moment in experiment.annotations.moments}
    kinds = {"continue": "called STOP, was CONTINUE", "stop": "called CONTINUE, was STOP"}
    rows = []
    for v, model, label in [(view, model, label) for view in views for model in view.models for label in kinds]:
        cv = v.models[model]
        for rank, row in enumerate(worst_misses(v, model, label), start=1):
            s = v.view.segments[row]
            link, m = link_of(experiment, s.video_id, s.start_time), moments.get(s.moment_id)
            texts = (m.teacher, m.piece, m.feedback_summary) if m is not None else ("", "", "")
            scores = float(cv["scores"][row]), float(cv["y_pred_proba"][row])
            place = (v.view.name, model, kinds[label], rank, s.segment_id, s.moment_id)
            rows.append((*place, *scores, link, *texts))
    return _table(columns, rows)


def _coefficients(views: Sequence[ViewResult]) -> Table:
    columns = (
        "view", "scale", "low_pole", "high_pole", "mean", "sd", "sign_agreement", "pattern", "own_auc", "pvalue",
        "finding",
    )  # fmt: skip
    rows = []
    for v in views:
        findings = v.findings
        for scale, w in zip(POLES, v.coefficients.weights, strict=True) if v.coefficients is not None else ():
            finding = "not interpretable" if findings is None else w.name in findings
            numbers = w.mean, w.spread, w.sign_agreement, w.pattern, w.own_auc, w.pvalue
            rows.append((v.view.name, scale.id, scale.low, scale.high, *numbers, finding))
    return _table(columns, rows)


def _coefficients_by_fold(views: Sequence[ViewResult]) -> Table:
    rows = (
        (v.view.name, scale.id, fold["held_out"], float(cv["coefficients"][k, j]))
        for v in views
        for model, cv in v.models.items()
        if model == SCALES
        for j, scale in enumerate(POLES)
        for k, fold in enumerate(cv["folds"])
    )
    return _table(("view", "scale", "held_out", "coefficient"), rows)


def _segments(views: Sequence[ViewResult]) -> Table:
    about = ("view", "segment_id", "source_id", "video_id", "label", "start_time", "end_time", "moment_id")
    confounds = list(dict.fromkeys(name for v in views for name in v.confounds.roles))
    columns = (*about, *confounds)
    rows = []
    for v in views:
        for i, (segment, source) in enumerate(zip(v.view.segments, v.view.source_ids, strict=True)):
            values = [v.confounds.values[name][i] if name in v.confounds.values else None for name in confounds]
            values[0] = segment.duration
            rows.append(
                (
                    v.view.name, segment.segment_id, source, segment.video_id, segment.label, segment.start_time,
                    segment.end_time, segment.moment_id, *values,
                )
            )  # fmt: skip
    return _table(columns, rows)


def _table(columns: Sequence[str], rows: Iterable[Sequence]) -> Table:
    return Table(tuple(columns), tuple(tuple(row) for row in rows))
