"""Picking the rays that still need work: their indices, without a sort or a scatter."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

_BITS = np.arange(32, dtype=np.uint32)
_ROWS = (4, 2, 1)  # words of a row: the first that divides their number


class Picked(NamedTuple):
  """A mask of N rays (a multiple of 32), 32 to a word."""

  word: jax.Array  # uint32[N / 32], bit i % 32 of word i / 32 is ray i
  before: jax.Array  # int32[N / 32], rays of the mask in earlier words
  total: jax.Array  # int32[], rays of the mask


def _count(word: jax.Array) -> jax.Array:
  return jax.lax.population_count(word).astype(jnp.int32)


def _sum_before(count: jax.Array) -> jax.Array:
  """Sums of what lies before each place of the last axis."""
  earlier = np.tri(count.shape[-1], k=-1, dtype=bool)
  return jnp.sum(jnp.where(earlier, count[..., None, :], 0), axis=-1, dtype=jnp.int32)


def pick(mask: jax.Array) -> Picked:
  """bool[N] as Picked."""
  bits = mask.reshape(-1, 32).astype(jnp.uint32) << _BITS[None]
  word = jnp.sum(bits, axis=1, dtype=jnp.uint32)
  count = _count(word)
  rows = count.reshape(-1, next(n for n in _ROWS if len(word) % n == 0))
  before_row = _sum_before(jnp.sum(rows, axis=1, dtype=jnp.int32))
  before = (before_row[:, None] + _sum_before(rows)).reshape(-1)
  return jax.lax.optimization_barrier(Picked(word, before, before[-1] + count[-1]))


def pick_rows(mask: jax.Array) -> Picked:
  """bool[R, N] as Picked of its R * N rays, row by row."""
  rows = jax.vmap(pick)(mask)
  ends = jnp.cumsum(rows.total)
  before = rows.before + (ends - rows.total)[:, None]
  return Picked(rows.word.reshape(-1), before.reshape(-1), ends[-1])


def index_of(picked: Picked, rank: jax.Array) -> jax.Array:
  """The rays of given ranks, int32[M]; any ray for a rank of picked.total or more."""
  num = len(picked.word)
  which = jnp.zeros_like(rank)  # the word: the last one with no more than `rank` rays before it
  for k in reversed(range((num - 1).bit_length())):
    ahead = which + (1 << k)
    before = picked.before.at[jnp.minimum(ahead, num - 1)].get(mode="promise_in_bounds")
    which = jnp.where((ahead < num) & (before <= rank), ahead, which)
  word, rest = picked.word[which], rank - picked.before[which]
  place = jnp.zeros_like(rank)
  for width in (16, 8, 4, 2, 1):  # is the bit in the lower or in the upper half?
    lower = (word >> place.astype(jnp.uint32)) & np.uint32((1 << width) - 1)
    count = _count(lower)
    is_upper = rest >= count
    rest = jnp.where(is_upper, rest - count, rest)
    place = jnp.where(is_upper, place + width, place)
  # Without the barrier every gather by these indices would compute them again.
  return jax.lax.optimization_barrier(32 * which + jnp.minimum(place, 31))
