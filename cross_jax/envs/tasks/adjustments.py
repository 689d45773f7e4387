"""What this world adds so that every official row can be won, each with its reason.

Four kinds: names that the game doesn't have (official.ALIASES), night for a mob that would burn, an
item that the recipe or the statistic needs and the official inventory lacks, and a tool that
harvests. In Minecraft 1.16 a broken block counts in mine_block only if the tool in hand can harvest
it, so with an axe alone 'mine_block:bricks' could never be won: the official tool stays, a fitting
one lies beside it.
"""

from collections.abc import Sequence

import numpy as np

from cross_jax.envs.tasks.official import ALIASES
from cross_jax.envs.voxel.content.tables import BLOCKS, ITEMS

# row name -> ((item, count), ...) found in the inventory beside the official stacks, and why
BESIDE = {
  "craft_item:fire_charge": ((("coal", 1),), "its recipe takes coal or charcoal"),
  "craft_item:quartz_slab": ((("quartz_block", 3),), "its recipe takes blocks of quartz"),
  "craft_item:quartz_stairs": ((("quartz_block", 6),), "its recipe takes blocks of quartz"),
  "craft_item:oak_planks": ((("oak_log", 1),), "its recipe takes oak logs"),
  "custom:interact_with_campfire": (
    (("porkchop", 1),), "a campfire counts only when raw food is put on it"
  ),
}  # fmt: skip
NIGHT = {"kill_entity:phantom": "night, as it burns by day and then counts for nobody"}
_MATERIALS = ("iron", "diamond", "stone", "wooden")


def can_harvest(block: int, item: int) -> bool:
  """Whether breaking a row of BLOCKS with a row of ITEMS (0: the bare hand) counts and drops."""
  is_right = ITEMS.tool[item] == BLOCKS.tool[block] and ITEMS.tier[item] >= BLOCKS.min_tier[block]
  return bool(BLOCKS.min_tier[block] == 0 or is_right)


def fitting_tool(block: int) -> int:
  """The row of ITEMS of an everyday tool that harvests a block: iron if that will do."""
  fits = [row for row in np.flatnonzero(ITEMS.tool > 0) if can_harvest(block, int(row))]
  rank = {material: i for i, material in enumerate(_MATERIALS)}
  order = lambda row: rank.get(ITEMS.names[row].split("_")[0], len(rank))
  return int(min(fits, key=order))


def tool_note(block: int, tools: Sequence[int]) -> str:
  """Which of a mining task's tools (rows of ITEMS) can't harvest, and what lies beside; or ''."""
  unfit = [tool for tool in tools if not can_harvest(block, tool)]
  names = ["the bare hand" if tool == 0 else ITEMS.names[tool] for tool in unfit]
  if not names:
    return ""
  fitting = ITEMS.names[fitting_tool(block)]
  return f"broken with {' or '.join(names)} it would not count: {fitting} lies beside"


def note_of(row_name: str, goal: str) -> str:
  """Why a task differs from its official row, '' if not; tools aside."""
  official = row_name.split(":")[-1].removeprefix("interact_with_")
  if official == "cracked_stone_bricks_stairs":
    return "the game has no such block: stone_brick_stairs instead"
  if official in ALIASES and goal == ALIASES[official]:
    return f"the game calls {official} {goal}"
  return BESIDE[row_name][1] if row_name in BESIDE else NIGHT.get(row_name, "")
