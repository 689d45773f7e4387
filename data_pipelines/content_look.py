"""The look of every block: patterns and colours of its top, side and bottom.

By rules on names: forms (stairs, slabs, fences) look as what they are made of, dyed things take
one of 16 colours, wooden ones one of eight; the rest is block_looks.txt. All of it is this
project's own.
"""

import pathlib
import re

import numpy as np

from data_pipelines import content_rows as rows
from data_pipelines.content_blocks import COLORS, CORALS, WOODS

Look = tuple[list[str], list[list[str]]]  # patterns and colours (hexadecimal RGB) of three faces

DYES = dict(zip(COLORS, (
  "e8eaea", "f07818", "c048b8", "40b0dc", "f4c424", "70b81c", "f090b0", "3c4650", "9c9488",
  "188c94", "7c2cb0", "343c9c", "7c4820", "54701c", "a42824", "181a1e"), strict=True))  # fmt: skip
CLAYS = dict(zip(COLORS, (
  "d2b2a2", "a25426", "a05c78", "746c8c", "ba8424", "687434", "a44e50", "403434", "8a6c62",
  "505e60", "784658", "4c3c5c", "5e3c34", "4c542c", "903c30", "1a100a"), strict=True))  # fmt: skip
PLANKS = {
  "oak": "a2824e 7c6038", "spruce": "745230 58401f", "birch": "c4b47c a4945c",
  "jungle": "b4785c 8c5840", "acacia": "b0603a 8c4828", "dark_oak": "6a4428 3c240e",
  "crimson": "653046 4c2030", "warped": "2b6d66 1c504c",
}  # fmt: skip
LOGS = {
  **rows.LOGS, "jungle": ("5c5420", "40401a", "b88664"), "crimson": ("5c1c24", "3c1018", "74384c"),
  "warped": ("383050", "282038", "348078"), "stripped_spruce": ("86643e", "74562e", "92704a"),
  "stripped_birch": ("c4b078", "b09c64", "d0c08c"),
  "stripped_jungle": ("b08062", "9c6c52", "bc906e"),
  "stripped_acacia": ("b05c3c", "984c2c", "b86844"),
  "stripped_dark_oak": ("60452c", "503820", "6c5034"),
  "stripped_crimson": ("8c3c5c", "74304c", "9c4868"),
  "stripped_warped": ("3c9894", "2c807c", "48a8a0"),
}  # fmt: skip
LEAVES = {**rows.LEAVES, "jungle": ("309018", "206c10"), "acacia": ("5c9c34", "4c6c14"),
          "dark_oak": ("2c6c14", "1c4c0c")}  # fmt: skip
SAPLINGS = {"oak": "4c9028 7c5c34 6cac3c", "spruce": "345c50 4c3420 4c7868",
            "birch": "84b058 d0d0c4 a0c870", "jungle": "18a808 a07838 54c834",
            "acacia": "98a81c 8c5838 b4c43c", "dark_oak": "1c4010 3c2814 2c5820"}  # fmt: skip
DOORS = {  # top and foot
  "oak": ("door_oak", "door_foot"), "spruce": ("door_top", "door_solid"),
  "birch": ("door_top", "door_foot"), "jungle": ("door_bars", "door_foot"),
  "acacia": ("door_oak", "door_slit"), "dark_oak": ("door_bars", "door_solid"),
  "crimson": ("door_bars", "door_slit"), "warped": ("door_oak", "door_solid"),
}  # fmt: skip
HATCHES = {"spruce": "hatch_solid", "dark_oak": "hatch_solid", "crimson": "hatch_solid"}
CORAL_COLORS = {"tube": "3058d0", "brain": "d060a0", "bubble": "a024a0", "fire": "c83040",
                "horn": "d8c840"}  # fmt: skip
CORAL_BLOCKS = {"tube": "spots", "brain": "swirl", "bubble": "dots", "fire": "rough",
                "horn": "net"}  # fmt: skip
MADE_OF = {  # what a form is made of where the name doesn't say it
  "brick": "bricks", "stone_brick": "stone_bricks", "mossy_stone_brick": "mossy_stone_bricks",
  "nether_brick": "nether_bricks", "red_nether_brick": "red_nether_bricks",
  "end_stone_brick": "end_stone_bricks", "prismarine_brick": "prismarine_bricks",
  "polished_blackstone_brick": "polished_blackstone_bricks", "quartz": "quartz_block",
  "purpur": "purpur_block", "petrified_oak": "oak_planks",
}  # fmt: skip
_FORM = re.compile(r"(.+)_(stairs|slab|wall|fence|fence_gate|pressure_plate|button)")
_POT, _WOOD_DARK = "7c4434", "4c3820"


def _read_looks() -> dict[str, Look]:
  looks = {}
  for line in (pathlib.Path(__file__).parent / "block_looks.txt").read_text().splitlines():
    if line and not line.startswith("#"):
      name, patterns, colors = line.split()
      looks[name] = _look(patterns.split("|"), [c.split(",") for c in colors.split("|")])
  return looks


def _look(patterns: list[str] | str, colors) -> Look:
  """Spreads one pattern, one group of colours and two colours to three of each."""
  patterns = [patterns] if isinstance(patterns, str) else list(patterns)
  groups = [colors.split()] if isinstance(colors, str) else [list(c) for c in colors]
  groups = [[shade(c, 1.0) for c in g + [g[-1]] * (3 - len(g))] for g in groups]
  return (patterns * 3)[:3], (groups * 3)[:3]


def shade(color: str, factor: float) -> str:
  """A colour made darker (factor below 1) or lighter (that share of the way to white above 1)."""
  parts = np.asarray(list(bytes.fromhex(color)), np.float64)
  parts = parts * factor if factor <= 1 else parts + (255 - parts) * (factor - 1)
  return bytes(np.minimum(np.rint(parts), 250).astype(np.uint8)).hex()


_LOOKS = _read_looks()


def _first_version(name: str) -> Look | None:
  if name in rows.BLOCK_STYLE:
    pattern, colors = rows.BLOCK_STYLE[name]
    return _look(pattern, " ".join(colors) if isinstance(colors[0], str) else colors)
  return None


def _wooden(name: str) -> Look | None:
  match = re.fullmatch(rf"(stripped_)?({'|'.join(WOODS)})_(.+)", name)
  if not match:
    return None
  wood, part = match[2], match[3]
  bare = f"{match[1] or ''}{wood}"
  planks = PLANKS[wood].split()
  if part in ("log", "stem", "wood", "hyphae"):
    dark, light, inside = LOGS[bare]
    if part in ("wood", "hyphae"):
      factor = 1.1 if match[1] else 0.7 if wood == "dark_oak" else 0.88
      dark, light = shade(dark, factor), shade(light, factor)
    side = {"crimson": "bark_glow", "warped": "bark_glow", "birch": "birch_bark"}.get(bare, "bark")
    side = "grain" if match[1] else side
    third = shade(inside, 1.2)
    if part in ("wood", "hyphae"):
      return _look(side, f"{dark} {light} {third}")
    ring = dark if bare in rows.LOGS else shade(LOGS[wood][0], 0.9)
    ring = light if bare == "birch" else ring
    ends = [inside, ring, third]
    return _look(["rings", side, "rings"], [ends, [dark, light, third], ends])
  if part == "leaves":
    return _look("leaves", " ".join(LEAVES[wood]))
  if part == "sapling":
    return _look("sapling", SAPLINGS[wood])
  if part in ("door", "door_top"):
    top, foot = DOORS[wood]
    return _look(["planks", top if part == "door_top" else foot, "planks"],
                 f"{planks[0]} {planks[1]} {shade(planks[1], 0.6)}")  # fmt: skip
  if part == "trapdoor":
    return _look(HATCHES.get(wood, "hatch"), f"{planks[0]} {planks[1]} {shade(planks[1], 0.6)}")
  if part in ("sign", "wall_sign"):
    return _look("sign_face", f"{planks[0]} {shade(planks[1], 0.7)} {_WOOD_DARK}")
  if part in ("fungus", "roots", "nylium"):
    return None
  return _look("planks", PLANKS[wood])


def _dyed(name: str) -> Look | None:
  match = re.fullmatch(rf"({'|'.join(COLORS)})_(.+)", name)
  if not match:
    return None
  color, part = match[1], match[2]
  dye, clay = DYES[color], CLAYS[color]
  dark, light = shade(dye, 0.78), shade(dye, 1.25)
  is_dark = max(bytes.fromhex(dye)) < 170
  weave, rim = (
    (shade(dye, 1.1), shade(dye, 1.45)) if is_dark else (shade(dye, 0.88), shade(dye, 0.65))
  )
  deep = {"light_gray": 0.9, "brown": 0.68}.get(color, 0.78)
  grains = (0.95, 0.8, 1.2) if color == "white" else (1.0, 1.15, 1.3)
  other = DYES[COLORS[(COLORS.index(color) + 5) % 16]]
  gloss = dark if color == "white" else light
  glaze = ("swirl", "star", "petals", "corners")[COLORS.index(color) % 4]
  styles = {
    "wool": ("wool", f"{dye} {weave}"), "carpet": ("wool", f"{dye} {weave}"),
    "concrete": ("flat", f"{shade(dye, deep)} {shade(dye, deep - 0.04)}"),
    "concrete_powder": ("rough", " ".join(shade(dye, f) for f in grains)),
    "terracotta": ("flat", f"{clay} {shade(clay, 0.95)}"),
    "glazed_terracotta": (glaze, f"{dye} {shade(other, 1.15)} {gloss}"),
    "stained_glass": ("stained", f"{dye} {dark}"),
    "stained_glass_pane": ("stained", f"{dye} {dark}"),
    "banner": (["pole_top", "flag", "planks"], f"{dye} {dark} {light}"),
    "wall_banner": (["pole_top", "flag", "planks"], f"{dye} {dark} {light}"),
    "bed": (["blanket", "bed_side", "planks"], [[dye, dark], [dye, "8c6c40", dark], ["8c6c40"]]),
    "bed_head": (["pillow", "bed_side", "planks"],
                 [[dye, dark, "ecece8"], [dye, "8c6c40", "ecece8"], ["8c6c40"]]),
    "shulker_box": (["boxes_top", "boxes_side", "polished"], f"{dye} {rim} {shade(dye, 0.6)}"),
  }  # fmt: skip
  return _look(*styles[part]) if part in styles else None


def _coral(name: str) -> Look | None:
  match = re.fullmatch(rf"(dead_)?({'|'.join(CORALS)})_coral(_block|_fan|_wall_fan)?", name)
  if not match:
    return None
  color = CORAL_COLORS[match[2]]
  if match[1]:
    luma = 92 + 20 * CORALS.index(match[2])
    color = f"{luma:02x}{luma - 6:02x}{luma - 20:02x}"
  pattern = {"_block": CORAL_BLOCKS[match[2]], None: f"{match[2]}_coral"}.get(match[3], "fan")
  return _look(pattern, f"{color} {shade(color, 0.55)} {shade(color, 1.3)}")


def _potted(name: str) -> Look:
  patterns, colors = look_of({"bamboo": "bamboo_sapling"}.get(name, name))
  plant = "fern" if name == "fern" else patterns[1]
  faces = [[shade(colors[1][1], 0.8)], [*colors[1][:2], _POT], [_POT, shade(_POT, 0.85)]]
  return _look(["pot_top", f"potted_{plant}", "flat"], faces)


def look_of(name: str) -> Look:
  """Patterns and colours of a block's top, side and bottom.

  Raises:
    ValueError: no rule and no line of block_looks.txt has it.
  """
  if name in ("air", "cave_air", "void_air"):
    return _look("flat", "000000")
  for rule in (_first_version, _LOOKS.get, _wooden, _dyed, _coral):
    if look := rule(name):
      return look
  if name.startswith("potted_"):
    return _potted(name.removeprefix("potted_"))
  if name.startswith("infested_"):
    return look_of(name.removeprefix("infested_"))
  if (plain := name.replace("wall_", "")) != name:
    return look_of(plain)
  if match := _FORM.fullmatch(name):
    base = match[1]
    return look_of(MADE_OF.get(base, base))
  raise ValueError(f"block {name}: add a line to block_looks.txt")
