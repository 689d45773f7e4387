"""The recipe book: what it lists, and what a click on an entry lays out."""

import jax.numpy as jnp
import numpy as np
import pytest
from gui_driver import make_state, press_at, stacks, tick

from cross_jax.envs.voxel.content.tables import ITEMS, RECIPES
from cross_jax.envs.voxel.gui import furnaces, layout, recipe_book
from cross_jax.envs.voxel.gui.layout import CRAFT, CRAFT_RESULT, FURNACE_INPUT

LEFT = "attack"
SMALL = {0, 1, 3, 4}


def _opened(kind, start):
  """A GUI with its recipe book open."""
  state = make_state(kind, start)
  return press_at(state, layout.BOOK_BUTTON_XY[kind] + 5, LEFT)


def _listed(state):
  products = np.asarray(recipe_book.products(state.gui))
  return [ITEMS.names[i] for i in products if i]


def _click(state, product, *keys):
  index = np.flatnonzero(recipe_book.products(state.gui) == ITEMS.index[product])[0]
  return press_at(state, layout.BOOK_ENTRY_XY[index] + 12, *keys, LEFT)


def _makeable(start, is_small):
  """Products, from first principles: all recipes whose items are there in their numbers."""
  have = {}
  for name, count in start.values():
    have[name] = have.get(name, 0) + count
  out = set()
  for row, cells in enumerate(RECIPES.grid):
    names = [ITEMS.names[i] for i in cells[cells > 0]]
    fits = set(np.flatnonzero(cells).tolist()) <= SMALL or (
      RECIPES.is_shapeless[row] and len(names) <= 4
    )
    if (fits or not is_small) and all(have.get(n, 0) >= names.count(n) for n in names):
      out.add(int(RECIPES.out_item[row]))
  return [ITEMS.names[i] for i in sorted(out)]


def test_the_button_opens_and_shuts_the_book_and_moves_the_panel():
  state = _opened(layout.GUI_INVENTORY, {0: ("stick", 5)})
  assert bool(state.gui.is_book_open)
  moved = press_at(state, layout.SLOT_XY[layout.GUI_INVENTORY, 0] + (85, 8), LEFT)
  assert stacks(moved) == {layout.HELD: ("stick", 5)}  # the slot is 77 px to the right
  state = press_at(state, layout.BOOK_BUTTON_XY[layout.GUI_INVENTORY] + (82, 5), LEFT)
  assert not bool(state.gui.is_book_open)
  state = press_at(make_state(layout.GUI_CHEST, {}), (341, 163), LEFT)
  assert not bool(state.gui.is_book_open)  # a chest has none


@pytest.mark.parametrize("kind", [layout.GUI_INVENTORY, layout.GUI_CRAFTING_TABLE])
def test_the_list_has_every_product_once(kind):
  start = {0: ("oak_log", 1), 10: ("coal", 1), 11: ("stick", 2), 12: ("iron_ingot", 3),
           13: ("birch_planks", 4), 14: ("flint", 1)}  # fmt: skip
  state = _opened(kind, start)
  expected = _makeable(start, kind == layout.GUI_INVENTORY)
  assert len(expected) > 8 and _listed(state) == expected[:20]
  if len(expected) > 20:
    state = press_at(state, np.add(layout.PAGE_FORWARD_XY, 5), LEFT)
    assert _listed(state) == expected[20:40]
    back = press_at(state, np.add(layout.PAGE_BACK_XY, 5), LEFT)
    assert _listed(back) == expected[:20]
    again = press_at(back, np.add(layout.PAGE_BACK_XY, 5), LEFT)
    assert int(again.gui.book_page) == 0


def _page_with(number):
  """What to carry so that the furnace's book has `number` entries."""
  items = jnp.arange(len(ITEMS.names))
  smelted = np.flatnonzero(furnaces.smelts(jnp.int32(layout.GUI_FURNACE), items))
  return {slot: (ITEMS.names[item], 1) for slot, item in enumerate(smelted[:number])}


@pytest.mark.parametrize("number, pages", [(0, 1), (19, 1), (20, 1), (21, 2)])
def test_a_full_last_page_has_no_empty_one_after_it(number, pages):
  state = _opened(layout.GUI_FURNACE, _page_with(number))
  listed = _listed(state)
  assert len(listed) == min(number, 20)
  for _ in range(3):
    state = press_at(state, np.add(layout.PAGE_FORWARD_XY, 5), LEFT)
  assert int(state.gui.book_page) == pages - 1
  assert len(_listed(state)) == number - 20 * (pages - 1)
  assert pages > 1 or _listed(state) == listed


def test_a_page_that_is_empty_now_gives_way_to_the_first():
  state = _opened(layout.GUI_FURNACE, _page_with(21))
  first = _listed(state)
  state = press_at(state, np.add(layout.PAGE_FORWARD_XY, 5), LEFT)
  slots, last = state.slots, 20  # the stack of the 21st entry
  slots = slots._replace(item=slots.item.at[last].set(0), count=slots.count.at[last].set(0))
  state = tick(state._replace(slots=slots))
  assert int(state.gui.book_page) == 0 and len(_listed(state)) == 20
  assert first == _listed(state)


def test_the_list_follows_what_is_carried():
  state = _opened(layout.GUI_INVENTORY, {0: ("emerald_block", 1)})
  assert _listed(state) == ["emerald"]
  slots = state.slots._replace(item=state.slots.item * 0, count=state.slots.count * 0)
  assert _listed(tick(state._replace(slots=slots))) == []


def test_a_click_lays_out_once_and_the_next_one_more():
  state = _opened(layout.GUI_CRAFTING_TABLE, {0: ("stick", 9), 1: ("flint", 9), 2: ("feather", 2)})
  state = _click(state, "arrow")
  # a column of one is laid in the middle
  laid = {CRAFT + 1: ("flint", 1), CRAFT + 4: ("stick", 1), CRAFT + 7: ("feather", 1)}
  rest = {0: ("stick", 8), 1: ("flint", 8), 2: ("feather", 1)}
  assert stacks(state) == laid | rest | {CRAFT_RESULT: ("arrow", 4)}
  state = _click(state, "arrow")
  assert stacks(state)[CRAFT + 4] == ("stick", 2) and 2 not in stacks(state)
  state = _click(state, "arrow")  # there is no third feather: two of each stay
  assert stacks(state)[CRAFT + 7] == ("feather", 2)


def test_shift_click_lays_out_as_often_as_possible():
  start = {0: ("oak_planks", 64), 5: ("oak_planks", 10), 9: ("oak_planks", 7)}
  state = _click(_opened(layout.GUI_CRAFTING_TABLE, start), "chest", "sneak")
  # 81 planks in 8 cells: ten each, one left
  assert sum(count for slot, (_, count) in stacks(state).items() if slot < layout.FEET) == 1
  assert [stacks(state)[CRAFT + i] for i in (0, 1, 2, 3, 5, 6, 7, 8)] == [("oak_planks", 10)] * 8
  assert stacks(state)[CRAFT_RESULT] == ("chest", 1)


def test_another_recipe_puts_back_what_lies_there():
  start = {0: ("oak_planks", 8), CRAFT: ("coal", 5), 3: ("stick", 1)}
  state = _opened(layout.GUI_INVENTORY, start)
  state = _click(state, "torch")
  assert stacks(state)[CRAFT_RESULT] == ("torch", 4) and stacks(state)[CRAFT] == ("coal", 1)
  state = _click(state, "crafting_table")
  assert [stacks(state)[CRAFT + i] for i in (0, 1, 3, 4)] == [("oak_planks", 1)] * 4
  left = {stacks(state)[s] for s in stacks(state) if s < layout.FEET}
  assert left == {("oak_planks", 4), ("coal", 5), ("stick", 1)}


def test_nothing_is_laid_out_when_the_grid_cannot_be_cleared():
  full = {slot: ("cobblestone", 64) for slot in range(36)}
  state = _opened(layout.GUI_CRAFTING_TABLE, full | {CRAFT: ("stick", 5)})
  before = stacks(state)
  state = _click(state, "furnace")
  assert stacks(state) == before


def test_a_furnaces_book_lists_and_loads_what_it_smelts():
  start = {0: ("cod", 3), 1: ("iron_ore", 2), 2: ("coal", 4), 20: ("oak_log", 2)}
  state = _opened(layout.GUI_FURNACE, start)
  assert set(_listed(state)) == {"cooked_cod", "iron_ingot", "charcoal"}
  state = _click(state, "iron_ingot")
  assert stacks(state)[FURNACE_INPUT] == ("iron_ore", 1)
  state = _click(state, "iron_ingot")
  assert stacks(state)[FURNACE_INPUT] == ("iron_ore", 2)
  state = _click(state, "cooked_cod", "sneak")
  assert stacks(state)[FURNACE_INPUT] == ("cod", 3) and ("iron_ore", 2) in stacks(state).values()
  assert _listed(_opened(layout.GUI_SMOKER, start)) == ["cooked_cod"]
