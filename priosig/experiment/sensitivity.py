"""The sensitivity table: the verdicts that other reasonable choices would have given.

Every experiment fixes a view and its length, a guard, a shortest CONTINUE, the bouts that controls come from, a
penalty, a pooling. Here each is varied by itself, around the experiment's own settings, in the view that conclusions
are drawn from. Nothing is selected from the table: the verdict is that of the settings that were written down before,
and the table says how much hangs on them. With many rows some differ by chance, so no p-value is corrected.

Factors are relative, so that they mean the same for any corpus. With the default settings they are shortest CONTINUEs
of 2, 5, 10 and 20 s, windows of 5, 8, 10 and 15 s, and guards of 0, 1 and 2 s.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

from priosig._core.progress import Stages, within
from priosig.annotations.segments import identify_segments
from priosig.annotations.views import View
from priosig.audio.screening import Screening
from priosig.audio.slices import plan_slices
from priosig.experiment.corpus import Annotations, clipped_seconds
from priosig.experiment.feature_sets import FEATURE_SETS, POOLED, models_pooled
from priosig.experiment.pipeline import check_models, evaluate_kept, measure_views, screen, with_talk
from priosig.experiment.settings import Settings
from priosig.experiment.views import VIEW_KINDS, cut_views, view_kind, view_of_claims
from priosig.extraction.encoder import Encoder

CONTINUE_FACTORS = (0.4, 2.0, 4.0)
LENGTH_FACTORS = (0.5, 0.8, 1.0, 1.5)
GUARD_FACTORS = (0.0, 1.0, 2.0)
NEAREST = 2  # bouts on either side
PENALTIES = (0.01, 0.1, 1.0, 10.0)


@dataclass(frozen=True)
class Choice:
    """One set of choices; times in seconds, `length` None in the annotated view."""

    varied: str
    view: str
    length: float | None
    min_continue_duration: float
    C: float
    guard: float = 1.0
    nearest: int | None = None
    pooling: str = POOLED


@dataclass(frozen=True)
class Row:
    """What one choice gives for one model; NaN where it could not be run, and `problem` says why.

    Each test rests on `n_permutations` relabellings (0: not known).
    """

    choice: Choice
    model: str
    n_stop: int
    n_continue: int
    auc_within_video: float
    any_signal_pvalue: float
    beyond_confounds_pvalue: float
    verdict: str
    problem: str = ""
    n_permutations: int = 0


def choices(annotations: Annotations, base_view: str) -> Iterator[Choice]:
    """The choices that are tried: the experiment's own first, then each factor varied by itself.

    All but view and length are varied in the view `base_view`.
    """
    settings = annotations.corpus.settings
    base = Choice(
        "none", base_view, settings.equal_length, settings.min_continue_duration, settings.C, settings.guard
    )
    yield base
    for kind in VIEW_KINDS.values():
        varies = kind.one_length and (kind.name == base_view or not kind.matched)
        for factor in LENGTH_FACTORS if varies else (1.0,):
            length = factor * settings.equal_length if kind.one_length else None
            if (kind.name, factor) != (base_view, 1.0):
                yield replace(base, varied="view, length", view=kind.name, length=length)
    for guard in [factor * (settings.guard or 1.0) for factor in GUARD_FACTORS]:
        if guard != settings.guard and base_view != "equal":  # which keeps no guard
            yield replace(base, varied="guard", guard=guard)
    if VIEW_KINDS[base_view].matched:
        yield replace(base, varied="controls", nearest=NEAREST)
    else:  # no CONTINUE segment takes part in a matched view
        for factor in CONTINUE_FACTORS:
            seconds = factor * settings.min_continue_duration
            yield replace(base, varied="shortest CONTINUE", min_continue_duration=seconds)
    for C in PENALTIES:
        if settings.C != C:
            yield replace(base, varied="C", C=C)
    for pooling in dict.fromkeys(name for model in FEATURE_SETS.values() for name in model.variants):
        yield replace(base, varied="pooling", pooling=pooling)


def encode_ahead(annotations: Annotations, extractor: Encoder, *, progress: Stages | None = None) -> None:
    """Encode the windows of the experiment and of every choice in one pass, whose progress is true from the start.

    Without a cache there is nothing to do.
    """
    if extractor.cache is None:
        return
    check_models(annotations, extractor, progress=progress)
    _, views, _ = _tried(annotations, extractor, progress)
    measure_views(annotations, list(views.values()), extractor, progress=progress)


def sensitivity_table(
    annotations: Annotations,
    extractor: Encoder,
    *,
    n_permutations: int | None = None,
    progress: Stages | None = None,
) -> list[Row]:
    """Assess every choice of a corpus with audio, every model.

    Parameters
    ----------
    n_permutations : int, optional
        Of each test. By default about 200, and never more than the experiment's own, since rows are many and nothing
        rests on one.

    Returns
    -------
    list of Row
        In the order of `choices`, Model A before B; pooling is varied for the models that have other ones.
    """
    if n_permutations is None:
        n_permutations = _few(annotations.corpus.settings)
    tried, cuts, screening = _tried(annotations, extractor, progress)
    views = list(cuts.values())
    features = with_talk(measure_views(annotations, views, extractor, progress=progress), views, screening)
    measured = dict(zip(cuts, zip(views, features, strict=True), strict=True))
    rows = []
    for number, choice in enumerate(tried, 1):
        stages = within(progress, f"choice {number} of {len(tried)}")
        rows += _assess(choice, annotations, extractor.cache, *measured[_cut(choice)], n_permutations, stages)
    annotations.refuse_changed()
    return rows


def _few(settings: Settings) -> int:
    """As few relabellings, from about 200 on, as keep every test at exactly the level alpha.

    Examples
    --------
    >>> _few(Settings(alpha=0.05)), _few(Settings(alpha=0.001)), _few(Settings(alpha=0.05, n_permutations=19))
    (199, 999, 19)
    """
    # (n + 1) alpha is whole where n + 1 is a multiple of alpha's denominator.
    step = Fraction(settings.alpha).limit_denominator(10**6).denominator
    return min(settings.n_permutations, step * math.ceil(200 / step) - 1)


def _cut(choice: Choice) -> tuple[str, float | None, float, float, int | None]:
    """What a choice says of how windows are cut."""
    return choice.view, choice.length, choice.min_continue_duration, choice.guard, choice.nearest


def _tried(
    annotations: Annotations, extractor: Encoder, progress: Stages | None
) -> tuple[list[Choice], dict[tuple, View], Screening]:
    """Every choice, the view of each way to cut, and what was heard."""
    moments = annotations.moments
    screening = screen(annotations, extractor, progress=progress)
    base = annotations.cut(screening)
    tried = list(choices(annotations, view_of_claims({view.name: view for view in cut_views(base)})))
    # The shortest CONTINUE of all gives all segments that any choice has.
    every = identify_segments(moments, min(choice.min_continue_duration for choice in tried))
    base = replace(base, clipped=clipped_seconds(plan_slices(every, annotations.corpus.audio)))
    views = {}
    for choice in tried:
        segments, length = identify_segments(moments, choice.min_continue_duration), choice.length or base.length
        cut = replace(base, segments=segments, length=length, guard=choice.guard, nearest=choice.nearest)
        views[_cut(choice)] = view_kind(choice.view).cut(cut)
    return tried, views, screening


def _assess(choice, annotations, store, view, features, n_permutations, progress) -> Iterator[Row]:
    settings = replace(annotations.corpus.settings, C=choice.C, n_permutations=n_permutations)
    varied = replace(annotations, corpus=replace(annotations.corpus, settings=settings))
    result = evaluate_kept(varied, view, store, features, pooling=choice.pooling, label_only=True, progress=progress)
    counts = int(result.y.sum()), int((1 - result.y).sum())
    for model in models_pooled(choice.pooling):
        if one := result.assessments.get(model):
            numbers = one.evidence.auc, one.any_signal_pvalue, one.beyond_confounds_pvalue
            yield Row(choice, model, *counts, *numbers, one.verdict.label, n_permutations=n_permutations)
        else:
            nan, label = float("nan"), result.refusal.label if result.refusal else ""
            yield Row(choice, model, *counts, nan, nan, nan, label, result.problems[model], n_permutations)
