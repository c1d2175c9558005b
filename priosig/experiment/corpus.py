"""A corpus: where annotations, recordings and models lie, and what its annotations say.

::

    DIR/
      moments.jsonl              one annotated teacher intervention per line
      audio/<video_id>.wav       or .flac, .ogg, .mp3
      checkpoints/*.ckpt         PercePiano quality heads; several are averaged
      muq/                       optional local MuQ (config.json and model.safetensors); else the hub id
      experiment.toml            optional: name, thresholds, parameters (`priosig.experiment.settings`)
      columns.csv                optional: confounds of the study's own, if experiment.toml names it

Each part can be given alone or in place of the directory's own. Annotations with no audio are a corpus too.
"""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from priosig._core.cache import file_digest
from priosig._core.parts import find_part, need_part, refuse_misspelt
from priosig.annotations.bouts import captioned_bouts, find_bouts
from priosig.annotations.moments import Moment, load_moments
from priosig.annotations.segments import LABELS, Segment, identify_segments
from priosig.audio.recordings import EXTENSIONS
from priosig.audio.screening import Screening
from priosig.audio.slices import Slice, plan_slices
from priosig.experiment.own_confounds import Columns, check_roles, read_own_confounds
from priosig.experiment.settings import EXPERIMENT_NAME, Settings, read_settings
from priosig.experiment.views import Cut
from priosig.extraction.features import check_lengths
from priosig.extraction.muq.model import DEFAULT_MODEL, is_hub_id, model_files

_LARGEST = 1 << 30  # bytes of moments.jsonl or of a head; 100,000 moments take 40 MB, a head 10 MB
_PARTS = {
    "moments.jsonl": ("file", "annotations, one JSON object a line"),
    "audio": ("directory", "recordings named <video_id>.wav"),
    "checkpoints": ("directory", "quality heads, *.ckpt"),
    "muq": ("directory", "MuQ's config.json and model.safetensors"),
    "experiment.toml": ("file", "the experiment's settings"),
}


@dataclass(frozen=True)
class Corpus:
    """Where the parts of a corpus lie."""

    name: str  # of the experiment and its report: letters, digits, `_` and `-`
    moments: Path
    audio: Path | None  # directory of recordings; None where only the annotations can be looked at
    checkpoints: tuple[Path, ...]  # quality heads; empty where Model B cannot be run
    muq: str  # local directory or hub id
    settings: Settings
    columns: Path | None = None  # confounds of the study's own
    digests: dict[Path, str] = field(default_factory=dict)  # SHA-256 of experiment.toml and the own confounds


@dataclass(frozen=True)
class Annotations:
    """The part of a corpus that needs no audio."""

    corpus: Corpus
    moments: tuple[Moment, ...]
    segments: tuple[Segment, ...]  # as annotated
    clipped: dict[str, float] = field(default_factory=dict)  # s by which segments overrun their recordings, if any
    own_confounds: Columns = field(default_factory=dict)  # by segment (`priosig.experiment.own_confounds`)
    digests: dict[Path, str] = field(default_factory=dict, compare=False)  # SHA-256 of every file read so far

    def digest(self, path: Path) -> str:
        """SHA-256 of a file that this run reads; a ValueError if it changed since the run first read it."""
        try:
            digest = file_digest(path)
        except OSError as error:
            digest = f"({error.strerror})"
        if self.digests.setdefault(path, digest) != digest:
            raise ValueError(f"{path}: changed during the run; start it again")
        return digest

    @property
    def recordings(self) -> dict[Path, str]:
        """SHA-256 of each recording that was read so far."""
        of_audio = (path for path in self.digests if path.parent == self.corpus.audio and path.suffix in EXTENSIONS)
        return {path: self.digests[path] for path in of_audio}

    def refuse_changed(self) -> None:
        """Raise a ValueError that names a file that changed since it was read: results must not be kept then."""
        for path in list(self.digests):
            self.digest(path)

    def cut(self, screening: Screening | None = None) -> Cut:
        """How windows are cut by the experiment's own settings: by what was heard, else by the captions."""
        settings = self.corpus.settings
        fixed = self.segments, settings.equal_length, settings.guard
        if screening is None:
            return Cut(*fixed, captioned_bouts(self.moments), self.clipped)
        talk, silence = screening.talk, screening.silence
        bouts = {v: find_bouts(talk[v], silence[v], [lesson]) for v, lesson in screening.lessons.items()}
        return Cut(*fixed, bouts, self.clipped, busy={v: talk[v] + silence[v] for v in talk})


def open_corpus(
    directory: str | os.PathLike | None = None,
    *,
    moments: str | os.PathLike | None = None,
    audio: str | os.PathLike | None = None,
    checkpoints: Sequence[str | os.PathLike] = (),
    muq: str | None = None,
) -> Corpus:
    """Find the parts of a corpus and read its settings.

    Parameters
    ----------
    directory : path-like, optional
    moments, audio, checkpoints, muq
        Each replaces the directory's own part. A checkpoint may be a file or a directory of `*.ckpt`.

    Raises
    ------
    FileNotFoundError
        If a part that was named is not there, or there are no annotations.
    ValueError
        If a part cannot be used, or nearly has the name of one (`priosig._core.parts`); if `experiment.toml` cannot
        be read, or holds a key or a value that is not known.
    """
    if directory is None and moments is None:
        raise ValueError("corpus: neither a directory nor a moments.jsonl was given; expected one of the two")
    root = None if directory is None else need_part(directory, "directory", "a corpus with moments.jsonl in it")
    given = {"moments.jsonl": moments, "audio": audio, "checkpoints": checkpoints or None, "muq": muq}
    own: dict[str, Path | None] = {}
    if root is not None:
        names = [name for name in _PARTS if given.get(name) is None]
        refuse_misspelt(root, names)
        own = {name: find_part(root / name, *_PARTS[name]) for name in names}
    annotations = need_part(root / "moments.jsonl" if moments is None else moments, *_PARTS["moments.jsonl"])
    name, settings, columns, digests = annotations.stem if root is None else root.resolve().name, Settings(), None, {}
    if toml := own.get("experiment.toml"):
        digests[toml] = file_digest(toml)  # before it is read, so that an edit meanwhile is noticed
        own_name, settings = read_settings(toml)
        name = own_name or name
        if settings.columns:
            columns = need_part(root / settings.columns, "file", "confounds by segment, as experiment.toml says")
            digests[columns] = file_digest(columns)
        check_roles(toml, settings.roles, columns)
    if not EXPERIMENT_NAME.match(name):
        # The name of a directory or a file was not chosen to be an experiment's; one that was chosen is checked.
        name = re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-_")[:64] or "corpus"
    recordings = own.get("audio") if audio is None else need_part(audio, *_PARTS["audio"])
    heads = [head for one in checkpoints or [own.get("checkpoints")] if one for head in _checkpoints(Path(one))]
    muq = str(own.get("muq") or DEFAULT_MODEL if muq is None else muq)
    if not is_hub_id(muq):
        model_files(muq)
    return Corpus(name, annotations, recordings, tuple(heads), muq, settings, columns, digests)


def read_annotations(corpus: Corpus) -> Annotations:
    """Load a corpus's moments, derive its segments, and find them in its recordings, where it has some.

    Raises
    ------
    FileNotFoundError, ValueError
        If the annotations cannot be read (`load_moments`), or hold one video or one class only; if a segment can't be
        cut (`plan_slices`), or is too short for MuQ; if the study's own confounds cannot be read.
    """
    for path, what in ((corpus.moments, "annotations"), *((head, "a quality head") for head in corpus.checkpoints)):
        size = path.stat().st_size
        if size > _LARGEST:  # before it is hashed, which takes minutes
            raise ValueError(f"{path}: {size} bytes; expected {what}, at most {_LARGEST}")
    digests = {**corpus.digests, corpus.moments: file_digest(corpus.moments)}
    moments = load_moments(corpus.moments)
    segments = identify_segments(moments, corpus.settings.min_continue_duration)
    videos = sorted({segment.video_id for segment in segments})
    if len(videos) < 2:
        raise ValueError(
            f"{corpus.moments}: one video only ({videos[0]}); expected at least 2, since each video is scored by a "
            "probe that was trained on the others"
        )
    for label in LABELS:
        if not any(segment.label == label for segment in segments):
            raise ValueError(
                f"{corpus.moments}: no {label.upper()} segment among {len(segments)} (CONTINUE needs "
                f"{corpus.settings.min_continue_duration:g} s between one feedback and the next playing window); "
                "expected both classes"
            )
    clipped = {}
    if corpus.audio is not None:
        slices = plan_slices(segments, corpus.audio)
        check_lengths(slices)
        clipped = clipped_seconds(slices)
    own = {} if corpus.columns is None else read_own_confounds(corpus.columns, segments)
    annotations = Annotations(corpus, tuple(moments), tuple(segments), clipped, own, digests)
    annotations.refuse_changed()
    return annotations


def clipped_seconds(slices: Mapping[str, Slice]) -> dict[str, float]:
    """Seconds by which segments overrun their recordings; only those that do."""
    return {name: part.clipped_seconds for name, part in slices.items() if part.clipped_seconds}


def _checkpoints(path: Path) -> list[Path]:
    kind, expected = ("directory", "quality heads, *.ckpt") if path.is_dir() else ("file", "a quality head, *.ckpt")
    need_part(path, kind, f"{expected}, or a directory of them")
    if kind == "file":
        return [path]
    heads = [need_part(head, "file", expected) for head in sorted(path.glob("*.ckpt"))]
    others = [head.name for head in sorted(path.glob("*")) if head not in heads and "ckpt" in head.name.lower()]
    if others or not heads:
        there = f"holds {others[0]!r}" if others else "no *.ckpt in it"
        raise FileNotFoundError(f"{path}: {there}; expected quality heads, each named *.ckpt")
    return heads
