"""How many groups a study takes, from labels of any kind."""

import numpy as np
import pytest

from priosig import plan
from tests.front.studies import study


def test_a_plan_takes_any_two_labels_in_any_order():
    _, y, groups, _ = study()
    few = {"n_groups": (5, 10), "n_features": 2}
    words = np.where(y, "yes", "no")
    assert repr(plan(words, groups, **few)) == repr(plan(y, groups, **few))
    backwards = plan(words[::-1].tolist(), groups[::-1].tolist(), names={"positive": "applause"}, **few)
    assert backwards.power.power.shape == (4, 2)
    with pytest.raises(ValueError, match="plan: y holds 3 different values"):
        plan([*words[:-1], "perhaps"], groups, **few)
