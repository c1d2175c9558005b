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
    np.testing.assert_array_equal(data.partly_known["level"], level[data.order])


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


SETS = {
    "y": [1, 0, 0, 1, 0, 1, 0],
    "video_ids": list("aaaaabb"),
    "start_times": [5.0, 2.0, 9.0, 1.0, 2.0, 4.0, 3.0],
    "set_ids": ["p", "p", "p", "q", "q", "r", "r"],
}


def test_risk_sets_stay_together_and_features_are_centred_within_them():
    X = np.random.default_rng(0).normal(size=(7, 2))
    data = labelled_segments(**SETS, X=X)
    assert data.videos.tolist() == [0, 0, 0, 0, 0, 1, 1]
    assert data.risk_sets.tolist() == [0, 0, 1, 1, 1, 2, 2]
    assert data.n_sets == 3
    for k in range(3):
        np.testing.assert_allclose(data.X[data.risk_sets == k].mean(axis=0), 0, atol=1e-15)
    np.testing.assert_array_equal(data.sets, data.strata)


@pytest.mark.parametrize("columns", [("y", "video_ids", "start_times", "set_ids"), ("y", "video_ids", "start_times")])
def test_neither_order_of_rows_nor_names_of_sets_and_videos_matter(columns):
    X, order = np.random.default_rng(1).normal(size=(7, 2)), [6, 0, 5, 3, 1, 4, 2]
    given = {name: SETS[name] for name in columns}
    other = {name: np.array(values)[order] for name, values in given.items()}
    other["video_ids"] = np.where(other["video_ids"] == "a", "z", "b")
    if "set_ids" in other:
        other["set_ids"] = np.char.add("z", other["set_ids"])
    one, moved = labelled_segments(**given, X=X), labelled_segments(**other, X=X[order])
    np.testing.assert_allclose(moved.X, one.X, atol=1e-15)
    for name in ("y", "videos", "sets"):
        np.testing.assert_array_equal(getattr(moved, name), getattr(one, name))


def test_without_times_nothing_is_a_neighbour_and_the_rarer_label_counts():
    data = labelled_segments([1, 0, 1, 1, 0], list("aaabb"), None)
    assert len(data.pairs) == 0
    assert data.n_sets == 1 + 1


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
        ({"set_ids": ["p", "p", "p"]}, "risk set 'p' holds 2 STOP segments; expected exactly one"),
        ({"set_ids": ["p", "q", "q"]}, "risk set 'q' lies in 2 videos; expected one"),
    ],
    ids=[
        "labels",
        "ids",
        "times",
        "NaN",
        "confound's length",
        "infinity",
        "features' length",
        "empty",
        "two events",
        "two videos",
    ],
)
def test_what_is_not_a_table_of_segments_is_refused(change, message):
    whole = {"y": [1, 0, 1], "video_ids": list("aab"), "start_times": [0.0, 1.0, 2.0]}
    with pytest.raises(ValueError, match=message):
        labelled_segments(**whole | change)
