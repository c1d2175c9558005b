"""Talk and silence: found piece by piece, told in the video's time, by whichever process."""

import numpy as np
import pytest
import soundfile

from priosig import screening
from priosig.cache import EmbeddingCache
from priosig.screening import screen_segments
from priosig.segments import Segment

RATE = 8000
# Later segments first, two recordings, one overlap; "b" overruns its recording by a quarter of a second.
SEGMENTS = [
    Segment("b", "videoBBBBBB", "stop", 3.0, 6.25),
    Segment("late", "videoAAAAAA", "continue", 2.0, 5.5),
    Segment("early", "videoAAAAAA", "stop", 0.5, 3.0),
]


@pytest.fixture
def audio(tmp_path):
    """Noise that grows louder, and is silent from second 4 on."""
    for seed, video in enumerate(("videoAAAAAA", "videoBBBBBB")):
        samples = np.random.default_rng(seed).normal(0, 0.1, 6 * RATE) * np.linspace(0.1, 1, 6 * RATE)
        samples[4 * RATE :] = 0
        soundfile.write(tmp_path / f"{video}.wav", samples, RATE, subtype="FLOAT")
    return tmp_path


def test_talk_and_silence_are_told_in_the_videos_time(audio, monkeypatch):
    class Meter:
        def __init__(self, rate, *, store):
            self.n, self.rate = 0, rate

        def add(self, samples):
            self.n += len(samples)

        def finish(self):
            return [(0.5, self.n / self.rate)]  # from half a second on, somebody talks

    monkeypatch.setattr(screening, "TalkMeter", Meter)
    seen = []
    found = screen_segments(SEGMENTS, audio, progress=seen.append)
    assert list(found.talk) == ["b", "late", "early"]
    assert found.talk == {"b": [(3.5, 6.0)], "late": [(2.5, 5.5)], "early": [(1.0, 3.0)]}
    assert found.silence["late"] == [pytest.approx((4.0, 5.5), abs=0.06)]
    assert found.silence["early"] == []
    assert [s.done for s in seen] == pytest.approx([3.25, 5.75, 9.25])  # as they end in their recordings
    assert seen[-1].total == pytest.approx(9.25)


def test_a_workers_talk_goes_to_the_named_cache_from_wherever_it_runs(audio, tmp_path, monkeypatch):
    given = []
    monkeypatch.setattr(screening, "is_spread", lambda: True)
    monkeypatch.setattr(
        screening, "in_shards", lambda function, shards, directory, store: given.append((directory, store)) or []
    )
    monkeypatch.chdir(tmp_path)
    with pytest.raises(KeyError):  # nobody screened
        screen_segments(SEGMENTS, audio, store=EmbeddingCache("cache"))
    ((directory, store),) = given
    assert directory.is_absolute()
    assert store.directory == tmp_path / "cache"
