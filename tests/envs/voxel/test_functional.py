"""The pure pair: equal to VoxelEnv game by game, resets inside a scan, recompiles nothing."""

import doctest

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cross_jax.base import NUM_BUTTONS, RawAction, View, no_op
from cross_jax.envs.voxel import functional
from cross_jax.envs.voxel.env import VoxelEnv

VIEW = View(0, 0, 640, 360, 32, 18)
TASKS, SEEDS = ["mine_block:oak_log", "kill_entity:cow", "craft_item:arrow"], [11, 12, 13]
NUM_GAMES, MAX_TICKS, TICKS = 4, 4, 10
START_TICKS = [0, 0, 1, 1]  # so that not all games end at once


def random_actions(seed, shape):
  rng = np.random.default_rng(seed)
  buttons = (rng.random((*shape, NUM_BUTTONS)) < 0.2).astype(np.int8)
  return RawAction(buttons, rng.normal(0, 8, (*shape, 2)).astype(np.float32))


@pytest.fixture(scope="module")
def pool():
  return functional.make_pool(TASKS, SEEDS)


@pytest.fixture(scope="module")
def rollout():
  """A jitted rollout of NUM_GAMES games: pool, rng, actions -> all that step returned."""
  reset, step = functional.make([VIEW], max_ticks=MAX_TICKS)

  @jax.jit
  def run(pool, rng, actions):
    reset_rng, step_rng = jax.random.split(rng)
    keys = jax.random.split(reset_rng, NUM_GAMES)
    game, observation = jax.vmap(reset, in_axes=(None, 0))(pool, keys)
    start_ticks = jnp.asarray(START_TICKS, jnp.int32)
    game = game._replace(state=game.state._replace(tick=start_ticks))

    def tick(game, inputs):
      action, rng = inputs
      keys = jax.random.split(rng, NUM_GAMES)
      game, *rest = jax.vmap(step, in_axes=(None, 0, 0, 0))(pool, game, action, keys)
      return game, (*rest, game.world, game.state.tick)

    return observation, game, jax.lax.scan(tick, game, (actions, jax.random.split(step_rng, TICKS)))

  with pytest.MonkeyPatch.context() as patch:
    patch.setattr(functional, "GAMES_PER_RESTART", 1)  # as many at once as there are games
    yield run


def test_the_docstrings_example():
  assert doctest.testmod(functional).failed == 0


def test_the_pool_holds_the_worlds_of_the_environment(pool):
  env = VoxelEnv(4)
  env.reset(TASKS, SEEDS, [0, 1, 2])
  for (path, ours), theirs in zip(
    jax.tree_util.tree_leaves_with_path(pool.games), jax.tree.leaves(env.get_state())
  ):
    assert np.array_equal(ours, theirs[:3]), jax.tree_util.keystr(path)


def test_a_scan_of_the_batch_equals_the_environment_and_starts_anew(pool, rollout):
  actions = random_actions(0, (TICKS, NUM_GAMES))
  actions.camera_deg[-1] = [np.nan, 1e9]  # clipped and counted
  first, start, (_, out) = rollout(pool, jax.random.key(3), actions)
  observation, reward, terminated, truncated, info, world, tick = jax.tree.map(np.asarray, out)
  done = terminated | truncated
  assert done.argmax(0).tolist() == [3, 3, 2, 2] and done.sum(0).tolist() == [2] * NUM_GAMES
  assert (tick[done] == 0).all() and (info["tick"][done] == MAX_TICKS).all()
  assert (info["tick"][~done] == tick[~done]).all()
  assert (info["num_clipped"][:-1] == 0).all() and (info["num_clipped"][-1] == 2).all()
  assert (info["world"][1:] == world[:-1]).all() and len(set(world[-1]) | set(world[0])) > 1
  final = info["final_obs"].views[0]
  np.testing.assert_array_equal(final[~done], observation.views[0][~done])
  assert all((final[index] != observation.views[0][index]).any() for index in np.argwhere(done))

  env = VoxelEnv(NUM_GAMES, [VIEW])  # the same games, the first episode of each
  ids = np.asarray(start.world).tolist()
  env.reset([TASKS[i] for i in ids], [SEEDS[i] for i in ids])
  env.set_state(jax.tree.map(np.asarray, start.state))
  np.testing.assert_array_equal(first.views[0], env.observe().views[0])
  for t in range(MAX_TICKS - 1):
    theirs = env.step(jax.tree.map(lambda a, t=t: a[t], actions))
    np.testing.assert_array_equal(theirs.observation.views[0], final[t])
    np.testing.assert_array_equal(theirs.reward, reward[t])


def test_a_second_rollout_and_a_refilled_pool_compile_nothing(pool, rollout):
  actions = random_actions(1, (TICKS, NUM_GAMES))
  rollout(pool, jax.random.key(0), actions)
  sizes = rollout._cache_size(), functional._build._cache_size()
  rows, tasks = np.asarray([2, 0, 1], np.int32), [TASKS[0], TASKS[1], TASKS[0]]
  refilled = functional.refill(pool, rows, functional.stack_setups(tasks, [97, 98, 99]))
  rollout(refilled, jax.random.key(1), actions)
  assert (rollout._cache_size(), functional._build._cache_size()) == sizes
  env = VoxelEnv(4)
  env.reset(tasks, [97, 98, 99], rows)
  np.testing.assert_array_equal(refilled.games.blocks, env.get_state().blocks[:3])
  np.testing.assert_array_equal(refilled.games.goal.index, env.get_state().goal.index[:3])


@pytest.mark.slow
def test_one_game_equals_its_row_of_a_batch(pool):
  reset, step = functional.make(max_ticks=9)
  keys = jax.random.split(jax.random.PRNGKey(5), NUM_GAMES)
  games, _ = jax.vmap(reset, in_axes=(None, 0))(pool, keys)
  one, _ = jax.jit(reset)(pool, keys[1])
  env, single = VoxelEnv(NUM_GAMES), jax.jit(step)
  env.reset(TASKS, SEEDS, [0, 1, 2])
  env.set_state(games.state)
  for t in range(4):
    action = random_actions(t, (NUM_GAMES,))
    theirs = env.step(action)
    one, _, reward, *_ = single(pool, one, jax.tree.map(lambda a: a[1], action), keys[1])
    for ours, rows in zip(jax.tree.leaves(one.state), jax.tree.leaves(env.get_state())):
      assert np.array_equal(ours, rows[1])
    assert reward == theirs.reward[1]


def test_bad_input_names_value_and_way_out(pool):
  with pytest.raises(ValueError, match="max_ticks=0: must be at least 1"):
    functional.make(max_ticks=0)
  with pytest.raises(ValueError, match="must lie within the 640x360 screen"):
    functional.make([VIEW, VIEW._replace(width=0)])
  with pytest.raises(ValueError, match="2 tasks and 1 seeds: pass one of each"):
    functional.make_pool(TASKS[:2], [1])
  with pytest.raises(ValueError, match="oak_lgo"):
    functional.make_pool(["mine_block:oak_lgo"], [1])
  with pytest.raises(ValueError, match="unknown difficulty 'easy': one of zero"):
    functional.make_pool(TASKS[:1], [1], "easy")
  reset, step = functional.make()
  game, _ = reset(pool, jax.random.key(1))
  with pytest.raises(ValueError, match=r"\(2, 23\), \(2, 2\).*of a batch: jax.vmap\(step"):
    jax.vmap(step, in_axes=(None, 0, None, 0))(
      pool,
      jax.tree.map(lambda x: x[None], game),
      no_op((2,)),
      jax.random.split(jax.random.key(0), 1),
    )
  with pytest.raises(ValueError, match=r"\(22,\)"):
    step(pool, game, RawAction(np.zeros(22, np.int8), np.zeros(2, np.float32)), jax.random.key(0))
  many = jax.tree.map(lambda x: jnp.stack([x, x]), pool)
  with pytest.raises(ValueError, match="share it, with in_axes"):
    jax.vmap(step, in_axes=(0, None, None, None))(many, game, no_op(), jax.random.key(0))
