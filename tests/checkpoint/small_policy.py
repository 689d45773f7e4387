"""A random policy with the real tokenizer, grammar and views, small enough to compile at once."""

import dataclasses

import jax
import numpy as np

from cross_jax.checkpoint.policy import PolicySpec
from cross_jax.models.qwen2_vl.config import tiny
from cross_jax.models.qwen2_vl.forward import init_params
from cross_jax.screen import TINY_VIEWS

VIEWS = TINY_VIEWS
MODEL = dataclasses.replace(
  tiny(), vision_width=32, vision_depth=1, vision_heads=2, width=32, depth=1, heads=2, kv_heads=1,
  head_dim=16, mrope_section=(2, 3, 3), mlp_width=48,
)  # fmt: skip
SPEC = PolicySpec(MODEL, VIEWS, 96, 12, {"experiment": "test", "stage": "sft", "seed": 3})


def random_params(model=MODEL, seed=0):
  """Random parameters made on the host: nothing compiles."""
  rng = np.random.default_rng(seed)
  shapes = jax.eval_shape(lambda key: init_params(key, model), jax.random.key(0))
  return jax.tree.map(lambda x: (0.1 * rng.standard_normal(x.shape)).astype(x.dtype), shapes)
