"""Float32 parameters under bfloat16 activations: what bfloat16 parameters lose is kept."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from models import small
from models.test_qwen_forward import make_batch, make_rows

from cross_jax.models.qwen2_vl import forward
from cross_jax.steps import init_state, make_sft_step

HALF = dataclasses.replace(small.CONFIG, is_scanned=True, dtype="bfloat16", param_dtype="bfloat16")
MASTERS = dataclasses.replace(HALF, param_dtype="float32")


def test_the_same_numbers_and_float32_gradients():
  rng = np.random.default_rng(2)
  batch = make_batch(rng, make_rows(rng, 2)[1])
  half = small.make_params(HALF)
  masters = jax.tree.map(lambda leaf: leaf.astype(jnp.float32), half)
  logp_of = lambda config: jax.jit(
    lambda params: forward.response_logp(params, config, batch, small.GRIDS)
  )
  # The products see the same bfloat16 numbers; float32 has them all.
  np.testing.assert_array_equal(logp_of(MASTERS)(masters), logp_of(HALF)(half))
  shapes = jax.eval_shape(lambda rng: forward.init_params(rng, MASTERS), jax.random.key(0))
  grads = jax.eval_shape(jax.grad(lambda params: logp_of(MASTERS)(params).sum()), shapes)
  assert {leaf.dtype for leaf in jax.tree.leaves((shapes, grads))} == {jnp.dtype(jnp.float32)}


def test_small_updates_by_hand():
  """bfloat16 has no number between 1 and 1 - 2**-8: a step of 1e-3 leaves it where it is."""
  rng = np.random.default_rng(2)
  batch = make_batch(rng, make_rows(rng, 1)[1])
  logp_fn = lambda params, batch: (
    params["w"].astype(jnp.float32) + jnp.zeros(batch.target_ids.shape, jnp.float32)
  )  # the gradient of the loss is -1
  moved = {}
  for dtype in ("bfloat16", "float32"):
    optimizer = optax.sgd(-1e-3)
    state = init_state({"w": jnp.ones((), dtype)}, optimizer, jax.random.key(0))
    step = make_sft_step(logp_fn, optimizer)
    for _ in range(10):
      state, _ = step(state, batch)
    moved[dtype] = float(state.params["w"])
  assert moved["bfloat16"] == 1.0
  assert moved["float32"] == pytest.approx(0.99, abs=1e-5)


def test_gradients_of_a_word_said_often_add_up_in_float32():
  """512 times 1: bfloat16 stops at 256, as 257 is none of its numbers."""
  table = jnp.zeros((8, MASTERS.width), jnp.float32)
  ids = jnp.full((1, 512), 7, jnp.int32)
  no_images = jnp.zeros((1, 0, MASTERS.width), jnp.bfloat16)

  def total(table):
    params = {"embed": {"embedding": table}}
    return forward.embed(params, MASTERS, ids, ids > 0, no_images).sum(dtype=jnp.float32)

  assert float(jax.grad(total)(table)[7, 0]) == 512.0
