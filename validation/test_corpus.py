"""What is the corpus, before anything is predicted?

The counts that every later number stands on: moments, STOP and CONTINUE segments, their lengths by label and by
video, and what each view drops. Nothing here is a hypothesis; the snapshot is there so that a changed annotation, or
a changed definition of a segment, is seen as that and not as a changed result.
"""

from dataclasses import asdict

import numpy as np
import pytest

from priosig.annotations.segments import LABELS
from priosig.experiment.pipeline import Experiment


def test_counts_are_those_of_the_snapshot(description: Experiment, snapshot):
    annotations = description.annotations
    segments = annotations.segments
    facts = {
        "moments": len(annotations.moments),
        "videos": len({s.video_id for s in segments}),
        "clipped": len(annotations.clipped),
        **{label: sum(s.label == label for s in segments) for label in LABELS},
        "by_video": {
            video: {label: sum(s.video_id == video and s.label == label for s in segments) for label in LABELS}
            for video in sorted({s.video_id for s in segments})
        },
        "views": {
            name: {
                "kept": {label: sum(s.label == label for s in result.view.segments) for label in LABELS},
                "dropped": len(result.view.dropped),
            }
            for name, result in description.views.items()
        },
    }
    snapshot.facts("counts", facts)


def test_settings_are_those_of_the_snapshot(description: Experiment, snapshot):
    settings = asdict(description.annotations.corpus.settings)
    snapshot.facts("settings", {k: list(v) if isinstance(v, tuple) else v for k, v in settings.items()})


def test_durations_are_those_of_the_snapshot(description: Experiment, snapshot):
    segments = description.annotations.segments
    values = {}
    for video in ("all videos", *sorted({s.video_id for s in segments})):
        for label in LABELS:
            durations = [s.duration for s in segments if s.label == label and video in ("all videos", s.video_id)]
            for name, statistic in (("shortest", np.min), ("median", np.median), ("longest", np.max)):
                values[f"{video} {label} {name}"] = float(statistic(durations)) if durations else None
    snapshot.table("durations", values, kind="seconds")


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


@pytest.mark.parametrize("view_name", ["equal"])
def test_in_the_equal_view_length_cannot_speak(description: Experiment, view_name: str):
    result = description.views[view_name]
    if not result.view.segments:
        pytest.skip(f"{view_name} view: {result.problems['design']}")
    durations = np.array([s.duration for s in result.view.segments])
    assert np.ptp(durations) < 1e-6
    assert "length" in result.confounds.constant
    if result.design is not None:
        assert "length" not in [baseline.name for baseline in result.design.baselines]


def test_nothing_is_dropped_in_silence(description: Experiment):
    for result in description.views.values():
        seen = {*result.view.source_ids, *(d.segment_id for d in result.view.dropped)}
        assert seen == {s.segment_id for s in description.annotations.segments}
        assert len(result.view.source_ids) + len(result.view.dropped) == len(description.annotations.segments)
        assert all(d.reason for d in result.view.dropped)
