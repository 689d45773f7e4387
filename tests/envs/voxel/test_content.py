"""The tables hold all of 1.16.2, and what they say is what minecraft-data says.

tests/golden/minecraft_facts.json is minecraft-data's (data_pipelines/build_content_facts.py); where
the tables differ, the block is listed here with the reason.
"""

import json
import re
from importlib import resources
from pathlib import Path

import numpy as np
import pytest

from cross_jax.envs.tasks.official import ALIASES
from cross_jax.envs.voxel.content import tables
from cross_jax.envs.voxel.content.tables import (
  BLOCKS,
  CUTTING,
  ITEMS,
  MOBS,
  RECIPES,
  SHAPES,
  SMITHING,
)

FACTS = json.loads((Path(__file__).parents[2] / "golden" / "minecraft_facts.json").read_text())
NOT_LIVING = set(
  """area_effect_cloud armor_stand arrow boat dragon_fireball end_crystal evoker_fangs
  experience_orb eye_of_ender falling_block firework_rocket item item_frame fireball
  leash_knot lightning_bolt llama_spit minecart chest_minecart command_block_minecart
  furnace_minecart hopper_minecart spawner_minecart tnt_minecart painting tnt shulker_bullet
  small_fireball snowball spectral_arrow egg ender_pearl experience_bottle potion trident
  wither_skull player fishing_bobber""".split()
)
UNBREAKABLE = ("air", "cave_air", "void_air", "structure_void", "moving_piston", "barrier")


def _value(table, name, field):
  return getattr(table, field)[table.index[name]]


def test_all_names_of_1_16_2_are_rows():
  own = {n for n in BLOCKS.names if n not in FACTS["blocks"]}
  assert len(FACTS["blocks"]) == 763 and set(FACTS["blocks"]) <= set(BLOCKS.names)
  assert own == {
    BLOCKS.names[row] for row in np.flatnonzero(BLOCKS.base != np.arange(len(BLOCKS.base)))
  }
  assert len(ITEMS.names) == 976 and set(ITEMS.names) == {"air", *FACTS["items"]}
  assert set(FACTS["entities"]) - NOT_LIVING == set(MOBS.names) - {"air"}
  assert len(MOBS.names) == 71


@pytest.mark.parametrize("column", ["hardness", "light", "min_tier"])
def test_numbers_of_blocks_are_those_of_minecraft_data(column):
  key = {"min_tier": "tier"}.get(column, column)
  wrong = {}
  for name, fact in FACTS["blocks"].items():
    here, there = float(_value(BLOCKS, name, column)), fact[key]
    if there is not None and abs(here - there) > 1e-6:
      wrong[name] = (here, there)
  expected = set()
  if column == "hardness":  # what can't be broken, since it isn't seen
    expected = {name for name in UNBREAKABLE if FACTS["blocks"][name]["hardness"] != -1}
  assert set(wrong) == expected, wrong


def test_collision_is_that_of_a_state_of_the_block():
  wrong = {}
  for name, fact in FACTS["blocks"].items():
    boxes = _value(SHAPES, SHAPES.names[_value(BLOCKS, name, "shape")], "collision")
    boxes = boxes[np.any(boxes != 0, axis=1)] if _value(BLOCKS, name, "is_solid") else boxes[:0]
    here = [*boxes[:, :3].min(0), *boxes[:, 3:].max(0)] if len(boxes) else None
    options = [FACTS["bounds"][i] for i in fact["bounds"]]
    if here is None or not any(o and np.allclose(here, o, atol=0.02) for o in options):
      if not (here is None and None in options):
        wrong[name] = (here, options)
  # the game shifts each bamboo by a draw of its own; here it stands in the middle
  assert set(wrong) == {"bamboo"}, wrong


def test_second_halves_point_at_each_other():
  halves = np.flatnonzero(BLOCKS.half_row)
  assert len(halves) == 2 * (9 + 7 + 16)  # doors, tall plants, beds
  other = BLOCKS.half_row[halves]
  np.testing.assert_array_equal(BLOCKS.half_row[other], halves)
  np.testing.assert_array_equal(BLOCKS.half[other], -BLOCKS.half[halves])
  assert np.all(np.abs(BLOCKS.half[halves]).sum(axis=1) == 1)
  seconds = np.flatnonzero(BLOCKS.base != np.arange(len(BLOCKS.base)))
  np.testing.assert_array_equal(BLOCKS.base[seconds], BLOCKS.half_row[seconds])
  for field in ("hardness", "tool", "min_tier", "drop_item", "is_solid"):
    column = getattr(BLOCKS, field)
    np.testing.assert_array_equal(column[seconds], column[BLOCKS.base[seconds]], field)
  assert not np.isin(ITEMS.block, seconds).any()
  alone = BLOCKS.half_row == 0
  assert not BLOCKS.half[alone].any()


@pytest.mark.parametrize(
  "block, loot",
  [
    ("oak_leaves", {"oak_sapling": (1, 1, 0.05), "stick": (1, 2, 0.02), "apple": (1, 1, 0.005)}),
    ("gravel", {"gravel": (1, 1, 0.9), "flint": (1, 1, 0.1)}),
    ("lapis_ore", {"lapis_lazuli": (4, 9, 1.0)}),
    ("redstone_ore", {"redstone": (4, 5, 1.0)}),
    ("melon", {"melon_slice": (3, 7, 1.0)}),
    ("glass", {}),
    ("oak_wall_sign", {"oak_sign": (1, 1, 1.0)}),
    ("potted_poppy", {"flower_pot": (1, 1, 1.0), "poppy": (1, 1, 1.0)}),
    ("oak_door_top", {"oak_door": (1, 1, 1.0)}),
    ("diamond_block", {"diamond_block": (1, 1, 1.0)}),
  ],
)
def test_loot_by_hand(block, loot):
  row = BLOCKS.index[block]
  held = BLOCKS.loot.item[row]
  entries = {
    ITEMS.names[item]: (
      BLOCKS.loot.min[row, i], BLOCKS.loot.max[row, i], pytest.approx(BLOCKS.loot.chance[row, i])
    )
    for i, item in enumerate(held)
    if item
  }  # fmt: skip
  assert entries == loot


@pytest.mark.parametrize("table", [BLOCKS, MOBS])
def test_loot_is_sound(table):
  loot = table.loot
  is_used = loot.item > 0
  assert np.all(loot.min[is_used] <= loot.max[is_used]) and np.all(loot.max[is_used] >= 1)
  assert np.all((loot.chance[is_used] > 0) & (loot.chance[is_used] <= 1))
  assert not loot.max[~is_used].any() and not loot.chance[~is_used].any()
  assert np.all(is_used[:, :-1] >= is_used[:, 1:])
  for row in np.flatnonzero(table.drop_item):
    assert table.drop_item[row] in loot.item[row]


def test_tools_speed_up_what_they_should():
  factor = lambda block, tool: _value(BLOCKS, block, "tool_factors")[tables.TOOL_NAMES.index(tool)]
  assert factor("stone", "pickaxe") == 1 and factor("stone", "axe") == 0 == factor("stone", "sword")
  assert factor("cobweb", "sword") * 1.5 == 15 == factor("cobweb", "shears") * 5
  assert factor("oak_leaves", "shears") * 5 == 15 and factor("oak_leaves", "hoe") == 1
  assert factor("white_wool", "shears") * 5 == 5 and factor("pumpkin", "sword") * 1.5 == 1.5
  assert factor("rail", "pickaxe") == 1 and factor("shulker_box", "pickaxe") == 1
  assert factor("dirt", "shovel") == 1 and factor("soul_sand", "shovel") == 1
  main = BLOCKS.tool_factors[np.arange(len(BLOCKS.tool)), BLOCKS.tool]
  np.testing.assert_array_equal(main > 0, BLOCKS.tool != tables.TOOL_NONE)
  assert np.all(BLOCKS.tool[BLOCKS.min_tier > 0] != tables.TOOL_NONE)


def test_food_is_that_of_minecraft_data():
  here = {
    name: [food, pytest.approx(saturation, abs=0.01)]
    for name, food, saturation in zip(ITEMS.names, ITEMS.food, ITEMS.saturation, strict=True)
    if food > 0
  }
  facts = {
    name: food for name, food in FACTS["foods"].items() if name != "cake"
  }  # eaten as a block
  assert facts == here


@pytest.mark.parametrize(
  "item, field, value",
  [
    ("netherite_sword", "attack_damage", 8), ("netherite_axe", "attack_damage", 10),
    ("netherite_pickaxe", "speed", 9), ("golden_pickaxe", "speed", 12),
    ("trident", "attack_damage", 9),
    ("diamond_hoe", "attack_ticks", 5), ("stone_hoe", "attack_ticks", 10),
    ("golden_axe", "attack_ticks", 20), ("trident", "attack_ticks", np.float32(18.1818)),
    ("diamond_pickaxe", "durability", 1561), ("netherite_chestplate", "armor", 8),
    ("leather_helmet", "armor", 1), ("iron_leggings", "armor", 5), ("turtle_helmet", "armor", 2),
    ("golden_boots", "armor_slot", 4), ("elytra", "armor_slot", 2),
    ("lava_bucket", "fuel_ticks", 20000), ("blaze_rod", "fuel_ticks", 2400),
    ("oak_boat", "fuel_ticks", 1200), ("crimson_planks", "fuel_ticks", 0),
    ("white_carpet", "fuel_ticks", 67), ("bamboo", "fuel_ticks", 50),
    ("ender_pearl", "stack_size", 16), ("white_bed", "stack_size", 1), ("shears", "tier", 1),
    ("iron_ore", "smelts_in", 1 | 4), ("beef", "smelts_in", 1 | 2 | 8), ("sand", "smelts_in", 1),
  ],
)  # fmt: skip
def test_item_numbers_by_hand(item, field, value):
  assert _value(ITEMS, item, field) == value


def test_smelting_has_a_place_and_a_product_or_neither():
  np.testing.assert_array_equal(ITEMS.smelts_to > 0, ITEMS.smelts_in > 0)
  assert np.all((ITEMS.smelts_in & tables.SMELT_FURNACE > 0) | (ITEMS.smelts_in == 0))
  both = tables.SMELT_SMOKER | tables.SMELT_BLAST
  assert not np.any((ITEMS.smelts_in & both) == both)
  smelted = {ITEMS.names[i]: ITEMS.names[p] for i, p in enumerate(ITEMS.smelts_to) if p}
  assert smelted["cactus"] == "green_dye" and smelted["acacia_log"] == "charcoal"
  assert smelted["chainmail_boots"] == "iron_nugget" and "crimson_stem" not in smelted
  assert (
    len(smelted) == 9 + 10 + 24 + 17 + 16 + 24
  )  # food, ores, metal things, others, glazes, logs


def test_recipes_by_hand():
  def products(*cells):
    grid = np.asarray([ITEMS.index[c] if c else 0 for c in cells])
    return {ITEMS.names[o] for o in RECIPES.out_item[np.all(RECIPES.grid == grid, axis=1)]}

  wood = "warped_planks"
  assert products(wood, wood, "", wood, wood, "", "", "", "") == {"crafting_table"}
  assert products("gunpowder", "red_sand", "gunpowder", "red_sand", "gunpowder", "red_sand",
                  "gunpowder", "red_sand", "gunpowder") == {"tnt"}  # fmt: skip
  assert products("lime_shulker_box", "red_dye", *[""] * 7) == {"red_shulker_box"}
  assert len(RECIPES.out_item) == 1487 and RECIPES.grid.max() < len(ITEMS.names)
  assert len(np.unique(np.c_[RECIPES.grid, RECIPES.is_shapeless, RECIPES.out_item], axis=0)) == 1487


def test_mixed_recipes_stand_for_their_tags():
  tag = ITEMS.tag_item
  np.testing.assert_array_equal(tag[tag], tag)
  rows = np.flatnonzero(RECIPES.is_mixed)
  np.testing.assert_array_equal(tag[RECIPES.grid[rows]], RECIPES.grid[rows])
  names = {ITEMS.names[o] for o in RECIPES.out_item[rows]}
  assert {"chest", "stick", "white_bed", "tnt", "furnace", "smoker", "barrel"} <= names
  assert not names & {"oak_slab", "oak_stairs", "oak_sign", "sandstone", "oak_planks", "torch"}


def test_stonecutting_and_smithing_by_hand():
  cut = {
    (ITEMS.names[i], ITEMS.names[o]): n
    for i, o, n in zip(CUTTING.item, CUTTING.out_item, CUTTING.out_count, strict=True)
  }
  assert len(cut) == len(CUTTING.item) == 121
  assert cut["stone", "stone_brick_wall"] == 1 and cut["stone", "stone_slab"] == 2
  assert cut["blackstone", "polished_blackstone_brick_slab"] == 2
  assert ("oak_planks", "oak_slab") not in cut
  names = [(ITEMS.names[i], ITEMS.names[o]) for i, o in zip(CUTTING.item, CUTTING.out_item)]
  assert names == sorted(names)
  made = dict(zip(SMITHING.item, SMITHING.out_item))
  assert len(made) == 9 and np.all(SMITHING.addition == ITEMS.index["netherite_ingot"])
  assert ITEMS.names[made[ITEMS.index["diamond_axe"]]] == "netherite_axe"


@pytest.mark.parametrize(
  "mob, health, damages, gait, shot, trick",
  [
    ("zombie", 20, (2.5, 3, 4.5), "walk", "none", "none"),
    ("enderman", 40, (4.5, 7, 10.5), "walk", "none", "teleport"),
    ("creeper", 20, (22.5, 43, 64.5), "walk", "none", "fuse"),
    ("ravager", 100, (7, 12, 18), "walk", "none", "none"),
    ("wither", 300, (5, 8, 12), "fly", "fireball", "none"),
    ("guardian", 30, (4, 6, 9), "swim", "beam", "none"),
    ("shulker", 30, (3, 4, 6), "still", "bullet", "none"),
    ("vindicator", 24, (7.5, 13, 19.5), "walk", "none", "none"),
    ("skeleton", 20, (2, 2, 3), "walk", "arrow", "none"),
    ("iron_golem", 100, (1, 15, 22.5), "walk", "none", "none"),
  ],
)
def test_mobs_by_hand(mob, health, damages, gait, shot, trick):
  assert _value(MOBS, mob, "max_health") == health
  np.testing.assert_allclose(_value(MOBS, mob, "damages"), damages)
  assert _value(MOBS, mob, "damage") == np.float32(damages[0])
  assert tables.GAIT_NAMES[_value(MOBS, mob, "gait")] == gait
  assert tables.SHOT_NAMES[_value(MOBS, mob, "shot")] == shot
  assert tables.TRICK_NAMES[_value(MOBS, mob, "trick")] == trick


def test_every_official_task_speaks_of_rows():
  file = resources.files("cross_jax.envs.tasks") / "data" / "official_tasks.jsonl"
  for line in file.read_text().splitlines():
    task = json.loads(line)
    goal = re.split("[ :]", task["name"])[-1].removeprefix("interact_with_")
    goal = ALIASES.get(goal, goal)
    index = {"mine_block": BLOCKS, "interact": BLOCKS, "kill_entity": MOBS}.get(
      task["family"], ITEMS
    )
    assert goal in index.index, task["name"]
    things = [t for t in task.get("tool", ()) if t]
    things += [entry["type"] for entry in task.get("init_inventory", ())]
    assert all(thing in ITEMS.index for thing in things), task["name"]
