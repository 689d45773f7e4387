"""Texture atlases as flat int32 arrays of packed 0xAABBGGRR texels with mip levels, built once.

A tile is 16x16 texels and its averages over 2x2, 4x4, 8x8 and 16x16 texels: 341 words, level by
level and row by row, so that one gather gives a texel that fits the size of the sample.
"""

import functools

import jax
import jax.numpy as jnp
import numpy as np

from cross_jax.envs.voxel.content.patterns import (
  BLOCK_PATTERNS,
  HOLE,
  ICON_PATTERN_NAMES,
  SHADES,
  TEXTURE_SIZE,
  WHITE_CAP,
  draw_icons,
)
from cross_jax.envs.voxel.content.tables import BLOCKS, ITEMS, SHAPE_PLANT
from cross_jax.envs.voxel.render import isometric

MAX_LEVEL = 4
TILE_WORDS = 341
FACE_TOP, FACE_SIDE, FACE_BOTTOM = 0, 1, 2  # columns of BLOCKS.colors
CRACK_STEPS = 100
JITTER = 0.04  # relative brightness noise of single texels


def pack(rgba: np.ndarray) -> np.ndarray:
  """uint8[..., 4] to int32[...], red in the lowest byte."""
  parts = rgba.astype(np.uint32)
  word = parts[..., 0] | parts[..., 1] << 8 | parts[..., 2] << 16 | parts[..., 3] << 24
  return word.astype(np.uint32).view(np.int32)


def mip_tiles(tiles: np.ndarray) -> np.ndarray:
  """Tiles with their averages: uint8[n, 16, 16, 4] to packed int32[n, TILE_WORDS].

  Colours are averaged with their alpha as weight, so see-through texels do not darken the rest.
  """
  levels = []
  alpha = tiles[..., 3:].astype(np.float64)
  colour = tiles[..., :3].astype(np.float64) * alpha
  for level in range(MAX_LEVEL + 1):
    if level:
      colour, alpha = (
        (a[:, ::2, ::2] + a[:, 1::2, ::2] + a[:, ::2, 1::2] + a[:, 1::2, 1::2]) / 4
        for a in (colour, alpha)
      )
    rgb = np.minimum(colour / np.maximum(alpha, 1e-9), WHITE_CAP)
    flat = np.concatenate([rgb, alpha], -1).round().astype(np.uint8)
    levels.append(pack(flat).reshape(len(tiles), -1))
  return np.concatenate(levels, axis=1)


def texel_index(tile: jax.Array, u: jax.Array, v: jax.Array, level: jax.Array) -> jax.Array:
  """Place of a texel in a flat atlas.

  Args:
    tile: int32[...], tile number.
    u, v: int32[...], 0..15, right and down.
    level: int32[...], mip level 0..MAX_LEVEL.
  Returns:
    int32[...].
  """
  offset = ((1024 - (1024 >> (2 * level))) * 171) >> 9  # 0, 256, 320, 336, 340
  return TILE_WORDS * tile + offset + ((v >> level) << (MAX_LEVEL - level)) + (u >> level)


def unpack(word: jax.Array) -> tuple[jax.Array, jax.Array, jax.Array]:
  """Red, green, blue of packed words as float32 0..255."""
  return tuple(((word >> s) & 255).astype(jnp.float32) for s in (0, 8, 16))


def to_word(red: jax.Array, green: jax.Array, blue: jax.Array) -> jax.Array:
  """Packs float32 channels, clipped to 0..WHITE_CAP, with zero alpha."""
  r, g, b = (jnp.clip(c, 0.0, WHITE_CAP).astype(jnp.int32) for c in (red, green, blue))
  return r | (g << 8) | (b << 16)


def _noise(shape: tuple[int, ...]) -> np.ndarray:
  index = np.arange(np.prod(shape), dtype=np.uint64)
  h = (index * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(40)
  h = (h * np.uint64(0xBF58476D1CE4E5B9)) >> np.uint64(44)
  return ((h & np.uint64(0xFFFF)).astype(np.float64) / 65535.0).reshape(shape)


@functools.cache
def block_tiles() -> np.ndarray:
  """uint8[num_blocks * 3, 16, 16, 4]: alpha 0 where a ray passes (holes of plants and glass)."""
  pictures = BLOCK_PATTERNS[BLOCKS.pattern]  # [n, 3, 16, 16]
  which = np.asarray([0, 1, 1, 2])[pictures & 3]  # holes, where they are filled, have colour 1
  faces = np.arange(3)[None, :, None, None]
  rgb = BLOCKS.colors.astype(np.float64)[
    np.arange(len(pictures))[:, None, None, None], faces, which
  ]
  rgb = rgb * np.asarray(SHADES)[pictures >> 2][..., None]
  is_hole = pictures & 3 == HOLE
  is_cut = is_hole & SEE_THROUGH[:, None, None, None]
  rgb = np.where((is_hole & ~is_cut)[..., None], 0.6 * rgb, rgb)  # holes of leaves: deep shade
  rgb = rgb * (1 + JITTER * (2 * _noise(pictures.shape) - 1))[..., None]
  alpha = np.where(is_cut, 0, 255)[..., None]
  tiles = np.concatenate([np.clip(rgb, 0, WHITE_CAP), alpha], -1).round().astype(np.uint8)
  return tiles.reshape(-1, TEXTURE_SIZE, TEXTURE_SIZE, 4)


def _see_through() -> np.ndarray:
  """bool[num_blocks]: those with holes that let rays pass, which is all but leaves."""
  has_hole = np.any(BLOCK_PATTERNS & 3 == HOLE, axis=(1, 2))[BLOCKS.pattern].any(axis=1)
  is_leaves = np.asarray([name.endswith("_leaves") for name in BLOCKS.names])
  return (has_hole | (BLOCKS.shape == SHAPE_PLANT)) & ~is_leaves


@functools.cache
def icon_tiles() -> np.ndarray:
  """The icons of all items: uint8[num_items, 16, 16, 4]."""
  tiles = draw_icons(ITEMS.icon_pattern, ITEMS.icon_colors)
  size = TEXTURE_SIZE
  for name, draw in (
    ("block", lambda rows: isometric.halve(isometric.draw_boxes(block_tiles(), rows, 2 * size))),
    ("block_top", lambda rows: isometric.draw_face(block_tiles(), rows, FACE_TOP, size)),
    ("block_side", lambda rows: isometric.draw_face(block_tiles(), rows, FACE_SIDE, size)),
  ):
    those = np.flatnonzero(ITEMS.icon_pattern == ICON_PATTERN_NAMES.index(name))
    tiles[those] = draw(ITEMS.icon_block[those])
  return tiles


def _cracks() -> np.ndarray:
  """Progress at which each texel of a tile cracks, in steps; 127 = never: int32[TILE_WORDS]."""
  v, u = np.mgrid[0:TEXTURE_SIZE, 0:TEXTURE_SIZE].astype(np.float64)
  x, y = u - 7.5, v - 7.5
  radius, angle = np.hypot(x, y), np.arctan2(y, x)
  arm = ((angle + 0.5 * np.sin(1.7 * radius) / (1 + radius)) / (2 * np.pi) * 7 + 0.2) % 1.0
  is_line = (0.5 - np.abs(arm - 0.5)) * 2 * np.pi / 7 * radius < 0.9
  steps = np.where(is_line, CRACK_STEPS * (0.05 + radius / 11), 127).clip(0, 127)
  levels = [steps.astype(np.int32)]
  for _ in range(MAX_LEVEL):
    steps = steps.reshape(len(steps) // 2, 2, -1, 2).min((1, 3))
    levels.append(steps.astype(np.int32))
  return np.concatenate([level.reshape(-1) for level in levels])


def _block_atlas() -> np.ndarray:
  """Tiles of block faces; the highest byte is 128 + crack steps, or 0 where a ray passes."""
  words = mip_tiles(block_tiles())
  is_cut = np.zeros(words.shape, bool)
  is_cut[:, :256] = words[:, :256] >= 0  # only full-size texels decide whether a ray passes
  alpha = np.where(is_cut, 0, 128 + _cracks()[None]).astype(np.uint32) << 24
  return ((words.view(np.uint32) & np.uint32(0xFFFFFF)) | alpha).astype(np.uint32).view(np.int32)


SEE_THROUGH = _see_through()
BLOCK_ATLAS = _block_atlas().reshape(-1)  # int32[num_blocks * 3 * TILE_WORDS]
ICON_ATLAS = mip_tiles(icon_tiles()).reshape(-1)  # int32[num_items * TILE_WORDS]
