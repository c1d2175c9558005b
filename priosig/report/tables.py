"""The tables of a report: all results of an experiment, as rows.

One table, one CSV file. They are what a page shows a part of, and what two runs are compared by
(`priosig.report.compare`). Rows have a fixed order, so that the same experiment gives the same bytes.
"""

import math
from collections.abc import Sequence
from dataclasses import astuple, fields

import numpy as np

from priosig.experiment.evaluation import ViewResult
from priosig.experiment.feature_sets import SCALES
from priosig.experiment.sensitivity import Choice, Row
from priosig.extraction.percepiano.scales import POLES
from priosig.inference.confounds_alone import TOGETHER
from priosig.metrics.summary import Summary
from priosig.report.listen import worst_misses
from priosig.report.material import Material
from priosig.report.table_text import Table
from priosig.report.words import unit

_NAN = math.nan


def experiment_tables(material: Material) -> dict[str, Table]:
    """All tables of an experiment, by the name of their file; those that need audio have no rows without it."""
    views = tuple(material.experiment.views.values())
    return {
        "verdicts": _verdicts(views),
        "metrics": _metrics(views),
        "videos": _videos(views),
        "scores": _scores(views),
        "confounds": _confounds(views),
        "coefficients": _coefficients(views),
        "coefficients_by_fold": _coefficients_by_fold(views),
        "segments": _segments(views),
        "dropped": Table(
            ("view", "segment_id", "reason"),
            [(v.view.name, d.segment_id, d.reason) for v in views for d in v.view.dropped],
        ),
        "problems": Table(
            ("view", "what", "reason"),
            [(v.view.name, *one) for v in views for one in (*v.problems.items(), *v.confounds.not_measured.items())],
        ),
        "audit": Table(
            ("check", "unit", "id", "video_id", "time", "detail"),
            [(f.name, f.unit, p.id, p.video_id, p.time, p.detail) for f in material.findings for p in f.problems],
        ),
        "mistakes": _mistakes(material, views),
        "sensitivity": _sensitivity(material.sensitivity),
    }


def _sensitivity(rows: Sequence[Row]) -> Table:
    columns = [field.name for field in fields(Row) if field.name != "choice"]
    chosen = [field.name for field in fields(Choice)]
    return Table(
        (*chosen, *columns), [(*astuple(row.choice), *(getattr(row, name) for name in columns)) for row in rows]
    )


def _verdicts(views: Sequence[ViewResult]) -> Table:
    columns = (
        "view", "model", "verdict", "auc_within_video", "low", "high", "any_signal_pvalue",
        "beyond_confounds_pvalue", "beyond_confounds_raw_pvalue", "beyond_acoustic_pvalue", "heterogeneity_pvalue",
        "effective_sets", "n_sets", "power", "hard_power", "probe_auc", "detectable_auc", "videos_needed", "n_videos",
        "n_videos_above_half", "exploratory", "rule", "sentence",
    )  # fmt: skip
    rows = []
    for v in views:
        rows.append(_of_design(v))
        for model, a in v.assessments.items():
            e = a.evidence
            rows.append(
                (
                    v.view.name, model, a.verdict.label, e.auc, e.low, e.high, a.any_signal_pvalue,
                    a.beyond_confounds_pvalue, a.beyond_confounds_raw_pvalue, a.beyond_acoustic_pvalue,
                    e.heterogeneity_pvalue, e.effective_sets, e.n_sets, e.power, e.hard_power, e.probe_auc,
                    e.detectable_auc, "; ".join(f"{auc:g}: {n or 'more than tried'}" for auc, n in e.videos_needed),
                    e.n_videos, e.n_videos_above_half, e.exploratory, a.verdict.rule_hash, a.verdict.sentence,
                )
            )  # fmt: skip
    return Table(columns, rows)


def _of_design(v: ViewResult) -> tuple:
    """The row of a view's windows, whatever the models."""
    if v.refusal is not None:
        label, auc, n_sets, n_videos = v.refusal.label, _NAN, None, None
        said = v.refusal.exploratory, v.refusal.rule_hash, v.refusal.sentence
    else:
        e, verdict = v.design.evidence, v.design.verdict
        label = verdict.label if verdict else "can be judged"
        auc, n_sets, n_videos = e.confound_auc, v.design.n_sets, v.design.n_two_class_videos
        said = e.exploratory, v.design.rule.hash, verdict.sentence if verdict else ""
    return v.view.name, "design", label, auc, *[_NAN] * 8, n_sets, *[_NAN] * 4, "", n_videos, None, *said


def _metrics(views: Sequence[ViewResult]) -> Table:
    names = [field.name for field in fields(Summary) if field.name != "undefined"]
    rows = [
        (v.view.name, model, *(getattr(cv["summary"], name) for name in names))
        for v in views
        for model, cv in v.models.items()
    ]
    return Table(("view", "model", *names), rows)


def _videos(views: Sequence[ViewResult]) -> Table:
    names = ("video_id", "n_samples", "n_stop", "n_continue", "n_unscored", "auc", "weight", "accuracy", "stop_rate")
    rows = [
        (v.view.name, model, *(row[name] for name in names))
        for v in views
        for model, cv in v.models.items()
        for row in cv["per_video"]
    ]
    return Table(("view", "model", *names), rows)


def _scores(views: Sequence[ViewResult]) -> Table:
    columns = (
        "view", "model", "segment_id", "source_id", "video_id", "label", "start_time", "end_time", "score",
        "y_pred_proba", "called",
    )  # fmt: skip
    called = {1: "stop", 0: "continue", None: ""}
    rows = [
        (
            v.view.name, model, s.segment_id, source, s.video_id, s.label, s.start_time, s.end_time, row["score"],
            row["y_pred_proba"], called[row["y_pred"]],
        )
        for v in views
        for model, cv in v.models.items()
        for s, source, row in zip(v.view.segments, v.view.source_ids, cv["per_segment"], strict=True)
    ]  # fmt: skip
    return Table(columns, rows)


def _confounds(views: Sequence[ViewResult]) -> Table:
    columns = (
        "view", "confound", "unit", "status", "median_stop", "median_continue", "auc_within_video", "auc",
        "n_videos_above_half", "pvalue", "curve", "curve_pvalue",
    )  # fmt: skip
    rows = []
    for v in views:
        baselines = {b.name: b for b in v.design.baselines} if v.design is not None else {}
        tied = dict(v.design.evidence.tied) if v.design is not None else {}
        for name in (*v.confounds.roles, *([TOGETHER] if TOGETHER in baselines else [])):
            tried: tuple = (tied.get(name), *[None] * 5)
            if name in baselines:
                b = baselines[name]
                tried = b.auc_within_video, b.auc, b.n_videos_above_half, b.pvalue, b.curve, b.curve_pvalue
            rows.append((v.view.name, name, unit(name), *_status(v, name), *tried))
    return Table(columns, rows)


def _status(v: ViewResult, name: str) -> tuple[str, float, float]:
    c = v.confounds
    if name in c.values:
        of_stop, of_continue = (float(np.median(c.values[name][v.y == k])) if k in v.y else _NAN for k in (1, 0))
        return "varies", of_stop, of_continue
    status = {
        **{one: f"not measured: {why}" for one, why in c.not_measured.items()},
        **dict.fromkeys(c.tied, "tied to the label by definition"),
        **{
            one: f"known for {np.isfinite(values).sum()} of {len(v.y)} windows"
            for one, values in c.partly_known.items()
        },
        **dict.fromkeys(c.constant, "equal for all windows"),
    }
    return status.get(name, ""), _NAN, _NAN


def _mistakes(material: Material, views: Sequence[ViewResult]) -> Table:
    columns = (
        "view", "model", "kind", "rank", "segment_id", "moment_id", "score", "y_pred_proba", "link", "teacher",
        "piece", "feedback_summary",
    )  # fmt: skip
    moments = {moment.moment_id: moment for moment in material.experiment.annotations.moments}
    kinds = {"continue": "called STOP, was CONTINUE", "stop": "called CONTINUE, was STOP"}
    rows = []
    for v, model, label in [(view, model, label) for view in views for model in view.models for label in kinds]:
        cv = v.models[model]
        for rank, row in enumerate(worst_misses(v, model, label), start=1):
            s = v.view.segments[row]
            m = moments.get(s.moment_id)
            texts = (m.teacher, m.piece, m.feedback_summary) if m is not None else ("", "", "")
            scores = float(cv["scores"][row]), float(cv["y_pred_proba"][row])
            place = v.view.name, model, kinds[label], rank, s.segment_id, s.moment_id
            rows.append((*place, *scores, material.link(s.video_id, s.start_time), *texts))
    return Table(columns, rows)


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
    return Table(columns, rows)


def _coefficients_by_fold(views: Sequence[ViewResult]) -> Table:
    rows = [
        (v.view.name, scale.id, fold["held_out"], float(v.models[SCALES]["coefficients"][k, j]))
        for v in views
        if SCALES in v.models
        for j, scale in enumerate(POLES)
        for k, fold in enumerate(v.models[SCALES]["folds"])
    ]
    return Table(("view", "scale", "held_out", "coefficient"), rows)


def _segments(views: Sequence[ViewResult]) -> Table:
    about = ("video_id", "label", "start_time", "end_time", "moment_id")
    confounds = list(dict.fromkeys(name for v in views for name in v.confounds.roles))
    rows = []
    for v in views:
        for i, (s, source) in enumerate(zip(v.view.segments, v.view.source_ids, strict=True)):
            values = [v.confounds.values[name][i] if name in v.confounds.values else None for name in confounds]
            values[0] = s.duration
            rows.append((v.view.name, s.segment_id, source, *(getattr(s, name) for name in about), *values))
    return Table(("view", "segment_id", "source_id", *about, *confounds), rows)
