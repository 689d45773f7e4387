"""On a mesh every device computes its own rows, and gathers kernels instead of summing products."""

import dataclasses
import re

import jax
import numpy as np
import pytest
from models import small

from cross_jax import sharding
from cross_jax.base import Batch
from cross_jax.models.qwen2_vl.forward import response_logp
from cross_jax.steps import make_grad_fn
from cross_jax.steps.sft import sft_loss

NUM_ROWS, LENGTH, NUM_TARGETS = 8, 21, 5
CONFIG = dataclasses.replace(
  small.CONFIG, vision_width=32, width=32, heads=8, head_dim=8, mrope_section=(1, 1, 2),
  mlp_width=48, vocab_size=64, is_scanned=True, remat="full",
)  # fmt: skip


def make_batch() -> Batch:
  rng = np.random.default_rng(0)
  tokens, targets = (NUM_ROWS, LENGTH), (NUM_ROWS, NUM_TARGETS)
  token_ids = rng.integers(6, CONFIG.vocab_size, tokens).astype(np.int32)
  token_ids[:, 1 : 1 + small.NUM_IMAGE_TOKENS] = CONFIG.image_token_id
  patches = (NUM_ROWS, sum(height * width for height, width in small.GRIDS), CONFIG.patch_dim)
  return Batch(
    patches=rng.integers(0, 256, patches).astype(np.uint8),
    token_ids=token_ids,
    segment_ids=np.tile(np.repeat([1, 2], [16, 5]), (NUM_ROWS, 1)).astype(np.int32),
    positions=np.tile(np.arange(LENGTH, dtype=np.int32), (3, NUM_ROWS, 1)),
    target_ids=rng.integers(0, CONFIG.vocab_size, targets).astype(np.int32),
    target_from=np.tile(np.arange(15, 20, dtype=np.int32), (NUM_ROWS, 1)),
    target_mask=np.ones(targets, bool),
    old_logp=np.zeros(targets, np.float32),
    advantage=np.ones(targets, np.float32),
    attend_to=np.full(targets, -1, np.int32),
  )


def grad_fn(params, batch):
  return make_grad_fn(sft_loss(lambda p, b: response_logp(p, CONFIG, b, small.GRIDS)))(
    params, batch
  )


def rows_of_hidden_units(text: str) -> set[int]:
  """Rows of the arrays [rows, LENGTH, mlp_width] or [rows * LENGTH, mlp_width] of a program."""
  width = CONFIG.mlp_width
  rows = {int(n) for n in re.findall(rf"f32\[(\d+),{LENGTH},{width}\]", text)}
  return rows | {int(n) // LENGTH for n in re.findall(rf"f32\[(\d+),{width}\]", text)
                 if int(n) % LENGTH == 0}  # fmt: skip


@pytest.fixture(scope="module")
def one_device():
  params, batch = small.make_params(CONFIG), make_batch()
  return params, batch, jax.device_get(jax.jit(grad_fn)(params, batch))


def shardings_on(mesh, params):
  placed = sharding.tree_shardings(params, mesh, sharding.QWEN2_VL_RULES)
  return placed, sharding.batch_shardings(mesh)


@pytest.mark.parametrize("sizes", [(2, 4, 1), (2, 2, 2)])
def test_gradients_of_own_rows_equal_those_of_one_device(one_device, sizes):
  params, batch, (expected, expected_terms) = one_device
  mesh = sharding.make_mesh(*sizes)
  shardings = shardings_on(mesh, params)
  told = jax.jit(sharding.on_mesh(grad_fn, shardings), in_shardings=shardings)
  compiled = told.lower(params, batch).compile()
  if sizes[2] == 1:
    assert rows_of_hidden_units(compiled.as_text()) == {NUM_ROWS // 8}
  grads, terms = compiled(jax.device_put(params, shardings[0]), sharding.put_batch(batch, mesh))
  assert float(terms.loss[0]) == pytest.approx(float(expected_terms.loss[0]), rel=1e-5)
  jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5), grads, expected)


def test_without_the_mesh_a_device_holds_the_rows_of_all_of_fsdp(one_device):
  """The wrong answer: half of the rows, as 'data' has two places."""
  params, batch, _ = one_device
  shardings = shardings_on(sharding.make_mesh(2, 4, 1), params)
  text = jax.jit(grad_fn, in_shardings=shardings).lower(params, batch).compile().as_text()
  assert rows_of_hidden_units(text) == {NUM_ROWS // 2}
