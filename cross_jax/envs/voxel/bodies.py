"""One move of all bodies: the player and the mobs."""

import jax
import jax.numpy as jnp

from cross_jax.base import RawAction
from cross_jax.envs.voxel import chance, mobs, physics, tables
from cross_jax.envs.voxel.params import Params
from cross_jax.envs.voxel.state import PLAYER_HEIGHT, PLAYER_WIDTH, State


def move_bodies(state: State, action: RawAction, params: Params) -> State:
  """Thoughts and velocities, one move of all boxes against the cells, then gravity and drag."""
  blocks, player, draws = state.blocks, state.player, chance.mob_draws(state)
  animals, speed = mobs.think(state.mobs, player.pos, draws)
  vel = physics.player_velocity(blocks, player, action.buttons)
  moved = physics.move(
    blocks,
    jnp.concatenate([player.pos[None], animals.pos]),
    jnp.concatenate([vel[None], mobs.mob_velocity(blocks, animals, speed)]),
    jnp.concatenate([jnp.full((1,), PLAYER_WIDTH), jnp.asarray(tables.MOBS.width)[animals.kind]]),
    jnp.concatenate([jnp.full((1,), PLAYER_HEIGHT), jnp.asarray(tables.MOBS.height)[animals.kind]]),
  )
  rest = jax.tree.map(lambda a: a[1:], moved)
  return state._replace(
    player=physics.land(blocks, player, moved, action.buttons),
    mobs=mobs.land_mobs(blocks, animals, rest, speed, draws),
  )
