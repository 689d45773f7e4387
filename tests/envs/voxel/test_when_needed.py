"""Work that is done only where it is needed: alone, in a batch, and not at all."""

import jax
import jax.numpy as jnp
import numpy as np

from cross_jax.envs.voxel.rules.when_needed import when_needed, where_needed


def _add(is_needed, value, amount):
  work = lambda tree, more: {"x": tree["x"] + more, "y": -tree["y"]}
  return when_needed(is_needed, work, value, amount)


def test_alone():
  value = {"x": jnp.arange(3), "y": jnp.float32(2)}
  done = _add(jnp.bool_(True), value, jnp.int32(5))
  np.testing.assert_array_equal(done["x"], [5, 6, 7])
  assert float(done["y"]) == -2.0
  left = _add(jnp.bool_(False), value, jnp.int32(5))
  np.testing.assert_array_equal(left["x"], [0, 1, 2])


def test_a_batch_changes_only_those_that_need_it():
  value = {"x": jnp.zeros((4, 3), jnp.int32), "y": jnp.ones(4)}
  is_needed = jnp.asarray([True, False, False, True])
  done = jax.jit(jax.vmap(_add))(is_needed, value, jnp.arange(1, 5))
  np.testing.assert_array_equal(done["x"][:, 0], [1, 0, 0, 4])
  np.testing.assert_array_equal(done["y"], [-1, 1, 1, -1])


def test_the_work_stays_in_the_loop_and_is_not_done_where_no_game_needs_it():
  calls = []
  count = lambda a: calls.append(1) or a
  work = lambda x, more: jax.pure_callback(count, x, x, vmap_method="expand_dims") + more
  run = jax.jit(jax.vmap(lambda need, x, more: when_needed(need, work, x, more)))
  one = jnp.ones(3)
  jax.block_until_ready(run(jnp.zeros(3, bool), one, one))
  assert calls == []
  np.testing.assert_array_equal(run(jnp.asarray([False, True, False]), one, one), [1, 2, 1])
  assert calls


def test_turns_of_some_games_do_the_work_of_each_with_its_own_blocks():
  def work(value, more, look):
    return value + more + look(jnp.asarray([1, 3])).astype(jnp.int32)

  def run(is_needed, value, more, blocks):
    return where_needed(is_needed, work, value, more, blocks=blocks, at_once=2)

  rng = np.random.default_rng(0)
  blocks = rng.integers(0, 900, (7, 4)).astype(np.uint16)
  value, more = rng.integers(0, 99, (7, 2)).astype(np.int32), np.arange(7, dtype=np.int32)
  for is_needed in (rng.random(7) < 0.7, np.zeros(7, bool), np.ones(7, bool)):
    done = jax.jit(jax.vmap(run))(is_needed, value, more, blocks)
    every = value + more[:, None] + blocks[:, [1, 3]]
    np.testing.assert_array_equal(done, np.where(is_needed[:, None], every, value))
    alone = [run(*row) for row in zip(is_needed, value, more, blocks)]
    np.testing.assert_array_equal(done, alone)
