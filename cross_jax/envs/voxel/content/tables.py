"""The content of the world as tables: blocks, shapes, items, mobs, recipes; row 0 is air / nothing.

One row per thing, no code per thing: data/*.json, written by data_pipelines/build_content.py from
minecraft-data 1.16.2 (MIT licence) and this project's own colours. A row keeps its number from
version to version; new ones are appended.
"""

from typing import NamedTuple

import numpy as np

from cross_jax.envs.voxel.content import patterns
from cross_jax.envs.voxel.content.read_rows import Rows

MAX_BLOCKS = 1 << 14  # the renderer's box words hold an id of 14 bits

TOOL_NONE, TOOL_AXE, TOOL_PICKAXE, TOOL_SHOVEL, TOOL_SWORD, TOOL_HOE, TOOL_SHEARS = range(7)
TOOL_NAMES = ("none", "axe", "pickaxe", "shovel", "sword", "hoe", "shears")
PASSIVE, HOSTILE, AQUATIC, FLYING, NEUTRAL = range(5)
BEHAVIOR_NAMES = ("passive", "hostile", "aquatic", "flying", "neutral")
GAIT_NAMES = ("walk", "swim", "fly", "hop", "still")
SHOT_NAMES = (
  "none", "arrow", "small_fireball", "fireball", "potion", "spit", "bullet", "beam", "fangs",
  "trident", "snowball",
)  # fmt: skip
TRICK_NAMES = ("none", "fuse", "teleport")
KIND_CUBE, KIND_PLANT, KIND_BOXES = range(3)
SHAPE_CUBE, SHAPE_PLANT = 0, 1  # rows of SHAPES; a plant is two crossed faces: no collision
SUPPORT_BELOW, SUPPORT_SIDE, SUPPORT_ABOVE, SUPPORT_WATER = range(1, 5)
SMELT_FURNACE, SMELT_SMOKER, SMELT_BLAST, SMELT_CAMPFIRE = 1, 2, 4, 8  # bits of ITEMS.smelts_in
NUM_LOOT = 7  # kinds of things that one block or mob may drop


class Shapes(NamedTuple):
  names: tuple[str, ...]
  index: dict[str, int]
  kind: np.ndarray  # int32[n], KIND_*
  boxes: np.ndarray  # float32[n, 5, 6], cells, x0 y0 z0 x1 y1 z1 of what is seen; 0 = unused
  collision: np.ndarray  # float32[n, 5, 6], cells, what stops bodies; may be taller than 1


class Loot(NamedTuple):
  """What a thing drops: each entry by its own chance, as many as a uniform draw of min..max."""

  item: np.ndarray  # int32[n, NUM_LOOT], row of ITEMS, 0 = unused
  min: np.ndarray  # int32[n, NUM_LOOT]
  max: np.ndarray  # int32[n, NUM_LOOT]
  chance: np.ndarray  # float32[n, NUM_LOOT], 0..1


class Blocks(NamedTuple):
  names: tuple[str, ...]
  index: dict[str, int]
  hardness: np.ndarray  # float32[n], -1 = unbreakable
  tool: np.ndarray  # int32[n], TOOL_*: the kind that it is broken with
  tool_factors: np.ndarray  # float32[n, 7], by TOOL_*: times the item's speed; 0 = slow as a hand
  min_tier: np.ndarray  # int32[n], 0 drops without tool, 1 wood / gold, 2 stone, 3 iron, 4 diamond
  is_solid: np.ndarray  # bool[n], has collision
  is_liquid: np.ndarray  # bool[n]
  is_visible: np.ndarray  # bool[n]
  is_climbable: np.ndarray  # bool[n]
  is_replaceable: np.ndarray  # bool[n], building into its cell puts the new block in its place
  is_waterlogged: np.ndarray  # bool[n], its cell is full of water
  falls: np.ndarray  # bool[n], when nothing is below it
  shape: np.ndarray  # int32[n], row of SHAPES
  light: np.ndarray  # int32[n], 0..15, that it gives
  filter_light: np.ndarray  # int32[n], 0..15, that it takes from what passes
  drop_item: np.ndarray  # int32[n], row of ITEMS, its usual drop, 0 = nothing
  loot: Loot  # all that it drops when its tool (or any, if it needs none) breaks it
  shears_item: np.ndarray  # int32[n], row of ITEMS that shears get in place of the loot, 0 = none
  base: np.ndarray  # int32[n], the row that mining counts and drops for: its own or its half's
  half: np.ndarray  # int8[n, 3], offset (x, y, z) to the cell of its other half, 0 0 0 = none
  half_row: np.ndarray  # int32[n], the row in that cell, 0 = none
  support: np.ndarray  # int32[n], SUPPORT_*: the neighbour without which it breaks
  colors: np.ndarray  # uint8[n, 3, 3, 3], faces (top, side, bottom), three RGB colours each
  pattern: np.ndarray  # int32[n, 3], row of patterns.BLOCK_PATTERNS per face
  gui: np.ndarray  # int32[n], layout.GUI_* that `use` opens


class Items(NamedTuple):
  names: tuple[str, ...]
  index: dict[str, int]
  stack_size: np.ndarray  # int32[n]
  tool: np.ndarray  # int32[n], TOOL_*
  tier: np.ndarray  # int32[n], 0 no tool, 1 wood / gold / shears, 2 stone, 3 iron, 4 above
  speed: np.ndarray  # float32[n], mining multiplier on blocks of its kind
  attack_damage: np.ndarray  # float32[n], health points
  attack_ticks: np.ndarray  # float32[n], cool-down of a full hit
  durability: np.ndarray  # int32[n], uses until it breaks, 0 = for ever
  armor: np.ndarray  # int32[n], points of protection
  armor_slot: np.ndarray  # int32[n], 0 none, 1 helmet, 2 chestplate, 3 leggings, 4 boots
  food: np.ndarray  # float32[n], hunger points that eating gives, 0 = not edible
  saturation: np.ndarray  # float32[n], points
  block: np.ndarray  # int32[n], row of BLOCKS that it places, 0 = none
  fuel_ticks: np.ndarray  # int32[n], ticks one item burns in a furnace, 0 = no fuel
  smelts_to: np.ndarray  # int32[n], row of ITEMS, 0 = nothing
  smelts_in: np.ndarray  # int32[n], bits SMELT_*: where it does
  tag_item: np.ndarray  # int32[n], row that stands for it in recipes that take a mix, else its own
  icon_colors: np.ndarray  # uint8[n, 3, 3], RGB of colours 1..3 of the pattern
  icon_pattern: np.ndarray  # int32[n], row of patterns.ICON_PATTERNS
  icon_block: np.ndarray  # int32[n], row of BLOCKS that the icons 'block...' are drawn of


class Mobs(NamedTuple):
  names: tuple[str, ...]
  index: dict[str, int]
  width: np.ndarray  # float32[n], m
  height: np.ndarray  # float32[n], m
  max_health: np.ndarray  # float32[n]
  speed: np.ndarray  # float32[n], m per tick, strolling
  behavior: np.ndarray  # int32[n], PASSIVE, ...
  temper: np.ndarray  # int32[n], 0 passive (flees when hurt), 1 neutral (angry then), 2 hostile
  gait: np.ndarray  # int32[n], row of GAIT_NAMES
  shot: np.ndarray  # int32[n], row of SHOT_NAMES: what it attacks with from afar
  trick: np.ndarray  # int32[n], row of TRICK_NAMES
  burns_in_day: np.ndarray  # bool[n]
  is_fireproof: np.ndarray  # bool[n]
  steady: np.ndarray  # float32[n], 0..1, share of a knock-back that it withstands
  armor: np.ndarray  # float32[n], points
  damage: np.ndarray  # float32[n], health points per hit in the default difficulty
  damages: np.ndarray  # float32[n, 3], the same in easy, normal, hard
  drop_item: np.ndarray  # int32[n], row of ITEMS, its usual drop, 0 = nothing
  loot: Loot
  colors: np.ndarray  # uint8[n, 3, 3], RGB of body, head, legs


class Recipes(NamedTuple):
  """Crafting; every alternative of an ingredient is a row."""

  grid: np.ndarray  # int32[r, 9], rows of ITEMS, 3x3 row by row, shifted to the top left, 0 = empty
  is_shapeless: np.ndarray  # bool[r]
  is_mixed: np.ndarray  # bool[r], also matches a grid whose items are replaced by their tag_item
  out_item: np.ndarray  # int32[r]
  out_count: np.ndarray  # int32[r]


class Cutting(NamedTuple):
  """Stonecutting, by item and then in the order in which the stonecutter shows the products."""

  item: np.ndarray  # int32[c], row of ITEMS
  out_item: np.ndarray  # int32[c]
  out_count: np.ndarray  # int32[c]


class Smithing(NamedTuple):
  item: np.ndarray  # int32[s], row of ITEMS, in the left slot
  addition: np.ndarray  # int32[s], in the right one
  out_item: np.ndarray  # int32[s]


def _load_shapes() -> Shapes:
  rows = Rows("shapes")

  def boxes(key: str) -> np.ndarray:
    return np.asarray([b + [[0.0] * 6] * (5 - len(b)) for b in rows.values(key)], np.float32)

  return Shapes(
    rows.names,
    rows.index,
    kind=rows.column("kind", np.int32),
    boxes=boxes("boxes"),
    collision=boxes("collision"),
  )


def _loot(rows: Rows, items: dict[str, int]) -> Loot:
  full = [entry + [["air", 0, 0, 0.0]] * (NUM_LOOT - len(entry)) for entry in rows.values("loot")]
  item, least, most, chance = ([[e[i] for e in entry] for entry in full] for i in range(4))
  return Loot(
    np.asarray([[items[name] for name in entry] for entry in item], np.int32),
    np.asarray(least, np.int32),
    np.asarray(most, np.int32),
    np.asarray(chance, np.float32),
  )


def _load_blocks(shapes: dict[str, int], items: dict[str, int]) -> Blocks:
  rows = Rows("blocks")
  if len(rows.names) > MAX_BLOCKS:
    raise ValueError(f"{len(rows.names)} blocks: an id of 14 bits holds {MAX_BLOCKS}; remove rows")
  own = np.arange(len(rows.names), dtype=np.int32)
  base = rows.rows_of("base", rows.index)
  return Blocks(
    rows.names,
    rows.index,
    hardness=rows.column("hardness", np.float32),
    tool=rows.number_of("tool", TOOL_NAMES),
    tool_factors=rows.column("tool_factors", np.float32),
    min_tier=rows.column("min_tier", np.int32),
    is_solid=rows.column("is_solid", bool),
    is_liquid=rows.column("is_liquid", bool),
    is_visible=rows.column("is_visible", bool),
    is_climbable=rows.column("is_climbable", bool),
    is_replaceable=rows.column("is_replaceable", bool),
    is_waterlogged=rows.column("is_waterlogged", bool),
    falls=rows.column("falls", bool),
    shape=rows.rows_of("shape", shapes),
    light=rows.column("light", np.int32),
    filter_light=rows.column("filter_light", np.int32),
    drop_item=rows.rows_of("drop", items),
    loot=_loot(rows, items),
    shears_item=rows.rows_of("shears", items),
    base=np.where(base > 0, base, own),
    half=rows.column("half", np.int8),
    half_row=rows.rows_of("half_row", rows.index),
    support=rows.column("support", np.int32),
    colors=rows.colors(),
    pattern=rows.number_of("pattern", patterns.BLOCK_PATTERN_NAMES),
    gui=rows.column("gui", np.int32),
  )


def _load_items(rows: Rows, blocks: dict[str, int]) -> Items:
  own = np.arange(len(rows.names), dtype=np.int32)
  tag = rows.rows_of("tag", rows.index)
  return Items(
    rows.names,
    rows.index,
    stack_size=rows.column("stack_size", np.int32),
    tool=rows.number_of("tool", TOOL_NAMES),
    tier=rows.column("tier", np.int32),
    speed=rows.column("speed", np.float32),
    attack_damage=rows.column("attack_damage", np.float32),
    attack_ticks=rows.column("attack_ticks", np.float32),
    durability=rows.column("durability", np.int32),
    armor=rows.column("armor", np.int32),
    armor_slot=rows.column("armor_slot", np.int32),
    food=rows.column("food", np.float32),
    saturation=rows.column("saturation", np.float32),
    block=rows.rows_of("block", blocks),
    fuel_ticks=rows.column("fuel_ticks", np.int32),
    smelts_to=rows.rows_of("smelts_to", rows.index),
    smelts_in=rows.column("smelts_in", np.int32),
    tag_item=np.where(tag > 0, tag, own),
    icon_colors=rows.colors(),
    icon_pattern=rows.number_of("pattern", patterns.ICON_PATTERN_NAMES),
    icon_block=rows.rows_of("icon_block", blocks),
  )


def _load_mobs(items: dict[str, int]) -> Mobs:
  rows = Rows("mobs")
  return Mobs(
    rows.names,
    rows.index,
    width=rows.column("width", np.float32),
    height=rows.column("height", np.float32),
    max_health=rows.column("health", np.float32),
    speed=rows.column("speed", np.float32),
    behavior=rows.number_of("behavior", BEHAVIOR_NAMES),
    temper=rows.column("temper", np.int32),
    gait=rows.number_of("gait", GAIT_NAMES),
    shot=rows.number_of("shot", SHOT_NAMES),
    trick=rows.number_of("trick", TRICK_NAMES),
    burns_in_day=rows.column("burns_in_day", bool),
    is_fireproof=rows.column("is_fireproof", bool),
    steady=rows.column("steady", np.float32),
    armor=rows.column("armor", np.float32),
    damage=rows.column("damage", np.float32),
    damages=rows.column("damages", np.float32),
    drop_item=rows.rows_of("drop", items),
    loot=_loot(rows, items),
    colors=rows.colors(),
  )


def _load_recipes(items: dict[str, int]) -> Recipes:
  rows = Rows("recipes")
  return Recipes(
    grid=rows.rows_of("grid", items),
    is_shapeless=rows.column("is_shapeless", bool),
    is_mixed=rows.column("is_mixed", bool),
    out_item=rows.rows_of("item", items),
    out_count=rows.column("count", np.int32),
  )


def _load_cutting(items: dict[str, int]) -> Cutting:
  rows = Rows("cutting")
  return Cutting(
    rows.rows_of("item", items), rows.rows_of("product", items), rows.column("count", np.int32)
  )


def _load_smithing(items: dict[str, int]) -> Smithing:
  rows = Rows("smithing")
  return Smithing(*(rows.rows_of(key, items) for key in ("item", "addition", "product")))


_ITEM_ROWS = Rows("items")
SHAPES = _load_shapes()
BLOCKS = _load_blocks(SHAPES.index, _ITEM_ROWS.index)
ITEMS = _load_items(_ITEM_ROWS, BLOCKS.index)
MOBS = _load_mobs(ITEMS.index)
RECIPES = _load_recipes(ITEMS.index)
CUTTING = _load_cutting(ITEMS.index)
SMITHING = _load_smithing(ITEMS.index)
