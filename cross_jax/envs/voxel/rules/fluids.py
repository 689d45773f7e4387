"""Water and lava: what a body stands in, breath and drowning, lava and fire.

Source: Minecraft 1.16 Entity.updateFluidHeight, LivingEntity.baseTick, Entity.lavaHurt. Fluids do
not flow, and a body is in what its middle is in.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from cross_jax.base import BUTTON_INDEX, RawAction
from cross_jax.envs.voxel.content import tables
from cross_jax.envs.voxel.params import Params
from cross_jax.envs.voxel.rules.cells import block_at, eye_of, to_cell
from cross_jax.envs.voxel.rules.health import hurt
from cross_jax.envs.voxel.state import State

DRY, WATER, LAVA = range(3)
SURFACE_M = 8 / 9  # height of the fluid in a cell without more of it above
MAX_AIR_TICKS = 300
AIR_BACK = 4  # ticks of breath regained in a tick
DROWN_AFTER, DROWN_DAMAGE = 20, 2.0  # ticks without breath between damages
LAVA_DAMAGE, LAVA_FIRE_TICKS = 4.0, 300
FLAME_DAMAGE, FLAME_FIRE_TICKS = 1.0, 160  # of a block of fire
FIRE_DAMAGE, FIRE_PERIOD = 1.0, 20  # of burning
FLOOR_DAMAGE = 1.0  # of a magma block under the feet


def _named(*names: str) -> np.ndarray:
  return np.asarray([name in names for name in tables.BLOCKS.names])


_LIQUID = np.where(_named("lava"), LAVA, np.where(tables.BLOCKS.is_liquid, WATER, DRY))
KIND = np.where(tables.BLOCKS.is_waterlogged, WATER, _LIQUID).astype(np.int32)  # by block
_IS_FLAME = _named("fire", "soul_fire")
_IS_HOT_FLOOR = _named("magma_block")


class Fluid(NamedTuple):
  kind: jax.Array  # int32[...], DRY, WATER or LAVA
  depth: jax.Array  # float32[...], m of it above the point; at least a cell if there is more above


def fluid_at(blocks: jax.Array, pos: jax.Array) -> Fluid:
  """The fluid around points float32[..., 3], m."""
  cell = to_cell(pos)
  here = jnp.asarray(KIND)[block_at(blocks, cell)]
  above = jnp.asarray(KIND)[block_at(blocks, cell.at[..., 1].add(1))]
  top = jnp.where(above == here, 1.0 + SURFACE_M, SURFACE_M)
  depth = cell[..., 1].astype(jnp.float32) + top - pos[..., 1]
  is_in = (here != DRY) & (depth > 0)
  return Fluid(jnp.where(is_in, here, DRY), jnp.where(is_in, depth, 0.0))


def breathe(state: State, action: RawAction, params: Params) -> State:
  """Breath runs out with the eyes in water; then it costs DROWN_DAMAGE every DROWN_AFTER ticks."""
  player = state.player
  is_under = fluid_at(state.blocks, eye_of(player)).kind == WATER
  air = jnp.where(is_under, player.air_ticks - 1, player.air_ticks + AIR_BACK)
  air = jnp.minimum(air, MAX_AIR_TICKS)
  is_drowning = air <= -DROWN_AFTER
  state = state._replace(player=player._replace(air_ticks=jnp.where(is_drowning, 0, air)))
  return hurt(state, jnp.where(is_drowning, DROWN_DAMAGE, 0.0), pierces=True)


def burn(state: State, action: RawAction, params: Params) -> State:
  """Lava and flames hurt and set fire, fire hurts once a second, water puts it out.

  A hot floor hurts who does not sneak: Minecraft 1.16 Entity.move, MagmaBlock.stepOn.
  """
  player = state.player
  cell = to_cell(player.pos)
  fluid = fluid_at(state.blocks, player.pos).kind
  is_flame = jnp.asarray(_IS_FLAME)[block_at(state.blocks, cell)]
  below = block_at(state.blocks, to_cell(player.pos - jnp.asarray([0.0, 0.2, 0.0])))
  is_hot = jnp.asarray(_IS_HOT_FLOOR)[below] & player.is_on_ground
  is_hot &= action.buttons[BUTTON_INDEX["sneak"]] == 0
  fire = jnp.where(is_flame, jnp.maximum(player.fire_ticks, FLAME_FIRE_TICKS), player.fire_ticks)
  fire = jnp.where(fluid == LAVA, LAVA_FIRE_TICKS, fire)
  fire = jnp.where(fluid == WATER, 0, fire)
  is_due = (fire > 0) & (fire % FIRE_PERIOD == 0) & (fluid != LAVA)
  contact = jnp.where(is_flame, FLAME_DAMAGE, jnp.where(is_hot, FLOOR_DAMAGE, 0.0))
  contact = jnp.where(fluid == LAVA, LAVA_DAMAGE, contact)
  state = state._replace(player=player._replace(fire_ticks=jnp.maximum(fire - 1, 0)))
  state = hurt(state, contact)
  return hurt(state, jnp.where(is_due, FIRE_DAMAGE, 0.0), pierces=True)
