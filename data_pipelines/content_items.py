"""Items of Java 1.16: tools, food, armour, fuel, smelting, and what they place.

minecraft-data 1.16.2 has names, stack sizes and durability; the rest is written here.
Source: the public documentation of Java edition 1.16 (minecraft.fandom.com: Damage, Attack speed,
Food, Armor, Smelting, Tiers).
"""

from data_pipelines.content_blocks import COLORS, OVERWORLD_WOODS, WOODS

MATERIALS = ("wooden", "golden", "stone", "iron", "diamond", "netherite")
TIERS = dict(zip(MATERIALS, (1, 1, 2, 3, 4, 4), strict=True))
SPEEDS = dict(zip(MATERIALS, (2, 12, 4, 6, 8, 9), strict=True))
DAMAGE = {  # by kind, in the order of MATERIALS
  "sword": (4, 4, 5, 6, 7, 8), "axe": (7, 7, 9, 9, 9, 10), "pickaxe": (2, 2, 3, 4, 5, 6),
  "shovel": (2.5, 2.5, 3.5, 4.5, 5.5, 6.5), "hoe": (1, 1, 1, 1, 1, 1), "trident": (9,) * 6,
}  # fmt: skip
ATTACKS_PER_S = {  # the same
  "sword": (1.6,) * 6, "axe": (0.8, 1.0, 0.8, 0.9, 1.0, 1.0), "pickaxe": (1.2,) * 6,
  "shovel": (1.0,) * 6, "hoe": (1.0, 1.0, 2.0, 3.0, 4.0, 4.0), "trident": (1.1,) * 6,
}  # fmt: skip
BARE_ATTACKS_PER_S = 4.0
SWORD_SPEED, SHEARS_SPEED = 1.5, 5.0

FOOD = {  # item: (hunger points, saturation points)
  "apple": (4, 2.4), "baked_potato": (5, 6.0), "beef": (3, 1.8), "beetroot": (1, 1.2),
  "beetroot_soup": (6, 7.2), "bread": (5, 6.0), "carrot": (3, 3.6), "chicken": (2, 1.2),
  "chorus_fruit": (4, 2.4), "cod": (2, 0.4), "cooked_beef": (8, 12.8), "cooked_chicken": (6, 7.2),
  "cooked_cod": (5, 6.0), "cooked_mutton": (6, 9.6), "cooked_porkchop": (8, 12.8),
  "cooked_rabbit": (5, 6.0), "cooked_salmon": (6, 9.6), "cookie": (2, 0.4), "dried_kelp": (1, 0.6),
  "enchanted_golden_apple": (4, 9.6), "golden_apple": (4, 9.6), "golden_carrot": (6, 14.4),
  "honey_bottle": (6, 1.2), "melon_slice": (2, 1.2), "mushroom_stew": (6, 7.2),
  "mutton": (2, 1.2), "poisonous_potato": (2, 1.2), "porkchop": (3, 1.8), "potato": (1, 0.6),
  "pufferfish": (1, 0.2), "pumpkin_pie": (8, 4.8), "rabbit": (3, 1.8), "rabbit_stew": (10, 12.0),
  "rotten_flesh": (4, 0.8), "salmon": (2, 0.4), "spider_eye": (2, 3.2),
  "suspicious_stew": (6, 7.2), "sweet_berries": (2, 0.4), "tropical_fish": (1, 0.2),
}  # fmt: skip

ARMOR_SLOTS = ("helmet", "chestplate", "leggings", "boots")
ARMOR = {  # points of helmet, chestplate, leggings, boots
  "leather": (1, 3, 2, 1), "golden": (2, 5, 3, 1), "chainmail": (2, 5, 4, 1),
  "iron": (2, 6, 5, 2), "turtle": (2, 0, 0, 0), "diamond": (3, 8, 6, 3),
  "netherite": (3, 8, 6, 3),
}  # fmt: skip
HEADGEAR = ("carved_pumpkin", "skeleton_skull", "wither_skeleton_skull", "zombie_head",
            "player_head", "creeper_head", "dragon_head")  # fmt: skip

_BURNING = OVERWORLD_WOODS  # crimson and warped things don't burn
FUEL = {
  "lava_bucket": 20000, "coal_block": 16000, "dried_kelp_block": 4000, "blaze_rod": 2400,
  "coal": 1600, "charcoal": 1600, "scaffolding": 400, "bamboo": 50, "stick": 100, "bowl": 100,
  "dead_bush": 100,
  **{f"{w}{end}": 300 for w in _BURNING for end in (
    "_planks", "_log", "_wood", "_stairs", "_fence", "_fence_gate", "_trapdoor",
    "_pressure_plate")},
  **{f"stripped_{w}{end}": 300 for w in _BURNING for end in ("_log", "_wood")},
  **{f"{w}{end}": ticks for w in _BURNING for end, ticks in (
    ("_slab", 150), ("_button", 100), ("_door", 200), ("_sign", 200), ("_boat", 1200),
    ("_sapling", 100))},
  **{name: 300 for name in (
    "note_block", "bookshelf", "lectern", "jukebox", "chest", "trapped_chest", "crafting_table",
    "daylight_detector", "bow", "fishing_rod", "ladder", "loom", "barrel", "cartography_table",
    "fletching_table", "smithing_table", "composter", "crossbow")},
  **{f"{c}_banner": 300 for c in COLORS}, **{f"{c}_wool": 100 for c in COLORS},
  **{f"{c}_carpet": 67 for c in COLORS},
  **{f"wooden_{tool}": 200 for tool in ("sword", "pickaxe", "axe", "shovel", "hoe")},
}  # fmt: skip

IN_FURNACE, IN_SMOKER, IN_BLAST, ON_CAMPFIRE = 1, 2, 4, 8  # tables.SMELT_*
_FOODS = {
  "potato": "baked_potato", "kelp": "dried_kelp",
  **{raw: f"cooked_{raw}" for raw in ("beef", "porkchop", "mutton", "chicken", "rabbit", "cod",
                                      "salmon")},
}  # fmt: skip
_IRON_THINGS = ("shovel", "pickaxe", "axe", "hoe", "sword", "helmet", "chestplate", "leggings",
                "boots", "horse_armor")  # fmt: skip
_ORES = {
  "iron_ore": "iron_ingot", "gold_ore": "gold_ingot", "nether_gold_ore": "gold_ingot",
  "diamond_ore": "diamond", "emerald_ore": "emerald", "coal_ore": "coal",
  "lapis_ore": "lapis_lazuli", "redstone_ore": "redstone", "nether_quartz_ore": "quartz",
  "ancient_debris": "netherite_scrap",
  **{f"iron_{thing}": "iron_nugget" for thing in _IRON_THINGS},
  **{f"golden_{thing}": "gold_nugget" for thing in _IRON_THINGS},
  **{f"chainmail_{thing}": "iron_nugget" for thing in ARMOR_SLOTS},
}  # fmt: skip
_OTHERS = {
  "sand": "glass", "red_sand": "glass", "cobblestone": "stone", "stone": "smooth_stone",
  "sandstone": "smooth_sandstone", "red_sandstone": "smooth_red_sandstone",
  "quartz_block": "smooth_quartz", "stone_bricks": "cracked_stone_bricks",
  "nether_bricks": "cracked_nether_bricks",
  "polished_blackstone_bricks": "cracked_polished_blackstone_bricks", "clay_ball": "brick",
  "netherrack": "nether_brick", "clay": "terracotta", "cactus": "green_dye",
  "sea_pickle": "lime_dye", "wet_sponge": "sponge", "chorus_fruit": "popped_chorus_fruit",
  **{f"{c}_terracotta": f"{c}_glazed_terracotta" for c in COLORS},
  **{f"{bare}{w}{end}": "charcoal" for w in OVERWORLD_WOODS for bare in ("", "stripped_")
     for end in ("_log", "_wood")},
}  # fmt: skip
SMELTING = {  # item: (product, where)
  **{raw: (done, IN_FURNACE | IN_SMOKER | ON_CAMPFIRE) for raw, done in _FOODS.items()},
  **{raw: (done, IN_FURNACE | IN_BLAST) for raw, done in _ORES.items()},
  **{raw: (done, IN_FURNACE) for raw, done in _OTHERS.items()},
}

TAGS = {  # what stands for a group of items that recipes take mixed
  "oak_planks": tuple(f"{w}_planks" for w in WOODS),
  "oak_slab": tuple(f"{w}_slab" for w in WOODS),
  "oak_log": (
    *(f"{bare}{w}{end}" for w in OVERWORLD_WOODS for bare in ("", "stripped_")
      for end in ("_log", "_wood")),
    *(f"{bare}{w}{end}" for w in ("crimson", "warped") for bare in ("", "stripped_")
      for end in ("_stem", "_hyphae")),
  ),
  "cobblestone": ("cobblestone", "blackstone"), "sand": ("sand", "red_sand"),
  "quartz_block": ("quartz_block", "chiseled_quartz_block", "quartz_pillar"),
  "purpur_block": ("purpur_block", "purpur_pillar"),
  "red_sandstone": ("red_sandstone", "chiseled_red_sandstone"),
  "sandstone": ("sandstone", "chiseled_sandstone"),
}  # fmt: skip
TAG_OF = {name: tag for tag, names in TAGS.items() for name in names if name != tag}
PLACES = {"redstone": "redstone_wire"}  # items that place a block of another name
NOT_PLACED = ("wheat", "beetroot", "carrot", "potato")  # items of a crop's name that place nothing


def tool_kind(name: str) -> str:
  """The kind of tool that an item is, 'none' if it isn't one."""
  kinds = ("pickaxe", "axe", "shovel", "sword", "hoe", "shears")
  return next((k for k in kinds if name == k or name.endswith(f"_{k}")), "none")


def item_row(item: dict, blocks: set[str], icon: tuple) -> dict:
  """One row of items.json.

  Args:
    item: an entry of minecraft-data's items.
    blocks: names of all blocks.
    icon: content_style.Icon.
  """
  name = item["name"]
  kind, material = tool_kind(name), name.split("_")[0]
  weapon = name if name == "trident" else kind
  damage, attacks_per_s = 1.0, BARE_ATTACKS_PER_S
  if weapon in DAMAGE:
    place = MATERIALS.index(material) if material in MATERIALS else 0
    damage, attacks_per_s = DAMAGE[weapon][place], ATTACKS_PER_S[weapon][place]
  speed = {"none": 1.0, "sword": SWORD_SPEED, "shears": SHEARS_SPEED}.get(kind)
  part = name.rsplit("_", 1)[-1]
  slot = ARMOR_SLOTS.index(part) + 1 if part in ARMOR_SLOTS else int(name in HEADGEAR)
  slot = 2 if name == "elytra" else slot
  food, saturation = FOOD.get(name, (0, 0))
  product, where = SMELTING.get(name, (None, 0))
  own = name if name in blocks and name not in NOT_PLACED else None
  return {
    "name": name, "stack_size": item["stackSize"], "tool": kind,
    "tier": TIERS.get(material, 1) if kind != "none" else 0,
    "speed": speed or float(SPEEDS[material]), "attack_damage": float(damage),
    "attack_ticks": round(20 / attacks_per_s, 4), "durability": item.get("maxDurability", 0),
    "armor": ARMOR[material][slot - 1] if part in ARMOR_SLOTS else 0, "armor_slot": slot,
    "food": food, "saturation": saturation, "block": PLACES.get(name, own),
    "fuel_ticks": FUEL.get(name, 0), "smelts_to": product, "smelts_in": where,
    "tag": TAG_OF.get(name), "pattern": icon[0], "colors": icon[1], "icon_block": icon[2],
  }  # fmt: skip
