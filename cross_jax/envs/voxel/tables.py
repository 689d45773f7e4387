"""The content of the world as tables: blocks, items, mobs, recipes; row 0 is air / nothing.

One row per thing, no code per thing: data/*.json, written by data_pipelines/build_content.py from
minecraft-data 1.16.2 (MIT licence) and this project's own colours.
"""

import json
from importlib import resources
from typing import Any, NamedTuple

import numpy as np

from cross_jax.envs.voxel import patterns

MAX_BLOCKS = 1 << 14  # the renderer has 14 bits of a word for a row

TOOL_NONE, TOOL_AXE, TOOL_PICKAXE, TOOL_SHOVEL, TOOL_SWORD, TOOL_HOE, TOOL_SHEARS = range(7)
TOOL_NAMES = ("none", "axe", "pickaxe", "shovel", "sword", "hoe", "shears")
PASSIVE, HOSTILE, AQUATIC, FLYING, NEUTRAL = range(5)
BEHAVIOR_NAMES = ("passive", "hostile", "aquatic", "flying", "neutral")
SHAPE_CUBE, SHAPE_PLANT = 0, 1  # a plant is two crossed faces: no collision, holes see-through


class Blocks(NamedTuple):
  names: tuple[str, ...]
  index: dict[str, int]
  hardness: np.ndarray  # float32[n], -1 = unbreakable
  tool: np.ndarray  # int32[n], TOOL_*: the kind whose speed counts
  min_tier: np.ndarray  # int32[n], 0 drops without tool, 1 wood / gold, 2 stone, 3 iron, 4 diamond
  is_solid: np.ndarray  # bool[n]
  is_liquid: np.ndarray  # bool[n]
  is_visible: np.ndarray  # bool[n]
  is_climbable: np.ndarray  # bool[n]
  shape: np.ndarray  # int32[n], SHAPE_*
  drop_item: np.ndarray  # int32[n], row of ITEMS, 0 = nothing
  colors: np.ndarray  # uint8[n, 3, 2, 3], faces (top, side, bottom), two RGB colours each
  pattern: np.ndarray  # int32[n, 3], row of patterns.BLOCK_PATTERNS per face
  gui: np.ndarray  # int32[n], layout.GUI_* that `use` opens


class Items(NamedTuple):
  names: tuple[str, ...]
  index: dict[str, int]
  stack_size: np.ndarray  # int32[n]
  tool: np.ndarray  # int32[n], TOOL_*
  tier: np.ndarray  # int32[n], 0 no tool, 1 wood / gold, 2 stone, 3 iron, 4 diamond
  speed: np.ndarray  # float32[n], mining multiplier on blocks of its kind
  attack_damage: np.ndarray  # float32[n], health points
  attack_ticks: np.ndarray  # int32[n], cool-down of a full hit
  block: np.ndarray  # int32[n], row of BLOCKS that it places, 0 = none
  fuel_ticks: np.ndarray  # int32[n], ticks one item burns in a furnace, 0 = no fuel
  smelts_to: np.ndarray  # int32[n], row of ITEMS, 0 = nothing
  icon_colors: np.ndarray  # uint8[n, 3, 3], RGB of colours 1..3 of the pattern
  icon_pattern: np.ndarray  # int32[n], row of patterns.ICON_PATTERNS


class Mobs(NamedTuple):
  names: tuple[str, ...]
  index: dict[str, int]
  width: np.ndarray  # float32[n], m
  height: np.ndarray  # float32[n], m
  max_health: np.ndarray  # float32[n]
  speed: np.ndarray  # float32[n], m per tick, strolling
  behavior: np.ndarray  # int32[n], PASSIVE, ...
  damage: np.ndarray  # float32[n], health points per hit
  drop_item: np.ndarray  # int32[n], row of ITEMS, 0 = nothing
  colors: np.ndarray  # uint8[n, 3, 3], RGB of body, head, legs
  # Columns that the rules read, for content to fill (`behavior` stays what tasks and experts read):
  #   temper int32: 0 passive (flees when hurt), 1 neutral (angry when hurt), 2 hostile
  #   gait int32: 0 walk, 1 swim, 2 fly, 3 hop (slime, magma_cube, rabbit), 4 still (shulker)
  #   shot int32: 0 none, 1 arrow (skeleton, stray, pillager), 2 small_fireball (blaze),
  #     3 fireball (ghast, wither, ender_dragon), 4 potion (witch), 5 spit (llama),
  #     6 bullet (shulker)
  #   trick int32: 0 none, 1 fuse (creeper), 2 teleport (enderman)
  #   burns_in_day bool (zombie, skeleton, stray, drowned, phantom, zombie_villager), is_fireproof
  #   bool, steady float32 0..1 (knock-back resistance), damage on difficulty normal (zombie 3:
  #   the rules scale it to easy and hard), drop_count int32 (least number of drop_item)
  # and of Items: food float32 and saturation float32 (points that eating gives, 0 = not edible).


class Recipes(NamedTuple):
  grid: np.ndarray  # int32[r, 9], rows of ITEMS, 3x3 row by row, shifted to the top left, 0 = empty
  is_shapeless: np.ndarray  # bool[r]
  out_item: np.ndarray  # int32[r]
  out_count: np.ndarray  # int32[r]


def _read(name: str) -> list[dict[str, Any]]:
  file = resources.files("cross_jax.envs.voxel") / "data" / f"{name}.json"
  return json.loads(file.read_text())["rows"]


def _column(rows: list[dict[str, Any]], key: str, dtype: type) -> np.ndarray:
  return np.asarray([row[key] for row in rows], dtype)


def _colors(rows: list[dict[str, Any]]) -> np.ndarray:
  def parse(value: Any) -> Any:
    return list(bytes.fromhex(value)) if isinstance(value, str) else [parse(v) for v in value]

  return np.asarray([parse(row["colors"]) for row in rows], np.uint8)


def _rows_of(names: list[str | None], index: dict[str, int]) -> np.ndarray:
  return np.asarray([0 if name is None else index[name] for name in names], np.int32)


def _load() -> tuple[Blocks, Items, Mobs, Recipes]:
  blocks, items, mobs, recipes = (_read(n) for n in ("blocks", "items", "mobs", "recipes"))
  if len(blocks) > MAX_BLOCKS:
    raise ValueError(
      f"{len(blocks)} blocks: at most {MAX_BLOCKS} fit the renderer's words; remove rows"
    )
  block_names, item_names, mob_names = (
    tuple(r["name"] for r in rows) for rows in (blocks, items, mobs)
  )
  block_index, item_index, mob_index = (
    {name: i for i, name in enumerate(names)} for names in (block_names, item_names, mob_names)
  )
  return (
    Blocks(
      block_names,
      block_index,
      hardness=_column(blocks, "hardness", np.float32),
      tool=np.asarray([TOOL_NAMES.index(b["tool"]) for b in blocks], np.int32),
      min_tier=_column(blocks, "min_tier", np.int32),
      is_solid=_column(blocks, "is_solid", bool),
      is_liquid=_column(blocks, "is_liquid", bool),
      is_visible=np.arange(len(blocks)) > 0,
      is_climbable=_column(blocks, "is_climbable", bool),
      shape=np.asarray([SHAPE_PLANT if b["is_plant"] else SHAPE_CUBE for b in blocks], np.int32),
      drop_item=_rows_of([b["drop"] for b in blocks], item_index),
      colors=_colors(blocks),
      pattern=np.asarray(
        [[patterns.BLOCK_PATTERN_NAMES.index(p) for p in b["pattern"]] for b in blocks], np.int32
      ),
      gui=_column(blocks, "gui", np.int32),
    ),
    Items(
      item_names,
      item_index,
      stack_size=_column(items, "stack_size", np.int32),
      tool=np.asarray([TOOL_NAMES.index(i["tool"]) for i in items], np.int32),
      tier=_column(items, "tier", np.int32),
      speed=_column(items, "speed", np.float32),
      attack_damage=_column(items, "attack_damage", np.float32),
      attack_ticks=_column(items, "attack_ticks", np.int32),
      block=np.asarray([block_index.get(name, 0) for name in item_names], np.int32),
      fuel_ticks=_column(items, "fuel_ticks", np.int32),
      smelts_to=_rows_of([i["smelts_to"] for i in items], item_index),
      icon_colors=_colors(items),
      icon_pattern=np.asarray(
        [patterns.ICON_PATTERN_NAMES.index(i["pattern"]) for i in items], np.int32
      ),
    ),
    Mobs(
      mob_names,
      mob_index,
      width=_column(mobs, "width", np.float32),
      height=_column(mobs, "height", np.float32),
      max_health=_column(mobs, "health", np.float32),
      speed=_column(mobs, "speed", np.float32),
      behavior=np.asarray([BEHAVIOR_NAMES.index(m["behavior"]) for m in mobs], np.int32),
      damage=_column(mobs, "damage", np.float32),
      drop_item=_rows_of([m["drop"] for m in mobs], item_index),
      colors=_colors(mobs),
    ),
    Recipes(
      grid=np.asarray([[item_index[n] for n in r["grid"]] for r in recipes], np.int32),
      is_shapeless=_column(recipes, "is_shapeless", bool),
      out_item=np.asarray([item_index[r["item"]] for r in recipes], np.int32),
      out_count=_column(recipes, "count", np.int32),
    ),
  )


BLOCKS, ITEMS, MOBS, RECIPES = _load()
