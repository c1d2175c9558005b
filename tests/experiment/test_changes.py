"""What changes during a run is refused by name, and nothing is kept of it."""

import os
import shutil

import numpy as np
import pytest
import soundfile

from priosig.audio.screening import Screening
from priosig.experiment import pipeline, sensitivity
from priosig.experiment.corpus import open_corpus, read_annotations
from priosig.experiment.pipeline import (
    make_extractor,
    measure_views,
    run_experiment,
    screen,
)
from priosig.experiment.views import cut_views
from priosig.extraction.features import Features
from tests.experiment.runs import another_run, nothing_heard
from tests.paths import SMALL_HEADS as HEADS
from tests.paths import SMALL_MUQ as SMALL


@pytest.mark.parametrize("step", ["measure_features", "screen_lessons"])
def test_a_recording_that_changes_while_it_is_heard_is_refused_and_nothing_is_kept(
    annotations, encoder, monkeypatch, step
):
    extractor, _, asked = encoder
    path = annotations.corpus.audio / "videoBBBBBB.wav"
    heard = Features(np.zeros((9, 2), np.float32), None, {}) if step == "measure_features" else Screening({}, {}, {})

    def swapped(*_, **__):
        soundfile.write(path, np.full(8000 * 100, 0.2, np.float32), 8000)
        asked.append([])
        return heard

    def run(annotations) -> None:
        if step == "measure_features":
            measure_views(annotations, cut_views(annotations.cut())[:1], extractor)
        else:
            screen(annotations, extractor)

    monkeypatch.setattr(pipeline, step, swapped)
    with pytest.raises(ValueError, match=r"videoBBBBBB\.wav: changed during the run; start it again"):
        run(annotations)
    run(another_run(annotations))  # it holds still now, and has to be heard again
    assert len(asked) == 2


def copied_over(path, content):
    """Other content in the same file, of equal size and time."""
    status = path.stat()
    path.write_bytes(content)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def put_in_place(path, content):
    """Another file of the same name, of equal size and time."""
    status = path.stat()
    (path.parent / "other").write_bytes(content)
    os.utime(path.parent / "other", ns=(status.st_atime_ns, status.st_mtime_ns))
    os.replace(path.parent / "other", path)


@pytest.mark.parametrize("replaced", [copied_over, put_in_place])
@pytest.mark.parametrize("with_cache", [True, False], ids=["cache", "no cache"])
def test_a_recording_replaced_between_two_stages_is_refused(annotations, encoder, monkeypatch, replaced, with_cache):
    extractor, _, asked = encoder
    extractor.cache = extractor.cache if with_cache else None
    monkeypatch.setattr(pipeline, "screen_lessons", lambda *_, **__: Screening({}, {}, {}))
    screen(annotations, extractor)
    path = annotations.corpus.audio / "videoBBBBBB.wav"
    replaced(path, path.read_bytes()[:-2] + b"\1\0")
    with pytest.raises(ValueError, match=r"videoBBBBBB\.wav: changed during the run; start it again"):
        measure_views(annotations, cut_views(annotations.cut()), extractor)
    assert asked == []
    measure_views(another_run(annotations), cut_views(annotations.cut()), extractor)
    assert len(asked) == 1


def test_a_recording_cut_shorter_after_the_annotations_were_read_is_refused(annotations, encoder, moments_file):
    path = annotations.corpus.audio / "videoBBBBBB.wav"
    soundfile.write(path, np.zeros(round(8000 * 59.9), np.float32), 8000)  # the last STOP ends at 60 s
    with pytest.raises(ValueError, match=r"videoBBBBBB\.wav: changed during the run; start it again"):
        screen(annotations, encoder[0])


@pytest.fixture
def full(annotations, tmp_path):
    """Annotations of a corpus directory with all of its parts."""
    shutil.copytree(SMALL, tmp_path / "muq")
    (tmp_path / "checkpoints").mkdir()
    shutil.copy(next(HEADS.glob("*.ckpt")), tmp_path / "checkpoints" / "head.ckpt")
    (tmp_path / "columns.csv").write_text(
        "segment_id,tempo\n" + "".join(f"{s.segment_id},1\n" for s in annotations.segments)
    )
    (tmp_path / "experiment.toml").write_text('[confounds]\ncolumns = "columns.csv"\n')
    return read_annotations(open_corpus(tmp_path))


PARTS = ("moments.jsonl", "experiment.toml", "columns.csv", "head.ckpt", "config.json", "model.safetensors")


@pytest.mark.parametrize("part", PARTS)
def test_settings_annotations_and_models_that_change_during_a_run_are_refused_by_name(
    full, store, monkeypatch, tmp_path, part
):
    (path,) = tmp_path.rglob(part)

    def meanwhile(*_, **__):
        copied_over(path, path.read_bytes()[:-1] + b" ")
        return Screening({}, {}, {})

    monkeypatch.setattr(pipeline, "screen_lessons", meanwhile)
    extractor = make_extractor(full.corpus, device="cpu", cache_dir=store.directory)
    with pytest.raises(ValueError, match=rf"{part}: changed during the run; start it again"):
        run_experiment(full, extractor)


def test_annotations_that_are_gone_or_change_while_choices_are_tried_are_refused_by_name(
    annotations, encoder, monkeypatch
):
    monkeypatch.setattr(sensitivity, "screen", lambda *_, **__: nothing_heard(annotations))
    monkeypatch.setattr(sensitivity, "_assess", lambda *_: annotations.corpus.moments.unlink(missing_ok=True) or [])
    with pytest.raises(ValueError, match=r"moments\.jsonl: changed during the run; start it again"):
        sensitivity.sensitivity_table(annotations, encoder[0])


def test_a_file_that_was_only_touched_did_not_change(annotations):
    os.utime(annotations.corpus.moments)
    annotations.refuse_changed()
