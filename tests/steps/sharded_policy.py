"""A Qwen2-VL of eight heads and rows for it: two pictures, a packed prefix and two responses."""

import dataclasses

import numpy as np

from cross_jax.base import Batch
from tests.models import small

# Scanned, as the large presets are; 8 query and 8 vision heads, 4 key/value heads.
CONFIG = dataclasses.replace(
  small.CONFIG, vision_width=32, vision_depth=1, vision_heads=8, width=32, heads=8, kv_heads=4,
  head_dim=8, mrope_section=(1, 1, 2), vocab_size=64, is_scanned=True,
)  # fmt: skip
GRIDS = ((2, 4), (2, 2))  # patches: 2 image tokens and 1
NUM_ROWS, LENGTH, NUM_TARGETS = 8, 14, 6


def make_params(seed=0):
  return small.make_params(CONFIG, seed)


def make_batch(seed=0) -> Batch:
  """Rows of a prefix of 6 tokens and responses of 4 and 3; 1 token of padding."""
  rng = np.random.default_rng(seed)
  tokens, targets = (NUM_ROWS, LENGTH), (NUM_ROWS, NUM_TARGETS)
  token_ids = rng.integers(CONFIG.image_token_id + 1, CONFIG.vocab_size, tokens).astype(np.int32)
  token_ids[:, [1, 2, 4]] = CONFIG.image_token_id
  num_patches = sum(height * width for height, width in GRIDS)
  positions = np.array([*range(6), *range(6, 10), *range(6, 9), 0], np.int32)
  return Batch(
    patches=rng.integers(0, 256, (NUM_ROWS, num_patches, CONFIG.patch_dim)).astype(np.uint8),
    token_ids=token_ids,
    segment_ids=np.tile(np.repeat([1, 2, 3, 0], [6, 4, 3, 1]), (NUM_ROWS, 1)).astype(np.int32),
    positions=positions + rng.integers(0, 3, (3, NUM_ROWS, LENGTH)).astype(np.int32),
    target_ids=rng.integers(0, CONFIG.vocab_size, targets).astype(np.int32),
    target_from=rng.integers(5, LENGTH - 1, targets).astype(np.int32),
    target_mask=rng.random(targets) < 0.7,
    # About the log-probabilities of random weights: ratios on both sides of both clips.
    old_logp=(-np.log(CONFIG.vocab_size) + rng.normal(size=targets)).astype(np.float32),
    advantage=rng.normal(size=targets).astype(np.float32),
    attend_to=rng.integers(-1, 6, targets).astype(np.int32),
  )
