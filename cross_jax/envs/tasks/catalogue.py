"""The catalogue of tasks: the official names as rows, and which of them this world can stage."""

import difflib
import functools
import json
import re
from importlib import resources
from typing import Any, NamedTuple

import numpy as np

from cross_jax.envs.tasks.pools import FIRST_TASKS
from cross_jax.envs.tasks.setup import STAT_CRAFT_ITEM, STAT_KILL_ENTITY, STAT_MINE_BLOCK
from cross_jax.envs.voxel import layout
from cross_jax.envs.voxel.tables import BLOCKS, ITEMS, MOBS, RECIPES

FAMILIES = ("mine_block", "kill_entity", "craft_item", "smelt_item", "interact")
LIMIT_TICKS = 600
BARE_HAND = "air"


class Ingredient(NamedTuple):
  """A stack that an episode starts with."""

  item: int  # row of ITEMS
  min_count: int
  slot: int  # 0..35, or -1 for any


class Task(NamedTuple):
  """A task as data."""

  name: str  # official, 'mine_block:oak_log'; smelting is named 'craft_item:...'
  family: str  # one of FAMILIES
  goal_name: str  # block, mob or item of minecraft-data
  goal_stat: int  # setup.STAT_*
  goal_index: int  # row of BLOCKS, MOBS or ITEMS
  recipe: int  # row of RECIPES that the starting items allow, -1 if not crafting
  tools: tuple[int, ...]  # rows of ITEMS, 0 = bare hand; one is drawn; () for crafting and smelting
  ingredients: tuple[Ingredient, ...]
  gui: int  # layout.GUI_*, open at the start
  needs_water: bool
  is_night: bool
  is_in_domain: bool  # one of the 30 that reinforcement learning trains on
  limit_ticks: int


@functools.cache
def _official() -> dict[str, dict[str, Any]]:
  file = resources.files("cross_jax.envs.tasks") / "data" / "official_tasks.jsonl"
  rows: dict[str, dict[str, Any]] = {}
  for line in file.read_text().splitlines():
    row = json.loads(line)
    rows.setdefault(row["name"], row)  # of two entries of a name the first counts, as officially
  return rows


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


def _missing(row: dict[str, Any], goal: str) -> str | None:
  """Why this world can't stage an official row, or None."""
  family = row["family"]
  index = {"mine_block": BLOCKS.index, "kill_entity": MOBS.index}.get(family, ITEMS.index)
  if family == "interact":
    return "its family isn't in the voxel world"
  wanted = [t for t in row.get("tool", ()) if t] + [
    i["type"] for i in row.get("init_inventory", ())
  ]
  absent = [name for name in wanted if name not in ITEMS.index]
  if goal not in index or absent:
    return f"{', '.join(absent) or goal} isn't in the voxel world's tables"
  if family == "mine_block" and not any(_can_harvest(goal, tool) for tool in row["tool"]):
    return f"{' or '.join(row['tool'])} can't harvest {goal}: mine_block would never count it"
  return None


def _can_harvest(block: str, tool: str) -> bool:
  row, item = BLOCKS.index[block], ITEMS.index.get(tool, 0)
  is_right = ITEMS.tool[item] == BLOCKS.tool[row] and ITEMS.tier[item] >= BLOCKS.min_tier[row]
  return bool(BLOCKS.min_tier[row] == 0 or is_right)


def _task(row: dict[str, Any]) -> Task | str:
  """The task, or why this world can't stage it."""
  family, goal = row["family"], re.split("[ :]", row["name"])[-1]
  if reason := _missing(row, goal):
    return reason
  if row["name"] not in FIRST_TASKS:
    return "the world's rules don't cover it yet"
  ingredients = tuple(_ingredient(entry) for entry in row.get("init_inventory", ()))
  stat, index, gui, recipe = STAT_CRAFT_ITEM, ITEMS.index, layout.GUI_NONE, -1
  if family == "mine_block":
    stat, index = STAT_MINE_BLOCK, BLOCKS.index
  elif family == "kill_entity":
    stat, index = STAT_KILL_ENTITY, MOBS.index
  elif row.get("need_furnace"):
    gui = layout.GUI_FURNACE
    if ITEMS.smelts_to[ingredients[0].item] != ITEMS.index[goal]:
      return f"{ITEMS.names[ingredients[0].item]} doesn't smelt to {goal}"
  else:
    table = row.get("need_crafting_table", False)
    gui = layout.GUI_CRAFTING_TABLE if table else layout.GUI_INVENTORY
    counts = np.zeros(len(ITEMS.names), np.int32)
    for item, min_count, _ in ingredients:
      counts[item] += min_count
    recipe = find_recipe(ITEMS.index[goal], counts, gui)
    if recipe < 0:
      return f"no recipe makes {goal} of its starting items"
  tools = [tool for tool in row.get("tool", ()) if tool]
  return Task(
    name=row["name"],
    family=family,
    goal_name=goal,
    goal_stat=stat,
    goal_index=index[goal],
    recipe=recipe,
    tools=tuple(0 if tool == BARE_HAND else ITEMS.index[tool] for tool in tools),
    ingredients=ingredients,
    gui=gui,
    needs_water="water" in row.get("label", ()),
    is_night="/time set night" in row.get("commands", ()),
    is_in_domain=row["rl_train"],
    limit_ticks=LIMIT_TICKS,
  )


@functools.cache
def _supported() -> dict[str, Task]:
  tasks = {name: _task(row) for name, row in _official().items()}
  return {name: task for name, task in tasks.items() if isinstance(task, Task)}


def official_names() -> tuple[str, ...]:
  """All task names of the official catalogue, without repeats, in its order."""
  return tuple(_official())


def get(name: str) -> Task:
  """The task of that name.

  Raises:
    ValueError: the name isn't official, or this world lacks something that the task needs.
  """
  task = _supported().get(name)
  if task is not None:
    return task
  if name in _official():
    reason = _task(_official()[name])
    raise ValueError(f"task {name!r} can't be staged: {reason}; list_tasks() has those that can")
  close = difflib.get_close_matches(name, _supported(), n=3)
  hint = f"did you mean {', '.join(map(repr, close))}?" if close else "list_tasks() has them all"
  raise ValueError(f"unknown task {name!r}: {hint}")


def list_tasks(family: str | None = None, is_in_domain: bool | None = None) -> tuple[str, ...]:
  """Names of the tasks that this world stages, in the official order.

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
    for name, task in _supported().items()
    if family in (None, task.family) and is_in_domain in (None, task.is_in_domain)
  )


IN_DOMAIN = list_tasks(is_in_domain=True)
