"""Annotated teacher interventions, read from `moments.jsonl`.

A *moment* is one intervention of a teacher in a masterclass video: the student played
(`playing_before_start` to `playing_before_end`), the teacher stopped them (`stop_timestamp`) and spoke
(`feedback_start` to `feedback_end`). All times are seconds from the start of the video.

The file comes from strangers and is checked here, once; every later step trusts a `Moment`. What is ambiguous or
unsafe is refused. What is merely odd (a playing window after its own stop, or far from it) is reported by the
annotation audit, because a study has to be able to look at it.
"""

import json
import math
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Protocol, TypeVar

from priosig._core.checks import shown
from priosig._core.parts import need_part

_TIMES = ("stop_timestamp", "playing_before_start", "playing_before_end", "feedback_start", "feedback_end")
_TEXTS = ("teacher", "feedback_summary", "musical_dimension", "severity", "piece")
_OPTIONAL_TEXTS = ("video_title", "transcript_text")
_LATEST = 1e6  # s, eleven days: no video is longer
_WINDOWS = (("playing_before_start", "playing_before_end"), ("feedback_start", "feedback_end"))
_VIDEO_ID = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")
_MOST_PROBLEMS_SHOWN = 20
_LONGEST_LINE = 1 << 22  # bytes; the transcript of a whole hour takes a hundredth of it


@dataclass(frozen=True)
class Moment:
    """One annotated teacher intervention.

    Attributes
    ----------
    moment_id : str
        Unique in its file.
    video_id : str
        YouTube id: letters, digits, `_` and `-`.
    stop_timestamp : float
        When the teacher stopped the student, in seconds from the start of the video (as all times).
    playing_before_start, playing_before_end, feedback_start, feedback_end : float
        The playing that led to the stop and the teacher's feedback, both `[start, end)`.
    teacher, feedback_summary, musical_dimension, severity, piece : str
        Empty where the annotator gave none.
    confidence : float or None
        The annotator's own confidence, 0 to 1.
    transcript_text : str or None
        Lines such as `[549.9s] some words`.
    demonstrated : bool or None
        Whether the teacher plays in the feedback; None where the annotations do not say.
    """

    moment_id: str
    video_id: str
    teacher: str
    stop_timestamp: float
    playing_before_start: float
    playing_before_end: float
    feedback_start: float
    feedback_end: float
    feedback_summary: str
    musical_dimension: str
    severity: str
    piece: str
    confidence: float | None
    video_title: str | None = None
    transcript_text: str | None = None
    demonstrated: bool | None = None


class _OfVideo(Protocol):
    @property
    def video_id(self) -> str: ...


_Row = TypeVar("_Row", bound=_OfVideo)


def by_video(rows: Iterable[_Row]) -> dict[str, list[_Row]]:
    """The moments or segments of each video; videos and rows in the order in which they come."""
    videos: dict[str, list[_Row]] = {}
    for row in rows:
        videos.setdefault(row.video_id, []).append(row)
    return videos


def check_video_id(video_id: str, where: str) -> str:
    """Return `video_id` if it is safe as a file name, else raise a ValueError that begins with `where`.

    Examples
    --------
    >>> check_video_id("7FTdGbVCPyQ", "moments.jsonl:1")
    '7FTdGbVCPyQ'
    """
    if not isinstance(video_id, str) or not _VIDEO_ID.match(video_id):
        raise ValueError(
            f"{where}: video_id {shown(video_id)} can't name the recording audio/<video_id>.wav; expected 1 to 64 "
            "letters (a to z), digits, '_' or '-', as a YouTube id has"
        )
    return video_id


def load_moments(path: str | os.PathLike[str]) -> list[Moment]:
    """Read `moments.jsonl`: UTF-8, one JSON object a line, blank lines ignored, unknown fields ignored.

    Returns
    -------
    list of Moment
        Sorted by `video_id`, then `stop_timestamp`; moments equal in both stay in the order of the file.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If any line is not a moment. The message lists the problems of the whole file (the first 20), each as
        `file:line: what is wrong; expected what`.
    """
    path = need_part(path, "file", "annotations, one JSON object a line")
    moments: list[Moment] = []
    problems: list[str] = []
    n_problems = 0
    line_of: dict[str, int] = {}
    with path.open("rb") as file:
        for number, line in _lines(file, path):
            try:
                moment = _parse(line, f"{path}:{number}")
                first = line_of.setdefault(moment.moment_id, number)
                if first != number:
                    raise ValueError(
                        f"{path}:{number}: moment_id {shown(moment.moment_id)} was used in line {first}; "
                        "expected every moment_id once"
                    )
            except ValueError as error:
                if not n_problems and not moments and line.startswith("["):
                    raise ValueError(f"{path}: a JSON array; expected one object a line (jq -c '.[]')") from None
                n_problems += 1
                problems += [str(error)] * (n_problems <= _MOST_PROBLEMS_SHOWN)
                continue
            moments.append(moment)
    if problems:
        rest = n_problems - len(problems)
        raise ValueError("\n".join(problems + [f"... and {rest} more"] * (rest > 0)))
    if not moments:
        raise ValueError(f"{path}: holds no moment; expected one JSON object a line")
    return sorted(moments, key=lambda moment: (moment.video_id, moment.stop_timestamp))


def _lines(file: BinaryIO, path: Path) -> Iterator[tuple[int, str]]:
    """Numbers and texts of the lines that are not blank, one at a time: a sparse file may be of any length."""
    at = 0
    # Bytes, not text: a JSON string may hold U+2028 and the like unescaped, and they do not end a JSON line.
    for number, data in enumerate(iter(lambda: file.readline(_LONGEST_LINE), b""), start=1):
        if len(data) == _LONGEST_LINE and not data.startswith(b"["):
            raise ValueError(f"{path}:{number}: {_LONGEST_LINE} bytes and no end of line; expected one object a line")
        try:
            line = data.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            cut = (
                "the file ends within a character: was it cut off?" if error.end >= len(data) else "save it as UTF-8"
            )
            raise ValueError(f"{path}:{number}: byte {at + error.start} of the file is not UTF-8; {cut}") from None
        at += len(data)
        if line.strip():
            yield number, line.strip()


def _parse(line: str, where: str) -> Moment:
    try:
        row = json.loads(line, object_pairs_hook=_each_key_once)
    except json.JSONDecodeError as error:
        raise ValueError(f"{where}: not JSON ({error.msg} at column {error.colno}); expected one object") from None
    except RecursionError:
        raise ValueError(f"{where}: not JSON that can be read (nested too deeply); expected one object") from None
    except ValueError as error:  # a key that stands there twice, an integer of thousands of digits
        raise ValueError(f"{where}: not JSON that can be read ({error}); expected one object") from None
    if not isinstance(row, dict):
        raise ValueError(f"{where}: a JSON {type(row).__name__}; expected an object with the fields of a moment")

    required = ("moment_id", "video_id", *_TIMES, *_TEXTS, "confidence")
    missing = [name for name in required if name not in row]
    if missing:
        raise ValueError(f"{where}: missing {', '.join(missing)}; expected {', '.join(required)}")

    moment_id = row["moment_id"]
    if not isinstance(_text(moment_id, "moment_id", where), str) or not moment_id.strip():
        raise ValueError(f"{where}: moment_id is {shown(moment_id)}; expected a text that is not empty")
    check_video_id(row["video_id"], where)
    times: dict[str, Any] = {name: _number(row[name], name, where) for name in _TIMES}
    for name, seconds in times.items():
        if not 0 <= seconds <= _LATEST:
            raise ValueError(
                f"{where}: {name} is {seconds:g} s; expected seconds from the start of the video, 0 to {_LATEST:.0f}"
            )
    for start, end in _WINDOWS:
        if not times[start] < times[end]:
            verb = "precedes" if times[end] < times[start] else "equals"
            raise ValueError(
                f"{where}: {end} {times[end]} s {verb} {start} {times[start]} s; expected a window that lasts"
            )
    texts: dict[str, Any] = {name: _text(row[name], name, where) or "" for name in _TEXTS}
    texts |= {name: _text(row.get(name), name, where) for name in _OPTIONAL_TEXTS}
    demonstrated = row.get("demonstrated")
    if demonstrated is not None and not isinstance(demonstrated, bool):
        raise ValueError(f"{where}: demonstrated is {shown(demonstrated)}; expected true, false or null")
    confidence = row["confidence"]
    if confidence is not None:
        confidence = _number(confidence, "confidence", where)
        if not 0 <= confidence <= 1:
            raise ValueError(f"{where}: confidence is {confidence}; expected 0 to 1, or null")
    return Moment(moment_id, row["video_id"], **times, **texts, confidence=confidence, demonstrated=demonstrated)


def _each_key_once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    row: dict[str, object] = {}
    for name, value in pairs:
        if name in row:
            raise ValueError(f"an object holds {shown(name)} twice")
        row[name] = value
    return row


def _number(value: object, name: str, where: str) -> float:
    # bool is an int in Python, and JSON's NaN and Infinity are floats: neither is a number here.
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError(f"{where}: {name} is {shown(value)}; expected a number")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise ValueError(f"{where}: {name} is {shown(value)}; expected a finite number")
    return number


def _text(value: object, name: str, where: str) -> str | None:
    if value is not None and not isinstance(value, str):
        raise ValueError(f"{where}: {name} is {shown(value)}; expected a text or null")
    if value is not None and any("\ud800" <= character <= "\udfff" for character in value):
        raise ValueError(f"{where}: {name} holds half of a surrogate pair (\\ud800 to \\udfff); expected whole text")
    return value
