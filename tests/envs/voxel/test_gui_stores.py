"""Blocks that keep items: furnaces that burn on, chests, and what a broken one leaves."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from gui_driver import (
  CELL,
  OTHER_CELL,
  lying,
  make_state,
  open_gui,
  press,
  stacks,
  tick,
  tick_furnace,
)

from cross_jax.envs.voxel.content.tables import BLOCKS, ITEMS
from cross_jax.envs.voxel.gui import gui, layout
from cross_jax.envs.voxel.gui.layout import FURNACE_FUEL, FURNACE_INPUT, FURNACE_OUTPUT
from cross_jax.envs.voxel.state import MAX_STORES

_open_at_start = jax.jit(gui.open_at_start)


def _cook(state, ticks):
  for _ in range(ticks):
    state = tick_furnace(state)
  return state


def _fill(state, cell):
  """Puts a chest at a cell."""
  return state._replace(blocks=state.blocks.at[cell].set(BLOCKS.index["chest"]))


@pytest.mark.parametrize(
  "gui, item, product, ticks",
  [
    (layout.GUI_FURNACE, "cod", "cooked_cod", 200),
    (layout.GUI_FURNACE, "iron_ore", "iron_ingot", 200),
    (layout.GUI_SMOKER, "cod", "cooked_cod", 100),
    (layout.GUI_BLAST_FURNACE, "iron_ore", "iron_ingot", 100),
  ],
)
def test_each_furnace_cooks_in_its_time(gui, item, product, ticks):
  state = make_state(gui, {FURNACE_INPUT: (item, 2), FURNACE_FUEL: ("coal", 1)})
  state = _cook(state, ticks - 1)
  assert FURNACE_OUTPUT not in stacks(state)
  assert stacks(_cook(state, 1))[FURNACE_OUTPUT] == (product, 1)
  fire = 1600 if gui == layout.GUI_FURNACE else 800  # a coal cooks 8 items everywhere
  assert int(state.gui.burn_total) == fire


@pytest.mark.parametrize(
  "gui, item", [(layout.GUI_SMOKER, "iron_ore"), (layout.GUI_BLAST_FURNACE, "cod")]
)
def test_each_furnace_takes_only_its_own(gui, item):
  state = _cook(make_state(gui, {FURNACE_INPUT: (item, 2), FURNACE_FUEL: ("coal", 1)}), 5)
  assert stacks(state) == {FURNACE_INPUT: (item, 2), FURNACE_FUEL: ("coal", 1)}
  state = press(make_state(gui, {0: (item, 2)}), 0, "sneak", "attack")
  assert stacks(state) == {9: (item, 2)}  # no input for it: over to the main rows


def test_lava_leaves_its_bucket():
  state = make_state(
    layout.GUI_FURNACE, {FURNACE_INPUT: ("cod", 1), FURNACE_FUEL: ("lava_bucket", 1)}
  )
  state = tick_furnace(state)
  assert stacks(state)[FURNACE_FUEL] == ("bucket", 1) and int(state.gui.burn_ticks) == 20000
  state = state._replace(gui=state.gui._replace(burn_ticks=np.int32(3)))
  state = _cook(state, 5)  # the fire goes out, with food still there: the bucket is no fuel
  assert stacks(state) == {FURNACE_INPUT: ("cod", 1), FURNACE_FUEL: ("bucket", 1)}
  assert int(state.gui.burn_ticks) == 0


def test_a_furnace_burns_on_when_closed():
  state = make_state(layout.GUI_FURNACE, {FURNACE_INPUT: ("cod", 2), FURNACE_FUEL: ("coal", 1)})
  state = _cook(state, 150)
  state = tick(state, ("inventory",))
  assert stacks(state) == {} and int(state.gui.burn_ticks) == 0
  state = _cook(state, 60)
  state = open_gui(state, layout.GUI_FURNACE, CELL)
  assert stacks(state) == {FURNACE_INPUT: ("cod", 1), FURNACE_OUTPUT: ("cooked_cod", 1)}
  assert int(state.gui.cook_ticks) == 10 and int(state.gui.burn_ticks) == 1600 - 209
  assert not state.stores.kind.any()


def test_two_chests_keep_their_own():
  state = make_state(layout.GUI_CHEST, {51: ("stick", 5), 77: ("coal", 1)})
  state = tick(_fill(state, OTHER_CELL), ("ESC",))
  other = open_gui(state, layout.GUI_CHEST, OTHER_CELL)
  assert stacks(other) == {}
  state = tick(press(_put(other, 60, "flint"), 60, "hotbar.1"), ("ESC",))
  assert stacks(state) == {0: ("flint", 1)}
  state = open_gui(state, layout.GUI_CHEST, CELL)
  assert stacks(state) == {0: ("flint", 1), 51: ("stick", 5), 77: ("coal", 1)}


def _put(state, slot, name):
  slots = state.slots
  return state._replace(
    slots=slots._replace(
      item=slots.item.at[slot].set(ITEMS.index[name]), count=slots.count.at[slot].set(1)
    )
  )


def test_one_block_more_than_the_world_can_keep_does_not_open():
  state = make_state(layout.GUI_NONE, {})
  cells = [CELL + i for i in range(MAX_STORES + 1)]
  for cell in cells:
    state = _fill(state, cell)
  for cell in cells[:-1]:
    state = open_gui(state, layout.GUI_CHEST, cell)
    state = tick(tick(_put(state, 51, "flint"), ("ESC",)))
  assert int(open_gui(state, layout.GUI_CHEST, cells[-1]).gui.kind) == layout.GUI_NONE
  assert int(open_gui(state, layout.GUI_CRAFTING_TABLE, cells[-1]).gui.kind) > 0  # keeps nothing
  state = open_gui(state, layout.GUI_CHEST, cells[0])
  assert stacks(state) == {51: ("flint", 1)}
  state = tick(press(state, 51, "hotbar.1"), ("ESC",))  # an empty chest needs no room
  assert int(open_gui(state, layout.GUI_CHEST, cells[-1]).gui.kind) == layout.GUI_CHEST


def test_a_broken_chest_drops_a_stack_a_tick():
  state = make_state(layout.GUI_CHEST, {51: ("stick", 5), 60: ("coal", 2), 0: ("flint", 1)})
  state = tick(state, ("ESC",))
  state = tick_furnace(state)
  assert lying(state) == []
  state = state._replace(blocks=jnp.zeros_like(state.blocks))
  state = tick_furnace(state)
  assert lying(state) == [("stick", 5)] and int(state.stores.kind[0]) == layout.GUI_CHEST
  state = tick_furnace(tick_furnace(state))
  assert lying(state) == [("stick", 5), ("coal", 2)] and not state.stores.kind.any()
  assert stacks(state) == {0: ("flint", 1)}


def test_a_gui_at_the_start_belongs_to_the_nearest_block():
  state = _fill(make_state(layout.GUI_NONE, {}), OTHER_CELL)
  state = _fill(state, 0)  # far away, and first in order
  state = _open_at_start(state, jnp.int32(layout.GUI_CHEST))
  assert int(state.gui.cell) == OTHER_CELL and int(state.gui.kind) == layout.GUI_CHEST
  state = _open_at_start(make_state(layout.GUI_NONE, {}), jnp.int32(layout.GUI_INVENTORY))
  assert int(state.gui.cell) == -1 and int(state.gui.kind) == layout.GUI_INVENTORY
