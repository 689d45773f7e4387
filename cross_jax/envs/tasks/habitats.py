"""Where the things of a task are at home: the biomes that its worlds are drawn from."""

from collections.abc import Collection

from cross_jax.envs.tasks.pools import FIRST_TASKS
from cross_jax.envs.voxel.world.biomes import ANY, BIOMES

_MILD = ("plains", "forest", "birch_forest", "taiga", "savanna")
_FLOWERY = ("flower_forest", "plains", "forest")
_DRY = ("desert", "badlands")
# The first entry whose ending fits the goal's name counts.
_OF_BLOCK = (
  (("nether_bricks", "netherrack", "magma_block", "crying_obsidian"), ("nether_wastes",)),
  (("kelp", "kelp_plant", "sea_pickle", "prismarine_bricks"), ("ocean",)),
  (("lily_pad", "blue_orchid"), ("swamp",)),
  (("cactus", "dead_bush", "terracotta", "sandstone", "sandstone_slab", "sandstone_stairs"), _DRY),
  (("bamboo", "cocoa", "melon", "vine", "jungle_door"), ("jungle",)),
  (("snow",), ("snowy",)),
  (("mushroom_block", "mushroom_stem"), ("mushroom_fields",)),
  (("tulip", "allium", "rose_bush", "peony", "lilac", "oxeye_daisy", "lily_of_the_valley"),
   _FLOWERY),
  (("sunflower",), ("plains",)),
  (("fern", "spruce_door", "spruce_stairs", "spruce_fence", "spruce_trapdoor",
    "spruce_pressure_plate"), ("taiga",)),
  (("acacia_leaves", "acacia_stairs", "acacia_door", "acacia_slab", "acacia_pressure_plate",
    "tall_grass"), ("savanna",)),
  (("rail", "cobweb", "bell", "stone_brick_slab", "stone_brick_stairs", "mossy_stone_brick_stairs",
    "iron_bars"), ("mountains", *_MILD)),
)  # fmt: skip
_OF_MOB = {
  ("nether_wastes",): (
    "blaze", "piglin", "hoglin", "magma_cube", "piglin_brute", "wither_skeleton", "strider",
    "zombified_piglin", "ghast", "wither",
  ),
  ("the_end",): ("endermite", "shulker", "ender_dragon", "enderman"),
  ("ocean",): (
    "dolphin", "pufferfish", "turtle", "drowned", "guardian", "elder_guardian",
  ),
  ("snowy",): ("polar_bear", "stray"),
  ("mountains",): ("silverfish", "cave_spider", "bat"),
  ("plains", "savanna", "swamp"): ("phantom", "witch", "skeleton_horse"),
  ("forest", "taiga", "plains"): ("pillager", "vindicator", "evoker", "ravager", "vex", "creeper"),
}  # fmt: skip
_IN_WATER = frozenset(("kelp", "kelp_plant", "sea_pickle", "lily_pad"))
_WATER_MOBS = frozenset(("guardian", "elder_guardian"))  # without the official label


def needs_water(family: str, goal: str, labels: Collection[str]) -> bool:
  """Whether what a task is about lives in water; the official rows label most of these mobs."""
  if family == "kill_entity":
    return "water" in labels or goal in _WATER_MOBS
  return family == "mine_block" and goal in _IN_WATER


def biomes_of(name: str, family: str, goal: str) -> tuple[int, ...]:
  """Rows of BIOMES that a task's worlds may have; (ANY,) for the tasks that were staged first."""
  if name in FIRST_TASKS:
    return (ANY,)
  names: Collection[str] = _MILD
  if family == "mine_block":
    found = (biomes for ends, biomes in _OF_BLOCK if any(_ends_with(goal, e) for e in ends))
    names = next(found, _MILD)
  elif family == "kill_entity":
    names = next((biomes for biomes, mobs in _OF_MOB.items() if goal in mobs), _MILD)
  elif family == "interact":
    names = (*_MILD, "birch_forest", "snowy", "desert")
  return tuple(BIOMES.index[name] for name in names)


def _ends_with(goal: str, end: str) -> bool:
  return goal == end or goal.endswith("_" + end)
