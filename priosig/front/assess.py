"""Tell whether an AUC is a signal or an artefact, for embeddings of any encoder, given as arrays.

Rows come in groups (recordings, speakers, patients) that the probe must not share between training and scoring. A
logistic regression is trained on all groups but one and ranks the rows of that one. Labels are then exchanged and
everything is fitted again: between neighbours in time, where `order` is given, else within groups. Confounds (length,
loudness, device, ...) are tried as predictors of their own first: where they reach the bar without the features, no
score of the features means anything, and the assessment ends there.

The engine is `priosig.inference`, whose words are STOP, CONTINUE, video and segment; here they are the caller's.
"""

from __future__ import annotations

import sys
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from priosig._core.progress import Stages
from priosig._core.threads import one_blas_thread
from priosig.crossval.folds import oof_scores
from priosig.front.given import confounds_of, features_of, groups_of, labels_of, times_of
from priosig.front.result import FEATURES, AssessResult
from priosig.inference.assessment import assess_models, with_videos_needed
from priosig.inference.beyond_confounds import TIME
from priosig.inference.confidence import confidence_interval
from priosig.inference.data import ConfoundNames, labelled_segments
from priosig.inference.design import assess_design
from priosig.inference.oddities import copied_rows, decisive_rows
from priosig.inference.planning import AUCS, plan
from priosig.metrics.auc import auc, auc_by_video
from priosig.verdict.decide import decide
from priosig.verdict.rule import Rule


@one_blas_thread
def assess(
    X: ArrayLike,
    y: Iterable[Any],
    groups: Iterable[Hashable],
    confounds: object = None,
    *,
    acoustic: Iterable[str] = (),
    order: ArrayLike | None = None,
    names: Mapping[str, str] | None = None,
    rule: Rule | None = None,
    n_permutations: int | None = None,
    full: bool = False,
    seed: int = 0,
    progress: bool | Stages | None = None,
) -> AssessResult:
    """Assess whether embeddings tell a label beyond what confounds tell.

    Parameters
    ----------
    X : array-like or data frame, shape (n_rows, n_features)
        Finite numbers; one embedding a row, pooled over time.
    y : array-like, shape (n_rows,)
        Two values of any kind. Positive is True, or the larger number; of texts, the one that `names` says.
    groups : array-like of hashable, shape (n_rows,)
        What each row belongs to. A group is never trained on and scored at once.
    confounds : mapping, data frame, array of shape (n_rows, n_confounds), or None
        What might tell the label for reasons of no interest. Numbers, or texts for categories, each with one value a
        row. A value may be missing (NaN, None). The columns of an array are called x0, x1, ...
    acoustic : sequence of str
        Names of confounds that are measured from the playing itself and may be music. They make no design invalid; a
        signal is tested beyond them apart. All others are artefacts.
    order : array-like, shape (n_rows,), optional
        Time of each row within its group: numbers or dates. With it labels are exchanged between neighbours, so that
        drift within a group does not count; without it, within groups.
    names : mapping, optional
        Words for the verdict: `positive`, `negative`, `group`, `item` (a row), in the singular. If `positive` is one
        of the values of `y`, it says which one is positive. By default `negative` is `non-` and the positive word.
    rule : Rule, optional
        Levels and bars, fixed before the data are looked at.
    n_permutations : int, optional
        Relabellings of each test, in place of the rule's 9999; 999 are enough for a first look.
    full : bool
        Test the features also where the design is invalid.
    progress : bool, callable or None
        True: a line on standard error. None: the same, if that is a terminal. False: nothing. A callable is told of
        every stage (`priosig._core.progress.Stages`).

    Raises
    ------
    ValueError
        For arrays that do not fit, more or less than two labels, one group, features that are not finite, or texts of
        which `names` does not say which is positive. Each says what to pass.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> y, groups = np.tile([True, False], 48), np.repeat(np.arange(8), 12)
    >>> X, seconds = rng.normal(size=(96, 4)), np.where(y, 2.0, 5.0) + rng.normal(size=96)
    >>> X[:, 0] += seconds
    >>> assess(X, y, groups, {"seconds": seconds}, n_permutations=99).verdict.label
    'invalid design'
    """
    if progress is None:
        progress = sys.stderr is not None and sys.stderr.isatty()
    if progress is True:
        from priosig._core.progress_line import ProgressLine

        with ProgressLine("assess") as line:
            return assess(
                X, y, groups, confounds, acoustic=acoustic, order=order, names=names, rule=rule,
                n_permutations=n_permutations, full=full, seed=seed, progress=line.start,
            )  # fmt: skip
    where = "assess"
    if not isinstance(seed, int) or seed < 0:
        raise ValueError(f"{where}: seed is {seed!r:.60}; expected a whole number of 0 or more")
    features = features_of(where, X)
    n = len(features)
    labels, words = labels_of(where, y, n, names)
    numbers, called = groups_of(where, groups, n)
    tried, heard = confounds_of(where, confounds, n, acoustic)
    rule = _with_relabellings(where, rule, n_permutations)
    data = labelled_segments(
        labels,
        numbers,
        times_of(where, order, n),
        {name: values for name, values in tried.items() if not np.isnan(values).any()},
        partly_known={name: v for name, v in tried.items() if np.isnan(v).any() and not np.isnan(v).all()},
        X=features,
        names=ConfoundNames(
            not_measured=tuple(name for name, v in tried.items() if np.isnan(v).all()),
            acoustic=tuple(name for name in heard if not np.isnan(tried[name]).all()),
        ),
    )
    stages = progress or None
    design = assess_design(data, rule, seed=seed, progress=stages)
    one = None
    if full or not design.problems:
        one = assess_models({FEATURES: features}, data, design, everything=full, seed=seed, progress=stages)[FEATURES]
        if one.verdict.label in ("no signal", "underpowered"):
            aucs = sorted({*AUCS, rule.spike_auc})
            planned = plan(labels, numbers.tolist(), aucs=aucs, alpha=rule.alpha, C=rule.C, seed=seed)
            one = with_videos_needed(one, planned)
    scores = np.empty(n)
    scores[data.order] = oof_scores(data.folds, data.y, rule.C)
    by_group = auc_by_video(scores, labels, numbers, allow_unscored=True)
    interval = confidence_interval(data, rule) if one is None else one.interval
    low, high = (np.nan, np.nan) if interval is None else (interval.low, interval.high)
    tested = design.evidence if one is None else one.evidence
    evidence = replace(
        tested,
        adjusted=tuple("time (from order)" if name == TIME else name for name in tested.adjusted),
        auc=float(by_group.within),
        low=low,
        high=high,
        n_videos_above_half=int(by_group.n_above_half),
        names=words,
    )
    return AssessResult(
        verdict=decide(evidence, rule),
        auc=evidence.auc,
        auc_across=float(auc(scores, labels, allow_unscored=True)),
        low=low,
        high=high,
        pvalue=evidence.any_signal_pvalue,
        pvalue_beyond_confounds=evidence.beyond_confounds_pvalue,
        power=evidence.power,
        scores=scores,
        auc_by_group=dict(zip(called, by_group.auc.tolist(), strict=True)),
        design=design,
        assessment=one,
        evidence=evidence,
        rule=rule,
        n_features=features.shape[1],
        oddities=_oddities(features),
    )


def _oddities(X: np.ndarray) -> tuple[str, ...]:
    """What is odd about features, in a sentence each."""
    said = []
    if decided := decisive_rows(X):
        column, row = next(iter(decided.items()))
        said.append(
            f"In {len(decided)} of {X.shape[1]} columns of X one row holds most of the spread: X[{row}, "
            f"{column}] is {X[row, column]:.3g}, the median {np.median(X[:, column]):.3g}. Check these rows, or clip."
        )
    if copies := copied_rows(X):
        row, first = next(iter(copies.items()))
        said.append(
            f"{len(copies)} of {len(X)} rows of X repeat another row: row {row} is row {first}. Leave copies out: "
            "they count as more than they are, and tell the label if another group holds them."
        )
    return tuple(said)


def _with_relabellings(where: str, rule: Rule | None, n_permutations: int | None) -> Rule:
    """The rule, with another number of relabellings if one is given."""
    rule = Rule() if rule is None else rule
    if not isinstance(rule, Rule):
        raise ValueError(f"{where}: rule is {rule!r:.60}; expected a priosig.Rule")
    try:
        return rule if n_permutations is None else replace(rule, n_permutations=n_permutations)
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from None
