"""Pixel patterns of block faces: index pictures from formulas and from drawings.

Texels are as in natural_patterns.py. Nothing here is taken from the game.
"""

from importlib import resources

import numpy as np

from cross_jax.envs.voxel.content.natural_patterns import (
  BLACK,
  BRIGHT,
  DARK,
  HOLE,
  TEXTURE_SIZE,
  THIRD,
  natural_patterns,
)
from cross_jax.envs.voxel.content.natural_patterns import texel_hash as _hash

POTTED = ("sapling", "fern", "dandelion", "poppy", "cornflower", "bluet", "orchid", "allium",
          "tulip", "daisy", "bells", "thorn", "mushroom", "twigs", "shoot", "fungus", "roots",
          "cactus_side")  # fmt: skip


def _first_formulas() -> dict[str, np.ndarray]:
  v, u = np.mgrid[0:TEXTURE_SIZE, 0:TEXTURE_SIZE].astype(np.int64)  # v down, u right
  coarse = _hash(u // 2, v // 2, 2)
  edge = np.maximum(np.abs(u - 7.5), np.abs(v - 7.5)) > 6.5
  brick_joint = (v % 4 == 3) | ((u + 4 * ((v // 4) % 2)) % 8 == 7)
  return {
    "flat": coarse < 0.2,
    "wool": (u + 2 * v) % 4 == 0,
    "glass": np.where(edge, 1, np.where((u + v == 10) | (u + v == 12), 0, HOLE)),
    "cracked": brick_joint | (np.abs((u * 7 + v * 3) % 16 - v) < 1),
  }


def _more_formulas() -> dict[str, np.ndarray]:
  v, u = np.mgrid[0:TEXTURE_SIZE, 0:TEXTURE_SIZE].astype(np.int64)
  fine, coarse = _hash(u, v, 6), _hash(u // 2, v // 2, 7)
  blotch = _hash((u + 2) // 4, (v + 1) // 4, 8)
  radius = np.maximum(np.abs(u - 7.5), np.abs(v - 7.5))
  away = np.hypot(u - 7.5, v - 7.5)
  edge, diamond = radius > 6.5, np.abs(u - 7.5) + np.abs(v - 7.5)
  third = lambda where, others: np.where(where, THIRD, others)  # noqa: E731
  wave = (v + np.round(2 * np.sin(u * np.pi / 8)).astype(np.int64)) % 8
  turn = np.where(u < 8, v, 15 - v) + np.where(v < 8, 15 - u, u)  # the same from four sides
  wide_joint = (v % 8 == 7) | ((u + 8 * ((v // 8) % 2)) % 16 == 15)
  return {
    "polished": edge | (fine < 0.06),
    "cut": (v == 7) | (v == 15) | (v == 0) | (fine < 0.05),
    "chiseled": edge | ((radius > 2.5) & (radius < 3.5)) | (radius < 1),
    "chiseled_cross": edge | (((u // 2 + v // 2) % 4 == 0) & (radius < 5.5)),
    "pillar": (u % 4 == 0) | (u == 15),
    "pillar_top": edge | ((radius > 3.5) & (radius < 4.5)),
    "big_brick": wide_joint,
    "tiles": (u % 8 == 7) | (v % 8 == 7),
    "small_tiles": (u % 4 == 3) | (v % 4 == 3),
    "weave": ((u // 2 + v // 2) % 2 == 0) | (v % 8 == 7),
    "dots": ((u % 4) // 2 == 0) & ((v % 4) // 2 == 0),
    "rough": third(coarse < 0.25, coarse < 0.6),
    "blotches": third(blotch < 0.25, blotch < 0.6),
    "wavy": wave < 2,
    "strata": third(_hash(v // 2, v // 2, 9) < 0.3, _hash(v, v, 10) < 0.4),
    "net": ((u + v) % 8 == 0) | ((u - v) % 8 == 0),
    "spots": third(away < 2.5, np.hypot(u % 8 - 3.5, v % 8 - 3.5) < 2.2),
    "big_spots": np.hypot((u + 3) % 10 - 4.5, (v + 1) % 9 - 4.0) < 2.8,
    "sparkle": third(fine < 0.08, coarse < 0.3),
    "swirl": third(turn % 8 < 2, turn % 8 > 5),
    "star": third(diamond < 4, np.abs(np.abs(u - 7.5) - np.abs(v - 7.5)) < 2),
    "petals": third(away < 2.5, (away > 4) & (away < 6.5)),
    "corners": third(np.minimum(u, 15 - u) + np.minimum(v, 15 - v) < 5, (u + v) % 8 < 2),
    "stained": np.where(edge, 1, np.where((u + v) % 2 == 0, 0, HOLE)),
    "ice": third((u + v == 11) | (u + v == 13) | (u - v == 6), (u - 2 * v) % 11 == 0),
    "jelly": np.where(edge, 1, np.where(radius < 4, THIRD, 0)),
    "honey": third((v > 3) & (u % 5 == 2), edge),
    "nylium_side": third(fine < 0.2, v >= 3 + (_hash(u, u, 11) * 4).astype(np.int64)),
    "furrows": third(v % 4 == 0, v % 4 == 3),
    "vine": np.where(((u + v // 3) % 5 < 3) & (coarse < 0.7), fine < 0.4, HOLE),
    "embers": third(np.minimum(np.abs(u - 7.5), np.abs(v - 7.5)) < 1, (u + fine) % 4 < 1),
    "pot_top": np.where(radius < 3.5, coarse < 0.3, HOLE),
    "wood_grain": (u % 5 == 0) & (fine < 0.8),
  }  # fmt: skip


def _twice(small: np.ndarray) -> np.ndarray:
  """A drawing at twice its size with rounded corners, by the rule of Scale2x."""
  padded = np.pad(small, 1, mode="edge")
  up, down, left, right = padded[:-2, 1:-1], padded[2:, 1:-1], padded[1:-1, :-2], padded[1:-1, 2:]
  is_corner = (up != down) & (left != right)
  out = small.repeat(2, axis=0).repeat(2, axis=1)
  for y, row in enumerate((up, down)):
    for x, column in enumerate((left, right)):
      out[y::2, x::2] = np.where(is_corner & (row == column), row, small)
  return out


def read_drawings(name: str, colors: tuple[int, int, int], hole: int) -> dict[str, np.ndarray]:
  """Drawings of data/<name>_patterns.txt (8x8) and data/<name>_drawings.txt (16x16), by name.

  Args:
    name: "block" or "icon".
    colors: the values of the three colours.
    hole: the value of what is see-through.
  Returns:
    name -> int[16, 16]; a shade adds SHADE times its row of SHADES.
  """
  folder = resources.files("cross_jax.envs.voxel.content") / "data"
  words = {
    size: " ".join(
      line for line in (folder / f"{name}_{size}.txt").read_text().splitlines() if line[:1] != "#"
    ).split()
    for size in ("patterns", "drawings")
  }
  meaning = {".": hole}
  for color, letters in zip(colors, ("1abA", "2cdC", "3efE"), strict=True):
    meaning |= dict(zip(letters, (color, color + BLACK, color + DARK, color + BRIGHT)))
  pictures = {}
  for size, side in (("patterns", 8), ("drawings", 16)):
    some = words[size]
    for i in range(0, len(some), side + 1):
      small = np.asarray([[meaning[c] for c in row] for row in some[i + 1 : i + side + 1]])
      pictures[some[i]] = small if side == TEXTURE_SIZE else _twice(small)
  return pictures


def _in_pot(plant: np.ndarray) -> np.ndarray:
  """An 8x8 drawing, wider and taller, in a pot of the third colour, [16, 16]."""
  picture = np.full((TEXTURE_SIZE, TEXTURE_SIZE), HOLE)
  wider = plant[np.arange(10) * 8 // 10][:, np.arange(12) * 8 // 12]
  picture[:10, 2:14] = np.where(wider & 3 == THIRD, 0, wider)
  picture[10:] = THIRD
  return picture


def block_patterns() -> tuple[tuple[str, ...], np.ndarray]:
  """(names, uint8[P, 16, 16] by row from the top and column)."""
  drawings = read_drawings("block", (0, 1, THIRD), HOLE)
  pictures = _first_formulas() | _more_formulas() | natural_patterns() | drawings
  pictures |= {f"potted_{name}": _in_pot(drawings[name][::2, ::2]) for name in POTTED}
  return tuple(pictures), np.stack([np.asarray(p).astype(np.uint8) for p in pictures.values()])
