"""The random numbers of a tick: a function of the game's key and the tick alone."""

import jax

from cross_jax.envs.voxel.state import MAX_MOBS, State


def mob_draws(state: State) -> jax.Array:
  """float32[MAX_MOBS, 2] in 0..1; the same in every rule of a tick."""
  return jax.random.uniform(jax.random.fold_in(state.rng, state.tick), (MAX_MOBS, 2))
