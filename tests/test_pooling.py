"""Mean and unbiased standard deviation of frames."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from priosig.dimensions import PERCEPIANO_DIMENSIONS, POLES
from priosig.pooling import stats_pool

frames_of_any_size = arrays.arrays(
    np.float32,
    st.tuples(st.integers(2, 20), st.integers(1, 5)),
    elements=st.floats(-1000, 1000, width=32),
)


@given(frames_of_any_size)
def test_pooled_is_mean_then_standard_deviation_by_definition(frames):
    n_frames, width = frames.shape
    mean = frames.astype(np.float64).sum(axis=0) / n_frames
    std = np.sqrt(((frames - mean) ** 2).sum(axis=0) / (n_frames - 1))
    pooled = stats_pool(frames)
    assert pooled.shape == (2 * width,)
    assert pooled.dtype == np.float32
    np.testing.assert_allclose(pooled, np.concatenate([mean, std]), rtol=1e-5, atol=1e-3)


@given(frames_of_any_size, st.randoms(use_true_random=False))
def test_order_of_frames_does_not_matter(frames, random):
    order = list(range(len(frames)))
    random.shuffle(order)
    np.testing.assert_allclose(stats_pool(frames[order]), stats_pool(frames), rtol=1e-6, atol=1e-4)


def test_large_offset_costs_no_digits():
    spread = np.random.default_rng(0).standard_normal((5000, 2))
    shifted = stats_pool(spread + 1e4)
    np.testing.assert_allclose(shifted[2:], stats_pool(spread)[2:], rtol=1e-6)


@pytest.mark.parametrize("shape", [(1, 8), (0, 8), (8,), (2, 3, 4), (4, 0)])
def test_shape_that_has_no_standard_deviation_over_time_is_refused(shape):
    with pytest.raises(ValueError, match=r"expected \(T, D\), at least 2 frames"):
        stats_pool(np.zeros(shape, np.float32))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_frame_that_is_not_finite_is_refused(bad):
    frames = np.zeros((4, 3))
    frames[2, 1] = bad
    with pytest.raises(ValueError, match="1 entries are NaN or infinite"):
        stats_pool(frames)


def test_scales_are_19_with_ids_that_name_their_high_pole_unless_it_is_disputed():
    assert len(PERCEPIANO_DIMENSIONS) == len(set(PERCEPIANO_DIMENSIONS)) == 19
    assert tuple(scale.id for scale in POLES) == PERCEPIANO_DIMENSIONS
    for scale in POLES:
        assert scale.id.endswith(f"_{scale.high}") is not scale.poles_disputed
    assert [scale.id for scale in POLES if scale.poles_disputed] == ["articulation_length"]


def test_scales_are_in_the_order_of_percepianos_own_list():
    # The first letters of LABEL_LIST19's category, low pole and high pole; the second scale as in the README.
    order = "TSU,ASL,ASH,PSS,PCB,TEC,TSR,TBD,TSL,DSR,DLL,MFS,MFS,MDB,MPD,EOD,ELH,EHI,IDC"
    groups = {"dynamic range": "d", "tempo": "m", "space": "m", "balance": "m", "expression": "m"}
    groups |= {"mood": "e", "energy": "e", "character": "e"}
    found = [groups.get(scale.name, scale.name[0])[0] + scale.low[0] + scale.high[0] for scale in POLES]
    assert ",".join(found).upper() == order
