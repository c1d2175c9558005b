"""Shards: all segments once, by recording and time; done wherever joblib says, with the same result."""

import joblib
import pytest
from hypothesis import given
from hypothesis import strategies as st

from priosig.annotations.segments import Segment
from priosig.audio.recordings import Recording
from priosig.audio.sharding import in_shards, is_spread, make_shards
from priosig.audio.slices import Slice

RATE = 100


def segments_and_slices(windows: list[tuple[str, float, float]]) -> tuple[list[Segment], dict[str, Slice]]:
    """Segments (video, start, end) and where they lie."""
    segments = [Segment(f"s{i}", video, "stop", start, end) for i, (video, start, end) in enumerate(windows)]
    recordings = {video: Recording(f"{video}.wav", RATE, 10**6, 1) for video, *_ in windows}
    slices = {
        s.segment_id: Slice(recordings[s.video_id], int(s.start_time * RATE), int(s.duration * RATE), 0.0)
        for s in segments
    }
    return segments, slices


# Shards of at least 10 s.
#
#   one    |---6---|   |---6---|   |---6---|
#              |-3-|
#          first................|  second..|
#   other  |-2-|


def test_a_shard_is_of_one_recording_in_order_of_time_and_about_as_long_as_asked():
    windows = [("one", 20, 26), ("one", 0, 6), ("other", 0, 2), ("one", 10, 16), ("one", 3, 6)]
    shards = make_shards(*segments_and_slices(windows), seconds=10)
    assert [[(s.video_id, s.start_time) for s in shard] for shard in shards] == [
        [("one", 0), ("one", 3), ("one", 10)],
        [("one", 20)],
        [("other", 0)],
    ]


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 500), st.integers(1, 90)), min_size=1, max_size=30),
    st.integers(1, 200),
)
def test_every_segment_is_in_one_shard(windows, seconds):
    segments, slices = segments_and_slices([(video, start, start + length) for video, start, length in windows])
    shards = make_shards(segments, slices, seconds=seconds)
    assert sorted(s.segment_id for shard in shards for s in shard) == sorted(slices)
    assert all(len({s.video_id for s in shard}) == 1 for shard in shards)


def test_work_stays_here_unless_joblib_was_told_otherwise():
    assert not is_spread()
    with joblib.parallel_config(n_jobs=1):
        assert not is_spread()
    with joblib.parallel_config(backend="threading", n_jobs=2):
        assert is_spread()


@pytest.mark.parametrize("backend", ["sequential", "threading"])
def test_every_shard_is_worked_on_with_the_arguments_given(backend):
    shards = [[1, 2], [3], [4, 5]]
    with joblib.parallel_config(backend=backend, n_jobs=2):
        assert sorted(in_shards(lambda shard, factor: factor * sum(shard), shards, 10)) == [30, 30, 90]


def test_an_error_in_a_shard_comes_out():
    def fail(shard):
        raise ValueError("segment x: no")

    with pytest.raises(ValueError, match="segment x"):
        list(in_shards(fail, [[1]]))
