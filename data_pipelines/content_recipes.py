"""Crafting, stonecutting and smithing of Java 1.16.

Crafting is minecraft-data 1.16.2's list, in which every alternative of an ingredient is a recipe.
Source of stonecutting, smithing and what the game crafts by code (dyed shulker boxes, rockets,
stars, suspicious stew, tipped arrows): the public documentation of Java edition 1.16
(minecraft.fandom.com: Stonecutter, Smithing, Crafting).
"""

import collections
import json

from data_pipelines.content_blocks import COLORS, FLOWERS
from data_pipelines.content_items import TAG_OF, TAGS


def _walled(base: str, name: str) -> list[tuple[str, str, int]]:
  return [(base, f"{name}_slab", 2), (base, f"{name}_stairs", 1), (base, f"{name}_wall", 1)]


def _stepped(base: str, name: str) -> list[tuple[str, str, int]]:
  return _walled(base, name)[:2]


CUTTING = [  # (item, product, count)
  *_stepped("stone", "stone"), ("stone", "stone_bricks", 1), *_walled("stone", "stone_brick"),
  ("stone", "chiseled_stone_bricks", 1), ("stone_bricks", "chiseled_stone_bricks", 1),
  *_walled("stone_bricks", "stone_brick"), *_walled("mossy_stone_bricks", "mossy_stone_brick"),
  ("smooth_stone", "smooth_stone_slab", 2), *_walled("cobblestone", "cobblestone"),
  *_walled("mossy_cobblestone", "mossy_cobblestone"), *_walled("bricks", "brick"),
  *(entry for rock in ("granite", "diorite", "andesite") for entry in (
    *_walled(rock, rock), (rock, f"polished_{rock}", 1), *_stepped(rock, f"polished_{rock}"),
    *_stepped(f"polished_{rock}", f"polished_{rock}"))),
  *(entry for sand in ("sandstone", "red_sandstone") for entry in (
    *_walled(sand, sand), (sand, f"cut_{sand}", 1), (sand, f"cut_{sand}_slab", 2),
    (sand, f"chiseled_{sand}", 1), (f"cut_{sand}", f"cut_{sand}_slab", 2),
    *_stepped(f"smooth_{sand}", f"smooth_{sand}"))),
  *_walled("nether_bricks", "nether_brick"), ("nether_bricks", "chiseled_nether_bricks", 1),
  *_walled("red_nether_bricks", "red_nether_brick"), *_stepped("quartz_block", "quartz"),
  ("quartz_block", "chiseled_quartz_block", 1), ("quartz_block", "quartz_pillar", 1),
  ("quartz_block", "quartz_bricks", 1), *_stepped("smooth_quartz", "smooth_quartz"),
  *_stepped("purpur_block", "purpur"), ("purpur_block", "purpur_pillar", 1),
  *_walled("prismarine", "prismarine"), *_stepped("prismarine_bricks", "prismarine_brick"),
  *_stepped("dark_prismarine", "dark_prismarine"), ("end_stone", "end_stone_bricks", 1),
  *_walled("end_stone", "end_stone_brick"), *_walled("end_stone_bricks", "end_stone_brick"),
  ("basalt", "polished_basalt", 1), *_walled("blackstone", "blackstone"),
  ("blackstone", "polished_blackstone", 1),
  *(entry for base in ("blackstone", "polished_blackstone") for entry in (
    *_walled(base, "polished_blackstone"), (base, "chiseled_polished_blackstone", 1),
    (base, "polished_blackstone_bricks", 1), *_walled(base, "polished_blackstone_brick"))),
  *_walled("polished_blackstone_bricks", "polished_blackstone_brick"),
]  # fmt: skip
SMITHING = [  # (item, addition, product)
  (f"diamond_{thing}", "netherite_ingot", f"netherite_{thing}")
  for thing in ("sword", "pickaxe", "axe", "shovel", "hoe", "helmet", "chestplate", "leggings",
                "boots")
]  # fmt: skip


def _dyed_boxes() -> list[dict]:
  boxes = ["shulker_box", *(f"{c}_shulker_box" for c in COLORS)]
  return [
    _row(f"{c}_shulker_box", 1, [box, f"{c}_dye", *["air"] * 7], True)
    for c in COLORS
    for box in boxes
    if box != f"{c}_shulker_box"
  ]


def _special() -> list[dict]:
  """What the game makes by code: rockets, stars, stews and arrows, without what marks them."""
  loose = lambda *names: [*names, *["air"] * (9 - len(names))]  # noqa: E731
  rockets = [loose("paper", *["gunpowder"] * n) for n in (1, 2, 3)]
  stars = [loose("gunpowder", f"{c}_dye") for c in COLORS]
  stews = [loose("bowl", "brown_mushroom", f, "red_mushroom") for f in FLOWERS]
  arrows = [*["arrow"] * 4, "lingering_potion", *["arrow"] * 4]
  return [
    *(_row("firework_rocket", 3, _in_square(grid), True) for grid in rockets),
    *(_row("firework_star", 1, grid, True) for grid in stars),
    *(_row("suspicious_stew", 1, _in_square(grid), True) for grid in stews),
    _row("tipped_arrow", 8, arrows, False),
  ]


def _in_square(grid: list[str]) -> list[str]:
  """At most four names one after the other, laid out in 2x2."""
  a, b, c, d = grid[:4]
  return [a, b, "air", c, d, "air", "air", "air", "air"]


def _row(item: str, count: int, grid: list[str], is_shapeless: bool) -> dict:
  return {
    "item": item, "count": count, "is_shapeless": is_shapeless, "is_mixed": False, "grid": grid
  }  # fmt: skip


def _laid_out(recipe: dict, item_names: dict[int, str]) -> list[str]:
  """Names of the nine cells, as far to the top left as they go."""
  grid = [["air"] * 3 for _ in range(3)]
  loose = recipe.get("ingredients", [])
  width = 2 if len(loose) <= 4 else 3  # so that it can be laid out as it stands
  flat = [(i // width, i % width, n) for i, n in enumerate(loose)]
  if "inShape" in recipe:
    flat = [(y, x, n) for y, line in enumerate(recipe["inShape"]) for x, n in enumerate(line)]
  for y, x, number in flat:
    grid[y][x] = item_names[number] if number is not None else "air"
  return [name for line in grid for name in line]


def _mark_mixed(rows: list[dict]) -> None:
  """Sets is_mixed on the rows that stand for a group whose tagged ingredients may be mixed."""
  groups = collections.defaultdict(list)
  for row in rows:
    layout = tuple(name != "air" for name in row["grid"])
    groups[row["item"], row["count"], row["is_shapeless"], layout].append(row)
  for group in groups.values():
    kinds = [{row["grid"][i] for row in group} for i in range(9)]
    for row in group:
      tagged = [i for i, name in enumerate(row["grid"]) if name in TAGS or name in TAG_OF]
      row["is_mixed"] = len(tagged) > 1 and all(
        row["grid"][i] in TAGS and len(kinds[i]) > 1 for i in tagged
      )


def crafting_rows(recipes: dict, item_names: dict[int, str]) -> list[dict]:
  """The rows of recipes.json from minecraft-data's recipes and the names of items by number."""
  rows = [
    _row(
      item_names[recipe["result"]["id"]],
      recipe["result"]["count"],
      _laid_out(recipe, item_names),
      "inShape" not in recipe,
    )
    for variants in recipes.values()
    for recipe in variants
  ]
  rows += _dyed_boxes() + _special()
  unique = list({json.dumps(row): row for row in rows}.values())
  _mark_mixed(unique)
  return sorted(unique, key=lambda row: (row["item"], row["grid"]))


def cutting_rows() -> list[dict]:
  """The rows of cutting.json, by item and, as the stonecutter shows them, by product."""
  unique = sorted(set(CUTTING))
  return [{"item": item, "product": product, "count": count} for item, product, count in unique]


def smithing_rows() -> list[dict]:
  """The rows of smithing.json."""
  return [{"item": i, "addition": a, "product": p} for i, a, p in SMITHING]
