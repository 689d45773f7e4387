"""What a crafting grid, a stonecutter or a smithing table makes of what lies in it."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from cross_jax.envs.voxel.content.tables import ITEMS, RECIPES

_MIXED = 1  # added to the kind of keys that stand for tags
_SHAPED, _SHAPELESS = 0, 2  # kinds of keys
_NUM_BUCKETS = 1 << 13
_CELL_FACTORS = np.asarray(
  [0x9E3779B1, 0x85EBCA6B, 0xC2B2AE35, 0x27D4EB2F, 0x165667B1, 0xD3A2646D, 0xFD7046C5, 0xB55A4F09,
   0x2545F491], np.uint32)  # fmt: skip


def shift_to_top_left(grid: jax.Array) -> jax.Array:
  """A 3x3 grid moved up and left until its first row and column hold something; empty stays empty.

  Args:
    grid: int32[9], row by row, 0 = empty.
  Returns:
    int32[9].
  """
  cells = grid.reshape(3, 3)
  for _ in range(2):
    is_free = jnp.all(cells[0] == 0)
    cells = jnp.where(is_free, jnp.concatenate([cells[1:], jnp.zeros_like(cells[:1])]), cells)
    is_free = jnp.all(cells[:, 0] == 0)
    moved = jnp.concatenate([cells[:, 1:], jnp.zeros_like(cells[:, :1])], axis=1)
    cells = jnp.where(is_free, moved, cells)
  return cells.reshape(9)


def _mirror(grid: np.ndarray) -> np.ndarray:
  flipped = grid.reshape(-1, 3, 3)[:, :, ::-1]
  while np.any(is_free := (flipped[:, :, 0] == 0).all(axis=1)):
    flipped = np.where(is_free[:, None, None], np.roll(flipped, -1, axis=2), flipped)
  return np.ascontiguousarray(flipped.reshape(-1, 9))


def _hash(cells, kind: int, xp):
  """uint32[...] of uint32[..., 9]: of the cells in their places, or (shapeless) in any order."""
  with np.errstate(over="ignore"):
    mixed = (cells ^ (cells >> 5)) * xp.uint32(0x045D9F3B)
    mixed = (mixed ^ (mixed >> 16)) * xp.uint32(0x119DE1F3)
    mixed = mixed ^ (mixed >> 15)
    if kind < _SHAPELESS:
      mixed = mixed * xp.asarray(_CELL_FACTORS)
    total = xp.sum(mixed, axis=-1, dtype=xp.uint32) + xp.uint32(kind * 0x2BE5AB63 % 2**32)
    total = (total ^ (total >> 16)) * xp.uint32(0x7FEB352D)
    return total ^ (total >> 15)


class _Keys(NamedTuple):
  grid: np.ndarray  # int32[k, 9], sorted where shapeless; key 0 matches nothing
  kind: np.ndarray  # int32[k]
  row: np.ndarray  # int32[k], row of RECIPES
  bucket: np.ndarray  # int32[_NUM_BUCKETS, width], keys by the low bits of their hash, 0 = none


def _keys() -> _Keys:
  """Every grid that makes something, by hash."""
  grids, kinds, rows = [np.full((1, 9), -1, np.int32)], [np.zeros(1, np.int32)], [np.zeros(1, int)]
  for kind in (_SHAPED, _SHAPED + _MIXED, _SHAPELESS, _SHAPELESS + _MIXED):
    row = np.flatnonzero(RECIPES.is_shapeless == (kind >= _SHAPELESS))
    if kind % 2 == _MIXED:
      row = row[RECIPES.is_mixed[row]]
    grid = RECIPES.grid[row]
    if kind % 2 == _MIXED:
      grid = ITEMS.tag_item[grid]
    if kind >= _SHAPELESS:
      grid = np.sort(grid, axis=1)
    else:
      grid, row = np.concatenate([grid, _mirror(grid)]), np.concatenate([row, row])
    grids, kinds, rows = [*grids, grid], [*kinds, np.full(len(row), kind)], [*rows, row]
  grid, kind, row = (np.concatenate(part).astype(np.int32) for part in (grids, kinds, rows))
  _, first = np.unique(np.concatenate([kind[:, None], grid], 1), axis=0, return_index=True)
  first = np.sort(first)  # of equal keys the first counts
  grid, kind, row = grid[first], kind[first], row[first]
  at = np.stack([_hash(grid.astype(np.uint32), k, np) for k in range(4)])
  at = at[kind, np.arange(len(kind))] % _NUM_BUCKETS
  at[0] = 0
  load = np.bincount(at[1:], minlength=_NUM_BUCKETS)
  bucket = np.zeros((_NUM_BUCKETS, load.max()), np.int32)
  filled = np.zeros(_NUM_BUCKETS, int)
  for key in range(1, len(row)):
    bucket[at[key], filled[at[key]]] = key
    filled[at[key]] += 1
  return _Keys(grid, kind, row, bucket)


_KEYS = _keys()


def find(grid: jax.Array) -> jax.Array:
  """The recipe that a crafting grid matches, looked up by hash and then compared cell by cell.

  Shaped recipes match wherever they fit in the grid, and mirrored; shapeless ones in any order.

  Args:
    grid: int32[9], row of ITEMS per cell, 3x3 row by row (2x2 grids use cells 0, 1, 3, 4).
  Returns:
    int32[], row of RECIPES, or -1.
  """
  plain = shift_to_top_left(grid)
  cells = jnp.stack([plain, jnp.asarray(ITEMS.tag_item)[plain]] * 2)  # [kind, 9]
  hashes = [_hash(cells[kind].astype(jnp.uint32), kind, jnp) for kind in range(4)]
  keys = jnp.asarray(_KEYS.bucket)[jnp.stack(hashes) % _NUM_BUCKETS]  # [kind, width]
  there = jnp.asarray(_KEYS.grid)[keys]  # [kind, width, 9]
  is_same = jnp.all(there == cells[:, None], axis=-1)
  # Equal multisets: there are as many of each cell's item here as there.
  loose, theirs = cells[_SHAPELESS:], there[_SHAPELESS:]
  here = jnp.sum(loose[:, :, None] == loose[:, None], axis=-1)  # [kind, 9]
  beyond = jnp.sum(loose[:, None, :, None] == theirs[:, :, None], axis=-1)  # [kind, width, 9]
  is_same = is_same.at[_SHAPELESS:].set(jnp.all(here[:, None] == beyond, axis=-1))
  kinds = np.arange(4, dtype=np.int32)[:, None]
  is_same &= (keys > 0) & (jnp.asarray(_KEYS.kind)[keys] == kinds)
  is_same = is_same.reshape(-1)  # of several kinds the first counts
  row = jnp.asarray(_KEYS.row)[keys.reshape(-1)[jnp.argmax(is_same)]]
  return jnp.where(jnp.any(is_same), row, -1)


def match(grid: jax.Array) -> tuple[jax.Array, jax.Array]:
  """The product of a crafting grid (see `find`).

  Returns:
    (int32[] row of ITEMS, int32[] count), zeros if nothing matches.
  """
  row = find(grid)
  item, count = jnp.asarray(RECIPES.out_item)[row], jnp.asarray(RECIPES.out_count)[row]
  return jnp.where(row >= 0, item, 0), jnp.where(row >= 0, count, 0)
