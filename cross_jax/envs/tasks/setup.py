"""What a fresh world needs to know about a task: small arrays, so that reset can be vmapped."""

from typing import NamedTuple

import numpy as np

STAT_MINE_BLOCK, STAT_KILL_ENTITY, STAT_CRAFT_ITEM, STAT_INTERACT = 0, 1, 2, 3
NUM_DISTRACTOR_BLOCKS = 4
NUM_DISTRACTOR_MOBS = 3


class TaskSetup(NamedTuple):
  """One episode of a task; rows of tables.py, slots of layout.py."""

  goal_stat: np.ndarray  # int32[], STAT_*: the family of counts in state.Stats that has the goal
  goal_index: np.ndarray  # int32[], row of BLOCKS, MOBS or ITEMS; success when that count rises
  target_block: np.ndarray  # int32[], row of BLOCKS to put within reach of a walk, 0 = none
  mob_kind: np.ndarray  # int32[], row of MOBS to put near the player, 0 = none
  num_mobs: np.ndarray  # int32[], 0..2
  needs_water: np.ndarray  # bool[], the mob or block lives in water
  is_night: np.ndarray  # bool[]
  gui: np.ndarray  # int32[], layout.GUI_* that is open at the start
  item: np.ndarray  # int32[NUM_SLOTS], row of ITEMS per slot, 0 = empty
  count: np.ndarray  # int32[NUM_SLOTS], 0 iff empty
  distractor_block: np.ndarray  # int32[4], rows of BLOCKS to scatter, 0 = none
  distractor_mob: np.ndarray  # int32[3], rows of MOBS to scatter, 0 = none
  biome: np.ndarray  # int32[], row of voxel.biomes.BIOMES, 0 = plains or sands, by the seed
  seed: np.ndarray  # uint32[], of the world and the spawn
