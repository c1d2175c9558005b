"""The numbers that a verdict (`priosig.verdict.decide`) is made of."""

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
    """The numbers that a verdict is made of. NaN where something could not be computed."""

    n_videos: int  # that hold both labels
    n_sets: int  # within which labels are exchanged
    scheme: str = "swap neighbouring pairs"  # of `priosig.inference.relabelling`
    stop_first: tuple[int, int] = (0, 0)  # neighbouring pairs in which the STOP comes first, and all
    # The best predictor made of artefacts alone: AUC within video, T1's p corrected for all that were tried, names.
    confound_auc: float = math.nan
    confound_pvalue: float = math.nan
    confound_names: tuple[str, ...] = ()
    confound_ranking: tuple[tuple[str, float], ...] = ()  # each varying artefact and its own AUC, best first
    removed: tuple[str, ...] = ()  # constant in this view
    adjusted: tuple[str, ...] = ()  # artefacts that T2 adjusts for
    acoustic: tuple[str, ...] = ()  # acoustic confounds that vary
    not_measured: tuple[str, ...] = ()  # for any segment
    partly_known: tuple[str, ...] = ()  # adjusted for, though known for some segments only
    # Tied to the label by the definition of the windows, with the AUC of each: no test tells them from a signal.
    tied: tuple[tuple[str, float], ...] = ()
    # Added by the study, or given a role by it: name, role, own AUC within video and its p; NaN where there is none.
    chosen: tuple[tuple[str, str, float, float], ...] = ()
    auc: float = math.nan  # within video, of the model
    low: float = math.nan
    high: float = math.nan
    n_videos_above_half: int = 0
    # T1; T2 given the artefacts; T2 given the acoustic confounds too. Corrected for the number of models.
    any_signal_pvalue: float = math.nan
    beyond_confounds_pvalue: float = math.nan
    beyond_acoustic_pvalue: float = math.nan
    effective_sets: float = math.nan  # sets that the artefacts leave open
    power: float = math.nan  # to detect a signal of AUC `Rule.spike_auc` in these features
    hard_power: float = math.nan  # the same where the features hardly vary; NaN where they are too many
    probe_auc: float = math.nan  # mean AUC of the probe on such a signal
    detectable_auc: float = math.nan  # the smallest AUC that is detected with `Rule.min_power`
    videos_needed: tuple[tuple[float, int | None], ...] = ()  # for some AUCs; None: more than were tried
    heterogeneity_pvalue: float = math.nan  # of "the AUC is the same in all videos"
    n_decided: tuple[int, int] = (0, 0)  # features of which one row holds most of the spread, and all
    n_models: int = 1  # that the p-values were corrected for
    exploratory: bool = False  # the data had been looked at before the rule was fixed
    names: Names = Names()
