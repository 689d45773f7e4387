"""Writes cross_jax/envs/voxel/data/*.json from minecraft-data 1.16.2 and content_rows.py.

Run by hand; the output is committed. minecraft-data (PyPI `minecraft_data`, MIT licence) gives
block hardness, harvest tools and drops, stack sizes, mob sizes and crafting recipes.

  pip install minecraft_data==3.20.0
  python -m data_pipelines.build_content --minecraft_data <site-packages>/minecraft_data
"""

import argparse
import json
import pathlib
import re

import numpy as np

from data_pipelines import content_rows as rows
from data_pipelines import content_shapes, content_style

ROOT = pathlib.Path(__file__).parents[1]
VOXEL_DATA = ROOT / "cross_jax/envs/voxel/data"
TASKS = ROOT / "cross_jax/envs/tasks/data/official_tasks.jsonl"
SOURCE = "minecraft-data 1.16.2 (MIT licence) and data_pipelines/content_rows.py"
TIERS = {"wooden": 1, "golden": 1, "stone": 2, "iron": 3, "diamond": 4, "netherite": 4}
SPEEDS = {"wooden": 2, "stone": 4, "iron": 6, "diamond": 8, "netherite": 9, "golden": 12}
DAMAGE = {  # Java edition 1.16, by kind: wooden, golden, stone, iron, diamond
  "sword": (4, 4, 5, 6, 7), "axe": (7, 7, 9, 9, 9), "pickaxe": (2, 2, 3, 4, 5),
  "shovel": (2.5, 2.5, 3.5, 4.5, 5.5), "hoe": (1, 1, 1, 1, 1),
}  # fmt: skip
ATTACKS_PER_S = {"sword": 1.6, "axe": 1.0, "pickaxe": 1.2, "shovel": 1.0, "hoe": 1.0}
AXE_ATTACKS_PER_S = {"wooden": 0.8, "stone": 0.8, "iron": 0.9}
FUEL = (  # (end of the name, ticks); the first that matches
  ("charcoal", 1600), ("coal", 1600), ("coal_block", 16000), ("blaze_rod", 2400),
  ("dried_kelp_block", 4000), ("bamboo", 50), ("stick", 100), ("_slab", 150), ("_planks", 300),
  ("_log", 300), ("_wood", 300), ("crafting_table", 300), ("chest", 300), ("bookshelf", 300),
  ("ladder", 300), ("bow", 300), ("bowl", 100), ("_wool", 100), ("_carpet", 67), ("_door", 200),
  ("_fence", 300), ("_stairs", 300), ("_button", 100), ("_pressure_plate", 300), ("composter", 300),
)  # fmt: skip
WOODS = ("oak", "birch", "spruce", "acacia", "jungle", "wooden", "wool", "carpet")
MOB_DROPS = {"cow": "beef", "mooshroom": "beef", "pig": "porkchop", "chicken": "chicken",
             "sheep": "mutton", "salmon": "salmon", "cod": "cod", "rabbit": "rabbit",
             "zombie": "rotten_flesh", "zombie_villager": "rotten_flesh", "husk": "rotten_flesh",
             "spider": "string", "skeleton": "bone", "slime": "slime_ball", "llama": "leather",
             "horse": "leather", "donkey": "leather", "iron_golem": "iron_ingot",
             "parrot": "feather", "tropical_fish": "tropical_fish"}  # fmt: skip


BLOCK_DEFAULTS = {
  "hardness": -1, "tool": "none", "min_tier": 0, "is_solid": False, "is_liquid": False,
  "is_visible": True, "is_climbable": False, "is_replaceable": False, "is_waterlogged": False,
  "shape": "cube", "light": 0, "filter_light": 0, "drop": None, "loot": [], "shears": None,
  "base": None, "half": [0, 0, 0], "half_row": None, "support": 0, "gui": 0,
  "pattern": ["flat"] * 3, "colors": [["000000"] * 2] * 3,
}  # fmt: skip
ITEM_DEFAULTS = {
  "stack_size": 64, "tool": "none", "tier": 0, "speed": 1.0, "attack_damage": 1.0,
  "attack_ticks": 5, "durability": 0, "armor": 0, "armor_slot": 0, "food": 0, "saturation": 0,
  "block": None, "fuel_ticks": 0, "smelts_to": None, "smelts_in": 0, "tag": None,
}  # fmt: skip
MOB_DEFAULTS = {
  "width": 0, "height": 0, "health": 0, "speed": 0, "behavior": "passive", "temper": 0,
  "gait": "walk", "shot": "none", "trick": "none", "burns_in_day": False, "is_fireproof": False,
  "steady": 0, "armor": 0, "damage": 0, "damages": [0, 0, 0], "drop": None, "loot": [],
  "colors": ["000000"] * 3,
}  # fmt: skip


class Source:
  """minecraft-data 1.16.2, by name."""

  def __init__(self, folder: pathlib.Path):
    def load(name: str):
      return json.loads((folder / "data/data/pc/1.16.2" / f"{name}.json").read_text())

    self.items = {item["name"]: item for item in load("items")}
    self.item_names = {item["id"]: item["name"] for item in load("items")}
    self.blocks = {block["name"]: block for block in load("blocks")}
    self.entities = {entity["name"]: entity for entity in load("entities")}
    self.loot = {loot["block"]: loot["drops"] for loot in load("blockLoot")}
    self.materials = load("materials")
    self.recipes = load("recipes")


def _tool_kind(name: str) -> str:
  return next(
    (k for k in ("pickaxe", "axe", "shovel", "sword", "hoe", "shears") if name.endswith(k)), "none"
  )


def _block_drop(source: Source, name: str) -> str | None:
  if name in rows.DROPS:
    return rows.DROPS[name]
  plain = [drop for drop in source.loot[name] if not drop.get("silkTouch")]
  return max(plain, key=lambda drop: drop["dropChance"])["item"] if plain else None


def _block_style(name: str) -> tuple[list[str], list[list[str]]]:
  if name.endswith("_leaves"):
    pattern, colors = "leaves", rows.LEAVES[name.removesuffix("_leaves")]
  elif name.endswith("_log"):
    dark, light, wood = rows.LOGS[name.removesuffix("_log")]
    pattern = ("rings", "bark", "rings")
    colors = ((wood, dark), (dark, light), (wood, dark))
  elif name == "oak_planks":
    pattern, colors = "planks", ("a2824e", "7c6038")
  else:
    pattern, colors = rows.BLOCK_STYLE[name]
  faces = [pattern] * 3 if isinstance(pattern, str) else list(pattern)
  return faces, [list(c) for c in ((colors,) * 3 if isinstance(colors[0], str) else colors)]


def block_row(source: Source, name: str) -> dict:
  """One row of blocks.json."""
  if name == "air":
    return {"name": name, **BLOCK_DEFAULTS, "is_visible": False, "is_replaceable": True}
  block = source.blocks[name]
  harvest = [source.item_names[int(i)] for i in block.get("harvestTools", {})]
  kinds = [
    _tool_kind(source.item_names[int(i)]) for i in source.materials.get(block.get("material"), {})
  ]
  kinds = kinds or [_tool_kind(tool) for tool in harvest]  # magma: a material without tools
  tiers = [TIERS[tool.split("_")[0]] for tool in harvest]
  hardness = block["hardness"] if block["diggable"] and block["hardness"] is not None else -1
  pattern, colors = _block_style(name)
  drop = _block_drop(source, name)
  return {
    "name": name, "hardness": hardness,
    "tool": rows.TOOLS.get(name, kinds[0] if kinds else "none"),
    "min_tier": min(tiers, default=0), "is_solid": block["boundingBox"] == "block",
    "is_liquid": name in ("water", "lava"), "is_climbable": name in ("ladder", "vine"),
    "is_replaceable": name in ("water", "lava", "grass"), "is_waterlogged": False,
    "shape": "plant" if name in rows.PLANTS else "cube", "light": block["emitLight"],
    "filter_light": block["filterLight"], "drop": drop,
    "loot": [[drop, 1, 1, 1.0]] if drop else [], "shears": None,
    "base": None, "half": [0, 0, 0], "half_row": None, "is_visible": True,
    "support": int(name in rows.PLANTS), "gui": rows.GUIS.get(name, 0),
    "pattern": pattern, "colors": colors,
  }  # fmt: skip


def item_row(source: Source, name: str, smelts_to: str | None, style) -> dict:
  """One row of items.json."""
  kind, material = _tool_kind(name), name.split("_")[0]
  damage, attacks_per_s = 1.0, 4.0
  if kind in DAMAGE:
    damage = DAMAGE[kind][("wooden", "golden", "stone", "iron", "diamond").index(material)]
    attacks_per_s = ATTACKS_PER_S[kind]
    if kind == "axe":
      attacks_per_s = AXE_ATTACKS_PER_S.get(material, attacks_per_s)
  speed = {"none": 1.0, "sword": 1.5, "shears": 5.0}.get(kind) or float(SPEEDS[material])
  fuel = next((ticks for end, ticks in FUEL if name.endswith(end)), 0)
  if fuel == 0 and material == "wooden":
    fuel = 200
  is_wood = any(wood in name for wood in WOODS)
  if name.endswith(("_slab", "_stairs", "_button", "_door", "_fence", "_plate")) and not is_wood:
    fuel = 0
  return {
    "name": name,
    "stack_size": source.items[name]["stackSize"] if name != "air" else 64,
    "tool": kind, "tier": TIERS.get(material, 0) if kind != "none" else 0, "speed": speed,
    "attack_damage": damage, "attack_ticks": round(20 / attacks_per_s), "fuel_ticks": fuel,
    "smelts_to": smelts_to, "smelts_in": int(smelts_to is not None), "tag": None,
    "durability": 0, "armor": 0, "armor_slot": 0, "food": 0, "saturation": 0,
    "block": name if name in rows.TERRAIN + rows.MINE + rows.PLACEABLE else None,
    "pattern": style[0], "colors": [bytes(c).hex() for c in style[1]],
  }  # fmt: skip


def mob_row(source: Source, name: str) -> dict:
  """One row of mobs.json."""
  size, health, speed, behavior, damage, colors = rows.MOBS[name]
  entity = source.entities[name]
  drop = MOB_DROPS.get(name)
  return MOB_DEFAULTS | {
    "name": name, "width": size[0] if size else entity["width"],
    "height": size[1] if size else entity["height"], "health": health, "speed": speed,
    "behavior": behavior, "temper": {"hostile": 2, "neutral": 1}.get(behavior, 0),
    "gait": {"aquatic": "swim", "flying": "fly"}.get(behavior, "walk"), "damage": damage,
    "damages": [damage] * 3, "drop": drop, "loot": [[drop, 1, 1, 1.0]] if drop else [],
    "colors": list(colors),
  }  # fmt: skip


def recipe_rows(source: Source, names: set[str]) -> list[dict]:
  """Every crafting recipe whose ingredients and product are all in `names`."""
  result = []
  for variants in source.recipes.values():
    for recipe in variants:
      shape = recipe.get("inShape")
      grid = [["air"] * 3 for _ in range(3)]
      loose = recipe.get("ingredients", [])
      width = 2 if len(loose) <= 4 else 3  # so that it can be laid out as it stands
      flat = [(i // width, i % width, n) for i, n in enumerate(loose)]
      if shape:
        flat = [(y, x, n) for y, line in enumerate(shape) for x, n in enumerate(line)]
      for y, x, number in flat:
        grid[y][x] = source.item_names[number] if number is not None else "air"
      cells = [name for line in grid for name in line]
      item = source.item_names[recipe["result"]["id"]]
      if item in names and all(c == "air" or c in names for c in cells):
        result.append({
          "item": item, "count": recipe["result"]["count"], "is_shapeless": not shape,
          "is_mixed": False, "grid": cells,
        })  # fmt: skip
  unique = {json.dumps(r): r for r in result}
  return sorted(unique.values(), key=lambda r: (r["item"], r["grid"]))


def _write(name: str, table: list[dict], defaults: dict) -> None:
  """Writes rows, leaving out what a row shares with `defaults`."""
  short = [{k: v for k, v in row.items() if k not in defaults or v != defaults[k]} for row in table]
  lines = ",\n".join(json.dumps(row) for row in short)
  head = f'"source": {json.dumps(SOURCE)},\n"defaults": {json.dumps(defaults)}'
  text = f'{{{head},\n"rows": [\n{lines}\n]}}\n'
  (VOXEL_DATA / f"{name}.json").write_text(text)
  print(f"{name}.json: {len(table)} rows")


def main() -> None:
  """Builds all tables."""
  parser = argparse.ArgumentParser()
  parser.add_argument("--minecraft_data", type=pathlib.Path, required=True)
  source = Source(parser.parse_args().minecraft_data)
  tasks = [json.loads(line) for line in TASKS.read_text().splitlines()]
  smelting = {
    task["init_inventory"][0]["type"]: task["goal"]
    for task in tasks
    if task["family"] == "smelt_item"
  }
  block_names = ["air", *rows.TERRAIN, *rows.MINE, *rows.PLACEABLE]
  wanted = {"mine_block": set(), "kill_entity": set(), "craft_item": set(rows.CRAFT)}
  wanted["smelt_item"] = set(rows.SMELT)
  items = {n for n in block_names if n in source.items} - {"air", "bedrock", "water"}
  items |= set(rows.EXTRA_ITEMS) | set(MOB_DROPS.values())
  items |= {drop for name in block_names[1:] if (drop := _block_drop(source, name))}
  for task in tasks:
    name = re.split("[ :]", task["name"])[-1]  # one official name has spaces
    if task["rl_train"] or name in wanted.get(task["family"], ()):
      items |= {tool for tool in task.get("tool", []) if tool not in ("", "air")}
      if "goal" in task:
        items |= {task["goal"], *(entry["type"] for entry in task["init_inventory"])}
  item_names = sorted(items)
  styles = content_style.style_items(item_names)
  styles["air"] = ("none", np.zeros((3, 3), np.uint8))
  blocks = [block_row(source, name) for name in block_names]
  _write("blocks", blocks, BLOCK_DEFAULTS)
  things = [
    item_row(source, n, smelting.get(n) if smelting.get(n) in items else None, styles[n])
    for n in ["air", *item_names]
  ]
  _write("items", things, ITEM_DEFAULTS)
  air = {"name": "air", **MOB_DEFAULTS}
  _write("mobs", [air, *(mob_row(source, name) for name in rows.MOBS)], MOB_DEFAULTS)
  _write("recipes", recipe_rows(source, items), {"is_shapeless": False, "is_mixed": False})
  _write("shapes", content_shapes.shape_rows(), {})


if __name__ == "__main__":
  main()
