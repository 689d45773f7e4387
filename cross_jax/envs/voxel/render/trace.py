"""Ray traversal of one world: every ray from the eye to the first thing that stops it.

The only state of a ray is its length t; the cell, face and texture coordinates follow from t. Each
step jumps out of the empty box of the cell (boxes.py), and always by at least MIN_STEP. All rays
take EAGER_STEPS steps together; the few that then still move or look through a plant or a pane are
collected into small batches and finished there.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from cross_jax.envs.voxel.render.boxes import (
  BLOCK_BITS,
  BLOCK_CODE,
  FLAG_PLANT,
  FLAG_SEE_THROUGH,
  WATER_CODE,
  word_block,
)
from cross_jax.envs.voxel.render.textures import BLOCK_ATLAS, texel_index
from cross_jax.envs.voxel.state import NUM_CELLS, SIZE_X, SIZE_Z

MIN_STEP = 1e-3  # m, and the least size of a direction's component
NUDGE = 1e-4  # m past a plane, to land in the next cell
BORDER = 2e-3  # m, rays end this far inside the world
FAR = 1e9  # m, nothing hit
EAGER_STEPS = 5
BATCH_SHARE = 8  # a batch of unfinished rays is this fraction of all
MAX_STEPS = 192
MAX_ROUNDS = 64  # see-through cells that one ray may pass
FACE_UP, FACE_DOWN, FACE_X, FACE_Z, FACE_PLANT = range(5)

_CELL_BITS = 15  # the lowest of Hits.key; then the block's, then the face's
_FACE_SHIFT = _CELL_BITS + BLOCK_BITS
_AS_PLANT = np.int32(FACE_PLANT) << np.int32(_FACE_SHIFT)  # the sign bit
_LANE = 128  # rays per row of a running count

if NUM_CELLS > 1 << _CELL_BITS:
  raise ValueError(f"{NUM_CELLS} cells: a hit's key holds {1 << _CELL_BITS}")


class Rays(NamedTuple):
  origin: jax.Array  # float32[3], m
  x: jax.Array  # float32[N], unit directions; no component is smaller than MIN_STEP
  y: jax.Array  # float32[N]
  z: jax.Array  # float32[N]


class Hits(NamedTuple):
  t: jax.Array  # float32[N], m, FAR if nothing was hit
  key: jax.Array  # int32[N], cell, block and face (see the functions below), 0 if nothing was hit
  water_t: jax.Array  # float32[N], m, where the ray first met water, FAR if it did not


class _Walk(NamedTuple):
  """What a step needs of each ray, computed once."""

  inverse: tuple[jax.Array, jax.Array, jax.Array]
  is_up: tuple[jax.Array, jax.Array, jax.Array]  # bool[N], component > 0
  shift: jax.Array  # int32[N], bits to the quadrant's byte
  t_out: jax.Array  # float32[N], m, where the ray leaves the world


def hit_cell(hits: Hits) -> jax.Array:
  """The cell that was hit, int32[N], -1 if none."""
  return jnp.where(hits.key != 0, hits.key & (2**_CELL_BITS - 1), -1)


def hit_block(hits: Hits) -> jax.Array:
  """The block that was hit, int32[N], row of the block table, 0 if none."""
  return (hits.key >> _CELL_BITS) & (2**BLOCK_BITS - 1)


def hit_face(hits: Hits) -> jax.Array:
  """The face that was hit, int32[N], FACE_*."""
  return (hits.key >> _FACE_SHIFT) & 7


def hit_uv(hits: Hits, rays: Rays) -> tuple[jax.Array, jax.Array]:
  """Where on its face the ray hit: (u to the right, v downwards), float32[N] in 0..1."""
  face = hit_face(hits)
  x, y, z = (
    jnp.clip(o + d * hits.t - ((hits.key >> shift) & 31).astype(jnp.float32), 0.0, 1.0)
    for o, d, shift in zip(rays.origin, (rays.x, rays.y, rays.z), (0, 10, 5), strict=True)
  )
  on_x, on_y = face == FACE_X, face <= FACE_DOWN
  u = jnp.where(on_x, jnp.where(rays.x > 0, z, 1.0 - z), x)
  u = jnp.where((face == FACE_Z) & (rays.z > 0), 1.0 - x, u)
  return u, jnp.where(on_y, z, 1.0 - y)


def tile_of(block: jax.Array, face: jax.Array | int) -> jax.Array:
  """The tile of BLOCK_ATLAS that a face of a block shows."""
  return 3 * block + jnp.where(face == FACE_UP, 0, jnp.where(face == FACE_DOWN, 2, 1))


def make_rays(origin: jax.Array, axes: jax.Array, camera: jax.Array) -> Rays:
  """Rays of the world from rays of the camera.

  Args:
    origin: float32[3], m, the eye.
    axes: float32[3, 3], rays.camera_axes.
    camera: float32[3, N], rays.camera_rays.
  Returns:
    Rays.
  """
  parts = []
  for i in range(3):
    d = camera[0] * axes[0, i] + camera[1] * axes[1, i] + camera[2] * axes[2, i]
    parts.append(jnp.where(jnp.abs(d) < MIN_STEP, jnp.where(d < 0, -MIN_STEP, MIN_STEP), d))
  return Rays(origin, *parts)


def _world_span(rays: Rays, top: jax.Array) -> tuple[jax.Array, jax.Array]:
  """Where rays enter and leave the world below height `top`: t_in, t_out, float32[N] each."""
  t_in = jnp.zeros_like(rays.x)
  t_out = jnp.full_like(rays.x, FAR)
  for o, d, size in zip(rays.origin, (rays.x, rays.y, rays.z), (SIZE_X, top, SIZE_Z), strict=True):
    inverse = 1.0 / d
    low, high = -o * inverse, (size - o) * inverse
    t_in = jnp.maximum(t_in, jnp.minimum(low, high) + NUDGE)
    t_out = jnp.minimum(t_out, jnp.maximum(low, high) - BORDER)
  return t_in, t_out


def _cells(rays: Rays, t: jax.Array) -> tuple[jax.Array, jax.Array, jax.Array]:
  return tuple(
    jnp.floor(o + d * t) for o, d in zip(rays.origin, (rays.x, rays.y, rays.z), strict=True)
  )


def _index(x: jax.Array, y: jax.Array, z: jax.Array) -> jax.Array:
  index = (y.astype(jnp.int32) * SIZE_Z + z.astype(jnp.int32)) * SIZE_X + x.astype(jnp.int32)
  return jnp.clip(index, 0, NUM_CELLS - 1)


def _word(boxes: jax.Array, index: jax.Array) -> jax.Array:
  return boxes.at[index].get(mode="promise_in_bounds")


def _leave(rays: Rays, walk: _Walk, cell: tuple, reach: tuple) -> jax.Array:
  """Where rays leave the box that reaches `reach` cells beyond their cell, plus NUDGE."""
  ends = [
    (jnp.where(is_up, c + 1.0 + r, c - r) - o) * inverse
    for c, r, o, inverse, is_up in zip(
      cell, reach, rays.origin, walk.inverse, walk.is_up, strict=True
    )
  ]
  return jnp.minimum(jnp.minimum(ends[0], ends[1]), ends[2]) + NUDGE


def _advance(boxes: jax.Array, rays: Rays, walk: _Walk, t: jax.Array, water_t: jax.Array):
  """One step of every ray that is still under way: (t, water_t, is_moving)."""
  cell = _cells(rays, t)
  code = (_word(boxes, _index(*cell)) >> walk.shift) & 255
  h = ((code >> 3) & 7).astype(jnp.float32)
  v = (code & 7).astype(jnp.float32)
  t_next = jnp.maximum(_leave(rays, walk, cell, (h, v, h)), t + MIN_STEP)
  is_moving = (code < BLOCK_CODE) & (t < walk.t_out)
  is_wet = is_moving & (code == WATER_CODE)
  water_t = jnp.where(is_wet, jnp.minimum(water_t, t), water_t)
  return jnp.where(is_moving, t_next, t), water_t, is_moving


def _surface(boxes: jax.Array, rays: Rays, walk: _Walk, t: jax.Array, water_t: jax.Array):
  """What a ray sees at t as if all blocks were cubes: (Hits, word, is_moving bool[N])."""
  cell = _cells(rays, t)
  index = _index(*cell)
  word = _word(boxes, index)
  entries = [
    (jnp.where(up, c, c + 1.0) - o) * inverse
    for c, o, inverse, up in zip(cell, rays.origin, walk.inverse, walk.is_up, strict=True)
  ]
  entry = jnp.maximum(jnp.maximum(entries[0], entries[1]), entries[2])
  vertical = jnp.where(walk.is_up[1], FACE_DOWN, FACE_UP)
  face = jnp.where(entries[0] >= entry, FACE_X, FACE_Z)
  face = jnp.where(entries[1] >= entry, vertical, face)
  is_inside = t < walk.t_out
  is_hit = is_inside & (word & BLOCK_CODE > 0)
  key = index | (word_block(word) << _CELL_BITS) | (face << _FACE_SHIFT)
  hits = Hits(jnp.where(is_hit, jnp.maximum(entry, 0.0), FAR), jnp.where(is_hit, key, 0), water_t)
  return hits, jnp.where(is_hit, word, 0), is_inside & (word & BLOCK_CODE == 0)


def _is_opaque(hits: Hits, rays: Rays) -> jax.Array:
  u, v = (jnp.clip(c * 16.0, 0.0, 15.0).astype(jnp.int32) for c in hit_uv(hits, rays))
  index = texel_index(tile_of(hit_block(hits), hit_face(hits)), u, v, jnp.zeros_like(u))
  return jnp.asarray(BLOCK_ATLAS)[index] < 0  # alpha 255 sets the sign bit


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


def _look_through(hits: Hits, word: jax.Array, rays: Rays, cell: tuple[jax.Array, ...]):
  """Plants and holes of glass resolved: (Hits, passes bool[N])."""
  is_plant = word & FLAG_PLANT > 0
  as_plant = (hits.key & (2**_FACE_SHIFT - 1)) | _AS_PLANT
  t = _plant_t(hits._replace(key=as_plant), rays, cell)
  passes = jnp.where(is_plant, t >= FAR, (word & FLAG_SEE_THROUGH > 0) & ~_is_opaque(hits, rays))
  t, key = jnp.where(is_plant, t, hits.t), jnp.where(is_plant, as_plant, hits.key)
  return Hits(jnp.where(passes, FAR, t), jnp.where(passes, 0, key), hits.water_t), passes


def _finish(boxes: jax.Array, rays: Rays, walk: _Walk, t: jax.Array, water_t: jax.Array) -> Hits:
  """Runs rays to their end, through as many see-through cells as they meet."""

  def walk_on(carry):
    t, water_t, _, num_steps = carry
    t, water_t, _ = _advance(boxes, rays, walk, t, water_t)
    t, water_t, is_moving = _advance(boxes, rays, walk, t, water_t)
    return t, water_t, jnp.any(is_moving), num_steps + 2

  def look(carry):
    t, water_t, _, _, num_rounds = carry
    start = (t, water_t, jnp.bool_(True), jnp.int32(0))
    t, water_t, _, _ = jax.lax.while_loop(lambda c: c[2] & (c[3] < MAX_STEPS), walk_on, start)
    hits, word, _ = _surface(boxes, rays, walk, t, water_t)
    cell = _cells(rays, t)
    hits, passes = _look_through(hits, word, rays, cell)
    onward = jnp.maximum(_leave(rays, walk, cell, (0.0, 0.0, 0.0)), t + MIN_STEP)
    return jnp.where(passes, onward, t), water_t, hits, jnp.any(passes), num_rounds + 1

  none = Hits(jnp.full_like(t, FAR), jnp.zeros_like(walk.shift), water_t)
  start = (t, water_t, none, jnp.bool_(True), jnp.int32(0))
  return jax.lax.while_loop(lambda c: c[3] & (c[4] < MAX_ROUNDS), look, start)[2]


def _first_indices(mask: jax.Array, size: int) -> jax.Array:
  """The first `size` indices at which a mask (a multiple of _LANE long) is True, then N - 1."""
  num = mask.shape[0]
  before = jnp.asarray(np.tri(_LANE, dtype=np.float32).T)  # a running count as a matrix product
  count = jnp.dot(mask.reshape(-1, _LANE).astype(jnp.float32), before)
  total = jnp.cumsum(count[:, -1]) - count[:, -1]
  rank = (count + total[:, None]).astype(jnp.int32).reshape(num) - 1
  place = jnp.where(mask, rank, size)
  order = jnp.full((size,), num - 1, jnp.int32)
  return order.at[place].set(jnp.arange(num, dtype=jnp.int32), mode="drop")


def trace(boxes: jax.Array, rays: Rays, top: jax.Array) -> Hits:
  """The first surface on every ray.

  Args:
    boxes: int32[NUM_CELLS], boxes.build_boxes.
    rays: Rays of N directions, N a multiple of 128.
    top: float32[], m, height above which nothing is visible; rays end there.
  Returns:
    Hits.
  """
  directions = (rays.x, rays.y, rays.z)
  t_in, t_out = _world_span(rays, top)
  is_up = tuple(d > 0 for d in directions)
  shift = jnp.where(is_up[0], 0, 8) + jnp.where(is_up[2], 0, 16)
  walk = _Walk(tuple(1.0 / d for d in directions), is_up, shift, t_out)
  t, water_t = jax.lax.fori_loop(
    0,
    EAGER_STEPS,
    lambda _, carry: _advance(boxes, rays, walk, *carry)[:2],
    (t_in, jnp.full_like(t_in, FAR)),
  )
  hits, word, is_moving = _surface(boxes, rays, walk, t, water_t)
  is_open = is_moving | (word & FLAG_SEE_THROUGH > 0)
  size = -(-t.shape[0] // BATCH_SHARE)

  def finish_some(carry):
    hits, is_open = carry
    index = _first_indices(is_open, size)
    take = lambda a: a.at[index].get(mode="promise_in_bounds")
    some, some_walk = (
      rays._replace(x=take(rays.x), y=take(rays.y), z=take(rays.z)),
      jax.tree.map(take, walk),
    )
    new = _finish(boxes, some, some_walk, take(t), take(water_t))
    put = lambda a, b: a.at[index].set(b, mode="promise_in_bounds")
    return jax.tree.map(put, hits, new), put(is_open, jnp.zeros_like(index, bool))

  return jax.lax.while_loop(lambda c: jnp.any(c[1]), finish_some, (hits, is_open))[0]
