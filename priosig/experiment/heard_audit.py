"""What is odd about the windows of an experiment once they were heard: the audit's second part.

The first part, `priosig.annotations.audit`, needs no audio.
"""

import numpy as np

from priosig.annotations.audit.finding import Finding, Problem, finding_of
from priosig.experiment.corpus import Annotations
from priosig.experiment.evaluation import ViewResult
from priosig.experiment.feature_sets import FEATURE_SETS
from priosig.inference.oddities import copied_rows, decisive_rows


def audit_heard(annotations: Annotations, view: ViewResult) -> tuple[Finding, ...]:
    """Look for copies of recordings and of windows, and for features that one window decides; none without audio.

    `view` is the one that conclusions are drawn from.
    """
    if view.features is None:
        return ()
    return copied_recordings(annotations), copied_windows(view), decided_features(view)


def copied_recordings(annotations: Annotations) -> Finding:
    """Recordings that are, byte for byte, another video's."""
    recordings = sorted((path.stem, digest) for path, digest in annotations.recordings.items())
    first: dict[str, str] = {}
    problems = [
        Problem(video, video, None, f"the same recording as {first[digest]}")
        for video, digest in recordings
        if first.setdefault(digest, video) != video
    ]
    effect = "A probe is trained on the copy and scored on the original, so that it may know the answers by heart."
    title, harm = "Recordings that are another video's", "the label is given away"
    return finding_of("copied_recordings", title, "video", problems, len(recordings), harm, effect)


def copied_windows(view: ViewResult) -> Finding:
    """Windows that sound, to the last digit, like one of another video."""
    segments = view.view.segments
    problems = []
    for row, first in copied_rows(view.features.embeddings).items():
        one, other = segments[row], segments[first]
        if one.video_id != other.video_id:
            detail = f"the same embedding as {other.segment_id}"
            problems.append(Problem(one.segment_id, one.video_id, one.start_time, detail))
    effect = (
        "The same sound is trained on and scored. Either the recordings share it, or these windows hold no sound."
    )
    title, harm = "Windows whose embedding another video holds too", "the label is given away"
    return finding_of("copied_windows", title, "segment", problems, len(segments), harm, effect)


def decided_features(view: ViewResult) -> Finding:
    """Features of which one window holds most of the spread."""
    problems, total = [], 0
    for name, model in FEATURE_SETS.items():
        X = model.matrix(view.features)
        if X is None:
            continue
        total += X.shape[1]
        for column, row in decisive_rows(X).items():
            s = view.view.segments[row]
            feature = model.columns[column] if model.columns else f"feature {column + 1}"
            detail = f"{X[row, column]:.3g} in {s.segment_id}; the median is {np.median(X[:, column]):.3g}"
            problems.append(Problem(f"Model {name}, {feature}", s.video_id, s.start_time, detail))
    effect = (
        "Beside such a value all other windows look alike, so that what the feature says of them is lost, and a "
        "signal may be missed. Listen to the window: it may hold a noise, or nothing."
    )
    title = "Features of which one window holds most of the spread"
    return finding_of("decided_features", title, "feature", problems, total, "data are lost", effect)
