"""Blocks that keep items while their GUI is closed: furnaces, brewing stands, chests."""

import jax.numpy as jnp

from cross_jax.envs.voxel import layout
from cross_jax.envs.voxel.state import MAX_STORES, Gui, Stores

NO_CELL = -1


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
