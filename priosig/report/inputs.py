"""What a report was made from: files, settings, software."""

import hashlib
from dataclasses import asdict
from pathlib import Path
from platform import python_version

import numpy as np

from priosig._core.extras import installed_versions
from priosig.experiment.pipeline import Experiment

_PACKAGES = (
    "numpy", "scipy", "scikit-learn", "torch", "torchaudio", "muq", "transformers", "soxr", "soundfile",
    "safetensors", "silero-vad", "matplotlib", "jinja2",
)  # fmt: skip


def describe_inputs(experiment: Experiment) -> dict[str, str]:
    """What the experiment was made from: files by name and SHA-256, settings, and a hash of labels and features."""
    corpus = experiment.annotations.corpus
    rows = {"annotations": _hashed(corpus.moments)}
    rows |= {f"quality head {k}": _hashed(path) for k, path in enumerate(corpus.checkpoints, start=1)}
    if corpus.audio is not None:
        rows["model"] = Path(corpus.muq).name if Path(corpus.muq).is_dir() else corpus.muq
    for name, v in experiment.views.items():
        labels = "\n".join(f"{s.segment_id} {label}" for s, label in zip(v.view.segments, v.y, strict=True))
        rows[f"segments and labels, {name}"] = _short_hash(labels.encode())
        if v.features is not None:
            rows[f"embeddings, {name}"] = _short_hash(np.ascontiguousarray(v.features.embeddings).tobytes())
    rows |= {f"setting {key}": str(value) for key, value in asdict(corpus.settings).items()}
    return rows


def software() -> dict[str, str]:
    """Versions of Python and of what computes."""
    return {"Python": python_version(), **installed_versions(("priosig", *_PACKAGES))}


def _hashed(path: Path) -> str:
    if not path.is_file():
        return f"{path.name} (no longer there)"
    return f"{path.name}, {_short_hash(path.read_bytes())}"


def _short_hash(data: bytes) -> str:
    return f"sha256 {hashlib.sha256(data).hexdigest()[:16]}"
