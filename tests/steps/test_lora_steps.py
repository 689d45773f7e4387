"""Steps that train adapters beside a frozen policy, or a policy beside a frozen vision tower."""

import dataclasses
import functools

import jax
import numpy as np
import optax
import pytest
from jax.extend.core import jaxprs_in_params

from cross_jax import frozen, lora, sharding
from cross_jax.base import Batch
from cross_jax.models.qwen2_vl.forward import response_logp
from cross_jax.optim import make_optimizer
from cross_jax.steps import init_state, make_grad_fn, make_sft_step
from cross_jax.steps.sft import sft_loss
from tests.models import small

CONFIG = dataclasses.replace(small.CONFIG, is_scanned=True)
NUM_ROWS, LENGTH, NUM_TARGETS = 8, 15, 4
OPTIMIZER = optax.sgd(0.1)
JOIN = functools.partial(lora.join, alpha=6.0)


def logp(params, batch, **options):
  return response_logp(params, CONFIG, batch, small.GRIDS, **options)


@pytest.fixture(scope="module")
def batch():
  rng = np.random.default_rng(0)
  targets = (NUM_ROWS, NUM_TARGETS)
  ids = np.stack([small.make_prompt(rng) for _ in range(NUM_ROWS)])
  return Batch(
    patches=small.make_images(rng, NUM_ROWS)[1],
    token_ids=ids,
    segment_ids=np.ones_like(ids),
    positions=np.stack([small.prompt_positions(row) for row in ids], axis=1),
    target_ids=rng.integers(6, CONFIG.vocab_size, targets).astype(np.int32),
    target_from=rng.integers(9, LENGTH, targets).astype(np.int32),
    target_mask=rng.random(targets) < 0.7,
    old_logp=np.zeros(targets, np.float32),
    advantage=np.ones(targets, np.float32),
    attend_to=np.full(targets, -1, np.int32),
  )


@pytest.fixture(scope="module")
def base():
  return small.make_params()


def make_adapters(base):
  """Adapters with a B that is not zero, so that A has a gradient."""
  make = lambda: lora.init_adapters(jax.random.key(0), base, rank=3, pattern="(q_proj|down_proj)")
  rng = np.random.default_rng(1)
  return jax.tree.map(
    lambda a: np.asarray(rng.normal(size=a.shape) / 4, np.float32), jax.eval_shape(make)
  )


def test_eight_devices_and_microbatches_equal_one_device_and_the_whole_batch(base, batch):
  state = init_state(make_adapters(base), OPTIMIZER, jax.random.key(0))
  before = jax.device_get(state.params)
  expected, metrics = make_sft_step(logp, OPTIMIZER, join=JOIN)(state, batch, base)
  moved = jax.tree.map(lambda a, b: float(np.abs(a - b).max()), expected.params, before)
  assert min(jax.tree.leaves(moved)) > 1e-4

  mesh = sharding.make_mesh(2, 2, 2)
  state = init_state(make_adapters(base), OPTIMIZER, jax.random.key(0))
  placed, base_placed = (
    sharding.tree_shardings(tree, mesh, sharding.QWEN2_VL_RULES) for tree in (state, base)
  )
  step = make_sft_step(
    logp,
    OPTIMIZER,
    num_microbatches=2,
    join=JOIN,
    shardings=(placed, sharding.batch_shardings(mesh), base_placed),
  )
  state, other = step(
    jax.device_put(state, placed),
    sharding.put_batch(batch, mesh),
    jax.device_put(base, base_placed),
  )
  jax.tree.map(
    lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5),
    (state.params, other["loss"]),
    (expected.params, metrics["loss"]),
  )


def shapes_of(tree):
  return {leaf.shape for leaf in jax.tree.leaves(tree) if len(leaf.shape) > 1}


def product_shapes(jaxpr):
  """Shapes of all matrix products of a program, those of its loops included."""
  for equation in jaxpr.eqns:
    if equation.primitive.name == "dot_general":
      yield equation.outvars[0].aval.shape
    for inner in jaxprs_in_params(equation.params):
      yield from product_shapes(inner)


def products(gradient, *arguments):
  return list(product_shapes(jax.make_jaxpr(gradient)(*arguments).jaxpr))


def test_nothing_of_the_size_of_the_base_is_made_or_kept(base, batch):
  adapters, loss = make_adapters(base), sft_loss(logp)
  adamw, _ = make_optimizer(learning_rate=1e-3, warmup_steps=0, total_steps=10)
  state = jax.eval_shape(lambda: init_state(adapters, adamw, jax.random.key(0)))
  kernels = shapes_of({name: leaf for name, leaf in frozen.named_leaves(base).items()})
  assert not shapes_of(state) & kernels and shapes_of(state) == shapes_of(adapters)
  # The gradient of a kernel is a product of its shape, and so would be A B.
  layer = {shape[1:] for shape in kernels if len(shape) == 3}
  assert layer & set(products(make_grad_fn(loss), base, batch))
  assert not layer & set(products(make_grad_fn(loss, join=JOIN), adapters, batch, base))


def test_a_frozen_vision_tower_costs_no_backward_pass_and_no_moments(base, batch):
  tower, trained = frozen.split(base, "^vision/")
  adamw, _ = make_optimizer(learning_rate=1e-3, warmup_steps=0, total_steps=10)
  state = jax.eval_shape(lambda: init_state(trained, adamw, jax.random.key(0)))
  assert "vision" not in str(jax.tree.structure(state)) and shapes_of(state) == shapes_of(trained)
  found = products(make_grad_fn(sft_loss(logp), join=frozen.join), trained, batch, tower)
  # As many as where the tower's output is cut off, whose gradients of zero are not made either.
  cut_off = functools.partial(logp, is_vision_frozen=True)
  assert sorted(found) == sorted(products(make_grad_fn(sft_loss(cut_off)), base, batch))
  assert len(found) < len(products(make_grad_fn(sft_loss(logp)), base, batch))
