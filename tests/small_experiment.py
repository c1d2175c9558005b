"""An experiment on two videos of noise, whose annotations are full of hostile texts."""

import csv
import dataclasses
import json
import wave
from pathlib import Path

import numpy as np

from priosig.annotations.segments import labels_of
from priosig.annotations.views import annotated_view, clean_view
from priosig.audio.screening import Screening
from priosig.experiment.corpus import open_corpus, read_annotations
from priosig.experiment.evaluation import evaluate_view
from priosig.experiment.pipeline import Experiment
from priosig.extraction.features import Features
from priosig.extraction.percepiano.scales import PERCEPIANO_DIMENSIONS
from priosig.inference.coefficients import Cluster, CoefficientTable, Weight
from priosig.inference.planning import PowerTable

HOSTILE = "<script>alert(1)</script>\"><img src=x onerror=alert(2)> $\\frac{a}{b}$ {{ 7*7 }} & ' ]]> 日本"


def write_corpus(
    directory: Path, texts: str, n_permutations: int = 39, n_videos: int = 2, later: float = 0.0
) -> Path:
    """Two videos or more of six moments, a stop every 12 s, with recordings of noise.

    Each video begins so much `later`, in seconds, than the one before.

    ::

        0    2       5   6     8        12   14      17 ...
        CONT.[playing )  [fb   )  CONT.      [playing )
    """
    rng = np.random.default_rng(0)
    rows = []
    for number, video in enumerate(("-videoAAAAA", *(f"video{6 * letter}" for letter in "BCDE"))[:n_videos]):
        for k in range(6):
            t = 12.0 * k + later * number
            rows.append(
                {
                    "moment_id": f"{video}-{k}", "video_id": video, "teacher": texts, "piece": texts,
                    "feedback_summary": texts, "video_title": texts, "musical_dimension": texts, "severity": texts,
                    "playing_before_start": t + 2, "playing_before_end": t + 5, "stop_timestamp": t + 6,
                    "feedback_start": t + 6, "feedback_end": t + 8, "confidence": None, "demonstrated": k == 0,
                    "transcript_text": f"[{t:.1f}s] {texts}\n[{t + 6:.1f}s] {texts}\n[{t + 11.5:.1f}s] ♪",
                }
            )  # fmt: skip
        path = directory / "audio" / f"{video}.wav"
        path.parent.mkdir(exist_ok=True)
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(8000)
            file.writeframes(rng.integers(-3000, 3000, round((70 + later * number) * 8000)).astype("<i2").tobytes())
    (directory / "moments.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    (directory / "experiment.toml").write_text(
        f'name = "hostile"\n[parameters]\nn_permutations = {n_permutations}\nequal_length = 2.0\n', encoding="utf-8"
    )
    return directory


def noise(view) -> Features:
    """Features of a view with a little signal."""
    rng = np.random.default_rng(1)
    y = np.array(labels_of(view.segments))
    values = rng.normal(size=(len(y), 27))
    embeddings = (values[:, :8] + 0.5 * y[:, None]).astype(np.float32)
    return Features(embeddings, values[:, 8:], {"talk_heard": np.zeros(len(y)), "level": rng.normal(-30, 3, len(y))})


def write_experiment(directory: Path, n_permutations: int = 39) -> Experiment:
    """What `run_experiment` would find in noise; the annotated view was not heard, one scale is called stable."""
    corpus = open_corpus(write_corpus(directory, HOSTILE, n_permutations))
    annotations = read_annotations(corpus)
    clean = clean_view(annotations.segments, {s.video_id: [] for s in annotations.segments}, 2.0, 0.5)
    weights = tuple(
        Weight(name, 0.1, 0.1, 1.0, 0.2, 0.7, 0.01 if k == 4 else 0.9, k == 4, 0)
        for k, name in enumerate(PERCEPIANO_DIMENSIONS)
    )
    table = CoefficientTable(weights, (Cluster(PERCEPIANO_DIMENSIONS, 0.05, 0.01),))
    annotated = evaluate_view(annotated_view(annotations.segments), annotations.moments, corpus.settings)
    heard = evaluate_view(clean, annotations.moments, corpus.settings, noise(clean))
    views = {"annotated": annotated, "clean": dataclasses.replace(heard, coefficients=table)}
    return Experiment(annotations, views, Screening({}, {}, {}))


def with_label(experiment: Experiment, label: str, **evidence: float) -> Experiment:
    """The experiment with this verdict on every model of the clean view, and with other numbers of its evidence."""
    clean = experiment.views["clean"]
    assessments = {
        model: dataclasses.replace(
            a,
            verdict=dataclasses.replace(a.verdict, label=label),
            evidence=dataclasses.replace(a.evidence, **evidence),
        )
        for model, a in clean.assessments.items()
    }
    views = experiment.views | {"clean": dataclasses.replace(clean, assessments=assessments)}
    return dataclasses.replace(experiment, views=views)


def read(directory: Path, name: str) -> list[dict[str, str]]:
    """A table of a report."""
    with (directory / f"{name}.csv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def with_plan(experiment: Experiment) -> Experiment:
    """The experiment with how many videos it takes, in the view that conclusions are drawn from."""
    power, width = np.array([[0.2, 0.6], [0.3, 0.9]]), np.array([[0.4, 0.14], [0.4, 0.12]])
    planned = PowerTable((0.65, 0.7), (5, 20), power, (None, 14), np.array([0.6, 0.55]), width)
    claim = experiment.claim
    views = experiment.views | {claim.view.name: dataclasses.replace(claim, planned=planned)}
    return dataclasses.replace(experiment, views=views)
