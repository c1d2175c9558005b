"""One view of a corpus: its confounds, both probes, their tests and verdicts.

Confounds, each alone and all together, are tried as models of their own (`priosig.inference.assessment`). What cannot
be run (no checkpoints, a view that leaves one class) is in `problems`, with the reason.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from priosig._core.progress import Stages, counted_fits, within
from priosig._core.threads import one_blas_thread
from priosig.annotations.moments import Moment
from priosig.annotations.segments import LABELS, labels_of
from priosig.annotations.views import View
from priosig.confounds.measure import Confounds, measure_confounds
from priosig.confounds.registry import Windows
from priosig.crossval.leave_one_video_out import CrossValidation, leave_one_video_out_cv
from priosig.experiment.corpus import Annotations
from priosig.experiment.feature_sets import FEATURE_SETS, POOLED, SCALES, models_pooled
from priosig.experiment.settings import Settings
from priosig.extraction.features import Features
from priosig.inference.assessment import Assessment, assess_models, with_videos_needed
from priosig.inference.coefficients import CoefficientTable, coefficient_table
from priosig.inference.data import ConfoundNames, labelled_segments
from priosig.inference.design import DesignAssessment, assess_design
from priosig.inference.planning import PowerTable, plan
from priosig.metrics.auc import auc_within_video
from priosig.verdict.decide import Verdict, design_problems, refuse
from priosig.verdict.evidence import Evidence
from priosig.verdict.rule import Rule


@dataclass(frozen=True)
class ViewResult:
    """The results of one view; models by name (`priosig.experiment.feature_sets`), those that could be run."""

    view: View
    y: np.ndarray  # of int, shape (n_segments,)
    confounds: Confounds
    design: DesignAssessment | None  # what confounds tell alone; None with less than two videos or classes
    features: Features | None  # None without audio
    models: dict[str, CrossValidation]
    assessments: dict[str, Assessment]  # tests, interval and verdict of the same models
    coefficients: CoefficientTable | None  # Model B's weights, and each scale's own AUC
    problems: dict[str, str]  # model, and why it was not run; "design", and why it could not be judged
    refusal: Verdict | None = None  # `invalid design`, where the view holds too little for any test
    planned: PowerTable | None = None  # what more videos could find; for the view that conclusions are drawn from

    @property
    def video_ids(self) -> list[str]:
        return [segment.video_id for segment in self.view.segments]

    @property
    def findings(self) -> frozenset[str] | None:
        """Scales whose own AUC can be told from chance; None where nothing may be read from them.

        Without a signal of the whole model its scales are not interpretable, whatever the p of one.
        """
        if self.coefficients is None or self.assessments[SCALES].verdict.label != "signal":
            return None
        return frozenset(weight.name for weight in self.coefficients.weights if weight.finding)


def rule_of(settings: Settings) -> Rule:
    """The verdict's rule, as the settings have it."""
    return Rule(alpha=settings.alpha, threshold=settings.auc, n_permutations=settings.n_permutations, C=settings.C)


@one_blas_thread
def evaluate_view(
    view: View,
    moments: Sequence[Moment],
    settings: Settings,
    features: Features | None = None,
    *,
    own: Mapping[str, np.ndarray | None] | None = None,
    planned: PowerTable | None = None,
    pooling: str = POOLED,
    label_only: bool = False,
    progress: Stages | None = None,
) -> ViewResult:
    """Confounds, probes, tests and verdicts of one view, from its features (none without audio).

    `own` are the study's own confounds, an array of shape (n_segments,) or None each; `planned` is what `plan_view`
    gave; `pooling` that of the frames, for the models that have it (`priosig.experiment.feature_sets`).
    With `label_only`, single scores, coefficients and what no label rests on (`assess_models`) are left out.
    """
    stages, rule = within(progress, f"{view.name} view"), rule_of(settings)
    segments, heard, matched = view.segments, features.heard if features else {}, view.set_ids is not None
    confounds = measure_confounds(Windows(segments, moments, heard, matched, own or {}), settings.roles)
    y = np.array(labels_of(segments), dtype=int)
    videos = [segment.video_id for segment in segments]
    n_videos = len(set(videos))
    problems: dict[str, str] = {}
    designs = {}
    for name, matrix in models_pooled(pooling).items():
        if features is None:
            problems[name] = "no audio" if segments else "the view holds no segment"
        elif (X := matrix(features)) is None:
            problems[name] = FEATURE_SETS[name].missing
        else:
            designs[name] = X

    if n_videos < 2 or len(set(y)) < 2:
        reason = _too_little(view, n_videos)
        problems |= dict.fromkeys(("design", *designs), reason)
        refusal = refuse(reason, rule, exploratory=settings.exploratory)
        return ViewResult(view, y, confounds, None, features, {}, {}, None, problems, refusal)

    data = labelled_segments(
        y, videos, np.array([segment.start_time for segment in segments]), confounds.values,
        partly_known=confounds.partly_known,
        X=np.hstack(list(designs.values())) if designs else None,
        set_ids=view.set_ids,
        names=_names_of(confounds, y, videos, chosen={*(own or ()), *settings.roles}),
    )  # fmt: skip
    design = assess_design(data, rule, seed=settings.seed, exploratory=settings.exploratory, progress=stages)
    ids, models = [segment.segment_id for segment in segments], {}
    for name, X in designs.items() if not label_only else ():
        with counted_fits(stages, f"Model {name}, every video left out", n_videos):
            models[name] = leave_one_video_out_cv(X, y, videos, ids, C=settings.C, strata=view.set_ids)
    assessments = assess_models(
        designs, data, design, seed=settings.seed, everything=True, label_only=label_only, progress=stages
    )
    if planned is not None:
        assessments = {name: with_videos_needed(one, planned) for name, one in assessments.items()}
    table = None
    if SCALES in models and design.n_two_class_videos > 1:  # else leaving a video out leaves one label to learn from
        with counted_fits(stages, "coefficients", data.n_folds):
            scales = data.with_features(designs[SCALES])
            table = coefficient_table(scales, FEATURE_SETS[SCALES].columns, rule, seed=settings.seed)
    return ViewResult(view, y, confounds, design, features, models, assessments, table, problems, planned=planned)


@one_blas_thread
def plan_view(view: View, settings: Settings, *, n_features: int = 19) -> PowerTable | None:
    """Power of T1 by number of videos like these; None where no stratum of the view holds both labels."""
    y, videos = labels_of(view.segments), [segment.video_id for segment in view.segments]
    strata = videos if view.set_ids is None else list(view.set_ids)
    if len({*zip(strata, y, strict=True)}) == len({*strata}):
        return None
    return plan(y, videos, strata, n_features=n_features, alpha=settings.alpha, C=settings.C, seed=settings.seed)


def _names_of(
    confounds: Confounds, y: np.ndarray, video_ids: Sequence[str], chosen: Collection[str]
) -> ConfoundNames:
    """What became of the confounds that are no column of a regression, and which of the others may be music.

    `chosen` are those that the study added, or whose role it set.
    """
    varying = (*confounds.values, *confounds.partly_known)
    reached = {name: float(auc_within_video(v, y, video_ids)) for name, v in confounds.tied.items()}
    return ConfoundNames(
        removed=confounds.constant,
        not_measured=tuple(confounds.not_measured),
        acoustic=tuple(name for name in varying if confounds.roles[name] == "acoustic"),
        tied=tuple((name, max(auc, 1 - auc)) for name, auc in reached.items()),  # in whichever direction it goes
        chosen=tuple((name, role) for name, role in confounds.roles.items() if name in chosen),
    )


def foreseen_problems(annotations: Annotations) -> tuple[str, ...]:
    """Why the verdict will be an invalid design whatever the audio holds: too few videos or STOPs, in plain words.

    No view compares more than each STOP with something else.
    """
    stops = [segment for segment in annotations.segments if segment.label == "stop"]
    evidence = Evidence(len({stop.video_id for stop in stops}), len(stops))
    return design_problems(evidence, rule_of(annotations.corpus.settings))


def _too_little(view: View, n_videos: int) -> str:
    """Why a view cannot be judged at all."""
    if not view.segments:
        kind = " of playing without talk" if view.name == "clean" else ""
        return f"no segment holds {view.duration:g} s{kind} (all {len(view.dropped)} were dropped)"
    counts = ", ".join(f"{sum(s.label == label for s in view.segments)} {label.upper()}" for label in LABELS)
    videos = "one video" if n_videos == 1 else f"{n_videos} videos"
    return f"the {view.name} view holds {counts} in {videos}; expected both, in 2 videos or more"
