"""The policy itself: loss and gradients on a mesh of eight devices equal those of one."""

import dataclasses

import jax
import numpy as np
import pytest

from cross_jax import sharding
from cross_jax.base import Batch
from cross_jax.models.qwen2_vl.config import preset
from cross_jax.models.qwen2_vl.forward import init_params, response_and_attention_logp
from cross_jax.steps import make_grad_fn
from cross_jax.steps.sft import supervised_attention_loss

GRIDS = ((2, 4),)  # one image of 8 patches, 2 image tokens
CONFIG = dataclasses.replace(preset("tiny"), depth=1, vision_depth=1, vocab_size=64)
NUM_ROWS, LENGTH, NUM_TARGETS = 8, 12, 4


def make_batch():
  rng = np.random.default_rng(0)
  tokens, targets = (NUM_ROWS, LENGTH), (NUM_ROWS, NUM_TARGETS)
  token_ids = rng.integers(CONFIG.image_token_id + 1, CONFIG.vocab_size, tokens).astype(np.int32)
  token_ids[:, 1:3] = CONFIG.image_token_id
  num_patches = sum(height * width for height, width in GRIDS)
  return Batch(
    patches=rng.integers(0, 256, (NUM_ROWS, num_patches, CONFIG.patch_dim)).astype(np.uint8),
    token_ids=token_ids,
    segment_ids=np.tile(np.repeat([1, 2, 3], 4), (NUM_ROWS, 1)).astype(np.int32),
    positions=np.tile(np.arange(LENGTH, dtype=np.int32), (3, NUM_ROWS, 1)),
    target_ids=rng.integers(0, CONFIG.vocab_size, targets).astype(np.int32),
    target_from=rng.integers(3, LENGTH, targets).astype(np.int32),
    target_mask=rng.random(targets) < 0.7,
    old_logp=np.zeros(targets, np.float32),
    advantage=np.ones(targets, np.float32),
    attend_to=rng.integers(-1, 3, targets).astype(np.int32),
  )


@pytest.fixture(scope="module")
def one_device():
  params = jax.jit(init_params, static_argnums=1)(jax.random.key(0), CONFIG)
  batch = make_batch()
  logp_fn = lambda p, b: response_and_attention_logp(p, CONFIG, b, GRIDS, layer=0)
  grad_fn = jax.jit(make_grad_fn(supervised_attention_loss(logp_fn, 0.5)))
  return params, batch, grad_fn, jax.device_get(grad_fn(params, batch))


@pytest.mark.parametrize("sizes", [pytest.param((4, 2, 1), marks=pytest.mark.slow), (2, 2, 2)])
def test_loss_and_gradients_equal_those_of_one_device(one_device, sizes):
  params, batch, grad_fn, expected = one_device
  mesh = sharding.make_mesh(*sizes)
  placed = jax.device_put(params, sharding.tree_shardings(params, mesh, sharding.QWEN2_VL_RULES))
  grads, terms = jax.device_get(grad_fn(placed, sharding.put_batch(batch, mesh)))
  jax.tree.map(
    lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5), grads, expected[0]
  )
  loss, expected_loss = (total / denom for total, denom in (terms.loss, expected[1].loss))
  assert loss == pytest.approx(expected_loss, rel=1e-5)
  assert max(float(np.max(np.abs(g))) for g in jax.tree.leaves(grads)) > 1e-2  # not all zeros
