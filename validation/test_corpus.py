"""The corpus is what it is said to be, before anything is predicted.

What every later number stands on: STOP and CONTINUE segments are what they are said to be, views keep their promises,
and nothing is dropped in silence. How many there are, and where, is held in `test_snapshots.py`.
"""

import numpy as np
import pytest

from priosig.experiment.pipeline import Experiment


def test_every_segment_stands_for_a_moment_of_its_video(description: Experiment):
    videos = {m.moment_id: m.video_id for m in description.annotations.moments}
    for segment in description.annotations.segments:
        assert videos[segment.moment_id] == segment.video_id


def test_stop_segments_are_the_distinct_playing_windows(description: Experiment):
    windows = {
        (m.video_id, round(1000 * m.playing_before_start), round(1000 * m.playing_before_end))
        for m in description.annotations.moments
    }
    stops = [s for s in description.annotations.segments if s.label == "stop"]
    assert {(s.video_id, round(1000 * s.start_time), round(1000 * s.end_time)) for s in stops} == windows
    assert len(stops) == len(windows)


def test_no_continue_segment_holds_a_stop_or_overlaps_feedback(description: Experiment):
    # Stops follow each other in time, so the gap between two of them holds no third; its bounds are the
    # feedback's end and the next playing window's start.
    for segment in description.annotations.segments:
        if segment.label == "continue":
            for moment in description.annotations.moments:
                if moment.video_id == segment.video_id:
                    assert not segment.start_time < moment.stop_timestamp < segment.end_time


def test_in_a_view_of_one_length_length_cannot_speak(description: Experiment):
    views = [result for result in description.views.values() if result.view.duration and result.view.segments]
    if not views:
        pytest.skip("no segment is as long as the views of one length")
    for result in views:
        durations = np.array([s.duration for s in result.view.segments])
        assert np.ptp(durations) < 1e-6, result.view.name
        assert "length" in result.confounds.constant, result.view.name
        if result.design is not None:
            assert "length" not in [baseline.name for baseline in result.design.baselines], result.view.name


def test_nothing_is_dropped_in_silence(description: Experiment):
    segments = description.annotations.segments
    for result in description.views.values():
        matched = result.view.set_ids is not None  # then segments of CONTINUE take no part
        expected = {s.segment_id for s in segments if s.label == "stop" or not matched}
        dropped = {one.segment_id for one in result.view.dropped}
        assert {*result.view.source_ids} | dropped == expected
        assert not {*result.view.source_ids} & dropped
        assert len(dropped) == len(result.view.dropped)
        assert all(one.reason for one in result.view.dropped)
