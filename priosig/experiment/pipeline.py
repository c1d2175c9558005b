"""One corpus, end to end: views, features, verdicts.

`describe` judges the design by the annotations alone; `run_experiment` does the rest, in every view and for every
model (`priosig.experiment.evaluation`).

Every step is kept by content where the encoder has a cache (`priosig._core.memo`): a second run of the same
experiment reads its results, and a run that was killed goes on at the step that it was in.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from priosig._core.cache import EmbeddingCache
from priosig._core.memo import kept
from priosig._core.progress import Progress, Stages
from priosig.annotations.bouts import lesson_of
from priosig.annotations.segments import Segment
from priosig.annotations.timespans import intersect, merge, total
from priosig.annotations.views import View
from priosig.audio.screening import Screening, screen_lessons
from priosig.audio.sharding import is_spread
from priosig.audio.slices import plan_slices
from priosig.confounds.registry import meters
from priosig.experiment.corpus import Annotations, Corpus
from priosig.experiment.evaluation import ViewResult, evaluate_view, plan_view
from priosig.experiment.feature_sets import POOLED
from priosig.experiment.own_confounds import values_of
from priosig.experiment.shown import ShownViews
from priosig.experiment.views import cut_views, view_kind, view_of_claims
from priosig.extraction.encoder import Encoder
from priosig.extraction.features import Features, measure_features
from priosig.inference.planning import PowerTable


@dataclass(frozen=True, repr=False)
class Experiment(ShownViews):
    """The results of one corpus by view; `screening` is None without audio."""

    annotations: Annotations
    views: dict[str, ViewResult]
    screening: Screening | None

    @property
    def name(self) -> str:
        return self.annotations.corpus.name

    @property
    def claim(self) -> ViewResult:
        """The view that conclusions are drawn from."""
        return self.views[view_of_claims({name: result.view for name, result in self.views.items()})]


def describe(
    annotations: Annotations, store: EmbeddingCache | None = None, *, progress: Stages | None = None
) -> Experiment:
    """The experiment as far as it goes without audio: views, confounds, baselines. `store`: where they are kept.

    Where there is no audio, also how many videos it takes in each view that conclusions could be drawn from.
    """
    views = cut_views(annotations.cut())
    silent = annotations.corpus.audio is None
    planned = [view.name for view in views if silent and view_kind(view.name).claims]
    results = _evaluated(annotations, views, [None] * len(views), planned, store, progress)
    return Experiment(annotations, results, screening=None)


def make_extractor(
    corpus: Corpus, *, device: str = "auto", cache_dir: str | Path | None = None, batch_size: int | None = None
) -> Encoder:
    """The encoder that a corpus names, with what its settings say of it."""
    from priosig.extraction.muq.extractor import MuQExtractor

    s = corpus.settings
    return MuQExtractor(
        corpus.muq, device=device, cache_dir=cache_dir, batch_size=batch_size,
        revision=s.revision or None, layer=s.layer, precision=s.precision, keep_frames=s.keep_frames,
    )  # fmt: skip


def run_experiment(annotations: Annotations, extractor: Encoder, *, progress: Stages | None = None) -> Experiment:
    """Run an experiment whole: every view of a corpus with audio.

    The extractor's cache holds what every step gave.

    Raises
    ------
    FileNotFoundError, ValueError
        By name, if a file cannot be used, or changed since this run first read it.
    """
    check_models(annotations, extractor, progress=progress)
    screening = screen(annotations, extractor, progress=progress)
    views = cut_views(annotations.cut(screening))
    features = with_talk(measure_views(annotations, views, extractor, progress=progress), views, screening)
    planned = [view_of_claims({view.name: view for view in views})]
    results = _evaluated(annotations, views, features, planned, extractor.cache, progress)
    annotations.refuse_changed()
    return Experiment(annotations, results, screening)


def check_models(annotations: Annotations, extractor: Encoder, *, progress: Stages | None = None) -> None:
    """Load the encoder and the quality heads, so that what is wrong with them is said before any audio is read.

    That they could be loaded is kept by content: a second run loads nothing. Where work is spread, the encoder may
    have no device here, and the workers load it.
    """
    corpus, store = annotations.corpus, extractor.cache
    annotations.digests.update(extractor.digests)
    heads = [annotations.digest(path) for path in corpus.checkpoints]

    def load_heads() -> None:
        from priosig.extraction.percepiano.scores import check_heads

        check_heads(corpus.checkpoints, extractor.width)
        annotations.refuse_changed()

    if not is_spread():
        if progress is not None:
            progress("loading MuQ")
        kept(store, "MuQ can be loaded", extractor.load, extractor.parameters())
    if heads:
        kept(store, "heads can be loaded", load_heads, heads, extractor.width)


def screen(annotations: Annotations, extractor: Encoder, *, progress: Stages | None = None) -> Screening:
    """Talk and silence from the first segment of each video to its last, kept in the extractor's cache."""
    audio, store = _audio_of(annotations.corpus), extractor.cache
    recordings = _recordings(annotations, annotations.segments, progress)
    lessons = lesson_of(annotations.segments)

    def hear() -> Screening:
        report = progress("talk and silence") if progress is not None else None
        screening = screen_lessons(lessons, audio, store=store, progress=report)
        annotations.refuse_changed()
        return screening

    return kept(store, "screening", hear, lessons, recordings)


def measure_views(
    annotations: Annotations, views: Sequence[View], extractor: Encoder, *, progress: Stages | None = None
) -> list[Features | None]:
    """Features of the segments of several views, kept in the extractor's cache; None for a view without segments.

    A window that several views share is encoded once, and all are cut in one pass over the recordings.
    """
    corpus, store = annotations.corpus, extractor.cache
    audio = _audio_of(corpus)
    by_id = {segment.segment_id: segment for view in views for segment in view.segments}
    if not by_id:
        return [None for _ in views]
    segments = tuple(by_id.values())
    recordings = _recordings(annotations, segments, progress)
    heads = [annotations.digest(path) for path in corpus.checkpoints]

    def measure() -> Features:
        report = progress("windows of all views") if progress is not None else None
        heard = measure_features(segments, audio, extractor, corpus.checkpoints, meters=meters(), progress=report)
        annotations.refuse_changed()
        return heard

    features = kept(store, "features", measure, segments, recordings, extractor.parameters(), heads)
    row = {segment_id: i for i, segment_id in enumerate(by_id)}
    return [features.of([row[s.segment_id] for s in view.segments]) if view.segments else None for view in views]


def evaluate_kept(
    annotations: Annotations,
    view: View,
    store: EmbeddingCache | None,
    features: Features | None = None,
    *,
    planned: PowerTable | None = None,
    pooling: str = POOLED,
    label_only: bool = False,
    progress: Stages | None = None,
) -> ViewResult:
    """`evaluate_view`, kept in `store`."""
    inputs = view, annotations.moments, annotations.corpus.settings, features
    own = values_of(annotations.own_confounds, view)

    def evaluate() -> ViewResult:
        result = evaluate_view(
            *inputs, own=own, planned=planned, pooling=pooling, label_only=label_only, progress=progress
        )
        # What went in need not be kept again with what came out.
        return replace(result, view=None, features=None)

    result = kept(store, "view", evaluate, *inputs, own, planned, pooling, label_only)
    return replace(result, view=view, features=features)


def _evaluated(
    annotations: Annotations,
    views: Sequence[View],
    features: Sequence[Features | None],
    planned: Collection[str],
    store: EmbeddingCache | None,
    progress: Stages | None,
) -> dict[str, ViewResult]:
    """Every view evaluated, those named in `planned` with how many videos they take."""
    settings = annotations.corpus.settings

    def plan(view: View) -> PowerTable | None:
        if progress is not None:
            progress(f"{view.name} view, how many videos it takes")
        return plan_view(view, settings)

    plans = {v.name: kept(store, "plan", partial(plan, v), v, settings) for v in views if v.name in planned}
    return {
        view.name: evaluate_kept(annotations, view, store, one, planned=plans.get(view.name), progress=progress)
        for view, one in zip(views, features, strict=True)
    }


def _audio_of(corpus: Corpus) -> Path:
    if corpus.audio is None:
        raise ValueError(f"corpus {corpus.name}: has no audio; expected a directory of recordings")
    return corpus.audio


def _recordings(annotations: Annotations, segments: Sequence[Segment], progress: Stages | None) -> dict[str, str]:
    """Hash of the recording of each video, after a look at their headers: what can't be cut is refused first."""
    slices = plan_slices(segments, _audio_of(annotations.corpus))
    for segment in annotations.segments:
        part = slices.get(segment.segment_id)
        if part is not None and part.clipped_seconds != annotations.clipped.get(segment.segment_id, 0.0):
            raise ValueError(f"{part.recording.path}: changed during the run; start it again")
    paths = {s.video_id: slices[s.segment_id].recording.path for s in segments}
    sizes = {video_id: path.stat().st_size / 1e6 for video_id, path in paths.items()}
    report = progress("hashes of the recordings") if progress is not None else None
    digests, done, whole = {}, 0.0, sum(sizes.values())
    for video_id, path in paths.items():
        digests[video_id] = annotations.digest(path)
        done += sizes[video_id]
        if report is not None:
            report(Progress(done, 0.0, whole, "MB"))
    return digests


def with_talk(
    features: Sequence[Features | None], views: Sequence[View], screening: Screening
) -> list[Features | None]:
    """Features of views, the share of each window in which talk is heard, 0 to 1, among what was heard."""
    talk = {video_id: merge(spans) for video_id, spans in screening.talk.items()}

    def share(s: Segment) -> float:
        return total(intersect(talk[s.video_id], [(s.start_time, s.end_time)])) / s.duration

    return [
        one and replace(one, heard={"talk_heard": np.array([share(s) for s in view.segments]), **one.heard})
        for one, view in zip(features, views, strict=True)
    ]
