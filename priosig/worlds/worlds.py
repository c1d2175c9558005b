"""Small synthetic masterclasses whose right answer is known.

A *world* is a corpus in the real format (moments.jsonl, audio/, experiment.toml) of five videos that differ in
level, noise, rate and class balance. What a world plants tells STOP from CONTINUE in it, and nothing else does:

signal
    Before a STOP the notes are shorter and the sound is darker.
no_signal
    Nothing.
length_leak
    Only length: STOP windows last about 1.5 s, CONTINUE windows 12.6 s, the real ones through ten.
talk_leak
    Only talk: the teacher talks on into the CONTINUE windows.
two_kinds_of_videos
    Nothing within a video. Three videos are recorded well and hold mostly STOPs; two are recorded badly and are
    balanced.
signal_and_leak
    The signal, and CONTINUE windows that last longer.
signal_in_one_video
    The signal, in one video of the five.
tiring_student
    Drift only: from the beginning of every bout on the notes grow shorter and the sound darker, so that a STOP
    window, which lies late in its bout, differs from the CONTINUE window before it.
signal_in_bouts
    The signal, in bouts that can be compared at one time into the playing.
louder_stops
    Level only: STOP windows are played louder, and no other way.

The last three are laid out in bouts (`priosig.annotations.bouts`); in the others talk is too short to part them.

`truth.json` beside the corpus keeps how each segment was played. `priosig.worlds.lessons` lays out the lessons;
`priosig.worlds.piano` and `priosig.worlds.voice` make their sounds.
"""

import hashlib
import io
import json
import os
import wave
import zlib
from pathlib import Path

import numpy as np

from priosig._core.atomic import is_temporary, write_bytes, write_text
from priosig._core.parts import find_part
from priosig.worlds.lessons import Recipe, Recording, plan_lesson, record_lesson


def _cut(equal_length: float, guard: float) -> dict[str, float]:
    return {"min_continue_duration": 1.5, "equal_length": equal_length, "guard": guard}


VARIED = (
    Recording(24_000, -19, -49, stops=9, continues=7),
    Recording(22_050, -24, -52, stops=8, continues=7),
    Recording(32_000, -21, -53, stops=10, continues=6),
    Recording(24_000, -27, -58, stops=8, continues=6, channels=2),
    Recording(24_000, -20, -46, stops=9, continues=8),
)
TWO_KINDS = (
    Recording(24_000, -19, -64, stops=14, continues=2),
    Recording(24_000, -20, -62, stops=14, continues=2),
    Recording(24_000, -19, -63, stops=14, continues=2),
    Recording(16_000, -27, -48, stops=9, continues=8),
    Recording(16_000, -28, -49, stops=9, continues=8),
)
SHIFT = {"articulation": -0.36, "brightness": -0.30}
# In bouts: they have to be found by ear, and the voice detector is surest of long and loud talk.
LOUD = (
    Recording(24_000, -18, -49, stops=7, continues=6),
    Recording(22_050, -20, -52, stops=8, continues=6),
    Recording(32_000, -19, -53, stops=7, continues=6),
    Recording(24_000, -21, -58, stops=7, continues=6, channels=2),
    Recording(24_000, -18, -46, stops=7, continues=6),
)
IN_BOUTS = {"recordings": LOUD, "continues": (2.0, 9.0), "feedback": (3.3, 3.7), "talk_level": 12.0}
RECIPES: dict[str, Recipe] = {
    "signal": Recipe(VARIED, shift=SHIFT),
    "no_signal": Recipe(VARIED),
    "length_leak": Recipe(VARIED, (1.3, 1.8), (9.0, 17.6), wander=0.15, parameters=_cut(1.0, 0.2)),
    "talk_leak": Recipe(VARIED, (4.8, 5.4), (4.8, 5.4), talk=(1.6, 2.9), parameters=_cut(1.5, 0.3)),
    "two_kinds_of_videos": Recipe(TWO_KINDS),
    "signal_and_leak": Recipe(VARIED, (2.3, 2.9), (6.0, 10.0), shift=SHIFT, parameters=_cut(2.0, 0.2)),
    "signal_in_one_video": Recipe(VARIED, shift=SHIFT, shifted=(2,)),
    "tiring_student": Recipe(
        **IN_BOUTS, stop=(2.6, 3.2), drift={"articulation": -0.15, "brightness": -0.14}, parameters=_cut(2.0, 0.3)
    ),
    "signal_in_bouts": Recipe(**IN_BOUTS, stop=(2.0, 2.4), shift=SHIFT, parameters=_cut(1.5, 0.3)),
    "louder_stops": Recipe(**IN_BOUTS, stop=(2.0, 2.4), louder=10.0, parameters=_cut(1.5, 0.3)),
}
WORLDS: tuple[str, ...] = tuple(RECIPES)
"""Names of the worlds."""

# The quality scale that follows each planted parameter, and which way it does.
SCALES = {"articulation": ("articulation_length", 1), "brightness": ("timbre_dark", -1)}
_MODULES = ("worlds.py", "lessons.py", "piano.py", "voice.py")


def make_world(name: str, directory: str | os.PathLike, *, seed: int = 0) -> None:
    """Write the world `name` into `directory`, unless it lies there complete.

    Equal names and seeds give equal bytes; another seed gives other videos of the same kind. truth.json holds a hash
    of every other file and of the code that made them: a world that is incomplete, or was made by other code, is made
    again. Files of an earlier world are replaced.

    Raises
    ------
    ValueError
        If there is no such world, the seed is negative, or the directory holds a file that is not as an earlier
        `make_world` wrote it.
    """
    if name not in RECIPES:
        raise ValueError(f"make_world: no world is called {name!r}; expected one of {', '.join(WORLDS)}")
    if seed < 0:
        raise ValueError(f"make_world: seed is {seed}; expected 0 or more")
    directory = Path(directory)
    if not _is_finished(directory, name, seed):
        _make(directory, name, seed)


def _make(directory: Path, name: str, seed: int) -> None:
    earlier = _earlier_files(directory)
    recipe = RECIPES[name]
    children = np.random.SeedSequence([seed, zlib.crc32(name.encode())]).spawn(len(recipe.recordings))
    files, moments, segments = {}, [], []
    for place, (child, recording) in enumerate(zip(children, recipe.recordings, strict=True)):
        planner, recorder = (np.random.default_rng(c) for c in child.spawn(2))
        lesson = plan_lesson(recipe, recording, shifted=place in recipe.shifted, rng=planner)
        samples = record_lesson(lesson, recording, recipe, rng=recorder)
        files[f"audio/{lesson.video_id}.wav"] = _wav(samples, recording.rate)
        moments += lesson.moments
        segments += lesson.segments
    files["moments.jsonl"] = "".join(json.dumps(m, ensure_ascii=False) + "\n" for m in moments).encode()
    parameters = {**recipe.parameters, "n_permutations": 199}  # exact at 0.05, and quick: the suite runs them all
    settings = [f'name = "{name}"', "", "[parameters]", *(f"{k} = {v}" for k, v in parameters.items())]
    files["experiment.toml"] = ("\n".join(settings) + "\n").encode()
    digests = {path: _digest(content) for path, content in files.items()}
    truth = {"world": name, "seed": seed, "generator": _generator(), "files": digests, "segments": segments}
    for path in earlier:
        path.unlink(missing_ok=True)
    # The truth comes first: it says of every file after it, should this be interrupted, that it is ours.
    write_text(directory / "truth.json", json.dumps(truth, indent=1) + "\n")
    for path, content in files.items():
        write_bytes(directory / path, content)


def _earlier_files(directory: Path) -> list[Path]:
    """The files of an earlier world in a directory, each as it was written; anything else there is refused."""
    find_part(directory, "directory", "a directory for the world")
    truth = _truth(directory)
    listed = {"truth.json": None, **truth["files"]} if truth["world"] in list(RECIPES) else {}
    ours = []
    for path in directory.rglob("*"):
        name = path.relative_to(directory).as_posix()
        if is_temporary(path) or (path.is_dir() and not path.is_symlink()):
            continue
        known = name in listed and path.is_file() and not path.is_symlink()
        if not known or listed[name] not in (None, _digest(path.read_bytes())):
            raise ValueError(
                f"{path}: not a file that make_world wrote, and nothing else is replaced; expected a new directory, "
                "or that of an earlier world: choose another, or move this file away"
            )
        ours.append(path)
    return ours


def _is_finished(directory: Path, name: str, seed: int) -> bool:
    truth = _truth(directory)
    if [truth["world"], truth["seed"], truth["generator"]] != [name, seed, _generator()]:
        return False
    files = [(directory / path, digest) for path, digest in truth["files"].items()]
    return all(path.is_file() and _digest(path.read_bytes()) == digest for path, digest in files)


def _truth(directory: Path) -> dict:
    """Contents of truth.json; empty where it is missing or not of a world."""
    try:
        truth = json.loads((directory / "truth.json").read_text(encoding="utf-8"))
        return {"files": dict(truth["files"]), **{key: truth[key] for key in ("world", "seed", "generator")}}
    except (OSError, ValueError, KeyError, TypeError):
        return {"files": {}, "world": None, "seed": None, "generator": None}


def _generator() -> str:
    """Identity of the code that makes worlds."""
    here = Path(__file__).parent
    return _digest(b"".join((here / module).read_bytes() for module in _MODULES))


def _digest(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=16).hexdigest()


def _wav(samples: np.ndarray, rate: int) -> bytes:
    """PCM16 WAV of samples with shape (n_frames, channels)."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(samples.shape[1])
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.tobytes())
    return buffer.getvalue()
