"""Blocks that keep items while their GUI is closed: furnaces, brewing stands, chests.

While such a block's GUI is open its items are in the slots from layout.BLOCK on; on closing they go
to a row of State.stores. A world has MAX_STORES rows: with all of them in use, a further block that
keeps items does not open. A block that goes loses its items to the ground, a stack a tick.
"""

import jax
import jax.numpy as jnp
import numpy as np

from cross_jax.base import RawAction
from cross_jax.envs.voxel.content import tables
from cross_jax.envs.voxel.gui import layout, slot_rules
from cross_jax.envs.voxel.params import Params
from cross_jax.envs.voxel.rules import drops
from cross_jax.envs.voxel.rules.cells import cell_of_index
from cross_jax.envs.voxel.state import MAX_STORES, Gui, Slots, State, Stores

NO_CELL = -1
_BLOCK = slice(layout.BLOCK, layout.BLOCK + layout.NUM_BLOCK_SLOTS)
_IN_BLOCK = (np.arange(layout.NUM_SLOTS) >= _BLOCK.start) & (
  np.arange(layout.NUM_SLOTS) < _BLOCK.stop
)


def fresh_gui() -> Gui:
  """No GUI open and the cursor in the middle."""
  zero, none = jnp.zeros((), jnp.int32), jnp.full((), -1, jnp.int32)
  return Gui(
    kind=zero,
    cursor_px=jnp.asarray(layout.CURSOR_HOME, jnp.float32),
    burn_ticks=zero,
    burn_total=zero,
    cook_ticks=zero,
    cell=none,
    choice=none,
    is_book_open=jnp.zeros((), bool),
    book_page=zero,
    book_entries=jnp.full((layout.NUM_BOOK_ENTRIES,), -1, jnp.int32),
    book_seen=jnp.zeros((), jnp.uint32),
  )


def fresh_stores() -> Stores:
  """No block keeps anything."""
  row = jnp.zeros((MAX_STORES,), jnp.int32)
  items = jnp.zeros((MAX_STORES, layout.NUM_BLOCK_SLOTS), jnp.int32)
  return Stores(row, row + NO_CELL, items, items, row, row, row)


def keeps_items(kind: jax.Array, cell: jax.Array) -> jax.Array:
  """bool[], whether what lies in the GUI `kind` stays in the block at `cell`."""
  return jnp.asarray(slot_rules.KEEPS)[kind] & (cell >= 0)


def can_open(stores: Stores, kind: jax.Array, cell: jax.Array) -> jax.Array:
  """bool[], whether there is room to keep what lies in a block: its row, or a free one."""
  is_there = jnp.any(_is_row_of(stores, kind, cell) | (stores.kind == 0))
  return ~keeps_items(kind, cell) | is_there


def _is_row_of(stores: Stores, kind: jax.Array, cell: jax.Array) -> jax.Array:
  return (stores.kind == kind) & (stores.cell == cell) & (stores.kind > 0)


def unpack_store(
  slots: Slots, gui: Gui, stores: Stores, kind: jax.Array, cell: jax.Array
) -> tuple[Slots, Gui, Stores]:
  """Moves what the block at `cell` keeps to the slots and the fire to the GUI; frees its row."""
  is_it = _is_row_of(stores, kind, cell) & keeps_items(kind, cell)
  pick = lambda column: jnp.sum(jnp.where(is_it, column, 0))
  around = (layout.BLOCK, layout.NUM_SLOTS - _BLOCK.stop)
  take = lambda items: jnp.pad(jnp.sum(jnp.where(is_it[:, None], items, 0), axis=0), around)
  slots = Slots(
    slots.item + take(stores.item),  # these slots are empty while no GUI is open
    slots.count + take(stores.count),
  )
  gui = gui._replace(
    burn_ticks=pick(stores.burn_ticks),
    burn_total=pick(stores.burn_total),
    cook_ticks=pick(stores.cook_ticks),
  )
  return slots, gui, _cleared(stores, is_it)


def _cleared(stores: Stores, is_it: jax.Array) -> Stores:
  def clear(x: jax.Array) -> jax.Array:
    return jnp.where(is_it.reshape((MAX_STORES,) + (1,) * (x.ndim - 1)), 0, x)

  return jax.tree.map(clear, stores)


def pack_store(slots: Slots, gui: Gui, stores: Stores) -> tuple[Slots, Stores]:
  """Moves what lies in the open block's slots, and its fire, to a free row, if it keeps them."""
  is_kept = keeps_items(gui.kind, gui.cell)
  is_used = jnp.any(slots.count[_BLOCK] > 0) | (gui.burn_ticks > 0) | (gui.cook_ticks > 0)
  is_free = stores.kind == 0
  is_it = (jnp.arange(MAX_STORES) == jnp.argmax(is_free)) & is_free & is_kept & is_used
  put = lambda new, old: jnp.where(is_it, new, old)
  lay = lambda new, old: jnp.where(is_it[:, None], new[_BLOCK][None], old)
  stores = Stores(
    kind=put(gui.kind, stores.kind),
    cell=put(gui.cell, stores.cell),
    item=lay(slots.item, stores.item),
    count=lay(slots.count, stores.count),
    burn_ticks=put(gui.burn_ticks, stores.burn_ticks),
    burn_total=put(gui.burn_total, stores.burn_total),
    cook_ticks=put(gui.cook_ticks, stores.cook_ticks),
  )
  is_left = ~(is_kept & _IN_BLOCK)
  return jax.tree.map(lambda x: jnp.where(is_left, x, 0), slots), stores


def are_kept(state: State) -> jax.Array:
  """bool[], whether a block keeps something; or the game is new, as its rows are freed once."""
  return jnp.any((state.stores.kind > 0) | (state.stores.cell == NO_CELL))


def spill(state: State, action: RawAction, params: Params) -> State:
  """A store whose block is gone drops one stack; a store with nothing left in it is freed."""
  stores = state.stores
  block = state.blocks[jnp.maximum(stores.cell, 0)].astype(jnp.int32)
  is_gone = (stores.kind > 0) & (jnp.asarray(tables.BLOCKS.gui)[block] != stores.kind)
  row = jnp.argmax(is_gone)
  place = jnp.argmax(stores.count[row] > 0)
  count = jnp.where(is_gone[row], stores.count[row, place], 0)
  where = cell_of_index(stores.cell[row]).astype(jnp.float32) + 0.5
  lying = drops.spawn(state.drops, stores.item[row, place], count, where)
  is_row, is_place = jnp.arange(MAX_STORES) == row, jnp.arange(layout.NUM_BLOCK_SLOTS) == place
  is_it = is_row[:, None] & is_place[None] & (count > 0)
  stores = stores._replace(
    item=jnp.where(is_it, 0, stores.item), count=jnp.where(is_it, 0, stores.count)
  )
  is_cold = (stores.burn_ticks == 0) & (stores.cook_ticks == 0)
  is_free = jnp.all(stores.count == 0, axis=1) & (is_gone | is_cold)
  return state._replace(drops=lying, stores=_cleared(stores, is_free))
