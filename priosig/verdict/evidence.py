"""The numbers that a verdict (`priosig.verdict.decide`) is made of."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Names:
    """What the rows are called in a verdict's sentences.

    Attributes
    ----------
    positive, negative : str
        The two labels; "a STOP ranks above a CONTINUE".
    group : str
        What the cross-validation leaves out.
    item : str
        One row.
    unseen, content : str
        What the confounds alone do without; what the features are to tell of.
    """

    positive: str = "STOP"
    negative: str = "CONTINUE"
    group: str = "video"
    item: str = "window"
    unseen: str = "hearing a note"
    content: str = "the playing"


@dataclass(frozen=True)
class Evidence:
    """The numbers that a verdict is made of. NaN where something could not be computed.

    Attributes
    ----------
    n_videos, n_videos_above_half : int
        Videos that hold both labels; those of them with an AUC above 0.5.
    n_pairs : int
        Pairs of STOP and CONTINUE windows that are neighbours, or else of one video.
    neighbours : bool
        Whether labels are exchanged between neighbours in time; else within videos.
    confound_auc, confound_pvalue : float
        AUC within video of the best predictor made of confounds alone, and its T1 p-value, corrected for all
        that were tried.
    confound_names : tuple of str
        The confounds that this predictor knows.
    confound_ranking : tuple of (str, float)
        Each varying confound and its own AUC within video, best first.
    removed, matched, adjusted, left_out, not_measured, partly_known : tuple of str
        Names of confounds: constant in this view; held by comparing neighbours; adjusted for in T2; measured but for
        want of pairs not adjusted for; not measured for every segment; those of these that are known for some.
    auc, low, high : float
        AUC within video of the model and its interval.
    any_signal_pvalue, beyond_confounds_pvalue : float
        T1, and T2 on residualised features, corrected for the number of models.
    effective_pairs : float
        How many pairs the confounds leave open.
    power : float
        Chance to detect a signal of AUC `Rule.spike_auc` in these features.
    n_groups, n_groups_above_half : int
        With more than 40 videos: groups of whole videos, and those above 0.5. Single small videos say little.
    n_models : int
        How many models the p-values were corrected for.
    exploratory : bool
        The data had been looked at before the rule was fixed.
    names : Names
        What the sentences call labels, videos and windows.
    """

    n_videos: int
    n_pairs: int
    neighbours: bool = True
    confound_auc: float = math.nan
    confound_pvalue: float = math.nan
    confound_names: tuple[str, ...] = ()
    confound_ranking: tuple[tuple[str, float], ...] = ()
    removed: tuple[str, ...] = ()
    matched: tuple[str, ...] = ()
    adjusted: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    not_measured: tuple[str, ...] = ()
    partly_known: tuple[str, ...] = ()
    auc: float = math.nan
    low: float = math.nan
    high: float = math.nan
    n_videos_above_half: int = 0
    any_signal_pvalue: float = math.nan
    beyond_confounds_pvalue: float = math.nan
    effective_pairs: float = math.nan
    power: float = math.nan
    n_groups: int = 0
    n_groups_above_half: int = 0
    n_models: int = 1
    exploratory: bool = False
    names: Names = Names()
