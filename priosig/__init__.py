"""priosig: does the audio of a masterclass say when the teacher stops the student, or does an artefact?

Data flow one way, a module a step: `moments` -> `segments` -> `views` -> `audio` -> `encoder` (MuQ frames) ->
`pooling` and `head` -> `confounds` -> `crossval` -> `permutation`, `conditional`, `intervals` -> `verdict`.
The names below are importable from here and are loaded when first used, so that `import priosig` stays quick
and free of torch.
"""

from importlib import import_module

_HOME = {
    "Moment": "moments",
    "load_moments": "moments",
    "Segment": "segments",
    "identify_segments": "segments",
    "annotated_view": "views",
    "equal_length_view": "views",
    "clean_view": "views",
    "extract_audio_segments": "segment_files",
    "stats_pool": "pooling",
    "MuQExtractor": "encoder",
    "extract_muq_features": "segment_files",
    "PERCEPIANO_DIMENSIONS": "dimensions",
    "MuQStatsModel": "head",
    "extract_quality_scores": "quality",
    "train_classifier": "probe",
    "leave_one_video_out_cv": "crossval",
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
