"""Simulated studies whose answer is known, at the level of features.

**The design** imitates the first study's: 98 segments in 5 videos, 61 of them STOP, no two CONTINUE next to each
other, which makes 37 pairs. Window lengths have the deciles of the real ones (medians: STOP 15 s, CONTINUE 126 s), so
that length alone has an AUC within video of about 0.9. *Equal windows* all last 10 s.

**Features** are Gaussian: six factors with random loadings make up 80 % of a segment's variance, noise of its
own the rest; a quarter of the total variance (ICC 0.25) belongs to the video. A signal of strength s moves
the first factor by 1.1 s standard deviations between CONTINUE and STOP; a leak moves the second by 1.6
(length) or 3 (talk) times what leaks, standardised. Drift makes all of it autoregressive from segment to
segment (rho 0.8).

**Risk sets**, where a world is laid out in them, imitate those that the first study's annotations allow: 30 STOPs in
five videos, each beside 2 to 12 windows of other bouts that had gone on as long, give or take 2 s.

**Time into the bout** is 5 to 250 s for a STOP and 1 to 20 s for a CONTINUE, evenly in the logarithm;
in a risk set all windows have nearly that of the STOP. A student who tires moves the fourth factor by so many
standard deviations in 100 s.

**Known limit.** Talk that is not measured, or measured with reliability 0.5 or 0.8, is *not* controlled: no analysis
can adjust for what nobody measured.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import cycle, islice
from typing import Literal

import numpy as np

from priosig.confounds.penalised_basis import places_in_video
from priosig.worlds.leaks import SHAPES, UNCONTROLLED, draw_leak

SIZES = ((15, 10), (9, 5), (11, 5), (16, 9), (10, 8))  # STOP and CONTINUE segments of each video
TWO_KINDS = ((21, 4), (12, 2), (9, 7), (13, 12), (10, 8))
# Deciles of the window lengths in seconds, rounded.
LENGTH_DECILES = {
    1: (3.5, 5, 9, 10, 10.5, 15, 17, 22, 26, 32, 67),
    0: (7, 19, 28, 65, 82, 126, 137, 190, 290, 370, 700),
}
FACTORS, FACTOR_SHARE, ICC, RHO = 6, 0.8, 0.25, 0.8
SIGNAL_GAIN, LENGTH_GAIN, TALK_GAIN, TALK_SHIFT, LEAK_GAIN = 1.1, 1.6, 3.0, 1.3, 3.0
SETS = (6, 4, 7, 8, 5)  # risk sets of each video
CONTROLS = 2, 12
INTO_BOUT = {1: (5.0, 250.0), 0: (1.0, 20.0)}  # seconds
SAME_TIME = 2.0
TALK_SPREADS = 1.6, 0.6  # of talk that leaks in a curve, in STOP and CONTINUE windows

Truth = Literal["nothing", "measured leak", "unmeasured leak", "signal", "not shared"]


@dataclass(frozen=True)
class World:
    """What is planted in a simulated study.

    The verdict `signal` is an error where the truth is "nothing" or a "measured leak", a known limit where it is an
    "unmeasured leak", right at a "signal". "Not shared" is a signal that one video has alone: T1 and T2 may find it,
    but `signal` would promise it for other videos. Features move by standard deviations of a factor.
    """

    name: str
    truth: Truth = "nothing"
    signal: float = 0.0  # strength
    length_leak: Literal["", "log", "inverse root"] = ""  # "inverse root" makes short windows noisier too
    talk_leak: bool = False
    # STOP windows hold more or less talk, and the features hear how unusual it is: no straight line tells the label.
    talk_curved: bool = False
    talk_reliability: float | None = None  # squared correlation of measured talk with talk; None: not measured
    drift: bool = False
    two_kinds: bool = False  # of videos, which differ in sound and in the share of STOP
    equal_windows: bool = False
    signal_videos: int | None = None  # the signal is in the first so many videos; in all by default
    leak: str = ""  # one of `priosig.worlds.leaks.SHAPES`
    trend: float = 0.0  # how far features move from the first segment of a video to its last
    signal_in_spread: float = 1.0  # STOP spreads so many times as far as CONTINUE: no linear probe can hear it
    in_sets: bool = False  # segments come in risk sets, and all windows last 10 s
    tiring: float = 0.0  # how far features move in 100 s of a bout
    n_videos: int = 5


MORE_VIDEOS = 10, 20, 60
_TALK = {"talk_leak": True, "equal_windows": True}  # nothing else leaks, so that talk can be seen alone

WORLDS = {
    world.name: world
    for world in (
        World("null"),
        World("null, drift", drift=True),
        World("videos of two kinds", two_kinds=True),
        World("length leaks (log)", "measured leak", length_leak="log"),
        World("length leaks (inverse root)", "measured leak", length_leak="inverse root"),
        World("length leak and drift", "measured leak", length_leak="log", drift=True),
        World("talk leaks, measured exactly", "measured leak", talk_reliability=1.0, **_TALK),
        World("talk leaks in a curve", "measured leak", talk_reliability=1.0, talk_curved=True, **_TALK),
        World("talk leaks, reliability 0.8", "unmeasured leak", talk_reliability=0.8, **_TALK),
        World("talk leaks, reliability 0.5", "unmeasured leak", talk_reliability=0.5, **_TALK),
        World("talk leaks, not measured", "unmeasured leak", **_TALK),
        World("signal 1.0", "signal", signal=1.0),
        World("signal 2.0", "signal", signal=2.0),
        World("length leak and signal 2.0", "signal", signal=2.0, length_leak="log"),
        World("length leak and signal 3.0", "signal", signal=3.0, length_leak="log"),
        World("null, equal windows", equal_windows=True),
        World("signal 0.5, equal windows", "signal", signal=0.5, equal_windows=True),
        World("signal 1.0, equal windows", "signal", signal=1.0, equal_windows=True),
        World("signal 1.5, equal windows", "signal", signal=1.5, equal_windows=True),
        World("signal 2.0, equal windows", "signal", signal=2.0, equal_windows=True),
        *(World(f"leak: {s}", "measured leak", leak=s, equal_windows=True) for s in SHAPES if s not in UNCONTROLLED),
        *(World(f"leak: {s}", "unmeasured leak", leak=s, equal_windows=True) for s in UNCONTROLLED),
        World("signal in spread", "signal", signal_in_spread=6.0, equal_windows=True),
        World("tiring student, pairs", "unmeasured leak", tiring=1.0, equal_windows=True),
        World("tiring student, risk sets", "nothing", tiring=1.0, in_sets=True),
        World("null, risk sets", in_sets=True),
        World("signal 1.0, risk sets", "signal", signal=1.0, in_sets=True),
        World("signal 2.0, risk sets", "signal", signal=2.0, in_sets=True),
        *(World(f"null, {n} videos", n_videos=n, equal_windows=True) for n in MORE_VIDEOS),
        *(
            World(f"signal 0.5, {n} videos", "signal", signal=0.5, n_videos=n, equal_windows=True)
            for n in MORE_VIDEOS
        ),
        World("signal in three videos", "signal", signal=3.0, equal_windows=True, signal_videos=3),
        World("signal in one video", "not shared", signal=4.0, equal_windows=True, signal_videos=1),
    )
}


@dataclass(frozen=True)
class SimulatedStudy:
    """One data set, rows in canonical order; arrays have n_segments rows."""

    X: np.ndarray
    y: np.ndarray
    videos: np.ndarray
    start_times: np.ndarray
    confounds: dict[str, np.ndarray]  # what was measured: "length" in seconds, facts that leak, "talk" unless hidden
    set_ids: list[str] | None  # risk sets, where the world is laid out in them


def simulate_study(world: World, rng: np.random.Generator, *, n_features: int = 19) -> SimulatedStudy:
    """Draw one data set of a world; see the module's docstring."""
    y, videos, sets = _layout(world, rng)
    n, n_videos = len(y), world.n_videos
    length = np.full(n, 10.0) if world.equal_windows or world.in_sets else _lengths(y, rng)
    spoken = rng.standard_normal(n)
    talk = _standardised(spoken * np.where(y == 1, *TALK_SPREADS) if world.talk_curved else spoken + TALK_SHIFT * y)

    factors = _noise((n, FACTORS), videos, world.drift, rng)
    own = _noise((n, n_features), videos, world.drift, rng)
    moved = (y - y.mean()) * (videos < (world.signal_videos or n_videos))
    factors[y == 1, 0] *= world.signal_in_spread
    factors[:, 0] += SIGNAL_GAIN * world.signal * moved
    factors[:, 2] += world.trend * places_in_video(videos)
    if world.tiring:
        factors[:, 3] += world.tiring * _into_bout(y, sets, rng) / 100
    if world.length_leak == "log":
        factors[:, 1] += LENGTH_GAIN * _standardised(np.log(length))
    elif world.length_leak == "inverse root":
        factors[:, 1] += LENGTH_GAIN * _standardised(1 / np.sqrt(length))
        own *= np.sqrt(0.5 + 0.5 * (1 / length) / np.mean(1 / length))[:, None]
    if world.talk_leak:
        factors[:, 1] += TALK_GAIN * (_standardised(np.abs(talk)) if world.talk_curved else talk)
    facts: dict[str, np.ndarray] = {}
    if world.leak:
        heard, facts = draw_leak(world.leak, y, videos, rng)
        factors[:, 1] += LEAK_GAIN * heard
    loadings = rng.standard_normal((FACTORS, n_features)) / math.sqrt(FACTORS)
    of_segment = math.sqrt(FACTOR_SHARE) * factors @ loadings + math.sqrt(1 - FACTOR_SHARE) * own
    of_video = rng.standard_normal((n_videos, n_features))
    if world.two_kinds:
        of_video += 2.0 * rng.standard_normal(n_features) * (np.arange(n_videos) < 2)[:, None]
    X = math.sqrt(1 - ICC) * of_segment + math.sqrt(ICC) * of_video[videos]

    confounds = {"length": length} | facts
    if world.talk_reliability is not None:
        r = world.talk_reliability
        confounds["talk"] = math.sqrt(r) * talk + math.sqrt(1 - r) * rng.standard_normal(n)
    set_ids = None if sets is None else [f"set {number}" for number in sets]
    return SimulatedStudy(X, y, videos, np.arange(n, dtype=np.float64), confounds, set_ids)


def _layout(world: World, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Label, video and, if any, risk set of each segment."""
    labels, videos, sets = [], [], []
    if world.in_sets:
        for video, n_sets in enumerate(islice(cycle(SETS), world.n_videos)):
            for _ in range(n_sets):
                labels.append([1] + [0] * int(rng.integers(*CONTROLS, endpoint=True)))
                videos.append(np.full(len(labels[-1]), video))
                sets.append(np.full(len(labels[-1]), len(sets)))
        return np.concatenate(labels).astype(np.int8), np.concatenate(videos), np.concatenate(sets)
    sizes = TWO_KINDS if world.two_kinds else SIZES
    for video, (n_stop, n_continue) in enumerate(islice(cycle(sizes), world.n_videos)):
        followed = np.isin(np.arange(n_stop), rng.choice(n_stop - 1, size=n_continue, replace=False))
        labels.append(np.concatenate([[1, 0] if gap else [1] for gap in followed]))
        videos.append(np.full(len(labels[-1]), video))
    return np.concatenate(labels).astype(np.int8), np.concatenate(videos), None


def _into_bout(y: np.ndarray, sets: np.ndarray | None, rng: np.random.Generator) -> np.ndarray:
    """Seconds that each window's bout had gone on."""
    low, high = np.log(np.array([INTO_BOUT[0], INTO_BOUT[1]])[y]).T
    seconds = np.exp(rng.uniform(low, high))
    if sets is None:
        return seconds
    of_stop = np.empty(len(np.unique(sets)))
    of_stop[sets[y == 1]] = seconds[y == 1]
    return of_stop[sets] + np.where(y == 1, 0.0, rng.uniform(-SAME_TIME, SAME_TIME, len(y)))


def _lengths(y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Window lengths in seconds: evenly spread quantiles of each class, in random order."""
    length = np.empty(len(y))
    for label, deciles in LENGTH_DECILES.items():
        n = int(np.sum(y == label))
        places = (rng.permutation(n) + rng.random(n)) / n
        length[y == label] = np.exp(np.interp(places, np.linspace(0, 1, 11), np.log(deciles)))
    return length


def _noise(shape: tuple[int, int], videos: np.ndarray, drift: bool, rng: np.random.Generator) -> np.ndarray:
    """Standard normal rows; with drift, autoregressive from segment to segment of a video, same variance."""
    noise = rng.standard_normal(shape)
    if drift:
        for i in range(1, len(noise)):
            if videos[i] == videos[i - 1]:
                noise[i] = RHO * noise[i - 1] + math.sqrt(1 - RHO**2) * noise[i]
    return noise


def _standardised(values: np.ndarray) -> np.ndarray:
    return (values - values.mean()) / values.std()
