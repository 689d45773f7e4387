"""What the player is told: our own phrasings of a task, one chosen by the episode's seed."""

import zlib

import numpy as np

from cross_jax.envs.tasks.catalogue import Task, get
from cross_jax.envs.tasks.pools import FIRST_TASKS
from cross_jax.envs.voxel.gui import layout

_FIRST_MINE = (
  "Mine {a_thing}.",
  "Find and break {a_thing}.",
  "Break one {block}.",
  "Walk to {a_thing} and mine it.",
)
_MINE = (
  "Mine {a_thing}.",
  "Find and break {a_thing}.",
  "Look for {a_thing} and break {it}.",
  "Walk to {a_thing} and mine {it}.",
)
_KILL = (
  "Kill {a_thing}.",
  "Hunt down {a_thing}.",
  "Attack {a_thing} until it dies.",
  "Find and defeat {a_thing}.",
)
_CRAFT = (
  "Craft {a_thing}.",
  "Make {a_thing} from your items {where}.",
  "Use your items {where} to craft {a_thing}.",
  "Lay out the recipe of {a_thing} {where} and take the result.",
)
_SMELT = (
  "Smelt {a_thing} in the furnace.",
  "Use the furnace to get {a_thing}.",
  "Put the ingredient and the fuel into the furnace and take {a_thing} out.",
  "Make {a_thing} by smelting.",
)
_INTERACT = (
  "Use the {thing}.",
  "Interact with the {thing}.",
  "Walk to the {thing} and right-click it.",
  "Go to the {thing} ahead of you and use it.",
)
_COOK = (
  "Put your raw food on the {thing}.",
  "Use the {thing} to cook your food.",
  "Walk to the {thing} and put your raw food on it.",
  "Interact with the {thing}, raw food in hand.",
)
_TEMPLATES = {
  "mine_block": _MINE, "kill_entity": _KILL, "craft_item": _CRAFT, "smelt_item": _SMELT,
  "interact": _INTERACT,
}  # fmt: skip
_WHERE = {
  layout.GUI_INVENTORY: "in the inventory grid",
  layout.GUI_CRAFTING_TABLE: "at the crafting table",
}
# things without an article, 'some paper'; the second group is spoken of as 'them'
_MASS_ENDS = (
  "dirt", "sand", "gravel", "clay", "stone", "granite", "diorite", "andesite", "glass", "obsidian",
  "netherrack", "wool", "terracotta", "cane", "grass", "paper", "steel", "meal", "dye", "coal",
  "glowstone", "bread", "leather", "beef", "chicken", "porkchop", "rabbit", "charcoal", "kelp",
  "cod", "salmon", "scrap", "wheat", "wood", "powder", "basalt", "sugar", "prismarine", "farmland",
  "bamboo", "packed ice", "blue ice", "snow", "soup", "stew", "lazuli", "cream", "quartz", "cocoa",
  "scaffolding", "tnt", "armor", "kelp plant", "hyphae", "debris",
)  # fmt: skip
_PLURAL_ENDS = (
  "leaves", "bricks", "shears", "stairs", "boots", "leggings", "seeds", "planks", "bars", "carrots",
  "potatoes",
)  # fmt: skip
_COUNTED = ("grindstone", "lodestone", "birch wood")  # in spite of their ends; the last: as it was


def readable_name(name: str) -> str:
  """'oak_log' as 'oak log'."""
  return name.replace("_", " ")


def _with_article(thing: str, is_mob: bool) -> str:
  if not is_mob and thing.endswith(_MASS_ENDS + _PLURAL_ENDS) and thing not in _COUNTED:
    return f"some {thing}"
  return f"{'an' if thing[0] in 'aeiou' else 'a'} {thing}"


def _templates(task: Task) -> tuple[str, ...]:
  if task.family == "mine_block" and task.name in FIRST_TASKS:
    return _FIRST_MINE
  is_campfire = task.family == "interact" and task.beside
  return _COOK if is_campfire else _TEMPLATES[task.family]


def instructions(task: str) -> tuple[str, ...]:
  """All phrasings of a task (its name); ValueError if it isn't in the catalogue."""
  row = get(task)
  thing = readable_name(row.goal_name)
  values = {
    "thing": thing,
    "block": thing if thing.endswith("block") else f"{thing} block",
    "a_thing": _with_article(thing, row.family == "kill_entity"),
    "it": "them" if thing.endswith(_PLURAL_ENDS) else "it",
    "where": _WHERE.get(row.gui, ""),
  }
  return tuple(template.format(**values) for template in _templates(row))


def instruction(task: str, seed: int) -> str:
  """The phrasing of one episode: a function of the task's name and the seed (any int >= 0)."""
  choices = instructions(task)
  rng = np.random.default_rng([zlib.crc32(get(task).name.encode()), seed, 1])
  return choices[int(rng.integers(len(choices)))]
