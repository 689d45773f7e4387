"""Rays, what they hit, and where on a face: what traversal, shading and mobs share."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from cross_jax.envs.voxel.render.boxes import BLOCK_BITS
from cross_jax.envs.voxel.state import NUM_CELLS, SIZE_X, SIZE_Z

MIN_STEP = 1e-3  # m, the least progress of a ray, and the least size of a direction's component
FAR = 1e9  # m, nothing hit
FACE_UP, FACE_DOWN, FACE_X, FACE_Z, FACE_PLANT = range(5)

_CELL_BITS = 15  # the lowest of Hits.key; then the block's, then the face's
_FACE_SHIFT = _CELL_BITS + BLOCK_BITS

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


def make_rays(origin: jax.Array, axes: jax.Array, camera: jax.Array | np.ndarray) -> Rays:
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


def lesser(a: jax.Array, b: jax.Array) -> jax.Array:
  """The lesser of two numbers, neither of them NaN: jnp.minimum takes four times as long."""
  return jnp.where(a < b, a, b)


def greater(a: jax.Array, b: jax.Array) -> jax.Array:
  """The greater of two numbers, neither of them NaN."""
  return jnp.where(a > b, a, b)


def cells_at(rays: Rays, t: jax.Array) -> tuple[jax.Array, jax.Array, jax.Array]:
  """The cells that rays are in at t, three float32[N] of whole numbers."""
  return tuple(
    jnp.floor(o + d * t) for o, d in zip(rays.origin, (rays.x, rays.y, rays.z), strict=True)
  )


def cell_index(x: jax.Array, y: jax.Array, z: jax.Array) -> jax.Array:
  """The index of a cell, int32[N], some cell if it lies outside the world.

  The whole number is read from the last bits of 2^23 plus it: a conversion takes more steps.
  """
  index = (y * SIZE_Z + z) * SIZE_X + x + np.float32(1 << 23)
  low = jax.lax.bitcast_convert_type(index, jnp.int32) & (2**_CELL_BITS - 1)
  return jnp.minimum(low, NUM_CELLS - 1)


def enter_cube(
  rays: Rays, inverse: tuple[jax.Array, ...], cell: tuple[jax.Array, ...]
) -> tuple[jax.Array, jax.Array]:
  """Where rays enter their cells: (t float32[N], m, not below 0; face int32[N])."""
  is_up = tuple(d > 0 for d in (rays.x, rays.y, rays.z))
  x, y, z = (
    (jnp.where(up, c, c + 1.0) - o) * i
    for c, o, i, up in zip(cell, rays.origin, inverse, is_up, strict=True)
  )
  t = greater(greater(x, y), z)
  face = jnp.where(x >= t, FACE_X, FACE_Z)
  return greater(t, 0.0), jnp.where(y >= t, jnp.where(is_up[1], FACE_DOWN, FACE_UP), face)


def make_key(cell: jax.Array, block: jax.Array, face: jax.Array) -> jax.Array:
  """Hits.key of a hit, int32[N]."""
  return cell | (block << _CELL_BITS) | (face << _FACE_SHIFT)


def hit_cell(hits: Hits) -> jax.Array:
  """The cell that was hit, int32[N], -1 if none."""
  return jnp.where(hits.key != 0, hits.key & (2**_CELL_BITS - 1), -1)


def hit_block(hits: Hits) -> jax.Array:
  """The block that was hit, int32[N], row of the block table, 0 if none."""
  return (hits.key >> _CELL_BITS) & (2**BLOCK_BITS - 1)


def hit_face(hits: Hits) -> jax.Array:
  """The face that was hit, int32[N], FACE_*."""
  return (hits.key >> _FACE_SHIFT) & 7


def hit_place(hits: Hits, rays: Rays) -> tuple[jax.Array, jax.Array, jax.Array]:
  """Where in its cell the ray hit: (x, y, z), float32[N] in 0..1."""
  return tuple(
    jnp.clip(o + d * hits.t - ((hits.key >> shift) & 31).astype(jnp.float32), 0.0, 1.0)
    for o, d, shift in zip(rays.origin, (rays.x, rays.y, rays.z), (0, 10, 5), strict=True)
  )


def face_uv(
  face: jax.Array, place: tuple[jax.Array, jax.Array, jax.Array], rays: Rays
) -> tuple[jax.Array, jax.Array]:
  """Where on its face a place in a cell lies: (u to the right, v downwards), float32[N] in 0..1."""
  x, y, z = place
  on_x, on_y = face == FACE_X, face <= FACE_DOWN
  u = jnp.where(on_x, jnp.where(rays.x > 0, z, 1.0 - z), x)
  u = jnp.where((face == FACE_Z) & (rays.z > 0), 1.0 - x, u)
  return u, jnp.where(on_y, z, 1.0 - y)


def hit_uv(hits: Hits, rays: Rays) -> tuple[jax.Array, jax.Array]:
  """Where on its face the ray hit: (u to the right, v downwards), float32[N] in 0..1."""
  return face_uv(hit_face(hits), hit_place(hits, rays), rays)


def tile_of(block: jax.Array, face: jax.Array | int) -> jax.Array:
  """The tile of BLOCK_ATLAS that a face of a block shows."""
  return 3 * block + jnp.where(face == FACE_UP, 0, jnp.where(face == FACE_DOWN, 2, 1))
