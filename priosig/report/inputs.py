"""What a report was made from: files, settings, software."""

import functools
from dataclasses import asdict
from pathlib import Path
from platform import python_version

from priosig._core.extras import installed_versions
from priosig.experiment.pipeline import Experiment
from priosig.report.publish import digest_of

_PACKAGES = (
    "numpy", "scipy", "scikit-learn", "torch", "torchaudio", "muq", "transformers", "soxr", "soundfile",
    "safetensors", "silero-vad", "jinja2",
)  # fmt: skip


def describe_inputs(experiment: Experiment) -> dict[str, str]:
    """What the experiment was made from: files by name and SHA-256, settings, and a hash of labels and features."""
    annotations, corpus = experiment.annotations, experiment.annotations.corpus
    rows = {"annotations": f"{corpus.moments.name}, {_short(annotations.digests[corpus.moments])}"}
    if corpus.columns is not None:
        rows["own confounds"] = f"{corpus.columns.name}, {_short(annotations.digests[corpus.columns])}"
    for k, path in enumerate(corpus.checkpoints, start=1):
        if path in annotations.digests:
            rows[f"quality head {k}"] = f"{path.name}, {_short(annotations.digests[path])}"
    if corpus.audio is not None:
        if recordings := annotations.recordings:
            listed = "".join(f"{path.name} {digest}\n" for path, digest in sorted(recordings.items()))
            rows["recordings"] = f"{len(recordings)}, {_short(digest_of(listed.encode()))}"
        rows["model"] = Path(corpus.muq).name if Path(corpus.muq).is_dir() else corpus.muq
    for name, v in experiment.views.items():
        labels = "\n".join(f"{s.segment_id} {label}" for s, label in zip(v.view.segments, v.y, strict=True))
        rows[f"segments and labels, {name}"] = _short(digest_of(labels.encode()))
        if v.features is not None:
            rows[f"embeddings, {name}"] = _short(digest_of(v.features.embeddings.tobytes()))
    rows |= {f"setting {key}": str(value) for key, value in asdict(corpus.settings).items()}
    return rows


@functools.cache
def software() -> dict[str, str]:
    """Versions of Python and of what computes."""
    return {"Python": python_version(), **installed_versions(("priosig", *_PACKAGES))}


def _short(digest: str) -> str:
    return f"sha256 {digest[:16]}"
