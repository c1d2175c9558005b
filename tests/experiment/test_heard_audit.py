"""The audit of what was heard names copies and the features that one window decides."""

import dataclasses

import numpy as np
import pytest

from priosig.experiment.corpus import open_corpus, read_annotations
from priosig.experiment.evaluation import evaluate_view
from priosig.experiment.heard_audit import audit_heard, copied_recordings
from priosig.report.audit import audit_of
from tests.small_experiment import HOSTILE, noise, write_corpus

pytestmark = pytest.mark.usefixtures("few_replicates")


def audit(experiment, features) -> dict:
    claim = dataclasses.replace(experiment.claim, features=features)
    return {finding.name: finding for finding in audit_heard(experiment.annotations, claim)}


def test_nothing_odd_is_found_in_noise_and_nothing_is_asked_without_audio(experiment):
    findings = audit(experiment, experiment.claim.features)
    assert {name: finding.count for name, finding in findings.items()} == {
        "copied_recordings": 0,
        "copied_windows": 0,
        "decided_features": 0,
    }
    assert set(findings) <= {finding.name for finding in audit_of(experiment)}
    assert audit_heard(experiment.annotations, experiment.views["annotated"]) == ()


def test_a_recording_under_two_names_is_found(tmp_path):
    annotations = read_annotations(open_corpus(write_corpus(tmp_path, HOSTILE)))
    one, other = sorted(annotations.corpus.audio.iterdir())
    other.write_bytes(one.read_bytes())
    for path in (one, other):
        annotations.digest(path)
    finding = copied_recordings(annotations)
    assert [(problem.id, problem.detail) for problem in finding.problems] == [
        (other.stem, f"the same recording as {one.stem}")
    ]


def test_files_that_lie_beside_recordings_are_none(tmp_path):
    write_corpus(tmp_path, HOSTILE)
    recordings = [path.rename(tmp_path / path.name) for path in sorted((tmp_path / "audio").iterdir())]
    annotations = read_annotations(open_corpus(tmp_path, audio=tmp_path))
    for path in recordings:
        annotations.digest(path)
    assert sorted(annotations.recordings) == recordings


def test_a_window_that_another_video_holds_too_is_found_and_one_of_its_own_video_is_not(experiment):
    features, segments = experiment.claim.features, experiment.claim.view.segments
    embeddings = features.embeddings.copy()
    embeddings[-1] = embeddings[1] = embeddings[0]
    finding = audit(experiment, dataclasses.replace(features, embeddings=embeddings))["copied_windows"]
    assert [problem.id for problem in finding.problems] == [segments[-1].segment_id]
    assert finding.problems[0].detail == f"the same embedding as {segments[0].segment_id}"


def test_a_feature_that_one_window_decides_is_named_and_the_verdict_says_so(experiment):
    view, settings = experiment.claim.view, experiment.annotations.corpus.settings
    features = noise(view)
    quality = features.quality.copy()
    quality[3, 4] = 500.0
    features = dataclasses.replace(features, quality=quality)
    finding = audit(experiment, features)["decided_features"]
    (problem,) = finding.problems
    assert problem.id.startswith("Model B, ")
    assert problem.detail.startswith(f"500 in {view.segments[3].segment_id}; the median is ")
    assert finding.total == features.embeddings.shape[1] + 19
    result = evaluate_view(view, experiment.annotations.moments, settings, features)
    said = {name: one.verdict.sentence for name, one in result.assessments.items()}
    assert "In 1 of 19 features one window holds most of the spread" in said["B"]
    assert "most of the spread" not in said["A"]
    assert np.isfinite(result.models["B"]["scores"]).all()
