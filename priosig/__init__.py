"""priosig tells whether embeddings predict a label, or whether an artefact such as the length of a clip does.

The first study: the audio of piano masterclasses, and whether the teacher stops the student.

Data flow one way, a package a step: `annotations` -> `audio` -> `extraction` (MuQ frames, quality scores) ->
`confounds` and `crossval` -> `inference` -> `verdict` -> `experiment` -> `report`. The names below are importable
from here and are loaded when first used, so that `import priosig` stays quick and free of torch.
"""

from importlib import import_module

_HOME = {
    "assess": "front.assess",
    "plan": "front.plan",
    "Rule": "verdict.rule",
    "Moment": "annotations.moments",
    "load_moments": "annotations.moments",
    "Segment": "annotations.segments",
    "identify_segments": "annotations.segments",
    "annotated_view": "annotations.views",
    "equal_length_view": "annotations.views",
    "clean_view": "annotations.views",
    "extract_audio_segments": "audio.export",
    "stats_pool": "extraction.pooling",
    "MuQExtractor": "extraction.muq.extractor",
    "extract_muq_features": "extraction.files",
    "PERCEPIANO_DIMENSIONS": "extraction.percepiano.scales",
    "MuQStatsModel": "extraction.percepiano.head",
    "extract_quality_scores": "extraction.percepiano.scores",
    "train_classifier": "crossval.probe",
    "leave_one_video_out_cv": "crossval.leave_one_video_out",
}
__all__ = sorted(_HOME)
__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'priosig' has no attribute {name!r}; it has {', '.join(__all__)}")
    value = getattr(import_module(f".{_HOME[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
