"""From (task, seed) to the TaskSetup of one episode."""

import zlib

import numpy as np

from cross_jax.envs.tasks.catalogue import Task, get
from cross_jax.envs.tasks.pools import SCENERY, SPARE_ITEMS
from cross_jax.envs.tasks.setup import (
  NUM_DISTRACTOR_BLOCKS,
  STAT_KILL_ENTITY,
  STAT_MINE_BLOCK,
  TaskSetup,
)
from cross_jax.envs.voxel import layout
from cross_jax.envs.voxel.tables import HOSTILE, ITEMS, MOBS, NEUTRAL

MAX_SEED = 2**32 - 1
MAX_EXTRA = 3  # items of an ingredient beyond its least number
MAX_DISTRACTOR_ITEMS = 2


def _put_stacks(task: Task, rng: np.random.Generator, item: np.ndarray, count: np.ndarray) -> None:
  """Ingredients at random slots with a few more than the least number, then distractor items."""
  free = list(rng.permutation([s for s in range(layout.FEET) if s not in _fixed_slots(task)]))
  for ingredient in task.ingredients:
    slot = ingredient.slot if ingredient.slot >= 0 else free.pop()
    most = min(ingredient.min_count + MAX_EXTRA, int(ITEMS.stack_size[ingredient.item]))
    item[slot] = ingredient.item
    count[slot] = rng.integers(ingredient.min_count, max(most, ingredient.min_count) + 1)
  used = {0, task.goal_index, *(i.item for i in task.ingredients)}
  others = [i for i in SPARE_ITEMS if i not in used]
  for other in rng.choice(others, rng.integers(MAX_DISTRACTOR_ITEMS + 1), replace=False):
    slot = free.pop()
    item[slot] = other
    count[slot] = rng.integers(1, min(MAX_EXTRA, int(ITEMS.stack_size[other])) + 1)


def _fixed_slots(task: Task) -> set[int]:
  return {ingredient.slot for ingredient in task.ingredients}


def setup_row(task: str, seed: int) -> TaskSetup:
  """The set-up of one episode: a function of the task's name and the seed alone.

  Mining and killing: one of the official tools in hotbar slot 0, and blocks to scatter. Crafting
  and smelting: the official starting items, up to MAX_EXTRA more of each, at random slots, with 0
  to MAX_DISTRACTOR_ITEMS other stacks, and the GUI open. Passive mobs come alone or as two.

  Args:
    task: a name of the catalogue.
    seed: 0..2**32 - 1.
  Returns:
    TaskSetup of NumPy arrays.
  Raises:
    ValueError: unknown task, or seed out of range.
  """
  row = get(task)
  if not 0 <= seed <= MAX_SEED:
    raise ValueError(f"seed {seed}: must be 0..{MAX_SEED}; take it modulo {MAX_SEED + 1}")
  rng = np.random.default_rng([zlib.crc32(task.encode()), seed])
  item, count = np.zeros((2, layout.NUM_SLOTS), np.int32)
  distractors = np.zeros(NUM_DISTRACTOR_BLOCKS, np.int32)
  target_block = mob_kind = num_mobs = 0
  if row.tools:
    item[layout.HOTBAR] = row.tools[rng.integers(len(row.tools))]
    count[layout.HOTBAR] = item[layout.HOTBAR] > 0
    choices = SCENERY[SCENERY != (row.goal_index if row.goal_stat == STAT_MINE_BLOCK else 0)]
    distractors[:] = rng.choice(choices, NUM_DISTRACTOR_BLOCKS, replace=False)
  else:
    _put_stacks(row, rng, item, count)
  if row.goal_stat == STAT_MINE_BLOCK:
    target_block = row.goal_index
  if row.goal_stat == STAT_KILL_ENTITY:
    mob_kind = row.goal_index
    num_mobs = 1 if MOBS.behavior[mob_kind] in (HOSTILE, NEUTRAL) else rng.integers(1, 3)
  return TaskSetup(
    goal_stat=np.int32(row.goal_stat),
    goal_index=np.int32(row.goal_index),
    target_block=np.int32(target_block),
    mob_kind=np.int32(mob_kind),
    num_mobs=np.int32(num_mobs),
    needs_water=np.bool_(row.needs_water),
    is_night=np.bool_(row.is_night),
    gui=np.int32(row.gui),
    item=item,
    count=count,
    distractor_block=distractors,
    seed=np.uint32(rng.integers(2**32)),
  )
