"""What hurts mobs beside the player: fire, lava, and daylight on the undead."""

import jax.numpy as jnp

from cross_jax.base import RawAction
from cross_jax.envs.voxel.content import tables
from cross_jax.envs.voxel.params import Params
from cross_jax.envs.voxel.rules.cells import block_at, to_cell
from cross_jax.envs.voxel.rules.fluids import (
  FIRE_DAMAGE,
  FIRE_PERIOD,
  LAVA,
  LAVA_DAMAGE,
  LAVA_FIRE_TICKS,
  WATER,
  fluid_at,
)
from cross_jax.envs.voxel.rules.health import HURT_TICKS
from cross_jax.envs.voxel.state import MAX_MOBS, SIZE_Y, State

SUN_FIRE_TICKS = 160


def burn_mobs(state: State, action: RawAction, params: Params) -> State:
  """Fire takes a point a second, lava four twice a second; daylight lights one undead a tick.

  Source: Minecraft 1.16 Monster.isSunBurnTick (which draws lots about once in 25 ticks; here each
    slot has its turn every MAX_MOBS ticks). Water puts the fire out and keeps the sun off.
    Deviation: fire hurts within the pause after another damage too, and begins none.
  """
  mobs = state.mobs
  fluid = fluid_at(state.blocks, mobs.pos).kind
  is_there = mobs.kind > 0
  slot = state.tick % MAX_MOBS
  is_lit = ~state.is_night & _sees_sky(state, mobs.pos[slot])
  is_lit &= jnp.asarray(tables.MOBS.burns_in_day)[mobs.kind[slot]]
  is_sunny = (jnp.arange(MAX_MOBS) == slot) & is_lit
  fire = jnp.where(is_sunny, jnp.maximum(mobs.fire_ticks, SUN_FIRE_TICKS), mobs.fire_ticks)
  fire = jnp.where(fluid == LAVA, LAVA_FIRE_TICKS, fire)
  is_safe = (fluid == WATER) | jnp.asarray(tables.MOBS.is_fireproof)[mobs.kind] | ~is_there
  fire = jnp.where(is_safe, 0, fire)
  is_burnt = (fire > 0) & (fire % FIRE_PERIOD == 0) & (fluid != LAVA)
  is_fresh = mobs.hurt_ticks == 0
  heat = jnp.where(is_fresh, LAVA_DAMAGE, LAVA_DAMAGE - mobs.last_damage)
  is_molten = (fluid == LAVA) & ~is_safe & (heat > 0)
  damage = jnp.where(is_molten, heat, jnp.where(is_burnt, FIRE_DAMAGE, 0.0))
  return state._replace(
    mobs=mobs._replace(
      fire_ticks=jnp.maximum(fire - 1, 0),
      health=mobs.health - damage,
      hurt_ticks=jnp.where(is_molten & is_fresh, HURT_TICKS, mobs.hurt_ticks),
      last_damage=jnp.where(is_molten, LAVA_DAMAGE, mobs.last_damage),
    )
  )


def _sees_sky(state: State, pos):
  """bool[], whether nothing but air and plants is above float32[3]."""
  level = jnp.arange(SIZE_Y, dtype=jnp.int32)
  cell = to_cell(pos)
  place = lambda axis: jnp.broadcast_to(cell[axis], (SIZE_Y,))
  column = block_at(state.blocks, jnp.stack([place(0), level, place(2)], axis=-1))
  return ~jnp.any(jnp.asarray(tables.BLOCKS.is_solid)[column] & (level > cell[1]))
