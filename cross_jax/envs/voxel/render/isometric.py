"""Small pictures of blocks as boxes seen from a corner, for item icons and contact sheets; NumPy.

The eye is at +x, +y, -z of the block, so the top, the +x side and the -z side show.
"""

import functools

import numpy as np

from cross_jax.envs.voxel.content.tables import BLOCKS, KIND_PLANT, SHAPES

TILT_DEG = 30.0  # of the gaze below the horizon
SPAN = 1.6  # cells that the picture's side covers
SHADES = (1.0, 0.64, 0.8)  # brightness of the top, the x side and the z side
_TOP, _SIDE = 0, 1  # tiles of a block
_FAR = 1e9


@functools.cache
def _rays(side: int) -> tuple[np.ndarray, np.ndarray]:
  """(origins float64[side * side, 3], direction float64[3]) of parallel rays, row by row."""
  tilt = np.radians(TILT_DEG)
  gaze = np.asarray([-np.cos(tilt) * np.sqrt(0.5), -np.sin(tilt), np.cos(tilt) * np.sqrt(0.5)])
  right = np.asarray([-np.sqrt(0.5), 0.0, -np.sqrt(0.5)])
  up = np.cross(gaze, right)
  up = up if up[1] > 0 else -up
  place = ((np.arange(side) + 0.5) / side - 0.5) * SPAN
  x, y = np.tile(place, side), np.repeat(-place, side)
  return 0.5 + x[:, None] * right + y[:, None] * up - 4 * gaze, gaze


@functools.cache
def _hits(shape: int, side: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
  """What rays meet of a shape's boxes, the nearest first.

  Returns:
    (is_hit bool[5, P], face int64[5, P] 0 top, 1 x, 2 z, texel int64[5, P] of the face's tile).
  """
  origin, gaze = _rays(side)
  low, high = SHAPES.boxes[shape][:, None, :3], SHAPES.boxes[shape][:, None, 3:]
  near = (np.where(gaze > 0, low, high) - origin) / gaze  # [5, P, 3]
  far = (np.where(gaze > 0, high, low) - origin) / gaze
  t = near.max(-1)
  is_hit = (t < far.min(-1)) & np.any(high != low, axis=-1)
  face = np.asarray([1, 0, 2])[near.argmax(-1)]
  x, y, z = np.moveaxis(np.clip(origin + gaze * t[..., None], 0, 1 - 1e-6), -1, 0)
  u = np.choose(face, (x, 1 - z, 1 - x))
  v = np.where(face == 0, z, 1 - y)
  texel = (v * 16).clip(0, 15).astype(np.int64) * 16 + (u * 16).clip(0, 15).astype(np.int64)
  order = np.argsort(np.where(is_hit, t, _FAR), axis=0, kind="stable")
  take = lambda a: np.take_along_axis(a, order, 0)  # noqa: E731
  return take(is_hit), take(face), take(texel)


def draw_boxes(tiles: np.ndarray, rows: np.ndarray, side: int) -> np.ndarray:
  """Blocks seen from a corner.

  Args:
    tiles: uint8[num_blocks * 3, 16, 16, 4], textures.block_tiles().
    rows: int[n], rows of BLOCKS; plants show their two crossed faces as one flat one.
    side: px.
  Returns:
    uint8[n, side, side, 4]; alpha is 0 or 255.
  """
  flat = tiles.reshape(-1, 3, 256, 4)
  out = np.zeros((len(rows), side * side, 4), np.uint8)
  for shape in np.unique(BLOCKS.shape[rows]):
    those = np.flatnonzero(BLOCKS.shape[rows] == shape)
    if SHAPES.kind[shape] == KIND_PLANT:
      out[those] = draw_face(tiles, rows[those], _SIDE, side).reshape(len(those), -1, 4)
      continue
    is_hit, face, texel = _hits(int(shape), side)
    block = rows[those][:, None]
    for layer in reversed(range(len(is_hit))):
      seen = flat[block, np.minimum(face[layer], 1)[None], texel[layer][None]]
      light = np.asarray(SHADES)[face[layer]][None, :, None]
      drawn = np.concatenate([(seen[..., :3] * light).round(), seen[..., 3:]], -1)
      is_seen = is_hit[layer][None] & (seen[..., 3] > 127)
      out[those] = np.where(is_seen[..., None], drawn, out[those])
  return out.reshape(len(rows), side, side, 4)


def draw_face(tiles: np.ndarray, rows: np.ndarray, face: int, side: int) -> np.ndarray:
  """One face of blocks as it is: uint8[n, side, side, 4]; face 0 top, 1 side, 2 bottom."""
  texel = (np.arange(side) * 16) // side
  picture = tiles.reshape(-1, 3, 16, 16, 4)[rows, face][:, texel][:, :, texel]
  return np.where(picture[..., 3:] > 127, picture, 0).astype(np.uint8)


def halve(pictures: np.ndarray) -> np.ndarray:
  """Pictures at half the size: the mean colour of what covers a pixel, if half of it is covered."""
  n, side = pictures.shape[:2]
  parts = pictures.reshape(n, side // 2, 2, side // 2, 2, 4).astype(np.float64)
  is_there = parts[..., 3:] > 127
  number = is_there.sum((2, 4))
  rgb = (parts[..., :3] * is_there).sum((2, 4)) / np.maximum(number, 1)
  alpha = np.where(number >= 2, 255, 0)
  return np.where(alpha > 0, np.concatenate([rgb, alpha], -1), 0).round().astype(np.uint8)
