"""The rule: the numbers on which a verdict turns, fixed before the data are looked at.

A hash over all of them is part of each verdict, so that a bar that is moved afterwards shows.

References
----------
B. Phipson & G. K. Smyth (2010), Permutation p-values should never be zero, Stat. Appl. Genet. Mol. Biol. 9, 39.
"""

import hashlib
import json
import math
from dataclasses import asdict, dataclass


def check_level(n_permutations: int, alpha: float, where: str) -> None:
    """Refuse, as a ValueError, a number of relabellings with which a test has not exactly the level alpha.

    ``(n_permutations + 1) * alpha`` must be a whole number (Phipson & Smyth 2010).
    """
    whole = (n_permutations + 1) * alpha
    if whole < 1 - 1e-9 or abs(whole - round(whole)) > 1e-6:
        raise ValueError(
            f"{where}: (n_permutations + 1) * alpha is {whole:.4g} ({n_permutations} and {alpha:g}); expected a "
            "whole number, at least 1, so that tests have exactly the level alpha (39, 199, 999, 9999 for alpha 0.05)"
        )


@dataclass(frozen=True)
class Rule:
    """Numbers that are fixed before the data are looked at.

    Attributes
    ----------
    alpha : float
        Level of each test.
    threshold : float
        Bar for the AUC within video of the model.
    confound_bar : float
        AUC within video from which on the confounds alone invalidate a design: a bar of its own, so that a stricter
        one for the model lets no leak through.
    min_videos, min_sets : int
        Fewest videos that hold both labels, and fewest sets within which labels are exchanged: risk sets, or pairs of
        neighbouring STOP and CONTINUE segments.
    min_effective_sets : float
        With fewer, a failed T2 means that the confounds leave too little to compare.
    spike_auc, min_power : float
        `no signal` is said only if a signal of this AUC would be found with this probability.
    n_permutations : int
        Relabellings of each test; ``(n_permutations + 1) * alpha`` is a whole number.
    C : float
        Inverse L2 penalty of the probe.
    level : float
        Coverage of the interval.
    """

    alpha: float = 0.05
    threshold: float = 0.60
    confound_bar: float = 0.60
    min_videos: int = 5
    min_sets: int = 15
    min_effective_sets: float = 15.0
    spike_auc: float = 0.70
    min_power: float = 0.80
    n_permutations: int = 9999
    C: float = 1.0
    level: float = 0.95

    def __post_init__(self) -> None:
        for name in ("alpha", "threshold", "confound_bar", "spike_auc", "min_power", "level"):
            value = getattr(self, name)
            if not 0 < value < 1:
                raise ValueError(f"rule: {name} is {value}; expected a number between 0 and 1")
        for name in ("min_videos", "min_sets", "min_effective_sets", "n_permutations", "C"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value > 0):
                raise ValueError(f"rule: {name} is {value}; expected a number above 0")
        check_level(self.n_permutations, self.alpha, "rule")

    @property
    def hash(self) -> str:
        """First 16 hexadecimal digits of the SHA-256 of all settings, in alphabetical order, as JSON."""
        settings = {name: float(value) for name, value in asdict(self).items()}
        return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:16]
