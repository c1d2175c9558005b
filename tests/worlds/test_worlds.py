"""The worlds: what is planted is there, and what is not planted is not."""

import dataclasses
import json
from functools import cache
from itertools import pairwise

import numpy as np
import pytest

from priosig.annotations.bouts import captioned_bouts, find_bouts
from priosig.annotations.moments import load_moments
from priosig.annotations.risk_sets import bouts_view
from priosig.annotations.segments import Segment, identify_segments
from priosig.annotations.timespans import merge
from priosig.annotations.transcript import talk_share
from priosig.audio.levels import LevelMeter
from priosig.extraction.percepiano.scales import PERCEPIANO_DIMENSIONS
from priosig.worlds import worlds
from priosig.worlds.lessons import Lesson, Recipe, Recording, plan_lesson, record_lesson
from priosig.worlds.piano import PARAMETERS, Performance
from priosig.worlds.worlds import RECIPES, WORLDS
from tests.talk import talk_in


@cache
def plans(name: str, seed: int) -> list[Lesson]:
    """Plans of all videos of a world."""
    recipe = RECIPES[name]
    return [
        plan_lesson(recipe, recording, shifted=place in recipe.shifted, rng=np.random.default_rng([seed, place]))
        for place, recording in enumerate(recipe.recordings)
    ]


def lessons(name: str, seeds: range):
    """Plans of all videos of a world, over seeds."""
    for seed in seeds:
        yield from plans(name, seed)


def centroid(samples: np.ndarray, rate: int) -> float:
    """Mean frequency of the power spectrum in Hz."""
    power = np.abs(np.fft.rfft(samples)) ** 2
    return float(np.sum(np.fft.rfftfreq(len(samples), 1 / rate) * power) / np.sum(power))


@cache
def difference_of(name: str) -> dict[str, float]:
    """STOP minus CONTINUE: the mean difference of each performance parameter over the segments of a few worlds."""
    played = {"stop": [], "continue": []}
    for lesson in lessons(name, range(5)):
        for segment in lesson.segments:
            played[segment["label"]].append([segment["performance"][parameter] for parameter in PARAMETERS])
    difference = np.mean(played["stop"], axis=0) - np.mean(played["continue"], axis=0)
    return dict(zip(PARAMETERS, difference.tolist(), strict=True))


def lengths_of(name: str, label: str) -> np.ndarray:
    segments = [s for lesson in lessons(name, range(5)) for s in lesson.segments if s["label"] == label]
    return np.array([segment["end"] - segment["start"] for segment in segments])


@pytest.mark.parametrize("name", WORLDS)
def test_annotations_give_back_the_segments_that_were_played(name, tmp_path):
    planned = list(lessons(name, range(1)))
    path = tmp_path / "moments.jsonl"
    path.write_text("\n".join(json.dumps(m) for lesson in planned for m in lesson.moments), encoding="utf-8")
    segments = identify_segments(load_moments(path), RECIPES[name].parameters["min_continue_duration"])
    truth = {s["segment_id"]: s["label"] for lesson in planned for s in lesson.segments}
    assert {s.segment_id: s.label for s in segments} == truth
    recordings = RECIPES[name].recordings
    assert sum(s.label == "stop" for s in segments) == sum(r.stops for r in recordings)
    assert sum(s.label == "continue" for s in segments) == sum(r.continues for r in recordings)


@pytest.mark.parametrize("name", WORLDS)
def test_windows_are_slices_of_playing_without_a_gap(name):
    for lesson in lessons(name, range(3)):
        for segment in lesson.segments:
            overlaps = sorted((a, b) for a, b, *_ in lesson.passages if a < segment["end"] and b > segment["start"])
            assert overlaps[0][0] < segment["start"] + 0.11
            assert overlaps[-1][1] > segment["end"]
            assert all(left[1] == pytest.approx(right[0]) for left, right in pairwise(overlaps))


@pytest.mark.parametrize("name", WORLDS)
def test_both_labels_of_a_video_are_played_at_like_levels_where_level_is_not_planted(name):
    # Not by chance but by design: the levels of each label are the same quantiles, in random order.
    half = RECIPES[name].louder / 2
    assert (half > 0) == (name == "louder_stops")
    for lesson in lessons(name, range(3)):
        levels = {"stop": [], "continue": []}
        for segment, (*_, level) in zip(lesson.segments, lesson.passages, strict=True):
            levels[segment["label"]].append(level)
        assert [np.median(of_label) for of_label in levels.values()] == pytest.approx([half, -half], abs=1e-9)
        assert len(set(levels["stop"])) == len(levels["stop"])


@pytest.mark.parametrize("name", [name for name in WORLDS if name != "talk_leak"])
def test_nobody_talks_in_a_window(name):
    for lesson in lessons(name, range(3)):
        for segment in lesson.segments:
            assert not any(a < segment["end"] and b > segment["start"] for a, b in lesson.talks)


def test_talk_leaks_into_the_continue_windows_and_leaves_room_for_a_clean_one():
    parameters = RECIPES["talk_leak"].parameters
    for lesson in lessons("talk_leak", range(3)):
        for segment in lesson.segments:
            within = [b - segment["start"] for a, b in lesson.talks if a < segment["end"] and b > segment["start"]]
            assert len(within) == (segment["label"] == "continue")
            duration = segment["end"] - segment["start"]
            assert duration - sum(within) > parameters["equal_length"] + parameters["guard"]


@pytest.mark.parametrize("name", ["signal", "signal_and_leak", "signal_in_bouts"])
def test_planted_parameters_differ_by_what_the_recipe_says(name):
    for parameter, difference in difference_of(name).items():
        assert difference == pytest.approx(RECIPES[name].shift.get(parameter, 0.0), abs=0.04)


@pytest.mark.parametrize(
    "name", ["no_signal", "length_leak", "talk_leak", "two_kinds_of_videos", "tiring_student", "louder_stops"]
)
def test_nothing_in_the_playing_differs_where_nothing_is_planted(name):
    assert not RECIPES[name].shift
    assert difference_of(name) == pytest.approx(dict.fromkeys(PARAMETERS, 0.0), abs=0.04)


def test_one_video_alone_holds_the_signal_in_signal_in_one_video():
    for place, lesson in enumerate(lessons("signal_in_one_video", range(1))):
        bright = {
            label: np.mean([s["performance"]["brightness"] for s in lesson.segments if s["label"] == label])
            for label in ("stop", "continue")
        }
        assert (bright["continue"] - bright["stop"] > 0.2) == (place == 2)


@pytest.mark.parametrize("name", ["signal", "no_signal", "talk_leak", "two_kinds_of_videos", "signal_in_one_video"])
def test_windows_of_both_labels_are_equally_long_where_length_does_not_leak(name):
    stop, continues = lengths_of(name, "stop"), lengths_of(name, "continue")
    assert np.median(stop) == pytest.approx(np.median(continues), rel=0.03)


def test_length_leaks_as_in_the_first_study_through_ten():
    assert np.median(lengths_of("length_leak", "stop")) == pytest.approx(1.5, rel=0.05)
    assert np.median(lengths_of("length_leak", "continue")) == pytest.approx(12.6, rel=0.05)


def test_captions_are_talk_only_where_there_is_talk(tmp_path):
    for name, expected in (("signal", False), ("talk_leak", True)):
        lesson = next(lessons(name, range(1)))
        path = tmp_path / f"{name}.jsonl"
        path.write_text("\n".join(map(json.dumps, lesson.moments)), encoding="utf-8")
        segments = [
            Segment(s["segment_id"], s["video_id"], s["label"], s["start"], s["end"]) for s in lesson.segments
        ]
        shares = np.array(talk_share(segments, load_moments(path)))
        is_continue = np.array([s.label == "continue" for s in segments])
        assert not shares[~is_continue].any()
        spoken = [sum(max(0.0, min(b, s.end_time) - max(a, s.start_time)) for a, b in lesson.talks) for s in segments]
        assert (shares <= np.array(spoken) / [s.duration for s in segments] + 0.02).all()
        assert (shares[is_continue] > 0.1).mean() == pytest.approx(float(expected), abs=0.4)


@pytest.mark.parametrize("name", ["tiring_student", "signal_in_bouts", "louder_stops"])
def test_worlds_in_bouts_hold_15_sets_in_five_videos(name, tmp_path):
    path, parameters = tmp_path / "moments.jsonl", RECIPES[name].parameters
    path.write_text("\n".join(json.dumps(m) for p in lessons(name, range(1)) for m in p.moments), encoding="utf-8")
    moments = load_moments(path)
    segments = identify_segments(moments, parameters["min_continue_duration"])
    view = bouts_view(segments, captioned_bouts(moments), parameters["equal_length"], parameters["guard"])
    assert len(set(view.set_ids)) >= 20
    assert len({segment.video_id for segment in view.segments}) == 5


def test_drift_goes_on_through_a_bout_and_begins_anew_with_the_next():
    # bout  [ CONTINUE )[  STOP  )        [ CONTINUE )
    #       0          5        10        14         19
    passages = tuple((start, start + 5.0, Performance(), 0.0) for start in (0.0, 5.0, 14.0))
    lesson, recording = Lesson("v", passages, (), 20.0, (), ()), Recording(8000, -20, -90, stops=2, continues=1)
    recipe = Recipe((recording,), drift={"brightness": -0.1}, wander=0.0)
    centroids = []
    for seed in range(4):  # melodies differ in pitch
        sound = record_lesson(lesson, recording, recipe, rng=np.random.default_rng(seed))[:, 0] / 32_768
        centroids.append([centroid(sound[8000 * t : 8000 * (t + 5)], 8000) for t in (0, 5, 14)])
    first, second, third = np.mean(centroids, axis=0)
    assert min(first, third) > 1.2 * second


@pytest.mark.parametrize("detector", [False, pytest.param(True, marks=pytest.mark.slow)], ids=["truth", "detector"])
def test_bouts_that_are_heard_are_those_that_were_played(detector):
    name, rng = "signal_in_bouts", np.random.default_rng(1)
    recipe = RECIPES[name]
    recording = dataclasses.replace(recipe.recordings[0], stops=3, continues=2)
    lesson = plan_lesson(recipe, recording, shifted=True, rng=rng)
    samples = record_lesson(lesson, recording, recipe, rng=rng)[:, 0].astype(np.float32) / 32_768
    talk = talk_in(samples, recording.rate) if detector else lesson.talks
    meter = LevelMeter(recording.rate)
    meter.add(samples)
    heard = find_bouts(talk, meter.silent_intervals(), [(0.0, lesson.duration)])
    played = merge([passage[:2] for passage in lesson.passages], gap=0.01)
    assert len(heard) == len(played) == recording.stops
    for bout, (start, end) in zip(heard[1:], played[1:], strict=True):
        assert (bout.start, bout.end) == pytest.approx((start, end), abs=1.0)


@pytest.mark.parametrize("name", WORLDS)
def test_five_videos_each_hold_both_labels(name):
    recipe = RECIPES[name]
    assert len(recipe.recordings) == 5
    assert all(r.stops > r.continues > 0 for r in recipe.recordings)
    assert sum(min(r.stops, r.continues) for r in recipe.recordings) >= 15
    assert len({(r.level, r.noise) for r in recipe.recordings}) == 5
    assert len({r.stops / r.continues for r in recipe.recordings}) > 1


def test_as_many_continues_as_stops_are_refused():
    recording = dataclasses.replace(RECIPES["signal"].recordings[0], stops=3, continues=3)
    with pytest.raises(ValueError, match="3 continues; expected 0 to 2"):
        plan_lesson(RECIPES["signal"], recording, shifted=True, rng=np.random.default_rng(0))


def test_scales_that_follow_what_is_planted_are_scales_of_the_head():
    assert {scale for scale, _ in worlds.SCALES.values()} <= set(PERCEPIANO_DIMENSIONS)
    assert set(worlds.SCALES) >= set(worlds.SHIFT)
