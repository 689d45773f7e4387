"""Icon of every item: what its block looks like, or a pattern and three colours.

Things that are no blocks are item_looks.txt and rules on names. Where two
pattern icons would be nearer than MIN_DISTANCE, the later one's colours move, as little as will do.
"""

import colorsys
import hashlib
import pathlib
import re

import numpy as np

from cross_jax.envs.voxel.content import patterns
from cross_jax.envs.voxel.content.likeness import distances, reduce_pictures
from data_pipelines import content_blocks, content_look
from data_pipelines.content_blocks import COLORS, TALL_PLANTS, WOODS
from data_pipelines.content_mobs import MOBS

MIN_DISTANCE = 14.0  # likeness.distances of any two pattern icons, 0..255
STEPS = 60  # draws of colours, each further from the natural ones
_MATERIALS = {
  "wooden": "a07840", "stone": "848484", "iron": "c8c8c8", "golden": "f4d030",
  "diamond": "44ccc4", "netherite": "4c4048", "leather": "b05c30", "chainmail": "70707c",
}  # fmt: skip
_HANDLE = "6c4820"
_DISCS = dict(zip(
  ("11", "13", "blocks", "cat", "chirp", "far", "mall", "mellohi", "pigstep", "stal", "strad",
   "wait", "ward"),
  ("787878", "d8c040", "d84818", "48c040", "982018", "a0e030", "8058c8", "e890d0", "d89878",
   "181818", "f0f0f0", "4890d8", "187858"), strict=True))  # fmt: skip
_PLAIN = {"iron": ["d0d0d0", "989898"], "stone": ["808080", "606060"],
          "polished_blackstone": ["38343c", "242028"]}  # fmt: skip
_FLAT_SIDE = ("ladder", "vine", "torch", "lantern", "chain", "pane", "tripwire_hook", "lever",
              "wall_torch")  # fmt: skip
_FLAT_TOP = ("rail", "lily_pad")

Icon = tuple[str, list[str], str | None]  # pattern, three colours, block that it is drawn of


def _read(name: str) -> dict[str, Icon]:
  icons = {}
  for line in (pathlib.Path(__file__).parent / name).read_text().splitlines():
    if line and not line.startswith("#"):
      item, pattern, colors = line.split()
      icons[item] = (pattern, _three(colors.split(",")), None)
  return icons


def _three(colors: list[str]) -> list[str]:
  """One to three colours as three: the second darker, the third lighter than the first."""
  more = [content_look.shade(colors[0], 0.6), content_look.shade(colors[0], 1.45)]
  return [content_look.shade(c, 1.0) for c in (*colors, *more[len(colors) - 1 :])]


LOOKS = _read("item_looks.txt")


def _tool_or_armor(name: str) -> Icon | None:
  match = re.fullmatch(rf"({'|'.join(_MATERIALS)})_(.+)", name)
  if not match or match[2] not in (
    "sword", "pickaxe", "axe", "shovel", "hoe", "helmet", "chestplate", "leggings", "boots",
    "horse_armor",
  ):  # fmt: skip
    return None
  color = _MATERIALS[match[1]]
  is_tool = match[2] in ("sword", "pickaxe", "axe", "shovel", "hoe")
  return match[2], _three([color, _HANDLE] if is_tool else [color]), None


def _of_family(name: str) -> Icon | None:
  if name.endswith("_spawn_egg"):
    mob = MOBS[name.removesuffix("_spawn_egg")][4]
    return "spawn_egg", [mob[0], content_look.shade(mob[0], 0.7), mob[1]], None
  if name.startswith("music_disc_"):
    return "music_disc", ["2c2c30", "48484c", _DISCS[name.removeprefix("music_disc_")]], None
  if name.endswith("_dye"):
    return "dye", _three([content_look.DYES[name.removesuffix("_dye")]]), None
  kinds = "|".join((*COLORS, *WOODS, *_PLAIN))
  match = re.fullmatch(rf"({kinds})_(bed|banner|door|sign|boat|button)", name)
  if not match:
    return None
  kind, part = match[1], match[2]
  if part in ("bed", "banner"):
    dye = content_look.DYES[kind]
    third = "f0f0ec" if part == "bed" else content_look.shade(dye, 0.75)
    return part, [dye, "7c5c34", third], None
  planks = content_look.PLANKS[kind].split() if kind in WOODS else _PLAIN[kind]
  return (
    part,
    [planks[0], content_look.shade(planks[1], 0.8), content_look.shade(planks[0], 1.4)],
    None,
  )


def icon_of(name: str, blocks: set[str]) -> Icon:
  """The natural icon of an item.

  Raises:
    ValueError: no rule has it.
  """
  for icon in (LOOKS.get(name), _tool_or_armor(name), _of_family(name)):
    if icon:
      return icon
  block = {"redstone": "redstone_wire"}.get(name, name)
  if block not in blocks:
    raise ValueError(f"item {name}: add a line to item_looks.txt")
  shape = content_blocks.shape_of(block)
  pattern = "block_side" if shape in _FLAT_SIDE else "block_top" if shape in _FLAT_TOP else "block"
  return pattern, ["000000"] * 3, f"{block}_top" if block in TALL_PLANTS else block


def _draw(icon: Icon) -> np.ndarray:
  number = patterns.ICON_PATTERN_NAMES.index(icon[0])
  colors = np.asarray([list(bytes.fromhex(c)) for c in icon[1]], np.uint8)
  return patterns.draw_icons(np.asarray([number]), colors[None])


def _moved(name: str, colors: list[str], step: int) -> list[str]:
  """Colours at a distance that grows with `step`, in a direction of the name's own."""
  moved = []
  for i, color in enumerate(colors):
    digest = hashlib.sha256(f"{name} {i} {step}".encode()).digest()
    hue, light, depth = colorsys.rgb_to_hls(*(c / 255 for c in bytes.fromhex(color)))
    reach = (0.3 if i == 0 else 1.0) * step / STEPS
    hue += reach * 0.12 * (digest[0] / 127.5 - 1)
    light = min(max(light + reach * 0.6 * (digest[1] / 127.5 - 1), 0.08), 0.94)
    depth = min(max(depth + reach * 0.3 * (digest[2] / 127.5 - 1), 0.0), 1.0)
    rgb = colorsys.hls_to_rgb(hue % 1.0, light, depth)
    moved.append("".join(f"{min(round(255 * c), 245):02x}" for c in rgb))
  return moved


def style_items(names: list[str], blocks: set[str]) -> dict[str, Icon]:
  """The icons of items, no two pattern icons nearer than MIN_DISTANCE.

  Args:
    names: item names, those of the first version first.
    blocks: names of all blocks.
  Returns:
    name -> Icon.
  Raises:
    RuntimeError: STEPS moves of an icon's colours didn't tell it from the earlier ones.
  """
  icons, drawn = {}, np.zeros((0, 8, 8, 8))
  for name in names:
    natural = icon = icon_of(name, blocks)
    icons[name] = icon
    if icon[2]:
      continue
    for step in range(STEPS + 1):
      icon = (natural[0], _moved(name, natural[1], step) if step else natural[1], None)
      picture = reduce_pictures(_draw(icon))
      if not len(drawn) or distances(drawn, picture).min() >= MIN_DISTANCE:
        break
    else:
      raise RuntimeError(f"item {name}: no colours tell {natural[0]!r} apart; add a pattern")
    icons[name] = icon
    drawn = np.concatenate([drawn, picture])
  return icons
