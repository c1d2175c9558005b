"""Names of videos stay apart, and messages show values shortly."""

import numpy as np
import pytest
import torch

from priosig._core.checks import shown, video_index


@pytest.mark.parametrize("ids", [["v", "v\0", "v"], [2**63, 2**63 + 1, 2**63], [("a", 1), ("b", 1), ("a", 1)]])
def test_videos_whose_names_differ_stay_apart(ids):
    names, which = video_index("test", ids, 3)
    assert names == tuple(str(name) for name in sorted(set(ids)))
    assert which.tolist() == [0, 1, 0]


def test_names_of_two_types_are_an_error_and_not_one_video():
    with pytest.raises(TypeError):
        video_index("test", [1, "1"], 2)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"abc", "b'abc'"),
        (np.str_("abc"), "np.str_('abc')"),
        (torch.tensor(8), "tensor(8)"),
        (torch.zeros(1).expand(10**9), "<Tensor>"),
    ],
)
def test_a_value_is_shown_and_an_unknown_container_is_not(value, expected):
    assert shown(value) == expected
