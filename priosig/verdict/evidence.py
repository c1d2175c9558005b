"""The numbers that a verdict (`priosig.verdict.decide`) is made of."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Names:
    """Words of a verdict's sentences: the two labels, a group of rows that the cross-validation leaves out, one row,
    and the source of the features."""

    positive: str = "STOP"
    negative: str = "CONTINUE"
    group: str = "video"
    item: str = "window"
    subject: str = "playing"


@dataclass(frozen=True)
class Evidence:
    """The numbers that a verdict is made of. NaN where something could not be computed.

    Attributes
    ----------
    n_videos, n_videos_above_half : int
        Videos that hold both labels; those of them with an AUC above 0.5.
    n_sets : int
        Sets within which labels are exchanged.
    scheme : str
        "redraw within risk sets", "swap neighbouring pairs" or "shuffle within video".
    stop_first : tuple of int
        In how many neighbouring pairs the STOP comes first, and of how many.
    confound_auc, confound_pvalue, confound_names
        AUC within video of the best predictor made of artefacts alone, its T1 p-value, corrected for all that were
        tried, and the confounds that it knows.
    confound_ranking : tuple of (str, float)
        Each varying artefact and its own AUC within video, best first.
    removed, adjusted, acoustic, not_measured, partly_known : tuple of str
        Names of confounds: constant in this view; artefacts that T2 adjusts for; acoustic confounds that vary; not
        measured for any segment; adjusted for, though known for some segments only.
    tied : tuple of (str, float)
        Confounds that the definition of the windows ties to the label, and the AUC within video of each alone. No
        test can tell them from a signal.
    chosen : tuple of (str, {"artefact", "acoustic"}, float, float)
        Confounds that the study added, or whose role it set: name, role, AUC within video as a predictor of its own,
        and its p-value; NaN where it is none.
    auc, low, high : float
        AUC within video of the model and its interval.
    any_signal_pvalue, beyond_confounds_pvalue, beyond_acoustic_pvalue : float
        T1; T2 given the artefacts; T2 given the acoustic confounds too. Corrected for the number of models.
    effective_sets : float
        How many sets the artefacts leave open.
    power, hard_power : float
        Chance to detect a signal of AUC `Rule.spike_auc` in these features; the same for a signal where the features
        hardly vary, NaN where there are too many of them to try.
    probe_auc, detectable_auc : float
        Mean AUC of the probe on such a signal; the smallest AUC of a signal that is detected with `Rule.min_power`.
    videos_needed : tuple of (float, int or None)
        For some AUCs, how many videos like these give `Rule.min_power`; None where more than were tried.
    heterogeneity_pvalue : float
        Test of "the AUC is the same in all videos".
    n_decided : (int, int)
        Features of which one row holds most of the spread, and all features.
    n_models : int
        Number of models that the p-values were corrected for.
    exploratory : bool
        Whether the data had been looked at before the rule was fixed.
    names : Names
    """

    n_videos: int
    n_sets: int
    scheme: str = "swap neighbouring pairs"
    stop_first: tuple[int, int] = (0, 0)
    confound_auc: float = math.nan
    confound_pvalue: float = math.nan
    confound_names: tuple[str, ...] = ()
    confound_ranking: tuple[tuple[str, float], ...] = ()
    removed: tuple[str, ...] = ()
    adjusted: tuple[str, ...] = ()
    acoustic: tuple[str, ...] = ()
    not_measured: tuple[str, ...] = ()
    partly_known: tuple[str, ...] = ()
    tied: tuple[tuple[str, float], ...] = ()
    chosen: tuple[tuple[str, str, float, float], ...] = ()
    auc: float = math.nan
    low: float = math.nan
    high: float = math.nan
    n_videos_above_half: int = 0
    any_signal_pvalue: float = math.nan
    beyond_confounds_pvalue: float = math.nan
    beyond_acoustic_pvalue: float = math.nan
    effective_sets: float = math.nan
    power: float = math.nan
    hard_power: float = math.nan
    probe_auc: float = math.nan
    detectable_auc: float = math.nan
    videos_needed: tuple[tuple[float, int | None], ...] = ()
    heterogeneity_pvalue: float = math.nan
    n_decided: tuple[int, int] = (0, 0)
    n_models: int = 1
    exploratory: bool = False
    names: Names = Names()
