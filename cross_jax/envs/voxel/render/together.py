"""What the rays of all games of a batch meet, found together: the layout of an accelerator.

Equal to `trace.trace` and `mobs.hit_things` game by game. Every operation works on all games, and
no loop runs once a game: what few rays still have to do (or few pairs of a thing and a chunk that
may see it) is collected over all games.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from cross_jax.envs.voxel.render.hits import FAR, Hits, Rays
from cross_jax.envs.voxel.render.mobs import CHUNK, WORD, Boxes, Things, hit_thing, pairs_of
from cross_jax.envs.voxel.render.pick import Picked, index_of, pick_rows
from cross_jax.envs.voxel.render.trace import (
  LANE,
  MAX_TURNS,
  Front,
  Walk,
  World,
  end_turns,
  first_steps,
  start_turns,
  start_walk,
  turn,
)
from cross_jax.envs.voxel.state import NUM_CELLS

SHARE = 8  # open rays go on in a batch of this fraction of all rays; when only that fraction of
NUM_SIZES = 3  # the batch is still open, in a smaller one, and so on
PAIR_SHARE = 4  # pairs worked on at once: this fraction of the chunks of rays
_NO_LOOK = np.iinfo(np.int32).max


class _Open(NamedTuple):
  """Rays under way."""

  start: jax.Array  # int32[N], where the words of their games begin
  rays: Rays  # with origins of their own, three float32[N]
  walk: Walk
  t: jax.Array  # float32[N], m
  water_t: jax.Array  # float32[N], m


def _ranked(picked: Picked, size: int, first: jax.Array | int = 0):
  """The rays of `size` ranks from `first` on.

  Returns:
    (index int32[size], put_at int32[size], is_there bool[size]); of ranks that there aren't index
    is of any ray, and put_at of none.
  """
  rank = first + jnp.arange(size, dtype=jnp.int32)
  index, is_there = index_of(picked, rank), rank < picked.total
  return index, jnp.where(is_there, index, len(picked.word) * WORD), is_there


def _take(tree: Any, index: jax.Array) -> Any:
  return jax.tree.map(lambda a: a.at[index].get(mode="promise_in_bounds"), tree)


def _put(old: Any, put_at: jax.Array, new: Any) -> Any:
  return jax.tree.map(lambda a, b: a.at[put_at].set(b, mode="drop"), old, new)


def _turn(words: jax.Array, some: _Open, front: Front) -> Front:
  """`turn` of every ray by itself, which makes its conditions selections.

  A condition makes an accelerator wait for its host, and among so many rays all of them hold.
  """
  own = jax.tree.map(lambda a: a[:, None], (*some[:3], front._replace(bits=())))

  def one(start: jax.Array, rays: Rays, walk: Walk, front: Front) -> Front:
    front = front._replace(bits=front.word[0])
    return turn(World(words, start), rays, walk, front)._replace(bits=())

  after = jax.tree.map(lambda a: a[:, 0], jax.vmap(one)(*own))
  return after._replace(bits=front.bits)  # of all rays: of no use here


def _finish(words: jax.Array, some: _Open, is_wanted: jax.Array, sizes: Sequence[int]) -> Hits:
  """Runs rays to their end.

  Args:
    words: int32[B * NUM_CELLS].
    some: sizes[0] rays.
    is_wanted: bool[sizes[0]]; the Hits of the others are of no use.
    sizes: multiples of LANE, falling: of the batches in which the last ones are collected.
  """
  _, *smaller = sizes
  few = smaller[0] if smaller else 0

  world = World(words, some.start)
  num_open = lambda front: jnp.sum(front.word != 0, dtype=jnp.int32)

  def go_on(carry):
    front = _turn(words, some, carry[0])
    return front, num_open(front), carry[2] + 1

  front = start_turns(world, some.rays, some.walk, some.t, some.water_t, is_wanted)
  front, _, _ = jax.lax.while_loop(
    lambda c: (c[1] > few) & (c[2] < MAX_TURNS), go_on, (front, num_open(front), jnp.int32(0))
  )
  hits = end_turns(world, some.rays, some.walk, front)
  if not smaller:
    return hits
  index, put_at, is_there = _ranked(pick_rows((front.word != 0).reshape(-1, LANE)), few)
  rest = _take(some._replace(t=front.t, water_t=front.hits.water_t), index)
  return _put(hits, put_at, _finish(words, rest, is_there, smaller))


def trace_together(boxes: jax.Array, rays: Rays, top: jax.Array) -> Hits:
  """`trace` of all games.

  Args:
    boxes: int32[B, NUM_CELLS].
    rays: Rays with a leading axis B, N directions of each game, N a multiple of LANE.
    top: float32[B], m.
  Returns:
    Hits, [B, N] each.
  """
  num_games, num = rays.x.shape
  words = boxes.reshape(-1)
  starts = jnp.arange(num_games, dtype=jnp.int32) * NUM_CELLS
  origin = tuple(rays.origin[:, i, None] for i in range(3))
  every = Rays(origin, rays.x, rays.y, rays.z)
  walk, t = start_walk(every, top[:, None])
  world = World(words, starts[:, None])
  t, hits, is_open = first_steps(world, every, walk, t, unroll=True)

  flat = lambda tree: jax.tree.map(lambda a: a.reshape(-1), tree)
  t, hits, is_open, x, y, z = flat((t, hits, is_open, *every[1:]))
  picked = pick_rows(is_open.reshape(-1, LANE))
  total = num_games * num
  sizes = [-(-total // (SHARE ** (i + 1) * LANE)) * LANE for i in range(NUM_SIZES)]

  def finish_some(carry):
    hits, first = carry
    index, put_at, is_there = _ranked(picked, sizes[0], first)
    game = index // num
    some = Rays(_take(tuple(o[:, 0] for o in origin), game), *_take((x, y, z), index))
    walk, _ = start_walk(some, top[game])
    some = _Open(starts[game], some, walk, *_take((t, hits.water_t), index))
    hits = _put(hits, put_at, _finish(words, some, is_there, sizes))
    return hits, first + sizes[0]

  start = (hits, jnp.int32(0))
  hits, _ = jax.lax.while_loop(lambda c: c[1] < picked.total, finish_some, start)
  return jax.tree.map(lambda a: a.reshape(num_games, num), hits)


def hit_things_together(boxes: Boxes, rays: Rays, axes: jax.Array, bounds: np.ndarray) -> Things:
  """`hit_things` of all games.

  Args:
    boxes: boxes_of, with a leading axis B.
    rays: Rays with a leading axis B, N directions of each game, N a multiple of CHUNK.
    axes: float32[B, 3, 3].
    bounds: float32[N / CHUNK, 2, 2], the same for all games.
  Returns:
    Things, [B, N] each.
  """
  num_games, num = rays.x.shape
  each, total = num // CHUNK, num_games * (num // CHUNK)
  pairs = jax.vmap(pairs_of, (0, 0, 0, None))(boxes, rays.origin, axes, bounds)
  picked = pick_rows(pairs)
  parts = tuple(d.reshape(total, CHUNK) for d in (rays.x, rays.y, rays.z))
  size = -(-total // PAIR_SHARE)
  none = lambda num: Things(
    jnp.full((num, CHUNK), FAR, jnp.float32), jnp.zeros((num, CHUNK), jnp.int32)
  )

  def hit_some(carry):
    best, first = carry
    pair, _, is_there = _ranked(picked, size, first)
    chunk, thing = pair // WORD, pair % WORD
    game = chunk // each
    one = jax.tree.map(lambda a: a[game, thing], boxes)
    some = Rays(rays.origin[game], *(d[chunk] for d in parts))
    new = jax.vmap(hit_thing)(one, thing, some, none(size))
    # Of several things the nearest counts, of equally near ones that of the lowest number, which
    # the look begins with.
    put_at = jnp.where(is_there, chunk, total)
    before = best.t[chunk]
    t = best.t.at[put_at].min(new.t, mode="drop")
    nearest = t[chunk]
    look = jnp.where(nearest < before, _NO_LOOK, best.look[chunk])
    look = best.look.at[put_at].set(look, mode="drop")
    is_nearest = (new.t < FAR) & (new.t <= nearest)
    look = look.at[put_at].min(jnp.where(is_nearest, new.look, _NO_LOOK), mode="drop")
    return Things(t, look), first + size

  start = (none(total), jnp.int32(0))
  best = jax.lax.while_loop(lambda c: c[1] < picked.total, hit_some, start)[0]
  return jax.tree.map(lambda a: a.reshape(num_games, num), best)
