"""The official levels of difficulty: what else is in the inventory, and where the tool is.

Source: openagents/envs/tasks/*.py and callbacks/init_inventory.py of CraftJarvis/OpenHA. There a
level only changes the inventory:

| level | other stacks | armour and offhand, mine and kill | the others | tool |
|---|---|---|---|---|
| zero | none | 0 to 5 pieces | none | slot 0 |
| normal | 0 to 35 | 0 to 5 pieces | 0 to 5 pieces | slot 0, or the bare hand where listed |
| hard | 16 to 35 | 0 to 5 pieces | none | any hotbar slot, or the bare hand where listed |

Ours beside it: mobs that the task is not about, 0 to 2 (normal) or 1 to 3 (hard), of the passive
kinds. Deviation: stacks whose item the tables lack don't exist; the official code draws its armour
from a list of its own, ours from all items of the slot.
"""

from typing import NamedTuple

import numpy as np

from cross_jax.envs.tasks.setup import NUM_DISTRACTOR_MOBS
from cross_jax.envs.voxel.content.tables import ITEMS, MOBS, PASSIVE
from cross_jax.envs.voxel.gui import layout


class Level(NamedTuple):
  stacks: tuple[int, int]  # least and most other stacks
  pieces: int  # most of armour and offhand, crafting, smelting and interacting
  is_tool_anywhere: bool  # in the hotbar, else in its first slot
  may_lack_tool: bool  # the bare hand is drawn where the official list has ''
  mobs: tuple[int, int]  # least and most


LEVELS = {
  "zero": Level((0, 0), 0, False, False, (0, 0)),
  "normal": Level((0, 35), 5, False, True, (0, 2)),
  "hard": Level((16, 35), 0, True, True, (1, NUM_DISTRACTOR_MOBS)),
}
DIFFICULTIES = tuple(LEVELS)
MAX_PIECES = 5  # of armour and offhand, mining and killing
SINGLE_SHARE = 0.7  # of the other stacks are of one item
OFFHAND_ANY_SHARE = 0.75  # of the offhand's items are any item, the others a shield
_BY_SLOT = {layout.HEAD: 1, layout.CHEST: 2, layout.LEGS: 3, layout.FEET: 4}  # ITEMS.armor_slot
_STROLLERS = np.flatnonzero(MOBS.behavior == PASSIVE)[1:]  # without row 0


def check_difficulty(difficulty: str | None) -> None:
  """Raises ValueError unless `difficulty` is None or a key of LEVELS."""
  if difficulty is not None and difficulty not in LEVELS:
    raise ValueError(
      f"unknown difficulty {difficulty!r}: one of {', '.join(LEVELS)}, or None for this project's "
      "own set-up"
    )


def fill_inventory(
  rng: np.random.Generator, free: list[int], stacks: tuple[int, int], item: np.ndarray,
  count: np.ndarray,
) -> None:  # fmt: skip
  """Puts least..most stacks of any items into slots taken from `free`, in place."""
  for _ in range(min(int(rng.integers(stacks[0], stacks[1] + 1)), len(free))):
    slot, kind = free.pop(), int(rng.integers(1, len(ITEMS.names)))
    is_one = rng.random() < SINGLE_SHARE
    item[slot], count[slot] = kind, 1 if is_one else rng.integers(1, ITEMS.stack_size[kind] + 1)


def wear(rng: np.random.Generator, most: int, item: np.ndarray, count: np.ndarray) -> None:
  """Puts 0..most pieces into the armour and offhand slots, in place."""
  slots = rng.permutation([*_BY_SLOT, layout.OFFHAND])[: int(rng.integers(most + 1))]
  for slot in slots:
    choices = np.flatnonzero(ITEMS.armor_slot == _BY_SLOT.get(int(slot), -1))
    if slot == layout.OFFHAND:
      is_any = rng.random() < OFFHAND_ANY_SHARE
      choices = np.arange(1, len(ITEMS.names)) if is_any else [ITEMS.index["shield"]]
    item[slot], count[slot] = rng.choice(choices), 1


def other_mobs(rng: np.random.Generator, level: Level, goal_mob: int) -> np.ndarray:
  """int32[NUM_DISTRACTOR_MOBS], kinds of passive mobs beside the task's, 0 = none."""
  out = np.zeros(NUM_DISTRACTOR_MOBS, np.int32)
  number = int(rng.integers(level.mobs[0], level.mobs[1] + 1))
  out[:number] = rng.choice(_STROLLERS[_STROLLERS != goal_mob], number)
  return out
