"""Rematerialisation: the same loss and gradients, less kept."""

import dataclasses
import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from models import small
from models.test_qwen_forward import make_batch, make_rows

from cross_jax.models.qwen2_vl import config as configs
from cross_jax.models.qwen2_vl import forward

NUM_ROWS, NUM_TOKENS, NUM_TARGETS = 4, 32, 12
NUM_PATCHES = sum(height * width for height, width in small.GRIDS)
FLOAT_BYTES = 4


def config_of(policy: str, depth: int = 2, is_scanned: bool = True):
  return dataclasses.replace(
    small.CONFIG, remat=policy, depth=depth, vision_depth=depth, is_scanned=is_scanned
  )


@functools.cache
def batch():
  rng = np.random.default_rng(3)
  return make_batch(rng, make_rows(rng, NUM_ROWS)[1], NUM_TOKENS, NUM_TARGETS)


def loss_of(config):
  weights = np.random.default_rng(4).normal(size=(NUM_ROWS, NUM_TARGETS)).astype(np.float32)
  return lambda params: jnp.sum(
    weights * forward.response_logp(params, config, batch(), small.GRIDS)
  )


@functools.cache
def compiled(policy: str, depth: int = 2, is_scanned: bool = True):
  config = config_of(policy, depth, is_scanned)
  shapes = jax.eval_shape(lambda rng: forward.init_params(rng, config), jax.random.key(0))
  return jax.jit(jax.value_and_grad(loss_of(config))).lower(shapes).compile()


@pytest.mark.parametrize(
  ("policy", "is_scanned"), [("dots", True), ("full", True), ("full", False)]
)
def test_loss_and_gradients_are_those_without(policy, is_scanned):
  params = small.make_params(config_of("none"))
  loss, grads = compiled(policy, is_scanned=is_scanned)(params)
  expected_loss, expected = compiled("none")(params)
  assert float(loss) == pytest.approx(float(expected_loss), rel=1e-6)
  scale = max(float(np.abs(leaf).max()) for leaf in jax.tree.leaves(expected))
  assert scale > 1.0
  jax.tree.map(
    lambda got, want: np.testing.assert_allclose(got, want, rtol=1e-5, atol=1e-6 * scale),
    grads,
    expected,
  )


def kept_per_layer(policy: str, is_scanned: bool) -> int:
  """Bytes that the forward pass hands to the backward pass for one layer of each tower."""

  def kept(depth: int) -> int:
    config = config_of(policy, depth, is_scanned)
    shapes = jax.eval_shape(lambda rng: forward.init_params(rng, config), jax.random.key(0))
    backward = jax.eval_shape(lambda params: jax.vjp(loss_of(config), params)[1], shapes)
    leaves = jax.tree.leaves(backward)
    return sum(leaf.size * leaf.dtype.itemsize for leaf in leaves)

  return (kept(5) - kept(3)) // 2


@pytest.mark.parametrize("is_scanned", [True, False])
def test_what_is_kept_by_hand(is_scanned):
  c = small.CONFIG
  shapes = jax.eval_shape(lambda rng: forward.init_params(rng, c), jax.random.key(0))
  layers = jax.tree.leaves((shapes["layers"], shapes["vision"]["blocks"]))
  params = sum(leaf.size for leaf in layers) // c.depth  # both towers have 2 layers
  tokens, patches = NUM_ROWS * NUM_TOKENS, NUM_ROWS * NUM_PATCHES
  inputs = tokens * c.width + patches * c.vision_width
  full = kept_per_layer("full", is_scanned)
  # All parameters but the last product's bias, whose gradient needs none.
  assert 0 <= FLOAT_BYTES * (params + inputs) - full <= FLOAT_BYTES * 10 * c.width
  of_decoder = (c.heads + 2 * c.kv_heads) * c.head_dim + c.width + 2 * c.mlp_width
  of_vision = 3 * c.vision_width + c.vision_width + c.vision_mlp_ratio * c.vision_width
  products = tokens * of_decoder + patches * of_vision
  dots = kept_per_layer("dots", is_scanned)
  assert dots - full == FLOAT_BYTES * products
  assert kept_per_layer("none", is_scanned) > dots + FLOAT_BYTES * products


def test_memory_of_the_compiled_program_grows_less_with_depth():
  """Of a scan: unrolled on a CPU, XLA merges what is made again with what was."""
  growth = {
    policy: compiled(policy, 6).memory_analysis().temp_size_in_bytes
    - compiled(policy, 2).memory_analysis().temp_size_in_bytes
    for policy in configs.REMAT_POLICIES
  }
  assert 0 < growth["full"] < growth["dots"] / 2 < growth["none"] / 4, growth


def test_presets_and_names():
  assert [configs.preset(name).remat for name in ("tiny", "2b", "7b")] == ["none", "full", "full"]
  with pytest.raises(ValueError, match="remat 'some': must be one of none, dots, full"):
    config_of("some")
