"""Builders of moments, models and an experiment; how many examples hypothesis tries; one thread for numerical work.

What needs torch imports it when it is asked for, so that a few tests of annotations start in a second.

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

from priosig.annotations.moments import Moment

hypothesis.settings.register_profile("quick", max_examples=15, deadline=None)
hypothesis.settings.register_profile("thorough", max_examples=200, deadline=None)
hypothesis.settings.load_profile("quick")
os.environ["OMP_NUM_THREADS"] = "1"  # for torch, where a test imports it
threadpool_limits(1)  # for NumPy, which is there already
os.fsync = lambda descriptor: None  # no test cuts the power, and some disks take 10 ms


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


@pytest.fixture(scope="session")
def muq_dir(tmp_path_factory) -> Path:
    """Directory of a small MuQ with random weights."""
    from tests.small_muq import write_muq

    directory = tmp_path_factory.mktemp("muq")
    write_muq(directory)
    return directory


@pytest.fixture(scope="session")
def by_hand(muq_dir: Path):
    """Frames of samples by that model, called by hand."""
    from tests.small_muq import frames_by_hand

    return frames_by_hand(muq_dir)


@pytest.fixture
def broken(muq_dir: Path, tmp_path: Path):
    """Copy the model's directory and spoil it: `change(config, weights)` edits both in place."""
    from safetensors.torch import load_file, save_file

    def build(change) -> Path:
        directory = tmp_path / "broken_muq"
        directory.mkdir()
        config = json.loads((muq_dir / "config.json").read_text())
        weights = load_file(muq_dir / "model.safetensors")
        change(config, weights)
        (directory / "config.json").write_text(json.dumps(config))
        save_file(weights, directory / "model.safetensors")
        return directory

    return build


@pytest.fixture
def save(tmp_path: Path):
    """Write a quality head's checkpoint."""
    import torch

    def to_file(content: object, name: str = "head.ckpt") -> Path:
        torch.save(content, tmp_path / name)
        return tmp_path / name

    return to_file


@pytest.fixture(scope="module")
def few_replicates():
    """Power, planning and differences of videos rest on few simulated studies, where they are not what is tested."""
    from functools import partial

    from priosig.inference import assessment, heterogeneity, planning
    from priosig.inference.power import power_of_spike

    few = partial(heterogeneity.heterogeneity, n_replicates=39)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(assessment, "power_of_spike", partial(power_of_spike, n_replicates=20))
        patch.setattr(heterogeneity, "heterogeneity", few)
        patch.setattr(heterogeneity, "SEARCHED", 5)
        patch.setattr(planning, "_ROWS", 0)
        yield


@pytest.fixture(scope="session")
def experiment(tmp_path_factory):
    """An experiment on noise with hostile texts."""
    from tests.small_experiment import write_experiment

    return write_experiment(tmp_path_factory.mktemp("corpus"))


@pytest.fixture(scope="session")
def description(experiment):
    """The same without audio."""
    from priosig.experiment.pipeline import describe

    return describe(experiment.annotations)


def pytest_collection_finish(session: pytest.Session) -> None:
    """What was imported and collected stays: the garbage collector need not look at it again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
