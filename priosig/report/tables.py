"""The tables of a report: all results of an experiment, as rows.

One table, one CSV file. They are what a page shows a part of, and what two runs are compared by
(`priosig.report.compare`). Rows have a fixed order, so that the same experiment gives the same bytes.
"""

import math
from collections.abc import Iterator
from dataclasses import astuple, fields

import numpy as np

from priosig.experiment.evaluation import ViewResult
from priosig.experiment.feature_sets import SCALES
from priosig.experiment.sensitivity import Choice, Row
from priosig.extraction.percepiano.scales import POLES
from priosig.inference.confounds_alone import TOGETHER
from priosig.metrics.summary import Summary
from priosig.report.confounds import tied
from priosig.report.listen import worst_misses
from priosig.report.material import Material
from priosig.report.table_text import Table
from priosig.report.words import unit

_NAN = math.nan
_VERDICTS = (
    "model", "verdict", "auc_within_video", "low", "high", "any_signal_pvalue", "beyond_confounds_pvalue",
    "beyond_confounds_raw_pvalue", "beyond_acoustic_pvalue", "heterogeneity_pvalue", "effective_sets", "n_sets",
    "power", "hard_power", "probe_auc", "detectable_auc", "videos_needed", "n_videos", "n_videos_above_half",
    "exploratory", "rule", "sentence",
)  # fmt: skip
_METRICS = tuple(field.name for field in fields(Summary) if field.name != "undefined")
_VIDEOS = (
    "video_id", "n_samples", "n_stop", "n_continue", "n_unscored", "auc", "weight", "accuracy", "stop_rate",
)  # fmt: skip
_SCORES = (
    "model", "segment_id", "source_id", "video_id", "label", "start_time", "end_time", "score", "y_pred_proba",
    "called",
)  # fmt: skip
_CONFOUNDS = (
    "confound", "unit", "status", "median_stop", "median_continue", "auc_within_video", "auc", "n_videos_above_half",
    "pvalue", "curve", "curve_pvalue",
)  # fmt: skip
_COEFFICIENTS = (
    "scale", "low_pole", "high_pole", "mean", "sd", "sign_agreement", "pattern", "own_auc", "pvalue", "finding",
)  # fmt: skip
_MISTAKES = (
    "model", "kind", "rank", "segment_id", "moment_id", "score", "y_pred_proba", "link", "teacher", "piece",
    "feedback_summary",
)  # fmt: skip
_KINDS = {"continue": "called STOP, was CONTINUE", "stop": "called CONTINUE, was STOP"}


def experiment_tables(material: Material) -> dict[str, Table]:
    """All tables of an experiment, by the name of their file; those that need audio have no rows without it."""
    views = tuple(material.experiment.views.values())
    confounds = tuple(dict.fromkeys(name for v in views for name in v.confounds.roles))
    segments = ("segment_id", "source_id", "video_id", "label", "start_time", "end_time", "moment_id", *confounds)
    of_views = {
        "verdicts": (_VERDICTS, _verdicts),
        "metrics": (("model", *_METRICS), _metrics),
        "videos": (("model", *_VIDEOS), _videos),
        "scores": (_SCORES, _scores),
        "confounds": (_CONFOUNDS, _confounds),
        "coefficients": (_COEFFICIENTS, _coefficients),
        "coefficients_by_fold": (("scale", "held_out", "coefficient"), _coefficients_by_fold),
        "segments": (segments, lambda v: _segments(v, confounds)),
        "dropped": (("segment_id", "reason"), lambda v: ((d.segment_id, d.reason) for d in v.view.dropped)),
        "problems": (("what", "reason"), lambda v: (*v.problems.items(), *v.confounds.not_measured.items())),
        "mistakes": (_MISTAKES, lambda v: _mistakes(v, material)),
    }
    tables = {
        name: Table(("view", *columns), [(v.view.name, *row) for v in views for row in rows(v)])
        for name, (columns, rows) in of_views.items()
    }
    problems = [(f.name, f.unit, p.id, p.video_id, p.time, p.detail) for f in material.findings for p in f.problems]
    tables["audit"] = Table(("check", "unit", "id", "video_id", "time", "detail"), problems)
    choice, given = ([field.name for field in fields(of) if field.name != "choice"] for of in (Choice, Row))
    varied = [(*astuple(row.choice), *(getattr(row, name) for name in given)) for row in material.sensitivity]
    tables["sensitivity"] = Table((*choice, *given), varied)
    return tables


def _verdicts(v: ViewResult) -> Iterator[tuple]:
    if v.refusal is not None:
        label, auc, n_sets, n_videos = v.refusal.label, _NAN, None, None
        said = v.refusal.exploratory, v.refusal.rule_hash, v.refusal.sentence
    else:
        e, verdict = v.design.evidence, v.design.verdict
        label = verdict.label if verdict else "can be judged"
        auc, n_sets, n_videos = e.confound_auc, v.design.n_sets, v.design.n_two_class_videos
        said = e.exploratory, v.design.rule.hash, verdict.sentence if verdict else ""
    yield "design", label, auc, *[_NAN] * 8, n_sets, *[_NAN] * 4, "", n_videos, None, *said
    for model, a in v.assessments.items():
        e = a.evidence
        yield (
            model, a.verdict.label, e.auc, e.low, e.high, a.any_signal_pvalue, a.beyond_confounds_pvalue,
            a.beyond_confounds_raw_pvalue, a.beyond_acoustic_pvalue, e.heterogeneity_pvalue, e.effective_sets,
            e.n_sets, e.power, e.hard_power, e.probe_auc, e.detectable_auc,
            "; ".join(f"{auc:g}: {n or 'more than tried'}" for auc, n in e.videos_needed), e.n_videos,
            e.n_videos_above_half, e.exploratory, a.verdict.rule_hash, a.verdict.sentence,
        )  # fmt: skip


def _metrics(v: ViewResult) -> Iterator[tuple]:
    for model, cv in v.models.items():
        yield model, *(getattr(cv["summary"], name) for name in _METRICS)


def _videos(v: ViewResult) -> Iterator[tuple]:
    for model, cv in v.models.items():
        for row in cv["per_video"]:
            yield model, *(row[name] for name in _VIDEOS)


def _scores(v: ViewResult) -> Iterator[tuple]:
    called = {1: "stop", 0: "continue", None: ""}
    for model, cv in v.models.items():
        for s, source, row in zip(v.view.segments, v.view.source_ids, cv["per_segment"], strict=True):
            place = s.segment_id, source, s.video_id, s.label, s.start_time, s.end_time
            yield model, *place, row["score"], row["y_pred_proba"], called[row["y_pred"]]


def _confounds(v: ViewResult) -> Iterator[tuple]:
    baselines = {b.name: b for b in v.design.baselines} if v.design is not None else {}
    for name in (*v.confounds.roles, *([TOGETHER] if TOGETHER in baselines else [])):
        tried: tuple = (tied(v.design).get(name), *[None] * 5)
        if name in baselines:
            b = baselines[name]
            tried = b.auc_within_video, b.auc, b.n_videos_above_half, b.pvalue, b.curve, b.curve_pvalue
        yield name, unit(name), *_status(v, name), *tried


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


def _coefficients(v: ViewResult) -> Iterator[tuple]:
    findings = v.findings
    for scale, w in zip(POLES, v.coefficients.weights, strict=True) if v.coefficients is not None else ():
        finding = "not interpretable" if findings is None else w.name in findings
        numbers = w.mean, w.spread, w.sign_agreement, w.pattern, w.own_auc, w.pvalue
        yield scale.id, scale.low, scale.high, *numbers, finding


def _coefficients_by_fold(v: ViewResult) -> Iterator[tuple]:
    if SCALES in v.models:
        cv = v.models[SCALES]
        for j, scale in enumerate(POLES):
            for k, fold in enumerate(cv["folds"]):
                yield scale.id, fold["held_out"], float(cv["coefficients"][k, j])


def _segments(v: ViewResult, confounds: tuple[str, ...]) -> Iterator[tuple]:
    for i, (s, source) in enumerate(zip(v.view.segments, v.view.source_ids, strict=True)):
        values = [v.confounds.values[name][i] if name in v.confounds.values else None for name in confounds]
        values[0] = s.duration
        yield s.segment_id, source, s.video_id, s.label, s.start_time, s.end_time, s.moment_id, *values


def _mistakes(v: ViewResult, material: Material) -> Iterator[tuple]:
    for model, label in [(model, label) for model in v.models for label in _KINDS]:
        cv = v.models[model]
        for rank, row in enumerate(worst_misses(v, model, label), start=1):
            s = v.view.segments[row]
            m, link = material.moments.get(s.moment_id), material.link(s.video_id, s.start_time)
            texts = (m.teacher, m.piece, m.feedback_summary) if m is not None else ("", "", "")
            scores = float(cv["scores"][row]), float(cv["y_pred_proba"][row])
            yield model, _KINDS[label], rank, s.segment_id, s.moment_id, *scores, link, *texts
