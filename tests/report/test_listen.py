"""The mistakes that a report lets be heard."""

import dataclasses

import pytest

from priosig.report import mistakes
from priosig.report.mistakes import worst_mistakes
from priosig.report.tables import experiment_tables


def test_the_worst_mistakes_are_on_the_wrong_side_and_in_order(experiment):
    view = experiment.views["clean"]
    found = worst_mistakes(experiment, view, n=3)
    assert found
    for mistake in found:
        assert (mistake.score > 0) != (mistake.segment.label == "stop")
        assert mistake.moment.video_id == mistake.segment.video_id
    for model in ("A", "B"):
        scores = view.models[model]["scores"]
        ours = [m for m in found if m.model == model and m.segment.label == "stop"]
        wrong = sorted(scores[(view.y == 1) & (scores <= 0)])
        assert [m.score for m in ours] == pytest.approx(wrong[:3])
        assert [m.rank for m in ours] == list(range(1, len(ours) + 1))


def test_a_recording_that_is_gone_leaves_its_reason_in_place_of_the_sound(experiment, tmp_path, unplotted):
    corpus = dataclasses.replace(experiment.annotations.corpus, audio=tmp_path)
    moved = dataclasses.replace(experiment, annotations=dataclasses.replace(experiment.annotations, corpus=corpus))
    clips = [row["clip"] for group in mistakes.mistakes(moved, moved.views["clean"], 1) for row in group["rows"]]
    assert all(clip is None or "no recording of video" in clip for clip in clips)
    assert any(clips)


def test_all_mistakes_are_in_their_table(experiment):
    table = experiment_tables(experiment, ())["mistakes"]
    view = experiment.views["clean"]
    wrong = sum(int(((cv["scores"] > 0) != (view.y == 1)).sum()) for cv in view.models.values())
    assert len(table.rows) == wrong > 0
