"""One synthetic lesson: who plays or talks when, the annotation of it, and its recording.

A lesson runs like this, time to the right, `p` playing, `t` talk; windows as annotated::

    ppppppppppp  tttt  pppppppppppppppppppppppp  tttt  pppppppppppp  tttt
       [ STOP )            [ CONTINUE )[ STOP )           [ STOP )
                 [ feedback)                     [   fb  )             [  fb )

Playing goes on beyond both ends of a window, so a window is a slice of steady playing and its edges say nothing
(a recipe may let talk run into CONTINUE windows instead). Where CONTINUE meets STOP, the way of playing changes
within 0.1 s of the annotated time. Everything that a recipe does not plant is drawn alike for both labels.

Times are seconds from the start of the video, levels dB re full scale.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from statistics import NormalDist

import numpy as np

from priosig.annotations.segments import make_segment_id
from priosig.worlds.piano import PARAMETERS, Performance, Phrasing, playing, room_noise
from priosig.worlds.voice import talk

Range = tuple[float, float]
SPREAD = 0.12  # of each parameter between the segments of a video, one standard deviation
LEVEL_SPREAD = 2.5  # dB between passages, one standard deviation
PAUSE = 0.3  # s between playing and talk
MIDDLE = 5.0  # s of playing after which a parameter that drifts has its value
TRANSCRIPT_AROUND = 20.0  # s before the playing and after the feedback
_ID_LETTERS = np.array(list("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"))
_REMARKS = {
    "articulation": "Let the notes speak for their full length, do not clip them.",
    "timbre": "The sound is covered; open it, more ring at the top.",
    "timing": "Feel the pulse through the whole bar.",
    "dynamics": "Plan where the phrase is going before you start it.",
    "phrasing": "Breathe, then one long line over four bars.",
}
_WORDS = ("Once", "more,", "sing", "it.")


@dataclass(frozen=True)
class Recording:
    """How a video was recorded, and how many segments it holds: rate in Hz, levels in dB re full scale."""

    rate: int
    level: float
    noise: float
    stops: int
    continues: int
    channels: int = 1


@dataclass(frozen=True)
class Recipe:
    """What tells STOP from CONTINUE in a world."""

    recordings: tuple[Recording, ...]
    stop: Range = (2.9, 3.4)  # s, length of the windows, log-uniform
    continues: Range = (2.9, 3.4)
    shift: Mapping[str, float] = field(default_factory=dict)  # of parameters of `Performance`, STOP minus CONTINUE
    shifted: tuple[int, ...] = (0, 1, 2, 3, 4)  # recordings in which `shift` holds
    louder: float = 0.0  # dB, STOP minus CONTINUE
    drift: Mapping[str, float] = field(default_factory=dict)  # change in a second, anew from each bout's beginning
    feedback: Range = (1.2, 1.8)  # s of talk after a stop
    talk_level: float = 4.0  # dB above the playing
    talk: Range = (0.0, 0.0)  # s of talk at the start of a CONTINUE window
    wander: float = 0.06  # within a segment, see `priosig.worlds.piano.playing`
    parameters: Mapping[str, float] = field(  # of experiment.toml
        default_factory=lambda: {"min_continue_duration": 1.5, "equal_length": 2.0, "guard": 0.5}
    )


@dataclass(frozen=True)
class Lesson:
    """A planned video."""

    video_id: str
    # (start, end, how, dB above the recording's level); one passage goes on where another ends, or after talk.
    passages: tuple[tuple[float, float, Performance, float], ...]
    talks: tuple[tuple[float, float], ...]
    duration: float
    moments: tuple[dict, ...]  # rows of moments.jsonl
    segments: tuple[dict, ...]  # segment_id, label, start, end, and how it is played


def plan_lesson(recipe: Recipe, recording: Recording, *, shifted: bool, rng: np.random.Generator) -> Lesson:
    """Lay out one video, with more stops than continues: a CONTINUE lies between two stops."""
    if not 0 <= recording.continues < recording.stops:
        raise ValueError(f"plan_lesson: {recording.continues} continues; expected 0 to {recording.stops - 1}")
    video_id = "".join(rng.choice(_ID_LETTERS, 11))
    student = rng.uniform(0.4, 0.6, len(PARAMETERS))
    shift = np.array([recipe.shift.get(name, 0.0) for name in PARAMETERS]) if shifted else 0.0
    gaps = set(rng.choice(recording.stops - 1, recording.continues, replace=False).tolist())
    counts = {"stop": recording.stops, "continue": recording.continues}
    bounds = {"stop": recipe.stop, "continue": recipe.continues}
    lengths = {label: _lengths(bounds[label], count, rng) for label, count in counts.items()}
    levels = {label: _levels(count, rng) for label, count in counts.items()}
    passages, talks, segments, moments = [], [], [], []

    def play(label: str, window: Range, start: float, end: float) -> None:
        sign = 0.5 if label == "stop" else -0.5
        wanted = student + sign * shift + rng.normal(0, SPREAD, len(PARAMETERS))
        performance = Performance(*np.clip(wanted, 0.03, 0.97).round(4).tolist())
        passages.append((start, end, performance, levels[label].pop() + sign * recipe.louder))
        segment = {"segment_id": make_segment_id(video_id, label, *window), "video_id": video_id, "label": label}
        segments.append(segment | {"start": window[0], "end": window[1], "performance": vars(performance)})

    now = 1.5
    for number in range(recording.stops):
        lead, tail, blur = rng.uniform(0.4, 0.7), rng.uniform(0.4, 0.7), rng.uniform(-0.1, 0.1)
        if number and number - 1 in gaps:
            opened = round(now + lead, 2)
            moments[-1]["feedback_end"] = opened
            if recipe.talk[1]:  # the teacher talks on while the student plays
                talks[-1] = (talks[-1][0], opened + rng.uniform(*recipe.talk))
            begin = round(opened + lengths["continue"].pop(), 2)
            play("continue", (opened, begin), now, begin + blur)
            now = begin + blur
        else:
            begin = round(now + lead, 2)
        end = round(begin + lengths["stop"].pop(), 2)
        play("stop", (begin, end), now, end + tail)
        stopped = round(end + tail + 0.2, 2)
        talked = stopped + 0.1 + rng.uniform(*recipe.feedback)
        talks.append((stopped + 0.1, talked))
        moments.append(_moment(video_id, number, begin, end, stopped, round(talked, 2), rng))
        now = talked + PAUSE
    for moment in moments:
        moment["transcript_text"] = _transcript(moment, passages, talks)
    return Lesson(video_id, tuple(passages), tuple(talks), now + 0.5, tuple(moments), tuple(segments))


def record_lesson(lesson: Lesson, recording: Recording, recipe: Recipe, *, rng: np.random.Generator) -> np.ndarray:
    """Sound of a lesson, 16-bit samples, shape (n_frames, channels)."""
    rate, n = recording.rate, round(lesson.duration * recording.rate)
    dry, phrasing = np.zeros(n), Phrasing.draw(lesson.duration, rng)

    def add(sound: np.ndarray, start: float) -> None:
        first = round(start * rate)
        dry[first : first + len(sound)] += sound[: n - first]

    way = {"phrasing": phrasing, "wander": recipe.wander, "drift": recipe.drift}
    begun, before = 0.0, -1.0
    for start, end, performance, level in lesson.passages:
        if start > before:  # else the bout goes on
            begun = start
        way |= {"start": start, "elapsed": start - begun - MIDDLE, "level": recording.level + level}
        add(playing(performance, end - start, rate, rng, **way), start)
        before = end
    for start, end in lesson.talks:
        add(talk(end - start, rate, rng, level=recording.level + recipe.talk_level), start)
    gains = np.linspace(1.0, 0.8, recording.channels)
    wet = np.stack([gain * dry + room_noise(n, rate, rng, level=recording.noise) for gain in gains], axis=1)
    return np.round(np.clip(wet, -1, 1) * 32_767).astype("<i2")


def _levels(count: int, rng: np.random.Generator) -> list[float]:
    """Normal quantiles in random order: alike for both labels of a video, so that chance makes level no confound."""
    normal = NormalDist(0, LEVEL_SPREAD)
    places = (rng.permutation(count) + 0.5) / max(count, 1)
    return [normal.inv_cdf(place) for place in places.tolist()]


def _lengths(bounds: Range, count: int, rng: np.random.Generator) -> list[float]:
    """Lengths spread over `bounds` evenly in their logarithm, one from each of `count` strata, in random order."""
    places = (rng.permutation(count) + rng.uniform(size=count)) / max(count, 1)
    low, high = np.log(bounds)
    return np.exp(low + (high - low) * places).tolist()


def _moment(
    video_id: str, number: int, begin: float, end: float, stopped: float, talked: float, rng: np.random.Generator
) -> dict:
    dimension = str(rng.choice(list(_REMARKS)))
    return {
        "moment_id": f"{video_id}-{number:02d}",
        "video_id": video_id,
        "video_title": f"Synthetic masterclass {video_id}",
        "teacher": "Synthetic Teacher",
        "stop_timestamp": stopped,
        "playing_before_start": begin,
        "playing_before_end": end,
        "feedback_start": stopped,
        "feedback_end": talked,
        "feedback_summary": _REMARKS[dimension],
        "musical_dimension": dimension,
        "severity": str(rng.choice(["minor", "moderate", "significant"])),
        "piece": "Study in C major",
        "confidence": round(float(rng.uniform(0.6, 0.95)), 2),
    }


def _transcript(moment: dict, passages: list, talks: list) -> str:
    """Captions around a moment; the words are the talk's, the notes the playing's."""
    lines = [(float(t), "♪♪") for start, end, *_ in passages for t in np.arange(start, end - 1.0, 4.0)]
    for start, end in talks:
        # Two words a second, as captions are read, so that none seems to last beyond its talk.
        for time in np.arange(start, end - 1.0, 2.0):
            lines.append((float(time), " ".join(_WORDS[: int(2 * min(2.0, end - time))])))
    low, high = moment["playing_before_start"] - TRANSCRIPT_AROUND, moment["feedback_end"] + TRANSCRIPT_AROUND
    return "\n".join(f"[{time:.1f}s] {words}" for time, words in sorted(lines) if low <= time <= high)
