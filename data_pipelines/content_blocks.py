"""Blocks of Java 1.16 by rules on their names: shape, support, tool, light, halves.

minecraft-data 1.16.2 has the names, hardness and which pickaxe is needed; what it lacks or has
wrong (tools of blocks without material, light that depends on a state, shapes) is written here.
Source: the public documentation of Java edition 1.16 (minecraft.fandom.com: Breaking, Light, Drops,
and the pages of the blocks).
"""

COLORS = ("white", "orange", "magenta", "light_blue", "yellow", "lime", "pink", "gray",
          "light_gray", "cyan", "purple", "blue", "brown", "green", "red", "black")  # fmt: skip
OVERWORLD_WOODS = ("oak", "spruce", "birch", "jungle", "acacia", "dark_oak")
WOODS = (*OVERWORLD_WOODS, "crimson", "warped")
CORALS = ("tube", "brain", "bubble", "fire", "horn")
TALL_PLANTS = ("sunflower", "lilac", "rose_bush", "peony", "tall_grass", "large_fern",
               "tall_seagrass")  # fmt: skip
FLOWERS = ("dandelion", "poppy", "blue_orchid", "allium", "azure_bluet", "red_tulip",
           "orange_tulip", "white_tulip", "pink_tulip", "oxeye_daisy", "cornflower", "wither_rose",
           "lily_of_the_valley")  # fmt: skip
CROPS = ("wheat", "carrots", "potatoes", "beetroots", "nether_wart", "pumpkin_stem", "melon_stem",
         "attached_pumpkin_stem", "attached_melon_stem")  # fmt: skip
UNDER_WATER = (
  "kelp", "kelp_plant", "seagrass", "tall_seagrass", "tall_seagrass_top", "sea_pickle", "conduit",
  *(f"{coral}_coral{end}" for coral in CORALS for end in ("", "_fan", "_wall_fan")),
)  # fmt: skip
PLANTS = (
  "grass", "fern", "dead_bush", "brown_mushroom", "red_mushroom", "sugar_cane", "fire", "soul_fire",
  "cobweb", "kelp", "kelp_plant", "seagrass", "bamboo_sapling", "sweet_berry_bush",
  "crimson_fungus", "warped_fungus", "crimson_roots", "warped_roots", "nether_sprouts",
  "weeping_vines", "weeping_vines_plant", "twisting_vines", "twisting_vines_plant",
  *(f"{w}_sapling" for w in OVERWORLD_WOODS), *(f"{c}_coral" for c in CORALS),
  *(f"dead_{c}_coral" for c in CORALS), *FLOWERS, *CROPS, *TALL_PLANTS,
  *(f"{p}_top" for p in TALL_PLANTS),
)  # fmt: skip
INVISIBLE = ("air", "cave_air", "void_air", "structure_void", "barrier", "moving_piston")
REPLACEABLE = ("air", "cave_air", "void_air", "structure_void", "water", "lava", "bubble_column",
               "grass", "fern", "dead_bush", "seagrass", "tall_seagrass", "tall_seagrass_top",
               "tall_grass", "tall_grass_top", "large_fern", "large_fern_top", "vine", "snow",
               "fire", "soul_fire", "crimson_roots", "warped_roots", "nether_sprouts")  # fmt: skip
LIQUIDS = ("water", "lava", "bubble_column")
CLIMBABLE = ("ladder", "vine", "scaffolding", "weeping_vines", "weeping_vines_plant",
             "twisting_vines", "twisting_vines_plant")  # fmt: skip
FALLING = ("sand", "red_sand", "gravel", "anvil", "chipped_anvil", "damaged_anvil", "dragon_egg",
           *(f"{c}_concrete_powder" for c in COLORS))  # fmt: skip
GUIS = {  # layout.GUI_*
  "crafting_table": 2, "furnace": 3, "smoker": 4, "blast_furnace": 5, "stonecutter": 6,
  "smithing_table": 7, "loom": 8, "cartography_table": 9, "grindstone": 10, "anvil": 11,
  "chipped_anvil": 11, "damaged_anvil": 11, "brewing_stand": 12, "beacon": 13, "chest": 14,
  "trapped_chest": 14, "ender_chest": 14, "barrel": 14,
  **{f"{c}shulker_box": 14 for c in ("", *(f"{c}_" for c in COLORS))},
}  # fmt: skip
SECOND_HALVES = (  # (rows that have one, end of its name, offset to it)
  ((*(f"{w}_door" for w in WOODS), "iron_door"), "_top", (0, 1, 0)),
  (TALL_PLANTS, "_top", (0, 1, 0)),
  (tuple(f"{c}_bed" for c in COLORS), "_head", (0, 0, -1)),
)

_EXACT_SHAPES = {
  "torch": ("torch", "soul_torch", "redstone_torch"),
  "wall_torch": ("wall_torch", "soul_wall_torch", "redstone_wall_torch"),
  "rail": ("rail", "powered_rail", "detector_rail", "activator_rail"),
  "lantern": ("lantern", "soul_lantern"), "campfire": ("campfire", "soul_campfire"),
  "anvil": ("anvil", "chipped_anvil", "damaged_anvil"), "pane": ("iron_bars",),
  "soul_sand": ("soul_sand",), "farmland": ("farmland", "grass_path"), "snow_layer": ("snow",),
  "portal_frame": ("end_portal_frame",), "portal_sheet": ("nether_portal",),
  "potted_cactus": ("potted_cactus",), "sky_cube": ("end_gateway",), "wire": ("redstone_wire",),
  **{name: (name,) for name in (
    "ladder", "vine", "lever", "cactus", "cake", "daylight_detector", "repeater", "comparator",
    "lily_pad", "tripwire", "tripwire_hook", "bell", "grindstone", "stonecutter", "brewing_stand",
    "cauldron", "composter", "hopper", "lectern", "flower_pot", "enchanting_table", "end_rod",
    "chain", "bamboo", "scaffolding", "sea_pickle", "turtle_egg", "dragon_egg", "conduit", "cocoa",
    "honey_block", "chorus_plant", "chorus_flower", "end_portal", "piston_head",
  )},
  "plant": PLANTS,
}  # fmt: skip
_SHAPE_OF = {name: shape for shape, names in _EXACT_SHAPES.items() for name in names}
_SHAPE_ENDS = (  # the first that matches
  ("_stairs", "stairs"), ("_slab", "slab"), ("_fence", "fence"), ("_fence_gate", "fence_gate"),
  ("_wall", "wall"), ("_pane", "pane"), ("_carpet", "carpet"), ("_door", "door"),
  ("_door_top", "door"), ("_trapdoor", "trapdoor"), ("_pressure_plate", "pressure_plate"),
  ("_button", "button"), ("_bed", "bed_foot"), ("_bed_head", "bed_head"), ("chest", "chest"),
  ("_wall_sign", "wall_sign"), ("_sign", "sign"), ("_wall_banner", "wall_banner"),
  ("_banner", "banner"), ("_coral_wall_fan", "wall_fan"), ("_coral_fan", "fan"),
  ("_wall_skull", "wall_skull"), ("_wall_head", "wall_skull"), ("_skull", "skull"),
  ("_head", "skull"),
)  # fmt: skip

_AXE = ("ladder", "scaffolding", "pumpkin", "carved_pumpkin", "jack_o_lantern", "melon", "vine",
        "cocoa", "chorus_plant", "chorus_flower", "bamboo", "lily_pad", "sweet_berry_bush",
        "bamboo_sapling", "crimson_button", "warped_button")  # fmt: skip
_DEAD_CORALS = tuple(f"dead_{c}_coral{e}" for c in CORALS for e in ("", "_fan", "_wall_fan"))
_PICKAXE = ("piston", "sticky_piston", "piston_head", "blue_ice", "frosted_ice", "shulker_box",
            "polished_blackstone_button", "chiseled_polished_blackstone", "conduit",
            *(f"{c}_shulker_box" for c in COLORS), *_DEAD_CORALS)  # fmt: skip
_SHOVEL = ("coarse_dirt", "podzol")
_HOE = ("nether_wart_block", "warped_wart_block", "hay_block", "dried_kelp_block", "target",
        "shroomlight", "sponge", "wet_sponge")  # fmt: skip
_SWORD_PLANTS = (*_AXE[2:8], "cactus", "brown_mushroom_block", "red_mushroom_block")
_NO_TOOL_NEEDED = ("infested_", "peony")
_PICKAXE_NEEDED = ("bell", "stonecutter", "chiseled_polished_blackstone", "petrified_oak_slab",
                   *_DEAD_CORALS)  # fmt: skip
_MATERIAL_TOOL = {"rock": "pickaxe", "wood": "axe", "dirt": "shovel", "wool": "shears"}
TOOL_NAMES = ("none", "axe", "pickaxe", "shovel", "sword", "hoe", "shears")
LEAF_SHEARS, WEB_SHEARS, WEB_SWORD = 3.0, 3.0, 10.0  # 15 in all: shears give 5, swords 1.5

_LIGHT = {  # where minecraft-data has none, or that of a state which a fresh block isn't in
  "furnace": 0, "redstone_ore": 0, "redstone_lamp": 0, "respawn_anchor": 0, "red_mushroom": 0,
  "lantern": 15, "soul_lantern": 10, "campfire": 15, "soul_campfire": 10, "soul_torch": 10,
  "soul_wall_torch": 10, "soul_fire": 10, "shroomlight": 15, "sea_pickle": 6, "magma_block": 3,
  "crying_obsidian": 10, "conduit": 15, "ender_chest": 7, "dragon_egg": 1,
}  # fmt: skip
_DIM = ("water", "lava", "bubble_column", "cobweb", "ice", "frosted_ice", "slime_block",
        "honey_block", "beacon", "spawner", "chorus_plant", "chorus_flower", "end_gateway",
        "shulker_box", *(f"{c}_shulker_box" for c in COLORS))  # fmt: skip
_CLEAR = ("barrier",)
_DARK_SHAPES = ("cube", "stairs", "slab", "farmland", "soul_sand")  # with a full face below

_BELOW = ("torch", "rail", "wire", "repeater", "comparator", "carpet", "snow_layer", "door",
          "pressure_plate", "cake", "cactus", "sign", "banner", "sea_pickle", "fan", "bamboo",
          "scaffolding", "lantern", "plant")  # fmt: skip
_BESIDE = ("wall_torch", "ladder", "vine", "button", "lever", "wall_sign", "wall_banner",
           "wall_fan", "tripwire_hook", "cocoa")  # fmt: skip


def shape_of(name: str) -> str:
  """The row of SHAPES of a block."""
  if name in _SHAPE_OF:
    return _SHAPE_OF[name]
  if name.startswith("potted_"):
    return "potted"
  return next((shape for end, shape in _SHAPE_ENDS if name.endswith(end)), "cube")


def support_of(name: str) -> int:
  """tables.SUPPORT_*: what a block rests on."""
  shape = shape_of(name)
  if name == "lily_pad":
    return 4
  if name.startswith("weeping_vines"):
    return 3
  if name == "cobweb":
    return 0
  return 1 if shape in _BELOW or name.startswith("chorus") else 2 if shape in _BESIDE else 0


def tool_of(name: str, material: str | None) -> str:
  """The kind of tool that breaks a block faster."""
  plain = _plain(name)
  for tool, names in (("axe", _AXE), ("pickaxe", _PICKAXE), ("shovel", _SHOVEL), ("hoe", _HOE)):
    if plain in names:
      return tool
  if plain.endswith("_leaves") or plain == "cobweb":
    return "shears"
  if "blackstone" in plain or plain == "petrified_oak_slab":
    return "pickaxe"
  if material == "rock" and is_wooden(plain):
    return "axe"
  if plain in PLANTS or plain.startswith("infested_"):
    return "none"
  if plain in ("purpur_block", "purpur_pillar", "magma_block", "red_nether_bricks", "bone_block",
               "observer"):  # fmt: skip
    return "pickaxe"
  return _MATERIAL_TOOL.get(material, "none")


def tool_factors(name: str, tool: str) -> list[float]:
  """By kind of tool, what its speed is multiplied by on a block; 0 = slow as a hand."""
  plain = _plain(name)
  factors = {tool: 1.0} if tool != "none" else {}
  if plain.endswith("_leaves"):
    factors = {"shears": LEAF_SHEARS, "hoe": 1.0, "sword": 1.0}
  elif plain == "cobweb":
    factors = {"shears": WEB_SHEARS, "sword": WEB_SWORD}
  elif plain in _SWORD_PLANTS:
    factors["sword"] = 1.0
  return [factors.get(kind, 0.0) for kind in TOOL_NAMES]


def min_tier(name: str, tool: str, tiers: list[int]) -> int:
  """The tier without which a block yields nothing; `tiers` are those of its harvest tools."""
  plain = _plain(name)
  if plain.startswith(_NO_TOOL_NEEDED) or is_wooden(plain):
    return 0
  is_stone = tool == "pickaxe" and plain.endswith(("_stairs", "_slab"))
  if is_stone or plain in _PICKAXE_NEEDED or plain == "cobweb":
    return 1
  return min(tiers, default=0)


def is_wooden(name: str) -> bool:
  """Whether a block is made of planks or logs."""
  return name.startswith(WOODS) and not name.endswith(("_nylium", "_leaves", "_sapling"))


def light_of(name: str, emitted: int) -> int:
  """0..15, the light that a block gives."""
  return _LIGHT.get(name, emitted)


def filter_of(name: str) -> int:
  """0..15, the light that a block takes away."""
  if name in INVISIBLE or name in _CLEAR or "glass" in name:
    return 0
  if name in _DIM or name.endswith("_leaves") or name in UNDER_WATER:
    return 1
  return 15 if shape_of(name) in _DARK_SHAPES else 0


def second_halves() -> list[tuple[str, str, tuple[int, int, int]]]:
  """(block, name of its other half's row, offset (x, y, z) to that cell)."""
  return [(n, n + end, offset) for names, end, offset in SECOND_HALVES for n in names]


def _plain(name: str) -> str:
  return name.removesuffix("_head") if name.endswith("_bed_head") else name.removesuffix("_top")
