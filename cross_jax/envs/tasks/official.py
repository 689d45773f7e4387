"""The official catalogue as it is: 823 rows, 813 names, and where its names need a reading."""

import functools
import json
import re
from importlib import resources
from typing import Any

SHADOWED_PREFIX = "smelt_item:"

# Names of the official rows that Minecraft 1.16 doesn't have, and what is staged for them. The last
# of them has no counterpart in the game at all: the nearest stairs are staged.
ALIASES = {
  "brewingstand": "brewing_stand",
  "sand_stone": "sandstone",
  "sand_slab": "sandstone_slab",
  "mossy_stone_bricks_stairs": "mossy_stone_brick_stairs",
  "cracked_stone_bricks_stairs": "stone_brick_stairs",
}


@functools.cache
def rows() -> dict[str, dict[str, Any]]:
  """All 823 rows by their own name, in the official order.

  Ten names stand twice, under craft_item and under smelt_item. The official code only ever reaches
  the first, so it keeps the name; the second is called 'smelt_item:...' here.
  """
  file = resources.files("cross_jax.envs.tasks") / "data" / "official_tasks.jsonl"
  found: dict[str, dict[str, Any]] = {}
  for line in file.read_text().splitlines():
    row = json.loads(line)
    name = row["name"]
    found[smelting_name(name) if name in found else name] = row
  return found


def names() -> tuple[str, ...]:
  """The 813 official names, without repeats, in their order."""
  return tuple(name for name, row in rows().items() if name == row["name"])


def smelting_name(name: str) -> str:
  """'craft_item:coal' as 'smelt_item:coal'."""
  return SHADOWED_PREFIX + name.split(":")[-1]


def canonical(name: str, family: str | None = None) -> str:
  """The name in `rows` that a name stands for; unknown names come back as they are.

  'smelt_item:X' is the row that smelts X, whether or not a crafting row has the same official name;
  so is 'craft_item:X' with family 'smelt_item'.
  """
  if family == "smelt_item" and name.startswith("craft_item:"):
    name = smelting_name(name)
  if name.startswith(SHADOWED_PREFIX) and name not in rows():
    other = "craft_item:" + name.removeprefix(SHADOWED_PREFIX)
    if rows().get(other, {}).get("family") == "smelt_item":
      return other
  return name


def goal_of(row: dict[str, Any]) -> str:
  """The block, mob or item of minecraft-data that a row is about."""
  goal = re.split("[ :]", row["name"])[-1].removeprefix("interact_with_")
  return ALIASES.get(goal, goal)
