"""The study's own names, as its users have them in hand: what each takes, and the form of what it gives."""

import inspect

import numpy as np
import pytest
import soundfile
import torch

import priosig
from priosig.extraction import files
from tests.small_heads import WIDTH, checkpoint, frames

SEGMENTS = [
    priosig.Segment("one", "video1", "stop", 0.5, 2.5),
    priosig.Segment("two", "video1", "continue", 3.0, 5.0, moment_id="m1"),
]
# Segments of three videos, more STOPs than CONTINUEs.
VIDEOS = [f"video{i % 3}" for i in range(30)]
Y = np.random.default_rng(1).permutation([1, 0, 1, 1, 0] * 6)
X = np.random.default_rng(0).normal(size=(30, 4)) + Y[:, None]


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("load_moments", ["path"]),
        ("Segment", ["segment_id", "video_id", "label", "start_time", "end_time", "moment_id"]),
        ("identify_segments", ["moments", "min_continue_duration"]),
        ("extract_audio_segments", ["segments", "wav_dir", "output_dir"]),
        ("stats_pool", ["frames"]),
        ("extract_muq_features", ["segments", "segment_dir", "cache_dir"]),
        ("extract_quality_scores", ["raw_embeddings", "checkpoint_path"]),
        ("train_classifier", ["X", "y", "train_idx", "test_idx", "C", "max_iter"]),
        ("leave_one_video_out_cv", ["X", "y", "video_ids", "segment_ids"]),
    ],
)
def test_names_take_the_studys_arguments_in_its_order(name, parameters):
    assert list(inspect.signature(getattr(priosig, name)).parameters)[: len(parameters)] == parameters


def test_moments_are_sorted_by_video_then_stop(moments_file, moment_row):
    rows = [("d", "videoB", 30.0), ("b", "videoA", 40.0), ("c", "videoB", 20.0), ("a", "videoA", 5.0)]
    path = moments_file(*(moment_row(moment_id=m, video_id=v, stop_timestamp=t) for m, v, t in rows))
    assert [moment.moment_id for moment in priosig.load_moments(path)] == ["a", "b", "c", "d"]


def test_two_seconds_of_a_16_khz_recording_are_written_as_32000_samples(tmp_path):
    samples = np.random.default_rng(0).uniform(-0.5, 0.5, 6 * 16_000).astype(np.float32)
    soundfile.write(tmp_path / "video1.wav", samples, 16_000, subtype="FLOAT")
    priosig.extract_audio_segments(SEGMENTS, tmp_path, tmp_path / "segments")
    written, rate = soundfile.read(tmp_path / "segments" / "one.wav", dtype="float32")
    assert rate == 16_000
    np.testing.assert_array_equal(written, samples[8_000:40_000])
    assert sorted(path.name for path in (tmp_path / "segments").iterdir()) == ["one.wav", "two.wav"]


def test_pooling_gives_mean_then_unbiased_deviation_in_the_kind_it_was_given():
    x = frames(40)
    expected = np.concatenate([x.mean(axis=0), x.std(axis=0, ddof=1)])
    pooled, tensor = priosig.stats_pool(x), priosig.stats_pool(torch.from_numpy(x))
    assert (type(pooled), type(tensor)) == (np.ndarray, torch.Tensor)
    assert pooled.shape == tensor.shape == (2 * WIDTH,)
    np.testing.assert_allclose(pooled, expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(tensor.numpy(), expected, rtol=1e-5, atol=1e-6)


def test_features_are_pooled_by_segment_of_the_extractor_that_stands_in_the_module(tmp_path, monkeypatch):
    for name in ("one", "two"):
        (tmp_path / f"{name}.wav").touch()
    given = {tmp_path / "one.wav": torch.randn(50, 1024), tmp_path / "two.wav": torch.randn(9, 1024)}
    made = []

    class Replaced:
        def __init__(self, **keywords):
            made.append(keywords)

        def extract_from_file(self, path):
            return given[path]

    monkeypatch.setattr(files, "MuQExtractor", Replaced)
    features = priosig.extract_muq_features(SEGMENTS, tmp_path, tmp_path / "cache")
    assert made == [{"cache_dir": tmp_path / "cache"}]
    assert list(features) == ["one", "two"]
    for vector, x in zip(features.values(), given.values(), strict=True):
        assert vector.shape == (2048,)
        torch.testing.assert_close(vector, torch.cat([x.mean(dim=0), x.std(dim=0)]))


def test_quality_scores_are_tensors_of_19_between_0_and_1(save):
    scores = priosig.extract_quality_scores({"one": torch.from_numpy(frames())}, save(checkpoint()))["one"]
    assert scores.shape == (19,) == scores.numpy().shape
    assert len(priosig.PERCEPIANO_DIMENSIONS) == 19
    assert ((scores >= 0) & (scores <= 1)).all()


def test_classifier_gives_labels_predictions_probabilities_and_coefficients():
    train, test = np.arange(20), np.arange(20, 30)
    result = priosig.train_classifier(X, Y, train, test, C=1.0, max_iter=1000)
    np.testing.assert_array_equal(result["y_true"], Y[test])
    assert set(result["y_pred"]) <= {0, 1}
    np.testing.assert_array_equal(result["y_pred"], result["y_pred_proba"] > 0.5)
    assert result["y_pred_proba"].shape == (10,)
    assert result["coefficients"].shape == (4,)


def test_cross_validation_gives_metrics_counts_and_a_row_a_segment():
    ids = [f"s{row}" for row in range(30)]
    result = priosig.leave_one_video_out_cv(X, Y, VIDEOS, ids)
    assert [(row["video_id"], row["segment_id"], row["y_true"]) for row in result["per_segment"]] == list(
        zip(VIDEOS, ids, Y, strict=True)
    )
    assert all(0 < row["y_pred_proba"] < 1 for row in result["per_segment"])
    assert (result["n_samples"], result["n_stop"], result["n_continue"]) == (30, 18, 12)
    predicted = np.array([row["y_pred_proba"] for row in result["per_segment"]]) > 0.5
    pairs = [
        (stop["y_pred_proba"] > other["y_pred_proba"])
        for stop in result["per_segment"]
        for other in result["per_segment"]
        if stop["y_true"] > other["y_true"]
    ]
    assert result["auc"] == pytest.approx(np.mean(pairs))
    assert result["accuracy"] == pytest.approx(np.mean(predicted == Y))
    assert result["precision"] == pytest.approx(np.mean(Y[predicted]))
    assert result["recall"] == pytest.approx(np.mean(predicted[Y == 1]))
