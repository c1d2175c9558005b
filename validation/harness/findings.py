"""What an experiment gives that is held as a snapshot: facts and numbers of every view and model, collected once.

Two of the files need no audio: a corpus has them before its first recording. Segments are held by the moment that
they come from, to the millisecond, so that a moved boundary is one changed line; whatever follows from them (how
long windows last, for instance) is not held again.

Coefficients are those of standardised quality scores, so that their sizes compare; a positive one pushes towards STOP
as the playing nears the scale's second pole. Only those larger than relabelled data give (max-T over all scales,
`priosig.inference.coefficients`) may be read. That folds agree in sign is a description and no test, since they share
most of their segments.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict

import numpy as np

from priosig.annotations.segments import LABELS, Segment
from priosig.experiment.evaluation import ViewResult, rule_of
from priosig.experiment.feature_sets import SCALES
from priosig.experiment.pipeline import Experiment
from validation.harness.snapshots import SEGMENTS, Facts, Number, Table

#: Not held: they grow without bound as classes separate, and one segment that changes sides moves them far. That
#: they do not exist is held.
UNBOUNDED = {"calibration_intercept", "calibration_slope"}
#: Counts that all models of a view share; they stand with the view.
OF_THE_VIEW = {"n_samples", "n_stop", "n_continue"}
PAIRS = 2  # of a STOP and a CONTINUE of a video, that may change sides on another processor
AWAY_FROM_ZERO = 0.1  # of a coefficient: nearer, its sign may turn with the last digits


def corpus_facts(description: Experiment) -> Facts:
    """Settings, counts, segments, and what the annotations alone say of each view."""
    annotations = description.annotations
    segments = annotations.segments
    videos = sorted({segment.video_id for segment in segments})
    views: dict[str, object] = {}
    for name, result in description.views.items():
        design = result.design
        facts = {
            "segments": _kept(result),
            "measured": _listed(result.confounds.values),
            "removed_by_design": _listed(result.confounds.constant),
            "not_measured": _listed(f"{one} ({why})" for one, why in result.confounds.not_measured.items()),
            "tied_to_the_label": _listed(result.confounds.tied),
            "sets": design.n_sets if design else "none",
            "verdict": _silent_verdict(result),
        }
        views |= {f"{name} {fact}": value for fact, value in facts.items()}
    return Facts(
        {
            "settings": {name: _setting(value) for name, value in asdict(annotations.corpus.settings).items()},
            "counts": {
                "moments": len(annotations.moments),
                "videos": len(videos),
                "clipped": len(annotations.clipped),
                "all videos": _by_label(segments),
                **{video: _by_label([s for s in segments if s.video_id == video]) for video in videos},
            },
            "views": views,
            SEGMENTS: {
                f"{s.video_id} {s.moment_id} {s.label}": f"{s.start_time:.3f} to {s.end_time:.3f} s" for s in segments
            },
        }
    )


def confounds(description: Experiment) -> Table:
    """How well each confound predicts the label by itself, as far as it is known without audio."""
    rows = {}
    for view, result in description.views.items():
        for one in result.design.baselines if result.design else ():
            rows[view, one.name, "auc"] = one.auc, "rate"
            rows[view, one.name, "auc_within_video"] = one.auc_within_video, "rate"
    return Table(("view", "confound", "name"), rows)


def verdict_facts(experiment: Experiment) -> Facts:
    """The rule; of each view what could be compared, what was adjusted for, the verdicts, the scales that tell."""
    rule = rule_of(experiment.annotations.corpus.settings)
    views: dict[str, object] = {}
    for view, result in experiment.views.items():
        facts: dict[str, object] = {"segments": _kept(result)}
        if result.refusal is not None:
            facts["verdict"] = result.refusal.label
        if result.design is not None:
            evidence = result.design.evidence
            facts |= {
                "sets": evidence.n_sets,
                "removed_by_design": _listed(evidence.removed),
                "adjusted_for": _listed(evidence.adjusted),
                "adjusted_for_apart": _listed(evidence.acoustic),
                "not_measured": _listed(evidence.not_measured),
            }
        facts |= {f"{what} was not run": why for what, why in result.problems.items()}
        for model, assessment in result.assessments.items():
            evidence = assessment.evidence
            facts[f"{model} verdict"] = assessment.verdict.label
            facts[f"{model} videos_above_half"] = f"{evidence.n_videos_above_half} of {evidence.n_videos}"
        if result.findings is not None:
            facts["scales_told_from_chance"] = _listed(sorted(result.findings))
        views |= {f"{view} {fact}": value for fact, value in facts.items()}
    return Facts({"rule": {"hash": rule.hash, **asdict(rule)}, "views": views})


def metrics(experiment: Experiment) -> Table:
    """Every metric of each model, its p-values, and the ends of its interval."""
    rows = {}
    for view, model, result in _models(experiment):
        for name, value in asdict(result.models[model]["summary"]).items():
            if name == "undefined" or name in OF_THE_VIEW or (name in UNBOUNDED and not np.isnan(value)):
                continue
            kind = "precision" if name.startswith("average_precision") else "rate"
            rows[view, model, name] = value, "count" if isinstance(value, int) else kind
        evidence = result.assessments[model].evidence
        rows[view, model, "T1"] = evidence.any_signal_pvalue, "pvalue"
        rows[view, model, "T2"] = evidence.beyond_confounds_pvalue, "pvalue"
        rows[view, model, "low"] = evidence.low, "interval"
        rows[view, model, "high"] = evidence.high, "interval"
    return Table(("view", "model", "name"), rows)


def videos(experiment: Experiment) -> Table:
    """AUC, accuracy and share called STOP of each model in each video."""
    rows = {}
    for view, model, result in _models(experiment):
        for video in result.models[model]["per_video"]:
            key, n_pairs = (view, model, video["video_id"]), _pairs(result, video["video_id"])
            rows[*key, "auc"] = Number(video["auc"], "rate", least=PAIRS / n_pairs if n_pairs else 0.0)
            rows |= {(*key, name): Number(video[name], "rate") for name in ("accuracy", "stop_rate")}
    return Table(("view", "model", "video", "name"), rows)


def coefficients(experiment: Experiment) -> Table:
    """Mean weight of each quality scale over the folds, and how many of these agree with its sign."""
    rows = {}
    for view, result in experiment.views.items():
        for i, weight in enumerate(result.coefficients.weights if result.coefficients else ()):
            folds, key = result.models[SCALES]["coefficients"][:, i], (view, SCALES, weight.name)
            mean = float(folds.mean())
            rows[*key, "mean"] = mean, "coefficient"
            if np.abs(folds).min() > AWAY_FROM_ZERO:
                rows[*key, "folds_of_its_sign"] = int((np.sign(folds) == np.sign(mean)).sum()), "count"
    return Table(("view", "model", "scale", "name"), rows)


Snapshots = dict[str, Callable[[Experiment], Facts | Table]]
SILENT: Snapshots = {"corpus.yml": corpus_facts, "confounds.csv": confounds}
HEARD: Snapshots = {
    "verdicts.yml": verdict_facts,
    "metrics.csv": metrics,
    "videos.csv": videos,
    "coefficients.csv": coefficients,
}


def _models(experiment: Experiment) -> Iterator[tuple[str, str, ViewResult]]:
    for view, result in experiment.views.items():
        for model in result.models:
            yield view, model, result


def _pairs(result: ViewResult, video_id: str) -> int:
    """How many pairs of a STOP and a CONTINUE the AUC of a video compares."""
    strata = result.view.set_ids or result.video_ids
    rows = zip(strata, result.y, result.video_ids, strict=True)
    n = Counter((stratum, y) for stratum, y, video in rows if video == video_id)
    return sum(n[stratum, 0] * n[stratum, 1] for stratum in {stratum for stratum, _ in n})


def _silent_verdict(result: ViewResult) -> str:
    verdict = result.refusal or (result.design.verdict if result.design else None)
    return verdict.label if verdict else "none without a model"


def _kept(result: ViewResult) -> str:
    return f"{_by_label(result.view.segments)}, {len(result.view.dropped)} dropped"


def _by_label(segments: Sequence[Segment]) -> str:
    counts = Counter(segment.label for segment in segments)
    return ", ".join(f"{counts[label]} {label}" for label in LABELS)


def _listed(names: Sequence[str] | Iterator[str]) -> str:
    return ", ".join(names) or "none"


def _setting(value: object) -> object:
    """A setting as one fact."""
    if isinstance(value, dict):
        return _listed(f"{name} {role}" for name, role in sorted(value.items()))
    return _listed(map(str, value)) if isinstance(value, tuple) else value
