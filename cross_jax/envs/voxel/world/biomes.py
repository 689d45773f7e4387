"""Biomes as a table: what the ground, the plants, the trees and the stones of a world are.

Row 0 stands for plains or sands, as the world's seed decides. The compositions are this project's
own, after Minecraft 1.16's biomes of these names; every list has a fixed length, and a block that
stands in it twice comes twice as often.
"""

from typing import Any, NamedTuple

import numpy as np

from cross_jax.envs.voxel.content.tables import BLOCKS

NUM_WOODS, NUM_PLANTS, NUM_BOULDERS, NUM_ORES, NUM_EXTRAS = 3, 5, 6, 5, 8
ANY, PLAINS, SANDS = 0, 1, 2
OVERWORLD, NETHER, END = range(3)  # whose sky it is

_FLOWERS = ("grass", "dandelion", "poppy", "cornflower", "azure_bluet")
_STONES = ("stone", "cobblestone", "andesite", "diorite", "coal_ore", "iron_ore")
_ORES = ("coal_ore", "iron_ore", "gold_ore", "redstone_ore", "diamond_ore")
_DEFAULTS = {
  "turf": "grass_block",  # the top cell
  "soil": "dirt",  # three cells below it
  "rock": "stone",
  "fluid": "water",  # of the pond; anything dry: no pond
  "bed": "dirt",  # under the pond of a biome deeper than POND_DEPTH
  "cover": "air",  # on the turf where nothing else stands
  "woods": (),
  "plants": _FLOWERS,
  "boulders": _STONES,
  "ores": _ORES,
  "extras": (),  # scattered like trees
  "plant_share": 0.03,  # of the columns
  "num_trees": 5,
  "pond_m": 2.2,  # radius
  "pond_depth": 2,  # cells
  "relief": 1.0,  # height of the hills, of the usual
  "sky": OVERWORLD,
}
_ROWS: dict[str, dict[str, Any]] = {
  "any": {"woods": ("oak", "birch", "spruce")},
  "plains": {"woods": ("oak", "birch", "spruce")},
  "sands": {"turf": "sand", "soil": "sand", "bed": "sand", "plant_share": 0.0},
  "forest": {
    "woods": ("oak", "oak", "birch"),
    "plants": ("grass", "grass", "poppy", "lily_of_the_valley", "fern"),
    "extras": ("oak_log", "oak_log", "birch_log", "oak_log", "oak_leaves", "brown_mushroom"),
    "plant_share": 0.06,
  },
  "birch_forest": {
    "woods": ("birch",),
    "plants": ("grass", "grass", "lily_of_the_valley", "dandelion", "oxeye_daisy"),
    "extras": ("birch_log", "birch_log", "birch_log", "birch_log", "birch_leaves"),
    "plant_share": 0.05,
  },
  "flower_forest": {
    "woods": ("oak", "birch", "birch"),
    "plants": ("allium", "red_tulip", "orange_tulip", "white_tulip", "pink_tulip"),
    "extras": ("lilac", "rose_bush", "peony", "oxeye_daisy", "azure_bluet", "cornflower"),
    "plant_share": 0.12,
  },
  "taiga": {
    "turf": "podzol",
    "woods": ("spruce",),
    "plants": ("fern", "fern", "grass", "brown_mushroom", "red_mushroom"),
    "boulders": ("mossy_cobblestone", "stone", "cobblestone", "andesite", "coal_ore", "iron_ore"),
    "extras": ("spruce_log", "spruce_log", "spruce_log", "large_fern", "sweet_berry_bush"),
    "plant_share": 0.07,
  },
  "savanna": {
    "woods": ("acacia",),
    "plants": ("grass", "grass", "grass", "grass", "dandelion"),
    "extras": ("acacia_log", "tall_grass", "tall_grass", "coarse_dirt"),
    "plant_share": 0.15,
    "num_trees": 3,
  },
  "desert": {
    "turf": "sand",
    "soil": "sandstone",
    "bed": "sand",
    "plants": ("dead_bush",),
    "boulders": ("sandstone", "sandstone", "cut_sandstone", "stone", "coal_ore", "red_sand"),
    "extras": ("cactus", "cactus", "cactus", "dead_bush"),
    "plant_share": 0.015,
    "num_trees": 0,
  },
  "badlands": {
    "turf": "red_sand",
    "soil": "orange_terracotta",
    "bed": "terracotta",
    "rock": "terracotta",
    "plants": ("dead_bush",),
    "boulders": (
      "orange_terracotta", "yellow_terracotta", "red_terracotta", "white_terracotta", "terracotta",
      "gold_ore",
    ),
    "extras": ("cactus", "dead_bush", "brown_terracotta", "light_gray_terracotta"),
    "plant_share": 0.015,
    "num_trees": 0,
    "relief": 1.4,
  },
  "jungle": {
    "woods": ("jungle",),
    "plants": ("grass", "grass", "fern", "fern", "poppy"),
    "boulders": ("mossy_cobblestone", "melon", "stone", "cobblestone", "coal_ore", "melon"),
    "extras": ("jungle_log", "jungle_log", "bamboo", "bamboo", "jungle_leaves", "jungle_leaves"),
    "plant_share": 0.2,
  },
  "swamp": {
    "woods": ("oak",),
    "bed": "clay",
    "plants": ("grass", "blue_orchid", "brown_mushroom", "red_mushroom", "grass"),
    "boulders": ("clay", "mossy_cobblestone", "stone", "pumpkin", "cobblestone", "coal_ore"),
    "extras": ("sugar_cane", "sugar_cane", "oak_log", "blue_orchid"),
    "plant_share": 0.08,
    "num_trees": 3,
    "pond_m": 3.4,
    "relief": 0.5,
  },
  "snowy": {
    "cover": "snow",
    "woods": ("spruce",),
    "plants": ("snow",),
    "boulders": ("snow_block", "stone", "packed_ice", "cobblestone", "coal_ore", "iron_ore"),
    "extras": ("spruce_log", "packed_ice", "snow_block", "pumpkin"),
    "num_trees": 3,
  },
  "mountains": {
    "turf": "stone",
    "soil": "stone",
    "woods": ("spruce", "oak", "spruce"),
    "plants": ("grass",),
    "boulders": ("stone", "andesite", "granite", "diorite", "gravel", "emerald_ore"),
    "ores": ("coal_ore", "iron_ore", "gold_ore", "lapis_ore", "emerald_ore"),
    "extras": ("coal_ore", "iron_ore", "stone", "andesite", "gravel"),
    "plant_share": 0.0,
    "num_trees": 2,
    "relief": 1.6,
  },
  "ocean": {
    "turf": "sand",
    "soil": "sand",
    "bed": "sand",
    "woods": (),
    "boulders": ("sandstone", "prismarine", "stone", "gravel", "clay", "sand"),
    "extras": ("sugar_cane", "sugar_cane", "gravel", "clay"),
    "plant_share": 0.0,
    "num_trees": 0,
    "pond_m": 4.4,
    "pond_depth": 3,
    "relief": 0.6,
  },
  "mushroom_fields": {
    "turf": "mycelium",
    "woods": (),
    "plants": ("brown_mushroom", "red_mushroom"),
    "extras": (
      "red_mushroom_block", "red_mushroom_block", "brown_mushroom_block", "brown_mushroom_block",
      "red_mushroom_block",
    ),
    "plant_share": 0.06,
    "num_trees": 0,
  },
  "nether_wastes": {
    "turf": "netherrack",
    "soil": "netherrack",
    "rock": "netherrack",
    "bed": "netherrack",
    "fluid": "lava",
    "woods": ("crimson", "warped", "crimson"),
    "plants": ("crimson_fungus", "warped_fungus", "crimson_roots", "warped_roots", "crimson_roots"),
    "boulders": (
      "glowstone", "blackstone", "basalt", "nether_quartz_ore", "nether_bricks", "nether_gold_ore",
    ),
    "ores": (
      "nether_quartz_ore", "nether_gold_ore", "ancient_debris", "nether_quartz_ore", "blackstone",
    ),
    "extras": ("soul_sand", "glowstone", "basalt", "nether_quartz_ore", "blackstone"),
    "num_trees": 3,
    "sky": NETHER,
  },
  "the_end": {
    "turf": "end_stone",
    "soil": "end_stone",
    "rock": "end_stone",
    "bed": "end_stone",
    "fluid": "end_stone",
    "woods": (),
    "plants": ("end_rod",),
    "boulders": (
      "obsidian", "obsidian", "end_stone_bricks", "purpur_block", "purpur_pillar", "obsidian",
    ),
    "ores": ("end_stone",),
    "extras": ("obsidian", "purpur_pillar", "end_stone_bricks", "chorus_flower", "chorus_flower"),
    "plant_share": 0.0,
    "num_trees": 0,
    "relief": 0.7,
    "sky": END,
  },
}  # fmt: skip


class Biomes(NamedTuple):
  names: tuple[str, ...]
  index: dict[str, int]
  turf: np.ndarray  # int32[n], row of BLOCKS, as the next five
  soil: np.ndarray  # int32[n]
  rock: np.ndarray  # int32[n]
  fluid: np.ndarray  # int32[n]
  bed: np.ndarray  # int32[n]
  cover: np.ndarray  # int32[n], 0 = none
  logs: np.ndarray  # int32[n, NUM_WOODS], rows of BLOCKS, 0 = none, as the next four
  plants: np.ndarray  # int32[n, NUM_PLANTS]
  boulders: np.ndarray  # int32[n, NUM_BOULDERS]
  ores: np.ndarray  # int32[n, NUM_ORES]
  extras: np.ndarray  # int32[n, NUM_EXTRAS]
  plant_share: np.ndarray  # float32[n]
  num_trees: np.ndarray  # int32[n]
  pond_m: np.ndarray  # float32[n]
  pond_depth: np.ndarray  # int32[n], cells
  relief: np.ndarray  # float32[n]
  sky: np.ndarray  # int32[n], OVERWORLD, NETHER or END


def _load() -> Biomes:
  rows = [_DEFAULTS | row for row in _ROWS.values()]
  ids = lambda key: np.asarray([BLOCKS.index[row[key]] for row in rows], np.int32)

  def lists(key: str, length: int, *, repeat: bool, end: str = "") -> np.ndarray:
    out = np.zeros((len(rows), length), np.int32)
    for i, row in enumerate(rows):
      found = [BLOCKS.index[name + end] for name in row[key]]
      for k in range(length if found and repeat else len(found)):
        out[i, k] = found[k % len(found)]
    return out

  return Biomes(
    tuple(_ROWS),
    {name: i for i, name in enumerate(_ROWS)},
    *(ids(key) for key in ("turf", "soil", "rock", "fluid", "bed", "cover")),
    logs=_logs(rows),
    plants=lists("plants", NUM_PLANTS, repeat=True),
    boulders=lists("boulders", NUM_BOULDERS, repeat=True),
    ores=lists("ores", NUM_ORES, repeat=True),
    extras=lists("extras", NUM_EXTRAS, repeat=False),
    plant_share=np.asarray([row["plant_share"] for row in rows], np.float32),
    num_trees=np.asarray([row["num_trees"] for row in rows], np.int32),
    pond_m=np.asarray([row["pond_m"] for row in rows], np.float32),
    pond_depth=np.asarray([row["pond_depth"] for row in rows], np.int32),
    relief=np.asarray([row["relief"] for row in rows], np.float32),
    sky=np.asarray([row["sky"] for row in rows], np.int32),
  )


def _logs(rows: list[dict[str, Any]]) -> np.ndarray:
  """int32[n, NUM_WOODS], the trunks of the woods; the nether's are stems."""
  out = np.zeros((len(rows), NUM_WOODS), np.int32)
  for i, row in enumerate(rows):
    for k in range(NUM_WOODS if row["woods"] else 0):
      wood = row["woods"][k % len(row["woods"])]
      out[i, k] = BLOCKS.index[f"{wood}_{'stem' if wood in ('crimson', 'warped') else 'log'}"]
  return out


BIOMES = _load()
