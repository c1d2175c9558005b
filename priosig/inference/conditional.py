"""T2: is there a signal beyond the measured confounds?

T1 asks whether the features say anything about the label. If STOP windows are short, features that hear the
window's length pass T1 with flying colours. T2 asks for more: relabel so that the *confounds keep predicting
the label just as well as they do*, and see whether the features still do better with the true labels. This is
the conditional permutation test (Berrett et al. 2020): the distribution of the label given the confounds is
estimated, relabellings are drawn from it, and the probe is refitted to each.

Within a pair (a, b) of neighbouring STOP and CONTINUE segments exactly one is STOP, so conditionally on the
pair ``P(a is STOP) = expit(eta_a - eta_b)`` with ``eta = C beta``; beta comes from 1:1 conditional logistic
regression (Breslow & Day 1980, ch. 7) with a small ridge. A relabelling is one independent coin flip per
pair: exact, with no Markov chain. With too few pairs the whole video is the stratum: labels are drawn from
the conditional Bernoulli distribution given the number of STOPs (Chen, Dempster & Liu 1994).

The regression knows the confounds through a few columns (`priosig.confounds.basis`): a spline of log length, straight
lines for the others, one degree of freedom for every 7 pairs.

**Effective pairs**, the sum of ``4 p (1 - p)``, say how much the confounds leave open: a pair whose label
they decide is worth 0, a pair that they cannot tell apart is worth 1. With hardly any left, T2 cannot find
anything, and a large p means "cannot tell".

**Draws.** The coins of T1 are thrown again, with the same random numbers and other chances: where the confounds say
nothing T2 is T1, and no study is called confounded by luck.

**Two statistics.** The within-video AUC of a probe on features from which a linear prediction by the
confounds has been subtracted (fitted on each training fold), and of a probe on raw features. The first is
primary: it is right if either the model of the label or that of the features is right.

A confound that was not measured, or measured badly, is not controlled by this or by any adjustment.

References
----------
T. B. Berrett, Y. Wang, R. F. Barber & R. J. Samworth (2020), The conditional permutation test for independence
while controlling for confounders, J. R. Stat. Soc. B 82, 175-197.
S. X. Chen, A. P. Dempster & J. S. Liu (1994), Weighted finite population sampling to maximize entropy,
Biometrika 81, 457-469.
N. E. Breslow & N. E. Day (1980), Statistical Methods in Cancer Research I, IARC, ch. 7.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from priosig.confounds.basis import ConfoundBasis, confound_basis
from priosig.inference.conditional_logistic import RIDGE, draw_strata, fit_pairs, fit_strata, inclusion_probabilities
from priosig.inference.data import LabelledSegments
from priosig.inference.permutation import observed_and_null, permutation_pvalue, require_both_classes
from priosig.inference.relabelling import SWAP, Scheme, flip_pairs, relabelling_rng, scheme_of
from priosig.metrics.auc import auc_within_video
from priosig.metrics.summary import sigmoid
from priosig.verdict.rule import Rule

HELD_BY_PAIRS = ("place",)
"""Confounds that follow from time: comparing neighbours holds them, and within a pair they tell the label exactly."""


@dataclass(frozen=True)
class ConditionalDraws:
    """Relabellings drawn given the confounds.

    Attributes
    ----------
    labellings : np.ndarray of int8, shape (n, n_segments)
    scheme : {"swap neighbouring pairs", "shuffle within video"}
        The second: drawn within video, where pairs are too few.
    probabilities : np.ndarray, shape (n_segments,)
        P(STOP) of each segment given the confounds and its pair (or its video's number of STOPs); 0 or 1 if
        unpaired.
    effective_pairs : float
        How much the confounds leave open, in pairs: sum of 4 p (1 - p) over pairs, which is 2 sum of p (1 -
        p) over segments and counted so within videos too.
    """

    labellings: np.ndarray
    scheme: Scheme
    probabilities: np.ndarray
    effective_pairs: float


@dataclass(frozen=True)
class ConditionalResult:
    """Outcome of T2.

    Attributes
    ----------
    statistic, pvalue, null_distribution
        Primary: AUC within video on features from which the confounds' linear prediction was taken away; see
        `priosig.inference.permutation.PermutationResult`.
    raw_statistic, raw_pvalue, raw_null_distribution
        The same draws, on the features as they are.
    n_permutations : int
    scheme : {"swap neighbouring pairs", "shuffle within video"}
    n_pairs : int
    effective_pairs : float
        How many pairs the confounds leave open.
    adjusted, redundant, constant, left_out : tuple of str
        What became of each confound; see `priosig.confounds.basis.ConfoundBasis`.
    """

    statistic: float
    pvalue: float
    null_distribution: np.ndarray
    raw_statistic: float
    raw_pvalue: float
    raw_null_distribution: np.ndarray
    n_permutations: int
    scheme: Scheme
    n_pairs: int
    effective_pairs: float
    adjusted: tuple[str, ...]
    redundant: tuple[str, ...]
    constant: tuple[str, ...]
    left_out: tuple[str, ...]


def conditional_test(data: LabelledSegments, rule: Rule, *, seed: int = 0) -> ConditionalResult:
    """T2: test "given the confounds, the label says nothing about these features".

    With no confound that varies, every pair is a fair coin and T2 asks the same as T1. Where the confounds decide
    every label, all draws equal the observed labels, and p is 1.

    Raises
    ------
    ValueError
        As `permutation_test`.
    """
    require_both_classes(data)
    basis = adjustment_basis(data, rule)
    columns = basis.columns if basis.df else np.empty((len(data), 0))
    draws = conditional_labellings(columns, data, rule, seed)
    raw_statistic, raw_null = statistic, null = observed_and_null(data.folds, data, draws.labellings, C=rule.C)
    if columns.shape[1]:  # else nothing is taken away
        statistic, null = observed_and_null(data.folds_without(columns), data, draws.labellings, C=rule.C)
    return ConditionalResult(
        statistic=statistic,
        pvalue=permutation_pvalue(statistic, null),
        null_distribution=null,
        raw_statistic=raw_statistic,
        raw_pvalue=permutation_pvalue(raw_statistic, raw_null),
        raw_null_distribution=raw_null,
        n_permutations=rule.n_permutations,
        scheme=draws.scheme,
        n_pairs=data.n_pairs,
        effective_pairs=draws.effective_pairs,
        adjusted=basis.adjusted,
        redundant=basis.redundant,
        constant=basis.constant,
        left_out=basis.left_out,
    )


def adjustment_basis(data: LabelledSegments, rule: Rule) -> ConfoundBasis:
    """What T2 adjusts for. Confounds that separate the labels best come first; ties keep the order given."""
    confounds = {name: values for name, values in data.confounds.items() if name not in HELD_BY_PAIRS}
    apart = {
        name: round(abs(float(auc_within_video(values, data.y, data.videos)) - 0.5), 9)
        for name, values in confounds.items()
    }
    order = sorted(confounds, key=lambda name: 0.0 if np.isnan(apart[name]) else -apart[name])
    return confound_basis({name: confounds[name] for name in order}, _informative(data, rule))


def conditional_labellings(
    columns: np.ndarray, data: LabelledSegments, rule: Rule, seed: int, *, ridge: float = RIDGE
) -> ConditionalDraws:
    """Draw labellings given the confounds' columns; see the module's docstring."""
    y, videos, pairs, rng, n = data.y, data.videos, data.pairs, relabelling_rng(seed), rule.n_permutations
    scheme = scheme_of(data, rule)
    if scheme == SWAP:
        differences = columns[pairs[:, 0]] - columns[pairs[:, 1]]
        keep = sigmoid(differences @ fit_pairs(differences, ridge))
        labellings = flip_pairs(y, pairs, rng.random((n, len(pairs))) < 1 - keep)
        probabilities = y.astype(np.float64)
        probabilities[pairs[:, 0]], probabilities[pairs[:, 1]] = keep, 1 - keep
    else:
        eta = columns @ fit_strata(columns, y, videos, ridge)
        labellings = draw_strata(eta, y, videos, n, rng)
        probabilities = inclusion_probabilities(eta, y, videos)
    return ConditionalDraws(labellings, scheme, probabilities, float(2 * np.sum(probabilities * (1 - probabilities))))


def _informative(data: LabelledSegments, rule: Rule) -> int:
    """Pairs that carry information on the confounds' coefficients: neighbours, or the smaller class of each video."""
    return len(data.pairs) if scheme_of(data, rule) == SWAP else data.n_pairs_within_videos
