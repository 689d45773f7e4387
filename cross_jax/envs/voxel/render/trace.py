"""Ray traversal of one world: every ray from the eye to the first thing that stops it.

The only state of a ray is its length t; the cell, face and texture coordinates follow from t. Each
step jumps out of the empty box of the cell (boxes.py), and always by at least MIN_STEP. All rays
take EAGER_STEPS steps together; the few that then still move or look into a cell that is no full
opaque cube (look.py) are collected into small batches and finished there.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from cross_jax.envs.voxel.render.boxes import (
  BLOCK_CODE,
  FLAG_HOLES,
  FLAG_LOOK,
  FLAG_PLANT,
  FLAG_WET,
  WATER_CODE,
  word_block,
)
from cross_jax.envs.voxel.render.hits import (
  FAR,
  MIN_STEP,
  Hits,
  Rays,
  cell_index,
  cells_at,
  enter_cube,
  greater,
  lesser,
  make_key,
)
from cross_jax.envs.voxel.render.look import look
from cross_jax.envs.voxel.render.pick import index_of, pick
from cross_jax.envs.voxel.state import SIZE_X, SIZE_Y, SIZE_Z

NUDGE = 1e-4  # m past a plane, to land in the next cell
BORDER = 2e-3  # m, rays end this far inside the world
EAGER_STEPS = 6
CHUNK_RAYS = 4096  # at most so many rays are traced together, so that they stay in cache
BATCH_SHARE = 8  # a batch of unfinished rays is this fraction of a chunk
LANE = 128  # rays: the size of a chunk is a multiple
ROUND_STEPS = 2  # between two looks at cells that are no full opaque cubes
MAX_ROUNDS = 192
_MOVING = 1 << 21  # no word of a block has this bit


class _Walk(NamedTuple):
  """What a step needs."""

  boxes: jax.Array  # int32[NUM_CELLS]
  rays: Rays
  inverse: tuple[jax.Array, jax.Array, jax.Array]  # 1 / direction
  t_out: jax.Array  # float32[N], m, where the ray leaves the world


def padded(num_rays: int, multiple: int) -> int:
  """The least number of rays from num_rays that splits into equal chunks for `trace`.

  Args:
    num_rays: rays wanted.
    multiple: of LANE; the size of a chunk is a multiple of it.
  Returns:
    The number of rays to trace.
  """
  num_chunks = -(-num_rays // CHUNK_RAYS)
  return -(-num_rays // (num_chunks * multiple)) * num_chunks * multiple


def _world_span(rays: Rays, inverse: tuple, top: jax.Array) -> tuple[jax.Array, jax.Array]:
  """Where rays enter and leave the world below height `top`: t_in, t_out, float32[N] each."""
  t_in = jnp.zeros_like(rays.x)
  t_out = jnp.full_like(rays.x, FAR)
  for o, i, size in zip(rays.origin, inverse, (SIZE_X, top, SIZE_Z), strict=True):
    low, high = -o * i, (size - o) * i
    t_in = greater(t_in, lesser(low, high) + NUDGE)
    t_out = lesser(t_out, greater(low, high) - BORDER)
  return t_in, t_out


def _inverse(rays: Rays) -> tuple[jax.Array, jax.Array, jax.Array]:
  return 1.0 / rays.x, 1.0 / rays.y, 1.0 / rays.z


def _word(boxes: jax.Array, rays: Rays, t: jax.Array) -> jax.Array:
  return boxes.at[cell_index(*cells_at(rays, t))].get(mode="promise_in_bounds")


def _leave(rays: Rays, inverse: tuple, cell: tuple, reach: tuple) -> jax.Array:
  """Where rays leave the box that reaches `reach` cells beyond their cell, plus NUDGE."""
  x, y, z = (
    (c + jnp.where(d > 0, r + 1.0, -r) - o) * i
    for c, d, r, o, i in zip(
      cell, (rays.x, rays.y, rays.z), reach, rays.origin, inverse, strict=True
    )
  )
  return lesser(lesser(x, y), z) + NUDGE


def _advance(walk: _Walk, t: jax.Array, limit: jax.Array) -> jax.Array:
  """One step of every ray whose cell has a code below `limit`: the new t."""
  rays = walk.rays
  word = _word(walk.boxes, rays, t)
  word = jnp.where(rays.x > 0, word, word >> 8)
  word = jnp.where(rays.z > 0, word, word >> 16)
  h, v = ((word >> 3) & 7).astype(jnp.float32), (word & 7).astype(jnp.float32)
  t_next = _leave(rays, walk.inverse, cells_at(rays, t), (h, v, h))
  t_next = greater(t_next, t + MIN_STEP)
  return jnp.where((word & 255 < limit) & (t < walk.t_out), t_next, t)


def _cubes(walk: _Walk, t: jax.Array, water_t: jax.Array) -> tuple[Hits, jax.Array]:
  """What rays see at t as if all blocks were cubes, and whether that is not their end: bool[N]."""
  cell = cells_at(walk.rays, t)
  index = cell_index(*cell)
  word = walk.boxes.at[index].get(mode="promise_in_bounds")
  entry, face = enter_cube(walk.rays, walk.inverse, cell)
  is_inside = t < walk.t_out
  is_hit = is_inside & (word & BLOCK_CODE > 0)
  key = make_key(index, word_block(word), face)
  hits = Hits(jnp.where(is_hit, entry, FAR), jnp.where(is_hit, key, 0), water_t)
  return hits, is_inside & ((word & BLOCK_CODE == 0) | (word & FLAG_LOOK > 0))


def _state(walk: _Walk, t: jax.Array, water_t: jax.Array, is_open: jax.Array):
  """Where open rays are: (word, water_t); the word is 0 at the end and _MOVING in air and water."""
  word = _word(walk.boxes, walk.rays, t)
  is_open = is_open & (t < walk.t_out)
  is_block = word & BLOCK_CODE > 0
  is_wet = is_open & (word & jnp.where(is_block, FLAG_WET, WATER_CODE) > 0)
  seen = jnp.where(word & FLAG_PLANT > 0, word & ~FLAG_HOLES, word)
  seen = jnp.where(word & FLAG_LOOK > 0, seen, 0)
  word = jnp.where(is_open, jnp.where(is_block, seen, _MOVING), 0)
  return word, jnp.where(is_wet, lesser(water_t, t), water_t)


def _finish(walk: _Walk, t: jax.Array, water_t: jax.Array) -> Hits:
  """Runs rays to their end, through as many cells as they look into."""
  rays = walk.rays
  either = lambda word: jax.lax.reduce(word, np.int32(0), jax.lax.bitwise_or, (0,))

  def go_on(carry):
    t, word, bits, hits, num_rounds = carry
    seen = look(word, bits, rays, walk.inverse, t)
    cell = cells_at(rays, t)
    is_look = word & FLAG_LOOK > 0
    is_met = is_look & (seen.t < FAR)
    key = make_key(cell_index(*cell), word_block(word), seen.face)
    met_t, key = jnp.where(is_met, seen.t, hits.t), jnp.where(is_met, key, hits.key)
    onward = greater(_leave(rays, walk.inverse, cell, (0.0, 0.0, 0.0)), t + MIN_STEP)
    onward = jnp.where(seen.go_on_t > 0, seen.go_on_t, onward)
    t = jnp.where(is_look & ~is_met, onward, t)
    limit = jnp.where(hits.water_t < FAR, BLOCK_CODE, WATER_CODE)
    for _ in range(ROUND_STEPS):
      # The barrier keeps two steps apart: fused they are computed several times over.
      t = _advance(walk, jax.lax.optimization_barrier(t), limit)
    word, water_t = _state(walk, t, hits.water_t, (word != 0) & ~is_met)
    return t, word, either(word), Hits(met_t, key, water_t), num_rounds + 1

  word, water_t = _state(walk, t, water_t, jnp.ones_like(t, bool))
  none = Hits(jnp.full_like(t, FAR), jnp.zeros_like(word), water_t)
  start = (t, word, either(word), none, jnp.int32(0))
  more = lambda carry: (carry[2] != 0) & (carry[4] < MAX_ROUNDS)
  t, _, _, hits, _ = jax.lax.while_loop(more, go_on, start)
  cubes, _ = _cubes(walk, t, hits.water_t)
  return jax.tree.map(lambda a, b: jnp.where(hits.key != 0, a, b), hits, cubes)


def _is_in_water(boxes: jax.Array, place: jax.Array) -> jax.Array:
  """Whether a place lies in a cell of water, bool[]."""
  cell = jnp.floor(place)
  is_inside = jnp.all((cell >= 0) & (cell < np.asarray([SIZE_X, SIZE_Y, SIZE_Z], np.float32)))
  return is_inside & (boxes[cell_index(*cell)] & (BLOCK_CODE | WATER_CODE) == WATER_CODE)


def _trace_chunk(boxes: jax.Array, rays: Rays, top: jax.Array, is_diving: jax.Array) -> Hits:
  inverse = _inverse(rays)
  t_in, t_out = _world_span(rays, inverse, top)
  walk = _Walk(boxes, rays, inverse, t_out)
  limit = jnp.where(is_diving, BLOCK_CODE, WATER_CODE)
  t = jax.lax.fori_loop(0, EAGER_STEPS, lambda _, t: _advance(walk, t, limit), t_in)
  hits, is_open = _cubes(walk, t, jnp.full_like(t, jnp.where(is_diving, 0.0, FAR)))
  picked = pick(is_open)
  num = t.shape[0]
  size = -(-num // (BATCH_SHARE * LANE)) * LANE

  def finish_some(carry):
    hits, start = carry
    index = index_of(picked, start + jnp.arange(size, dtype=jnp.int32))
    take = lambda a: a.at[index].get(mode="promise_in_bounds")
    some = Rays(rays.origin, take(rays.x), take(rays.y), take(rays.z))
    part = _Walk(boxes, some, _inverse(some), take(t_out))
    new = _finish(part, take(t), take(hits.water_t))
    put = lambda a, b: a.at[index].set(b, mode="promise_in_bounds")
    return jax.tree.map(put, hits, new), start + size

  return jax.lax.while_loop(lambda c: c[1] < picked.total, finish_some, (hits, jnp.int32(0)))[0]


def trace(boxes: jax.Array, rays: Rays, top: jax.Array) -> Hits:
  """The first surface on every ray.

  Args:
    boxes: int32[NUM_CELLS], boxes.build_boxes.
    rays: Rays of N directions, N of `padded`.
    top: float32[], m, height above which nothing is visible; rays end there.
  Returns:
    Hits.
  Raises:
    ValueError: N is not a number that `padded` gives.
  """
  num = rays.x.shape[0]
  if num != padded(num, LANE):
    raise ValueError(f"{num} rays: pad them to {padded(num, LANE)}, see trace.padded")
  is_diving = _is_in_water(boxes, rays.origin)
  num_chunks = -(-num // CHUNK_RAYS)
  if num_chunks == 1:
    return _trace_chunk(boxes, rays, top, is_diving)
  parts = tuple(d.reshape(num_chunks, -1) for d in (rays.x, rays.y, rays.z))
  trace_part = lambda xyz: _trace_chunk(boxes, Rays(rays.origin, *xyz), top, is_diving)
  hits = jax.lax.map(trace_part, parts)
  return jax.tree.map(lambda a: a.reshape(num), hits)
