"""The right button: GUIs of blocks, food put on a campfire, and placing the block in hand."""

import jax
import jax.numpy as jnp
import numpy as np

from cross_jax.base import BUTTON_INDEX, RawAction
from cross_jax.envs.voxel import events, gui, layout, tables
from cross_jax.envs.voxel.edits import NO_CELL, add_edit
from cross_jax.envs.voxel.params import Params
from cross_jax.envs.voxel.physics import SKIN, cell_of_index
from cross_jax.envs.voxel.state import PLAYER_HEIGHT, PLAYER_WIDTH, Mobs, Player, State

USE_DELAY = 4  # ticks between uses while the button is held
_IS_CAMPFIRE = np.asarray(["campfire" in name for name in tables.BLOCKS.names])
_IS_RAW_FOOD = (tables.ITEMS.smelts_in & tables.SMELT_CAMPFIRE) > 0


def use_block(state: State, action: RawAction, params: Params) -> State:
  """Right click on the block at the crosshair: opens its GUI, else places the held block before it.

  Acts on the tick `use` goes down and every USE_DELAY ticks while it is held; with sneak held a
  block with a GUI is built against instead. Raw food goes onto a campfire, which counts as an
  interaction; deviation: what lies there is gone, its 600 ticks of cooking are as long as a task.
  """
  player, slots, buttons, aim = state.player, state.slots, action.buttons, state.aim
  is_pressed = buttons[BUTTON_INDEX["use"]] > 0
  is_fresh = state.prev_buttons[BUTTON_INDEX["use"]] == 0
  delay = jnp.maximum(player.use_delay - 1, 0)
  is_used = is_pressed & (is_fresh | (delay == 0)) & (aim.cell >= 0)
  delay = jnp.where(is_used, USE_DELAY, delay)
  target = jnp.where(aim.cell >= 0, state.blocks[jnp.maximum(aim.cell, 0)].astype(jnp.int32), 0)
  opened = jnp.where(
    is_used & (buttons[BUTTON_INDEX["sneak"]] == 0), jnp.asarray(tables.BLOCKS.gui)[target], 0
  )
  slot = layout.HOTBAR + player.hotbar
  item = slots.item[slot]
  block = jnp.asarray(tables.ITEMS.block)[item]
  front = jnp.maximum(aim.front, 0)
  there = state.blocks[front].astype(jnp.int32)
  is_free = ~jnp.asarray(tables.BLOCKS.is_solid)[there]
  is_free &= (there == 0) | jnp.asarray(tables.BLOCKS.is_liquid)[there]
  is_solid = jnp.asarray(tables.BLOCKS.is_solid)[block]
  is_free &= ~(is_solid & _is_occupied(cell_of_index(front), player, state.mobs))
  is_fed = is_used & jnp.asarray(_IS_CAMPFIRE)[target] & jnp.asarray(_IS_RAW_FOOD)[item]
  is_placed = is_used & (opened == layout.GUI_NONE) & (block > 0) & (aim.front >= 0) & is_free
  is_placed &= ~is_fed
  spent = (is_placed | is_fed).astype(jnp.int32)
  left = slots.count[slot] - spent
  state = state._replace(
    player=player._replace(use_delay=delay),
    slots=slots._replace(
      item=slots.item.at[slot].set(jnp.where(left > 0, item, 0)),
      count=slots.count.at[slot].set(left),
    ),
    edits=add_edit(state.edits, jnp.where(is_placed, front, NO_CELL), block),
  )
  state = events.note(state, "use_item", item, spent)
  is_met = (opened > layout.GUI_NONE) | is_fed
  state = events.note(state, "interact", target, is_met.astype(jnp.int32))
  return gui.open_gui(state, opened, aim.cell)


def _is_occupied(cell: jax.Array, player: Player, mobs: Mobs) -> jax.Array:
  """bool[], whether the player or a mob stands in int32[3] `cell`."""
  pos = jnp.concatenate([player.pos[None], mobs.pos])
  width = jnp.concatenate([jnp.full((1,), PLAYER_WIDTH), jnp.asarray(tables.MOBS.width)[mobs.kind]])
  tall = jnp.concatenate(
    [jnp.full((1,), PLAYER_HEIGHT), jnp.asarray(tables.MOBS.height)[mobs.kind]]
  )
  is_there = jnp.concatenate([jnp.ones((1,), bool), mobs.kind > 0])
  low = cell.astype(jnp.float32)[None]
  half = jnp.stack([width / 2, jnp.zeros_like(width), width / 2], axis=-1)
  high = pos + jnp.stack([width / 2, tall, width / 2], axis=-1)
  is_met = jnp.all((high > low + SKIN) & (pos - half < low + 1 - SKIN), axis=-1)
  return jnp.any(is_met & is_there)
