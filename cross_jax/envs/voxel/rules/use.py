"""The right button: GUIs of blocks, food put on a campfire, and placing the block in hand.

Source: Minecraft 1.16 BlockItem.place, in outline. Deviations: blocks have one orientation, so what
hangs on a wall hangs on the south one; doors, levers and beds do nothing.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from cross_jax.base import BUTTON_INDEX, RawAction
from cross_jax.envs.voxel.content import tables
from cross_jax.envs.voxel.gui import gui, inventory, layout
from cross_jax.envs.voxel.params import Params
from cross_jax.envs.voxel.rules import collision, events, support
from cross_jax.envs.voxel.rules.cells import block_of_index, cell_index, cell_of_index
from cross_jax.envs.voxel.rules.edits import NO_CELL, PLACE_AT, set_edit
from cross_jax.envs.voxel.state import PLAYER_HEIGHT, PLAYER_WIDTH, SIZE_X, Aim, State

USE_DELAY = 4  # ticks between uses while the button is held
_IS_CAMPFIRE = np.asarray(["campfire" in name for name in tables.BLOCKS.names])
_IS_RAW_FOOD = (tables.ITEMS.smelts_in & tables.SMELT_CAMPFIRE) > 0


def _wall_rows() -> np.ndarray:
  """int32[num_blocks], the row that hangs on a wall in place of one that stands, or 0."""
  rows = np.zeros(len(tables.BLOCKS.names), np.int32)
  for row, name in enumerate(tables.BLOCKS.names):
    first, _, last = name.rpartition("_")
    hung = tables.BLOCKS.index.get(f"{first}_wall_{last}" if first else f"wall_{name}", 0)
    rows[row] = hung if tables.BLOCKS.support[hung] == tables.SUPPORT_SIDE else 0
  return rows


WALL_ROW = _wall_rows()


class Site(NamedTuple):
  """Where a block would go."""

  cell: jax.Array  # int32[], index, or NO_CELL
  block: jax.Array  # int32[], row of BLOCKS
  half_cell: jax.Array  # int32[], index of its other half's cell, or NO_CELL
  half_block: jax.Array  # int32[]
  is_free: jax.Array  # bool[], it may stand there


def use_block(state: State, action: RawAction, params: Params) -> State:
  """Right click on the block at the crosshair: opens its GUI, else places the held block before it.

  Acts on the tick `use` goes down and every USE_DELAY ticks while it is held; with sneak held and
  something in a hand, a block with a GUI is built against instead. Raw food goes onto a campfire,
  which counts as an interaction; deviation: what lies there is gone, its 600 ticks of cooking are
  as long as a task. Who mines or eats uses nothing. What is done so swings the hand.
  """
  player, buttons, aim = state.player, action.buttons, state.aim
  is_pressed = buttons[BUTTON_INDEX["use"]] > 0
  is_fresh = state.prev_buttons[BUTTON_INDEX["use"]] == 0
  delay = jnp.maximum(player.use_delay - 1, 0)
  is_busy = (player.mine_cell >= 0) | (player.eat_ticks > 0)
  is_used = is_pressed & (is_fresh | (delay == 0)) & (aim.cell >= 0) & ~is_busy
  delay = jnp.where(is_used, USE_DELAY, delay)
  target = jnp.asarray(tables.BLOCKS.base)[block_of_index(state.blocks, aim.cell)]
  slot = layout.HOTBAR + player.hotbar
  item = state.slots.item[slot]
  is_armed = (item > 0) | (state.slots.item[layout.OFFHAND] > 0)
  is_meant = is_used & ~((buttons[BUTTON_INDEX["sneak"]] > 0) & is_armed)
  opened = jnp.where(is_meant, jnp.asarray(tables.BLOCKS.gui)[target], 0)
  site = _site(state, jnp.asarray(tables.ITEMS.block)[item], aim)
  is_fed = is_meant & jnp.asarray(_IS_CAMPFIRE)[target] & jnp.asarray(_IS_RAW_FOOD)[item]
  is_placed = is_used & (opened == layout.GUI_NONE) & (site.block > 0) & site.is_free & ~is_fed
  spent = (is_placed | is_fed).astype(jnp.int32)
  edits = set_edit(state.edits, PLACE_AT, jnp.where(is_placed, site.cell, NO_CELL), site.block)
  half_cell = jnp.where(is_placed, site.half_cell, NO_CELL)
  state = state._replace(
    player=player._replace(use_delay=delay),
    slots=inventory.remove_item(state.slots, slot, spent),
    edits=set_edit(edits, PLACE_AT + 1, half_cell, site.half_block),
  )
  state = events.note(state, "use_item", item, spent)
  state = gui.open_gui(state, opened, aim.cell)
  is_opened = (opened > layout.GUI_NONE) & (state.gui.kind == opened)
  is_swung = is_opened | is_placed | is_fed
  state = state._replace(
    player=state.player._replace(
      attack_ticks=jnp.where(is_swung, 1, player.attack_ticks),
      swing_ticks=jnp.where(is_swung, 1, player.swing_ticks),
    )
  )
  return events.note(state, "interact", target, (is_opened | is_fed).astype(jnp.int32))


def _site(state: State, block: jax.Array, aim: Aim) -> Site:
  """Where and as what `block` int32[] would be placed against the block at the crosshair."""
  blocks = state.blocks
  replaceable = jnp.asarray(tables.BLOCKS.is_replaceable)
  target = block_of_index(blocks, aim.cell)
  cell = jnp.where(replaceable[target] & (target > 0), aim.cell, aim.front)
  hung = jnp.asarray(WALL_ROW)[block]
  is_on_side = aim.cell - aim.front == SIZE_X  # the target lies one cell to the south
  block = jnp.where(is_on_side & (hung > 0), hung, block)
  xyz = cell_of_index(jnp.maximum(cell, 0))
  half_block = jnp.asarray(tables.BLOCKS.half_row)[block]
  half_xyz = xyz + jnp.asarray(tables.BLOCKS.half.astype(np.int32))[block]
  half_cell = jnp.where(half_block > 0, cell_index(half_xyz), NO_CELL)
  is_free = (cell >= 0) & replaceable[block_of_index(blocks, cell)]
  is_half_free = (half_cell >= 0) & replaceable[block_of_index(blocks, half_cell)]
  is_free &= (half_block == 0) | is_half_free
  carrier = block_of_index(blocks, cell_index(support.support_cell(block, xyz)))
  is_free &= support.is_carried(block, carrier)
  is_free &= ~_is_occupied(state, xyz, block)
  is_free &= (half_block == 0) | ~_is_occupied(state, half_xyz, half_block)
  return Site(cell, block, half_cell, half_block, is_free)


def _is_occupied(state: State, cell: jax.Array, block: jax.Array) -> jax.Array:
  """bool[], whether the player or a mob is where `block` int32[] would stop bodies in `cell`."""
  player, mobs = state.player, state.mobs
  low, high = collision.around_box(cell, block)
  feet, head = collision.body_box(
    jnp.concatenate([player.pos[None], mobs.pos]),
    jnp.concatenate([jnp.full((1,), PLAYER_WIDTH), jnp.asarray(tables.MOBS.width)[mobs.kind]]),
    jnp.concatenate([jnp.full((1,), PLAYER_HEIGHT), jnp.asarray(tables.MOBS.height)[mobs.kind]]),
  )
  is_there = jnp.concatenate([jnp.ones((1,), bool), mobs.kind > 0])
  skin = collision.SKIN
  is_met = jnp.all((head > low[None] + skin) & (feet < high[None] - skin), axis=-1)
  return jnp.any(is_met & is_there)
