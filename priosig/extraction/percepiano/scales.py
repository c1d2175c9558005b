"""The 19 PercePiano scales, in the order of the quality head's outputs.

PercePiano asked listeners to place a piano performance between two poles on each of 19 scales. A score runs
from 0, the first pole, to 1, the second; no pole is the good one. An id names the *second* pole: a positive
coefficient of `timbre_dark` means darker.

Sources: github.com/JonghoKimSNU/PercePiano, `LABEL_LIST19` in `virtuoso/virtuoso/train_m2pf.py` and the
table of its README, which agree on all names, poles and their order but one: the code calls the second scale
`Articulation_Long_Short`, the README `Articulation_Short_Long`. Nothing published settles which pole is 0. We
follow the README, mark the scale `poles_disputed`, and give it an id without a pole; the sign of its
coefficient should not be interpreted.

References
----------
Park, Kim, Park, Choi, Li, Park, Hwang (2024). Piano performance evaluation dataset with multilevel perceptual
features. Scientific Reports 14, 23002.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Scale:
    """One perceptual scale."""

    id: str  # names the high pole
    name: str  # of what is judged
    low: str  # the pole of score 0
    high: str  # the pole of score 1
    poles_disputed: bool = False  # the two published lists disagree on which pole is which


POLES: tuple[Scale, ...] = (
    Scale("timing_unstable", "timing", "stable", "unstable"),
    Scale("articulation_length", "articulation", "short", "long", poles_disputed=True),
    Scale("articulation_hard", "articulation", "soft", "hard"),
    Scale("pedal_saturated", "pedal", "sparse", "saturated"),
    Scale("pedal_blurred", "pedal", "clean", "blurred"),
    Scale("timbre_colorful", "timbre", "even", "colorful"),
    Scale("timbre_rich", "timbre", "shallow", "rich"),
    Scale("timbre_dark", "timbre", "bright", "dark"),
    Scale("timbre_loud", "timbre", "soft", "loud"),
    Scale("dynamics_raw", "dynamics", "sophisticated", "raw"),
    Scale("dynamic_range_large", "dynamic range", "little", "large"),
    Scale("tempo_slow", "tempo", "fast", "slow"),
    Scale("space_spacious", "space", "flat", "spacious"),
    Scale("balance_balanced", "balance", "disproportioned", "balanced"),
    Scale("expression_dramatic", "expression", "pure", "dramatic"),
    Scale("mood_dark", "mood", "optimistic", "dark"),
    Scale("energy_high", "energy", "low", "high"),
    Scale("character_imaginative", "character", "honest", "imaginative"),
    Scale("interpretation_convincing", "interpretation", "doubtful", "convincing"),
)
PERCEPIANO_DIMENSIONS: tuple[str, ...] = tuple(scale.id for scale in POLES)
