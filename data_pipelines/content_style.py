"""Icon of an item by its name: a pattern by what it is, colours by what it is made of."""

import colorsys
import hashlib

import numpy as np

from cross_jax.envs.voxel import patterns
from data_pipelines import content_rows as rows

SLOT_RGB = np.asarray((139, 139, 139), np.uint8)  # what an icon is drawn on
MIN_DISTANCE = 14.0  # mean absolute difference of two icons at 8x8, 0..255

SHAPES = (  # (name or end of the name, icon pattern); the first that matches
  ("pickaxe", "pickaxe"), ("shears", "shears"), ("axe", "axe"), ("shovel", "shovel"),
  ("sword", "sword"), ("hoe", "hoe"), ("nether_brick", "ingot"), ("ingot", "ingot"),
  ("nugget", "nugget"), ("flint_and_steel", "clock"), ("flint", "flint"),
  ("netherite_scrap", "flint"),
  ("book", "book"), ("bookshelf", "cube_planks"), ("paper", "paper"), ("map", "map"),
  ("stick", "stick"), ("blaze_rod", "rod"), ("feather", "feather"), ("arrow", "arrow"),
  ("string", "string"), ("bone", "bone"), ("bow", "bow"), ("bone_meal", "dust"), ("dye", "dust"),
  ("sugar", "dust"), ("redstone", "dust"), ("gunpowder", "dust"), ("glowstone_dust", "dust"),
  ("wheat_seeds", "seeds"), ("wheat", "plant"), ("grass", "plant"), ("sapling", "plant"),
  ("dried_kelp", "paper"), ("sugar_cane", "cane"), ("bamboo", "cane"), ("dandelion", "flower"),
  ("poppy", "flower"), ("cornflower", "flower"), ("azure_bluet", "flower"), ("cactus", "cactus"),
  ("prismarine_shard", "shard"), ("crystals", "gem"), ("diamond", "gem"), ("emerald", "gem"),
  ("quartz", "gem"), ("lapis_lazuli", "blob"), ("coal", "blob"), ("charcoal", "blob"),
  ("shulker_shell", "shell"), ("shulker_box", "shell"), ("honeycomb_block", "cube_grid"),
  ("honeycomb", "cookie"), ("ball", "ball"), ("ender_pearl", "disc"), ("egg", "egg"),
  ("leather", "leather"), ("rabbit_hide", "leather"), ("rotten_flesh", "meat"), ("cod", "fish"),
  ("salmon", "fish"), ("fish", "fish"), ("chicken", "bird_meat"), ("cooked_rabbit", "bird_meat"),
  ("rabbit", "bird_meat"), ("beef", "meat"), ("porkchop", "meat"), ("mutton", "meat"),
  ("apple", "fruit"), ("chorus_fruit", "fruit"), ("potato", "egg"), ("bread", "bread"),
  ("cookie", "cookie"), ("cocoa_beans", "seeds"), ("melon_slice", "bread"), ("bowl", "bowl"),
  ("bucket", "bucket"), ("bottle", "bottle"), ("minecart", "minecart"), ("torch", "torch"),
  ("lantern", "cube_glass"), ("ladder", "ladder"), ("rail", "rail"), ("trapdoor", "trapdoor"),
  ("door", "door"), ("fence_gate", "gate"), ("fence", "fence"), ("wall", "wall"),
  ("slab", "slab"), ("stairs", "stairs"), ("button", "button"), ("plate", "plate"),
  ("carpet", "carpet"), ("bed", "bed"), ("banner", "banner"), ("sign", "sign"), ("boat", "boat"),
  ("helmet", "helmet"), ("chestplate", "chestplate"), ("leggings", "leggings"), ("boots", "boots"),
  ("horse_armor", "horse_armor"), ("shield", "shield"), ("pane", "pane"), ("clock", "clock"),
  ("compass", "clock"), ("mushroom", "mushroom"), ("planks", "cube_planks"), ("log", "cube_log"),
  ("wood", "cube_bark"), ("leaves", "cube_leaves"), ("ore", "cube_ore"), ("wool", "cube_wool"),
  ("bricks", "cube_brick"), ("glass", "cube_glass"), ("furnace", "cube_face"),
  ("smoker", "cube_face"), ("chest", "cube_frame"), ("table", "cube_frame"),
  ("composter", "cube_frame"), ("terracotta", "cube"), ("_block", "cube_grid"),
  ("cobblestone", "cube_noise"), ("", "cube_noise"),
)  # fmt: skip

COLORS = (  # (part of the name, colour); the first that matches, else the hue of the name's hash
  ("stripped_oak", "c8a468"), ("dark_oak", "4c3218"), ("birch", "d8cc9c"), ("spruce", "6c4c2c"),
  ("jungle", "a87850"), ("acacia", "b86434"), ("oak", "b08850"), ("white", "ecece8"),
  ("orange", "f07818"), ("yellow", "f4cc24"), ("blue_dye", "3444c8"), ("green_dye", "4c7c18"),
  ("cooked_cod", "d8c8a0"), ("cod", "b08858"), ("cooked_salmon", "e07840"), ("salmon", "a83c34"),
  ("cooked_chicken", "c87c40"), ("chicken", "f0c8b0"), ("cooked_beef", "6c3c24"),
  ("beef", "c82c2c"), ("cooked_porkchop", "c89c68"), ("porkchop", "f09898"),
  ("cooked_rabbit", "a86838"), ("rabbit_hide", "b88c5c"), ("rabbit", "e8a8a0"),
  ("mutton", "d85048"), ("rotten_flesh", "9c5828"), ("baked_potato", "d89c40"),
  ("potato", "c8a860"), ("charcoal", "4c3c34"), ("coal", "242424"), ("diamond", "50e0d8"),
  ("emerald", "20c858"), ("netherite", "5c4840"), ("ancient_debris", "684840"),
  ("redstone", "c81008"), ("golden_apple", "f4d030"), ("gold", "f4d030"),
  ("wooden", "8c6430"), ("iron", "d8d8d8"), ("flint_and_steel", "484848"), ("flint", "383840"),
  ("feather", "e8e8ec"), ("paper", "e4e4dc"), ("book", "8c3c24"), ("sugar_cane", "84c060"),
  ("sugar", "ececf0"), ("stick", "7c5828"), ("arrow", "a8a8a8"), ("string", "e0e0e0"),
  ("bone", "e0dcc8"), ("gunpowder", "606060"), ("sea_lantern", "a8d8d0"), ("crystals", "b8e0d0"),
  ("shard", "58a090"), ("prismarine", "64a898"), ("honeycomb_block", "e89420"),
  ("honeycomb", "f0b440"), ("enchanting_table", "c02828"), ("obsidian", "1c1430"),
  ("shulker_shell", "a070a8"), ("shulker_box", "8c5890"), ("popped_chorus", "c098c0"),
  ("chorus_fruit", "8c68a0"), ("nether_brick", "381820"), ("netherrack", "7c2828"),
  ("clay", "a0a6b8"), ("snow", "e8ecf0"), ("brick", "a85840"), ("terracotta", "985e44"),
  ("magma", "e87820"), ("kelp", "3c4824"), ("cactus", "4c8c2c"), ("dandelion", "f0d818"),
  ("poppy", "e02018"), ("cornflower", "4060e0"), ("azure_bluet", "e8ecf0"), ("apple", "d82020"),
  ("bread", "b8803c"), ("wheat", "d4b450"), ("cookie", "c07838"), ("cocoa", "8c5028"),
  ("hay", "d8b428"), ("leather", "b05c30"), ("pearl", "14645c"), ("glowstone", "e8b858"),
  ("bucket", "c8c8cc"), ("lapis", "2848a8"), ("quartz", "e8e0d8"), ("bamboo", "74a030"),
  ("smoker", "7c6a50"), ("blast", "585c64"), ("furnace", "808080"), ("crafting", "b07838"),
  ("chest", "b88030"), ("ladder", "a07840"), ("shield", "8c6c3c"), ("torch", "8c6430"),
  ("glass", "c8e4ec"), ("pumpkin", "e08418"), ("melon", "7cac30"), ("bee", "e0b04c"),
  ("composter", "8c6030"), ("granite", "a46c54"), ("diorite", "d0d0d4"), ("andesite", "909290"),
  ("gravel", "847c78"), ("dirt", "866043"), ("sandstone", "d8cc98"), ("sand", "dccfa0"),
  ("grass", "60a840"), ("mossy", "6c8054"), ("smooth_stone", "a8a8a8"), ("cobblestone", "707070"),
  ("stone", "848484"), ("bow", "8c6030"),
)  # fmt: skip
SECOND = (("pickaxe", "6c4820"), ("axe", "6c4820"), ("shovel", "6c4820"), ("sword", "6c4820"),
          ("hoe", "6c4820"), ("arrow", "6c4820"), ("torch", "6c4820"), ("apple", "4c3418"),
          ("shears", "c83020"), ("dandelion", "3c8c28"), ("poppy", "3c8c28"),
          ("cornflower", "3c8c28"), ("azure_bluet", "3c8c28"))  # fmt: skip
THIRD = (("torch", "f8c848"), ("arrow", "e0e0e0"), ("feather", "8c8c94"), ("meat", "f0e8d8"),
         ("chicken", "f0e8d8"), ("shulker_box", "e0c8e8"), ("apple", "6cac30"),
         ("azure_bluet", "f0d838"), ("enchanting_table", "50e0d8"), ("furnace", "e88020"),
         ("smoker", "e88020"), ("cookie", "4c2c18"), ("flint_and_steel", "f09020"),
         ("bucket", "505058"), ("coal_ore", "181818"), ("iron_ore", "e0b098"),
         ("gold_ore", "f4dc40"), ("redstone_ore", "f01010"), ("diamond_ore", "40f0f0"))  # fmt: skip


def block_style(name: str) -> tuple[list[str], list[list[str]]]:
  """Patterns and two colours of a block's top, side and bottom."""
  if name in ("air", "cave_air", "void_air"):
    return ["flat"] * 3, [["000000"] * 2] * 3
  if name in ("spruce_leaves", "oak_leaves", "birch_leaves"):
    pattern, colors = "leaves", rows.LEAVES[name.removesuffix("_leaves")]
  elif name.removesuffix("_log") in rows.LOGS and name.endswith("_log"):
    dark, light, wood = rows.LOGS[name.removesuffix("_log")]
    pattern = ("rings", "bark", "rings")
    colors = ((wood, dark), (dark, light), (wood, dark))
  elif name == "oak_planks":
    pattern, colors = "planks", ("a2824e", "7c6038")
  elif name in rows.BLOCK_STYLE:
    pattern, colors = rows.BLOCK_STYLE[name]
  else:
    main = next((c for part, c in COLORS if part in name), bytes(_hash_rgb(name).tolist()).hex())
    pattern, colors = "noise", (main, bytes((_rgb(main) * 8 // 10).tolist()).hex())
  faces = [pattern] * 3 if isinstance(pattern, str) else list(pattern)
  return faces, [list(c) for c in ((colors,) * 3 if isinstance(colors[0], str) else colors)]


def _rgb(value: str) -> np.ndarray:
  return np.asarray(list(bytes.fromhex(value)), np.int32)


def _draw8(pattern: str, colors: np.ndarray) -> np.ndarray:
  index = patterns.ICON_PATTERN_NAMES.index(pattern)
  return patterns.draw_icon(index, colors, SLOT_RGB)[::2, ::2].astype(np.int32)


def _hash_rgb(text: str) -> np.ndarray:
  digest = hashlib.sha256(text.encode()).digest()
  rgb = colorsys.hls_to_rgb(digest[0] / 256, 0.3 + digest[1] / 640, 0.35 + digest[2] / 420)
  return np.asarray([round(240 * c) for c in rgb], np.int32)


def _base_style(name: str) -> tuple[str, np.ndarray]:
  pattern = next(p for end, p in SHAPES if name.endswith(end))
  main = next((_rgb(c) for part, c in COLORS if part in name), _hash_rgb(name))
  if name.endswith("_ore"):
    main = _rgb("848484")
  second = next((_rgb(c) for end, c in SECOND if name.endswith(end)), main * 6 // 10)
  third = next((_rgb(c) for end, c in THIRD if name.endswith(end)), main + (235 - main) * 5 // 10)
  return pattern, np.clip([main, second, third], 0, 245).astype(np.uint8)


def style_items(names: list[str]) -> dict[str, tuple[str, np.ndarray]]:
  """Icon pattern and colours of every item, no two nearer than MIN_DISTANCE at 8x8 px.

  Args:
    names: item names; a name keeps its natural colours unless an earlier one is too like it, and
      then takes its second and third colour from the hash of its name.
  Returns:
    name -> (icon pattern, uint8[3, 3]).
  Raises:
    RuntimeError: 400 draws of colours didn't tell a name from the earlier ones.
  """
  styles, drawn = {}, np.zeros((len(names), 8, 8, 3), np.int32)
  for number, name in enumerate(names):
    pattern, colors = _base_style(name)
    least = MIN_DISTANCE if number < len(rows.ITEMS) else 2.0
    for attempt in range(401):
      picture = _draw8(pattern, colors)
      if np.all(np.abs(drawn[:number] - picture).mean((1, 2, 3)) >= least):
        break
      third = _hash_rgb(f"{name} third {attempt}")
      second = colors[1] if attempt < 40 else _hash_rgb(f"{name} second {attempt}")
      main = colors[0] if attempt < 100 else _hash_rgb(f"{name} main {attempt}")
      colors = np.asarray([main, second, third]).astype(np.uint8)
    else:
      raise RuntimeError(f"item {name}: no colours tell {pattern!r} from the others; add a pattern")
    styles[name] = (pattern, colors)
    drawn[number] = picture
  return styles
