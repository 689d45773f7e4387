"""Crafting and smelting tasks are won by clicking, from their own set-ups."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from gui_driver import crafted, make_state, press, stacks

from cross_jax.envs import tasks
from cross_jax.envs.voxel import gui, layout
from cross_jax.envs.voxel.state import Slots
from cross_jax.envs.voxel.tables import ITEMS, RECIPES

_cook = jax.jit(lambda s: jax.lax.fori_loop(0, gui.COOK_TICKS, lambda _, x: gui.tick_furnace(x), s))
SEED = 1_000_000


def _start(name):
  setup = tasks.setup_row(name, SEED)
  state = make_state(layout.GUI_NONE, {})
  state = state._replace(slots=Slots(jnp.asarray(setup.item), jnp.asarray(setup.count)))
  return gui.open_gui(state, int(setup.gui)), setup


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
