"""Rays against plants, panes and boxes in float64, cell by cell and side by side: the slow way."""

import numpy as np

from cross_jax.envs.voxel.content.tables import BLOCKS, KIND_BOXES, KIND_CUBE, SHAPES
from cross_jax.envs.voxel.render.boxes import _WORDS, FLAG_HOLES
from cross_jax.envs.voxel.render.hits import FACE_DOWN, FACE_PLANT, FACE_UP, FACE_X, FACE_Z, FAR
from cross_jax.envs.voxel.render.textures import BLOCK_ATLAS, TILE_WORDS

CUBE = np.asarray([[0.0, 0.0, 0.0, 1.0, 1.0, 1.0]])


def is_opaque(block: int, face: int, d: np.ndarray, place: np.ndarray) -> bool:
  """Whether the texture is opaque at a place (x, y, z) in the cell."""
  x, y, z = np.clip(place, 0, 1)
  if face in (FACE_UP, FACE_DOWN):
    u, v = x, z
  elif face == FACE_X:
    u, v = (z if d[0] > 0 else 1 - z), 1 - y
  elif face == FACE_Z:
    u, v = (1 - x if d[2] > 0 else x), 1 - y
  else:
    u, v = x, 1 - y
  column = {FACE_UP: 0, FACE_DOWN: 2}.get(face, 1)
  texel = min(int(16 * v), 15) * 16 + min(int(16 * u), 15)
  return BLOCK_ATLAS[(3 * block + column) * TILE_WORDS + texel] < 0


def enter(box: np.ndarray, o: np.ndarray, d: np.ndarray) -> tuple[float, int] | None:
  """Where a ray enters a box from outside: (t, face)."""
  low, high = (box[:3] - o) / d, (box[3:] - o) / d
  near, far = np.minimum(low, high), np.maximum(low, high)
  if near.max() >= far.min() or near.max() <= 0:
    return None
  axis = int(near.argmax())
  face = (FACE_X, FACE_DOWN if d[1] > 0 else FACE_UP, FACE_Z)[axis]
  return float(near.max()), face


def meet(block: int, o: np.ndarray, d: np.ndarray) -> tuple[float, int] | None:
  """What a ray meets in one cell, in the cell's coordinates: (t, face)."""
  kind = SHAPES.kind[BLOCKS.shape[block]]
  has_holes = bool(_WORDS[block] & FLAG_HOLES)
  found = []
  if kind in (KIND_CUBE, KIND_BOXES):
    boxes = CUBE if kind == KIND_CUBE else SHAPES.boxes[BLOCKS.shape[block]].astype(np.float64)
    for box in boxes[np.any(boxes != 0, axis=1)]:
      if (hit := enter(box, o, d)) is not None:
        if not has_holes or is_opaque(block, hit[1], d, o + d * hit[0]):
          found.append(hit)
  else:
    for t in ((o[2] - o[0]) / (d[0] - d[2]), (1 - o[0] - o[2]) / (d[0] + d[2])):
      place = o + d * t
      if t > 0 and (place > 0).all() and (place < 1).all():
        if is_opaque(block, FACE_PLANT, d, place):
          found.append((t, FACE_PLANT))
  return min(found, default=None)


def first_hit(grid: np.ndarray, origin: np.ndarray, direction: np.ndarray):
  """The first thing on a ray.

  Args:
    grid: [SIZE_Y, SIZE_Z, SIZE_X], rows of BLOCKS.
    origin, direction: float64[3], the origin inside the world.
  Returns:
    (t, (x, y, z), face, t where water begins); FAR, None, None where there is nothing.
  """
  o, d = np.asarray(origin, np.float64), np.asarray(direction, np.float64)
  cell, step = np.floor(o).astype(int), np.where(d > 0, 1, -1)
  t_next, t_here, water = ((cell + (d > 0)) - o) / d, 0.0, FAR
  size = np.asarray(grid.shape)[[2, 0, 1]]
  while (cell >= 0).all() and (cell < size).all():
    block = int(grid[cell[1], cell[2], cell[0]])
    if block == BLOCKS.index["water"] or BLOCKS.is_waterlogged[block]:
      water = min(water, t_here)
    if BLOCKS.is_visible[block] and block != BLOCKS.index["water"]:
      if (hit := meet(block, o - cell, d)) is not None:
        return hit[0], tuple(int(c) for c in cell), hit[1], water
    axis = int(np.argmin(t_next))
    t_here = t_next[axis]
    cell[axis] += step[axis]
    t_next[axis] += abs(1 / d[axis])
  return FAR, None, None, water
