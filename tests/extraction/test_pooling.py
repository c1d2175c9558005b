"""Statistics of frames over time, in one go and window by window."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from priosig.extraction.percepiano.scales import PERCEPIANO_DIMENSIONS, POLES
from priosig.extraction.pooling import FrameSummary, merge, stats_pool, summarise

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


def test_one_frame_has_a_summary_and_no_standard_deviation():
    frame = np.array([[1.0, -2.0]], np.float32)
    with pytest.raises(ValueError, match="1 over time; expected at least 2 frames"):
        stats_pool(frame)
    assert summarise(frame).head_input().tolist() == pytest.approx([1.0, -2.0, 1e-4, 1e-4])


@pytest.mark.parametrize("shape", [(0, 8), (8,), (2, 3, 4), (4, 0)])
def test_shape_that_is_not_frames_over_time_is_refused(shape):
    with pytest.raises(ValueError, match=r"expected \(T, D\), at least 1 frame"):
        stats_pool(np.zeros(shape, np.float32))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_frame_that_is_not_finite_is_refused(bad):
    frames = np.zeros((4, 3))
    frames[2, 1] = bad
    with pytest.raises(ValueError, match="1 entries are NaN or infinite"):
        stats_pool(frames)


# Window by window.


def assert_summary_is(summary, frames, rtol=1e-12):
    """Numpy on all frames at once."""
    frames = np.asarray(frames, np.float64)
    assert summary.n == len(frames)
    scale = np.abs(frames).max() + 1e-300
    np.testing.assert_allclose(summary.mean, frames.mean(axis=0), rtol=rtol, atol=rtol * scale)
    m2 = frames.var(axis=0) * len(frames)
    np.testing.assert_allclose(summary.m2, m2, rtol=rtol, atol=rtol * len(frames) * scale**2)
    np.testing.assert_array_equal(summary.low, frames.min(axis=0))
    np.testing.assert_array_equal(summary.high, frames.max(axis=0))


@given(frames_of_any_size, st.lists(st.integers(1, 19), max_size=6))
def test_any_cut_into_windows_gives_the_summary_of_the_whole(frames, cuts):
    windows = [window for window in np.split(frames, sorted(cuts)) if len(window)]
    assert_summary_is(merge(map(summarise, windows)), frames)


@pytest.mark.parametrize("n_windows", [1, 2, 7, 500])
def test_many_windows_cost_no_digits(n_windows):
    frames = np.random.default_rng(n_windows).normal(3.0, 2.0, (7500, 4))
    summary = merge(map(summarise, np.array_split(frames, n_windows)))
    for pooled, expected in [
        (summary.mean, frames.mean(axis=0)),
        (summary.m2, ((frames - frames.mean(axis=0)) ** 2).sum(axis=0)),
    ]:
        np.testing.assert_allclose(pooled, expected, rtol=1e-12, atol=0)


def test_embedding_of_a_summary_is_mean_and_unbiased_standard_deviation():
    frames = np.random.default_rng(0).normal(5, 3, (100, 6)).astype(np.float32)
    embedding = merge([summarise(frames[:1]), summarise(frames[1:])]).embedding
    assert embedding.dtype == np.float32
    x = frames.astype(np.float64)
    np.testing.assert_allclose(embedding, np.concatenate([x.mean(axis=0), x.std(axis=0, ddof=1)]), rtol=1e-6)
    np.testing.assert_allclose(embedding, stats_pool(frames), rtol=1e-6)


@pytest.mark.parametrize("extremes", [False, True])
def test_head_input_has_the_population_standard_deviation_with_its_floor_and_the_extremes(extremes):
    frames = np.array([[1.0, 5.0], [3.0, 5.0]])
    expected = [2.0, 5.0, np.sqrt(1 + 1e-8), 1e-4] + [1.0, 5.0, 3.0, 5.0] * extremes
    pooled = merge([summarise(frames[:1]), summarise(frames[1:])]).head_input(extremes=extremes)
    assert pooled.dtype == np.float32
    np.testing.assert_allclose(pooled, expected, rtol=1e-6)


def test_same_summaries_in_the_same_order_give_the_same_bits():
    windows = [summarise(np.random.default_rng(i).normal(size=(50, 8))) for i in range(9)]
    np.testing.assert_array_equal(merge(windows).to_array(), merge(windows).to_array())
    piecemeal = windows[0]
    for window in windows[1:]:
        piecemeal = merge([piecemeal, window])
    np.testing.assert_array_equal(piecemeal.to_array(), merge(windows).to_array())


def test_summary_goes_through_an_array_unchanged():
    summary = summarise(np.random.default_rng(0).normal(size=(50, 8)))
    array = summary.to_array()
    assert (array.dtype, array.shape) == (np.float64, (33,))
    back = FrameSummary.from_array(array)
    assert back.n == 50
    for name in ("mean", "m2", "low", "high"):
        np.testing.assert_array_equal(getattr(back, name), getattr(summary, name))


def test_summaries_of_other_widths_or_none_are_not_merged():
    with pytest.raises(ValueError, match=r"2 summaries of widths \[2, 3\]; expected at least 1, all of one width"):
        merge([summarise(np.zeros((2, 2))), summarise(np.zeros((2, 3)))])
    with pytest.raises(ValueError, match="merge: 0 summaries"):
        merge([])


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_pooled_tensor_is_a_tensor_equal_to_torchs_own_statistics(dtype):
    frames = torch.randn(50, 4, dtype=dtype, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(stats_pool(frames), torch.cat([frames.mean(dim=0), frames.std(dim=0)]))
    np.testing.assert_array_equal(stats_pool(frames.numpy()), stats_pool(frames).numpy())


def test_coarse_frames_are_pooled_to_float32():
    frames = torch.tensor([[1.0], [2.0], [4.0]], dtype=torch.bfloat16, requires_grad=True)
    assert stats_pool(frames).dtype == torch.float32
    assert stats_pool(frames).tolist() == pytest.approx([7 / 3, np.sqrt(7 / 3)])


def test_frames_may_be_a_tensor_of_any_precision():
    frames = torch.tensor([[1.0, 2.0], [3.0, 4.0]], dtype=torch.bfloat16, requires_grad=True)
    assert_summary_is(summarise(frames), [[1.0, 2.0], [3.0, 4.0]])


# The scales that the head's outputs are named by.


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
    letters = [groups.get(scale.name, scale.name[0])[0] + scale.low[0] + scale.high[0] for scale in POLES]
    assert ",".join(letters).upper() == order
