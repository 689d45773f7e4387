"""Crafting and smelting tasks are won by clicking, from their own set-ups."""

import jax
import numpy as np
import pytest
from gui_driver import crafted, make_state, press, stacks, tick_furnace

from cross_jax.envs import tasks
from cross_jax.envs.voxel.content.tables import ITEMS, RECIPES
from cross_jax.envs.voxel.gui import layout, slot_rules
from cross_jax.envs.voxel.gui.furnaces import COOK_TICKS

_NUM_TICKS = int(COOK_TICKS[layout.GUI_FURNACE])
_cook = jax.jit(lambda s: jax.lax.fori_loop(0, _NUM_TICKS, lambda _, x: tick_furnace(x), s))
SEED = 1_000_000


def _start(name):
  setup = tasks.setup_row(name, SEED)
  full = np.flatnonzero(setup.count)
  carried = {int(s): (ITEMS.names[setup.item[s]], int(setup.count[s])) for s in full}
  return make_state(int(setup.gui), carried), setup


@pytest.mark.parametrize("name", tasks.list_tasks("craft_item")[::5])  # all: tasks --check
def test_crafting_task_by_clicks(name):
  state, setup = _start(name)
  recipe = tasks.get(name).recipe
  cells = RECIPES.grid[recipe]
  for item in np.unique(cells[cells > 0]):
    to_fill = [int(cell) for cell in np.flatnonzero(cells == item)]
    for slot in (int(slot) for slot in np.flatnonzero(setup.item == item)):
      state = press(state, slot, "attack")
      here, to_fill = to_fill[: setup.count[slot]], to_fill[setup.count[slot] :]
      for cell in here:
        state = press(state, layout.CRAFT + cell, "use")
      if layout.HELD in stacks(state):
        state = press(state, slot, "attack")
      if not to_fill:
        break
  state = press(state, layout.CRAFT_RESULT, "attack")
  goal = tasks.get(name).goal_name
  assert crafted(state) == {goal: int(RECIPES.out_count[recipe])}
  before = np.bincount(setup.item, setup.count, len(ITEMS.names)).astype(int)
  before -= np.bincount(cells, minlength=len(ITEMS.names))
  before += np.bincount(slot_rules.REMAINDER[cells], minlength=len(ITEMS.names))
  after = {item: 0 for item, _ in stacks(state).values()}
  for slot, (item, count) in stacks(state).items():
    after[item] += count if slot != layout.CRAFT_RESULT else 0
  after.pop(goal)
  assert {k: v for k, v in after.items() if v} == {
    ITEMS.names[i]: n for i, n in enumerate(before) if i and n
  }


@pytest.mark.parametrize("name", tasks.list_tasks("smelt_item")[::3])
def test_smelting_task_by_clicks(name):
  state, setup = _start(name)
  for ingredient in tasks.get(name).ingredients:
    slot = int(np.flatnonzero(setup.item == ingredient.item)[0])
    state = press(state, slot, "sneak", "attack")
  state = press(_cook(state), layout.FURNACE_OUTPUT, "attack")
  assert crafted(state) == {tasks.get(name).goal_name: 1}
