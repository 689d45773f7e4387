"""The random numbers of a tick: a function of the game's key and the tick alone."""

import jax

from cross_jax.envs.voxel.state import MAX_MOBS, State

NUM_LOOT_DRAWS = 8


def _draws(state: State) -> jax.Array:
  return jax.random.uniform(jax.random.fold_in(state.rng, state.tick), (2 * MAX_MOBS + 16,))


def mob_draws(state: State) -> jax.Array:
  """float32[MAX_MOBS, 2] in 0..1; the same in every rule of a tick, as those below."""
  return _draws(state)[: 2 * MAX_MOBS].reshape(MAX_MOBS, 2)


def teleport_draws(state: State) -> jax.Array:
  """float32[2] in 0..1."""
  return _draws(state)[2 * MAX_MOBS :][:2]


def shot_draws(state: State) -> jax.Array:
  """float32[3] in 0..1."""
  return _draws(state)[2 * MAX_MOBS :][2:5]


def loot_draws(state: State) -> jax.Array:
  """float32[NUM_LOOT_DRAWS] in 0..1."""
  return _draws(state)[2 * MAX_MOBS :][5 : 5 + NUM_LOOT_DRAWS]
