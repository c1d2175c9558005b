"""Where things are in the checkout."""

from pathlib import Path

ROOT = Path(__file__).parents[1]
SMALL_MUQ = ROOT / "fixtures" / "muq_small"
SMALL_HEADS = ROOT / "fixtures" / "checkpoints"
