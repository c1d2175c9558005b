"""A model of the released architecture with random weights: 12 conformer layers, 1024 wide, 329 million numbers.

The released weights cannot be had without a network, and for loading, shapes and speed any will do.
"""

import json
from pathlib import Path
from typing import TYPE_CHECKING

from priosig.extraction.muq.model import import_muq

if TYPE_CHECKING:
    import torch

CONFIG = {
    "encoder_dim": 1024,
    "encoder_depth": 12,
    "conv_dim": 512,
    "stat": {"melspec_2048_mean": 6.768444971712967, "melspec_2048_std": 18.417922652295623},
}


def write_full_size(directory: Path) -> "torch.nn.Module":
    """Write `config.json` and `model.safetensors` (1.3 GB); give the package's own model."""
    import torch
    from safetensors.torch import save_file
    from transformers import Wav2Vec2ConformerConfig

    MuQ, MuQConfig = import_muq()
    conformer = Wav2Vec2ConformerConfig(
        hidden_size=1024, num_hidden_layers=12, num_attention_heads=16, intermediate_size=4096,
        position_embeddings_type="rotary", hidden_act="swish", conv_depthwise_kernel_size=31,
    )  # fmt: skip
    config = {**CONFIG, "w2v2_config": json.loads(conformer.to_json_string(use_diff=False))}
    torch.manual_seed(0)
    model = MuQ(MuQConfig(**config)).eval()
    (directory / "config.json").write_text(json.dumps(config))
    save_file(model.state_dict(), directory / "model.safetensors")
    return model
