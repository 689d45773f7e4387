"""Cells, and points and gazes among them: numbers only, no rule.

A cell (x, y, z) is stored at index (y * SIZE_Z + z) * SIZE_X + x.
"""

import jax
import jax.numpy as jnp

from cross_jax.envs.voxel.content import tables
from cross_jax.envs.voxel.state import EYE_HEIGHT, SIZE_X, SIZE_Y, SIZE_Z, Player

SURFACE_M = 8 / 9  # height of the water in a cell without water above


def cell_index(cell: jax.Array) -> jax.Array:
  """The index of int32[..., 3] cells (x, y, z) in `State.blocks`; -1 outside the world."""
  return index_of(cell[..., 0], cell[..., 1], cell[..., 2])


def index_of(x: jax.Array, y: jax.Array, z: jax.Array) -> jax.Array:
  """`cell_index` of cells given as int32[...] x, y, z."""
  is_inside = (x >= 0) & (x < SIZE_X) & (y >= 0) & (y < SIZE_Y) & (z >= 0) & (z < SIZE_Z)
  return jnp.where(is_inside, (y * SIZE_Z + z) * SIZE_X + x, -1)


def cell_of_index(index: jax.Array) -> jax.Array:
  """int32[..., 3], the (x, y, z) of cells numbered as in `State.blocks`."""
  layer, x = index // SIZE_X, index % SIZE_X
  return jnp.stack([x, layer // SIZE_Z, layer % SIZE_Z], axis=-1)


def block_of_index(blocks: jax.Array, index: jax.Array) -> jax.Array:
  """int32[...], the block of int32[...] cells by index; air for -1."""
  block = jnp.take(blocks, index, mode="clip").astype(jnp.int32)
  return jnp.where(index >= 0, block, 0)


def block_at(blocks: jax.Array, cell: jax.Array) -> jax.Array:
  """int32[...], the block of int32[..., 3] cells; air outside the world."""
  return block_of_index(blocks, cell_index(cell))


def column_at(blocks: jax.Array, x: jax.Array, z: jax.Array) -> jax.Array:
  """int32[SIZE_Y + 1], the blocks over float32[] x and z from the bottom up, then air."""
  level = jnp.arange(SIZE_Y + 1, dtype=jnp.int32)
  side = lambda a: jnp.full(level.shape, jnp.floor(a)).astype(jnp.int32)
  return block_at(blocks, jnp.stack([side(x), level, side(z)], axis=-1))


def is_wall(cell: jax.Array) -> jax.Array:
  """bool[...], whether int32[..., 3] cells lie beyond the world's sides or below it."""
  x, y, z = cell[..., 0], cell[..., 1], cell[..., 2]
  return (x < 0) | (x >= SIZE_X) | (z < 0) | (z >= SIZE_Z) | (y < 0)


def is_solid_at(blocks: jax.Array, cell: jax.Array) -> jax.Array:
  """bool[...], whether a body is stopped by int32[..., 3] cells; the world's edge is a wall."""
  return jnp.asarray(tables.BLOCKS.is_solid)[block_at(blocks, cell)] | is_wall(cell)


def is_liquid_at(blocks: jax.Array, pos: jax.Array) -> jax.Array:
  """bool[...], whether points float32[..., 3] lie in a cell of liquid or of a waterlogged block."""
  return jnp.asarray(_IS_WET)[block_at(blocks, to_cell(pos))]


def to_cell(pos: jax.Array) -> jax.Array:
  """int32[..., 3], the cells of float32[..., 3] points."""
  return jnp.floor(pos).astype(jnp.int32)


def direction(yaw_deg: jax.Array, pitch_deg: jax.Array) -> jax.Array:
  """float32[..., 3], the unit vector of a gaze: yaw 0 looks to +z, 90 to -x; pitch + is down."""
  yaw, pitch = jnp.deg2rad(yaw_deg), jnp.deg2rad(pitch_deg)
  flat = jnp.cos(pitch)
  return jnp.stack([-jnp.sin(yaw) * flat, -jnp.sin(pitch), jnp.cos(yaw) * flat], axis=-1)


def eye_of(player: Player) -> jax.Array:
  """float32[3], m, where the player looks from."""
  return player.pos + jnp.asarray([0.0, EYE_HEIGHT, 0.0])


def gaze_of(player: Player) -> jax.Array:
  """float32[3], the unit vector the player looks along."""
  return direction(player.yaw_deg, player.pitch_deg)


_IS_WET = tables.BLOCKS.is_liquid | tables.BLOCKS.is_waterlogged
