"""From a labels file and recordings to checkpoints that score."""

import csv
import json
import shutil

import numpy as np
import pytest

from priosig.audio.windows import MUQ_RATE
from priosig.command.main import main
from priosig.extraction.muq.extractor import MuQExtractor
from priosig.extraction.percepiano.ratings import LABELS
from priosig.extraction.percepiano.scales import PERCEPIANO_DIMENSIONS
from priosig.extraction.percepiano.scores import extract_quality_scores
from priosig.extraction.pooling import summarise
from priosig.extraction.train_heads import train_heads
from tests.paths import SMALL_MUQ
from tests.short_recordings import noise, write

NAMES = [f"piece{piece}_8bars_{player}_1" for piece in range(4) for player in range(3)]


@pytest.fixture(scope="module")
def percepiano(tmp_path_factory):
    """A copy of PercePiano with noise for each rated performance."""
    directory = tmp_path_factory.mktemp("percepiano")
    (directory / LABELS).parent.mkdir(parents=True)
    (directory / "audio").mkdir()
    rng = np.random.default_rng(0)
    rows = {name: [*rng.uniform(0.3, 0.7, 19).tolist(), 0] for name in NAMES}
    (directory / LABELS).write_text(json.dumps(rows), encoding="utf-8")
    for seed, name in enumerate(NAMES):
        write(directory / "audio" / f"{name}.flac", noise(0.2, seed=seed), subtype="PCM_16")
    return directory


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def extractor(cache):
    return MuQExtractor(SMALL_MUQ, device="cpu", cache_dir=cache)


@pytest.fixture(autouse=True, scope="module")
def few_steps():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("priosig.extraction.percepiano.cross_training.MOST_STEPS", 5)
        yield


@pytest.fixture(scope="module")
def trained(percepiano, cache, few_steps, tmp_path_factory):
    extractor = MuQExtractor(SMALL_MUQ, device="cpu", cache_dir=cache)
    heads = train_heads(percepiano, tmp_path_factory.mktemp("heads"), extractor, n_folds=3)
    assert extractor.n_computed_windows == 12
    return heads


def test_heads_are_written_that_score_what_they_were_trained_on(percepiano, trained, extractor):
    assert [path.name for path in trained.checkpoints] == ["head_1.ckpt", "head_2.ckpt", "head_3.ckpt"]
    assert (trained.n_performances, trained.n_pieces, trained.without_audio) == (12, 4, ())
    frames = extractor.extract_from_file(percepiano / "audio" / f"{NAMES[0]}.flac")
    scores = extract_quality_scores({"one": frames}, trained.checkpoints)["one"]
    assert scores.shape == (19,)
    assert ((scores > 0.2) & (scores < 0.8)).all()


def test_the_table_holds_what_is_reported(trained):
    with (trained.checkpoints[0].parent / "r2_by_scale.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert [row["scale"] for row in rows] == list(PERCEPIANO_DIMENSIONS)
    for row, fit in zip(rows, trained.fits, strict=True):
        for name in ("r2", "low", "high", "r2_of_mean"):
            assert float(row[name]) == pytest.approx(getattr(fit, name), abs=6e-5)


def test_a_second_training_hears_nothing_again_and_writes_the_same_bytes(percepiano, trained, extractor, tmp_path):
    again = train_heads(percepiano, tmp_path, extractor, n_folds=3)
    assert (extractor.n_computed_windows, extractor.n_cached_windows) == (0, 12)
    for one, other in zip(trained.checkpoints, again.checkpoints, strict=True):
        assert one.read_bytes() == other.read_bytes()


@pytest.fixture
def copied(percepiano, tmp_path):
    """The recordings in a directory that a test may change."""
    return shutil.copytree(percepiano / "audio", tmp_path / "audio")


def test_rated_performances_without_a_recording_are_left_out_and_named(percepiano, copied, extractor, tmp_path):
    (copied / f"{NAMES[4]}.flac").unlink()
    trained = train_heads(percepiano, tmp_path / "heads", extractor, audio_dir=copied, n_folds=3)
    assert (trained.n_performances, trained.without_audio) == (11, (NAMES[4],))


def test_each_performance_goes_with_its_own_ratings(percepiano, extractor, tmp_path, monkeypatch):
    def look(pooled, ratings, pieces, **settings):
        labels = json.loads((percepiano / LABELS).read_text(encoding="utf-8"))
        for row, name in enumerate(NAMES):
            frames = extractor.extract_from_file(percepiano / "audio" / f"{name}.flac")
            np.testing.assert_allclose(pooled[row], summarise(frames).head_input(), atol=1e-6)
            assert (ratings[row].tolist(), pieces[row]) == (labels[name][:19], name.partition("_")[0])
        raise KeyboardInterrupt

    monkeypatch.setattr("priosig.extraction.train_heads.cross_train", look)
    with pytest.raises(KeyboardInterrupt):
        train_heads(percepiano, tmp_path, extractor, n_folds=3)


def test_a_directory_without_any_recording_is_refused(percepiano, extractor, tmp_path):
    said = r"none of 12 rated performances has a recording: .*piece3_8bars_2_1 \(there is no such directory\)"
    with pytest.raises(FileNotFoundError, match=said):
        train_heads(percepiano, tmp_path / "heads", extractor, audio_dir=tmp_path / "nowhere")


def test_a_recording_that_is_too_short_is_refused_by_name(percepiano, copied, extractor, tmp_path):
    write(copied / f"{NAMES[4]}.flac", np.zeros(100, np.float32), MUQ_RATE, subtype="PCM_16")
    with pytest.raises(ValueError, match=f"{NAMES[4]}.*100 samples at 24000 Hz.*too few for MuQ"):
        train_heads(percepiano, tmp_path / "heads", extractor, audio_dir=copied)


def test_too_few_pieces_are_refused_before_anything_is_heard(percepiano, extractor, tmp_path):
    with pytest.raises(ValueError, match="5 folds of 4 pieces"):
        train_heads(percepiano, tmp_path / "heads", extractor, n_folds=5)
    assert extractor.n_computed_windows == 0


def test_a_directory_with_other_heads_is_refused(percepiano, extractor, tmp_path):
    (tmp_path / "head_4.ckpt").write_bytes(b"")
    with pytest.raises(ValueError, match=r"holds head_4\.ckpt; expected no checkpoints beside the new ones"):
        train_heads(percepiano, tmp_path, extractor, n_folds=3)


def test_the_command_writes_the_same_heads_and_reports_every_scale(percepiano, trained, cache, tmp_path, capsys):
    words = ["train-heads", str(percepiano), "--output", str(tmp_path / "by command"), "--folds", "3"]
    words += ["--muq", str(SMALL_MUQ), "--device", "cpu", "--cache", str(cache)]
    assert main(words) == 0
    for path in trained.checkpoints:
        assert (tmp_path / "by command" / path.name).read_bytes() == path.read_bytes()
    printed = capsys.readouterr().out
    assert "3 heads in" in printed
    assert all(scale in printed for scale in PERCEPIANO_DIMENSIONS)
