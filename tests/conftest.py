"""Builders for annotated moments, how hard properties are tried, and one thread for all that computes.

Matrices and models are small here: threads would mostly wait for each other, up to forty times as long where other
programs want the cores.

A property is tried with 15 examples, which takes seconds for all of them; `pytest tests -m hypothesis
--hypothesis-profile=thorough` tries 200.
"""

import gc
import json
import os
from pathlib import Path

import hypothesis
import pytest
from threadpoolctl import threadpool_limits

from priosig.moments import Moment

hypothesis.settings.register_profile("quick", max_examples=15, deadline=None)
hypothesis.settings.register_profile("thorough", max_examples=200, deadline=None)
hypothesis.settings.load_profile("quick")
os.environ["OMP_NUM_THREADS"] = "1"  # for torch, where a test imports it
threadpool_limits(1)  # for NumPy, which is there already


@pytest.fixture
def moment_row():
    """Build one line's object for moments.jsonl; keywords replace fields, `drop` removes some."""

    def build(*, drop: tuple[str, ...] = (), **fields: object) -> dict:
        row = {
            "moment_id": "m1",
            "video_id": "videoAAAAAA",
            "teacher": "T. Eacher",
            "stop_timestamp": 20.0,
            "playing_before_start": 5.0,
            "playing_before_end": 15.0,
            "feedback_start": 20.0,
            "feedback_end": 30.0,
            "feedback_summary": "More line.",
            "musical_dimension": "phrasing",
            "severity": "minor",
            "piece": "Op. 1",
            "confidence": 0.7,
            **fields,
        }
        return {key: value for key, value in row.items() if key not in drop}

    return build


@pytest.fixture
def moments_file(tmp_path: Path):
    """Write rows (objects, or raw lines) as moments.jsonl."""

    def write(*rows: dict | str) -> Path:
        path = tmp_path / "moments.jsonl"
        lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path

    return write


@pytest.fixture
def moment():
    """Build a Moment from its times: playing window, stop, feedback."""

    def build(
        playing: tuple[float, float],
        feedback: tuple[float, float],
        *,
        video: str = "videoAAAAAA",
        stop: float | None = None,
        transcript: str | None = None,
    ) -> Moment:
        return Moment(
            moment_id=f"{video}-{playing[0]}-{feedback[0]}",
            video_id=video,
            teacher="T. Eacher",
            stop_timestamp=feedback[0] if stop is None else stop,
            playing_before_start=playing[0],
            playing_before_end=playing[1],
            feedback_start=feedback[0],
            feedback_end=feedback[1],
            feedback_summary="",
            musical_dimension="",
            severity="",
            piece="",
            confidence=None,
            transcript_text=transcript,
        )

    return build


def pytest_collection_finish(session: pytest.Session) -> None:
    """What was imported and collected stays: the garbage collector need not look at it again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
