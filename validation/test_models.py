"""How well the models rank STOP above CONTINUE, and by which rule that counts.

Estimand: the AUC within video, a weighted mean of the videos' own AUCs (van Elteren weights), of scores from probes
that never saw the video. Null: 0.5. The pooled AUC, which the first study published, stands beside it and is not held
against the threshold: it moves when videos differ in how many STOPs they have.

Rule: in the view that claims rest on, the AUC within video exceeds the experiment's threshold (0.60 unless its
`experiment.toml` says otherwise); in the others it is reported. An embedded world is held against what was planted in
it instead, by name, in `test_worlds.py`.
"""

import pytest

from priosig.experiment.feature_sets import FEATURE_SETS
from priosig.experiment.pipeline import Experiment


def test_every_segment_is_scored_once_by_a_probe_that_did_not_see_its_video(experiment: Experiment):
    for view, result in experiment.views.items():
        segments = {s.segment_id: s for s in result.view.segments}
        for model, cv in result.models.items():
            where = f"Model {model}, {view} view"
            assert sorted(row["segment_id"] for row in cv["per_segment"]) == sorted(segments), where
            folds = {fold["held_out"]: fold for fold in cv["folds"]}
            assert sorted(folds) == sorted({s.video_id for s in segments.values()}), where
            for video, fold in folds.items():
                n_held_out = sum(s.video_id == video for s in segments.values())
                assert (fold["n_test"], fold["n_train"]) == (n_held_out, len(segments) - n_held_out), where
                assert fold["status"] == "ok", where
                assert fold["gradient"] < 1e-9, where


@pytest.mark.worlds(None)
@pytest.mark.parametrize("model", FEATURE_SETS)
def test_auc_within_video_exceeds_the_threshold(experiment: Experiment, model: str):
    claim = experiment.claim
    if model not in claim.models:
        pytest.skip(f"Model {model}, {claim.view.name} view: {claim.problems[model]}")
    auc, threshold = claim.models[model]["auc_within_video"], experiment.annotations.corpus.settings.auc
    if not auc > threshold:
        text = f"Model {model}, {claim.view.name} view: AUC within video {auc:.3f}, not above {threshold}"
        pytest.fail(text, pytrace=False)
