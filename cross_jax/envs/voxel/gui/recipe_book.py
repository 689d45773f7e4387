"""The recipe book: a list of what can be made of what is carried; a click lays the ingredients out.

An entry is a row of RECIPES, or len(RECIPES) + an item that the open furnace smelts. The list has
one entry per product, its first recipe that can be made, in the order of ITEMS; pages of 20.
Source: Java edition 1.16 (RecipeBookComponent, ServerPlaceRecipe). Deviations: only what can be
made is listed (no tabs, search, groups or ghosts), of one kind of an ingredient (no mix of planks),
and one book is open or closed for all GUIs.
"""

import jax
import jax.numpy as jnp
import numpy as np

from cross_jax.envs.voxel.content.tables import ITEMS, RECIPES
from cross_jax.envs.voxel.gui import clicks, furnaces, inventory, layout
from cross_jax.envs.voxel.rules.when_needed import where_needed
from cross_jax.envs.voxel.state import Gui, Slots

NUM_RECIPES = len(RECIPES.out_item)
_SMALL = (0, 1, 3, 4)  # cells of the 2x2 grid
_SLOT = np.arange(layout.NUM_SLOTS)
_FACTORS = (np.arange(1, 2 * layout.NUM_SLOTS + 1, dtype=np.uint64) * 0x9E3779B1 % 2**32).astype(
  np.uint32
)


def _laid_out() -> np.ndarray:
  """Where the ingredients go: int32[2, r, 9] cells in the inventory's and in the table's grid."""
  laid = np.repeat(RECIPES.grid[None], 2, axis=0)
  for row in range(NUM_RECIPES):
    items = RECIPES.grid[row][RECIPES.grid[row] > 0]
    if RECIPES.is_shapeless[row]:
      laid[:, row] = 0
      laid[0, row, list((*_SMALL, 2, 5, 6, 7, 8)[: len(items)])] = items
      laid[1, row, : len(items)] = items
      continue
    cells = RECIPES.grid[row].reshape(3, 3)
    down, right = (np.count_nonzero(cells.any(axis)) == 1 for axis in (1, 0))
    laid[1, row] = np.roll(cells, (int(down), int(right)), (0, 1)).reshape(9)  # in the middle
  return laid


def _needs() -> tuple[np.ndarray, np.ndarray]:
  """What each recipe needs: (items int32[r, k], numbers int32[r, k]), 0 where unused."""
  pairs = [np.unique(grid[grid > 0], return_counts=True) for grid in RECIPES.grid]
  item, number = np.zeros((2, NUM_RECIPES, max(len(items) for items, _ in pairs)), np.int32)
  for row, (items, counts) in enumerate(pairs):
    item[row, : len(items)], number[row, : len(items)] = items, counts
  return item, number


_LAID = _laid_out()
_IS_SMALL = ~_LAID[0][:, [2, 5, 6, 7, 8]].any(axis=1)  # bool[r], fits the 2x2 grid
_ORDER = np.argsort(RECIPES.out_item, kind="stable").astype(np.int32)  # by product
_NEED_ITEM, _NEED_COUNT = (part[_ORDER] for part in _needs())
_IS_SMALL = _IS_SMALL[_ORDER]
_FIRST_OF_PRODUCT = np.searchsorted(RECIPES.out_item[_ORDER], RECIPES.out_item[_ORDER]).astype(
  np.int32
)


def products(gui: Gui) -> jax.Array:
  """What the entries of the open page make: int32[20] rows of ITEMS, 0 = no entry."""
  entry = gui.book_entries
  recipe = jnp.clip(entry, 0, NUM_RECIPES - 1)
  smelted = jnp.asarray(ITEMS.smelts_to)[jnp.maximum(entry - NUM_RECIPES, 0)]
  made = jnp.where(entry < NUM_RECIPES, jnp.asarray(RECIPES.out_item)[recipe], smelted)
  return jnp.where(entry >= 0, made, 0)


def refresh(gui: Gui, slots: Slots, shown_page: jax.Array) -> Gui:
  """The GUI with the entries of the open page up to date with the slots.

  Args:
    gui: whose book_page may lie behind the last page.
    slots: Slots.
    shown_page: int32[], where it stays in that case, or else page 0 if that has none any more.
  """
  words = jnp.concatenate([slots.item, slots.count]).astype(jnp.uint32)
  carried = jnp.sum((words + 1) * jnp.asarray(_FACTORS), dtype=jnp.uint32)
  seen = lambda page: carried * 31 + (gui.kind * 1024 + page).astype(jnp.uint32)
  is_stale = clicks.is_book_shown(gui) & (seen(gui.book_page) != gui.book_seen)
  work = lambda value, *inputs: _entries(value[1], *inputs)
  value = (gui.book_entries, gui.book_page)
  entries, page = where_needed(is_stale, work, value, shown_page, gui.kind, slots, at_once=1)
  return gui._replace(
    book_entries=entries,
    book_page=page,
    book_seen=jnp.where(is_stale, seen(page), gui.book_seen),
  )


def _in_reach(slots: Slots) -> jax.Array:
  """How many of each item are carried, lie in the grid or wait in the furnace: int32[num_items]."""
  is_near = (_SLOT < layout.FEET) | ((_SLOT >= layout.CRAFT) & (_SLOT < layout.CRAFT_RESULT))
  is_near |= _SLOT == layout.FURNACE_INPUT
  near = jnp.where(is_near, slots.count, 0)
  return jnp.zeros(len(ITEMS.names), jnp.int32).at[slots.item].add(near)


def _entries(
  page: jax.Array, shown_page: jax.Array, kind: jax.Array, slots: Slots
) -> tuple[jax.Array, jax.Array]:
  """What `page` lists, or the page shown before if it is empty, or else the first.

  Returns:
    (entries int32[20], -1 = none; which page it is, int32[]).
  """
  there = _in_reach(slots)
  can_make = jnp.all(there[jnp.asarray(_NEED_ITEM)] >= jnp.asarray(_NEED_COUNT), axis=1)
  can_make &= (kind == layout.GUI_CRAFTING_TABLE) | (
    (kind == layout.GUI_INVENTORY) & jnp.asarray(_IS_SMALL)
  )
  made = can_make.astype(jnp.int32)
  before = jnp.cumsum(made) - made
  is_listed = can_make & (before == before[jnp.asarray(_FIRST_OF_PRODUCT)])
  items = np.arange(len(ITEMS.names), dtype=np.int32)
  is_smelted = (there > 0) & (furnaces.smelts(kind, jnp.asarray(items)) > 0)
  rank = jnp.cumsum(jnp.concatenate([is_listed, is_smelted]).astype(jnp.int32))
  number = np.concatenate([_ORDER, NUM_RECIPES + items]).astype(np.int32)
  num_pages = -(-rank[-1] // layout.NUM_BOOK_ENTRIES)
  page = jnp.where(page < num_pages, page, jnp.where(shown_page < num_pages, shown_page, 0))
  wanted = page * layout.NUM_BOOK_ENTRIES + 1 + np.arange(layout.NUM_BOOK_ENTRIES)
  at = jnp.searchsorted(rank, wanted.astype(jnp.int32))
  entries = jnp.asarray(number)[jnp.minimum(at, len(number) - 1)]
  return jnp.where(wanted <= rank[-1], entries, -1), page


def fill(slots: Slots, kind: jax.Array, entry: jax.Array, is_all: jax.Array) -> Slots:
  """Slots with the ingredients of an entry laid out.

  What lies in the grid goes back first. Once for a new recipe, once more for one that already lies
  there, as often as possible for a shift-click. Nothing is laid out of what isn't there.

  Args:
    slots: Slots.
    kind: int32[], layout.GUI_*.
    entry: int32[], of the list.
    is_all: bool[], as often as possible.
  """
  is_recipe = entry < NUM_RECIPES
  size = (kind == layout.GUI_CRAFTING_TABLE).astype(jnp.int32)
  laid = jnp.asarray(_LAID)[size, jnp.clip(entry, 0, NUM_RECIPES - 1)]
  fuel_free = jnp.zeros((9,), jnp.int32).at[0].set(entry - NUM_RECIPES)
  laid = jnp.where(is_recipe, laid, fuel_free)
  cells = jnp.where(is_recipe, layout.CRAFT + np.arange(9), layout.FURNACE_INPUT)
  is_cell = laid > 0
  is_there = jnp.all((slots.item[cells] == laid) | ~(is_cell | is_recipe))
  lowest = jnp.min(jnp.where(is_cell, slots.count[cells], jnp.iinfo(jnp.int32).max))
  before = jnp.where(is_there, lowest, 0)
  in_grid = (_SLOT >= layout.CRAFT) & (_SLOT < layout.CRAFT_RESULT)
  slots = inventory.return_stacks(slots, jnp.where(is_recipe, in_grid, _SLOT == cells[0]))
  is_clear = jnp.all(jnp.where(is_cell, slots.count[cells], 0) == 0)

  carried = jnp.where(inventory.IN_INVENTORY, slots.count, 0)
  there = jnp.sum(jnp.where(slots.item[None] == laid[:, None], carried[None], 0), axis=1)
  shares = jnp.sum(laid[:, None] == laid[None], axis=1)
  most = jnp.minimum(there // shares, inventory.stack_limit(laid))
  most = jnp.min(jnp.where(is_cell, most, jnp.iinfo(jnp.int32).max))
  times = jnp.where(is_clear, jnp.where(is_all, most, jnp.minimum(before + 1, most)), 0)

  def lay(i: jax.Array, slots: Slots) -> Slots:
    item, number = laid[i], jnp.where(is_cell[i], times, 0)
    taken = inventory.take(slots, item, number)
    there = taken.count[cells[i]] + number
    return inventory.set_slot(taken, jnp.where(number > 0, cells[i], -1), item, there)

  return jax.lax.fori_loop(0, 9, lay, slots)
