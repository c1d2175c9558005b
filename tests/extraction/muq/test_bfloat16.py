"""bfloat16 changes the features little, and no conclusion.

float32 is the reference; `precision = "bfloat16"` in `experiment.toml` is about twice as quick on a CPU that has such
products. It moves the embeddings by a share of their spread, and through them the quality scores and the out-of-fold
scores. The world with a signal is encoded in both, and each difference, as a share of the spread, is held to two or
three times what was measured. Verdicts rest on ranks, so the AUC within video is what counts: of 299 pairs of
segments, one changed its order.

On a CPU without such products they are emulated, slowly.
"""

import numpy as np
import pytest

from priosig.annotations.segments import labels_of
from priosig.crossval.leave_one_video_out import leave_one_video_out_cv
from priosig.experiment.corpus import read_annotations
from priosig.experiment.pipeline import measure_views
from priosig.experiment.views import cut_views
from priosig.extraction.muq.extractor import MuQExtractor
from tests.paths import SMALL_MUQ
from validation.harness.options import setting
from validation.harness.runs import open_world

pytestmark = pytest.mark.slow
WORLD = "signal"


@pytest.fixture(scope="module")
def differences(pytestconfig: pytest.Config) -> dict[str, float]:
    """What bfloat16 changes in the equal view."""
    cache = setting(pytestconfig, "cache")
    annotations = read_annotations(open_world(WORLD))
    (view,) = (view for view in cut_views(annotations.cut()) if view.name == "equal")
    extractors = [
        MuQExtractor(SMALL_MUQ, device="cpu", cache_dir=cache, precision=name) for name in ("float32", "bfloat16")
    ]
    reference, quick = (measure_views(annotations, [view], extractor)[0] for extractor in extractors)
    y, video_ids = labels_of(view.segments), [s.video_id for s in view.segments]
    shares = {
        "embedding": np.abs(quick.embeddings - reference.embeddings).max() / reference.embeddings.std(axis=0).mean(),
        "quality": np.abs(quick.quality - reference.quality).max() / reference.quality.std(axis=0).mean(),
    }
    for model, features in (("A", "embeddings"), ("B", "quality")):
        one, other = (leave_one_video_out_cv(getattr(f, features), y, video_ids) for f in (reference, quick))
        shares[f"{model} score"] = np.abs(one["scores"] - other["scores"]).max() / one["scores"].std()
        shares[f"{model} AUC"] = abs(one["auc_within_video"] - other["auc_within_video"])
    return {name: float(value) for name, value in shares.items()}


@pytest.mark.parametrize(
    ("what", "bound"),
    [
        ("embedding", 0.15),
        ("quality", 0.1),
        ("A score", 0.07),
        ("A AUC", 0.01),
        ("B score", 0.06),
        ("B AUC", 0.01),
    ],
)
def test_bfloat16_changes_little_and_no_conclusion(differences: dict[str, float], what: str, bound: float):
    assert differences[what] <= bound


def test_bfloat16_is_not_the_reference_in_disguise(differences: dict[str, float]):
    assert differences["embedding"] > 1e-4
