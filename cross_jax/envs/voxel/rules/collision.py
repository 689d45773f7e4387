"""Bodies against blocks: boxes that are stopped, axis by axis, by the collision boxes of cells.

The player meets up to two boxes a cell (a stair is two; a shape of more is the box around them).
All else meets the box around a cell's shape. `player_move.py` and `mob_move.py` move them.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from cross_jax.envs.voxel.content import tables
from cross_jax.envs.voxel.rules.cells import index_of
from cross_jax.envs.voxel.rules.edits import PLACE_AT
from cross_jax.envs.voxel.state import SIZE_Y, Edits

SKIN = 1e-4  # m, bodies closer than this touch
_UNIT_XZ, _UNIT_Y = 16, 32  # of packed coordinates, per m


def window(low: int, high: int) -> np.ndarray:
  """int32[n, 3], the offsets (x, y, z) of the cells from `low` to `high` around a body's feet."""
  axes = (np.arange(-1, 2), np.arange(low, high + 1), np.arange(-1, 2))
  return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3).astype(np.int32)


def _pack(box: np.ndarray) -> np.ndarray:
  """uint32[...], boxes float32[..., 6] on a grid of 1/16 m (x, z) and 1/32 m (y); 0 = none."""
  unit = np.asarray([_UNIT_XZ, _UNIT_Y, _UNIT_XZ] * 2)
  x0, y0, z0, x1, y1, z1 = np.moveaxis(np.round(box * unit).astype(np.uint32), -1, 0)
  return x0 | (y0 << 5) | (z0 << 11) | (x1 << 16) | (y1 << 21) | (z1 << 27)


def _packed() -> np.ndarray:
  """uint32[3, num_blocks]: what mobs meet; what the player meets; the second of his pairs."""
  boxes = tables.SHAPES.collision[tables.BLOCKS.shape] * tables.BLOCKS.is_solid[:, None, None]
  is_used = boxes[..., 4] > boxes[..., 1]
  low = np.where(is_used[..., None], boxes[..., :3], np.inf).min(1)
  high = np.where(is_used[..., None], boxes[..., 3:], -np.inf).max(1)
  around = np.where(is_used.any(1)[:, None], np.concatenate([low, high], axis=-1), 0.0)
  is_pair = is_used.sum(1) == 2
  first = np.where(is_pair[:, None], boxes[:, 0], around)
  second = np.where(is_pair[:, None], boxes[:, 1], 0.0)
  return np.stack([_pack(around), _pack(first), _pack(second)])


_AROUND, _FIRST, _SECOND = _packed()
_FULL = _pack(np.asarray([0.0, 0.0, 0.0, 1.0, 1.0, 1.0]))
HEIGHT = np.where(_AROUND > 0, ((_AROUND >> 21) & 63) / _UNIT_Y, 0).astype(np.float32)  # m


class Boxes(NamedTuple):
  """Boxes as one array per side: x, y, z of the low corner, then of the high one."""

  low: tuple[jax.Array, jax.Array, jax.Array]  # float32[..., n] each, m
  high: tuple[jax.Array, jax.Array, jax.Array]
  is_there: jax.Array  # bool[..., n]


class Moved(NamedTuple):
  pos: jax.Array  # float32[..., 3], m
  vel: jax.Array  # float32[..., 3], m per tick; 0 along an axis that hit something
  is_on_ground: jax.Array  # bool[...]
  is_blocked: jax.Array  # bool[...], hit something sideways


def _unpack(words: jax.Array, cells: tuple[jax.Array, ...]) -> Boxes:
  """The boxes in the world of packed uint32[..., n] in cells with float32[..., n] x, y, z."""

  def corner(shift):
    part = lambda at, bits: ((words >> (shift + at)) & ((1 << bits) - 1)).astype(jnp.float32)
    return (
      cells[0] + part(0, 5) / _UNIT_XZ,
      cells[1] + part(5, 6) / _UNIT_Y,
      cells[2] + part(11, 5) / _UNIT_XZ,
    )

  return Boxes(corner(0), corner(16), words != 0)


def placed(edits: Edits) -> list[tuple[jax.Array, jax.Array]]:
  """The cells that blocks are placed in this tick, for `boxes_in`."""
  return [(edits.cell[k], edits.block[k]) for k in (PLACE_AT, PLACE_AT + 1)]


def boxes_in(look, placed, cell: jax.Array, offsets: np.ndarray, *, is_player: bool) -> Boxes:
  """The boxes of the cells at `offsets` from int32[..., 3] `cell`.

  Args:
    look: function of int32[...] indices of cells, 0 or more, to uint16[...] blocks.
    placed: (index of a cell or NO_CELL, block) int32[] each, that are set this tick.
    cell, offsets: int32[..., 3], int32[n, 3].
    is_player: two boxes a cell.
  """
  shape = (1,) * (cell.ndim - 1) + (len(offsets),)
  x, y, z = (cell[..., axis, None] + offsets[:, axis].reshape(shape) for axis in range(3))
  index = index_of(x, y, z)
  block = jnp.where(index >= 0, look(jnp.maximum(index, 0)).astype(jnp.int32), 0)
  for place, new in placed:
    block = jnp.where((place >= 0) & (index == place), new, block)
  packed = (_FIRST, _SECOND) if is_player else (_AROUND,)
  words = [jnp.take(jnp.asarray(table), block, mode="clip") for table in packed]
  is_wall = index_of(x, jnp.minimum(y, SIZE_Y - 1), z) < 0  # the world's sides and its bottom
  words[0] = jnp.where(is_wall, _FULL, words[0])
  axes = tuple(a.astype(jnp.float32) for a in (x, y, z))
  parts = [_unpack(word, axes) for word in words]
  return jax.tree.map(lambda *a: jnp.concatenate(a, axis=-1), *parts)


def around_box(cell: jax.Array, block: jax.Array) -> tuple[jax.Array, jax.Array]:
  """(low, high) float32[3], m, of all that `block` int32[] stops bodies with in int32[3] `cell`."""
  axes = tuple(cell[axis].astype(jnp.float32) for axis in range(3))
  boxes = _unpack(jnp.asarray(_AROUND)[block], axes)
  return jnp.stack(boxes.low), jnp.stack(boxes.high)


def body_box(pos: jax.Array, width: jax.Array, height: jax.Array) -> tuple[jax.Array, jax.Array]:
  """(low, high) float32[..., 3], m, of bodies with feet at `pos`, float32[...] wide and tall."""
  half, zero = width / 2, jnp.zeros_like(width)
  return (
    pos - jnp.stack([half, zero, half], axis=-1),
    pos + jnp.stack([half, height, half], axis=-1),
  )


def overlaps(boxes: Boxes, low: jax.Array, high: jax.Array) -> jax.Array:
  """bool[...], whether the box low..high float32[..., 3] overlaps one of the boxes."""
  is_met = boxes.is_there
  for axis in range(3):
    is_met &= high[..., axis, None] > boxes.low[axis] + SKIN
    is_met &= low[..., axis, None] < boxes.high[axis] - SKIN
  return jnp.any(is_met, axis=-1)


def sweep(
  boxes: Boxes, low: jax.Array, high: jax.Array, wanted: jax.Array
) -> tuple[jax.Array, jax.Array]:
  """Moves bodies by `wanted` float32[..., 3], stopped axis by axis (y, x, z).

  Returns:
    (float32[..., 3] moved, bool[..., 3] stopped).
  Source: Minecraft's Entity.collide.
  """
  low, high = ([corner[..., axis] for axis in range(3)] for corner in (low, high))
  moved, hits = [None] * 3, [None] * 3
  for axis in (1, 0, 2):
    moved[axis] = _free_path(boxes, low, high, axis, wanted[..., axis])
    hits[axis] = jnp.abs(moved[axis] - wanted[..., axis]) > 1e-6
    low[axis], high[axis] = low[axis] + moved[axis], high[axis] + moved[axis]
  return jnp.stack(moved, axis=-1), jnp.stack(hits, axis=-1)


def _free_path(boxes, low, high, axis, wanted):
  """float32[...], `wanted` cut at the first of the boxes on the way along `axis`."""
  is_met = boxes.is_there
  for other in range(3):
    if other != axis:
      is_met &= high[other][..., None] > boxes.low[other] + SKIN
      is_met &= low[other][..., None] < boxes.high[other] - SKIN
  ahead = boxes.low[axis] - high[axis][..., None]
  behind = boxes.high[axis] - low[axis][..., None]
  limit = jnp.min(jnp.where(is_met & (ahead >= -SKIN), ahead, jnp.inf), axis=-1)
  floor = jnp.max(jnp.where(is_met & (behind <= SKIN), behind, -jnp.inf), axis=-1)
  return jnp.clip(wanted, jnp.minimum(floor, 0.0), jnp.maximum(limit, 0.0))


def as_moved(pos: jax.Array, wanted: jax.Array, moved: jax.Array, hits: jax.Array) -> Moved:
  """Moved of bodies at `pos` that were to go `wanted`, from what `sweep` returns."""
  return Moved(
    pos + moved,
    jnp.where(hits, 0.0, wanted),
    hits[..., 1] & (wanted[..., 1] < 0),
    hits[..., 0] | hits[..., 2],
  )
