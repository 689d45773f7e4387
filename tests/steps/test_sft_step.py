"""The supervised step."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
import toy_policy

from cross_jax.steps import init_state, make_sft_step
from cross_jax.steps.logprobs import make_logp_fn


def schedule(count):
  return 0.1 / (1.0 + count)


OPTIMIZER = optax.sgd(schedule, momentum=0.9)


@pytest.fixture(scope="module")
def step():
  return make_sft_step(toy_policy.response_logp, OPTIMIZER, schedule=schedule)


def start():
  return init_state(toy_policy.init_params(), OPTIMIZER, jax.random.key(0))


def make_batch(**kwargs):
  """Tokens of different weights, none negative."""
  batch = toy_policy.make_batch(**kwargs)
  return batch._replace(advantage=np.abs(batch.advantage))


def token_mean(params, batch):
  """The loss of the batch, token by token."""
  logp = np.asarray(toy_policy.policy_logp(params, batch))
  kept = [batch.advantage[i] * logp[i] for i in np.ndindex(logp.shape) if batch.target_mask[i]]
  return -sum(kept) / len(kept)


def test_loss_is_the_mean_over_the_tokens_of_the_batch(step):
  batch = make_batch()
  state, metrics = step(start(), batch)
  assert float(metrics["loss"]) == pytest.approx(
    token_mean(toy_policy.init_params(), batch), rel=1e-5
  )
  # Rows keep 0, 1, 2, 3, 4, 0, 1, 2 tokens.
  assert float(metrics["num_tokens"]) == 13.0
  assert int(state.step) == 1 and int(state.num_skipped) == 0
  assert np.array_equal(jax.random.key_data(state.rng), jax.random.key_data(jax.random.key(0)))


def test_update_is_the_optimizers(step):
  batch = make_batch()

  def loss(params):
    logp = toy_policy.response_logp(params, batch)
    weights = batch.advantage * batch.target_mask.astype(np.float32)
    return -jnp.sum(logp * weights) / 13.0

  params = toy_policy.init_params()
  grads = jax.jit(jax.grad(loss))(params)
  state, metrics = step(start(), batch)
  expected = jax.tree.map(lambda p, g: p - 0.1 * g, params, grads)  # the first step of SGD
  jax.tree.map(
    lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6), state.params, expected
  )
  norm = np.sqrt(sum(float(jnp.sum(g**2)) for g in jax.tree.leaves(grads)))
  assert float(metrics["grad_norm"]) == pytest.approx(norm, rel=1e-5)
  assert float(metrics["learning_rate"]) == pytest.approx(0.1)


def test_loss_falls_and_nothing_is_compiled_again(step):
  state, batch, values = start(), make_batch(), []
  for _ in range(5):
    state, metrics = step(state, batch)
    values.append(float(metrics["loss"]))
  assert values == sorted(values, reverse=True)
  step(state, make_batch(seed=9))
  assert step._cache_size() == 1


def test_the_state_is_donated_and_the_callers_parameters_are_not(step):
  params = toy_policy.init_params()
  state = init_state(params, OPTIMIZER, jax.random.key(0))
  step(state, make_batch())
  assert all(leaf.is_deleted() for leaf in jax.tree.leaves(state.params))
  assert not any(leaf.is_deleted() for leaf in jax.tree.leaves(params))


def poisoned(batch):
  # A token of a kept position outside the vocabulary: its loss is NaN.
  target_ids = batch.target_ids.copy()
  target_ids[4, 0] = toy_policy.VOCAB_SIZE
  return batch._replace(target_ids=target_ids)


def masked(batch):
  return batch._replace(target_mask=np.zeros_like(batch.target_mask))


@pytest.mark.parametrize("spoil", [poisoned, masked])
def test_a_useless_batch_is_skipped_and_counted(step, spoil):
  good = make_batch()
  before, _ = step(start(), good)
  before = jax.tree.map(np.asarray, before._replace(rng=jax.random.key_data(before.rng)))
  state, _ = step(start(), good)
  state, metrics = step(state, spoil(good))
  # Neither parameters nor momentum moved: a masked batch alone would have let momentum roll on.
  jax.tree.map(np.testing.assert_array_equal, state.params, before.params)
  jax.tree.map(np.testing.assert_array_equal, state.opt_state, before.opt_state)
  assert (int(state.step), int(state.num_skipped)) == (2, 1)
  assert float(metrics["skipped_updates"]) == 1.0
  # The schedule goes by updates made: the next is the second, at 0.1 / 2; by steps it would be
  # 0.1 / 3.
  state, metrics = step(state, good)
  assert float(metrics["learning_rate"]) == pytest.approx(0.05)
  assert float(metrics["skipped_updates"]) == 1.0
  assert np.isfinite(metrics["loss"])


def test_padding_may_hold_anything(step):
  batch = make_batch()
  target_ids = np.where(batch.target_mask, batch.target_ids, -100).astype(np.int32)
  clean, clean_metrics = step(start(), batch)
  dirty, dirty_metrics = step(start(), batch._replace(target_ids=target_ids))
  jax.tree.map(np.testing.assert_array_equal, dirty.params, clean.params)
  assert float(dirty_metrics["loss"]) == float(clean_metrics["loss"])


def test_batch_order_does_not_matter(step):
  batch = make_batch()
  order = np.random.default_rng(0).permutation(8)
  rows = batch._replace(positions=np.moveaxis(batch.positions, 1, 0))
  shuffled = jax.tree.map(lambda x: x[order], rows)
  shuffled = shuffled._replace(positions=np.moveaxis(shuffled.positions, 0, 1))
  first, second = step(start(), batch)[0], step(start(), shuffled)[0]
  jax.tree.map(
    lambda a, b: np.testing.assert_allclose(a, b, atol=1e-6), first.params, second.params
  )


def test_logp_fn_in_parts_equals_whole():
  batch, params = make_batch(), toy_policy.init_params()
  whole = make_logp_fn(toy_policy.response_logp)(params, batch)
  parts = make_logp_fn(toy_policy.response_logp, num_microbatches=4)(params, batch)
  np.testing.assert_allclose(parts, whole, rtol=1e-6)
  expected = np.where(batch.target_mask, toy_policy.policy_logp(params, batch), 0.0)
  np.testing.assert_allclose(whole, expected, rtol=1e-5)


def attention_logp(params, batch):
  """The toy policy's logp, and in place of an attention's another function of its parameters."""
  other = batch._replace(target_ids=batch.attend_to)  # NaN where that is -1
  return toy_policy.response_logp(params, batch), toy_policy.response_logp(params, other)


def placed(batch):
  """The first two tokens of a row have a place."""
  attend_to = np.full_like(batch.attend_to, -1)
  attend_to[:, :2] = 3
  return batch._replace(attend_to=attend_to)


@pytest.mark.parametrize("num_microbatches", [1, 4])
def test_supervised_attention_adds_that_of_tokens_with_a_place(num_microbatches):
  batch, params = placed(make_batch()), toy_policy.init_params()
  step = make_sft_step(
    attention_logp, OPTIMIZER, attention_weight=0.5, num_microbatches=num_microbatches
  )
  state, metrics = step(start(), batch)
  has_place = batch.target_mask & (batch.attend_to >= 0)
  attention = np.asarray(attention_logp(params, batch)[1])
  assert 0 < has_place.sum() < batch.target_mask.sum()
  assert np.isnan(attention[batch.target_mask & ~has_place]).all()
  expected = -attention[has_place].mean()
  assert float(metrics["attention_nll"]) == pytest.approx(expected, rel=1e-5)
  nll = token_mean(params, batch)
  assert float(metrics["nll"]) == pytest.approx(nll, rel=1e-5)
  expected = nll - 0.5 * attention[has_place].sum() / 13.0
  assert float(metrics["loss"]) == pytest.approx(expected, rel=1e-5)

  def loss(params):
    other = batch._replace(target_ids=np.maximum(batch.attend_to, 0))
    weights = batch.advantage * batch.target_mask.astype(np.float32)
    weighted = toy_policy.response_logp(params, batch) * weights
    return -jnp.sum(weighted + 0.5 * has_place * toy_policy.response_logp(params, other)) / 13.0

  jax.tree.map(
    lambda new, old, g: np.testing.assert_allclose(new, old - 0.1 * g, rtol=1e-5, atol=1e-6),
    state.params,
    params,
    jax.grad(loss)(params),
  )


def test_without_a_place_supervised_attention_changes_nothing(step):
  batch = make_batch()
  attending = make_sft_step(attention_logp, OPTIMIZER, attention_weight=2.0)
  state, metrics = attending(start(), batch)
  jax.tree.map(
    lambda a, b: np.testing.assert_allclose(a, b, atol=1e-7),
    state.params,
    step(start(), batch)[0].params,
  )
  assert float(metrics["attention_nll"]) == 0.0


def test_wrong_arguments_of_supervised_attention_are_refused():
  with pytest.raises(ValueError, match="attention_weight -1"):
    make_sft_step(attention_logp, OPTIMIZER, attention_weight=-1)
  step = make_sft_step(toy_policy.response_logp, OPTIMIZER, attention_weight=1.0)
  with pytest.raises(ValueError, match="logp has shape .* target_mask"):  # it returns no pair
    step(start(), make_batch(num_rows=2))
