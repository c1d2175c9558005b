"""The sounds of a report."""

import dataclasses

import numpy as np
import pytest

from priosig.annotations.segments import Segment
from priosig.report import clips
from priosig.report import listen as listening
from priosig.report.clips import AROUND, Clip, make_clip, outline
from priosig.report.listen import listen, make_clips, typical_hits, worst_misses, worth_hearing
from priosig.report.material import Material
from priosig.report.tables import experiment_tables
from tests.small_experiment import with_label


@pytest.fixture
def speaking(experiment) -> Material:
    """Both models have a signal."""
    return Material(with_label(experiment, "signal"), ())


@pytest.mark.parametrize("label", ["stop", "continue"])
def test_misses_are_on_the_wrong_side_the_worst_first_and_hits_on_the_right(experiment, label):
    v = experiment.views["clean"]
    towards = 1 if label == "stop" else -1
    for model, cv in v.models.items():
        of_label = v.y == (label == "stop")
        misses, hits = worst_misses(v, model, label), typical_hits(v, model, label)
        assert sorted([*misses, *hits]) == np.flatnonzero(of_label).tolist()
        assert [towards * cv["scores"][row] for row in misses] == sorted(towards * cv["scores"][misses])
        assert all(towards * cv["scores"][row] <= 0 for row in misses)
        assert np.median(cv["scores"][hits]) == pytest.approx(
            cv["scores"][hits[0]], abs=np.ptp(cv["scores"][hits]) / 2
        )


def test_a_model_that_found_something_is_heard_by_a_hit_and_a_miss_of_each_label(speaking):
    chosen = worth_hearing(speaking)
    assert {one.model for one in chosen} == {"A", "B"}
    for one in chosen:
        is_right = (one.y_pred_proba > 0.5) == (one.segment.label == "stop")
        assert is_right == (one.kind == "Typical hit")
    kinds = [(one.model, one.segment.label, one.kind) for one in chosen]
    assert len(set(kinds)) == len(kinds)


def test_where_no_model_found_anything_windows_of_both_labels_are_heard_and_no_mistake(experiment):
    chosen = worth_hearing(Material(with_label(experiment, "underpowered"), ()))
    assert {one.segment.label for one in chosen} == {"stop", "continue"}
    assert {(one.model, one.kind) for one in chosen} == {("", "")}


def test_a_clip_holds_five_seconds_around_its_window_as_far_as_the_recording_goes(experiment, monkeypatch):
    monkeypatch.setattr(clips, "mp3", lambda samples: b"")
    audio = experiment.annotations.corpus.audio
    inside = make_clip(Segment("a", "-videoAAAAA", "stop", 20.0, 22.0), audio)
    assert (inside.start_time, inside.end_time, inside.window) == (20 - AROUND, 22 + AROUND, (20.0, 22.0))
    first = make_clip(Segment("b", "-videoAAAAA", "stop", 1.0, 3.0), audio)
    assert (first.start_time, first.window) == (0.0, (1.0, 3.0))
    last = make_clip(Segment("c", "-videoAAAAA", "continue", 30.0, 69.9), audio)
    assert last.window == (30.0, 45.0)
    assert not inside.is_silent


def test_the_outline_of_a_recording_is_loud_where_it_is_loud(tmp_path):
    import soundfile

    samples = np.concatenate([np.zeros(8000), np.full(8000, 0.5), np.zeros(8000)])
    soundfile.write(tmp_path / "videoAAAAAA.wav", samples, 8000)
    duration, loudness = outline("videoAAAAAA", tmp_path, 30)
    assert duration == 3.0
    assert set(np.flatnonzero(loudness > 0.5)) == set(range(10, 20))


def test_a_recording_that_is_gone_or_silent_says_so_in_place_of_the_sound(experiment, speaking, tmp_path):
    import soundfile

    def moved(audio):
        corpus = dataclasses.replace(experiment.annotations.corpus, audio=audio)
        annotations = dataclasses.replace(experiment.annotations, corpus=corpus)
        material = dataclasses.replace(
            speaking, experiment=dataclasses.replace(speaking.experiment, annotations=annotations)
        )
        return make_clips(material)

    video = "-videoAAAAA"
    soundfile.write(tmp_path / f"{video}.wav", np.zeros(70 * 8000), 8000)
    heard = moved(tmp_path)
    silent = [clip.is_silent for segment_id, clip in heard.items() if segment_id.startswith(video)]
    gone = [clip for segment_id, clip in heard.items() if not segment_id.startswith(video)]
    assert silent
    assert all(silent)
    assert gone
    assert all("no recording of video" in clip for clip in gone)


def test_a_sound_stands_once_on_the_page_and_sounds_stop_where_there_is_no_room(speaking, monkeypatch):
    made = make_clips(speaking)
    material = dataclasses.replace(speaking, clips=made)
    rows = [row for group in listen(material)["groups"].values() for row in group]
    first = {row["one"].segment.segment_id for row in rows if not row["again"]}
    assert sum(not row["again"] for row in rows) == len(first) == len(made)
    size = next(iter(made.values())).size
    monkeypatch.setattr(listening, "ROOM", size + 10)
    few = make_clips(speaking)
    assert sum(isinstance(clip, Clip) for clip in few.values()) == 1
    assert {clip for clip in few.values() if isinstance(clip, str)} == {
        "There is no room on this page for more sound"
    }


def test_the_transcript_under_a_clip_is_what_is_said_in_it(speaking):
    material = dataclasses.replace(speaking, clips=make_clips(speaking))
    rows = [row for group in listen(material)["groups"].values() for row in group]
    lines = [(row["clip"], line) for row in rows for line in row["lines"]]
    assert lines
    assert all(clip.start_time <= line.start_time <= clip.end_time for clip, line in lines)


def test_all_mistakes_are_in_their_table(experiment):
    table = experiment_tables(Material(experiment))["mistakes"]
    v = experiment.views["clean"]
    wrong = sum(int(((cv["scores"] > 0) != (v.y == 1)).sum()) for cv in v.models.values())
    assert len(table.rows) == wrong > 0
    ranks = [row[3] for row in table.rows if row[1:3] == ("A", "called STOP, was CONTINUE")]
    assert ranks == list(range(1, len(ranks) + 1))
