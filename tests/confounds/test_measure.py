"""Confounds: measured, constant by design, or not measured."""

import numpy as np
import pytest

from priosig.annotations.segments import Segment
from priosig.confounds.measure import measure_confounds
from priosig.confounds.registry import CONFOUNDS, Windows


@pytest.fixture
def segments() -> list[Segment]:
    return [
        Segment("a", "v", "stop", 0.0, 10.0),
        Segment("b", "v", "continue", 30.0, 50.0),
        Segment("c", "w", "stop", 0.0, 10.0),
    ]


def test_length_is_seconds_and_place_the_middle_as_a_share_of_the_video(segments):
    measured = measure_confounds(Windows(segments, []))
    assert measured.values["length"].tolist() == [10, 20, 10]
    assert measured.values["place"].tolist() == [5 / 50, 40 / 50, 5 / 10]


def test_what_is_equal_for_all_was_removed_by_design(segments):
    heard = {"frames": [250, 250, 250], "level": [-20, -20.0001, -20]}
    measured = measure_confounds(Windows(segments, [], heard))
    assert measured.constant == ("level", "frames")


def test_what_is_known_nowhere_or_has_no_source_is_not_measured(segments):
    measured = measure_confounds(Windows(segments, [], {"level": [np.nan, np.nan, np.nan]}))
    assert measured.not_measured == {
        "talk_captions": "unknown for all 3 segments",
        "talk_heard": "no audio",
        "level": "unknown for all 3 segments",
        "silence": "no audio",
        "frames": "no audio",
    }
    known = {*measured.values, *measured.constant, *measured.not_measured, *measured.tied}
    assert known == {name for name, row in CONFOUNDS.items() if not row.matched_only}


def test_what_is_known_for_some_is_kept_for_them(segments):
    measured = measure_confounds(Windows(segments, [], {"level": [-20, np.nan, -30], "silence": [np.nan, 0.5, 0.5]}))
    assert list(measured.partly_known) == ["level", "silence"]
    assert np.array_equal(measured.partly_known["level"], [-20, np.nan, -30], equal_nan=True)


def test_what_the_windows_are_defined_by_is_tied_to_the_label_unless_they_are_matched(segments):
    assert list(measure_confounds(Windows(segments, [])).tied) == ["since_feedback"]
    matched = measure_confounds(Windows(segments, [], matched=True))
    assert not matched.tied
    assert "since_feedback" in matched.values
    assert "preceding_talk" in matched.not_measured


def test_a_confound_that_is_not_one_or_has_another_length_is_refused(segments):
    with pytest.raises(ValueError, match="'mood' is not one"):
        measure_confounds(Windows(segments, [], {"mood": [1, 2, 3]}))
    with pytest.raises(ValueError, match="level has 2 values; expected 3"):
        measure_confounds(Windows(segments, [], {"level": [1, 2]}))


def test_a_studys_own_confounds_follow_those_of_the_registry_in_the_role_that_it_gave(segments):
    own = {"tempo": np.array([90.0, 100.0, 110.0]), "camera": None}
    measured = measure_confounds(Windows(segments, [], own=own), {"tempo": "acoustic", "length": "acoustic"})
    assert measured.values["tempo"].tolist() == [90, 100, 110]
    assert measured.not_measured["camera"] == "not every window of this view has a row"
    assert list(measured.roles) == [*CONFOUNDS, "tempo", "camera"]
    roles = [measured.roles[name] for name in ("tempo", "camera", "length", "level", "place")]
    assert roles == ["acoustic", "artefact", "acoustic", "acoustic", "artefact"]
