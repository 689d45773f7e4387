"""Writes cross_jax/envs/voxel/content/data/*.json from minecraft-data 1.16.2 and content_*.py.

Run by hand; the output is committed. minecraft-data (PyPI `minecraft_data`, MIT licence) gives
names, block hardness and harvest tools, stack sizes, durability, mob sizes and crafting recipes.

  pip install minecraft_data==3.20.0
  python -m data_pipelines.build_content --minecraft_data <site-packages>/minecraft_data
"""

import argparse
import json
import pathlib

from data_pipelines import (
  content_blocks,
  content_items,
  content_look,
  content_loot,
  content_mobs,
  content_recipes,
  content_shapes,
  content_style,
)
from data_pipelines import content_rows as rows

ROOT = pathlib.Path(__file__).parents[1]
VOXEL_DATA = ROOT / "cross_jax/envs/voxel/content/data"
SOURCE = "minecraft-data 1.16.2 (MIT licence) and data_pipelines/content_*.py"
BLOCK_DEFAULTS = {
  "hardness": -1, "tool": "none", "tool_factors": [0.0] * 7, "min_tier": 0, "is_solid": False,
  "is_liquid": False, "is_visible": True, "is_climbable": False, "is_replaceable": False,
  "is_waterlogged": False, "falls": False, "shape": "cube", "light": 0, "filter_light": 15,
  "drop": None, "loot": [], "shears": None, "base": None, "half": [0, 0, 0], "half_row": None,
  "support": 0, "gui": 0,
}  # fmt: skip
ITEM_DEFAULTS = {
  "stack_size": 64, "tool": "none", "tier": 0, "speed": 1.0, "attack_damage": 1.0,
  "attack_ticks": 5.0, "durability": 0, "armor": 0, "armor_slot": 0, "food": 0, "saturation": 0,
  "block": None, "fuel_ticks": 0, "smelts_to": None, "smelts_in": 0, "tag": None,
  "icon_block": None, "colors": ["000000"] * 3,
}  # fmt: skip
RECIPE_DEFAULTS = {"count": 1, "is_shapeless": False, "is_mixed": False}


class Source:
  """minecraft-data 1.16.2, by name."""

  def __init__(self, folder: pathlib.Path):
    def load(name: str):
      return json.loads((folder / "data/data/pc/1.16.2" / f"{name}.json").read_text())

    self.items = {item["name"]: item for item in load("items")}
    self.item_names = {item["id"]: item["name"] for item in load("items")}
    self.blocks = {block["name"]: block for block in load("blocks")}
    self.entities = {entity["name"]: entity for entity in load("entities")}
    self.recipes = load("recipes")


def _in_order(first: tuple[str, ...], others) -> list[str]:
  """Names in the order of rows: those of earlier versions first, so that rows keep their number."""
  return [*first, *(name for name in others if name not in set(first))]


def block_row(source: Source, name: str) -> dict:
  """One row of blocks.json, without its halves."""
  block = source.blocks[name]
  tool = content_blocks.tool_of(name, block.get("material"))
  harvest = [source.item_names[int(i)] for i in block.get("harvestTools", {})]
  tiers = [content_items.TIERS.get(other.split("_")[0], 1) for other in harvest]
  is_breakable = block["diggable"] and name not in content_blocks.INVISIBLE
  shape = content_blocks.shape_of(name)
  is_empty = name in content_blocks.LIQUIDS or (
    name in content_blocks.INVISIBLE and name != "barrier"
  )
  loot = content_loot.loot_of(name, set(source.items))
  pattern, colors = content_look.look_of(name)
  return {
    "name": name, "hardness": block["hardness"] if is_breakable else -1, "tool": tool,
    "tool_factors": content_blocks.tool_factors(name, tool),
    "min_tier": content_blocks.min_tier(name, tool, tiers),
    "is_solid": not is_empty and bool(content_shapes.collision_of(shape)),
    "is_liquid": name in content_blocks.LIQUIDS, "is_visible": name not in content_blocks.INVISIBLE,
    "is_climbable": name in content_blocks.CLIMBABLE,
    "is_replaceable": name in content_blocks.REPLACEABLE,
    "is_waterlogged": name in content_blocks.UNDER_WATER, "falls": name in content_blocks.FALLING,
    "shape": shape, "light": content_blocks.light_of(name, block["emitLight"]),
    "filter_light": content_blocks.filter_of(name), "drop": content_loot.main_drop(loot),
    "loot": loot, "shears": content_loot.SHEARS.get(name), "base": None, "half": [0, 0, 0],
    "half_row": None, "support": content_blocks.support_of(name),
    "gui": content_blocks.GUIS.get(name, 0), "pattern": pattern, "colors": colors,
  }  # fmt: skip


def block_rows(source: Source) -> list[dict]:
  """The rows of blocks.json: minecraft-data's blocks, then the second halves of tall ones."""
  names = _in_order(("air", *rows.TERRAIN, *rows.MINE, *rows.PLACEABLE), source.blocks)
  table = {name: block_row(source, name) for name in names}
  for name, other, offset in content_blocks.second_halves():
    table[name] |= {"half": list(offset), "half_row": other}
    pattern, colors = content_look.look_of(other)
    table[other] = table[name] | {
      "name": other, "base": name, "half": [-c for c in offset], "half_row": name,
      "shape": content_blocks.shape_of(other), "support": 0, "pattern": pattern, "colors": colors,
    }  # fmt: skip
  return list(table.values())


def item_rows(source: Source) -> list[dict]:
  """The rows of items.json."""
  names = _in_order(rows.ITEMS, source.items)
  blocks = set(source.blocks) - {"air"}
  icons = content_style.style_items(["air", *names], blocks)
  items = {"air": {"name": "air", "stackSize": 64}, **source.items}
  return [content_items.item_row(items[name], blocks, icon) for name, icon in icons.items()]


def _write(name: str, table: list[dict], defaults: dict) -> None:
  """Writes rows, leaving out what a row shares with `defaults`."""
  short = [{k: v for k, v in row.items() if k not in defaults or v != defaults[k]} for row in table]
  lines = ",\n".join(json.dumps(row) for row in short)
  head = f'"source": {json.dumps(SOURCE)},\n"defaults": {json.dumps(defaults)}'
  text = f'{{{head},\n"rows": [\n{lines}\n]}}\n'
  (VOXEL_DATA / f"{name}.json").write_text(text)
  print(f"{name}.json: {len(table)} rows, {len(text) / 1024:.0f} KiB")


def main() -> None:
  """Builds all tables."""
  parser = argparse.ArgumentParser()
  parser.add_argument("--minecraft_data", type=pathlib.Path, required=True)
  source = Source(parser.parse_args().minecraft_data)
  _write("shapes", content_shapes.shape_rows(), {})
  _write("blocks", block_rows(source), BLOCK_DEFAULTS)
  _write("items", item_rows(source), ITEM_DEFAULTS)
  mobs = [content_mobs.mob_row(name, source.entities[name]) for name in content_mobs.MOBS]
  _write("mobs", [{"name": "air", **content_mobs.DEFAULTS}, *mobs], content_mobs.DEFAULTS)
  crafting = content_recipes.crafting_rows(source.recipes, source.item_names)
  _write("recipes", crafting, RECIPE_DEFAULTS)
  _write("cutting", content_recipes.cutting_rows(), {"count": 1})
  _write("smithing", content_recipes.smithing_rows(), {})


if __name__ == "__main__":
  main()
