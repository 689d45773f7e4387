"""What a ray meets inside a cell that is no full opaque cube: plants, boxes of a shape, panes.

Everything is exact in the coordinates of the cell; the texture follows the place in the cell.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from cross_jax.envs.voxel.content.tables import SHAPES
from cross_jax.envs.voxel.render.boxes import (
  FLAG_BOXES,
  FLAG_HOLES,
  FLAG_PLANT,
  word_block,
  word_shape,
)
from cross_jax.envs.voxel.render.hits import (
  FACE_DOWN,
  FACE_PLANT,
  FACE_UP,
  FACE_X,
  FACE_Z,
  FAR,
  MIN_STEP,
  Hits,
  Rays,
  cell_index,
  cells_at,
  enter_cube,
  greater,
  hit_block,
  hit_face,
  hit_uv,
  lesser,
  make_key,
  tile_of,
)
from cross_jax.envs.voxel.render.textures import BLOCK_ATLAS, texel_index

BACK = 1.5 * MIN_STEP  # m, a ray in a cell may be this far behind its wall
HOP = 2 * MIN_STEP  # m past a hole: more than BACK, so that the same hole is not met again
_STEPS = 32  # per cell, the grid on which the sides of boxes lie
_NUM_BOXES = SHAPES.boxes.shape[1]


class Look(NamedTuple):
  t: jax.Array  # float32[N], m, what the ray meets in this cell, FAR if it passes
  face: jax.Array  # int32[N]
  go_on_t: jax.Array  # float32[N], m, where a ray that met a hole in this cell goes on, else 0


def _pack_boxes(boxes: np.ndarray) -> np.ndarray:
  """float32[n, 5, 6] of 0..1 to int32[n * 5]: 5 bits each of x0 y0 z0 and 1 - (x1 y1 z1).

  Raises:
    ValueError: a side off the grid or a box as thin as nothing.
  """
  grid = boxes.astype(np.float64) * _STEPS
  low, high = grid[..., :3], grid[..., 3:]
  is_used = np.any(grid != 0, axis=-1)
  is_good = np.all((low >= 0) & (low < high) & (high <= _STEPS), axis=-1)
  is_good &= np.all(grid == np.round(grid), axis=-1)
  if not np.all(is_good | ~is_used):
    names = [SHAPES.names[i] for i in np.flatnonzero(np.any(is_used & ~is_good, axis=-1))]
    raise ValueError(f"shapes {names}: boxes must lie in the cell on a grid of 1/{_STEPS}")
  parts = np.concatenate([low, _STEPS - high], axis=-1).astype(np.int32)
  parts[~is_used] = _STEPS - 1  # its near side is behind its far side: never hit
  return np.sum(parts << (5 * np.arange(6, dtype=np.int32)), axis=-1, dtype=np.int32).reshape(-1)


BOXES = _pack_boxes(SHAPES.boxes)
UNUSED_BOX = _pack_boxes(np.zeros((1, 1, 6)))[0]


def _is_opaque(hits: Hits, rays: Rays) -> jax.Array:
  u, v = (jnp.clip(c * 16.0, 0.0, 15.0).astype(jnp.int32) for c in hit_uv(hits, rays))
  index = texel_index(tile_of(hit_block(hits), hit_face(hits)), u, v, jnp.zeros_like(u))
  return jnp.asarray(BLOCK_ATLAS).at[index].get(mode="promise_in_bounds") < 0  # its alpha is set


def _plant_t(word: jax.Array, rays: Rays, t: jax.Array) -> jax.Array:
  """Where a ray meets an opaque texel of a plant, float32[N], FAR if it passes.

  In coordinates of the cell the two crossed faces are x = z and x + z = 1.
  """
  cell = cells_at(rays, t)
  key = make_key(cell_index(*cell), word_block(word), jnp.full_like(word, FACE_PLANT))
  x, z = rays.origin[0] - cell[0], rays.origin[2] - cell[2]
  best = jnp.full_like(x, FAR)
  for offset, speed in ((z - x, rays.x - rays.z), (1.0 - x - z, rays.x + rays.z)):
    t = offset / jnp.where(jnp.abs(speed) < 1e-6, 1e-6, speed)
    u, v = x + rays.x * t, rays.origin[1] + rays.y * t - cell[1]
    is_inside = (u > 0) & (u < 1) & (v > 0) & (v < 1) & (t > 0) & (t < best)
    best = jnp.where(is_inside & _is_opaque(Hits(t, key, t), rays), t, best)
  return best


def _box_t(
  word: jax.Array, rays: Rays, inverse: tuple[jax.Array, ...], t: jax.Array
) -> tuple[jax.Array, jax.Array]:
  """The first side of a shape's boxes that rays enter after t - BACK: (t, face), FAR if none."""
  cell, start_t = cells_at(rays, t), t - BACK
  shape = jnp.where(word & FLAG_BOXES > 0, word_shape(word), 0)
  box = lambda k: jnp.asarray(BOXES).at[_NUM_BOXES * shape + k].get(mode="promise_in_bounds")
  is_up = tuple(d > 0 for d in (rays.x, rays.y, rays.z))
  scale = np.float32(1 / _STEPS)

  def meet(best, face, packed):
    near, far = [], []
    for axis in range(3):
      low = ((packed >> (5 * axis)) & 31).astype(jnp.float32) * scale
      high = 1.0 - ((packed >> (15 + 5 * axis)) & 31).astype(jnp.float32) * scale
      base = cell[axis] - rays.origin[axis]
      near.append((base + jnp.where(is_up[axis], low, high)) * inverse[axis])
      far.append((base + jnp.where(is_up[axis], high, low)) * inverse[axis])
    t = greater(greater(near[0], near[1]), near[2])
    is_hit = (t < lesser(lesser(far[0], far[1]), far[2])) & (t > start_t) & (t < best)
    on = jnp.where(near[1] >= t, jnp.where(is_up[1], FACE_DOWN, FACE_UP), FACE_Z)
    on = jnp.where((near[0] >= t) & (near[1] < t), FACE_X, on)
    return jnp.where(is_hit, t, best), jnp.where(is_hit, on, face)

  def meet_others(best, face, second):
    best, face = meet(best, face, second)
    for k in range(2, _NUM_BOXES):
      best, face = meet(best, face, box(k))
    return best, face

  best, face = meet(jnp.full_like(t, FAR), jnp.zeros_like(word), box(0))
  second = box(1)
  best, face = jax.lax.cond(
    jnp.any(second != UNUSED_BOX),
    meet_others,
    lambda best, face, _: (best, face),
    best,
    face,
    second,
  )
  return greater(best, 0.0), face


def _behind_holes(
  word: jax.Array, rays: Rays, inverse: tuple[jax.Array, ...], t: jax.Array, box: Look
) -> Look:
  """What rays meet of cubes and boxes with holes; `box` if there are none."""
  is_boxes = word & FLAG_BOXES > 0
  cell = cells_at(rays, t)
  cube_t, cube_face = enter_cube(rays, inverse, cell)
  met_t, face = jnp.where(is_boxes, box.t, cube_t), jnp.where(is_boxes, box.face, cube_face)
  met = Hits(met_t, make_key(cell_index(*cell), word_block(word), face), t)
  is_hole = (met_t < FAR) & (word & FLAG_HOLES > 0) & ~_is_opaque(met, rays)
  go_on_t = jnp.where(is_hole & is_boxes, met_t + HOP, 0.0)
  return Look(jnp.where(is_hole, FAR, met_t), face, go_on_t)


def look(
  word: jax.Array, bits: jax.Array, rays: Rays, inverse: tuple[jax.Array, ...], t: jax.Array
) -> Look:
  """What rays meet in the cells that they are in: plants, boxes and holes of glass resolved.

  Args:
    word: int32[N], the words of the cells, without FLAG_HOLES if a plant; of use where FLAG_LOOK.
    bits: int32[], all words by `or`.
    rays: the rays.
    inverse: three float32[N], 1 / direction.
    t: float32[N], m, where the rays are in their cells.
  Returns:
    Look.
  """
  far, none = jnp.full_like(t, FAR), jnp.zeros_like(word)
  is_plant = word & FLAG_PLANT > 0
  plant_t = jax.lax.cond(bits & FLAG_PLANT > 0, lambda: _plant_t(word, rays, t), lambda: far)
  box_t, face = jax.lax.cond(
    bits & FLAG_BOXES > 0, lambda: _box_t(word, rays, inverse, t), lambda: (far, none)
  )
  box = Look(box_t, face, jnp.zeros_like(t))
  solid = jax.lax.cond(
    bits & FLAG_HOLES > 0, lambda: _behind_holes(word, rays, inverse, t, box), lambda: box
  )
  return Look(
    jnp.where(is_plant, plant_t, solid.t),
    jnp.where(is_plant, FACE_PLANT, solid.face),
    jnp.where(is_plant, 0.0, solid.go_on_t),
  )
