"""From (task, seed) to the TaskSetup of one episode."""

import operator
import zlib
from typing import SupportsIndex

import numpy as np

from cross_jax.envs.tasks import difficulty as levels
from cross_jax.envs.tasks.adjustments import can_harvest, fitting_tool
from cross_jax.envs.tasks.catalogue import Ingredient, Task, get
from cross_jax.envs.tasks.pools import FIRST_TASKS, IN_PAIRS, SCENERY, SPARE_ITEMS
from cross_jax.envs.tasks.setup import (
  NUM_DISTRACTOR_BLOCKS,
  NUM_DISTRACTOR_MOBS,
  STAT_KILL_ENTITY,
  STAT_MINE_BLOCK,
  TaskSetup,
)
from cross_jax.envs.voxel.content.tables import ITEMS
from cross_jax.envs.voxel.gui import layout

MAX_SEED = 2**32 - 1
MAX_EXTRA = 3  # items of an ingredient beyond its least number
MAX_DISTRACTOR_ITEMS = 2


def check_seed(seed: SupportsIndex) -> int:
  """The seed of a world as a Python int.

  Raises:
    ValueError: it is not an integer, or not 0..MAX_SEED.
  """
  try:
    number = int(operator.index(seed))  # True, too, becomes a number
  except TypeError:
    raise ValueError(f"seed {seed!r}: must be an integer 0..{MAX_SEED}") from None
  if not 0 <= number <= MAX_SEED:
    raise ValueError(f"seed {number}: must be 0..{MAX_SEED}; take it modulo {MAX_SEED + 1}")
  return number


def setup_row(task: str, seed: int, difficulty: str | None = None) -> TaskSetup:
  """The set-up of one episode: a function of the task's name, the seed and the difficulty alone.

  Mining and killing: one of the official tools in hotbar slot 0, and blocks to scatter; a tool that
  harvests beside it where the official one can't. Crafting and smelting: the official starting
  items, up to MAX_EXTRA more of each, at random slots, with 0 to MAX_DISTRACTOR_ITEMS other stacks,
  and the GUI open. Passive mobs of the tasks that were staged first come alone or as two.

  Args:
    task: a name of the catalogue.
    seed: 0..2**32 - 1.
    difficulty: 'zero', 'normal' or 'hard', the official levels (difficulty.py): the same world
      with the official inventory, up to full stacks, and one mob. None: this project's own.
  Returns:
    TaskSetup of NumPy arrays.
  Raises:
    ValueError: unknown task or difficulty, or a seed that is no integer or out of range.
  """
  row = get(task)
  levels.check_difficulty(difficulty)
  seed = check_seed(seed)
  rng = np.random.default_rng([zlib.crc32(row.name.encode()), seed])
  more_rng = np.random.default_rng([zlib.crc32(row.name.encode()), seed, 2])
  biome = row.biomes[int(more_rng.integers(len(row.biomes)))]
  item, count = np.zeros((2, layout.NUM_SLOTS), np.int32)
  others = np.zeros(NUM_DISTRACTOR_MOBS, np.int32)
  distractors = np.zeros(NUM_DISTRACTOR_BLOCKS, np.int32)
  if row.tools:
    _put_tool(row, row.tools[rng.integers(len(row.tools))], item, count)
    goal = row.goal_index if row.goal_stat == STAT_MINE_BLOCK else 0
    distractors[:] = rng.choice(SCENERY[SCENERY != goal], NUM_DISTRACTOR_BLOCKS, replace=False)
  else:
    _put_stacks(row, rng, item, count)
  num_mobs = 0
  if row.goal_stat == STAT_KILL_ENTITY:
    num_mobs = int(rng.integers(1, 3)) if _comes_in_pairs(row) else 1
  world_seed = rng.integers(2**32)
  if difficulty is not None:
    level = levels.LEVELS[difficulty]
    item, count = _official_inventory(row, more_rng, level)
    num_mobs = min(num_mobs, 1)
    goal_mob = row.goal_index if row.goal_stat == STAT_KILL_ENTITY else 0
    others = levels.other_mobs(more_rng, level, goal_mob)
  return TaskSetup(
    goal_stat=np.int32(row.goal_stat),
    goal_index=np.int32(row.goal_index),
    target_block=np.int32(row.goal_index if row.family in ("mine_block", "interact") else 0),
    mob_kind=np.int32(row.goal_index if row.goal_stat == STAT_KILL_ENTITY else 0),
    num_mobs=np.int32(num_mobs),
    needs_water=np.bool_(row.needs_water),
    is_night=np.bool_(row.is_night),
    gui=np.int32(row.gui),
    item=item,
    count=count,
    distractor_block=distractors,
    distractor_mob=others,
    biome=np.int32(biome),
    seed=np.uint32(world_seed),
  )


def _comes_in_pairs(task: Task) -> bool:
  return task.name in FIRST_TASKS and task.goal_name in IN_PAIRS


def _put_tool(
  task: Task, tool: int, item: np.ndarray, count: np.ndarray, slot: int = layout.HOTBAR
) -> None:
  """The tool in its hotbar slot, and in the next one what harvests if it can't."""
  stacks = [tool]
  if task.goal_stat == STAT_MINE_BLOCK and not can_harvest(task.goal_index, tool):
    stacks.append(fitting_tool(task.goal_index))
  for i, kind in enumerate(stacks):
    at = layout.HOTBAR + (slot + i) % layout.NUM_HOTBAR
    item[at], count[at] = kind, kind > 0


def _put_stacks(task: Task, rng: np.random.Generator, item: np.ndarray, count: np.ndarray) -> None:
  """Ingredients at random slots with a few more than the least number, then distractor items."""
  stacks = (*task.ingredients, *task.beside)
  free = list(rng.permutation([s for s in range(layout.FEET) if s not in _fixed_slots(task)]))
  for ingredient in stacks:
    slot = ingredient.slot if ingredient.slot >= 0 else free.pop()
    most = min(ingredient.min_count + MAX_EXTRA, int(ITEMS.stack_size[ingredient.item]))
    item[slot] = ingredient.item
    count[slot] = rng.integers(ingredient.min_count, max(most, ingredient.min_count) + 1)
  used = {task.goal_index, *(i.item for i in stacks)}
  others = [i for i in SPARE_ITEMS if i not in used]
  for other in rng.choice(others, rng.integers(MAX_DISTRACTOR_ITEMS + 1), replace=False):
    slot = free.pop()
    item[slot] = other
    count[slot] = rng.integers(1, min(MAX_EXTRA, int(ITEMS.stack_size[other])) + 1)


def _fixed_slots(task: Task) -> set[int]:
  return {stack.slot for stack in (*task.ingredients, *task.beside)}


def _official_inventory(
  task: Task, rng: np.random.Generator, level: levels.Level
) -> tuple[np.ndarray, np.ndarray]:
  """(item, count) int32[NUM_SLOTS] of an official level; see difficulty.py."""
  item, count = np.zeros((2, layout.NUM_SLOTS), np.int32)
  if task.tools:
    tools = [*task.tools, *((0,) if task.may_lack_tool and level.may_lack_tool else ())]
    slot = int(rng.integers(layout.NUM_HOTBAR)) if level.is_tool_anywhere else 0
    _put_tool(task, tools[int(rng.integers(len(tools)))], item, count, slot)
  # slot 0 stays free for the table, the furnace and the hand that reaches for a block
  is_hand_free = task.gui in (layout.GUI_CRAFTING_TABLE, layout.GUI_FURNACE) or not (
    task.tools or task.ingredients
  )
  first = 1 if is_hand_free else 0
  taken = _fixed_slots(task) | set(np.flatnonzero(item))
  free = list(rng.permutation([s for s in range(first, layout.FEET) if s not in taken]))
  for stack in (*task.ingredients, *task.beside):
    slot = stack.slot if stack.slot >= 0 else free.pop()
    item[slot], count[slot] = stack.item, _official_count(rng, stack)
  levels.fill_inventory(rng, free, level.stacks, item, count)
  levels.wear(rng, levels.MAX_PIECES if task.tools else level.pieces, item, count)
  return item, count


def _official_count(rng: np.random.Generator, stack: Ingredient) -> int:
  """Any number from the least to a full stack."""
  most = int(ITEMS.stack_size[stack.item])
  return int(rng.integers(stack.min_count, max(most, stack.min_count) + 1))
