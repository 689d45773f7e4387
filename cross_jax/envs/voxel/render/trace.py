"""Ray traversal of one world: every ray from the eye to the first thing that stops it.

The only state of a ray is its length t; the cell, face and texture coordinates follow from t. Each
step jumps out of the empty box of the cell (boxes.py), and always by at least MIN_STEP. All rays
take EAGER_STEPS steps together; the few that then still move or look into a cell that is no full
opaque cube (look.py) are collected into small batches and finished there, turn by turn.
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
EAGER_STEPS = 5
CHUNK_RAYS = 4096  # at most so many rays are traced together, so that they stay in cache
BATCH_SHARE = 8  # a batch of unfinished rays is this fraction of a chunk
LANE = 128  # rays: the size of a chunk is a multiple
TURN_STEPS = 2  # between two looks at cells that are no full opaque cubes
MAX_TURNS = 256
_MOVING = 1 << 21  # no word of a block has this bit


class World(NamedTuple):
  """Words of boxes.py, of one game or of all games of a batch."""

  words: jax.Array  # int32[NUM_CELLS] or int32[B * NUM_CELLS]
  start: jax.Array | int  # int32[...] for each ray, where the words of its own game begin


class Walk(NamedTuple):
  """What a step needs of each ray, computed once."""

  inverse: tuple[jax.Array, jax.Array, jax.Array]  # 1 / direction
  t_out: jax.Array  # float32[N], m, where the ray leaves the world


class Front(NamedTuple):
  """How far rays have come."""

  t: jax.Array  # float32[N], m
  word: jax.Array  # int32[N], of the cell that the ray looks into; _MOVING in air, 0 at its end
  bits: jax.Array  # int32[], all words by `or`: 0 when all rays are at their end
  hits: Hits  # what the ray met in a cell that it looked into; water_t of all rays


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


def _word(world: World, index: jax.Array) -> jax.Array:
  return world.words.at[world.start + index].get(mode="promise_in_bounds")


def _leave(rays: Rays, inverse: tuple, cell: tuple, reach: tuple) -> jax.Array:
  """Where rays leave the box that reaches `reach` cells beyond their cell, plus NUDGE."""
  x, y, z = (
    (c + jnp.where(d > 0, r + 1.0, -r) - o) * i
    for c, d, r, o, i in zip(
      cell, (rays.x, rays.y, rays.z), reach, rays.origin, inverse, strict=True
    )
  )
  return lesser(lesser(x, y), z) + NUDGE


def advance(world: World, rays: Rays, walk: Walk, t: jax.Array, limit: jax.Array) -> jax.Array:
  """One step of every ray whose cell has a code below `limit`: the new t."""
  cell = cells_at(rays, t)
  word = _word(world, cell_index(*cell))
  word = jnp.where(rays.x > 0, word, word >> 8)
  word = jnp.where(rays.z > 0, word, word >> 16)
  h, v = ((word >> 3) & 7).astype(jnp.float32), (word & 7).astype(jnp.float32)
  t_next = greater(_leave(rays, walk.inverse, cell, (h, v, h)), t + MIN_STEP)
  return jnp.where((word & 255 < limit) & (t < walk.t_out), t_next, t)


def _cubes(world: World, rays: Rays, walk: Walk, t: jax.Array, water_t: jax.Array):
  """What rays see at t as if all blocks were cubes: (Hits, is_open bool[N], not yet their end)."""
  cell = cells_at(rays, t)
  index = cell_index(*cell)
  word = _word(world, index)
  entry, face = enter_cube(rays, walk.inverse, cell)
  is_inside = t < walk.t_out
  is_hit = is_inside & (word & BLOCK_CODE > 0)
  key = make_key(index, word_block(word), face)
  hits = Hits(jnp.where(is_hit, entry, FAR), jnp.where(is_hit, key, 0), water_t)
  return hits, is_inside & ((word & BLOCK_CODE == 0) | (word & FLAG_LOOK > 0))


def _arrive(world: World, rays: Rays, walk: Walk, t: jax.Array, hits: Hits, is_open: jax.Array):
  """The Front of rays that have come to t."""
  word = _word(world, cell_index(*cells_at(rays, t)))
  is_open = is_open & (t < walk.t_out)
  is_block = word & BLOCK_CODE > 0
  is_wet = is_open & (word & jnp.where(is_block, FLAG_WET, WATER_CODE) > 0)
  water_t = jnp.where(is_wet, lesser(hits.water_t, t), hits.water_t)
  seen = jnp.where(word & FLAG_PLANT > 0, word & ~FLAG_HOLES, word)
  seen = jnp.where(word & FLAG_LOOK > 0, seen, 0)
  word = jnp.where(is_open, jnp.where(is_block, seen, _MOVING), 0)
  bits = jax.lax.reduce(word, np.int32(0), jax.lax.bitwise_or, (0,))
  return Front(t, word, bits, hits._replace(water_t=water_t))


def start_turns(
  world: World, rays: Rays, walk: Walk, t: jax.Array, water_t: jax.Array, is_open: jax.Array
) -> Front:
  """The Front of rays that are to go on from t, where `is_open`."""
  none = Hits(jnp.full_like(t, FAR), jnp.zeros(t.shape, jnp.int32), water_t)
  return _arrive(world, rays, walk, t, none, is_open)


def turn(world: World, rays: Rays, walk: Walk, front: Front) -> Front:
  """A look into their cells for rays that need one, and then TURN_STEPS steps."""
  t, word, bits, hits = front
  seen = look(word, bits, rays, walk.inverse, t)
  cell = cells_at(rays, t)
  is_look = word & FLAG_LOOK > 0
  is_met = is_look & (seen.t < FAR)
  key = make_key(cell_index(*cell), word_block(word), seen.face)
  hits = Hits(jnp.where(is_met, seen.t, hits.t), jnp.where(is_met, key, hits.key), hits.water_t)
  onward = greater(_leave(rays, walk.inverse, cell, (0.0, 0.0, 0.0)), t + MIN_STEP)
  onward = jnp.where(seen.go_on_t > 0, seen.go_on_t, onward)
  t = jnp.where(is_look & ~is_met, onward, t)
  limit = jnp.where(hits.water_t < FAR, BLOCK_CODE, WATER_CODE)
  for _ in range(TURN_STEPS):
    # The barrier keeps steps apart: in one kernel XLA computes them several times over.
    t = advance(world, rays, walk, jax.lax.optimization_barrier(t), limit)
  return _arrive(world, rays, walk, t, hits, (word != 0) & ~is_met)


def end_turns(world: World, rays: Rays, walk: Walk, front: Front) -> Hits:
  """What rays see that are at their end."""
  hits = front.hits
  cubes, _ = _cubes(world, rays, walk, front.t, hits.water_t)
  return jax.tree.map(lambda a, b: jnp.where(hits.key != 0, a, b), hits, cubes)


def _finish(world: World, rays: Rays, walk: Walk, t: jax.Array, water_t: jax.Array) -> Hits:
  """Runs rays to their end, through as many cells as they look into."""
  front, _ = jax.lax.while_loop(
    lambda carry: (carry[0].bits != 0) & (carry[1] < MAX_TURNS),
    lambda carry: (turn(world, rays, walk, carry[0]), carry[1] + 1),
    (start_turns(world, rays, walk, t, water_t, jnp.ones_like(t, bool)), jnp.int32(0)),
  )
  return end_turns(world, rays, walk, front)


def start_walk(rays: Rays, top: jax.Array) -> tuple[Walk, jax.Array]:
  """(Walk, t float32[N] where the rays enter the world)."""
  inverse = 1.0 / rays.x, 1.0 / rays.y, 1.0 / rays.z
  t_in, t_out = _world_span(rays, inverse, top)
  return Walk(inverse, t_out), t_in


def _is_in_water(world: World, place: tuple | jax.Array) -> jax.Array:
  """Whether places (x, y, z) lie in cells of water."""
  x, y, z = (jnp.floor(c) for c in place)
  is_inside = (x >= 0) & (x < SIZE_X) & (y >= 0) & (y < SIZE_Y) & (z >= 0) & (z < SIZE_Z)
  return is_inside & (_word(world, cell_index(x, y, z)) & (BLOCK_CODE | WATER_CODE) == WATER_CODE)


def first_steps(world: World, rays: Rays, walk: Walk, t_in: jax.Array, *, unroll: bool = False):
  """The steps that all rays take: (t, Hits as if all blocks were cubes, is_open bool[N]).

  Rays stop where they come to water, so that a step has no more to carry than t.
  """
  is_diving = _is_in_water(world, rays.origin)
  limit = jnp.where(is_diving, BLOCK_CODE, WATER_CODE)
  t = jax.lax.fori_loop(
    0, EAGER_STEPS, lambda _, t: advance(world, rays, walk, t, limit), t_in, unroll=unroll
  )
  water_t = jnp.broadcast_to(jnp.where(is_diving, np.float32(0), np.float32(FAR)), t.shape)
  return t, *_cubes(world, rays, walk, t, water_t)


def _trace_chunk(world: World, rays: Rays, top: jax.Array) -> Hits:
  walk, t_in = start_walk(rays, top)
  t, hits, is_open = first_steps(world, rays, walk, t_in)
  picked = pick(is_open)
  num = t.shape[0]
  size = -(-num // (BATCH_SHARE * LANE)) * LANE

  def finish_some(carry):
    hits, start = carry
    index = index_of(picked, start + jnp.arange(size, dtype=jnp.int32))
    take = lambda a: a.at[index].get(mode="promise_in_bounds")
    some = rays._replace(x=take(rays.x), y=take(rays.y), z=take(rays.z))
    some_walk = Walk((1.0 / some.x, 1.0 / some.y, 1.0 / some.z), take(walk.t_out))
    new = _finish(world, some, some_walk, take(t), take(hits.water_t))
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
