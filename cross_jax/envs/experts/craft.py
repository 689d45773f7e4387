"""The experts of craft_item and smelt_item tasks: which slot to click next, and how."""

import functools

import numpy as np

from cross_jax.envs.experts.intent import CLICK_LEFT, CLICK_RIGHT, IDLE, Intent
from cross_jax.envs.experts.snapshot import Snapshot
from cross_jax.envs.voxel.content.tables import ITEMS, RECIPES
from cross_jax.envs.voxel.gui import layout

GRID = tuple(range(layout.CRAFT, layout.CRAFT + 9))
SMALL_GRID = (0, 1, 3, 4)  # cells of the 3x3 grid that the inventory's 2x2 grid uses
CELL_ORDER = (*SMALL_GRID, 2, 5, 6, 7, 8)
STORE = (*range(layout.MAIN, layout.MAIN + 27), *range(layout.HOTBAR, layout.HOTBAR + 9))


def plan_craft(view: Snapshot) -> Intent:
  """The next click towards crafting the goal's item.

  Takes what is wrong out of the grid, fills its cells one item at a time with the right button,
  puts the rest of the stack back and takes the result.
  """
  if view.gui not in (layout.GUI_INVENTORY, layout.GUI_CRAFTING_TABLE):
    return IDLE
  recipe = choose_recipe(view)
  if recipe is None:
    return IDLE
  held, grid = int(view.slot_item[layout.HELD]), view.slot_item[list(GRID)]
  wrong = [i for i in range(9) if grid[i] not in (0, recipe[i])]
  missing = [i for i in range(9) if recipe[i] != 0 and grid[i] == 0]
  if held:
    fits = [i for i in missing if recipe[i] == held]
    if wrong or not fits:
      return _put_back(view, held)
    return Intent(CLICK_RIGHT, target=GRID[fits[0]])
  if wrong:
    return Intent(CLICK_LEFT, target=GRID[wrong[0]])
  if missing:
    return _pick_up(view, int(recipe[missing[0]]))
  return Intent(CLICK_LEFT, target=layout.CRAFT_RESULT)


def choose_recipe(view: Snapshot) -> np.ndarray | None:
  """The recipe int32[9] of the goal's item that the player's items allow and the GUI can hold.

  Of several, the one that has the most cells of the grid right already.
  """
  slots = [*STORE, *GRID, layout.HELD]
  have = np.zeros(len(ITEMS.names), np.int64)
  np.add.at(have, view.slot_item[slots], view.slot_count[slots])
  grid = view.slot_item[list(GRID)]
  best, best_right = None, -1
  for recipe, items, numbers in _recipes(view.goal_index, view.gui == layout.GUI_INVENTORY):
    if np.all(have[items] >= numbers) and (num_right := int(np.sum(recipe == grid))) > best_right:
      best, best_right = recipe, num_right
  return best


@functools.cache
def _recipes(goal: int, is_small: bool) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
  """(cells int32[9], items needed, how many of each) of an item's recipes that fit a grid."""
  found = []
  for row in np.flatnonzero(RECIPES.out_item == goal):
    recipe = _laid_out(int(row))
    if not (is_small and any(recipe[i] for i in range(9) if i not in SMALL_GRID)):
      found.append((recipe, *np.unique(recipe[recipe != 0], return_counts=True)))
  return found


def _laid_out(row: int) -> np.ndarray:
  """The cells int32[9] of a recipe; a shapeless one fills the cells of the 2x2 grid first."""
  recipe = RECIPES.grid[row]
  if not RECIPES.is_shapeless[row]:
    return recipe
  laid = np.zeros_like(recipe)
  items = recipe[recipe != 0]
  laid[list(CELL_ORDER[: len(items)])] = items
  return laid


def _pick_up(view: Snapshot, item: int) -> Intent:
  """A left click on the largest stack of an item; IDLE if there is none."""
  slots = [slot for slot in STORE if view.slot_item[slot] == item]
  if not slots:
    return IDLE
  return Intent(CLICK_LEFT, target=max(slots, key=lambda slot: int(view.slot_count[slot])))


def _put_back(view: Snapshot, held: int) -> Intent:
  """A left click that puts down all that is held: onto its like, else into an empty slot near."""
  limit = int(ITEMS.stack_size[held])
  count = int(view.slot_count[layout.HELD])
  alike = [s for s in STORE if view.slot_item[s] == held and view.slot_count[s] + count <= limit]
  empty = [s for s in STORE if view.slot_item[s] == 0]
  slots = alike or empty or [s for s in STORE if view.slot_item[s] == held]
  if not slots:
    return IDLE
  xy = layout.slot_xy(view.gui, view.is_book_open)
  gap = lambda slot: float(np.abs(xy[slot] + layout.SLOT_SIZE / 2 - view.cursor_px).sum())
  return Intent(CLICK_LEFT, target=min(slots, key=gap))


def plan_smelt(view: Snapshot) -> Intent:
  """The next click towards smelting the goal's item: input, fuel, wait, output."""
  item, held = view.slot_item, int(view.slot_item[layout.HELD])
  if view.gui != layout.GUI_FURNACE:
    return IDLE
  is_input = ITEMS.smelts_to == view.goal_index
  if item[layout.FURNACE_OUTPUT] == view.goal_index:
    return Intent(CLICK_LEFT, target=layout.FURNACE_OUTPUT) if not held else _put_back(view, held)
  has_input = bool(is_input[item[layout.FURNACE_INPUT]])
  has_fuel = view.burn_ticks > 0 or ITEMS.fuel_ticks[item[layout.FURNACE_FUEL]] > 0
  if held:
    if is_input[held] and not has_input and item[layout.FURNACE_INPUT] == 0:
      return Intent(CLICK_LEFT, target=layout.FURNACE_INPUT)
    if ITEMS.fuel_ticks[held] > 0 and not has_fuel and item[layout.FURNACE_FUEL] == 0:
      return Intent(CLICK_LEFT, target=layout.FURNACE_FUEL)
    return _put_back(view, held)
  for slot, is_right in (
    (layout.FURNACE_INPUT, has_input or item[layout.FURNACE_INPUT] == 0),
    (layout.FURNACE_FUEL, has_fuel or item[layout.FURNACE_FUEL] == 0),
    (layout.FURNACE_OUTPUT, item[layout.FURNACE_OUTPUT] == 0),
  ):
    if not is_right:
      return Intent(CLICK_LEFT, target=slot)
  if not has_input:
    return _first(view, is_input)
  if not has_fuel:
    return _first(view, ITEMS.fuel_ticks > 0)
  return IDLE


def _first(view: Snapshot, is_wanted: np.ndarray) -> Intent:
  """A left click on the first slot with a wanted item, bool[items]; coal before other fuels."""
  slots = [slot for slot in STORE if is_wanted[view.slot_item[slot]]]
  if not slots:
    return IDLE
  coal = ITEMS.index["coal"]
  return Intent(CLICK_LEFT, target=min(slots, key=lambda slot: view.slot_item[slot] != coal))
