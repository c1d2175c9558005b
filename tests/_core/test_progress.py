"""Progress of the statistics: what a stage says is what it does."""

import numpy as np
import pytest

from priosig._core.progress import Progress, counted_fits, fits_made, within
from priosig.inference import confidence, data, planning
from priosig.inference.assessment import assess_models
from priosig.inference.data import labelled_segments
from priosig.inference.design import assess_design
from priosig.verdict.rule import Rule


def study(n_videos: int, n_features: int) -> tuple:
    rng = np.random.default_rng(5)
    y = np.tile([1, 0, 1, 1, 0, 1], n_videos)
    videos = np.repeat([f"v{k:03d}" for k in range(n_videos)], 6)
    confounds = {"length": rng.uniform(2, 30, len(y)), "level": rng.normal(size=len(y))}
    return rng.normal(size=(len(y), n_features)), y, videos, np.tile(np.arange(6.0), n_videos), confounds


def last_of_each_stage(n_videos: int, n_features: int = 3) -> dict[str, Progress]:
    X, *data = study(n_videos, n_features)
    last = {}

    def stages(name: str):
        def report(progress: Progress) -> None:
            assert name not in last or last[name].done < progress.done
            last[name] = progress

        return report

    segments = labelled_segments(*data, X=X)
    design = assess_design(segments, Rule(n_permutations=19), progress=stages)
    assess_models({"A": X}, segments, design, everything=True, progress=stages)
    return last


@pytest.mark.parametrize("most", [6, 4], ids=["a fold a video", "folds are groups of videos"])
def test_every_stage_of_the_tests_ends_with_all_of_its_fits(most, monkeypatch):
    for module in (data, confidence, planning):
        monkeypatch.setattr(module, "MAX_SINGLE_FOLDS", most)
    monkeypatch.setattr(data, "GROUPED_FOLDS", 3)
    monkeypatch.setattr(confidence, "BLOCKS", 3)
    last = last_of_each_stage(6)
    assert list(last) == [
        "confounds alone",
        "Model A, any signal (T1)",
        "Model A, beyond the confounds (T2)",
        "Model A, interval",
        "Model A, power",
    ]
    for name, progress in last.items():
        assert progress.done == progress.total, name
        assert progress.unit == "fits"


def test_folds_that_are_fitted_together_are_counted_too(monkeypatch):
    monkeypatch.setattr("priosig.crossval.folds.pays", lambda *_: True)
    monkeypatch.setattr("priosig.inference.data.KEPT_ENTRIES", 0)
    last = last_of_each_stage(6)
    assert last["Model A, any signal (T1)"].done == last["Model A, any signal (T1)"].total == 6 * 20


def test_a_stage_inside_another_counts_for_itself_alone():
    seen = []

    def stages(name: str):
        return lambda progress: seen.append((name, progress.done))

    with counted_fits(stages, "outer", 5):
        fits_made(2)
        with counted_fits(within(stages, "part"), "inner", 1):
            fits_made(1)
        fits_made(3)
    fits_made(7)
    assert seen == [("outer", 2), ("part: inner", 1), ("outer", 5)]


def test_without_a_listener_nothing_is_counted():
    with counted_fits(None, "nobody asks", 5):
        fits_made(5)
    assert within(None, "nobody") is None
