"""Breaking blocks by Minecraft's formula, and picking the item of a block."""

import jax
import jax.numpy as jnp

from cross_jax.base import BUTTON_INDEX, RawAction
from cross_jax.envs.voxel import drops, events, layout, tables
from cross_jax.envs.voxel.edits import NO_CELL, add_edit
from cross_jax.envs.voxel.params import Params
from cross_jax.envs.voxel.physics import cell_of_index, eye_of, is_liquid_at
from cross_jax.envs.voxel.state import State

HARVEST_DIVISOR, NO_HARVEST_DIVISOR = 30.0, 100.0
SWORD_SPEED = 1.5  # of any block
AIRBORNE_FACTOR, UNDERWATER_FACTOR = 0.2, 0.2


def can_harvest(block: jax.Array, item: jax.Array) -> jax.Array:
  """bool[], whether breaking `block` with `item` in hand yields it (drop and mine_block count)."""
  need = jnp.asarray(tables.BLOCKS.min_tier)[block]
  is_right = jnp.asarray(tables.BLOCKS.tool)[block] == jnp.asarray(tables.ITEMS.tool)[item]
  return (need == 0) | (is_right & (jnp.asarray(tables.ITEMS.tier)[item] >= need))


def break_rate(
  block: jax.Array, item: jax.Array, is_on_ground: jax.Array, is_underwater: jax.Array
) -> jax.Array:
  """float32[], the share of `block` that a tick of mining with `item` removes; 1 breaks at once.

  rate = tool speed / hardness / (30 if it can be harvested so, else 100), a fifth of it off the
  ground, a fifth of it with the head in water.

  Args:
    block, item: int32[], rows of BLOCKS and ITEMS (0: the bare hand).
    is_on_ground, is_underwater: bool[].
  Returns:
    float32[], 0 for unbreakable blocks.
  Source: Minecraft 1.16 Player.getDestroySpeed and BlockBehaviour.getDestroyProgress; no
    enchantments or effects.
  """
  hardness = jnp.asarray(tables.BLOCKS.hardness)[block]
  tool = jnp.asarray(tables.ITEMS.tool)[item]
  is_right = (tool > 0) & (jnp.asarray(tables.BLOCKS.tool)[block] == tool)
  other = jnp.where(tool == tables.TOOL_SWORD, SWORD_SPEED, 1.0)
  speed = jnp.where(is_right, jnp.asarray(tables.ITEMS.speed)[item], other)
  speed = speed * jnp.where(is_on_ground, 1.0, AIRBORNE_FACTOR)
  speed = speed * jnp.where(is_underwater, UNDERWATER_FACTOR, 1.0)
  divisor = jnp.where(can_harvest(block, item), HARVEST_DIVISOR, NO_HARVEST_DIVISOR)
  rate = speed / jnp.maximum(hardness, 1e-6) / divisor
  return jnp.where(hardness < 0, 0.0, jnp.minimum(rate, 1.0))


def mine(state: State, action: RawAction, params: Params) -> State:
  """One tick of breaking the block at the crosshair while `attack` is held.

  Progress starts again at 0 when the target changes or the button is released. The count
  mine_block rises, and the item drops, only if the tool can harvest the block, as in Minecraft.
  """
  player, aim = state.player, state.aim
  cell = jnp.where(action.buttons[BUTTON_INDEX["attack"]] > 0, aim.cell, NO_CELL)
  block = jnp.where(cell >= 0, state.blocks[jnp.maximum(cell, 0)].astype(jnp.int32), 0)
  item = state.slots.item[layout.HOTBAR + player.hotbar]
  rate = break_rate(block, item, player.is_on_ground, is_liquid_at(state.blocks, eye_of(player)))
  before = jnp.where(cell == player.mine_cell, player.mine_progress, 0.0)
  progress = jnp.where(cell >= 0, before + rate, 0.0)
  is_broken = progress >= 1.0 - 1e-5
  is_harvested = is_broken & can_harvest(block, item)
  state = events.note(state, "mine_block", block, is_harvested.astype(jnp.int32))
  drop = jnp.where(is_harvested, jnp.asarray(tables.BLOCKS.drop_item)[block], 0)
  where = cell_of_index(jnp.maximum(cell, 0)).astype(jnp.float32)
  where = where + jnp.asarray([0.5, 0.25, 0.5])
  return state._replace(
    player=player._replace(
      mine_cell=jnp.where(is_broken, NO_CELL, cell),
      mine_progress=jnp.where(is_broken, 0.0, progress),
    ),
    drops=drops.spawn(state.drops, drop, jnp.int32(1), where),
    edits=add_edit(state.edits, jnp.where(is_broken, cell, NO_CELL), jnp.zeros((), jnp.int32)),
    aim=aim._replace(cell=jnp.where(is_broken, NO_CELL, aim.cell)),
  )


def pick(state: State, action: RawAction, params: Params) -> State:
  """Middle click: selects the hotbar slot whose item places the block at the crosshair."""
  index, cell = BUTTON_INDEX["pickItem"], state.aim.cell
  is_pressed = (action.buttons[index] > 0) & (state.prev_buttons[index] == 0) & (cell >= 0)
  block = state.blocks[jnp.maximum(cell, 0)].astype(jnp.int32)
  is_it = jnp.asarray(tables.ITEMS.block)[state.slots.item[layout.HOTBAR : layout.MAIN]] == block
  hotbar = jnp.where(is_pressed & jnp.any(is_it), jnp.argmax(is_it), state.player.hotbar)
  return state._replace(player=state.player._replace(hotbar=hotbar.astype(jnp.int32)))
