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
  hit_block,
  hit_face,
  hit_uv,
  tile_of,
  with_face,
)
from cross_jax.envs.voxel.render.textures import BLOCK_ATLAS, texel_index

BACK = 1.5 * MIN_STEP  # m, a ray in a cell may be this far behind its wall
HOP = 2 * MIN_STEP  # m past a hole: more than BACK, so that the same hole is not met again
_STEPS = 32  # per cell, the grid on which the sides of boxes lie
_NUM_BOXES = SHAPES.boxes.shape[1]


class Look(NamedTuple):
  hits: Hits
  passes: jax.Array  # bool[N], nothing stops the ray at hits.t
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


_BOXES = _pack_boxes(SHAPES.boxes)


def _is_opaque(hits: Hits, rays: Rays) -> jax.Array:
  u, v = (jnp.clip(c * 16.0, 0.0, 15.0).astype(jnp.int32) for c in hit_uv(hits, rays))
  index = texel_index(tile_of(hit_block(hits), hit_face(hits)), u, v, jnp.zeros_like(u))
  return jnp.asarray(BLOCK_ATLAS).at[index].get(mode="promise_in_bounds") < 0  # its alpha is set


def _plant_t(hits: Hits, rays: Rays, cell: tuple[jax.Array, ...]) -> jax.Array:
  """Where a ray meets an opaque texel of a plant, float32[N], FAR if it passes.

  In coordinates of the cell the two crossed faces are x = z and x + z = 1.
  """
  x, z = rays.origin[0] - cell[0], rays.origin[2] - cell[2]
  best = jnp.full_like(x, FAR)
  for offset, speed in ((z - x, rays.x - rays.z), (1.0 - x - z, rays.x + rays.z)):
    t = offset / jnp.where(jnp.abs(speed) < 1e-6, 1e-6, speed)
    u, v = x + rays.x * t, rays.origin[1] + rays.y * t - cell[1]
    is_inside = (u > 0) & (u < 1) & (v > 0) & (v < 1) & (t > 0) & (t < best)
    best = jnp.where(is_inside & _is_opaque(hits._replace(t=t), rays), t, best)
  return best


def _box_t(
  shape: jax.Array, rays: Rays, cell: tuple[jax.Array, ...], inverse: tuple, start_t: jax.Array
) -> tuple[jax.Array, jax.Array]:
  """The first side of a shape's boxes that a ray enters after start_t: (t, face), FAR if none."""
  best, face = jnp.full_like(start_t, FAR), jnp.zeros_like(shape)
  is_up = tuple(d > 0 for d in (rays.x, rays.y, rays.z))
  scale = np.float32(1 / _STEPS)
  for k in range(_NUM_BOXES):
    word = jnp.asarray(_BOXES).at[_NUM_BOXES * shape + k].get(mode="promise_in_bounds")
    near, far = [], []
    for axis in range(3):
      low = ((word >> (5 * axis)) & 31).astype(jnp.float32) * scale
      high = 1.0 - ((word >> (15 + 5 * axis)) & 31).astype(jnp.float32) * scale
      base = cell[axis] - rays.origin[axis]
      near.append((base + jnp.where(is_up[axis], low, high)) * inverse[axis])
      far.append((base + jnp.where(is_up[axis], high, low)) * inverse[axis])
    t = jnp.maximum(jnp.maximum(near[0], near[1]), near[2])
    is_hit = (t < jnp.minimum(jnp.minimum(far[0], far[1]), far[2])) & (t > start_t) & (t < best)
    on = jnp.where(near[1] >= t, jnp.where(is_up[1], FACE_DOWN, FACE_UP), FACE_Z)
    on = jnp.where((near[0] >= t) & (near[1] < t), FACE_X, on)
    best, face = jnp.where(is_hit, t, best), jnp.where(is_hit, on, face)
  return best, face


def look(
  hits: Hits,
  word: jax.Array,
  rays: Rays,
  cell: tuple[jax.Array, ...],
  inverse: tuple[jax.Array, ...],
  t: jax.Array,
) -> Look:
  """Plants, boxes and holes of glass resolved.

  Args:
    hits: Hits as if all blocks were cubes.
    word: int32[N], the words of the cells that were hit, 0 if none.
    rays: the rays.
    cell: three float32[N], x, y, z of the cells.
    inverse: three float32[N], 1 / direction.
    t: float32[N], m, where the rays are in their cells.
  Returns:
    Look.
  """
  is_plant, is_boxes = word & FLAG_PLANT > 0, word & FLAG_BOXES > 0
  as_plant = with_face(hits.key, jnp.full_like(word, FACE_PLANT))
  far, up = jnp.full_like(t, FAR), jnp.zeros_like(word)
  plant_t = jax.lax.cond(
    jnp.any(is_plant),
    lambda: _plant_t(hits._replace(key=as_plant), rays, cell),
    lambda: far,
  )
  box_t, box_face = jax.lax.cond(
    jnp.any(is_boxes),
    lambda: _box_t(word_shape(word), rays, cell, inverse, t - BACK),
    lambda: (far, up),
  )
  faced = Hits(
    jnp.where(is_boxes, jnp.maximum(box_t, 0.0), hits.t),
    jnp.where(is_boxes, with_face(hits.key, box_face), hits.key),
    hits.water_t,
  )
  is_met = jnp.where(is_boxes, box_t < FAR, ~is_plant)
  may_be_hole = is_met & ~is_plant & (word & FLAG_HOLES > 0)
  is_hole = jax.lax.cond(
    jnp.any(may_be_hole),
    lambda: may_be_hole & ~_is_opaque(faced, rays),
    lambda: may_be_hole,
  )
  passes = jnp.where(is_plant, plant_t >= FAR, is_hole | ~is_met)
  out_t = jnp.where(is_plant, plant_t, faced.t)
  key = jnp.where(is_plant, as_plant, faced.key)
  go_on_t = jnp.where(is_hole & is_boxes, faced.t + HOP, 0.0)
  looked = Hits(jnp.where(passes, FAR, out_t), jnp.where(passes, 0, key), hits.water_t)
  return Look(looked, passes, go_on_t)
