"""Pixel patterns of the blocks a player sees first, as formulas: stone, soil, wood, ores, bricks.

A texel is a colour of the face (0, 1 or THIRD) or HOLE, plus SHADE times a row of SHADES: how much
darker or lighter it is drawn. Nothing here is taken from the game.
"""

import numpy as np

TEXTURE_SIZE = 16  # texels per block face
HOLE = 2  # a see-through texel (leaves, glass, plants); may be drawn as colour 1
THIRD = 3
SHADE = 4
SHADES = (1.0, 0.5, 0.72, 0.86, 1.12, 1.28)  # rows 1 to 3 darken, 4 and 5 lighten
_V, _U = np.mgrid[0:TEXTURE_SIZE, 0:TEXTURE_SIZE].astype(np.int64)  # v down, u right
_RADIUS = np.maximum(np.abs(_U - 7.5), np.abs(_V - 7.5))
_EDGE = _RADIUS > 6.5
# Birch bark: row, column, length of a dash. Grass: column, lean, height of a blade.
_DASHES = ((1, 2, 4), (2, 11, 3), (4, 6, 5), (6, 0, 3), (7, 10, 5), (9, 4, 3), (10, 13, 3),
           (11, 1, 2), (12, 7, 5), (14, 2, 4), (15, 11, 3))  # fmt: skip
_BLADES = ((1, -1, 8), (3, 1, 12), (5, -2, 10), (6, 2, 7), (8, 0, 14), (9, 3, 10), (11, -1, 11),
           (12, 2, 9), (14, 1, 13), (4, 3, 6), (13, -3, 7))  # fmt: skip
BLACK, DARK, DIM, LIGHT, BRIGHT = (SHADE * row for row in range(1, 6))


def texel_hash(u: np.ndarray, v: np.ndarray, salt: int) -> np.ndarray:
  """Uniform-looking float64 in [0, 1) of integer texel coordinates."""
  h = (u * 374761393 + v * 668265263 + salt * 974634777) & 0xFFFFFFFF
  h = ((h ^ (h >> 13)) * 1274126177) & 0xFFFFFFFF
  return ((h ^ (h >> 16)) & 0xFFFF) / 65536.0


def _levels(field: np.ndarray, *steps: tuple[float, int]) -> np.ndarray:
  """The value of the first step (bound, value) that the field is below."""
  return np.select([field < bound for bound, _ in steps], [value for _, value in steps])


def _pebbles(number: int, salt: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
  """`number` x `number` rounded stones: (number in [0, 1), px to the next, px below the middle)."""
  size = TEXTURE_SIZE / number
  away, whose, below = [], [], []
  for y in range(-1, number + 1):
    for x in range(-1, number + 1):
      place = np.asarray(x % number), np.asarray(y % number)
      cx, cy = (
        (at + 0.5 + 0.8 * (texel_hash(*place, salt + k) - 0.5)) * size - 0.5
        for k, at in enumerate((x, y))
      )
      away.append(np.hypot(_U - cx, 1.15 * (_V - cy)))
      whose.append(np.broadcast_to(texel_hash(*place, salt + 2), _U.shape))
      below.append(_V - cy)
  order = np.argsort(away, axis=0, kind="stable")[:2]
  near, far = np.take_along_axis(np.asarray(away), order, 0)
  first = lambda a: np.take_along_axis(np.asarray(a), order[:1], 0)[0]  # noqa: E731
  return first(whose), far - near, first(below)


def _stone() -> np.ndarray:
  """Grey with short level streaks."""
  row = (texel_hash(_V, _V, 21) * 7).astype(np.int64)
  field = texel_hash((_U + row) // 3, _V, 22)
  return _levels(field, (0.22, 1), (0.34, DIM), (0.86, 0), (1.0, LIGHT))


def _soil() -> dict[str, np.ndarray]:
  fine, coarse = texel_hash(_U, _V, 23), texel_hash(_U // 2, _V // 2, 24)
  both = 0.5 * fine + 0.5 * coarse
  turf = _levels(fine, (0.08, 1 + DIM), (0.4, 1), (0.92, 0), (1.0, LIGHT))
  earth = _levels(both, (0.2, DARK), (0.36, DIM), (0.72, 0), (1.0, LIGHT))
  rim = 3 + (texel_hash(_U, _U, 25) * 3).astype(np.int64)
  whose, gap, _ = _pebbles(6, 26)
  return {
    "noise": _levels(both, (0.2, 1 + DIM), (0.38, 1), (0.75, 0), (1.0, LIGHT)),
    "turf": turf,
    "turf_side": np.select([_V < rim, _V == rim], [turf, 1 + DARK], THIRD + earth),
    "grains": _levels(fine, (0.05, 1 + DIM), (0.35, 1), (0.95, 0), (1.0, LIGHT)),
    "gravel": np.where(gap < 0.5, 1, _levels(whose, (0.3, DIM), (0.6, 0), (0.8, LIGHT), (1, 1))),
    "flesh": _levels(both, (0.3, 1), (0.42, 1 + LIGHT), (0.75, 0), (1.0, BRIGHT)),
  }


def _rocks() -> dict[str, np.ndarray]:
  fine, coarse = texel_hash(_U, _V, 27), texel_hash(_U // 2, _V // 2, 28)
  both = 0.35 * fine + 0.65 * coarse
  whose, gap, below = _pebbles(4, 29)
  shade = _levels(whose, (0.3, DIM), (0.7, 0), (1.0, LIGHT))
  lit = np.where(shade == LIGHT, BRIGHT, LIGHT)
  cobble = np.where(gap < 1.0, 1, np.where(below < -0.8, lit, shade))
  moss = (texel_hash(_U // 2, _V // 2, 30) < 0.4) & (texel_hash(_U // 4, _V // 4, 31) < 0.6)
  lava = np.where(gap < 1.3, 1 + np.where(gap < 0.6, LIGHT, 0), _levels(whose, (0.4, DIM), (1, 0)))
  shard, crack, _ = _pebbles(5, 32)
  dark = _levels(shard, (0.3, 1), (0.5, 1 + DARK), (0.8, 0), (1.0, BRIGHT))
  return {
    "stone": _stone(),
    "rubble": _levels(both, (0.3, 1), (0.42, 1 + LIGHT), (0.68, 0), (1.0, LIGHT)),
    "cobble": cobble,
    "mossy_cobble": np.where(moss, THIRD + np.where(gap < 1.0, DARK, 0), cobble),
    "magma": lava,
    "volcanic": np.where((crack < 0.5) & (shard > 0.4), 0, dark),
    "smooth": np.where(_EDGE, 1, _levels(fine, (0.12, DIM), (0.9, 0), (1.0, LIGHT))),
    "molten": _levels(
      0.6 * texel_hash((_U + _V) // 4, (_V + _U // 5) // 2, 34) + 0.4 * shard,
      (0.25, 1 + DIM),
      (0.42, 1),
      (0.62, 0),
      (0.78, LIGHT),
      (1.0, THIRD),
    ),
    "ripples": _levels(
      texel_hash((_U + 3 * _V) // 5, _V // 2, 33), (0.25, 1), (0.5, DIM), (0.85, 0), (1.0, LIGHT)
    ),
  }


def _specks(rock: np.ndarray, shape: str, places: tuple[tuple[int, int], ...]) -> np.ndarray:
  """Rock with pieces of the third colour: rows of digits, 1 plain, 2 light, 3 dark."""
  picture = rock.copy()
  rows = shape.split()
  tones = {"1": 0, "2": BRIGHT, "3": DARK}
  for x, y in places:
    for dy, row in enumerate([*rows, rows[-1]]):
      for dx, digit in enumerate(row):
        if digit != ".":
          piece = THIRD + tones[digit] if dy < len(rows) else DARK  # its shadow
          picture[(y + dy) % 16, (x + dx) % 16] = piece
  return picture


def _ores(flesh: np.ndarray) -> dict[str, np.ndarray]:
  stone = _stone()
  lumps = ((1, 1), (9, 0), (5, 5), (11, 7), (1, 10), (7, 11))
  bars = ((2, 1), (10, 2), (5, 5), (0, 8), (11, 8), (3, 12), (9, 12))
  dots = ((1, 2), (6, 1), (12, 2), (4, 6), (9, 6), (14, 8), (1, 10), (6, 11), (11, 12))
  gems = ((1, 1), (9, 0), (5, 5), (12, 5), (1, 10), (9, 10))
  return {
    "ore_lumps": _specks(stone, ".21. 2113 1113 .13.", lumps),
    "ore_bars": _specks(stone, "2211. .1113", bars),
    "ore_nuggets": _specks(stone, "21. 113 .3.", lumps),
    "ore_dots": _specks(stone, "21 13", dots),
    "ore_gems": _specks(stone, ".2. 211 .13", gems),
    "ore_flecks": _specks(stone, "21. .13 13.", (*gems, (13, 13), (5, 14))),
    "nether_ore": _specks(flesh, "21. 113 .3.", (*lumps, (13, 13))),
    "quartz_ore": _specks(flesh, "2.1. 2113 .113", bars),
  }


def _wood() -> dict[str, np.ndarray]:
  board = _V // 4
  grain = texel_hash((_U + 5 * board) // 4, _V, 41)
  plank = _levels(grain, (0.25, DIM), (0.75, 0), (1.0, LIGHT))
  end = _U == np.asarray([3, 11, 6, 14])[board]
  column = texel_hash(_U, (_V + 3 * _U) // 5, 42)
  bark = _levels(column, (0.3, 1), (0.5, DIM), (0.85, 0), (1.0, LIGHT))
  bark = np.where(texel_hash(_U, _U, 43) < 0.25, 1 + np.where(column < 0.5, DARK, 0), bark)
  dashes = np.zeros(_U.shape, bool)
  for row, start, length in _DASHES:
    dashes[row, start : start + length] = True
  pale = _levels(texel_hash(_U // 2, _V, 44), (0.2, DIM), (0.9, 0), (1.0, LIGHT))
  away = 0.6 * _RADIUS + 0.4 * np.hypot(_U - 7.5, _V - 7.5)
  ring = np.where(away.astype(np.int64) % 2 == 1, DIM, 0) + np.where(away < 1.2, 1, 0)
  slim = texel_hash(_U, (_V + 2 * _U) // 7, 45)
  slats = np.where(_U % 4 == 3, 1, _levels(slim, (0.3, DIM), (0.8, 0), (1.0, LIGHT)))
  glow = (_U % 8 == 3) & (texel_hash(_U, _V, 6) < 0.5)
  return {
    "planks": np.where((_V % 4 == 3) | end, 1, plank),
    "bark": bark,
    "birch_bark": np.where(dashes, 1, pale),
    "bark_glow": np.where(glow, THIRD, bark),
    "grain": _levels(slim, (0.3, 1), (0.5, DIM), (0.8, 0), (1.0, LIGHT)),
    "rings": np.where(_EDGE, 1 + np.where(column < 0.4, DIM, 0), ring),
    "slats": slats,
    "craft_top": np.where(
      _EDGE, 1, np.where(np.isin(_U, (5, 10)) | np.isin(_V, (5, 10)), 1 + LIGHT, plank)
    ),
    "hollow": np.where(_RADIUS > 5.5, _levels(grain, (0.3, DIM), (1.0, 0)), 1 + DIM),
    "lid": np.where(_EDGE, 1, plank),
  }


def _plants() -> dict[str, np.ndarray]:
  fine, coarse = texel_hash(_U, _V, 51), texel_hash(_U // 2, _V // 2, 52)
  both = 0.6 * fine + 0.4 * coarse
  straw = texel_hash(_U, (_V + 5 * _U) // 6, 53)
  stalk = _levels(straw, (0.3, 1), (0.5, DIM), (0.8, 0), (1.0, LIGHT))
  band = np.isin(_V, (3, 12))
  rib = np.asarray([1, DIM, 0, LIGHT, 0])[(_U + 2) % 5]
  turn = np.arctan2(_V - 7.5, _U - 7.5) / (2 * np.pi)
  middle = np.hypot(_U - 7.5, _V - 7.5)
  ribs = np.where((turn * 10) % 1.0 < 0.25, 1, _levels(fine, (0.2, DIM), (1.0, 0)))
  wobble = (_U + (texel_hash(_V // 3, _V // 3, 54) * 2).astype(np.int64)) % 5
  stripes = np.where(wobble < 2, 1, 0) + _levels(fine, (0.25, DIM), (0.8, 0), (1.0, LIGHT))
  grass = np.full(_U.shape, HOLE)
  for base, lean, height in _BLADES:
    for k in range(height):
      tone = 1 if k < height // 3 else 0 if k < height - 2 else LIGHT
      grass[15 - k, min(max(base + round(lean * k * k / height**2), 0), 15)] = tone
  cane = np.full(_U.shape, HOLE)
  for left, joint in ((1, 1), (6, 4), (11, 2)):
    for k, tone in enumerate((LIGHT, 0, DIM)):
      cane[:, left + k] = tone
    cane[joint::5, left : left + 3] = 1
    cane[joint + 1 :: 10, left + 3] = 1 + LIGHT
  return {
    "leaves": np.where(
      both < 0.3, HOLE, _levels(both, (0.42, 1 + DIM), (0.55, 1), (0.75, 0), (1.0, LIGHT))
    ),
    "hay_side": np.where(band, THIRD, stalk),
    "hay_top": _levels(coarse, (0.3, 1), (0.5, DIM), (0.8, 0), (1.0, LIGHT)),
    "pumpkin_side": np.where(_V == 15, 1, rib),
    "pumpkin_top": np.where(middle < 1.8, THIRD, ribs),
    "melon_side": stripes,
    "melon_top": np.where((turn * 8) % 1.0 < 0.4, 1, 0) + _levels(fine, (0.25, DIM), (1.0, 0)),
    "plant": grass,
    "cane": cane,
  }


def _masonry() -> dict[str, np.ndarray]:
  course = _V // 8
  across = (_U + 8 * course) % 16
  joint = (_V % 8 == 7) | (across == 15)
  stone = _stone()
  lit = np.where((_V % 8 == 0) | (across == 0), LIGHT, np.where(stone == 1, DIM, stone))
  wall = np.where(joint, 1, np.where((_V % 8 == 6) | (across == 14), DARK, lit))
  moss = (texel_hash(_U // 2, _V // 2, 61) < 0.45) & (texel_hash(_U // 4, _V // 4, 62) < 0.6)
  split = np.zeros(_U.shape, bool)
  for y, x in enumerate((4, 4, 5, 5, 4, 3, 3, 3, 11, 11, 10, 10, 11, 12, 12, 12)):
    split[y, x] = split[y, (x + 7) % 16] = True
  small = (_V % 4 == 3) | ((_U + 4 * ((_V // 4) % 2)) % 8 == 7)
  each = texel_hash((_U + 4 * ((_V // 4) % 2)) // 8, _V // 4, 63)
  tone = _levels(each, (0.35, DIM), (0.7, 0), (1.0, LIGHT))
  return {
    "wall": wall,
    "mossy_wall": np.where(moss, THIRD + np.where(joint, DARK, DIM * (_V % 2)), wall),
    "cracked_wall": np.where(split, 1 + DARK, wall),
    "brick": np.where(small, 1, tone),
  }


def _made() -> dict[str, np.ndarray]:
  slope = (_U - _V) % 16
  glint = np.isin(slope, (3, 4, 9))
  rim = np.where((_U == 0) | (_V == 0), BRIGHT, np.where((_U == 15) | (_V == 15), DARK, 0))
  metal = np.where(rim > 0, rim, np.where(glint, LIGHT, np.where(_RADIUS > 5.5, DIM, 0)))
  jewel = np.where(_EDGE, 1, np.where(glint, BRIGHT, np.where(_RADIUS > 4.5, LIGHT, 0)))
  lines = np.isin(_V, (4, 8, 12))
  sheet = np.where(rim > 0, rim, np.where(lines, 1, 0))
  shelf = np.isin(_V, (0, 7, 8, 15))
  starts = np.asarray([0, 0, 0, 1, 1, 2, 2, 2, 3, 3, 4, 4, 4, 5, 5, 6])
  book = starts[np.where(_V < 8, _U, (_U + 5) % 16)] + 7 * (_V // 8)
  cover = np.asarray([1, THIRD, DARK, 1 + LIGHT, THIRD + DARK, 1, THIRD + LIGHT] * 2)[book]
  cover = np.where(np.roll(book, -1, 1) != book, BLACK, cover)  # gaps between the books
  low = np.isin(_V, (1, 9)) & (book % 3 == 1)
  return {
    "metal": metal,
    "jewel": jewel,
    "sheet": sheet,
    "books": np.where(shelf, np.isin(_V, (7, 15)) * DARK, np.where(low, BLACK, cover)),
  }


def natural_patterns() -> dict[str, np.ndarray]:
  """Patterns by name, int[16, 16] by row from the top and column."""
  soil = _soil()
  groups = (soil, _rocks(), _ores(soil["flesh"]), _wood(), _plants(), _masonry(), _made())
  return {name: picture for group in groups for name, picture in group.items()}
