"""The random numbers of a tick: a function of the game's key and the tick alone.

`draw` makes them once, before the rules; the functions below are each a part of them, the same in
every rule of a tick.
"""

import jax

from cross_jax.envs.voxel.state import MAX_MOBS, State

NUM_LOOT_DRAWS = 8


def draw(state: State) -> State:
  """The state with the random numbers of its tick, float32[2 MAX_MOBS + 16] in 0..1."""
  key = jax.random.fold_in(state.rng, state.tick)
  return state._replace(draws=jax.random.uniform(key, (2 * MAX_MOBS + 16,)))


def _draws(state: State) -> jax.Array:
  is_drawn = isinstance(state.draws, jax.Array)  # not for a rule that is called by itself
  return state.draws if is_drawn else draw(state).draws


def mob_draws(state: State) -> jax.Array:
  """float32[MAX_MOBS, 2] in 0..1."""
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
