"""What follows from time is held by comparing neighbours, and must not be adjusted for again."""

import numpy as np

from priosig.assessment import assess
from priosig.rule import Rule


def test_the_place_in_the_video_takes_no_pairs_away_from_t2():
    # STOP and CONTINUE alternate, STOP first: over a video time tells nothing, within a pair everything.
    rng = np.random.default_rng(0)
    y = np.tile([1, 0], 40)
    videos = np.repeat(list("abcde"), 16)
    times = np.tile(np.arange(16.0), 5)
    data = rng.normal(size=(80, 3)), y, videos, times, {"place": times / 16}
    rule = Rule(n_permutations=19)
    matched = assess(*data, rule=rule, matched=("place",)).evidence
    adjusted = assess(*data, rule=rule).evidence
    assert matched.effective_pairs == matched.n_pairs == 40
    assert matched.matched == ("place",)
    assert matched.adjusted == ()
    assert adjusted.effective_pairs < 20
    assert dict(matched.confound_ranking).keys() == {"place"}  # still tried as a predictor
