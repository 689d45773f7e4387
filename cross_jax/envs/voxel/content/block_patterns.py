"""Pixel patterns of block faces: index pictures from formulas and from 8x8 drawings.

An index is a colour of the face (0, 1 or THIRD) or HOLE. Nothing here is taken from the game.
"""

from importlib import resources

import numpy as np

TEXTURE_SIZE = 16  # texels per block face
HOLE = 2  # a see-through texel (leaves, glass, plants); may be drawn as colour 1
THIRD = 3
POTTED = ("sapling", "fern", "flower", "orchid", "allium", "tulip", "daisy", "bells", "thorn",
          "mushroom", "twigs", "shoot", "fungus", "roots", "cactus_side")  # fmt: skip


def _hash(u: np.ndarray, v: np.ndarray, salt: int) -> np.ndarray:
  """Uniform-looking float64 in [0, 1) of integer texel coordinates."""
  h = (u * 374761393 + v * 668265263 + salt * 974634777) & 0xFFFFFFFF
  h = ((h ^ (h >> 13)) * 1274126177) & 0xFFFFFFFF
  return ((h ^ (h >> 16)) & 0xFFFF) / 65536.0


def _first_formulas() -> dict[str, np.ndarray]:
  v, u = np.mgrid[0:TEXTURE_SIZE, 0:TEXTURE_SIZE].astype(np.int64)  # v down, u right
  fine, coarse = _hash(u, v, 1), _hash(u // 2, v // 2, 2)
  radius = np.maximum(np.abs(u - 7.5), np.abs(v - 7.5))
  edge = radius > 6.5
  brick_joint = (v % 4 == 3) | ((u + 4 * ((v // 4) % 2)) % 8 == 7)
  blobs = np.zeros(u.shape, bool)
  for cu, cv in ((4, 4), (11, 3), (8, 8), (3, 11), (12, 12)):
    blobs |= (np.abs(u - cu) + np.abs(v - cv)) <= 2
  stem = (np.abs(u - 7.5) < 1) & (v >= 8)
  petals = (np.abs(u - 7.5) + np.abs(v - 4.5)) <= 4
  blades = ((u + v // 5) % 3 != 0) & (v > 2 + (u * 5) % 7)
  crack = np.abs((u * 7 + v * 3) % 16 - v) < 1
  return {
    "flat": coarse < 0.2,
    "noise": fine < 0.35,
    "bands": (v // 2) % 2 == 1,
    "brick": brick_joint,
    "speckle": coarse < 0.4,
    "grid": edge | (u == 8) | (v == 8),
    "rings": (radius.astype(np.int64) % 3 == 1) | edge,
    "leaves": np.where(fine < 0.15, HOLE, coarse < 0.45),
    "planks": (v % 4 == 3) | ((u == (5 + 4 * (v // 4)) % 16) & (v % 4 != 3)),
    "bark": (u + (_hash(u // 16, v // 4, 3) * 3).astype(np.int64)) % 4 == 0,
    "grass_side": v >= 4 + (_hash(u, u, 4) * 3).astype(np.int64),
    "plant": np.where(blades, fine < 0.4, HOLE),
    "flower": np.where(petals, 0, np.where(stem, 1, HOLE)),
    "cane": np.where((u % 6 > 1) & (u % 6 < 5), v % 6 == 0, HOLE),
    "ore": blobs,
    "frame": (radius > 5.5) | ((u == v) & (radius < 4)),
    "face": (radius > 2) & (radius < 5) & (v > 7) | edge & (v > 13),
    "chest": edge | (v == 6) | ((np.abs(u - 7.5) < 1.5) & (np.abs(v - 7) < 2.5)),
    "wool": (u + 2 * v) % 4 == 0,
    "cobble": _hash((u + v // 5) // 4, (v + u // 7) // 4, 5) < 0.45,
    "glass": np.where(edge, 1, np.where((u + v == 10) | (u + v == 12), 0, HOLE)),
    "cracked": brick_joint | crack,
    "books": np.where((v % 8 == 7) | (v % 8 == 0), 0, (u % 3 != 2) & (fine < 0.85)),
    "bee": (v % 4 == 3) | ((radius < 2.5) & (v > 6)),
  }


def _more_formulas() -> dict[str, np.ndarray]:
  v, u = np.mgrid[0:TEXTURE_SIZE, 0:TEXTURE_SIZE].astype(np.int64)
  fine, coarse = _hash(u, v, 6), _hash(u // 2, v // 2, 7)
  blotch = _hash((u + 2) // 4, (v + 1) // 4, 8)
  radius = np.maximum(np.abs(u - 7.5), np.abs(v - 7.5))
  away = np.hypot(u - 7.5, v - 7.5)
  edge, diamond = radius > 6.5, np.abs(u - 7.5) + np.abs(v - 7.5)
  stone = _hash(u, v, 1) < 0.35
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
    "mossy_cobble": third(
      coarse < 0.35, _hash((u + v // 5) // 4, (v + u // 7) // 4, 5) < 0.45
    ),
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
    "bark_glow": third(
      (u % 8 == 3) & (fine < 0.5), (u + (_hash(u // 16, v // 4, 3) * 3).astype(np.int64)) % 4 == 0
    ),
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
    "lapis_ore": third(np.hypot((u + 1) % 6 - 2.5, (v + 2) % 5 - 2) < 1.2, stone),
    "gem_ore": third((np.abs(u % 8 - 4) + np.abs((v + u // 8 * 4) % 8 - 4)) < 3, stone),
    "vine": np.where(((u + v // 3) % 5 < 3) & (coarse < 0.7), fine < 0.4, HOLE),
    "embers": third(np.minimum(np.abs(u - 7.5), np.abs(v - 7.5)) < 1, (u + fine) % 4 < 1),
    "pot_top": np.where(radius < 3.5, coarse < 0.3, HOLE),
    "log_end": third(away < 3.5, (away.astype(np.int64) % 3 == 1) | edge),
    "wood_grain": (u % 5 == 0) & (fine < 0.8),
  }  # fmt: skip


def _drawings() -> dict[str, np.ndarray]:
  text = (
    resources.files("cross_jax.envs.voxel.content") / "data" / "block_patterns.txt"
  ).read_text()
  rows = [line.split() for line in text.splitlines() if line and not line.startswith("#")]
  meaning = {".": HOLE, "1": 0, "2": 1, "3": THIRD}
  return {row[0]: np.asarray([[meaning[c] for c in line] for line in row[1:]]) for row in rows}


def _in_pot(plant: np.ndarray) -> np.ndarray:
  """An 8x8 drawing, wider and taller, in a pot of the third colour, [16, 16]."""
  picture = np.full((TEXTURE_SIZE, TEXTURE_SIZE), HOLE)
  wider = plant[np.arange(10) * 8 // 10][:, np.arange(12) * 8 // 12]
  picture[:10, 2:14] = np.where(wider == THIRD, 0, wider)
  picture[10:] = THIRD
  return picture


def block_patterns() -> tuple[tuple[str, ...], np.ndarray]:
  """(names, uint8[P, 16, 16] by row from the top and column: 0, 1, THIRD or HOLE)."""
  pictures = _first_formulas()
  drawings = _drawings()
  pictures |= _more_formulas()
  pictures |= {name: d.repeat(2, axis=0).repeat(2, axis=1) for name, d in drawings.items()}
  small = {"flower": pictures["flower"][::2, ::2], **drawings}
  pictures |= {f"potted_{name}": _in_pot(small[name]) for name in POTTED}
  return tuple(pictures), np.stack([np.asarray(p).astype(np.uint8) for p in pictures.values()])
