"""T2: is there a signal beyond the measured confounds?

The conditional permutation test (Berrett et al. 2020): labels are drawn given the confounds, the probe is refitted
to each draw, and the observed labels have to do better. Two models stand behind it, and the test holds if either is
right:

- **of the labels**: in each matched set one segment is the STOP, with a probability that depends on the confounds
  (`priosig.inference.matched_logistic`);
- **of the features**: what the confounds predict of them is taken away (`priosig.confounds.smoother`), once and for
  all segments. No label takes part, so the same features serve every labelling, and no leak is left in the held-out
  video by coefficients that only fit the others.

Both know the confounds by `priosig.confounds.penalised_basis`: lines, curves, shared values, interactions, all of
them penalised and none left out.

**Time.** Within a pair of neighbours time tells the label, since labels alternate. Facts that follow from time take
no part in the model of the labels, only in that of the features.

**Effective pairs**, ``sum 4 p (1 - p)`` over pairs, say how much the confounds leave open.

Limits: a leak that oscillates over the range of a confound, and a confound that is measured with noise, are not
controlled. A signal in the spread of a feature is not heard, for the probe is linear.

References
----------
T. B. Berrett, Y. Wang, R. F. Barber & R. J. Samworth (2020), The conditional permutation test for independence
while controlling for confounders, J. R. Stat. Soc. B 82, 175-197.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np

from priosig.confounds.penalised_basis import penalised_basis
from priosig.confounds.smoother import without_confounds
from priosig.inference.data import LabelledSegments
from priosig.inference.matched_logistic import draw_events, effective_share, event_probabilities
from priosig.inference.permutation import permutation_pvalue, refitted_aucs


@dataclass(frozen=True)
class BeyondConfounds:
    """Outcome of T2.

    Attributes
    ----------
    statistic, pvalue : float
    null_distribution : np.ndarray, shape (n_labellings,)
        AUC of the probe on features without what the confounds predict of them.
    raw_statistic, raw_pvalue : float
    raw_null_distribution : np.ndarray, shape (n_labellings,)
        The same draws on the features as they are.
    probabilities : np.ndarray, shape (n_segments,)
        P(segment is its set's STOP) given the confounds.
    effective_share : float
        How much the confounds leave open: 1 where they say nothing, 0 where they decide every label.
    adjusted, constant : tuple of str
        Confounds that were adjusted for; those that do not vary.
    """

    statistic: float
    pvalue: float
    null_distribution: np.ndarray
    raw_statistic: float
    raw_pvalue: float
    raw_null_distribution: np.ndarray
    probabilities: np.ndarray
    effective_share: float
    adjusted: tuple[str, ...]
    constant: tuple[str, ...]


def beyond_confounds(
    data: LabelledSegments,
    sets: np.ndarray,
    coins: np.ndarray,
    *,
    time: Collection[str] = (),
    strata: np.ndarray | None = None,
    C: float = 1.0,
) -> BeyondConfounds:
    """T2 by matched sets.

    Parameters
    ----------
    data : LabelledSegments
        All of its confounds are adjusted for, those that are known in part too.
    sets : np.ndarray of int, shape (n_segments,)
        Matched set of each segment, with one STOP each; -1 for a segment that keeps its label.
    coins : np.ndarray, shape (n_labellings, n_sets)
        Uniform on [0, 1): those of T1, so that T2 is T1 where the confounds say nothing.
    time : collection of str
        Names of confounds that follow from time and take no part in the model of the labels.
    strata : np.ndarray, shape (n_segments,), optional
        What AUCs are taken within; videos by default.
    C : float
        Inverse L2 penalty of the probe.

    Returns
    -------
    BeyondConfounds
    """
    y, videos, strata = data.y, data.videos, data.videos if strata is None else strata
    confounds = {**data.confounds, **data.partly_known}
    of_labels = penalised_basis({name: v for name, v in confounds.items() if name not in time}, videos)
    of_features = penalised_basis(confounds, videos)
    probabilities = event_probabilities(of_labels.columns, of_labels.block, y, sets)
    labellings = np.vstack([y[None, :], draw_events(probabilities, y, sets, coins)])
    raw = aucs = refitted_aucs(data.folds, labellings, strata, C=C)
    if of_features.adjusted:  # else nothing is taken away
        without = replace(data, X=without_confounds(data.X, of_features, videos))
        aucs = refitted_aucs(without.folds, labellings, strata, C=C)
    return BeyondConfounds(
        statistic=float(aucs[0]),
        pvalue=permutation_pvalue(aucs[0], aucs[1:]),
        null_distribution=aucs[1:],
        raw_statistic=float(raw[0]),
        raw_pvalue=permutation_pvalue(raw[0], raw[1:]),
        raw_null_distribution=raw[1:],
        probabilities=probabilities,
        effective_share=effective_share(probabilities, y, sets),
        adjusted=of_features.adjusted,
        constant=of_features.constant,
    )
