"""Segments are checked once and put in canonical order once."""

import numpy as np
import pytest

from priosig.inference.data import labelled_segments


def test_canonical_order_puts_each_video_together_in_time_order():
    data = labelled_segments([1, 0, 1, 0], ["b", "a", "a", "b"], [5.0, 9.0, 2.0, 7.0])
    assert data.order.tolist() == [2, 1, 0, 3]
    assert data.videos.tolist() == [0, 0, 1, 1]
    assert data.y.tolist() == [1, 0, 1, 0]


def test_everything_of_a_segment_moves_with_it():
    X, talk, level = np.arange(8.0).reshape(4, 2), np.array([0.1, 0.2, 0.3, 0.4]), np.array([np.nan, 1, 2, 3])
    data = labelled_segments(
        [1, 0, 1, 0], ["b", "a", "a", "b"], [5.0, 9.0, 2.0, 7.0], {"talk": talk}, partly_known={"level": level}, X=X
    )
    np.testing.assert_array_equal(data.X, X[data.order])
    np.testing.assert_array_equal(data.with_features(2 * X).X, 2 * X[data.order])
    np.testing.assert_array_equal(data.confounds["talk"], talk[data.order])
    some = data.some(data.videos == 1)
    np.testing.assert_array_equal(some.partly_known["level"], [np.nan, 3])
    np.testing.assert_array_equal(some.X, X[[0, 3]])


def test_negative_zero_is_zero_in_the_canonical_order():
    one, other = (labelled_segments([1, 1], ["a", "b"], [0, 0], X=np.array([[c], [1.0]])) for c in (0.0, -0.0))
    np.testing.assert_array_equal(one.order, other.order)


def test_last_bits_of_features_do_not_order_videos_that_begin_alike():
    # Both begin with a STOP at 2 s; the timetable goes on differently, and that is what tells them apart.
    features = np.array([0.1, 0.5, 0.1, 0.5])
    for first in (0.1, np.nextafter(0.1, 0), np.nextafter(0.1, 1)):
        features[0] = first
        data = labelled_segments([1, 0, 1, 0], list("aabb"), [2.0, 9.0, 2.0, 7.0], X=features[:, None])
        assert data.order.tolist() == [2, 3, 0, 1]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"y": [1, 2, 0]}, r"labels \[0, 1, 2\]; expected only 1 \(STOP\) and 0 \(CONTINUE\)"),
        ({"video_ids": ["a", "b"]}, r"video_ids has shape \(2,\); expected \(3,\), one entry per segment"),
        ({"start_times": [0, np.nan, 2]}, "start time of row 1 is not finite; expected seconds"),
        ({"confounds": {"talk": [1, np.nan, 2]}}, "confound 'talk' is not a finite number in 1 of 3 segments"),
        ({"confounds": {"talk": [1, 2]}}, r"confound 'talk' has shape \(2,\); expected \(3,\)"),
        ({"X": np.array([[0.0], [1.0], [np.inf]])}, "feature 0 of row 2 is inf; expected finite numbers"),
        ({"X": np.zeros((2, 1))}, r"features of shape \(2, 1\); expected 3 rows"),
        ({"y": [], "video_ids": [], "start_times": []}, "segments: none; expected at least one"),
    ],
    ids=["labels", "ids", "times", "NaN", "confound's length", "infinity", "features' length", "empty"],
)
def test_what_is_not_a_table_of_segments_is_refused(change, message):
    whole = {"y": [1, 0, 1], "video_ids": list("aab"), "start_times": [0.0, 1.0, 2.0]}
    with pytest.raises(ValueError, match=message):
        labelled_segments(**whole | change)
