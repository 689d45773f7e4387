"""The update in place: the same numbers up to rounding, the same skips, less memory."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cross_jax.optim import make_optimizer
from cross_jax.steps import LossTerms, init_state
from cross_jax.steps.update import jit_update, make_update

SIZE = 256


def grad_fn(params, batch):
  """The gradient of the mean of (w x)^2 / 2 over the elements of w x."""
  y = params["kernel"] * batch[:, None]
  loss = (0.5 * jnp.sum(y * y), jnp.float32(batch.size))
  return {"kernel": y * batch[:, None]}, LossTerms(loss, means={}, maxima={})


def make(kind, *, is_in_place):
  optimizer, schedule = make_optimizer(
    kind=kind,
    learning_rate=0.01,
    warmup_steps=0,
    total_steps=9,
    max_grad_norm=0.5,
    is_in_place=is_in_place,
  )
  params = {"kernel": jnp.asarray(np.random.default_rng(0).normal(size=(SIZE, SIZE)), jnp.float32)}
  update = make_update(grad_fn, optimizer, schedule, is_in_place=is_in_place)
  state = init_state(params, optimizer, jax.random.key(0))
  return state, jit_update(update, shardings=None)


@pytest.mark.parametrize("kind", ["adamw", "adafactor", "muon"])
def test_it_is_the_same_update(kind):
  batches = np.random.default_rng(1).normal(size=(3, SIZE)).astype(np.float32)
  batches[1, 7] = np.nan
  found = []
  for is_in_place in (False, True):
    state, step = make(kind, is_in_place=is_in_place)
    metrics = []
    for batch in batches:
      before = jax.device_get((state.params, state.opt_state))
      state, got = step(state, batch)
      metrics.append(jax.device_get(got))
      if np.isnan(batch).any():  # skipped: everything as it was
        jax.tree.map(np.testing.assert_array_equal, (state.params, state.opt_state), before)
    found.append((jax.device_get(state.params), metrics))
  (one, ours), (two, theirs) = found
  np.testing.assert_allclose(two["kernel"], one["kernel"], rtol=1e-6, atol=1e-7)
  assert [m["skipped_updates"] for m in theirs] == [0, 1, 1] == [m["skipped_updates"] for m in ours]
  assert [m["learning_rate"] for m in theirs] == [m["learning_rate"] for m in ours]


def test_moments_are_written_where_they_were():
  temporary = []
  for is_in_place in (False, True):
    state, step = make("adamw", is_in_place=is_in_place)
    compiled = step.lower(state, np.ones(SIZE, np.float32)).compile()
    temporary.append(compiled.memory_analysis().temp_size_in_bytes)
  assert temporary[1] < temporary[0] - 0.9 * 4 * SIZE**2  # a kernel less
