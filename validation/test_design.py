"""A design whose confounds alone tell the label is called invalid.

Each confound alone, and all of them together, predicts the label under the cross-validation that the models go
through. Estimand: AUC within video. Null: the confound says nothing about the label (T1, p corrected for the number
of confounds). Rule: a view whose confounds alone reach the experiment's threshold with p <= alpha is an *invalid
design*, and no score in it, however high, says anything about music.

This needs annotations alone, so it can be asked before the first recording is downloaded.
"""

import pytest

from priosig.experiment.pipeline import Experiment


def test_a_view_that_a_confound_decides_is_called_invalid(description: Experiment):
    judged = {name: result.design for name, result in description.views.items() if result.design is not None}
    if not judged:
        pytest.skip("; ".join(result.problems["design"] for result in description.views.values()))
    for name, design in judged.items():
        bar, alpha = design.rule.confound_bar, design.rule.alpha
        shapes = [
            (b.name, auc, p)
            for b in design.baselines
            if b.role == "artefact"
            for auc, p in ((b.auc_within_video, b.pvalue), (b.curve, b.curve_pvalue))
        ]
        decisive = [name for name, auc, p in shapes if auc >= bar and p <= alpha]
        called = design.verdict is not None and design.verdict.label == "invalid design"
        assert called or not decisive, f"{name} view"
