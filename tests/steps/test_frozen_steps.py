"""Steps that train a part of the parameters: the rest has no gradient, no moments and no copy."""

import jax
import numpy as np
import optax
import pytest
import toy_policy
from jax.sharding import PartitionSpec as P

from cross_jax import frozen, sharding
from cross_jax.steps import init_state, make_grad_fn, make_grpo_step, make_sft_step
from cross_jax.steps.sft import sft_loss

OPTIMIZER = optax.adam(0.01)
BATCH = toy_policy.make_batch(num_rows=16)
RULES = (("embedding$", P("tensor", "fsdp")), ("kernel$", P("fsdp", "tensor")), (".*", P()))


def start():
  """(frozen, state): the embedding, 12 x 8 of 168 parameters, is frozen."""
  kept, trained = frozen.split(toy_policy.init_params(), "^embed/")
  return kept, init_state(trained, OPTIMIZER, jax.random.key(0))


def make_step(**changes):
  return make_sft_step(toy_policy.response_logp, OPTIMIZER, join=frozen.join, **changes)


def assert_close(got, expected):
  jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6), got, expected)


def test_gradient_is_that_of_the_trained_part_alone():
  batch, params = toy_policy.make_batch(), toy_policy.init_params()
  kept, trained = frozen.split(params, "^embed/")
  loss_fn = sft_loss(toy_policy.response_logp)
  whole, _ = jax.jit(make_grad_fn(loss_fn))(params, batch)
  grads, _ = jax.jit(make_grad_fn(loss_fn, join=frozen.join))(trained, batch, kept)
  assert list(grads) == ["dense"]
  jax.tree.map(
    lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-6), grads["dense"], whole["dense"]
  )


def test_only_the_state_is_donated_and_has_moments():
  kept, state = start()
  assert max(leaf.size for leaf in jax.tree.leaves(state.opt_state)) == 64  # not the 96 of embed
  step = make_step()
  batch, old = toy_policy.make_batch(), state
  state, metrics = step(state, batch, kept)
  assert all(leaf.is_deleted() for leaf in jax.tree.leaves(old.params))
  assert not any(leaf.is_deleted() for leaf in jax.tree.leaves(kept))
  assert list(state.params) == ["dense"] and np.isfinite(metrics["grad_norm"])
  state, _ = step(state, batch, kept)
  assert step._cache_size() == 1 and int(state.step) == 2


def test_microbatches_and_meshes_do_not_split_what_is_frozen():
  kept, state = start()
  expected = jax.device_get(make_step()(state, BATCH, kept)[0].params)
  mesh = sharding.make_mesh(2, 2, 2)
  kept, state = start()
  shardings = [sharding.tree_shardings(tree, mesh, RULES) for tree in (state, kept)]
  step = make_step(
    num_microbatches=2, shardings=(shardings[0], sharding.batch_shardings(mesh), shardings[1])
  )
  state, kept = jax.device_put((state, kept), tuple(shardings))
  state, _ = step(state, sharding.put_batch(BATCH, mesh), kept)
  assert_close(jax.device_get(state.params), expected)
  assert state.params["dense"]["kernel"].sharding.spec == P("fsdp", "tensor")


def test_grpo_takes_the_frozen_part_last():
  batch = toy_policy.make_batch()
  ref_logp = batch.old_logp - np.float32(0.2)
  kept, state = start()
  step = make_grpo_step(toy_policy.response_logp, OPTIMIZER, kl_coef=0.1, join=frozen.join)
  state, metrics = step(state, batch, ref_logp, kept)
  whole = make_grpo_step(toy_policy.response_logp, OPTIMIZER, kl_coef=0.1)
  expected = init_state(toy_policy.init_params(), OPTIMIZER, jax.random.key(0))
  expected, expected_metrics = whole(expected, batch, ref_logp)
  # Adam moves every parameter by itself: the trained ones go where they go with the others.
  assert_close(state.params["dense"], expected.params["dense"])
  assert float(metrics["loss"]) == pytest.approx(float(expected_metrics["loss"]), rel=1e-6)
  assert float(metrics["grad_norm"]) < float(expected_metrics["grad_norm"])


def test_arguments_in_another_order_are_refused():
  kept, state = start()
  with pytest.raises(ValueError, match="type Batch: must be nested dicts; a step .* last"):
    make_step()(state, kept, toy_policy.make_batch())
  with pytest.raises(ValueError, match="type Batch: must be nested dicts"):
    make_step()(state, toy_policy.make_batch())
