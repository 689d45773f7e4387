"""The tables are sound, hold Minecraft's numbers, and their icons can be told apart."""

import jax
import numpy as np
import pytest

from cross_jax.envs.voxel.content import tables
from cross_jax.envs.voxel.content.tables import BLOCKS, ITEMS, MOBS, RECIPES, SHAPES
from cross_jax.envs.voxel.render.textures import block_tiles, icon_tiles

NUM_FIRST_BLOCKS, NUM_FIRST_ITEMS = 66, 174  # rows of the first version
_SLOT_RGB = np.asarray((139, 139, 139), np.uint8)


def _value(table, name, field):
  return getattr(table, field)[table.index[name]]


@pytest.mark.parametrize("table", [SHAPES, BLOCKS, ITEMS, MOBS])
def test_columns_have_one_row_per_name_and_row_0_is_nothing(table):
  assert table.names[0] == ("cube" if table is SHAPES else "air")
  assert len(set(table.names)) == len(table.names)
  assert [table.index[name] for name in table.names] == list(range(len(table.names)))
  for column in jax.tree.leaves(table[2:]):
    assert len(column) == len(table.names)


def test_block_ids_fit_the_renderers_word():
  assert len(BLOCKS.names) <= tables.MAX_BLOCKS


def test_shapes_are_boxes_in_their_cell():
  assert SHAPES.index["cube"] == tables.SHAPE_CUBE and SHAPES.index["plant"] == tables.SHAPE_PLANT
  assert SHAPES.boxes.shape == SHAPES.collision.shape == (len(SHAPES.names), 5, 6)
  for boxes, tallest in ((SHAPES.boxes, 1.0), (SHAPES.collision, 1.5)):
    is_used = np.any(boxes != 0, axis=-1)
    assert np.all((boxes[..., :3] < boxes[..., 3:]) == is_used[..., None])
    assert boxes.min() == 0 and boxes[..., [3, 5]].max() == 1 and boxes[..., 4].max() == tallest
    assert np.all(is_used[:, :-1] >= is_used[:, 1:])
  np.testing.assert_array_equal(SHAPES.boxes[0, 0], [0, 0, 0, 1, 1, 1])
  np.testing.assert_array_equal(SHAPES.boxes[SHAPES.index["slab"], 0], [0, 0, 0, 1, 0.5, 1])
  assert SHAPES.collision[SHAPES.index["fence"], 0, 4] == 1.5


@pytest.mark.parametrize(
  "block, hardness, tool, min_tier, drop",
  [
    ("oak_log", 2.0, "axe", 0, "oak_log"),
    ("stone", 1.5, "pickaxe", 1, "cobblestone"),
    ("iron_ore", 3.0, "pickaxe", 2, "iron_ore"),
    ("diamond_ore", 3.0, "pickaxe", 3, "diamond"),
    ("obsidian", 50.0, "pickaxe", 4, "obsidian"),
    ("dirt", 0.5, "shovel", 0, "dirt"),
    ("grass_block", 0.6, "shovel", 0, "dirt"),
    ("sand", 0.5, "shovel", 0, "sand"),
    ("oak_leaves", 0.2, "shears", 0, "air"),
    ("sugar_cane", 0.0, "none", 0, "sugar_cane"),
    ("hay_block", 0.5, "hoe", 0, "hay_block"),
    ("chest", 2.5, "axe", 0, "chest"),
    ("bedrock", -1.0, "none", 0, "air"),
    ("water", -1.0, "none", 0, "air"),
  ],
)
def test_block_numbers_of_minecraft(block, hardness, tool, min_tier, drop):
  assert _value(BLOCKS, block, "hardness") == np.float32(hardness)
  assert tables.TOOL_NAMES[_value(BLOCKS, block, "tool")] == tool
  assert _value(BLOCKS, block, "min_tier") == min_tier
  assert ITEMS.names[_value(BLOCKS, block, "drop_item")] == drop


@pytest.mark.parametrize(
  "item, stack, tool, tier, speed, damage, ticks, fuel",
  [
    ("diamond_sword", 1, "sword", 4, 1.5, 7, 20 / 1.6, 0),  # 1.6 hits a second
    ("diamond_axe", 1, "axe", 4, 8, 9, 20, 0),
    ("iron_axe", 1, "axe", 3, 6, 9, 20 / 0.9, 0),
    ("wooden_shovel", 1, "shovel", 1, 2, 2.5, 20, 200),
    ("stone_pickaxe", 1, "pickaxe", 2, 4, 3, 20 / 1.2, 0),
    ("coal", 64, "none", 0, 1, 1, 5, 1600),
    ("stick", 64, "none", 0, 1, 1, 5, 100),
    ("snowball", 16, "none", 0, 1, 1, 5, 0),
    ("stone", 64, "none", 0, 1, 1, 5, 0),
  ],
)
def test_item_numbers_of_minecraft(item, stack, tool, tier, speed, damage, ticks, fuel):
  row = ITEMS.index[item]
  assert tables.TOOL_NAMES[ITEMS.tool[row]] == tool
  numbers = [
    getattr(ITEMS, field)[row]
    for field in ("stack_size", "tier", "speed", "attack_damage", "attack_ticks", "fuel_ticks")
  ]
  assert numbers == [stack, tier, speed, damage, pytest.approx(ticks, abs=1e-4), fuel]


def test_stone_things_do_not_burn_and_wooden_ones_do():
  fuel = {name: int(ITEMS.fuel_ticks[i]) for name, i in ITEMS.index.items()}
  assert fuel["oak_slab"] == 150 and fuel["oak_stairs"] == 300 and fuel["oak_button"] == 100
  for name in ("rail", "flint", "cobblestone", "iron_ingot", "cod", "bricks", "glass", "air"):
    assert fuel[name] == 0, name


@pytest.mark.parametrize(
  "mob, health, width, height, behavior",
  [
    ("cow", 10, 0.9, 1.4, "passive"),
    ("zombie", 20, 0.6, 1.95, "hostile"),
    ("chicken", 4, 0.4, 0.7, "passive"),
    ("iron_golem", 100, 1.4, 2.7, "neutral"),
    ("salmon", 3, 0.7, 0.4, "aquatic"),
    ("parrot", 6, 0.5, 0.9, "flying"),
  ],
)
def test_mob_numbers_of_minecraft(mob, health, width, height, behavior):
  row = MOBS.index[mob]
  assert MOBS.max_health[row] == health
  np.testing.assert_allclose([MOBS.width[row], MOBS.height[row]], [width, height], rtol=1e-6)
  assert tables.BEHAVIOR_NAMES[MOBS.behavior[row]] == behavior


def test_smelting():
  for source, product in (("cod", "cooked_cod"), ("ancient_debris", "netherite_scrap")):
    assert ITEMS.names[_value(ITEMS, source, "smelts_to")] == product
  assert _value(ITEMS, "coal", "smelts_to") == 0


def test_items_place_the_block_of_their_name():
  placing = np.flatnonzero(ITEMS.block)
  assert len(placing) > 600
  for row in placing:
    block = BLOCKS.names[ITEMS.block[row]]
    assert block == {"redstone": "redstone_wire"}.get(ITEMS.names[row], ITEMS.names[row])


def test_recipes_are_shifted_and_laid_out_so_that_small_ones_fit_2x2():
  grid = RECIPES.grid.reshape(-1, 3, 3)
  shaped = grid[~RECIPES.is_shapeless] > 0
  assert shaped[:, 0].any(axis=1).all() and shaped[:, :, 0].any(axis=1).all()
  small = RECIPES.is_shapeless & ((RECIPES.grid > 0).sum(axis=1) <= 4)
  assert small.any() and not grid[small][:, 2].any() and not grid[small][:, :, 2].any()
  assert np.all(RECIPES.out_item > 0) and np.all(RECIPES.out_count > 0)
  assert np.all(RECIPES.out_count <= ITEMS.stack_size[RECIPES.out_item])


def test_every_icon_of_the_first_version_stands_out_from_its_slot():
  icons = icon_tiles()[1:NUM_FIRST_ITEMS, ::2, ::2].astype(np.int32)
  for name, icon in zip(ITEMS.names[1:], icons):
    gap = np.where(icon[..., 3] > 0, np.abs(icon[..., :3] - _SLOT_RGB).max(axis=2), 0)
    assert gap.max() > 40, name
    assert np.mean(gap > 0) >= 0.09, name


def test_no_pure_white_anywhere_the_cursor_alone_has_it():
  for colors in (ITEMS.icon_colors, BLOCKS.colors, MOBS.colors):
    assert colors.max() <= 250


def test_any_two_blocks_of_the_first_version_differ_in_their_textures():
  tiles = block_tiles().reshape(-1, 3, 16, 16, 4)[1:NUM_FIRST_BLOCKS].astype(np.int32)
  pictures = np.where(tiles[..., 3:] > 0, tiles[..., :3], 0)
  for i, picture in enumerate(pictures[: NUM_FIRST_BLOCKS - 2]):
    distance = np.abs(pictures[i + 1 : NUM_FIRST_BLOCKS - 1] - picture).mean(axis=(1, 2, 3, 4))
    assert distance.min() > 4.0, (BLOCKS.names[i + 1], BLOCKS.names[i + 2 + distance.argmin()])


def test_any_two_mobs_differ_in_colour_or_size():
  for i in range(1, len(MOBS.names)):
    for j in range(i + 1, len(MOBS.names)):
      colors = np.abs(MOBS.colors[i].astype(int) - MOBS.colors[j]).mean()
      sizes = abs(MOBS.width[i] - MOBS.width[j]) + abs(MOBS.height[i] - MOBS.height[j])
      assert colors > 12 or sizes > 0.5, (MOBS.names[i], MOBS.names[j])
