"""Ray traversal of one world: every ray from the eye to the first thing that stops it.

The only state of a ray is its length t; the cell, face and texture coordinates follow from t. Each
step jumps out of the empty box of the cell (boxes.py), and always by at least MIN_STEP. All rays
take EAGER_STEPS steps together; the few that then still move or look into a cell that is no full
opaque cube (look.py) are collected into small batches and finished there.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp

from cross_jax.envs.voxel.render.boxes import (
  BLOCK_CODE,
  FLAG_LOOK,
  FLAG_WET,
  WATER_CODE,
  word_block,
)
from cross_jax.envs.voxel.render.hits import (
  FACE_DOWN,
  FACE_UP,
  FACE_X,
  FACE_Z,
  FAR,
  MIN_STEP,
  Hits,
  Rays,
  make_key,
)
from cross_jax.envs.voxel.render.look import look
from cross_jax.envs.voxel.render.pick import index_of, pick
from cross_jax.envs.voxel.state import NUM_CELLS, SIZE_X, SIZE_Z

NUDGE = 1e-4  # m past a plane, to land in the next cell
BORDER = 2e-3  # m, rays end this far inside the world
EAGER_STEPS = 5
CHUNK_RAYS = 4096  # at most so many rays are traced together, so that they stay in cache
BATCH_SHARE = 8  # a batch of unfinished rays is this fraction of a chunk
LANE = 128  # rays: the size of a chunk is a multiple
MAX_STEPS = 192
MAX_ROUNDS = 64  # cells that one ray may look into


class World(NamedTuple):
  """Words of boxes.py, of one game or of all games of a batch."""

  words: jax.Array  # int32[NUM_CELLS] or int32[B * NUM_CELLS]
  start: jax.Array | int  # int32[...] for each ray, where the words of its own game begin


class Walk(NamedTuple):
  """What a step needs of each ray, computed once."""

  inverse: tuple[jax.Array, jax.Array, jax.Array]
  is_up: tuple[jax.Array, jax.Array, jax.Array]  # bool[N], component > 0
  shift: jax.Array  # int32[N], bits to the quadrant's byte
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


def _word(world: World, index: jax.Array) -> jax.Array:
  return world.words.at[world.start + index].get(mode="promise_in_bounds")


def _leave(rays: Rays, walk: Walk, cell: tuple, reach: tuple) -> jax.Array:
  """Where rays leave the box that reaches `reach` cells beyond their cell, plus NUDGE."""
  ends = [
    (jnp.where(is_up, c + 1.0 + r, c - r) - o) * inverse
    for c, r, o, inverse, is_up in zip(
      cell, reach, rays.origin, walk.inverse, walk.is_up, strict=True
    )
  ]
  return jnp.minimum(jnp.minimum(ends[0], ends[1]), ends[2]) + NUDGE


def advance(world: World, rays: Rays, walk: Walk, t: jax.Array, water_t: jax.Array):
  """One step of every ray that is still under way: (t, water_t, is_moving)."""
  cell = _cells(rays, t)
  code = (_word(world, _index(*cell)) >> walk.shift) & 255
  h = ((code >> 3) & 7).astype(jnp.float32)
  v = (code & 7).astype(jnp.float32)
  t_next = jnp.maximum(_leave(rays, walk, cell, (h, v, h)), t + MIN_STEP)
  is_moving = (code < BLOCK_CODE) & (t < walk.t_out)
  is_wet = is_moving & (code >= WATER_CODE)
  water_t = jnp.where(is_wet, jnp.minimum(water_t, t), water_t)
  return jnp.where(is_moving, t_next, t), water_t, is_moving


def _surface(world: World, rays: Rays, walk: Walk, t: jax.Array, water_t: jax.Array):
  """What a ray sees at t as if all blocks were cubes: (Hits, word, is_moving bool[N])."""
  cell = _cells(rays, t)
  index = _index(*cell)
  word = _word(world, index)
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
  key = make_key(index, word_block(word), face)
  hits = Hits(jnp.where(is_hit, jnp.maximum(entry, 0.0), FAR), jnp.where(is_hit, key, 0), water_t)
  return hits, jnp.where(is_hit, word, 0), is_inside & (word & BLOCK_CODE == 0)


def look_once(world: World, rays: Rays, walk: Walk, t: jax.Array, water_t: jax.Array):
  """What the rays that have stopped see, each in its cell at t.

  Returns:
    (t, water_t, Hits, passes bool[N], is_moving bool[N]); those that pass go on from the new t.
  """
  hits, word, is_moving = _surface(world, rays, walk, t, water_t)
  water_t = jnp.where(word & FLAG_WET > 0, jnp.minimum(water_t, t), water_t)
  cell = _cells(rays, t)
  seen = look(hits._replace(water_t=water_t), word, rays, cell, walk.inverse, t)
  onward = jnp.maximum(_leave(rays, walk, cell, (0.0, 0.0, 0.0)), t + MIN_STEP)
  onward = jnp.where(seen.go_on_t > 0, seen.go_on_t, onward)
  return jnp.where(seen.passes, onward, t), water_t, seen.hits, seen.passes, is_moving


def _finish(world: World, rays: Rays, walk: Walk, t: jax.Array, water_t: jax.Array) -> Hits:
  """Runs rays to their end, through as many cells as they look into."""

  def walk_on(carry):
    t, water_t, _, num_steps = carry
    t, water_t, _ = advance(world, rays, walk, t, water_t)
    t, water_t, is_moving = advance(world, rays, walk, t, water_t)
    return t, water_t, jnp.any(is_moving), num_steps + 2

  def look_on(carry):
    t, water_t, _, _, num_rounds = carry
    start = (t, water_t, jnp.bool_(True), jnp.int32(0))
    t, water_t, _, _ = jax.lax.while_loop(lambda c: c[2] & (c[3] < MAX_STEPS), walk_on, start)
    t, water_t, hits, passes, _ = look_once(world, rays, walk, t, water_t)
    return t, water_t, hits, jnp.any(passes), num_rounds + 1

  none = Hits(jnp.full_like(t, FAR), jnp.zeros_like(walk.shift), water_t)
  start = (t, water_t, none, jnp.bool_(True), jnp.int32(0))
  return jax.lax.while_loop(lambda c: c[3] & (c[4] < MAX_ROUNDS), look_on, start)[2]


def start_walk(rays: Rays, top: jax.Array) -> tuple[Walk, jax.Array]:
  """(Walk, t float32[N] where the rays enter the world)."""
  t_in, t_out = _world_span(rays, top)
  directions = (rays.x, rays.y, rays.z)
  is_up = tuple(d > 0 for d in directions)
  shift = jnp.where(is_up[0], 0, 8) + jnp.where(is_up[2], 0, 16)
  return Walk(tuple(1.0 / d for d in directions), is_up, shift, t_out), t_in


def first_steps(world: World, rays: Rays, walk: Walk, t_in: jax.Array, *, unroll: bool = False):
  """The steps that all rays take: (t, water_t, Hits as if all were cubes, is_open bool[N])."""
  t, water_t = jax.lax.fori_loop(
    0,
    EAGER_STEPS,
    lambda _, carry: advance(world, rays, walk, *carry)[:2],
    (t_in, jnp.full_like(t_in, FAR)),
    unroll=unroll,
  )
  hits, word, is_moving = _surface(world, rays, walk, t, water_t)
  return t, water_t, hits, is_moving | (word & FLAG_LOOK > 0)


def _trace_chunk(world: World, rays: Rays, top: jax.Array) -> Hits:
  walk, t_in = start_walk(rays, top)
  t, water_t, hits, is_open = first_steps(world, rays, walk, t_in)
  picked = pick(is_open)
  num = t.shape[0]
  size = -(-num // (BATCH_SHARE * LANE)) * LANE

  def finish_some(carry):
    hits, start = carry
    index = index_of(picked, start + jnp.arange(size, dtype=jnp.int32))
    take = lambda a: a.at[index].get(mode="promise_in_bounds")
    some = rays._replace(x=take(rays.x), y=take(rays.y), z=take(rays.z))
    new = _finish(world, some, jax.tree.map(take, walk), take(t), take(water_t))
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
  num_chunks = -(-num // CHUNK_RAYS)
  if num_chunks == 1:
    return _trace_chunk(World(boxes, 0), rays, top)
  parts = tuple(d.reshape(num_chunks, -1) for d in (rays.x, rays.y, rays.z))
  hits = jax.lax.map(lambda xyz: _trace_chunk(World(boxes, 0), Rays(rays.origin, *xyz), top), parts)
  return jax.tree.map(lambda a: a.reshape(num), hits)
