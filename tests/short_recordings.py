"""Short recordings for tests: noise, files of it, and segments in them."""

import numpy as np
import soundfile

from priosig.annotations.segments import Segment

RATE = 8000
# Later segments first, two recordings, one overlap; "b" overruns its recording by a quarter of a second.
SEGMENTS = [
    Segment("b", "videoBBBBBB", "stop", 3.0, 6.25),
    Segment("late", "videoAAAAAA", "continue", 2.0, 5.5),
    Segment("early", "videoAAAAAA", "stop", 0.5, 3.0),
]


def noise(seconds, rate=RATE, channels=1, seed=0):
    samples = np.random.default_rng(seed).uniform(-0.5, 0.5, (round(seconds * rate), channels))
    return samples.astype(np.float32).squeeze()


def write(path, samples, rate=RATE, subtype="FLOAT"):
    soundfile.write(path, samples, rate, subtype=None if path.suffix in (".mp3", ".ogg") else subtype)
    return path


def segment(start, end, video="video1", name=None):
    return Segment(name or f"{video}-stop-{round(1000 * start)}-{round(1000 * end)}", video, "stop", start, end)


def write_growing_noise(directory):
    """The recordings of `SEGMENTS`: noise that grows louder, and is silent from second 4 on."""
    for seed, video in enumerate(("videoAAAAAA", "videoBBBBBB")):
        samples = np.random.default_rng(seed).normal(0, 0.1, 6 * RATE) * np.linspace(0.1, 1, 6 * RATE)
        samples[4 * RATE :] = 0
        soundfile.write(directory / f"{video}.wav", samples, RATE, subtype="FLOAT")
