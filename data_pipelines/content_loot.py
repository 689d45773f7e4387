"""What blocks drop in Java 1.16 where it isn't one of themselves.

An entry is [item, least, most, chance]; each is drawn alone. Things that drop in place of each
other in the game (gravel or flint) are two entries here whose expected numbers are the game's.
Enchantments (silk touch, fortune) aren't part of the world; crops and bushes are ripe.
Source: the public documentation of Java edition 1.16 (minecraft.fandom.com, Drops and the pages of
the blocks); minecraft-data 1.16.2 lists the items but few of the numbers.
"""

from data_pipelines.content_blocks import COLORS, CORALS, OVERWORLD_WOODS

_SEEDS = [["wheat_seeds", 1, 1, 0.125]]
_NOTHING = (
  "air", "cave_air", "void_air", "bedrock", "water", "lava", "bubble_column", "fire", "soul_fire",
  "spawner", "nether_portal", "end_portal", "end_portal_frame", "end_gateway", "frosted_ice",
  "command_block", "chain_command_block", "repeating_command_block", "structure_block",
  "structure_void", "jigsaw", "barrier", "piston_head", "moving_piston", "cake", "turtle_egg",
  "glass", "glass_pane", "ice", "packed_ice", "blue_ice", "mushroom_stem", "bee_nest", "seagrass",
  "tall_seagrass", "vine", "nether_sprouts",
  *(f"{c}_stained_glass{end}" for c in COLORS for end in ("", "_pane")),
  *(f"{dead}{c}_coral{end}" for c in CORALS for dead in ("", "dead_")
    for end in ("", "_fan", "_wall_fan")),
  *(f"infested_{stone}" for stone in (
    "stone", "cobblestone", "stone_bricks", "mossy_stone_bricks", "cracked_stone_bricks",
    "chiseled_stone_bricks")),
)  # fmt: skip
_ONE = {  # one of another item
  "stone": "cobblestone", "grass_block": "dirt", "podzol": "dirt", "mycelium": "dirt",
  "farmland": "dirt", "grass_path": "dirt", "coal_ore": "coal", "diamond_ore": "diamond",
  "emerald_ore": "emerald", "nether_quartz_ore": "quartz", "redstone_wire": "redstone",
  "tripwire": "string", "crimson_nylium": "netherrack", "warped_nylium": "netherrack",
  "kelp_plant": "kelp", "bamboo_sapling": "bamboo", "soul_campfire": "soul_soil",
  "attached_pumpkin_stem": "pumpkin_seeds", "attached_melon_stem": "melon_seeds",
  "snow": "snowball",
  **{f"{c}_coral_block": f"dead_{c}_coral_block" for c in CORALS},
}  # fmt: skip
LOOT = {
  **{name: [] for name in _NOTHING},
  **{name: [[item, 1, 1, 1.0]] for name, item in _ONE.items()},
  **{f"{w}_leaves": [[f"{w}_sapling", 1, 1, 0.025 if w == "jungle" else 0.05],
                     ["stick", 1, 2, 0.02],
                     *([["apple", 1, 1, 0.005]] if w in ("oak", "dark_oak") else [])]
     for w in OVERWORLD_WOODS},
  "gravel": [["gravel", 1, 1, 0.9], ["flint", 1, 1, 0.1]],
  "nether_gold_ore": [["gold_nugget", 2, 6, 1.0]], "lapis_ore": [["lapis_lazuli", 4, 9, 1.0]],
  "redstone_ore": [["redstone", 4, 5, 1.0]],
  "gilded_blackstone": [["gilded_blackstone", 1, 1, 0.9], ["gold_nugget", 2, 5, 0.1]],
  "grass": _SEEDS, "fern": _SEEDS, "tall_grass": _SEEDS, "large_fern": _SEEDS,
  "dead_bush": [["stick", 0, 2, 1.0]], "cobweb": [["string", 1, 1, 1.0]],
  "bookshelf": [["book", 3, 3, 1.0]], "clay": [["clay_ball", 4, 4, 1.0]],
  "snow_block": [["snowball", 4, 4, 1.0]], "glowstone": [["glowstone_dust", 2, 4, 1.0]],
  "sea_lantern": [["prismarine_crystals", 2, 3, 1.0]], "melon": [["melon_slice", 3, 7, 1.0]],
  "ender_chest": [["obsidian", 8, 8, 1.0]], "campfire": [["charcoal", 2, 2, 1.0]],
  "brown_mushroom_block": [["brown_mushroom", 1, 2, 2 / 9]],
  "red_mushroom_block": [["red_mushroom", 1, 2, 2 / 9]],
  "wheat": [["wheat", 1, 1, 1.0], ["wheat_seeds", 1, 4, 1.0]],
  "carrots": [["carrot", 2, 5, 1.0]],
  "potatoes": [["potato", 2, 5, 1.0], ["poisonous_potato", 1, 1, 0.02]],
  "beetroots": [["beetroot", 1, 1, 1.0], ["beetroot_seeds", 1, 4, 1.0]],
  "nether_wart": [["nether_wart", 2, 4, 1.0]], "cocoa": [["cocoa_beans", 3, 3, 1.0]],
  "sweet_berry_bush": [["sweet_berries", 2, 3, 1.0]],
  "pumpkin_stem": [["pumpkin_seeds", 0, 3, 1.0]], "melon_stem": [["melon_seeds", 0, 3, 1.0]],
  "chorus_plant": [["chorus_fruit", 0, 1, 1.0]],
  "weeping_vines": [["weeping_vines", 1, 1, 0.33]],
  "weeping_vines_plant": [["weeping_vines", 1, 1, 0.33]],
  "twisting_vines": [["twisting_vines", 1, 1, 0.33]],
  "twisting_vines_plant": [["twisting_vines", 1, 1, 0.33]],
}  # fmt: skip
SHEARS = {  # what shears get in place of the loot
  **{f"{w}_leaves": f"{w}_leaves" for w in OVERWORLD_WOODS},
  **{n: n for n in ("cobweb", "grass", "fern", "dead_bush", "seagrass", "vine", "nether_sprouts")},
  "tall_grass": "grass", "large_fern": "fern", "tall_seagrass": "seagrass",
}  # fmt: skip


def loot_of(name: str, items: set[str]) -> list[list]:
  """The entries of a block.

  Args:
    name: the block.
    items: names of all items.
  Raises:
    ValueError: nothing here says what a block without an item of its name drops.
  """
  if name in LOOT:
    return LOOT[name]
  if name.startswith("potted_"):
    plant = name.removeprefix("potted_")
    return [["flower_pot", 1, 1, 1.0], [plant, 1, 1, 1.0]]
  item = name if name in items else name.replace("wall_", "")
  if item not in items:
    raise ValueError(f"block {name}: no loot and no item of its name; add it to content_loot")
  return [[item, 1, 1, 1.0]]


def main_drop(loot: list[list]) -> str | None:
  """The item that a thing usually drops, or None."""
  item, _, most, chance = max(loot, key=lambda e: e[3], default=[None, 0, 0, 0.0])
  return item if chance >= 0.5 and most > 0 else None
