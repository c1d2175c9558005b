"""Talk and silence: detected piece by piece, in the video's time, in whichever process."""

import pytest

from priosig._core.cache import EmbeddingCache
from priosig.audio import screening
from priosig.audio.screening import screen_lessons
from tests.short_recordings import write_growing_noise


class LateTalk:
    """In place of the voice detector: from half a second on, somebody talks."""

    def __init__(self, rate, *, store):
        self.n, self.rate = 0, rate

    def add(self, samples):
        self.n += len(samples)

    def finish(self):
        return [(0.5, self.n / self.rate)]


@pytest.fixture
def audio(tmp_path):
    write_growing_noise(tmp_path)
    return tmp_path


def test_lessons_are_screened_in_the_videos_time(audio, monkeypatch):
    monkeypatch.setattr(screening, "TalkMeter", LateTalk)
    seen, lessons = [], {"videoAAAAAA": (1.0, 6.0), "videoBBBBBB": (0.0, 2.0)}
    heard = screen_lessons(lessons, audio, progress=seen.append)
    assert heard.lessons == lessons
    assert sorted(s.done for s in seen) in ([2.0, 7.0], [5.0, 7.0])
    assert seen[-1].total == 7.0
    assert heard.talk == {"videoAAAAAA": [(1.5, 6.0)], "videoBBBBBB": [(0.5, 2.0)]}
    assert heard.silence == {"videoAAAAAA": [pytest.approx((4.0, 6.0), abs=0.06)], "videoBBBBBB": []}


def test_a_workers_talk_goes_to_the_named_cache_from_wherever_it_runs(audio, tmp_path, monkeypatch):
    given = []
    monkeypatch.setattr(
        screening, "in_shards", lambda function, shards, directory, store: given.append((directory, store)) or []
    )
    monkeypatch.chdir(tmp_path)
    with pytest.raises(KeyError):  # nobody screened
        screen_lessons({"videoAAAAAA": (1.0, 6.0)}, audio, store=EmbeddingCache("cache"))
    ((directory, store),) = given
    assert directory.is_absolute()
    assert store.directory == tmp_path / "cache"
