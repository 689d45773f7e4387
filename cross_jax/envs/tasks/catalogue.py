"""The catalogue of tasks: every official row as this world stages it."""

import difflib
import functools
import re
from typing import Any, NamedTuple

import numpy as np

from cross_jax.envs.tasks import official
from cross_jax.envs.tasks.adjustments import BESIDE, NIGHT, note_of, tool_note
from cross_jax.envs.tasks.habitats import biomes_of, needs_water
from cross_jax.envs.tasks.setup import (
  STAT_CRAFT_ITEM,
  STAT_INTERACT,
  STAT_KILL_ENTITY,
  STAT_MINE_BLOCK,
)
from cross_jax.envs.voxel.content.tables import BLOCKS, ITEMS, MOBS, RECIPES
from cross_jax.envs.voxel.gui import layout

FAMILIES = ("mine_block", "kill_entity", "craft_item", "smelt_item", "interact")
LIMIT_TICKS = 600
BARE_HAND = ("air", "")
_STATS = {
  "mine_block": (STAT_MINE_BLOCK, BLOCKS),
  "kill_entity": (STAT_KILL_ENTITY, MOBS),
  "craft_item": (STAT_CRAFT_ITEM, ITEMS),
  "smelt_item": (STAT_CRAFT_ITEM, ITEMS),
  "interact": (STAT_INTERACT, BLOCKS),
}


class Ingredient(NamedTuple):
  """A stack that an episode starts with."""

  item: int  # row of ITEMS
  min_count: int
  slot: int  # 0..35, or -1 for any


class Task(NamedTuple):
  """A task as data."""

  name: str  # 'mine_block:oak_log'; smelting is named 'craft_item:...' unless crafting has the name
  family: str  # one of FAMILIES
  goal_name: str  # block, mob or item of minecraft-data
  goal_stat: int  # setup.STAT_*
  goal_index: int  # row of BLOCKS, MOBS or ITEMS
  recipe: int  # row of RECIPES that the starting items allow, -1 if not crafting
  tools: tuple[int, ...]  # rows of ITEMS, 0 = bare hand; one is drawn; () for crafting and smelting
  may_lack_tool: bool  # the official list also has '', which counts above difficulty zero
  ingredients: tuple[Ingredient, ...]
  beside: tuple[Ingredient, ...]  # what this world adds, see adjustments.py
  gui: int  # layout.GUI_*, open at the start
  needs_water: bool
  is_night: bool
  biomes: tuple[int, ...]  # rows of voxel.biomes.BIOMES, one is drawn; (0,): plains or sands
  is_in_domain: bool  # one of the 30 that reinforcement learning trains on
  limit_ticks: int
  note: str  # how it differs from the official row, '' if it doesn't


def _ingredient(entry: dict[str, Any]) -> Ingredient:
  sign, number = re.fullmatch(r"(>=?)(\d+)", entry["quantity"]).groups()
  slot = -1 if entry["slot"] == "random" else int(entry["slot"])
  return Ingredient(ITEMS.index[entry["type"]], int(number) + (sign == ">"), slot)


def find_recipe(goal: int, counts: np.ndarray, gui: int) -> int:
  """The first recipe of an item that the given items and the GUI's grid allow.

  Args:
    goal: row of ITEMS.
    counts: int32[num_items], what there is of each.
    gui: layout.GUI_INVENTORY (2x2) or GUI_CRAFTING_TABLE (3x3).
  Returns:
    Row of RECIPES, or -1.
  """
  shown = layout.SLOT_XY[gui, layout.CRAFT : layout.CRAFT + 9, 0] != layout.HIDDEN
  for row in np.flatnonzero(RECIPES.out_item == goal):
    cells = RECIPES.grid[row]
    needed = np.bincount(cells[cells > 0], minlength=len(ITEMS.names))
    if np.all(shown[cells > 0]) and np.all(needed <= counts):
      return int(row)
  return -1


def _recipe(goal: int, stacks: tuple[Ingredient, ...], gui: int) -> int:
  counts = np.zeros(len(ITEMS.names), np.int32)
  for item, min_count, _ in stacks:
    counts[item] += min_count
  return find_recipe(goal, counts, gui)


def _gui(row: dict[str, Any]) -> int:
  if row.get("need_furnace"):
    return layout.GUI_FURNACE
  if "goal" not in row:
    return layout.GUI_NONE
  return layout.GUI_CRAFTING_TABLE if row.get("need_crafting_table") else layout.GUI_INVENTORY


def _task(name: str, row: dict[str, Any]) -> Task:
  family, goal = row["family"], official.goal_of(row)
  stat, table = _STATS[family]
  index, gui = table.index[goal], _gui(row)
  ingredients = tuple(_ingredient(entry) for entry in row.get("init_inventory", ()))
  stacks, note = BESIDE.get(name, ((), ""))[0], note_of(name, goal)
  slot = layout.HOTBAR if family == "interact" else -1
  beside = tuple(Ingredient(ITEMS.index[item], count, slot) for item, count in stacks)
  tools = tuple(
    0 if tool in BARE_HAND else ITEMS.index[tool] for tool in row.get("tool", ()) if tool
  )
  if family == "mine_block":
    note = "; ".join(filter(None, (note, tool_note(index, tools))))
  return Task(
    name=name,
    family=family,
    goal_name=goal,
    goal_stat=stat,
    goal_index=index,
    recipe=_recipe(index, ingredients + beside, gui) if family == "craft_item" else -1,
    tools=tools,
    may_lack_tool="" in row.get("tool", ()),
    ingredients=ingredients,
    beside=beside,
    gui=gui,
    needs_water=needs_water(family, goal, row.get("label", ())),
    is_night="/time set night" in row.get("commands", ()) or name in NIGHT,
    biomes=biomes_of(name, family, goal),
    is_in_domain=row["rl_train"],
    limit_ticks=LIMIT_TICKS,
    note=note,
  )


@functools.cache
def _tasks() -> dict[str, Task]:
  return {name: _task(name, row) for name, row in official.rows().items()}


def official_names() -> tuple[str, ...]:
  """All task names of the official catalogue, without repeats, in its order: 813."""
  return official.names()


def get(name: str, family: str | None = None) -> Task:
  """The task of that name.

  Ten names stand for a crafting and a smelting task. 'craft_item:coal' crafts, as officially;
  'smelt_item:coal', or family 'smelt_item', is the one that smelts.

  Args:
    name: one of `list_tasks()`; 'smelt_item:X' also stands for a smelting 'craft_item:X'.
    family: one of FAMILIES that the task must belong to, or None for any.
  Raises:
    ValueError: no such task, or not in that family.
  """
  if family is not None and family not in FAMILIES:
    raise ValueError(f"unknown family {family!r}: one of {', '.join(FAMILIES)}")
  if not isinstance(name, str):
    raise ValueError(f"task {name!r}: must be a name; list_tasks() has them all")
  task = _tasks().get(official.canonical(name, family))
  if task is None:
    close = difflib.get_close_matches(name, _tasks(), n=3)
    hint = f"did you mean {', '.join(map(repr, close))}?" if close else "list_tasks() has them all"
    raise ValueError(f"unknown task {name!r}: {hint}")
  if family not in (None, task.family):
    raise ValueError(f"task {name!r} belongs to {task.family}, not to {family}: leave family out")
  return task


def list_tasks(family: str | None = None, is_in_domain: bool | None = None) -> tuple[str, ...]:
  """Names of the tasks in the official order: 823, of which ten are named 'smelt_item:...'.

  Args:
    family: one of FAMILIES, or None for all.
    is_in_domain: only the 30 training tasks, only the others, or (None) all.
  Raises:
    ValueError: unknown family.
  """
  if family is not None and family not in FAMILIES:
    raise ValueError(f"unknown family {family!r}: one of {', '.join(FAMILIES)}")
  return tuple(
    name
    for name, task in _tasks().items()
    if family in (None, task.family) and is_in_domain in (None, task.is_in_domain)
  )


IN_DOMAIN = list_tasks(is_in_domain=True)
