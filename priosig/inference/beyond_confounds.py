"""T2: test for a signal beyond the measured confounds.

The conditional permutation test (Berrett et al. 2020): labels are drawn given the confounds, the probe is refitted
to each draw, and the observed labels have to do better. The test holds if either of two models is right:

- **of the labels**: in each matched set one segment is the STOP, with a probability that depends on the confounds
  (`priosig.inference.matched_logistic`). Labels that are shuffled within video have a conditional Bernoulli
  distribution instead (`priosig.inference.conditional_logistic`);
- **of the features**: what the confounds predict of them is taken away (`priosig.confounds.smoother`), once and for
  all segments. No label takes part, so that the same features serve every labelling.

**Time** tells the label within a pair of neighbours, since labels alternate. It takes part only in the model of the
features, as one column: the place among the video's segments. Risk sets compare segments at one time into their bouts
and need none.

A leak that oscillates over the range of a confound, and a confound that is measured with noise, are not controlled.

References
----------
T. B. Berrett, Y. Wang, R. F. Barber & R. J. Samworth (2020), The conditional permutation test for independence
while controlling for confounders, J. R. Stat. Soc. B 82, 175-197.
"""

from dataclasses import dataclass

import numpy as np

from priosig.confounds.penalised_basis import PenalisedBasis, penalised_basis, places_in_video
from priosig.confounds.smoother import without_confounds
from priosig.inference.conditional_logistic import draw_strata, fit_strata, inclusion_probabilities
from priosig.inference.data import LabelledSegments
from priosig.inference.matched_logistic import draw_events, effective_share, event_probabilities
from priosig.inference.permutation import PermutationResult, refitted_aucs, require_both_classes, tested
from priosig.inference.relabelling import REDRAW, SHUFFLE, coins, relabelling_rng, scheme_of
from priosig.verdict.rule import Rule

TIME = "time"
"""The confound that is the place among the segments of a video."""


@dataclass(frozen=True)
class BeyondConfounds:
    """Outcome of T2, on features without what the confounds predict of them; `raw`: on the features as they are.

    `effective_sets` says how many sets the confounds leave open: of n sets, ``sum p (1 - p)`` over their segments, as
    a share of what equal probabilities give. `adjusted` are all confounds that vary, and time in pairs of neighbours.
    """

    statistic: float
    pvalue: float
    null_distribution: np.ndarray
    raw: PermutationResult
    effective_sets: float
    adjusted: tuple[str, ...]


def beyond_confounds(data: LabelledSegments, rule: Rule, *, seed: int = 0, acoustic: bool = False) -> BeyondConfounds:
    """T2: test "given the confounds, the label says nothing about these features".

    Adjusts for all artefacts, those that are known in part too, and for the acoustic confounds where `acoustic` is
    set. The coins are those of T1, so that T2 is T1 where there is nothing to adjust for. Errors are those of
    `permutation_test`.
    """
    require_both_classes(data)
    given = given_confounds(data, rule, seed=seed, acoustic=acoustic)
    raw = result = tested(refitted_aucs(data.folds, given.labellings, data.strata, C=rule.C))
    if given.adjusted:  # else nothing is taken away
        result = tested(refitted_aucs(given.without.folds, given.labellings, data.strata, C=rule.C))
    return BeyondConfounds(
        result.statistic, result.pvalue, result.null_distribution, raw, given.effective_sets, given.adjusted
    )


@dataclass(frozen=True)
class GivenConfounds:
    """Features without what the confounds predict of them; the observed labels, then those drawn given the confounds,
    shape (1 + n_labellings, n_segments); and the last two attributes of `BeyondConfounds`."""

    without: LabelledSegments
    labellings: np.ndarray
    effective_sets: float
    adjusted: tuple[str, ...]


def given_confounds(data: LabelledSegments, rule: Rule, *, seed: int, acoustic: bool) -> GivenConfounds:
    """Features and labellings of T2; see `beyond_confounds`."""
    key = "given confounds", rule, seed, acoustic
    if key not in data.of_labels:  # the same for each model and for the coefficients
        confounds = confounds_of(data, rule, acoustic=acoustic)
        timeless = {name: values for name, values in confounds.items() if name != TIME}
        drawn, effective = _draw(penalised_basis(timeless, data.strata), data, rule, seed)
        labellings = np.vstack([data.y, drawn])
        labellings.setflags(write=False)
        data.of_labels[key] = penalised_basis(confounds, data.strata, smooth=(TIME,)), labellings, effective
    basis, labellings, effective = data.of_labels[key]
    without = data.with_rows(without_confounds(data.X, basis, data.strata))
    return GivenConfounds(without, labellings, effective, basis.adjusted)


def confounds_of(data: LabelledSegments, rule: Rule, *, acoustic: bool) -> dict[str, np.ndarray]:
    """Confounds that T2 adjusts for; NaN where a value is not known."""
    confounds = {**data.confounds, **data.partly_known}
    if not acoustic:
        confounds = {name: values for name, values in confounds.items() if name not in data.names.acoustic}
    if data.ordered and scheme_of(data, rule) != REDRAW:
        others = {name: values for name, values in confounds.items() if not _is_clock(values, data)}
        confounds = {TIME: places_in_video(data.videos), **others}
    return confounds


def _is_clock(values: np.ndarray, data: LabelledSegments) -> bool:
    """Whether a confound follows from time: it rises from each segment of a video to the next, or falls."""
    steps = np.concatenate([np.diff(values[rows]) for rows in data.rows_of_videos])
    return bool(len(steps) and ((steps > 0).all() or (steps < 0).all()))


def _draw(basis: PenalisedBasis, data: LabelledSegments, rule: Rule, seed: int) -> tuple[np.ndarray, float]:
    """Relabellings given the confounds, and how many sets these leave open."""
    y = data.y
    if scheme_of(data, rule) == SHUFFLE:
        eta = basis.columns @ fit_strata(basis.columns, y, data.videos)
        p = inclusion_probabilities(eta, y, data.videos)
        drawn = draw_strata(eta, y, data.videos, rule.n_permutations, relabelling_rng(seed))
        return drawn, float(2 * np.sum(p * (1 - p)))
    p = event_probabilities(basis.columns, basis.block, y, data.sets)
    return draw_events(p, y, data.sets, coins(data, rule, seed)), data.n_sets * effective_share(p, y, data.sets)
