"""A run that is stopped and resumed from its checkpoint equals the run that was not."""

import jax
import numpy as np
import pytest
import toy_policy

from cross_jax import optim
from cross_jax.checkpoint import CheckpointManager
from cross_jax.steps import init_state, make_sft_step


@pytest.mark.parametrize("kind", optim.KINDS)
def test_resumed_equals_uninterrupted(tmp_path, kind):
  optimizer, schedule = optim.make_optimizer(
    kind=kind, learning_rate=0.01, warmup_steps=2, total_steps=8
  )
  step = make_sft_step(toy_policy.response_logp, optimizer, schedule=schedule)
  batches = [toy_policy.make_batch(seed=seed) for seed in range(6)]

  def start(seed):
    return init_state(toy_policy.init_params(seed), optimizer, jax.random.key(seed))

  state = start(0)
  for batch in batches:
    state, metrics = step(state, batch)

  with CheckpointManager(tmp_path) as manager:
    stopped = start(0)
    for batch in batches[:3]:
      stopped, _ = step(stopped, batch)
    manager.save(int(stopped.step), stopped, {"next_batch": 3})
  with CheckpointManager(tmp_path) as manager:
    restored = manager.restore(start(7))  # nothing of the template's values may survive
  resumed = restored.state
  for batch in batches[restored.meta["next_batch"] :]:
    resumed, resumed_metrics = step(resumed, batch)

  assert int(resumed.step) == 6
  jax.tree.map(
    np.testing.assert_array_equal,
    (resumed._replace(rng=jax.random.key_data(resumed.rng)), resumed_metrics),
    (state._replace(rng=jax.random.key_data(state.rng)), metrics),
  )
